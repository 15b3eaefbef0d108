/** Curves: panels of series that a traced program computes from the controls, and what they mean in words. */

import { button, select, slider, toggle, range } from "../controls.js";
import { html, text } from "../dom.js";
import { fixed, significant, unbroken } from "../format.js";
import { clamp } from "../link.js";
import { compile } from "../program/compile.js";
import { read, valid } from "../settings.js";
import { Diagram } from "./diagram.js";
import { Panel } from "./panel.js";
import { Player } from "./player.js";
import { Stage } from "./stage.js";
import { Stepper } from "./stepper.js";
import { Announcer, Goal, linkButton, showButtons } from "./words.js";

const WIDE = 600; // from here two panels stand side by side
const GAP = 18;
const SLICE = 40; // milliseconds of computing in a frame: with the drawing, less than what a reader feels as a halt

export const names = (spec) => Object.keys(spec?.controls ?? {});

function check(spec) {
  for (const name of ["controls", "programs", "panels", "words"]) {
    if (!spec[name]) throw new Error(`its description lacks "${name}"`);
  }
  if (!spec.panels.length && !spec.diagrams?.length) throw new Error("it has no panel to draw in");
}

export function create(root, spec, store, id) {
  check(spec);
  const controls = Object.entries(spec.controls);
  for (const [name, control] of controls) {
    if (valid(control, store.get(name)) === undefined) throw new Error(`${name} cannot be ${JSON.stringify(store.get(name))}`);
  }

  // ---- the computation ------------------------------------------------------------------------------------------

  const option = () => (spec.by ? store.get(spec.by) : "");
  const programs = new Map(); // compiled when first needed
  const current = () => {
    const key = option();
    if (!programs.has(key)) {
      const json = Object.hasOwn(spec.programs, key) ? spec.programs[key] : null;
      if (!json) throw new Error(`its description lacks the program${key && ` of ${key}`}`);
      const constants = json.constants.map(([shape, value]) => [shape, value?.shared === undefined ? value : spec.shared[value.shared]]);
      programs.set(key, { ...compile({ ...json, constants }), reads: json.inputs.map(([name]) => name) });
    }
    return programs.get(key);
  };
  const present = () => Object.fromEntries(controls.map(([name]) => [name, store.get(name)]));
  /** What the computation reads of the controls: of a choice its place in the list. */
  const asked = (settings) => {
    const given = (name) => {
      const { type, options } = spec.controls[name];
      return type === "choice" ? options.findIndex((each) => each.name === settings[name]) : Number(settings[name]);
    };
    return Object.fromEntries(current().reads.map((name) => [name, given(name)]));
  };
  let run = null; // {task, of, at, settings}: what a drawing waits for; {}: it waits for one that is yet to begin
  let drawn; // the settings that what is seen was computed from: the controls may have moved on
  let changes = 0; // of controls, so far
  /** All at once, for who asks for the numbers; what is being computed for the drawing begins anew. */
  const compute = () => {
    if (run) stage.schedule();
    run = null;
    return current().run(asked(present()));
  };

  /**
   * The results for a drawing, or null while they take longer than a frame: then the page goes on, and the drawing
   * follows when they are there. A slider that moves meanwhile is answered by the next run, so that there is something to see.
   */
  function computed() {
    if (run?.of !== option()) {
      const settings = present();
      run = { task: current().start(asked(settings)), of: option(), at: changes, settings };
    }
    const { task, at, settings } = run;
    const done = task.advance(SLICE);
    if (!done || at !== changes) stage.schedule();
    if (!done) return null;
    drawn = settings;
    run = at === changes ? null : {};
    return task.results;
  }

  // ---- what is seen ---------------------------------------------------------------------------------------------

  const announcer = new Announcer();
  const goal = new Goal(spec.goal?.text);
  const stops = new Map(controls.filter(([, control]) => control.type === "slider").map(([name, control]) => [name, range(control)]));
  const nearest = (name, x) => stops.get(name).value(stops.get(name).position(x));
  /** x, or where the slider of this name ends that another one limits. */
  const upTo = (name, x, of) => {
    const { limit } = spec.controls[name];
    return limit ? Math.min(x, of(limit)) : x;
  };
  const panels = spec.panels.map((panel) => {
    return new Panel(panel, panel.pick && ((x) => put(panel.pick, upTo(panel.pick, nearest(panel.pick, x), store.get))), {
      get: (name) => store.get(name),
      put: (name, x) => put(name, nearest(name, x)),
    });
  });
  const diagrams = (spec.diagrams ?? []).map((diagram) => new Diagram(diagram, spec.tones, (name) => store.set("picked", name), go));
  const inputs = controls.filter(([, { type }]) => type !== "pick").map(([name, control]) => {
    const take = (value) => put(name, value);
    if (control.type === "slider") return [name, slider({ ...control, initial: store.initial[name], className: `dl-${name}` }, take)];
    return [name, control.type === "switch" ? toggle(control, take) : select(control, take)];
  });
  const player = spec.play && new Player({
    ...spec.controls[spec.play.slider],
    get: () => store.get(spec.play.slider),
    set: (value) => store.set(spec.play.slider, value),
    seconds: spec.play.seconds,
    label: spec.play.label,
  });
  const pause = () => player?.pause();
  const stepper = spec.stepper && new Stepper(inputs.find(([name]) => name === spec.stepper.slider)[1], go, spec.stepper.again);
  const of = (...types) => inputs.filter(([name]) => types.includes(spec.controls[name].type) && name !== spec.stepper?.slider).map(([, { element }]) => element);
  const sentences = spec.words.map(({ tone, colour }) => {
    const words = html("span", tone ? { class: `dl-verdict${tone === "bad" ? " dl-bad" : ""}` } : {});
    const row = html("li", colour ? {} : { class: "dl-plain" }, ...(colour ? [html("span", { class: "dl-swatch", "aria-hidden": "true" })] : []), words);
    if (colour) row.style.setProperty("--dl-c", colour);
    return { row, words };
  });
  const note = html("li", { class: "dl-plain dl-note" });
  const figure = html("div", { class: "dl-figure" }, ...panels.map((panel) => panel.element));
  figure.style.setProperty("--dl-columns", spec.panels.map(({ share }) => `${share}fr`).join(" "));
  const resetButton = button({ icon: "reset", label: "Reset", className: "dl-reset" }, reset);
  const link = linkButton(id, () => Object.fromEntries(shownControls().map((name) => [name, store.get(name)])), announcer);
  const ruler = html("div", {});
  const readout = html("ul", { class: "dl-readout" }, note, ...sentences.map(({ row }) => row));
  root.append(
    ruler,
    goal.element,
    ...diagrams.map(({ picture }) => picture),
    ...(stepper ? [stepper.element] : []),
    ...diagrams.map(({ words }) => words),
    ...(panels.length ? [figure] : []),
    html(
      "div",
      { class: "dl-controls" },
      html("div", { class: "dl-sliders" }, ...of("slider")),
      html("div", { class: "dl-last" }, ...(player?.elements ?? []), ...of("choice", "switch"), html("div", { class: "dl-buttons" }, resetButton.element, link.element)),
    ),
    showButtons(spec.shows, () => (stepper ? diagram().picture : figure), (settings) => {
      pause();
      if (spec.by in settings) goTo(settings[spec.by]);
      for (const [name, value] of Object.entries(settings)) if (name !== spec.by) put(name, value);
      settle(); // a jump, not a slider that moves: axes that were long enough for what was before would hide what there is to see
      stage.schedule();
    }),
    readout,
    announcer.element,
  );

  // ---- drawing --------------------------------------------------------------------------------------------------

  function layout(width) {
    const side = panels.length > 1 && width >= WIDE;
    figure.classList.toggle("dl-wide", side);
    for (const diagram of diagrams) diagram.resize(width);
    const height = Math.round(side ? clamp(width * 0.42, 250, 340) : clamp(width * (panels.length > 1 ? 0.6 : 0.5), 210, 340));
    if (!side) return panels.forEach((panel) => panel.resize(width, panel.heightFor(width, height)));
    // Where both axes have one unit, the height decides on the width; the others share the rest.
    const square = panels.map((panel) => Math.min(panel.widthFor(height), Math.floor(0.62 * width)));
    const free = width - GAP * (panels.length - 1) - square.reduce((sum, w) => sum + w, 0);
    const total = spec.panels.reduce((sum, { share, equal }) => sum + (equal ? 0 : share), 0);
    panels.forEach((panel, i) => {
      const w = square[i] || Math.floor((free * spec.panels[i].share) / total);
      panel.resize(w, panel.heightFor(w, height));
    });
  }

  const moved = new Set(spec.panels.flatMap((p) => [p.pick, ...p.handles.flatMap(({ across, up }) => [across, up])]));
  /** A slider that changes nothing of what is shown is not shown. */
  const shownControls = () => {
    const { reads } = current();
    const needed = (name) => reads.includes(name) || moved.has(name) || name === spec.stepper?.slider;
    return controls.filter(([name, { type, when }]) => type !== "slider" || (needed(name) && (!when || store.get(when)))).map(([name]) => name);
  };

  function drawControls() {
    const shown = shownControls();
    for (const [name, input] of inputs) {
      input.element.hidden = !shown.includes(name);
      const { limit } = spec.controls[name];
      input.update(store.get(name), limit && store.get(limit));
    }
    player?.update();
    for (const each of diagrams) each.show(each === diagram());
    if (stepper) {
      const { slider: name, again } = spec.stepper;
      const more = again && spec.controls[again];
      stepper.update(store.get(name), diagram().last, more && store.get(again) > more.min, more && store.get(again) < more.max);
    }
    const { note: words } = spec.by ? spec.controls[spec.by].options.find(({ name }) => name === option()) : {};
    note.hidden = !words;
    text(note, words ?? "");
  }

  /** The value of a name: of a control, as it was for these results, or of a result; a number that is given stands for itself. */
  const value = (name, results) => {
    if (typeof name === "number") return name;
    const place = name.indexOf("[");
    if (place > 0) return results[name.slice(0, place)][Number(name.slice(place + 1, -1))];
    const found = results[name];
    return found ? (found.length === 1 ? found[0] : NaN) : Number(drawn[name]);
  };

  function written([name, places, brackets], results) {
    if (brackets) {
      const plain = written([name, places], results);
      return plain.startsWith("−") ? `(${plain})` : plain;
    }
    const control = spec.controls[name];
    if (control?.type === "choice") return control.options.find((each) => each.name === drawn[name]).label;
    const x = value(name, results);
    if (!Number.isFinite(x)) return significant(x);
    if (places !== null) return fixed(x, places);
    return control ? stops.get(name).format(x) : significant(x);
  }

  function draw() {
    const results = computed();
    if (results === null) return;
    const get = (name) => value(name, results);
    const seen = (when) => !when || (Number.isFinite(get(when)) && get(when) !== 0);
    if (stepper) diagram().follow(seen);
    drawControls();
    panels.forEach((panel) => panel.choose(option()));
    panels.forEach((panel, i) => {
      const { pick } = spec.panels[i];
      panel.draw(results, get, seen, pick ? upTo(pick, drawn[pick], (name) => drawn[name]) : null);
    });
    const say = (parts) => unbroken(parts.map((part) => (typeof part === "string" ? part : written(part, results))).join(""));
    const said = stepper ? diagram().draw({ step: drawn[spec.stepper.slider], picked: drawn.picked, get, seen, say }) : [];
    spec.words.forEach(({ parts, when }, i) => {
      const { row, words } = sentences[i];
      row.hidden = !seen(when);
      if (row.hidden) return;
      said.push(say(parts));
      text(words, said.at(-1));
    });
    announcer.update([note.textContent, ...said].filter(Boolean).join(" "));
    if (spec.goal) goal.update(seen(spec.goal.when));
  }

  const settle = () => panels.forEach((panel) => panel.settle());
  const words = [readout, ...diagrams.map((each) => each.words)];
  const stopListening = store.onChange((name) => {
    changes++;
    if (spec.controls[name].type !== "slider") settle();
    stage.move();
    announcer.awaken();
    stage.schedule();
  });

  // ---- what the reader does -------------------------------------------------------------------------------------

  /** A control in the reader's hand: what is being played stands still, and begins anew if it starts from there. */
  function put(name, value) {
    pause();
    if (name === spec.by) goTo(value);
    else store.set(name, value);
    if (spec.play?.rewinds.includes(name)) store.set(spec.play.slider, spec.controls[spec.play.slider].min);
  }

  /** The diagram of the present option. */
  function diagram() {
    return diagrams.find(({ spec: { option: own } }) => !own || own === option());
  }

  /** By so many steps; after the last one begins the next round, if there are rounds. */
  function go(by) {
    const { slider: name, again } = spec.stepper;
    const { last } = diagram();
    const next = Math.min(store.get(name), last) + by;
    if (next >= 0 && next <= last) return store.set(name, next);
    const round = again ? valid(spec.controls[again], store.get(again) + by) : undefined;
    if (round === undefined || round === store.get(again)) return;
    store.set(again, round);
    store.set(name, by > 0 ? 0 : last);
  }

  const remembered = new Map(); // option → what the reader left its controls at
  const presets = (name) => (spec.by && spec.controls[spec.by].options.find((each) => each.name === name)?.set) || {};

  /** Another option brings its own settings along, and back again what the reader had there. */
  function goTo(name) {
    const from = option();
    if (name === from) return;
    remembered.set(from, Object.fromEntries(Object.keys(presets(from)).map((key) => [key, store.get(key)])));
    const there = remembered.get(name) ?? presets(name);
    store.set(spec.by, name);
    for (const [key, setting] of Object.entries(there)) store.set(key, setting);
  }

  function reset() {
    pause();
    remembered.clear();
    for (const [name] of controls) store.set(name, store.initial[name]);
    settle();
    stage.schedule();
  }

  /** From a fragment: known names, numbers in their range; anything else is ignored. */
  function restore(texts) {
    pause();
    const found = controls.filter(([name]) => texts.has(name)).map(([name, control]) => [name, read(control, texts.get(name))]);
    const given = new Map(found.filter(([, setting]) => setting !== undefined));
    if (given.has(spec.by)) goTo(given.get(spec.by));
    for (const [name, setting] of given) store.set(name, setting);
  }

  drawControls(); // before the first drawing, so that nothing moves when it comes
  const stage = new Stage(root, ruler, { layout, draw, settle, hide: pause, busy: () => run !== null, words });

  return {
    restore,
    accept(name, given) {
      const accepted = valid(spec.controls[name], given);
      if (accepted === undefined) throw new Error(`${name} cannot be ${JSON.stringify(given)}`);
      return accepted;
    },
    results: () => Object.fromEntries(Object.entries(compute()).map(([name, array]) => [name, array.slice()])),
    destroy() {
      pause();
      run = null;
      stopListening();
      announcer.destroy();
      link.destroy();
      stage.destroy();
    },
  };
}
