/** What every plot stands in: an SVG with a frame, what is cut off at it, and the marks of its axes. */

import { ticks, tickStep } from "d3-array";
import { attribute, freshId, svg } from "../dom.js";
import { decimals, fixed, power } from "../format.js";

export const EDGE = 4; // lines are drawn this far beyond the frame and cut off there

/** Tenths of a pixel are finer than any screen, and short to write. */
export const pixel = (v) => Math.round(v * 10) / 10;

export class Frame {
  /** `margin`: {left, right, top, bottom}. Add drawings to `plot`; clip those of the groups that `clipped` makes. */
  constructor(margin, attributes) {
    this.margin = margin;
    const id = freshId();
    this.clip = `url(#${id})`;
    this.clipRect = svg("rect", {});
    this.axes = svg("g", { class: "dl-axes", "aria-hidden": "true" });
    this.border = svg("rect", { class: "dl-frame" });
    this.plot = svg("g", {});
    this.element = svg("svg", attributes, svg("defs", {}, svg("clipPath", { id }, this.clipRect)), this.axes, this.plot);
  }

  clipped(className, ...children) {
    return svg("g", { class: className, "clip-path": this.clip }, ...children);
  }

  /** `width` and `height` of the inside; `over` is how far lines may cross its border. */
  resize(width, height, over = 0) {
    const { left, right, top, bottom } = this.margin;
    this.width = width;
    this.height = height;
    const [across, down] = [width + left + right, height + top + bottom];
    attribute(this.element, "width", across);
    attribute(this.element, "height", down);
    attribute(this.element, "viewBox", `0 0 ${across} ${down}`); // paper may be narrower
    attribute(this.plot, "transform", `translate(${left} ${top})`);
    for (const [rect, extra] of [[this.clipRect, over], [this.border, 0]]) {
      attribute(rect, "x", -extra);
      attribute(rect, "y", -extra);
      attribute(rect, "width", width + 2 * extra);
      attribute(rect, "height", height + 2 * extra);
    }
    return down;
  }

  /** Where a pointer is, relative to the inside. */
  position(event) {
    const box = this.element.getBoundingClientRect();
    return [event.clientX - box.left - this.margin.left, event.clientY - box.top - this.margin.top];
  }

  /** A tick below the frame at u, with its number, which may end a little beyond its tick: it leaves the one before it room. */
  below(u, label, anchor = "middle", under = 18) {
    const [x, y] = [pixel(this.margin.left + u), this.margin.top + this.height];
    const mark = svg("path", { class: "dl-tick", d: `M${x} ${y}v5` });
    return label === null ? [mark] : [mark, svg("text", { x: anchor === "end" ? pixel(x + Math.min(this.margin.right, 8) - 1) : x, y: y + under, "text-anchor": anchor }, label)];
  }

  /** A tick at v, or with `grid` a line across the frame, with its number to the left. */
  beside(v, label, grid = false) {
    const [x, y] = [this.margin.left, pixel(this.margin.top + v)];
    const mark = grid ? svg("path", { class: "dl-grid", d: `M${x} ${y}h${this.width}` }) : svg("path", { class: "dl-tick", d: `M${x} ${y}h-5` });
    return label === null ? [mark] : [mark, svg("text", { x: x - 8, y: y + 4, "text-anchor": "end" }, label)];
  }
}

/** → [[value, text], …], about `count` of them. */
export function linearTicks(low, high, count) {
  const places = decimals(tickStep(low, high, count));
  return ticks(low, high, count).map((value) => [value, fixed(value, places)]);
}

/** Whole decades between two exponents, at most about `count` → [[exponent, text], …]. */
export function decadeTicks(low, high, count) {
  const spacing = [1, 2, 4, 5, 10].find((s) => (high - low) / s <= count) ?? 10;
  const found = [];
  for (let decade = Math.ceil(low / spacing) * spacing; decade <= high; decade += spacing) found.push([decade, power(decade)]);
  return found;
}

/** The part of a segment inside [−EDGE, width + EDGE] × [−EDGE, height + EDGE], written into `out`; false if none. */
export function clipSegment(x0, y0, x1, y1, width, height, out) {
  let from = 0;
  let to = 1;
  const dx = x1 - x0;
  const dy = y1 - y0;
  for (const [p, q] of [[-dx, x0 + EDGE], [dx, width + EDGE - x0], [-dy, y0 + EDGE], [dy, height + EDGE - y0]]) {
    if (p === 0) {
      if (q < 0) return false;
    } else if (p < 0) from = Math.max(from, q / p);
    else to = Math.min(to, q / p);
  }
  if (from > to) return false;
  out[0] = x0 + from * dx;
  out[1] = y0 + from * dy;
  out[2] = x0 + to * dx;
  out[3] = y0 + to * dy;
  return true;
}
