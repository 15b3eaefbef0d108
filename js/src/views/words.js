/** What the views say: the goal, an announcement for screen readers at most once a second, and the link to a setting. */

import { button } from "../controls.js";
import { freshId, html, text } from "../dom.js";
import { unbroken } from "../format.js";
import { writeFragment } from "../link.js";

/** A sentence that gives the reader something to reach. */
export class Goal {
  constructor(sentence = "") {
    this.state = html("span", { class: "dl-hidden" });
    this.sentence = html("span", {}, unbroken(sentence));
    this.element = html("p", { class: "dl-goal" }, html("strong", {}, "Goal", this.state), " ", this.sentence);
    this.element.hidden = !sentence;
  }

  say(sentence) {
    text(this.sentence, unbroken(sentence));
  }

  update(reached) {
    text(this.state, reached ? " reached" : "");
    this.element.classList.toggle("dl-done", reached);
  }
}

export class Announcer {
  constructor() {
    this.element = html("p", { class: "dl-hidden", "aria-live": "polite" });
    this.spoken = null; // null: nothing to say before the reader did something
    this.timer = 0;
    this.saying = 0;
  }

  update(message) {
    this.message = message;
    if (this.spoken === null || this.spoken === message || this.timer) return;
    this.timer = setTimeout(() => {
      this.timer = 0;
      this.spoken = this.message;
      text(this.element, this.message);
    }, 1000);
  }

  /** From now on changes are announced. */
  awaken() {
    this.spoken ??= this.message ?? "";
  }

  /** At once, and again if they are the same as before: what does not change is not read out. */
  say(words) {
    text(this.element, "");
    clearTimeout(this.saying);
    this.saying = setTimeout(() => text(this.element, words), 100);
  }

  destroy() {
    clearTimeout(this.timer);
    clearTimeout(this.saying);
  }
}

/** The button that puts the present setting into the page's address and onto the clipboard; `state()` → name → value. */
export function linkButton(id, state, announcer) {
  const link = button({ icon: "link", label: "Copy link", className: "dl-link" }, copy);
  link.element.title = "Copy a link to this setting";
  link.element.hidden = !id;
  let thanks = 0;
  function copy() {
    window.history.replaceState(window.history.state, "", writeFragment(id, state()));
    const say = (words) => {
      link.update({ icon: "link", label: words });
      announcer.say(words === "Copied" ? "Link copied" : "The link is in the address bar");
      clearTimeout(thanks);
      thanks = setTimeout(() => link.update({ icon: "link", label: "Copy link" }), 2500);
    };
    const inBar = () => say("In address bar");
    if (!navigator.clipboard) inBar();
    else navigator.clipboard.writeText(window.location.href).then(() => say("Copied"), inBar);
  }
  return { element: link.element, destroy: () => clearTimeout(thanks) };
}

/** Bring a picture into sight of which more than half is out of it, as on a phone, where it stands far above its controls. */
function reveal(picture) {
  const { top, bottom, height } = picture.getBoundingClientRect();
  if (Math.min(bottom, window.innerHeight) - Math.max(top, 0) > height / 2) return;
  const calm = window.matchMedia("(prefers-reduced-motion: reduce)").matches;
  picture.scrollIntoView({ block: "nearest", behavior: calm ? "auto" : "smooth" });
}

/** Buttons that move the controls to a setting worth seeing; `apply(settings)`: name → value; `picture()`: where it is to be seen. */
export function showButtons(shows = [], picture, apply) {
  if (!shows.length) return html("div", { hidden: "" });
  const id = freshId();
  const buttons = shows.map(({ label, set }) => {
    const element = html("button", { type: "button", class: "dl-button dl-show" }, label);
    element.addEventListener("click", () => {
      apply(set);
      reveal(picture());
    });
    return element;
  });
  return html("div", { class: "dl-shows", role: "group", "aria-labelledby": id }, html("span", { id, class: "dl-name" }, "Show me"), html("div", {}, ...buttons));
}
