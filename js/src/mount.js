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

/** Bring an explorable to the state that a fragment names, and into sight. */
function apply(target, el, block) {
  el.explorable?.restore?.(target.values);
  el.scrollIntoView({ block });
}

/** Mount every explorable of the document that is not yet mounted, and follow links to their states. */
export function mountAll(document) {
  const follow = (fragment, block) => {
    const target = readFragment(fragment);
    const el = target && document.getElementById(target.id);
    if (el?.explorable) apply(target, el, block);
  };
  for (const el of document.querySelectorAll(".dlcourse-explorable")) mountOne(el);
  const window = document.defaultView;
  follow(window.location.hash, "start");
  if (document.dlcourseLinks) return;
  document.dlcourseLinks = true;
  window.addEventListener("hashchange", () => follow(window.location.hash, "nearest"));
  // A "show me" link that is followed twice changes no address the second time.
  document.addEventListener("click", (event) => {
    const href = event.target.closest?.("a[href]")?.getAttribute("href");
    if (href && href === window.location.hash) follow(href, "nearest");
  });
}

/**
 * The widgets that links can lead to, element → identity: one list for all of a document, as each widget brings a copy
 * of this script along. The first sees to the links, before the notebook does, which would look for a heading.
 */
function widgetsOf(document) {
  if (document.dlcourseWidgets) return document.dlcourseWidgets;
  const widgets = (document.dlcourseWidgets = new Map());
  const follow = (event) => {
    const link = event.target.closest?.("a[href]");
    const target = readFragment(link?.getAttribute("href") ?? "");
    const named = target ? [...widgets.keys()].filter((el) => widgets.get(el) === target.id) : [];
    // Several notebooks may be open in one document, each with widgets of the same names; one far off screen may be in none.
    const notebook = link?.closest(".jp-NotebookPanel") ?? document.body;
    const here = named.filter((el) => notebook.contains(el));
    const found = here.length ? here : named.filter((el) => !el.isConnected);
    if (!found.length) return;
    event.preventDefault();
    event.stopPropagation();
    for (const el of found.reverse()) apply(target, el, "nearest");
  };
  document.addEventListener("click", follow, true);
  return widgets;
}

/** The face for JupyterLab, VS Code and the like (anywidget). */
export function render({ model, el }) {
  const kind = model.get("kind");
  const spec = parsed(model.get("spec"));
  el.classList.add("dlcourse-explorable");
  const store = () => widgetStore(model, Object.hasOwn(kinds, kind) ? namesOf(kinds[kind], spec) : []);
  el.explorable = described(spec) ? mount(el, kind, spec, store()) : damaged(el);
  const widgets = widgetsOf(el.ownerDocument);
  widgets.set(el, model.get("identity"));
  return () => {
    widgets.delete(el);
    el.explorable.destroy();
  };
}
