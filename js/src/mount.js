/** Bringing explorables to life: on the built page (`mountAll`) and as a widget (`render`). */

import { html } from "./dom.js";
import { readFragment } from "./link.js";
import { pageStore, widgetStore } from "./store.js";
import * as curves from "./views/curves.js";
import * as descent from "./views/descent.js";
import * as playground from "./views/playground.js";
import * as question from "./views/question.js";

/**
 * A kind of view: `names` (its state, or a function of the description that gives it), `create(root, spec, store)` → {results, destroy, restore?, accept},
 * where `accept(name, value)` returns the value to store (clamped) or throws a sentence, and
 * `restore(texts)` applies what a fragment says, as far as it is known and valid.
 */
const kinds = { curves, descent, playground, question };

/** Where the controls are of the teacher's choosing, the description names them. */
const namesOf = ({ names }, spec) => (typeof names === "function" ? names(spec) : names);

const KEYS = ["keydown", "keyup", "keypress"];
const stop = (event) => event.stopPropagation();

/** In place of an explorable a sentence, there and in the console, that says why there is none. */
function excuse(root, error) {
  console.error(error);
  root.replaceChildren(html("p", { class: "dl-error", role: "alert" }, `This explorable cannot be shown: ${error.message}.`));
  return { state: {}, results: {}, set() {}, restore() {}, destroy: () => root.remove(), error };
}

const damaged = (el) => excuse(el.appendChild(html("div")), new Error("its description is missing or damaged"));
const described = (value) => typeof value === "object" && value !== null;

/** What a text describes, or null. */
function parsed(text) {
  try {
    return JSON.parse(text);
  } catch {
    return null;
  }
}

/** Draw explorable `kind` into `el`. What cannot be drawn says so in a sentence, there and in the console. */
export function mount(el, kind, spec, store) {
  // JupyterLab would take the arrow keys for its cells: it reads the attribute, others see no event.
  const root = html("div", { class: "dl-root", "data-kind": String(kind), "data-lm-suppress-shortcuts": "true" });
  for (const name of KEYS) root.addEventListener(name, stop);
  el.append(root);
  try {
    const known = Object.hasOwn(kinds, kind) ? kinds[kind] : null;
    if (!known) throw new Error(`no explorable is of the kind "${kind}"; known are ${Object.keys(kinds).join(", ")}`);
    const view = known.create(root, spec, store, el.id || "");
    const state = {};
    const names = namesOf(known, spec).filter((name) => store.get(name) !== undefined);
    for (const name of names) Object.defineProperty(state, name, { enumerable: true, get: () => store.get(name) });
    return {
      state,
      get results() {
        return view.results();
      },
      set(name, value) {
        if (!names.includes(name)) throw new Error(`"${name}" is not part of this explorable's state: ${names.join(", ")}`);
        store.set(name, view.accept(name, value));
      },
      restore: (texts) => view.restore?.(texts),
      destroy() {
        view.destroy();
        store.destroy();
        root.remove();
      },
    };
  } catch (error) {
    store.destroy();
    return excuse(root, error);
  }
}

export function mountOne(el) {
  if (el.explorable) return;
  const { kind = el.dataset.kind, spec, state } = parsed(el.querySelector('script[type="application/json"]')?.textContent) ?? {};
  el.explorable = described(spec) && described(state) ? mount(el, kind, spec, pageStore(state)) : damaged(el);
}

/** Mount every explorable of the document that is not yet mounted, and follow links to their states. */
export function mountAll(document) {
  const apply = (fragment, block) => {
    const target = readFragment(fragment);
    const el = target && document.getElementById(target.id);
    if (!el?.explorable?.restore) return;
    el.explorable.restore(target.values);
    el.scrollIntoView({ block });
  };
  for (const el of document.querySelectorAll(".dlcourse-explorable")) mountOne(el);
  const window = document.defaultView;
  apply(window.location.hash, "start");
  if (document.dlcourseLinks) return;
  document.dlcourseLinks = true;
  window.addEventListener("hashchange", () => apply(window.location.hash, "nearest"));
  // A "show me" link that is followed twice changes no address the second time.
  document.addEventListener("click", (event) => {
    const href = event.target.closest?.("a[href]")?.getAttribute("href");
    if (href && href === window.location.hash) apply(href, "nearest");
  });
}

/** The face for JupyterLab, VS Code and the like (anywidget). */
export function render({ model, el }) {
  const kind = model.get("kind");
  const spec = parsed(model.get("spec"));
  el.classList.add("dlcourse-explorable");
  const store = () => widgetStore(model, Object.hasOwn(kinds, kind) ? namesOf(kinds[kind], spec) : []);
  el.explorable = described(spec) ? mount(el, kind, spec, store()) : damaged(el);
  return () => el.explorable.destroy();
}
