/** Values over a frame as bands of colour, painted on a canvas; between two colours a line, drawn on top in the text's colour. */

import { attribute, html, svg } from "../dom.js";
import { FINE, LINES } from "./surface.js";

const FULL = 0.6; // opacity of the last band: what is drawn above stays legible

const parse = (colour) => [1, 3, 5].map((i) => Number.parseInt(colour.slice(i, i + 2), 16));

export class Heat {
  /** `colours`: one, or two with nothing between them; `span`: the values where they are full, or null; `bands`: how many shades. */
  constructor({ columns, rows, colours, span, bands }) {
    Object.assign(this, { columns, rows, span, bands });
    const two = colours.length === 2;
    this.shades = Array.from({ length: bands }, (_, i) => {
      const part = two ? Math.abs((2 * i) / (bands - 1) - 1) : i / (bands - 1);
      const [r, g, b] = parse(colours[two && i >= bands / 2 ? 1 : 0]);
      return (Math.round(255 * FULL * part) << 24) | (b << 16) | (g << 8) | r; // little-endian RGBA
    }).map((x) => x >>> 0);
    this.canvas = html("canvas", {});
    this.context = this.canvas.getContext("2d");
    this.line = two ? svg("path", {}) : null;
    this.above = svg("svg", {}, ...(two ? [this.line] : []));
    this.element = html("span", { class: "dl-heat", "aria-hidden": "true" }, this.canvas, this.above);
  }

  /** Width and height on the page; `scale` pixels of the picture to one of the page. */
  resize(width, height, scale = Math.min(2, window.devicePixelRatio || 1)) {
    this.element.style.width = `${width}px`;
    this.element.style.height = `${height}px`;
    this.size = [FINE * width, FINE * height];
    attribute(this.above, "viewBox", `0 0 ${this.size.join(" ")}`);
    const [across, down] = [Math.max(1, Math.round(width * scale)), Math.max(1, Math.round(height * scale))];
    this.canvas.width = across;
    this.canvas.height = down;
    this.image = this.context.createImageData(across, down);
    this.pixels = new Uint32Array(this.image.data.buffer);
    // Between which two columns (rows) a pixel lies, and how far from the first.
    const between = (length, cells) => {
      const from = new Int32Array(length);
      const part = new Float64Array(length);
      for (let i = 0; i < length; i++) {
        const at = Math.min(cells - 1, Math.max(0, ((i + 0.5) * cells) / length - 0.5));
        from[i] = Math.min(cells - 2, Math.floor(at));
        part[i] = at - from[i];
      }
      return [from, part];
    };
    this.across = between(across, this.columns);
    this.down = between(down, this.rows);
    const shown = this.painted; // a canvas that changes its size is empty
    this.painted = null;
    if (shown) this.paint(shown);
  }

  /** `values`: rows × columns, the lowest row first. What is not a number is left blank. */
  paint(values) {
    if (this.painted?.every((v, n) => Object.is(v, values[n]))) return;
    this.painted = values.slice();
    const { columns, bands, shades, pixels } = this;
    const [fromX, partX] = this.across;
    const [fromY, partY] = this.down;
    const [width, height] = [fromX.length, fromY.length];
    const [low, high] = this.span ?? extent(values);
    const scale = high > low ? bands / (high - low) : 0;
    for (let j = 0; j < height; j++) {
      const y = height - 1 - j;
      const row = fromY[y] * columns;
      const q = partY[y];
      for (let i = 0, n = j * width; i < width; i++, n++) {
        const at = row + fromX[i];
        const p = partX[i];
        const lower = values[at] + p * (values[at + 1] - values[at]);
        const upper = values[at + columns] + p * (values[at + columns + 1] - values[at + columns]);
        const v = (lower + q * (upper - lower) - low) * scale;
        const band = v >= bands ? bands - 1 : v >= 0 ? v | 0 : v < 0 ? 0 : -1;
        pixels[n] = band < 0 ? 0 : shades[band];
      }
    }
    this.context.putImageData(this.image, 0, 0);
    if (this.line) attribute(this.line, "d", this.#trace(values, (low + high) / 2));
  }

  /** Where the values pass `level`: a piece of a line across each square of four of them, which are as high out to the border. */
  #trace(values, level) {
    const { columns, rows, size } = this;
    let d = "";
    for (let j = -1; j < rows; j++) {
      const lower = nearest(j, rows) * columns;
      const upper = nearest(j + 1, rows) * columns;
      for (let i = -1; i < columns; i++) {
        const left = nearest(i, columns);
        const right = nearest(i + 1, columns);
        const a = values[lower + left];
        const b = values[lower + right];
        const c = values[upper + right];
        const e = values[upper + left];
        const pattern = (a >= level ? 1 : 0) + (b >= level ? 2 : 0) + (c >= level ? 4 : 0) + (e >= level ? 8 : 0);
        if (pattern === 0 || pattern === 15 || !Number.isFinite(a + b + c + e)) continue;
        const corners = [a, b, c, e];
        const xs = [i, i + 1, i + 1, i];
        const ys = [j, j, j + 1, j + 1];
        LINES[pattern].forEach((from, n) => {
          const to = (from + 1) % 4;
          const part = (level - corners[from]) / (corners[to] - corners[from]);
          const between = (places, cells) => (1 - part) * place(places[from], cells) + part * place(places[to], cells);
          d += `${n % 2 ? "L" : "M"}${Math.round(size[0] * between(xs, columns))} ${Math.round(size[1] * (1 - between(ys, rows)))}`;
        });
      }
    }
    return d;
  }
}

const nearest = (i, cells) => (i < 0 ? 0 : i < cells ? i : cells - 1);
/** The middle of a cell, as a part of the whole; beyond the last one the border. */
const place = (i, cells) => Math.min(cells, Math.max(0, i + 0.5)) / cells;

function extent(values) {
  let [low, high] = [Infinity, -Infinity];
  for (const v of values) {
    if (!Number.isFinite(v)) continue;
    if (v < low) low = v;
    if (v > high) high = v;
  }
  return [low, high];
}
