/** The playground: a network that trains while the reader watches and steers. */

import { button, range, select, slider } from "../controls.js";
import { html, text } from "../dom.js";
import { fixed, significant, unbroken } from "../format.js";
import { read, valid } from "../settings.js";
import { Network } from "./network.js";
import { Panel } from "./panel.js";
import { passed } from "./player.js";
import { Stage } from "./stage.js";
import { Trainer } from "./trainer.js";
import { Announcer, Goal, linkButton } from "./words.js";

export const names = (spec) => Object.keys(spec?.controls ?? {});

const WIDE = 600; // from here the losses stand beside the boundary
const GAP = 18;
const SLICE = 9; // milliseconds of training in a frame: the rest of 16.7 is for drawing
const CALM = 700; // milliseconds between two drawings where the reader prefers little motion
const STEERS = ["alpha", "beta", "l2", "l1", "batch"]; // what may change without beginning anew
const FEWEST = 10; // steps that the axis of the losses holds, whole ones between its numbers
const CHOICES = ["challenge", "data", "hidden", "activation", "rule", "batch", "speed"];
const SLIDERS = ["noise", "alpha", "beta", "l2", "l1", "seed"];

function check(spec) {
  for (const name of ["controls", "networks", "rules", "data", "boundary", "curves"]) {
    if (!spec[name]) throw new Error(`its description lacks "${name}"`);
  }
}

export function create(root, spec, store, id) {
  check(spec);
  const controls = spec.controls;
  for (const name of names(spec)) {
    if (valid(controls[name], store.get(name)) === undefined) throw new Error(`${name} cannot be ${JSON.stringify(store.get(name))}`);
  }
  const settings = () => Object.fromEntries(names(spec).map((name) => [name, store.get(name)]));
  const option = (name) => controls[name].options.find((each) => each.name === store.get(name));
  const challenge = () => spec.challenges.find(({ name }) => name === store.get("challenge"));
  const last = controls.step.max;

  // ---- what is seen ---------------------------------------------------------------------------------------------

  const trainer = new Trainer(spec);
  const announcer = new Announcer();
  const goal = new Goal(" ");
  const boundary = new Panel(spec.boundary);
  boundary.picture.setAttribute("aria-label", "The plane of the inputs x₁ and x₂: the probability of class 1, the line where both classes are equally probable, and the examples");
  const curves = new Panel({ ...spec.curves, x: { ...spec.curves.x, least: FEWEST }, y: { ...spec.curves.y, least: 1 } });
  const network = new Network(spec, () => sayUnit());
  const stops = new Map(SLIDERS.map((name) => [name, range(controls[name])]));
  const inputs = new Map();
  for (const name of CHOICES) inputs.set(name, select(controls[name], (value) => put(name, value)));
  for (const name of SLIDERS) inputs.set(name, slider({ ...controls[name], initial: store.initial[name], className: `dl-${name}` }, (value) => put(name, value)));
  const of = (list) => list.map((name) => inputs.get(name).element);

  const playButton = button({ icon: "play", label: "Train", className: "dl-play" }, () => (playing ? pause() : play()));
  const stepButton = button({ icon: "step", label: "One step", wordless: true, className: "dl-step" }, () => {
    pause();
    if (trainer.count < last) {
      train(1);
      finish();
    }
  });
  const restartButton = button({ icon: "reset", label: "Start again", className: "dl-restart" }, () => {
    restart();
    finish();
  });
  const resetButton = button({ icon: "reset", label: "Reset all", className: "dl-reset" }, reset);
  const link = linkButton(id, () => ({ ...settings(), step: trainer.count }), announcer);
  const row = (colour = "") => {
    const words = html("span");
    const element = html("li", colour ? {} : { class: "dl-plain" }, ...(colour ? [html("span", { class: "dl-swatch", "aria-hidden": "true" })] : []), words);
    if (colour) element.style.setProperty("--dl-c", colour);
    return { element, say: (sentence) => ((element.hidden = !sentence), text(words, unbroken(sentence ?? ""))), words };
  };
  const rows = { where: row(), training: row(spec.curves.series[0].colour), validation: row(spec.curves.series[1].colour), verdict: row(), unit: row() };
  rows.verdict.words.className = "dl-verdict";
  const figure = html("div", { class: "dl-figure dl-playground" }, boundary.element, curves.element);
  const ruler = html("div", {});
  const readout = html("ul", { class: "dl-readout" }, ...["where", "training", "validation", "verdict"].map((name) => rows[name].element));
  const unit = html("ul", { class: "dl-readout" }, rows.unit.element);
  root.append(
    ruler,
    goal.element,
    html("div", { class: "dl-controls" }, html("div", { class: "dl-menus" }, ...of(CHOICES))),
    html("div", { class: "dl-controls" }, html("div", { class: "dl-last" }, playButton.element, stepButton.element, restartButton.element, html("div", { class: "dl-buttons" }, resetButton.element, link.element))),
    figure,
    readout,
    html("div", { class: "dl-controls" }, html("div", { class: "dl-sliders" }, ...of(SLIDERS))),
    network.element,
    unit,
    announcer.element,
  );

  // ---- training ---------------------------------------------------------------------------------------------------

  let awake = false; // from the first drawing on
  let playing = false;
  let target = Infinity; // the step that was asked for, on the way there
  let told = store.get("step"); // the step that the store was last told, or that was last asked for
  let owed = 0; // steps that are due at the chosen speed
  let rate = 0; // steps a second, as measured
  let measured = []; // [when, step] of the last second of training
  let steered = 0; // the step at which something was changed that had been otherwise at the start
  let reachedAt = null;
  let drawn = { network: "", data: "", at: -Infinity };
  const calm = window.matchMedia("(prefers-reduced-motion: reduce)");

  function restart() {
    trainer.restart(settings());
    [steered, reachedAt] = [0, null];
    measure();
    judge();
    curves.settle();
  }

  /** Begins to measure, and to pace, from here. */
  const measure = () => ([owed, measured] = [0, [[performance.now(), trainer.count]]]);

  const broken = () => !trainer.last.every(Number.isFinite);

  /** Whether the challenge is met; settings that must stay are looked at when a record is made. */
  function judge() {
    const asked = challenge();
    if (!asked || reachedAt !== null || broken()) return;
    const kept = asked.keeps.every((name) => store.get(name) === asked.settings[name]);
    const [step, , , , error] = trainer.last;
    if (kept && step === trainer.count && step >= asked.since && step <= asked.steps && error <= asked.error) reachedAt = step;
  }

  /** So many steps, or as many as a slice of time allows. */
  function train(steps, until = Infinity) {
    for (let n = 0; n < steps && !broken(); n++) {
      trainer.step();
      judge();
      if (performance.now() >= until) break;
    }
  }

  /** As much of the training that is due as a slice of time allows; what it does not allow is not made up for. */
  function advance(now) {
    const wanted = target === Infinity && spec.speeds[store.get("speed")];
    const end = Math.min(target, last);
    owed += (wanted * passed(measured.at(-1)[0], now)) / 1000;
    train(Math.min(wanted ? Math.floor(owed) : Infinity, end - trainer.count), now + SLICE);
    owed %= 1;
    measured.push([now, trainer.count]);
    while (measured.length > 2 && now - measured[0][0] > 1000) measured.shift();
    const [[then, before]] = measured;
    rate = now > then ? ((trainer.count - before) / (now - then)) * 1000 : 0;
    if (trainer.count >= end || broken()) pause();
    else stage.schedule();
  }

  /** Train until someone says pause, or as fast as can be to a certain step. */
  function play(until = Infinity) {
    if (trainer.count >= Math.min(until, last) || broken()) restart();
    [playing, target] = [true, until];
    measure();
    playButton.update({ icon: "pause", label: "Pause" });
    announcer.awaken();
    stage.schedule();
  }

  function stop() {
    [playing, target] = [false, Infinity];
    playButton.update({ icon: "play", label: "Train" });
  }

  function pause() {
    if (!playing) return;
    stop();
    finish();
  }

  /** Off screen nothing trains; the way to a step that was asked for goes on when it is seen again. */
  const leave = () => target === Infinity && pause();

  /** What a run came to is drawn in full, and told to the store. */
  function finish() {
    told = Math.min(trainer.count, last);
    store.set("step", told);
    stage.schedule();
  }

  // ---- drawing ------------------------------------------------------------------------------------------------------

  function layout(width) {
    const side = width >= WIDE;
    figure.classList.toggle("dl-wide", side);
    const height = 340;
    const own = side ? Math.min(boundary.widthFor(height), Math.floor(width * 0.55)) : width;
    boundary.resize(own, boundary.heightFor(own, height));
    curves.resize(side ? width - GAP - own : width, side ? boundary.heightFor(own, height) : 220);
    network.resize(width);
    drawn.data = "";
  }

  const series = { steps: new Float64Array(0), training: new Float64Array(0), validation: new Float64Array(0) };
  const always = () => true;
  const nothing = () => NaN;

  function draw(now, full = false) {
    const key = `${store.get("hidden")}/${store.get("activation")}`;
    if (key !== drawn.network) {
      network.build(spec.layers[store.get("hidden")], spec.spans[store.get("activation")]);
      network.resize(network.width || ruler.clientWidth);
      drawn.network = key;
      full = true;
    }
    const maps = trainer.maps();
    const sample = `${store.get("data")} ${store.get("noise")} ${boundary.width}`;
    if (sample !== drawn.data) {
      boundary.draw({ ...trainer.sample, ...maps }, nothing, always, null);
      drawn.data = sample;
    } else boundary.heat.paint(maps.boundary);
    drawn.turn = ((drawn.turn ?? 0) + 1) % 3;
    if (full || drawn.turn === 0) network.draw(trainer.theta, maps.units);
    if (full || drawn.turn === 1) {
      const records = trainer.losses();
      series.steps = Float64Array.from(records, ([step]) => step);
      series.training = Float64Array.from(records, (record) => record[1]);
      series.validation = Float64Array.from(records, (record) => record[3]);
      curves.draw(series, nothing, always, null);
      say(records);
    }
    drawn.at = now;
  }

  const percent = (part) => `${fixed(100 * part, 1)} %`;

  function say(records) {
    const [step, training, wrong, validation, error] = records.at(-1);
    const lost = broken();
    const epochs = trainer.seen / spec.examples;
    rows.where.say(
      step === 0 ? "Not trained yet: these are the first weights." : `Step ${step}, ${epochs >= 1 ? `epoch ${Math.floor(epochs)}` : "within the first epoch"}${playing && rate > 0 ? `, ${significant(rate)} steps a second` : ""}.${steered ? ` Steered since step ${steered}: a link starts anew with the present numbers.` : ""}`,
    );
    rows.training.say(lost ? "" : `Training loss ${significant(training)}; ${percent(wrong)} of the answers are wrong.`);
    rows.validation.say(lost ? "" : `Validation loss ${significant(validation)}; ${percent(error)} wrong.`);
    const best = records.reduce((a, b) => (b[3] < a[3] ? b : a));
    const asked = challenge();
    const [sentence, bad] = lost
      ? [`It diverged: after step ${step} the loss is no number any more. Take a smaller α.`, true]
      : reachedAt !== null
        ? [`Challenge met at step ${reachedAt}.`, false]
        : asked && step > asked.steps
          ? [`The ${asked.steps} steps of the challenge are over.`, true]
          : step > 1.5 * best[0] && validation > 1.5 * best[3]
            ? [`The validation loss was lowest at step ${best[0]}, ${significant(best[3])}, and has risen since: the network learns these examples by heart.`, true]
            : ["", false];
    rows.verdict.say(sentence);
    rows.verdict.words.classList.toggle("dl-bad", bad);
    goal.update(reachedAt !== null);
    sayUnit();
    if (!playing) announcer.update([rows.where, rows.training, rows.validation, rows.verdict].filter(({ element }) => !element.hidden).map(({ words }) => words.textContent).join(" "));
  }

  const sayUnit = () => network.layers && rows.unit.say(broken() ? "" : `${network.words(trainer.theta, store.get("activation"))}.`);

  function drawControls() {
    for (const [name, input] of inputs) input.update(store.get(name));
    inputs.get("beta").element.hidden = !option("rule").beta;
    inputs.get("challenge").element.hidden = spec.challenges.length === 0;
    const asked = challenge();
    goal.say(asked ? asked.text : spec.challenges.length ? "Play freely, or take a challenge." : "Get every validation example right.");
  }

  // ---- what the reader does -------------------------------------------------------------------------------------

  /** All settings but these are as the page was built: nothing of an earlier challenge or link stays. */
  function beginFrom(...kept) {
    for (const name of names(spec)) if (!kept.includes(name)) store.set(name, store.initial[name]);
  }

  function put(name, value) {
    store.set(name, value);
    if (name === "challenge" && challenge()) beginFrom("challenge", "speed", "step");
    if (!["challenge", "data", "rule"].includes(name)) return;
    // Data bring their noise along, and a rule its learning rate, unless the challenge says that it stays.
    const stay = name === "challenge" ? [] : (challenge()?.keeps ?? []);
    for (const [key, setting] of Object.entries(option(name).set)) if (!stay.includes(key)) put(key, setting);
  }

  let quiet = false; // several changes, one answer
  const stopListening = store.onChange((name) => {
    if (!quiet) settle(name);
  });

  /** Answers a change. */
  function settle(name) {
    drawControls();
    if (!awake) return; // the first drawing sees to all of it
    const asked = store.get("step");
    if (name === "step" && asked !== (target === Infinity ? trainer.count : target)) {
      // Someone asks for a step: from a link, from Python, from another view, or through `set`.
      told = asked;
      stop();
      if (asked < trainer.count || steered) restart();
      if (asked > trainer.count) play(asked);
      else finish();
      return;
    }
    if (STEERS.includes(name)) {
      if (trainer.count > 0) steered ||= trainer.count;
      trainer.steer(settings());
    } else if (name !== "step" && name !== "speed") {
      restart();
      if (asked !== told && asked > 0) play((told = asked)); // a step asked for in the same message, or off screen
      else if (!playing) finish();
    }
    announcer.awaken();
    stage.schedule();
  }

  /** Several changes at once, after which training begins anew and goes to the step that is asked for. */
  function begin(change) {
    stop();
    quiet = true;
    change();
    quiet = false;
    drawControls();
    if (!awake) return;
    const asked = (told = store.get("step"));
    restart();
    if (asked > 0) play(asked);
    else finish();
  }

  function reset() {
    begin(() => {
      for (const name of names(spec)) store.set(name, store.initial[name]);
    });
  }

  /** From a fragment: known names, numbers in their range; anything else is ignored. */
  function restore(texts) {
    const found = names(spec).filter((name) => texts.has(name)).map((name) => [name, read(controls[name], texts.get(name))]);
    const given = new Map([["step", 0], ...found.filter(([, setting]) => setting !== undefined)]);
    begin(() => {
      beginFrom("speed");
      for (const name of ["challenge", "data", "rule"]) if (given.has(name)) put(name, given.get(name));
      for (const [name, setting] of given) store.set(name, setting);
    });
  }

  drawControls(); // before the first drawing, so that nothing moves when it comes
  const stage = new Stage(root, ruler, {
    layout,
    draw() {
      if (!awake) {
        awake = true;
        restart();
        if (store.get("step") > 0) play(store.get("step"));
      }
      const now = performance.now();
      if (playing) advance(now);
      if (!playing || !calm.matches || now - drawn.at > CALM) draw(now, !playing);
    },
    settle() {},
    hide: leave,
    busy: () => target !== Infinity,
    words: [readout, unit],
  });

  return {
    restore,
    accept(name, given) {
      const accepted = valid(controls[name], given);
      if (accepted === undefined) throw new Error(`${name} cannot be ${JSON.stringify(given)}`);
      return accepted;
    },
    results() {
      if (!awake) return {};
      const maps = trainer.maps();
      return { step: trainer.count, playing, rate, reachedAt, theta: trainer.theta.slice(), records: trainer.losses().map((record) => record.slice()), boundary: maps.boundary.slice(), units: maps.units.slice() };
    },
    destroy() {
      leave();
      stop();
      stopListening();
      announcer.destroy();
      link.destroy();
      stage.destroy();
    },
  };
}
