/** Going through a computation step by step: back, forward, and once more from the beginning. */

import { button, reserve } from "../controls.js";
import { html } from "../dom.js";

export class Stepper {
  /** `slider`: the control of the step. `go(n)`: by how many steps to go on; after the last one `again`, if there are rounds. */
  constructor(slider, go, again) {
    this.slider = slider;
    this.back = button({ icon: "back", label: "Back", className: "dl-previous" }, () => go(-1));
    this.next = button({ icon: "step", label: "Next", className: "dl-play dl-next" }, () => go(1));
    reserve(this.next.words, again ? ["Once more"] : ["Next"]);
    slider.element.classList.add("dl-scrubber");
    this.element = html("div", { class: "dl-stepper" }, this.back.element, this.next.element, slider.element);
  }

  /** `canGoOn`: whether there is something after the last step. */
  update(step, last, canGoBack, canGoOn) {
    this.slider.update(step, last);
    this.back.element.disabled = step <= 0 && !canGoBack;
    this.next.element.disabled = step >= last && !canGoOn;
    this.next.update({ icon: "step", label: step >= last && canGoOn ? "Once more" : "Next" });
  }
}
