/** Descent on a landscape: map, loss, controls and words over one traced program per landscape and method. */

import { button, chips, select, slider } from "../controls.js";
import { html, text } from "../dom.js";
import { clamp, parseNumber } from "../link.js";
import { compile } from "../program/compile.js";
import { LossPlot } from "./losses.js";
import { aspect, DescentMap, windowOf } from "./map.js";
import { Player } from "./player.js";
import { outcome, ranked, standing, WIDEST } from "./ranking.js";
import { Readout, sentence } from "./readout.js";
import { Stage } from "./stage.js";
import { Announcer, Goal, linkButton, showButtons } from "./words.js";

const slidersOf = (spec) => Object.keys(spec?.controls ?? {}).filter((name) => name !== "step");

export const names = (spec) => ["landscape", "methods", ...slidersOf(spec), "start", "step"];

const WIDE = 600; // from here the loss stands beside the map
const GAP = 18;
const CROWD = 6; // more paths than that are not named on the map
const PLAY = 3; // seconds for all steps

function check(spec) {
  for (const name of ["steps", "grid", "controls", "methods", "landscapes"]) {
    if (spec[name] === undefined) throw new Error(`its description lacks "${name}"`);
  }
  if (!spec.methods.length || !spec.landscapes.length) throw new Error("it has no method or no landscape to show");
}

/** What a value of the state has to be; → the value, clamped to its range, or undefined. */
function valid(spec, ratio, landscape, name, value) {
  const finite = typeof value === "number" && Number.isFinite(value);
  if (name === "landscape") return spec.landscapes.some((l) => l.name === value) ? value : undefined;
  if (name === "methods") {
    if (!Array.isArray(value) || !value.length) return undefined;
    return value.every((m) => spec.methods.some((known) => known.name === m)) ? spec.methods.map((m) => m.name).filter((m) => value.includes(m)) : undefined;
  }
  if (name === "step") return finite ? clamp(Math.round(value), 0, spec.steps) : undefined;
  if (name === "start") {
    if (!Array.isArray(value) || value.length !== 2 || !value.every((v) => typeof v === "number" && Number.isFinite(v))) return undefined;
    const [across, up] = windowOf(landscape, ratio);
    return [clamp(value[0], ...across), clamp(value[1], ...up)];
  }
  const control = spec.controls[name];
  return control && finite ? clamp(value, control.min, control.max) : undefined;
}

function same(path, other, last) {
  for (let n = 0; n < 2 * last + 2; n++) if (!(Math.abs(path[n] - other[n]) <= 1e-6 * (1 + Math.abs(path[n])))) return false;
  return last > 0;
}

export function create(root, spec, store, id) {
  check(spec);
  const landscapes = new Map(spec.landscapes.map((l) => [l.name, l]));
  const current = () => {
    const landscape = landscapes.get(store.get("landscape"));
    if (!landscape) throw new Error(`there is no landscape "${store.get("landscape")}"; known are ${[...landscapes.keys()].join(", ")}`);
    return landscape;
  };
  const SLIDERS = slidersOf(spec);
  /** κ moves only the landscapes that have it. */
  const uses = (landscape, name) => name !== "condition" || (landscape.uses ?? []).includes(name);
  current();

  // ---- the computation ------------------------------------------------------------------------------------------

  const programs = new Map(); // compiled when first needed
  /** The program runs with what it asks for, taken from the state unless it is given. */
  const compiled = (key, json) => {
    if (!programs.has(key)) {
      if (!json) throw new Error(`its description lacks the program of ${key}`);
      const { run } = compile(json);
      const wanted = json.inputs.map(([name]) => name);
      programs.set(key, { run: (given = {}) => run(Object.fromEntries(wanted.map((name) => [name, given[name] ?? store.get(name)]))) });
    }
    return programs.get(key);
  };
  const parameters = (landscape) => (landscape.uses ?? []).map((name) => store.get(name));

  let computed = { key: "" };
  const runs = new Map(); // method → run under `computed.key`
  function compute() {
    const landscape = current();
    const key = JSON.stringify([landscape.name, SLIDERS.map((slider) => store.get(slider)), store.get("start")]);
    if (key !== computed.key) {
      runs.clear();
      computed = { key };
    }
    const minimum = landscape.minimum ?? 0;
    for (const { name, label, called } of chosen()) {
      if (runs.has(name)) continue;
      const program = compiled(`${name} on ${landscape.name}`, landscape.paths?.[name]);
      const out = program.run();
      const path = out.path.slice();
      const loss = out.loss.slice();
      let divergedAt = null;
      for (let k = 0; k <= spec.steps; k++) {
        if (!(Math.abs(path[2 * k]) <= spec.escape && Math.abs(path[2 * k + 1]) <= spec.escape)) {
          divergedAt = k;
          break;
        }
      }
      const above = loss.map((value) => value - minimum);
      let arrived = spec.steps + 1; // from here to the end below the target: what only passes has not arrived
      while (arrived > 0 && above[arrived - 1] < spec.target) arrived--;
      const reachedAt = spec.target > 0 && divergedAt === null && arrived <= spec.steps ? arrived : null;
      runs.set(name, { name, label, called, path, loss, above, divergedAt, reachedAt, rate: out.rate?.[0] ?? null, several: landscape.minima.length > 1 });
    }
  }
  const chosen = () => {
    const wanted = store.get("methods") ?? [];
    return spec.methods.filter((m) => wanted.includes(m.name));
  };
  const shownStep = () => clamp(Math.round(store.get("step") ?? spec.steps), 0, spec.steps);

  // ---- what is seen ---------------------------------------------------------------------------------------------

  const pickStart = (start) => store.set("start", start);
  const ratio = aspect(spec.landscapes);
  const map = new DescentMap(spec.methods, spec.grid[0] * spec.grid[1], ratio, pickStart);
  map.current = () => store.get("start");
  const losses = new LossPlot(spec.methods, spec.steps, spec.target, (step) => {
    pause();
    store.set("step", step);
  });
  const readout = new Readout(spec.methods);
  const ranking = html("p", { class: "dl-ranking" });
  ranking.hidden = !spec.ranking;

  const announcer = new Announcer();
  const goal = new Goal(spec.goal);

  const sliders = new Map();
  for (const name of SLIDERS) {
    sliders.set(name, slider({ ...spec.controls[name], initial: store.initial[name], className: `dl-${name}` }, (value) => store.set(name, value)));
  }
  const many = (element, list) => {
    element.hidden = list.length < 2; // no choice between one thing
    return element;
  };
  const landscapeSelect = select({ label: "Landscape", options: spec.landscapes }, goTo);
  const methodChips = chips({ label: spec.methods_label ?? "Methods", options: spec.methods, point, widest: spec.ranking ? WIDEST : "" }, (list) => store.set("methods", list));
  const scrubber = slider({ label: "", description: "step", className: "dl-scrubber", min: 0, max: spec.steps, step: 1 }, (step) => {
    pause();
    store.set("step", step);
  });
  const player = new Player({ min: 0, max: spec.steps, get: shownStep, set: (step) => store.set("step", step), seconds: PLAY });
  const pause = () => player.pause();
  const resetButton = button({ icon: "reset", label: "Reset", className: "dl-reset" }, reset);
  const link = linkButton(id, linked, announcer);

  const figure = html("div", { class: "dl-figure" }, map.element, losses.element);
  const controls = html(
    "div",
    { class: "dl-controls" },
    html("div", { class: "dl-sliders" }, ...[...sliders.values()].map((s) => s.element)),
    html("div", { class: "dl-choices" }, many(landscapeSelect.element, spec.landscapes), many(methodChips.element, spec.methods)),
    html("div", { class: "dl-time" }, ...player.elements, scrubber.element, resetButton.element, link.element),
  );
  const ruler = html("div", {});
  const shows = showButtons(spec.shows, () => figure, (settings) => {
    pause();
    if (settings.landscape) goTo(settings.landscape);
    for (const [name, value] of Object.entries({ step: spec.steps, ...settings })) if (name !== "landscape") store.set(name, accept(name, value));
  });
  root.append(ruler, goal.element, figure, controls, shows, ranking, readout.element, announcer.element);

  // ---- drawing --------------------------------------------------------------------------------------------------

  let surfaceKey = "";
  let rough = false; // contours drawn in haste, to be refined
  function layout(width) {
    const wide = width >= WIDE;
    figure.classList.toggle("dl-wide", wide);
    const mapWidth = wide ? Math.round((width - GAP) * 0.62) : width;
    const height = map.resize(mapWidth);
    losses.resize(wide ? width - GAP - mapWidth : width, wide ? height + 10 : 200);
    surfaceKey = "";
  }

  /** What the choices look like; also before the first drawing, so that nothing moves when it comes. */
  function drawControls(landscape) {
    for (const [name, control] of sliders) {
      const hidden = !uses(landscape, name);
      control.element.hidden = hidden;
      control.input.disabled = name !== "condition" && !chosen().some(({ reads }) => reads?.includes(name) ?? true); // it would move nothing
      if (!hidden) control.update(store.get(name));
    }
    landscapeSelect.update(landscape.name);
    methodChips.update(store.get("methods") ?? []);
    scrubber.update(shownStep());
    player.update();
    readout.choose(spec.ranking ? [] : chosen().map((method) => method.name));
  }

  let pointed = null; // the method whose chip the reader points at
  function point(name) {
    pointed = name;
    stage.schedule();
  }

  function drawSurface(landscape) {
    const key = JSON.stringify([landscape.name, parameters(landscape)]);
    if (key === surfaceKey && !(stage.resting && rough)) return;
    rough = !stage.resting;
    map.drawLandscape(landscape, compiled(`the surface of ${landscape.name}`, landscape.surface), rough);
    surfaceKey = key;
    if (rough) stage.move();
  }

  function draw() {
    const landscape = current();
    drawControls(landscape);
    drawSurface(landscape);
    const step = shownStep();
    const shown = chosen().map((method) => {
      const run = runs.get(method.name);
      const ended = run.divergedAt !== null && step >= run.divergedAt;
      let last = ended ? run.divergedAt : step;
      while (last > 0 && !(Number.isFinite(run.path[2 * last]) && Number.isFinite(run.path[2 * last + 1]))) last--;
      const [x, y] = [run.path[2 * last], run.path[2 * last + 1]];
      const distance = landscape.minima.length ? Math.min(...landscape.minima.map(([a, b]) => Math.hypot(x - a, y - b))) : null;
      return { ...run, last, end: [x, y], distance, ended, note: step === 0 ? "" : ended ? `${run.label} diverged at step ${run.divergedAt}` : run.label };
    });
    // Paths that coincide (two methods that are the same under these settings): the upper one is dashed.
    shown.forEach((run, i) => {
      run.dashed = shown.slice(0, i).some((other) => !other.dashed && same(run.path, other.path, run.last));
    });
    const alone = shown.length > 2 && shown.some(({ name }) => name === pointed) ? pointed : null;
    // Where many paths meet, their names would hide them: the chips name them, and the one that is pointed at.
    if (shown.length > CROWD) for (const run of shown) if (run.name !== alone) run.note = "";
    map.drawPaths(shown, store.get("start"), alone);
    losses.draw(shown, step, alone);
    const said = readout.update(
      shown.map((run) => {
        const [facts, verdict] = sentence(run, step, landscape);
        return { name: run.name, label: run.label, facts, verdict, diverged: run.ended || verdict.includes("not at a minimum") };
      }),
    );
    const order = ranked(shown, step);
    if (spec.ranking) {
      const result = outcome(order, step, spec.target);
      text(ranking, result);
      methodChips.say(new Map(order.map((run) => [run.name, standing(run, step)])));
      readout.choose([alone ?? order[0].name]);
      announcer.update(result);
    } else announcer.update(said);
    goal.update(met(order, step));
  }

  /** Whether the goal is met: by the methods that it needs (in a race the first, else each; any if it names none), by its step, where it wants it. */
  function met(order, shownStep) {
    const { methods, step = spec.steps, ...others } = spec.needs ?? {};
    if (Object.entries(others).some(([name, value]) => String(store.get(name)) !== String(value))) return false;
    const there = order.filter((run) => run.reachedAt !== null && run.reachedAt <= Math.min(step, shownStep)).map(({ name }) => name);
    if (!there.length || !methods) return there.length > 0;
    return spec.ranking ? methods.includes(there[0]) : methods.every((name) => there.includes(name));
  }

  /** Axes and labels are as if this were the first drawing. */
  function settle() {
    losses.settle();
    map.settle();
  }

  const stopListening = store.onChange((name) => {
    if (name === "landscape" || name === "methods") losses.settle();
    if (name === "methods") stage.free();
    stage.move();
    announcer.awaken();
    stage.schedule();
  });

  // ---- what the reader does -------------------------------------------------------------------------------------

  const remembered = new Map(); // landscape → the start and α that the reader left there
  function goTo(name) {
    const from = store.get("landscape");
    if (name === from) return;
    remembered.set(from, { start: store.get("start"), alpha: store.get("alpha") });
    const there = remembered.get(name) ?? { start: landscapes.get(name).start, alpha: landscapes.get(name).alpha };
    store.set("landscape", name);
    store.set("start", there.start);
    if (spec.controls.alpha) store.set("alpha", there.alpha);
  }

  function reset() {
    pause();
    remembered.clear();
    for (const name of names(spec)) if (store.initial[name] !== undefined) store.set(name, store.initial[name]);
    settle();
    stage.schedule();
  }

  /** What a link to this setting says. */
  function linked() {
    const landscape = current();
    return {
      landscape: landscape.name,
      methods: chosen().map((m) => m.name),
      ...Object.fromEntries([...sliders.keys()].filter((name) => uses(landscape, name)).map((name) => [name, store.get(name)])),
      start: store.get("start"),
      step: shownStep(),
    };
  }

  /** From a fragment: known names, finite numbers in their range; anything else is ignored. */
  function restore(texts) {
    pause();
    const apply = (name, value) => {
      const accepted = value === undefined ? undefined : valid(spec, ratio, current(), name, value);
      if (accepted !== undefined) store.set(name, accepted);
    };
    const landscape = texts.get("landscape");
    if (landscapes.has(landscape)) goTo(landscape);
    for (const name of SLIDERS) if (texts.has(name)) apply(name, parseNumber(texts.get(name)));
    // A link that names no step shows as many as the page does at first, and not those at which the reader stopped.
    apply("step", texts.has("step") ? parseNumber(texts.get("step")) : store.initial.step);
    if (texts.has("methods")) {
      const known = texts.get("methods").split(",").filter((m) => spec.methods.some(({ name }) => name === m));
      if (known.length) apply("methods", known);
    }
    if (texts.has("start")) apply("start", texts.get("start").split(",").map(parseNumber));
  }

  function accept(name, value) {
    const accepted = valid(spec, ratio, current(), name, value);
    if (accepted === undefined) throw new Error(`${name} cannot be ${JSON.stringify(value)}`);
    return accepted;
  }

  // ---- on screen, off screen, resized ---------------------------------------------------------------------------

  drawControls(current());
  const stage = new Stage(root, ruler, {
    layout,
    // The map first, the paths in the next frame: neither keeps the page waiting.
    first: () => drawSurface(current()),
    draw() {
      compute();
      draw();
    },
    settle,
    hide: pause,
    words: [ranking, readout.element],
  });

  return {
    accept,
    restore,
    results() {
      compute();
      const list = chosen().map(({ name }) => [name, runs.get(name)]);
      const pick = (key) => Object.fromEntries(list.map(([name, run]) => [name, run[key]]));
      return { paths: pick("path"), losses: pick("loss"), divergedAt: pick("divergedAt") };
    },
    destroy() {
      pause();
      stopListening();
      announcer.destroy();
      link.destroy();
      stage.destroy();
    },
  };
}
