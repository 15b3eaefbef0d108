/** A button that moves a slider from its low end to its high end, and one for a single step. */

import { button } from "../controls.js";

const FEW = 5; // jumps in place of motion where the reader prefers little of it

export class Player {
  /** `min`, `max`: ends of the slider, in steps of 1; `get()`, `set(value)`; `seconds` for all of it. */
  constructor({ min, max, get, set, seconds, label = "Play" }) {
    Object.assign(this, { min, max, get, set, seconds, label });
    this.playing = 0;
    this.calm = window.matchMedia("(prefers-reduced-motion: reduce)");
    this.playButton = button({ icon: "play", label, className: "dl-play" }, () => (this.playing ? this.pause() : this.play()));
    this.stepButton = button({ icon: "step", label: "One step", wordless: true, className: "dl-step" }, () => {
      this.pause();
      set(get() >= max ? min : get() + 1);
    });
    this.elements = [this.playButton.element, this.stepButton.element];
  }

  play() {
    const { min, max } = this;
    const from = this.get() >= max ? min : this.get();
    const coarse = this.calm.matches ? Math.ceil((max - min) / FEW) : 1;
    const begun = performance.now();
    this.set(from);
    this.playButton.update({ icon: "pause", label: "Pause" });
    const tick = (now) => {
      const gone = Math.max(0, Math.floor(((now - begun) / (1000 * this.seconds)) * (max - min)));
      const at = Math.min(max, from + Math.floor(gone / coarse) * coarse);
      this.set(at);
      if (at >= max) this.pause();
      else this.playing = requestAnimationFrame(tick);
    };
    this.playing = requestAnimationFrame(tick);
  }

  pause() {
    if (!this.playing) return;
    cancelAnimationFrame(this.playing);
    this.playing = 0;
    this.playButton.update({ icon: "play", label: this.label });
  }
}
