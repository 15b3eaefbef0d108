/** J − J* against the step, on a log axis that stands still while a slider moves. */

import { attribute, svg, text } from "../dom.js";
import { power } from "../format.js";
import { clamp } from "../link.js";
import { decadeTicks, Frame, linearTicks, pixel } from "./frame.js";
import { fontOf, LINE, Occupancy, place, setText, textWidth } from "./labels.js";

const MARGIN = { left: 42, right: 10, top: 26, bottom: 36 };
export const FLOOR = -16; // decades; below it rounding speaks

export class LossPlot {
  constructor(methods, steps, target, onStep) {
    this.steps = steps;
    this.target = target;
    this.occupancy = new Occupancy();
    const description = "Loss above its minimum, J − J*, against the step, on a logarithmic axis";
    this.frame = new Frame(MARGIN, { class: "dl-losses", role: "img", "aria-label": description });
    this.element = this.frame.element;
    this.goal = svg("path", { class: "dl-goal-line" });
    this.goalLabel = svg("text", { class: "dl-label dl-goal-label" }, target > 0 ? `goal ${power(Math.log10(target)).includes(".") ? target : power(Math.log10(target))}` : "");
    this.now = svg("path", { class: "dl-now" });
    this.curves = new Map(
      methods.map((method) => {
        const future = svg("path", { class: "dl-future" });
        const curve = svg("path", { class: "dl-curve", "data-method": method.name });
        const dot = svg("circle", { class: "dl-end", r: 4 });
        const exit = svg("path", { class: "dl-exit" });
        const label = svg("text", { class: "dl-label" }, method.label);
        if (method.dash) for (const node of [future, curve]) node.setAttribute("stroke-dasharray", method.dash);
        for (const node of [future, curve, dot, exit, label]) node.style.setProperty("--dl-c", method.colour);
        return [method.name, { title: method.label, dash: method.dash, dashed: false, future, curve, dot, exit, label, kept: -1 }];
      }),
    );
    const all = [...this.curves.values()];
    this.frame.plot.append(
      this.goal,
      this.now,
      this.frame.clipped("dl-curves", ...all.flatMap((c) => [c.future, c.curve])),
      this.frame.border,
      ...all.flatMap((c) => [c.exit, c.dot]),
      this.goalLabel,
      ...all.map((c) => c.label),
    );
    this.#listen(onStep);
  }

  resize(width, height) {
    this.font ??= fontOf(this.frame.plot.lastChild);
    this.plainFont ??= fontOf(this.goalLabel);
    this.width = Math.max(100, width - MARGIN.left - MARGIN.right);
    this.height = Math.max(90, height - MARGIN.top - MARGIN.bottom);
    this.frame.resize(this.width, this.height, 1);
    this.drawn = null;
  }

  /** Forget the axis and where the labels stood: the next drawing chooses them afresh. */
  settle() {
    this.domain = null;
    for (const c of this.curves.values()) c.kept = -1;
    this.goalKept = -1;
  }

  /** Whole decades that hold the data. While the reader moves something the axis may grow but not shrink. */
  #choose(runs) {
    let low = this.target > 0 ? Math.floor(Math.log10(this.target)) - 1 : 0;
    let high = this.target > 0 ? Math.ceil(Math.log10(this.target)) + 3 : 0;
    if (!(this.target > 0)) [low, high] = [0, 0];
    this.cut = false; // whether a curve lies on the floor that is in truth below it
    for (const { above } of runs) {
      const first = Math.log10(Math.max(above[0], 10 ** FLOOR));
      for (const value of above) {
        if (!Number.isFinite(value)) break;
        const z = Math.max(FLOOR, Math.log10(value));
        if (value < 10 ** FLOOR) this.cut = true;
        if (z < low) low = z;
        if (z > high) high = Math.min(z, first + 2); // what grows beyond leaves through the top
      }
    }
    if (low !== Math.floor(low)) low = 2 * Math.floor(low / 2);
    low = Math.max(FLOOR, low);
    high = Math.min(Math.ceil(high), FLOOR + 40);
    if (this.domain) {
      low = Math.min(low, this.domain[0]);
      high = Math.max(high, this.domain[1]);
    }
    this.domain = [low, Math.max(high, low + 3)];
  }

  /** runs: [{name, above (J − J* at each step), divergedAt}] of the methods shown; `step` is the present one; if one is `alone`, the others stand back. */
  draw(runs, step, alone = null) {
    this.#choose(runs);
    const [low, high] = this.domain;
    const { width, height, occupancy, steps } = this;
    this.x = (k) => (k / steps) * width;
    const y = (z) => ((high - z) / (high - low)) * height;
    const key = `${low} ${high} ${width} ${height} ${this.cut}`;
    if (key !== this.drawn) this.#drawAxes(low, high, y);
    this.drawn = key;
    occupancy.reset(width, height);

    const now = pixel(this.x(step));
    attribute(this.now, "d", `M${now} 0V${height}`);
    const labels = [];
    const shown = new Set();
    for (const { name, above, divergedAt, dashed } of runs) {
      shown.add(name);
      const c = this.curves.get(name);
      const limit = divergedAt ?? steps;
      let past = "";
      let future = "";
      let exit = null;
      let previous = 0;
      const places = [];
      const heights = [];
      let w = textWidth(this.font, c.title);
      for (let k = 0; k <= limit; k++) {
        const value = above[k];
        const z = Number.isFinite(value) ? clamp(value > 0 ? Math.log10(value) : -Infinity, low, high + 2) : high + 2;
        const [u, v] = [pixel(this.x(k)), pixel(y(z))];
        const piece = `${k ? "L" : "M"}${u} ${v}`;
        if (k <= step) past += piece;
        if (limit > step) future += piece;
        if (z > high && k > 0 && previous <= high) exit = u - ((u - this.x(k - 1)) * (z - high)) / (z - previous);
        if (z <= high) exit = null;
        if (k > 0 && z <= high) occupancy.segment(this.x(k - 1), y(previous), u, v);
        if (z <= high && k % Math.ceil(steps / 20) === 0) {
          const wish = Math.abs(k / steps - 0.6) * 4;
          places.push([u + 4, v - LINE - 2, wish], [u - w - 4, v - LINE - 2, wish], [u - w - 4, v + 3, wish + 1], [u - w / 2, v - LINE - 5, wish], [u - w / 2, v + 6, wish]);
        }
        if (z <= high) heights[k] = v;
        previous = z;
        if (!Number.isFinite(value)) break;
      }
      // Along a curve that jumps up and down there is room only beyond all that it does over the length of its name.
      const half = Math.ceil((w / 2 / width) * steps);
      for (let k = half; k <= Math.min(limit, steps - half); k += Math.ceil(steps / 20)) {
        const beside = heights.slice(k - half, k + half + 1).filter((v) => v !== undefined);
        if (!beside.length) continue;
        const [top, bottom] = [Math.min(...beside), Math.max(...beside)];
        const way = beside.reduce((sum, v, n) => sum + (n ? Math.abs(v - beside[n - 1]) : 0), 0);
        if (way < 3 * (bottom - top)) continue; // it goes one way: beside its points is nearer
        const wish = Math.abs(k / steps - 0.6) * 4 + 5 + (bottom - top) / 10;
        places.push([this.x(k) - w / 2, bottom + 5, wish], [this.x(k) - w / 2, top - LINE - 5, wish]);
      }
      if (c.dashed !== dashed) {
        for (const node of [c.curve, c.future]) {
          if (dashed) node.setAttribute("stroke-dasharray", "6 5");
          else if (c.dash) node.setAttribute("stroke-dasharray", c.dash);
          else node.removeAttribute("stroke-dasharray");
        }
        c.dashed = dashed;
      }
      attribute(c.curve, "d", past);
      attribute(c.future, "d", future);
      const at = Math.min(step, limit);
      const value = above[at];
      const z = value > 0 ? Math.max(Math.log10(value), low) : low;
      const visible = Number.isFinite(value) && z <= high;
      if (visible) {
        attribute(c.dot, "cx", pixel(this.x(at)));
        attribute(c.dot, "cy", pixel(y(z)));
      }
      attribute(c.dot, "visibility", visible ? "visible" : "hidden");
      const leaves = exit !== null && Number.isFinite(exit);
      attribute(c.exit, "d", leaves ? `M${pixel(exit)} -4l5 9h-10Z` : "");
      let title = c.title;
      if (leaves) {
        // What becomes too large for the axis says so at the arrow, where it does not diverge; if there is little room, its colour names it.
        const wide = (words) => textWidth(this.font, words);
        const words = [`${title} leaves the axis`, "leaves the axis"].find((each) => wide(each) < Math.max(exit, width - exit) - 8);
        if (divergedAt === null && words) {
          [title, w] = [words, wide(words)];
          places.length = 0;
        }
        places.push([exit + 8, 2, 0], [exit - w - 8, 2, 0], [exit + 8, 18, 0], [exit - w - 8, 18, 0], [exit + 8, 34, 0]);
        for (const [n, v] of [20, 38, 56].entries()) places.push([width - w - 4, v, 1 + n], [4, v, 2 + n]);
      }
      text(c.label, title);
      labels.push({ c, width: w, height: LINE, places, kept: c.kept });
    }
    for (const [name, c] of this.curves) {
      for (const node of [c.curve, c.future, c.dot, c.exit, c.label]) {
        node.style.display = shown.has(name) ? "" : "none";
        node.classList.toggle("dl-back", alone !== null && alone !== name);
      }
    }
    let goal = null;
    if (this.target > 0) {
      const z = Math.log10(this.target);
      const v = pixel(y(z));
      const within = z > low && z < high;
      attribute(this.goal, "d", within ? `M0 ${v}H${width}` : "");
      if (within) occupancy.segment(0, v, width, v, 0.6);
      const w = textWidth(this.plainFont, this.goalLabel.textContent);
      const places = [];
      for (const [n, part] of [1, 0, 0.5, 0.75, 0.25].entries()) {
        const u = 4 + part * (width - w - 8);
        places.push([u, v - LINE, n], [u, v + 2, n + 2]);
      }
      goal = { width: w, height: LINE, places, kept: this.goalKept ?? -1, within };
    }
    occupancy.sum();
    place(goal ? [goal, ...labels] : labels, width, height, occupancy);
    if (goal) {
      this.goalKept = goal.kept;
      setText(this.goalLabel, goal, goal.within);
    }
    for (const label of labels) {
      label.c.kept = label.kept;
      // The colour tells the method elsewhere too: rather no label than one across the curves.
      setText(label.c.label, label, label.cost < 14);
    }
  }

  #drawAxes(low, high, y) {
    const { frame, width, height, steps } = this;
    const marks = [];
    for (const [decade, label] of decadeTicks(low, high, Math.max(2, height / 30))) marks.push(...frame.beside(y(decade), decade === FLOOR && this.cut ? `≤\u00a0${label}` : label, true));
    for (const [step, label] of linearTicks(0, steps, clamp(width / 55, 2, 5))) marks.push(...frame.below(this.x(step), label, step === steps ? "end" : "middle"));
    marks.push(svg("text", { class: "dl-axis-name", x: 2, y: 14, "text-anchor": "start" }, "J − J*"));
    marks.push(svg("text", { class: "dl-axis-name", x: MARGIN.left + width / 2, y: MARGIN.top + height + 33, "text-anchor": "middle" }, "step"));
    frame.axes.replaceChildren(...marks);
  }

  /** A mouse on the plot picks the step shown. */
  #listen(onStep) {
    const pick = (event) => {
      onStep(clamp(Math.round((this.frame.position(event)[0] / this.width) * this.steps), 0, this.steps));
    };
    let held = false;
    this.element.addEventListener("pointerdown", (event) => {
      if (event.button !== 0 || event.pointerType === "touch") return;
      held = true;
      this.element.setPointerCapture(event.pointerId);
      event.preventDefault();
      pick(event);
    });
    this.element.addEventListener("pointermove", (event) => {
      if (held) pick(event);
    });
    for (const name of ["pointerup", "pointercancel"]) this.element.addEventListener(name, () => (held = false));
  }
}
