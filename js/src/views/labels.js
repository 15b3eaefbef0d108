/**
 * Direct labels that avoid the drawing, the frame and each other.
 *
 * The drawing is put into a coarse grid of occupied cells, whose running sums tell in four look-ups how much of
 * it a box would cover; so each label can try many places.
 */

import { attribute } from "../dom.js";
import { clamp } from "../link.js";
import { pixel } from "./frame.js";

export const LINE = 16; // height of a label
const CELL = 6;

export class Occupancy {
  constructor() {
    this.cells = new Float64Array(0);
  }

  reset(width, height) {
    this.columns = Math.ceil(width / CELL) + 1;
    this.rows = Math.ceil(height / CELL) + 1;
    const size = this.columns * this.rows;
    if (this.cells.length !== size) this.cells = new Float64Array(size);
    else this.cells.fill(0);
  }

  /** Coordinates are relative to the frame. */
  point(x, y, weight = 1) {
    const i = Math.floor(x / CELL) + 1;
    const j = Math.floor(y / CELL) + 1;
    if (i < 1 || j < 1 || i >= this.columns || j >= this.rows) return;
    this.cells[j * this.columns + i] += weight;
  }

  segment(x0, y0, x1, y1, weight = 1) {
    const pieces = Math.ceil(Math.max(Math.abs(x1 - x0), Math.abs(y1 - y0)) / CELL) || 1;
    for (let k = 1; k <= pieces; k++) this.point(x0 + ((x1 - x0) * k) / pieces, y0 + ((y1 - y0) * k) / pieces, weight);
  }

  box(x, y, width, height, weight) {
    for (let v = y; v < y + height; v += CELL) for (let u = x; u < x + width; u += CELL) this.point(u, v, weight);
  }

  sum() {
    const { cells, columns, rows } = this;
    for (let j = 1; j < rows; j++) {
      let row = 0;
      for (let i = 1; i < columns; i++) {
        row += cells[j * columns + i];
        cells[j * columns + i] = row + cells[(j - 1) * columns + i];
      }
    }
  }

  /** How much a box covers, after `sum`. */
  covered(x, y, width, height) {
    const { cells, columns, rows } = this;
    const clampI = (u) => Math.min(columns - 1, Math.max(0, Math.floor(u / CELL) + 1));
    const clampJ = (v) => Math.min(rows - 1, Math.max(0, Math.floor(v / CELL) + 1));
    const i0 = Math.max(0, clampI(x) - 1);
    const i1 = clampI(x + width);
    const j0 = Math.max(0, clampJ(y) - 1) * columns;
    const j1 = clampJ(y + height) * columns;
    return cells[j1 + i1] - cells[j0 + i1] - cells[j1 + i0] + cells[j0 + i0];
  }
}

const overlap = (a, b, gap) =>
  Math.max(0, Math.min(a.x + a.width, b.x + b.width) - Math.max(a.x, b.x) + gap) *
  Math.max(0, Math.min(a.y + a.height, b.y + b.height) - Math.max(a.y, b.y) + gap);

/**
 * Place labels one after the other. Each: {width, height, places: [[x, y, penalty], …], kept}, where `kept` is the
 * number of the place it had before: a label does not jump for a small gain. `astray(x, y)`, if given, says how far a
 * place there would be taken for another curve's. Adds `x`, `y`, `kept`, and as `cost` what the place covers.
 */
export function place(labels, width, height, occupancy) {
  const placed = [];
  for (const label of labels) {
    let best = Infinity;
    let choice = -1;
    let covers = 0;
    label.places.forEach(([x, y, penalty], n) => {
      const box = { x, y, width: label.width, height: label.height };
      const outside = Math.max(0, -x) + Math.max(0, x + label.width - width) + Math.max(0, -y) + Math.max(0, y + label.height - height);
      let cost = penalty + 20 * outside + occupancy.covered(x, y, label.width, label.height);
      for (const other of placed) cost += 0.5 * overlap(box, other, 2);
      if (n === label.kept) cost -= 6;
      if (cost >= best) return;
      const total = cost + (label.astray?.(x, y) ?? 0);
      if (total >= best) return;
      [best, choice, covers] = [total, n, cost];
    });
    if (choice < 0) continue;
    const [x, y] = label.places[choice];
    Object.assign(label, { x: Math.min(Math.max(0, x), Math.max(0, width - label.width)), y: Math.min(Math.max(0, y), height - label.height), kept: choice, cost: covers });
    placed.push(label);
  }
}

const ASIDE = 16; // from here a line leads to a label
const CLEARLY = 8; // so much nearer to its own curve than to any other

/**
 * How far a text in this box would be taken for the name of another curve: 0 where it is clearly nearer to its own.
 * Curves are lists of points, x and y in turn.
 */
export function strays({ x, y, width, height }, own, others) {
  const distance = (points) => {
    let least = Infinity;
    for (let i = 0; i < points.length; i += 2) {
      const across = Math.max(x - points[i], points[i] - x - width, 0);
      const up = Math.max(y + 2 - points[i + 1], points[i + 1] - y - height + 2, 0);
      least = Math.min(least, across * across + up * up);
    }
    return Math.sqrt(least);
  };
  const nearest = Math.min(...others.map(distance));
  if (nearest === Infinity) return 0;
  const lead = nearest - distance(own);
  return (nearest < 3 ? 15 : 0) + 2 * Math.min(15, Math.max(0, CLEARLY - lead));
}

/** A ring of places for a label w wide about a point; those above and below it are a little worse. */
export function around(a, b, w, r, penalty) {
  return Array.from({ length: 12 }, (_, turn) => {
    const [c, s] = [Math.cos((turn * Math.PI) / 6), Math.sin((turn * Math.PI) / 6)];
    const aside = c > 0.3 ? 0 : c < -0.3 ? -w : -w / 2;
    return [a + c * r + aside, b - s * r + ((-s - 1) / 2) * LINE, penalty + (Math.abs(c) < 0.9 ? 1 : 0)];
  });
}

/** The line that leads from a point to its label in this box, where that had to stand aside. */
export function leader(a, b, { x, y, width, height }) {
  const u = clamp(a, x - 2, x + width + 2);
  const v = clamp(b, y + 2, y + height - 2);
  const distance = Math.hypot(u - a, v - b);
  return distance > ASIDE && width > 0 ? `M${pixel(a + ((u - a) * 6) / distance)} ${pixel(b + ((v - b) * 6) / distance)}L${pixel(u)} ${pixel(v)}` : "";
}

/** Put a text where its box was placed; rather no label than one across what it names. */
export function setText(node, box, visible) {
  attribute(node, "visibility", visible ? "visible" : "hidden");
  if (!visible) return;
  attribute(node, "x", pixel(box.x));
  attribute(node, "y", pixel(box.y + 12));
}

const widths = new Map();
let pencil;

/** The font of a node, for `textWidth`. It makes the browser compute styles: not to be asked between changes. */
export function fontOf(node) {
  const { fontStyle, fontWeight, fontSize, fontFamily } = getComputedStyle(node);
  return `${fontStyle} ${fontWeight} ${fontSize} ${fontFamily}`;
}

export function textWidth(font, string) {
  const key = `${font}|${string}`;
  let width = widths.get(key);
  if (width === undefined) {
    pencil ??= document.createElement("canvas").getContext("2d");
    pencil.font = font;
    width = pencil.measureText(string).width;
    widths.set(key, width);
  }
  return width;
}
