/** One panel of curves: axes that stand still while a slider moves, series, reference lines, a position to pick. */

import { nice } from "d3-array";
import { attribute, html, svg } from "../dom.js";
import { clamp } from "../link.js";
import { clipSegment, decadeTicks, Frame, linearTicks, pixel } from "./frame.js";
import { Heat } from "./heat.js";
import { around, fontOf, leader, LINE, Occupancy, place, setText, strays, textWidth } from "./labels.js";

const MARKED = ["circles", "squares"];
const TRACED = 3; // pixels between the points by which labels measure how near a curve is
const MARGIN = { left: 46, right: 10, top: 28, bottom: 41 };

/** Numbers along an axis: log axes count in decades. What has no place on the axis is not a number. */
class Axis {
  /** `least`: the shortest that an axis may be that follows the data; a log axis then grows downwards, others upwards. */
  constructor({ label, scale, domain, least = 0 }) {
    this.label = label;
    this.least = least;
    this.log = scale === "log";
    this.at = this.log ? (v) => (v > 0 ? Math.log10(v) : NaN) : (v) => v;
    this.given = domain;
    this.choose();
  }

  /** Where the options have domains of their own, this is that of one of them, at first of any. */
  choose(option) {
    const domain = this.given && (this.given.length ? this.given : (this.given[option] ?? Object.values(this.given)[0]));
    if (domain === this.chosen) return;
    this.chosen = domain;
    this.fixed = domain && domain.map(this.at);
    this.domain = this.fixed;
  }

  settle() {
    this.domain = this.fixed;
  }

  /** Hold all numbers of `arrays`, with whole ends; the axis may grow while the reader moves something, not shrink. `room`: above them, too. */
  hold(arrays, room = false) {
    if (this.fixed) return;
    let [low, high] = this.domain ?? [Infinity, -Infinity];
    let top = -Infinity;
    for (const array of arrays) {
      for (const v of array) {
        const z = this.at(v);
        if (!Number.isFinite(z)) continue;
        if (z < low) low = z;
        if (z > top) top = z;
      }
    }
    high = Math.max(high, top);
    if (!(low <= high)) [low, high] = [0, 1]; // nothing to show
    if (this.log) low = Math.min(low, high - this.least);
    else high = Math.max(high, low + this.least);
    if (low === high) [low, high] = low === 0 ? [0, 1] : [low - 0.5, high + 0.5];
    this.domain = this.log ? [Math.floor(low), Math.ceil(high)] : nice(low, high, 5);
    if (room && !this.log && top === this.domain[1]) this.domain = nice(low, high + (high - low) / 20, 5); // no line along the frame
  }

  ticks(count) {
    return (this.log ? decadeTicks : linearTicks)(...this.domain, count);
  }

  get key() {
    return this.domain.join(" ");
  }
}

export class Panel {
  /** `onPick(x)`: called while the reader moves the position, if it can be moved; `sliders`: {get(name), put(name, value)} for the handles. */
  constructor(spec, onPick, sliders) {
    this.spec = spec;
    this.x = new Axis(spec.x);
    this.y = new Axis(spec.y);
    this.occupancy = new Occupancy();
    const drawn = spec.series.map(({ label }) => label).filter(Boolean);
    const description = `${spec.y.label} against ${spec.x.label}${drawn.length ? `: ${drawn.join(", ")}` : ""}`;
    this.frame = new Frame(MARGIN, { class: `dl-panel${onPick ? " dl-pickable" : ""}`, role: "img", "aria-label": description });
    this.picture = this.frame.element;
    this.heat = spec.heat && new Heat(spec.heat);
    if (this.heat) Object.assign(this.heat.element.style, { left: `${MARGIN.left}px`, top: `${MARGIN.top}px` });
    this.element = this.heat ? html("div", { class: "dl-over-heat" }, this.heat.element, this.picture) : this.picture;
    this.series = spec.series.map((series) => {
      const curve = svg("path", { class: `dl-series dl-${series.kind}${MARKED.includes(series.kind) ? " dl-marks" : ""}${series.faint ? " dl-faint" : ""}`, "data-series": series.y });
      if (series.dash) curve.setAttribute("stroke-dasharray", series.dash);
      const dot = svg("circle", { class: "dl-end", r: 4.5, visibility: "hidden" });
      const label = svg("text", { class: "dl-label" }, series.label);
      const lead = svg("path", { class: "dl-leader" });
      for (const node of [curve, dot, label, lead]) node.style.setProperty("--dl-c", series.colour);
      return { ...series, title: series.label, curve, dot, label, lead, kept: -1, trace: [] };
    });
    this.lines = spec.lines.map((line) => ({
      ...line,
      title: line.label,
      mark: svg("path", { class: line.tone === "goal" ? "dl-goal-line" : "dl-reference" }),
      label: svg("text", { class: `dl-label dl-line-label${line.tone === "goal" ? " dl-goal-label" : ""}` }, line.label),
      kept: -1,
    }));
    this.now = svg("path", { class: "dl-now" });
    this.handles = spec.handles.map((handle) => {
      const element = svg("g", { class: "dl-start dl-grip" }, svg("circle", { r: 22, class: "dl-touch" }), svg("circle", { r: 8.5, class: "dl-ring" }), svg("circle", { r: 3, class: "dl-core" }));
      if (handle.colour) element.style.setProperty("--dl-text", handle.colour);
      element.style.cursor = handle.across && handle.up ? "move" : handle.up ? "ns-resize" : "ew-resize";
      return { ...handle, element };
    });
    this.handle = svg("g", { class: "dl-start dl-handle" }, svg("circle", { r: 22, class: "dl-touch" }), svg("circle", { r: 7.5, class: "dl-ring" }), svg("circle", { r: 2.5, class: "dl-core" }));
    this.frame.plot.append(
      this.frame.clipped("dl-curves", ...this.lines.map(({ mark }) => mark), this.now, ...this.series.map(({ curve }) => curve)),
      this.frame.border,
      ...this.series.map(({ dot }) => dot),
      ...this.series.map(({ lead }) => lead),
      ...[...this.lines, ...this.series].map(({ label }) => label),
      ...(onPick ? [this.handle] : []),
      ...this.handles.map(({ element }) => element),
    );
    if (onPick) this.#listen(onPick);
    if (this.handles.length) this.#listenToHandles(sliders);
  }

  /** Axes and labels as at the first drawing, whatever was seen since. */
  settle() {
    this.x.settle();
    this.y.settle();
    for (const each of [...this.series, ...this.lines]) each.kept = -1;
  }

  choose(option) {
    this.x.choose(option);
    this.y.choose(option);
  }

  /** Height to width inside, where both axes have one unit. */
  get ratio() {
    const length = ({ fixed }) => fixed[1] - fixed[0];
    return this.spec.equal ? length(this.y) / length(this.x) : 0;
  }

  heightFor(width, usual) {
    return this.ratio ? Math.round((width - MARGIN.left - MARGIN.right) * this.ratio) + MARGIN.top + MARGIN.bottom : usual;
  }

  /** 0 where any width will do. */
  widthFor(height) {
    return this.ratio ? Math.round((height - MARGIN.top - MARGIN.bottom) / this.ratio) + MARGIN.left + MARGIN.right : 0;
  }

  resize(width, height) {
    this.font ??= fontOf(this.series[0].label);
    this.plainFont ??= this.lines.length ? fontOf(this.lines[0].label) : this.font;
    this.width = Math.max(100, width - MARGIN.left - MARGIN.right);
    this.height = Math.max(90, height - MARGIN.top - MARGIN.bottom);
    this.frame.resize(this.width, this.height, 2);
    this.heat?.resize(this.width, this.height);
    this.drawn = null;
  }

  /** `get(name)` → number, `seen(when)` → whether something is to be shown, `picked`: the position, or null. */
  draw(results, get, seen, picked) {
    const { occupancy, width, height } = this;
    const shown = this.series.filter(({ when }) => seen(when));
    this.x.hold(shown.map((s) => results[s.x]));
    this.y.hold(shown.map((s) => results[s.y]), true);
    const scale = (axis, size) => (v) => ((axis.at(v) - axis.domain[0]) / (axis.domain[1] - axis.domain[0])) * size;
    this.u = scale(this.x, width);
    const v = scale(this.y, -height);
    this.v = (y) => height + v(y);
    const key = `${this.x.key} ${this.y.key} ${width} ${height}`;
    if (key !== this.drawn) this.#drawAxes();
    this.drawn = key;
    occupancy.reset(width, height);
    this.heat?.paint(results[this.spec.heat.values]);

    const labels = [];
    for (const line of this.lines) this.#drawLine(line, seen(line.when) ? get(line.at) : NaN, labels);
    for (const series of this.series) this.#drawSeries(series, shown.includes(series), results, labels);
    const u = picked === null ? NaN : this.u(picked);
    const within = u >= -0.01 && u <= width + 0.01;
    attribute(this.now, "d", within ? `M${pixel(u)} 0V${height}` : "");
    this.handle.style.display = within ? "" : "none";
    if (within) {
      attribute(this.handle, "transform", `translate(${pixel(u)} ${height})`);
      occupancy.segment(u, 0, u, height, 0.6);
    }
    for (const series of this.series) {
      const w = series.at && within && shown.includes(series) ? this.v(get(series.at)) : NaN;
      const visible = w >= -1 && w <= height + 1;
      attribute(series.dot, "visibility", visible ? "visible" : "hidden");
      if (!visible) continue;
      attribute(series.dot, "cx", pixel(u));
      attribute(series.dot, "cy", pixel(w));
      occupancy.box(u - 7, w - 7, 14, 14, 2);
    }
    for (const { element, x, y } of this.handles) {
      const [p, q] = [this.u(get(x)), this.v(get(y))];
      const inside = p >= -1 && p <= width + 1 && q >= -1 && q <= height + 1;
      element.style.display = inside ? "" : "none";
      if (!inside) continue;
      attribute(element, "transform", `translate(${pixel(p)} ${pixel(q)})`);
      occupancy.box(p - 10, q - 10, 20, 20, 2);
    }
    occupancy.sum();
    const traced = shown.filter(({ trace, kind }) => trace.length && kind !== "dots");
    for (const label of labels) {
      const { title, colour, trace } = label.of;
      if (!trace) continue;
      const others = traced.filter((each) => each.colour !== colour || (each.title && each.title !== title)).map((each) => each.trace);
      if (!others.length) continue;
      label.astray = (x, y) => {
        const box = { x, y, width: label.width, height: label.height };
        return label.point && leader(...label.point, box) ? 0 : strays(box, trace, others); // a line leads there
      };
    }
    place(labels, width, height, occupancy);
    const placed = new Set(labels.map(({ of }) => of));
    for (const label of labels) {
      label.of.kept = label.kept;
      const room = label.cost < 40;
      setText(label.of.label, label, room);
      if (label.of.lead) attribute(label.of.lead, "d", room && label.point ? leader(...label.point, label) : "");
    }
    for (const each of [...this.lines, ...this.series]) {
      if (placed.has(each)) continue;
      attribute(each.label, "visibility", "hidden");
      if (each.lead) attribute(each.lead, "d", "");
    }
  }

  /** A reference line at x or y = `at`, named beside it. */
  #drawLine(line, at, labels) {
    const { width, height, occupancy } = this;
    const upright = line.axis === "x";
    const p = upright ? this.u(at) : this.v(at);
    const within = p >= -0.01 && p <= (upright ? width : height) + 0.01;
    attribute(line.mark, "d", !within ? "" : upright ? `M${pixel(p)} 0V${height}` : `M0 ${pixel(p)}H${width}`);
    if (!within) return;
    if (upright) occupancy.segment(p, 0, p, height, 0.6);
    else occupancy.segment(0, p, width, p, 0.6);
    if (!line.title) return;
    const w = textWidth(this.plainFont, line.title);
    const places = [];
    if (upright) for (const [n, part] of [0.02, 0.15, 0.3, 0.5].entries()) places.push([p + 5, part * height, n], [p - w - 5, part * height, n + 1]);
    else for (const [n, part] of [1, 0, 0.5].entries()) places.push([part * (width - w - 8) + 4, p - LINE, n], [part * (width - w - 8) + 4, p + 2, n + 0.5]);
    labels.push({ of: line, width: w, height: LINE, places, kept: line.kept });
  }

  #drawSeries(series, visible, results, labels) {
    const { width, height, occupancy, u, v } = this;
    series.curve.style.display = visible ? "" : "none";
    series.trace = [];
    if (!visible) return;
    const [xs, ys] = [results[series.x], results[series.y]];
    const dots = series.kind === "dots";
    const r = series.faint ? 2.5 : 4;
    const mark = {
      circles: (p, q) => `M${pixel(p - r)} ${q}a${r} ${r} 0 1 0 ${2 * r} 0a${r} ${r} 0 1 0${-2 * r} 0Z`,
      squares: (p, q) => `M${pixel(p - 0.9 * r)} ${pixel(q - 0.9 * r)}h${1.8 * r}v${1.8 * r}h${-1.8 * r}Z`,
    }[series.kind];
    const steps = series.kind === "steps";
    const out = [0, 0, 0, 0];
    let d = "";
    let [a, b] = [NaN, NaN]; // the point before
    let [endX, endY] = [NaN, NaN]; // where the pen is
    /** Points of the line, near enough to each other to measure by. */
    const trace = (x0, y0, x1, y1) => {
      const [p, q] = series.trace.slice(-2);
      if (Math.hypot(x1 - p, y1 - q) < TRACED) return;
      const pieces = Math.ceil(Math.hypot(x1 - x0, y1 - y0) / TRACED) || 1;
      for (let k = 0; k <= pieces; k++) series.trace.push(x0 + ((x1 - x0) * k) / pieces, y0 + ((y1 - y0) * k) / pieces);
    };
    const piece = (x0, y0, x1, y1) => {
      if (!clipSegment(x0, y0, x1, y1, width, height, out)) return;
      const [s, t] = [pixel(out[2]), pixel(out[3])];
      if (pixel(out[0]) !== endX || pixel(out[1]) !== endY) d += `M${pixel(out[0])} ${pixel(out[1])}`;
      d += `L${s} ${t}`;
      [endX, endY] = [s, t];
      occupancy.segment(out[0], out[1], out[2], out[3]);
      trace(...out);
    };
    const places = [];
    const w = textWidth(this.font, series.title);
    const every = Math.ceil(ys.length / 24);
    for (let n = 0; n < ys.length; n++) {
      const [p, q] = [u(xs[n]), v(ys[n])];
      const finite = Number.isFinite(p) && Number.isFinite(q);
      const inside = finite && p >= -1 && p <= width + 1 && q >= -1 && q <= height + 1;
      if (mark) {
        if (inside) {
          d += mark(pixel(p), pixel(q));
          series.trace.push(p, q);
          occupancy.point(p, q, 0.8);
        }
      } else if (dots) {
        if (inside) {
          d += `M${pixel(p)} ${pixel(q)}h0`;
          occupancy.point(p, q, 0.8);
        }
      } else if (finite && Number.isFinite(a)) {
        if (steps) {
          piece(a, b, p, b);
          piece(p, b, p, q);
        } else piece(a, b, p, q);
      } else if (inside && !Number.isFinite(v(ys[n + 1]))) d += `M${pixel(p)} ${pixel(q)}h0`; // alone between gaps
      [a, b] = finite ? [p, q] : [NaN, NaN];
      if (series.title && inside && n % every === 0) {
        const wish = Math.abs(p / width - 0.7) * 4;
        places.push([p + 6, q - LINE - 2, wish], [p - w - 6, q - LINE - 2, wish], [p - w - 6, q + 3, wish + 1], [p + 6, q + 3, wish + 1]);
        if (ys.length < 4) places.push([p + 6, q - 2 * LINE - 6, wish + 3], [p + 6, q + LINE + 7, wish + 3]); // little to stand beside
        places.push([p - w / 2, q - LINE - 6, wish], [p - w / 2, q + 6, wish], [p - w / 2, q - 2 * LINE, wish + 7], [p - w / 2, q + LINE, wish + 7]);
      }
    }
    const point = ys.length === 1 && places.length ? [a, b] : null;
    // A point has few places beside it: farther ones, from which a line leads back to it.
    if (point) for (const [r, penalty] of [[28, 10], [52, 14], [80, 19], [112, 25]]) places.push(...around(a, b, w, r, penalty));
    if (ys.length === 1 && d && !mark && !dots) d += "m-1.5 0a1.5 1.5 0 1 0 3 0a1.5 1.5 0 1 0-3 0"; // a line that is yet to begin
    attribute(series.curve, "d", d);
    if (places.length) labels.push({ of: series, width: w, height: LINE, places, kept: series.kept, point });
  }

  #drawAxes() {
    const { frame, width, height } = this;
    const marks = [];
    const into = this.y.log ? (z) => 10 ** z : (z) => z;
    // Where a linear axis passes 0 inside the frame, a line says so.
    for (const [axis, mark] of [[this.x, (z) => `M${pixel(MARGIN.left + this.u(z))} ${MARGIN.top}v${height}`], [this.y, (z) => `M${MARGIN.left} ${pixel(MARGIN.top + this.v(z))}h${width}`]]) {
      if (!axis.log && axis.domain[0] < 0 && axis.domain[1] > 0) marks.push(svg("path", { class: "dl-tick", d: mark(0) }));
    }
    for (const [value, label] of this.y.ticks(Math.max(2, Math.min(6, height / 38)))) marks.push(...frame.beside(this.v(into(value)), label, true));
    const from = this.x.log ? (z) => 10 ** z : (z) => z;
    for (const [value, label] of this.x.ticks(Math.max(2, Math.min(8, width / 60)))) {
      const u = this.u(from(value));
      marks.push(...frame.below(u, label, u > width - 8 ? "end" : "middle", 21)); // clear of the handle
    }
    marks.push(svg("text", { class: "dl-axis-words", x: 2, y: 15, "text-anchor": "start" }, this.y.label));
    marks.push(svg("text", { class: "dl-axis-words", x: MARGIN.left + width / 2, y: MARGIN.top + height + 37, "text-anchor": "middle" }, this.x.label));
    frame.axes.replaceChildren(...marks);
  }

  /** A mouse anywhere on the plot takes hold of the position; a finger scrolls the page unless it is on the handle, or taps. */
  #listen(onPick) {
    const pick = (event, offset = 0) => {
      const part = clamp((this.frame.position(event)[0] + offset) / this.width, 0, 1);
      const z = this.x.domain[0] + part * (this.x.domain[1] - this.x.domain[0]);
      onPick(this.x.log ? 10 ** z : z);
    };
    let offset = null; // between the pointer and the position while it is dragged
    this.picture.addEventListener("pointerdown", (event) => {
      const onHandle = this.handle.contains(event.target);
      if (event.button !== 0 || !this.u || (event.pointerType === "touch" && !onHandle)) return;
      offset = onHandle ? Number(this.handle.getAttribute("transform").match(/-?[\d.]+/)[0]) - this.frame.position(event)[0] : 0;
      this.picture.setPointerCapture(event.pointerId);
      event.preventDefault();
      if (!onHandle) pick(event);
    });
    this.picture.addEventListener("pointermove", (event) => {
      if (offset !== null) pick(event, offset);
    });
    for (const name of ["pointerup", "pointercancel"]) this.picture.addEventListener(name, () => (offset = null));
    this.picture.addEventListener("click", (event) => {
      if (event.pointerType === "touch" && this.u && !this.handle.contains(event.target)) pick(event);
    });
  }

  /** A handle is dragged by what lies between it and the pointer; a click elsewhere brings the one that stands where its sliders say. */
  #listenToHandles({ get, put }) {
    let held = null;
    const units = (event) => {
      const [u, v] = this.frame.position(event);
      const along = ({ domain }, part) => domain[0] + part * (domain[1] - domain[0]);
      return [along(this.x, u / this.width), along(this.y, 1 - v / this.height)];
    };
    const free = this.handles.find(({ x, y, across, up }) => across && up && x === across && y === up);
    const jump = (event) => {
      const [x, y] = units(event);
      put(free.across, x);
      put(free.up, y);
    };
    this.picture.addEventListener("pointerdown", (event) => {
      const handle = this.handles.find(({ element }) => element.contains(event.target));
      if (event.button !== 0 || !this.u || !(handle || (free && event.pointerType !== "touch"))) return;
      if (!handle) jump(event);
      const { across, up, gain } = handle ?? free;
      held = { across, up, gain, from: units(event), x: across && get(across), y: up && get(up) };
      this.picture.setPointerCapture(event.pointerId);
      event.preventDefault();
    });
    this.picture.addEventListener("pointermove", (event) => {
      if (!held) return;
      const [x, y] = units(event);
      if (held.across) put(held.across, held.x + (x - held.from[0]) / held.gain);
      if (held.up) put(held.up, held.y + (y - held.from[1]) / held.gain);
    });
    for (const name of ["pointerup", "pointercancel"]) this.picture.addEventListener(name, () => (held = null));
    this.picture.addEventListener("click", (event) => {
      if (event.pointerType === "touch" && free && this.u && !this.handles.some(({ element }) => element.contains(event.target))) jump(event);
    });
  }
}
