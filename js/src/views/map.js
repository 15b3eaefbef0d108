/** The map: contours, one path per method, the start point that the reader moves. */

import { attribute, svg, text } from "../dom.js";
import { fixed } from "../format.js";
import { clamp } from "../link.js";
import { clipSegment, Frame, linearTicks, pixel } from "./frame.js";
import { around, fontOf, leader, LINE, Occupancy, place, setText, strays, textWidth } from "./labels.js";
import { FINE, LEVELS, sample, shade } from "./surface.js";

export const MARGIN = { left: 40, right: 8, top: 8, bottom: 26 };
const [ROUGH, FINEST] = [60, 128]; // columns of the grid on which contours are found: in motion, at rest
const FINEST_MOVE = 0.3; // pixels
const AGES = 7; // shades of a path, from its first step to its last
/** Height : width of a frame that suits all landscapes when both axes have the same unit. */
export function aspect(landscapes) {
  const ratios = landscapes.map(({ x, y }) => (y[1] - y[0]) / (x[1] - x[0])).sort((a, b) => a - b);
  return clamp(ratios[ratios.length >> 1], 0.6, 0.9);
}

/**
 * What the frame shows: the landscape's domain, with more of the shorter axis so that both axes have the same
 * unit (a step straight downhill then looks so); a domain of quite another shape fills the frame as it is.
 */
export function windowOf({ x, y }, ratio) {
  const widen = ([low, high], factor) => {
    const extra = ((high - low) * (factor - 1)) / 2;
    return [low - extra, high + extra];
  };
  const factor = (y[1] - y[0]) / (x[1] - x[0]) / ratio;
  if (factor > 1.7 || factor < 1 / 1.7) return [x, y];
  return factor > 1 ? [widen(x, factor), y] : [x, widen(y, 1 / factor)];
}

/** Critical points: a cross, a saddle seen from above, a summit. */
const CRITICAL = [
  { kind: "minima", word: "minimum", shape: "m-7 -7l14 14m0 -14l-14 14" },
  { kind: "saddles", word: "saddle", shape: "m-5 -5q5 5 0 10m10 -10q-5 5 0 10" },
  { kind: "maxima", word: "maximum", shape: "m-5 4l5 -8l5 8z" },
];

export class DescentMap {
  /** `onStart([x, y])` is called while the reader moves the start point. */
  constructor(methods, batch, ratio, onStart) {
    this.batch = batch;
    this.ratio = ratio;
    this.onStart = onStart;
    this.occupancy = new Occupancy();
    this.reference = {};
    this.frame = new Frame(MARGIN, { class: "dl-map", role: "group" });
    this.element = this.frame.element;
    this.shades = Array.from({ length: LEVELS }, () => svg("path", { class: "dl-level", transform: `scale(${1 / FINE})`, "fill-rule": "evenodd" }));
    this.background = svg("rect", { class: "dl-deepest" });
    this.minima = svg("g", { class: "dl-minima" });
    this.paths = new Map(methods.map((method) => [method.name, this.#pathElements(method)]));
    this.tails = this.frame.clipped("dl-tails", ...[...this.paths.values()].map((p) => p.line));
    this.heads = svg("g", { class: "dl-heads" }, ...[...this.paths.values()].map((p) => p.head));
    this.names = svg("g", { class: "dl-labels" }, ...[...this.paths.values()].flatMap((p) => [p.leader, p.label]));
    this.critical = CRITICAL.map(({ kind, word }) => {
      const node = svg("text", { class: "dl-label dl-minimum", "aria-hidden": "true", visibility: "hidden" }, word);
      return { kind, word, node, kept: { place: -1 } };
    });
    this.startLabel = svg("text", { class: "dl-label dl-start-label", "aria-hidden": "true" }, "start");
    this.start = svg(
      "g",
      { class: "dl-start", tabindex: 0, role: "slider", "aria-label": "Start point, moved with the arrow keys" },
      svg("circle", { r: 22, class: "dl-touch" }),
      svg("circle", { r: 8.5, class: "dl-ring" }),
      svg("circle", { r: 3, class: "dl-core" }),
    );
    this.frame.plot.append(
      this.frame.clipped("dl-surface", this.background, ...this.shades),
      this.tails,
      this.frame.clipped("dl-critical", this.minima), // above the paths that meet there; the ends of these leave its arms to be seen
      this.frame.border,
      this.heads,
      this.names,
      ...this.critical.map(({ node }) => node),
      this.startLabel,
      this.start,
    );
    this.shades.forEach((shape, k) => shape.style.setProperty("--dl-depth", `${Math.round(100 * (1 - (k + 1) / LEVELS))}%`));
    this.#listen();
  }

  #pathElements({ name, colour, dash }) {
    const aged = (tag) => Array.from({ length: AGES }, (_, k) => svg("path", { class: `${tag} dl-age-${k}` }));
    const halo = svg("path", { class: "dl-halo" });
    const lines = aged("dl-stroke");
    const dots = aged("dl-dots");
    const arrows = svg("path", { class: "dl-arrows" });
    if (dash) for (const line of lines) line.setAttribute("stroke-dasharray", dash);
    const line = svg("g", { class: "dl-path", "data-method": name }, halo, ...lines, ...dots, arrows);
    const end = svg("circle", { class: "dl-end", r: 5 });
    const exit = svg("path", { class: "dl-exit" });
    const head = svg("g", { "data-method": name }, end, exit);
    const text = svg("text", { class: "dl-label", "data-method": name, "aria-hidden": "true" });
    const leader = svg("path", { class: "dl-leader" });
    for (const node of [line, head, text, leader]) node.style.setProperty("--dl-c", colour);
    return { dash, dashed: false, line, halo, lines, dots, arrows, head, end, exit, label: text, leader, kept: -1 };
  }

  resize(width) {
    this.font ??= fontOf(this.names.lastChild);
    this.plainFont ??= fontOf(this.startLabel);
    this.width = Math.max(120, width - MARGIN.left - MARGIN.right);
    this.height = Math.round(this.width * this.ratio);
    for (const [name, size] of [["width", this.width], ["height", this.height]]) attribute(this.background, name, size);
    return this.frame.resize(this.width, this.height);
  }

  /** Forget where the labels stood: the next drawing places them afresh. */
  settle() {
    for (const p of this.paths.values()) p.kept = -1;
    for (const { kept } of this.critical) kept.place = -1;
    this.startKept = -1;
  }

  /** Contours, axes and minima of a landscape; `program` computes its surface; rougher while it is `moving`. */
  drawLandscape(landscape, program, moving) {
    this.landscape = landscape;
    this.window = windowOf(landscape, this.ratio);
    const [[left, right], [low, high]] = this.window;
    this.x = (v) => ((v - left) / (right - left)) * this.width;
    this.y = (v) => ((high - v) / (high - low)) * this.height;
    const columns = moving ? ROUGH : FINEST;
    const grid = [columns, Math.round(columns * this.ratio)];
    const values = sample(program, this.batch, grid, this.window);
    const regions = shade(values, grid, landscape.minimum ?? values.reduce((a, b) => Math.min(a, b)), this.width, this.height);
    this.shades.forEach((shape, k) => shape.setAttribute("d", regions[k]));
    const drawn = JSON.stringify([landscape.name, this.width, this.height]);
    if (drawn === this.drawn) return;
    this.drawn = drawn;
    this.settle();
    this.#drawAxes(left, right, low, high);
    const seen = (points = []) =>
      points.map(([a, b]) => [pixel(this.x(a)), pixel(this.y(b))]).filter(([u, v]) => u >= 0 && u <= this.width && v >= 0 && v <= this.height);
    const marks = CRITICAL.map(({ kind, shape }) => [kind, shape, seen(landscape[kind])]);
    this.criticalPoints = new Map(marks.map(([kind, , points]) => [kind, points]));
    this.minima.replaceChildren(
      ...marks.flatMap(([kind, shape, points]) => points.flatMap(([u, v]) => ["dl-cross-halo", `dl-cross dl-${kind}`].map((name) => svg("path", { class: name, d: `M${u} ${v}${shape}` })))),
    );
  }

  #drawAxes(left, right, low, high) {
    const { frame, width, height } = this;
    const marks = [];
    for (const [value, label] of linearTicks(left, right, clamp(width / 70, 3, 8))) {
      const u = this.x(value);
      // The axis' name takes the place of a number at the far end.
      marks.push(...frame.below(u, u < width - 26 && u > 4 ? label : null));
    }
    for (const [value, label] of linearTicks(low, high, clamp(height / 55, 3, 8))) {
      const v = this.y(value);
      marks.push(...frame.beside(v, v > 24 ? label : null));
    }
    marks.push(svg("text", { class: "dl-axis-name", x: MARGIN.left + width, y: MARGIN.top + height + 19, "text-anchor": "end" }, "θ₁"));
    marks.push(svg("text", { class: "dl-axis-name", x: MARGIN.left - 8, y: MARGIN.top + 11, "text-anchor": "end" }, "θ₂"));
    frame.axes.replaceChildren(...marks);
  }

  /**
   * runs: [{name, path, last, ended, note, dashed}] of the methods shown: `last` is the last step to draw, its point is
   * finite; `dashed` lets a path below it be seen. If one is `alone`, the others stand back.
   */
  drawPaths(runs, start, alone = null) {
    const { width, height, occupancy } = this;
    occupancy.reset(width, height);
    const labels = [];
    const shown = new Set();
    const [u0, v0] = [this.x(start[0]), this.y(start[1])];
    occupancy.box(u0 - 9, v0 - 9, 18, 18, 4);
    for (const run of runs) {
      shown.add(run.name);
      labels.push(this.#drawPath(this.paths.get(run.name), run));
    }
    for (const [name, p] of this.paths) {
      const hidden = shown.has(name) ? null : "none";
      for (const node of [p.line, p.head, p.label, p.leader]) {
        node.style.display = hidden ?? "";
        node.classList.toggle("dl-back", alone !== null && alone !== name);
      }
    }
    for (const points of this.criticalPoints.values()) for (const [u, v] of points) occupancy.box(u - 7, v - 7, 14, 14, 5);
    occupancy.sum();
    // The start and the minimum say their names when there is room.
    const about = (u, v, w, near) => [0, 9, 20].flatMap((more) => {
      const [r, s] = [near + more, 0.7 * (near + more)];
      return [
        [u + r, v - LINE / 2, more], [u - r - w, v - LINE / 2, more + 1], [u - w / 2, v - r - LINE, more + 1], [u - w / 2, v + r, more + 1],
        [u + s, v - s - LINE, more + 1], [u + s, v + s, more + 1], [u - s - w, v - s - LINE, more + 2], [u - s - w, v + s, more + 2],
      ];
    });
    const startWidth = textWidth(this.plainFont, "start");
    const startBox = { width: startWidth, height: LINE, places: about(u0, v0, startWidth, 12), kept: this.startKept ?? -1 };
    const ends = labels.map(({ a, b }) => [a, b]);
    const boxes = this.critical.flatMap(({ kind, word, node, kept }) => {
      const w = textWidth(this.plainFont, word);
      const points = this.criticalPoints.get(kind);
      if (!points.length) attribute(node, "visibility", "hidden");
      const astray = (x, y) => strays({ x, y, width: w, height: LINE }, points.flat(), ends); // not to be read as the name of a path's end
      return points.length ? [{ node, memory: kept, width: w, height: LINE, places: points.flatMap(([u, v]) => about(u, v, w, 10)), kept: kept.place, astray }] : [];
    });
    place([...labels, startBox, ...boxes], width, height, occupancy);
    for (const label of labels) this.#drawLabel(label);
    this.startKept = startBox.kept;
    setText(this.startLabel, startBox, startBox.cost < 40);
    for (const box of boxes) {
      box.memory.place = box.kept;
      setText(box.node, box, box.cost < 40);
    }
    attribute(this.start, "transform", `translate(${pixel(clamp(u0, 0, width))} ${pixel(clamp(v0, 0, height))})`);
    const [x, y] = start;
    const places = this.startPlaces();
    attribute(this.start, "aria-valuenow", x);
    attribute(this.start, "aria-valuemin", this.window[0][0]);
    attribute(this.start, "aria-valuemax", this.window[0][1]);
    attribute(this.start, "aria-valuetext", `θ₁ = ${fixed(x, places)}, θ₂ = ${fixed(y, places)}`);
  }

  #drawPath(p, { path, last, ended, label, note, dashed }) {
    const { width, height, occupancy } = this;
    const pieces = this.pieces?.length >= 4 * last + 4 ? this.pieces : (this.pieces = new Float64Array(8 * last + 8));
    const out = [0, 0, 0, 0];
    let count = 0;
    let length = 0;
    let [u, v] = [this.x(path[0]), this.y(path[1])];
    let exit = null; // where the path left the frame for good
    let left = 0; // how many pieces it had then
    let inside = u >= 0 && u <= width && v >= 0 && v <= height;
    const kept = new Int32Array(last + 1);
    for (let k = 1; k <= last; k++) {
      const s = this.x(path[2 * k]);
      const t = this.y(path[2 * k + 1]);
      if (k < last && Math.abs(s - u) < FINEST_MOVE && Math.abs(t - v) < FINEST_MOVE) continue; // not to be seen
      const visible = clipSegment(u, v, s, t, width, height, out);
      const nowInside = s >= 0 && s <= width && t >= 0 && t <= height;
      if (visible) {
        pieces.set(out, 4 * count);
        kept[count++] = k;
        length += Math.hypot(out[2] - out[0], out[3] - out[1]);
        if (!nowInside && inside) {
          exit = [out[2], out[3], s - u, t - v];
          left = count;
        }
      }
      inside = nowInside;
      [u, v] = [s, t];
    }
    if (inside) exit = null;
    else if (exit) {
      // What crosses the map on its way between points far outside would only hide the rest.
      count = left;
      length = 0;
      for (let n = 0; n < count; n++) length += Math.hypot(pieces[4 * n + 2] - pieces[4 * n], pieces[4 * n + 3] - pieces[4 * n + 1]);
    }
    for (let n = 0; n < count; n++) occupancy.segment(pieces[4 * n], pieces[4 * n + 1], pieces[4 * n + 2], pieces[4 * n + 3], 1.5);

    // Age runs with the length drawn, so that a long first step and a hundred small last ones both show it.
    const lines = Array(AGES).fill("");
    const dots = Array(AGES).fill("");
    let halo = "";
    let arrows = "";
    let travelled = 0;
    let previous = -1;
    let [endX, endY] = [NaN, NaN];
    const gap = clamp(length / 4, 44, 110);
    let nextArrow = gap * 0.5;
    for (let n = 0; n < count; n++) {
      const x0 = pieces[4 * n];
      const y0 = pieces[4 * n + 1];
      const x1 = pieces[4 * n + 2];
      const y1 = pieces[4 * n + 3];
      const step = Math.hypot(x1 - x0, y1 - y0);
      const age = length > 0 ? Math.min(AGES - 1, Math.floor(((travelled + step / 2) / length) * AGES)) : AGES - 1;
      const joined = x0 === endX && y0 === endY;
      const from = `M${pixel(x0)} ${pixel(y0)}`;
      const to = `L${pixel(x1)} ${pixel(y1)}`;
      lines[age] += age === previous && joined ? to : from + to;
      halo += joined ? to : from + to;
      const u1 = this.x(path[2 * kept[n]]);
      const v1 = this.y(path[2 * kept[n] + 1]);
      // Steps too small to tell apart are a line; those that can be counted have their dots.
      if (step > 4.5 && u1 === x1 && v1 === y1) dots[age] += `M${pixel(x1)} ${pixel(y1)}h0`;
      // An arrowhead in the middle of a step long enough to carry it.
      if (travelled + step / 2 >= nextArrow && step > 13) {
        const [cx, cy] = [(x0 + x1) / 2, (y0 + y1) / 2];
        const [ex, ey] = [((x1 - x0) / step) * 4.5, ((y1 - y0) / step) * 4.5];
        arrows += `M${pixel(cx + ex)} ${pixel(cy + ey)}L${pixel(cx - ex - 0.75 * ey)} ${pixel(cy - ey + 0.75 * ex)}L${pixel(cx - ex + 0.75 * ey)} ${pixel(cy - ey - 0.75 * ex)}Z`;
        nextArrow = travelled + step / 2 + gap;
      }
      travelled += step;
      previous = age;
      [endX, endY] = [x1, y1];
    }
    if (p.dashed !== dashed) {
      for (const line of p.lines) {
        if (dashed) line.setAttribute("stroke-dasharray", "6 5");
        else if (p.dash) line.setAttribute("stroke-dasharray", p.dash);
        else line.removeAttribute("stroke-dasharray");
      }
      p.dashed = dashed;
    }
    attribute(p.halo, "d", dashed ? "" : halo);
    attribute(p.arrows, "d", arrows);
    for (let k = 0; k < AGES; k++) {
      attribute(p.lines[k], "d", lines[k]);
      attribute(p.dots[k], "d", dots[k]);
    }

    let [a, b] = [u, v];
    if (exit) {
      const size = Math.hypot(exit[2], exit[3]) || 1;
      const [ex, ey] = [exit[2] / size, exit[3] / size];
      [a, b] = [clamp(exit[0], 0, width), clamp(exit[1], 0, height)];
      attribute(p.exit, "d", `M${pixel(a + 3 * ex)} ${pixel(b + 3 * ey)}L${pixel(a - 9 * ex - 5.5 * ey)} ${pixel(b - 9 * ey + 5.5 * ex)}L${pixel(a - 9 * ex + 5.5 * ey)} ${pixel(b - 9 * ey - 5.5 * ex)}Z`);
    } else {
      a = clamp(a, 0, width);
      b = clamp(b, 0, height);
      attribute(p.exit, "d", "");
      attribute(p.end, "cx", pixel(a));
      attribute(p.end, "cy", pixel(b));
    }
    attribute(p.end, "visibility", exit ? "hidden" : "visible");
    occupancy.box(a - 6, b - 6, 12, 12, 3);

    let words = exit && !ended ? `${note} leaves the map` : note;
    if (textWidth(this.font, words) > width) words = label; // a narrow screen: what happened stands below the map too
    text(p.label, words);
    const w = textWidth(this.font, words);
    const places = [[exit ? 13 : 9, 0], [30, 5], [54, 9], [82, 14], [114, 20]].flatMap(([r, penalty]) => around(a, b, w, r, penalty));
    return { p, a, b, width: w, height: LINE, places, kept: p.kept };
  }

  #drawLabel(label) {
    const { p, a, b, x, y } = label;
    p.kept = label.kept;
    attribute(p.label, "x", pixel(x));
    attribute(p.label, "y", pixel(y + 12));
    attribute(p.leader, "d", leader(a, b, label));
  }

  /** Decimals of a start point: a thousandth of the domain is finer than a pixel. */
  startPlaces() {
    const [x, y] = this.window;
    return Math.max(0, Math.ceil(2.5 - Math.log10(Math.min(x[1] - x[0], y[1] - y[0]))));
  }

  #moveTo(x, y) {
    const places = this.startPlaces();
    const tidy = (v, [low, high]) => clamp(Number(v.toFixed(places)), low, high);
    this.onStart([tidy(x, this.window[0]), tidy(y, this.window[1])]);
  }

  #listen() {
    const move = (u, v) => {
      const [[left, right], [low, high]] = this.window;
      this.#moveTo(left + (u / this.width) * (right - left), high - (v / this.height) * (high - low));
    };
    const within = (u, v) => u >= 0 && v >= 0 && u <= this.width && v <= this.height;
    let offset = null; // between the pointer and the start point, while it is dragged
    this.element.addEventListener("pointerdown", (event) => {
      if (event.button !== 0 || !this.landscape) return;
      const [u, v] = this.frame.position(event);
      const onHandle = this.start.contains(event.target);
      // A finger on the map scrolls the page, unless it is on the handle; a mouse may grab anywhere.
      if (!onHandle && (event.pointerType === "touch" || !within(u, v))) return;
      const at = this.start.getAttribute("transform").match(/-?[\d.]+/g).map(Number);
      offset = onHandle ? [at[0] - u, at[1] - v] : [0, 0];
      this.element.setPointerCapture(event.pointerId);
      this.element.classList.add("dl-dragging");
      this.start.focus({ preventScroll: true });
      event.preventDefault();
      if (!onHandle) move(u, v);
    });
    this.element.addEventListener("pointermove", (event) => {
      if (!offset) return;
      const [u, v] = this.frame.position(event);
      move(u + offset[0], v + offset[1]);
    });
    const release = () => {
      offset = null;
      this.element.classList.remove("dl-dragging");
    };
    this.element.addEventListener("pointerup", release);
    this.element.addEventListener("pointercancel", release);
    this.element.addEventListener("click", (event) => {
      if (event.pointerType !== "touch" || this.start.contains(event.target)) return;
      const [u, v] = this.frame.position(event);
      if (within(u, v)) move(u, v);
    });
    const keys = { ArrowLeft: [-1, 0], ArrowRight: [1, 0], ArrowDown: [0, -1], ArrowUp: [0, 1] };
    this.start.addEventListener("keydown", (event) => {
      const direction = keys[event.key];
      if (!direction || event.ctrlKey || event.altKey || event.metaKey) return;
      event.preventDefault();
      const [[left, right], [low, high]] = this.window;
      const size = event.shiftKey ? 0.1 : 0.01;
      const [x, y] = this.current();
      this.#moveTo(x + direction[0] * size * (right - left), y + direction[1] * size * (high - low));
    });
  }
}
