/** Values over a frame as bands of colour, painted on a canvas that lies beneath the SVG. */

import { html } from "../dom.js";

const FULL = 0.6; // opacity of the last band: what is drawn above stays legible
const LINE = 0.85; // of the line in the middle of two colours

const parse = (colour) => [1, 3, 5].map((i) => Number.parseInt(colour.slice(i, i + 2), 16));

export class Heat {
  /** `colours`: one, or two with nothing between them; `span`: the values where they are full, or null; `bands`: how many shades. */
  constructor({ columns, rows, colours, span, bands }) {
    Object.assign(this, { columns, rows, span, bands });
    this.line = colours.length === 2;
    this.shades = Array.from({ length: bands }, (_, i) => {
      const part = this.line ? Math.abs((2 * i) / (bands - 1) - 1) : i / (bands - 1);
      const [r, g, b] = parse(colours[this.line && i >= bands / 2 ? 1 : 0]);
      return (Math.round(255 * FULL * part) << 24) | (b << 16) | (g << 8) | r; // little-endian RGBA
    }).map((x) => x >>> 0);
    this.canvas = html("canvas", { class: "dl-heat", "aria-hidden": "true" });
    this.context = this.canvas.getContext("2d");
  }

  /** Width and height on the page; `scale` pixels of the picture to one of the page. */
  resize(width, height, scale = Math.min(2, window.devicePixelRatio || 1)) {
    this.canvas.style.width = `${width}px`;
    this.canvas.style.height = `${height}px`;
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
    this.above = new Int8Array(across); // the band in the row of pixels before, for the line
    const shown = this.painted; // a canvas that changes its size is empty
    this.painted = null;
    if (shown) this.paint(shown);
  }

  /** `values`: rows × columns, the lowest row first. What is not a number is left blank. */
  paint(values) {
    const { columns, bands, shades, pixels, above } = this;
    const [fromX, partX] = this.across;
    const [fromY, partY] = this.down;
    const [width, height] = [fromX.length, fromY.length];
    const [low, high] = this.span ?? extent(values);
    const scale = high > low ? bands / (high - low) : 0;
    const middle = bands / 2;
    const ink = inkOf(this.canvas);
    if (this.ink === ink && this.painted?.every((v, n) => Object.is(v, values[n]))) return;
    this.ink = ink;
    this.painted = values.slice();
    above.fill(-1);
    for (let j = 0; j < height; j++) {
      const y = height - 1 - j;
      const row = fromY[y] * columns;
      const q = partY[y];
      let left = -1;
      for (let i = 0, n = j * width; i < width; i++, n++) {
        const at = row + fromX[i];
        const p = partX[i];
        const lower = values[at] + p * (values[at + 1] - values[at]);
        const upper = values[at + columns] + p * (values[at + columns + 1] - values[at + columns]);
        const v = (lower + q * (upper - lower) - low) * scale;
        const band = v >= bands ? bands - 1 : v >= 0 ? v | 0 : v < 0 ? 0 : -1;
        const side = band < 0 ? -1 : band >= middle ? 1 : 0;
        const crossed = this.line && side >= 0 && ((left >= 0 && left !== side) || (above[i] >= 0 && above[i] !== side));
        pixels[n] = crossed ? ink : band < 0 ? 0 : shades[band];
        left = side;
        above[i] = side;
      }
    }
    this.context.putImageData(this.image, 0, 0);
  }
}

function extent(values) {
  let [low, high] = [Infinity, -Infinity];
  for (const v of values) {
    if (!Number.isFinite(v)) continue;
    if (v < low) low = v;
    if (v > high) high = v;
  }
  return [low, high];
}

/** The text's colour, which differs between light and dark. */
function inkOf(node) {
  const [r, g, b] = (getComputedStyle(node).color.match(/[\d.]+/g) ?? [0, 0, 0]).map(Number);
  return ((Math.round(255 * LINE) << 24) | (Math.round(b) << 16) | (Math.round(g) << 8) | Math.round(r)) >>> 0;
}
