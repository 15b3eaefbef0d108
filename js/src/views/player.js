/** A button that moves a slider from its low end to its high end, and one for a single step. */

import { button } from "../controls.js";
import { clamp } from "../link.js";

const HALT = 100; // milliseconds: if two frames are further apart, the page stood still between them

/** The milliseconds between two frames; time in which the page stood still is not made up for. */
export const passed = (then, now) => clamp(now - then, 0, HALT);

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

  /** After the last step there is none: the button says that it leads back. */
  update() {
    this.stepButton.update(this.get() >= this.max ? { icon: "back", label: "To the first step" } : { icon: "step", label: "One step" });
  }

  play() {
    const { min, max } = this;
    const from = this.get() >= max ? min : this.get();
    const coarse = this.calm.matches ? Math.ceil((max - min) / FEW) : 1;
    let then = performance.now();
    let time = 0;
    this.set(from);
    this.playButton.update({ icon: "pause", label: "Pause" });
    const tick = (now) => {
      time += passed(then, now);
      then = now;
      const gone = Math.floor((time / (1000 * this.seconds)) * (max - min));
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
