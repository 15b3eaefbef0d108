/**
 * When a view computes and draws: once a frame at most, not off screen, and with more care when the reader rests.
 *
 * A view: {layout(width), draw(), settle()} and, if it wants, {first(): what may be drawn a frame ahead of the rest,
 * hide(): the reader looks elsewhere, busy(): a drawing waits for numbers that take longer than a frame, words: elements
 * whose text changes}. `settle` is called when nothing has moved for a while: axes may shrink then.
 */

import { html } from "../dom.js";
import { watch } from "./screen.js";

const SETTLE = 400; // milliseconds of rest
const NARROW = 50; // pixels: a closed fold, a hidden tab, a window of one pixel that a picture of the page is taken through

export class Stage {
  constructor(root, ruler, view) {
    this.root = root;
    this.view = view;
    this.width = 0; // drawn for
    this.resting = false;
    this.visible = false;
    this.stale = true;
    this.held = false;
    this.pending = 0;
    this.freed = 0;
    this.rest = 0;
    this.press = () => (this.held = true);
    this.release = () => {
      if (this.held) this.move();
      this.held = false;
    };
    this.print = () => {
      do this.update();
      while (!this.failed && view.busy?.());
    };
    // Words that once took more room keep it: what stands below them does not move up and down with every sentence. The
    // browser tells their height when it has laid out the page; to ask for it would have it laid out for each event.
    this.grown = new ResizeObserver((sizes) =>
      requestAnimationFrame(() => {
        for (const { target, borderBoxSize } of sizes) {
          const { inlineSize: width, blockSize: height } = borderBoxSize[0];
          if (width >= NARROW && height > (parseFloat(target.style.minHeight) || 0)) target.style.minHeight = `${height}px`;
        }
      }),
    );
    root.addEventListener("pointerdown", this.press);
    for (const name of ["pointerup", "pointercancel"]) window.addEventListener(name, this.release);
    window.addEventListener("beforeprint", this.print);
    this.stopWatching = watch({ root, ruler, resize: (width) => this.resize(width), show: (now) => this.show(now), hide: () => this.hide(), busy: () => !this.failed && view.busy?.() });
  }

  /** Take up the space for a width, before anything is drawn; false where there is no room (a closed fold, a hidden tab). */
  resize(width) {
    if (width < NARROW) return false;
    if (width === this.width) return true;
    this.width = width;
    this.free();
    this.view.layout(width);
    this.schedule();
    return true;
  }

  schedule() {
    this.stale = true;
    if (this.visible && !this.pending) this.pending = requestAnimationFrame(() => this.update());
  }

  update() {
    this.pending = 0;
    if (!this.width) return;
    this.stale = false;
    this.attempt(() => this.view.draw());
    this.root.dataset.drawn = ""; // for those who wait for it
    this.root.toggleAttribute("data-busy", this.stale); // what is drawn is not yet what was asked for
  }

  /** Other words are to come: they take what room they need, and keep that. */
  free() {
    this.grown.disconnect();
    cancelAnimationFrame(this.freed);
    for (const element of this.view.words ?? []) element.style.minHeight = "";
    // A frame later: it may be called while sizes are told, and what is drawn in answer would be a size told too late.
    this.freed = requestAnimationFrame(() => {
      for (const element of this.view.words ?? []) this.grown.observe(element); // tells of each once, whether it changes or not
    });
  }

  /** The reader moves something: rest begins anew. */
  move() {
    clearTimeout(this.rest);
    this.resting = false;
    this.rest = setTimeout(() => {
      if (this.held) return;
      this.resting = true;
      this.view.settle();
      this.schedule();
    }, SETTLE);
  }

  /** What cannot be drawn says so in a sentence. */
  attempt(task) {
    if (this.failed) return;
    try {
      task();
    } catch (error) {
      this.failed = error;
      console.error(error);
      this.root.replaceChildren(html("p", { class: "dl-error", role: "alert" }, `This explorable cannot be shown: ${error.message}.`));
    }
  }

  /** `now`: the drawing belongs into the frame that is being made; else it may come in two parts. */
  show(now = false) {
    if (this.visible) return;
    this.visible = true;
    if (!this.stale) return;
    if (now) return this.update();
    if (this.view.first) this.attempt(() => this.view.first());
    this.schedule();
  }

  hide() {
    this.visible = false;
    this.view.hide?.();
  }

  destroy() {
    clearTimeout(this.rest);
    cancelAnimationFrame(this.pending);
    cancelAnimationFrame(this.freed);
    this.stopWatching();
    this.grown.disconnect();
    for (const name of ["pointerup", "pointercancel"]) window.removeEventListener(name, this.release);
    window.removeEventListener("beforeprint", this.print);
  }
}
