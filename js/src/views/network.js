/** The network as rows of units, from the inputs down to the output, with its weights between them and each unit's own map. */

import { attribute, html } from "../dom.js";
import { fixed } from "../format.js";
import { Heat } from "./heat.js";

const GAP = 3; // between the tiles of a row
const BETWEEN = 34; // height of the weights between two rows
const [SMALLEST, LARGEST] = [14, 46];
const SUBSCRIPT = "₀₁₂₃₄₅₆₇₈₉";
const subscript = (n) => [...String(n)].map((c) => SUBSCRIPT[c]).join("");

export class Network {
  /** `colours` of negative and positive weights; `onPick(layer, unit)`. */
  constructor({ colours, bands, cells }, onPick) {
    Object.assign(this, { colours, bands, cells, onPick });
    this.edges = html("canvas", { class: "dl-edges", "aria-hidden": "true" });
    this.context = this.edges.getContext("2d");
    this.tiles = html("div", { class: "dl-tiles", role: "radiogroup", "aria-label": "Units, to read their weights" });
    this.element = html("div", { class: "dl-network" }, this.edges, this.tiles);
    this.tiles.addEventListener("keydown", (event) => this.#arrow(event));
    this.layers = null;
  }

  /** Another network: `layers`, a list of [place of W, place of b, units, inputs]; `span` of what its units give. */
  build(layers, span) {
    this.layers = layers;
    this.span = span;
    this.theta = null;
    this.units = layers.slice(0, -1).flatMap(([, , rows], k) => Array.from({ length: rows }, (_, i) => ({ k, i })));
    this.outputs = Array.from({ length: layers.at(-1)[2] }, (_, i) => ({ k: layers.length - 1, i }));
    for (const unit of [...this.units, ...this.outputs]) {
      const hidden = unit.k < layers.length - 1;
      unit.name = hidden ? `Unit ${unit.i + 1} of hidden layer ${unit.k + 1}` : `Output for class ${unit.i}`;
      unit.heat = hidden ? new Heat({ columns: this.cells, rows: this.cells, colours: this.colours, span, bands: this.bands }) : null;
      unit.tile = html("button", { type: "button", class: "dl-tile", role: "radio", "aria-checked": "false", tabindex: -1, "aria-label": unit.name, title: unit.name }, ...(hidden ? [unit.heat.element] : [String(unit.i)]));
      unit.tile.addEventListener("click", () => this.pick(unit));
    }
    this.inputs = [1, 2].map((n) => html("span", { class: "dl-tile dl-input", "aria-hidden": "true" }, `x${subscript(n)}`));
    this.tiles.replaceChildren(...this.inputs, ...[...this.units, ...this.outputs].map(({ tile }) => tile));
    this.pick(this.units[0] ?? this.outputs[0], false);
    if (this.width) this.resize(this.width);
  }

  pick(unit, tell = true) {
    this.picked = unit;
    for (const { tile } of [...this.units, ...this.outputs]) {
      const on = tile === unit.tile;
      attribute(tile, "aria-checked", on);
      attribute(tile, "tabindex", on ? 0 : -1);
    }
    if (tell) this.onPick();
  }

  #arrow(event) {
    const way = { ArrowRight: 1, ArrowDown: 1, ArrowLeft: -1, ArrowUp: -1 }[event.key];
    if (!way) return;
    event.preventDefault();
    const all = [...this.units, ...this.outputs];
    const next = all[(all.indexOf(this.picked) + way + all.length) % all.length];
    this.pick(next);
    next.tile.focus();
  }

  resize(width) {
    this.width = width;
    if (!this.layers) return;
    const most = Math.max(2, ...this.layers.map(([, , rows]) => rows));
    const side = Math.max(SMALLEST, Math.min(LARGEST, Math.floor((width - GAP * (most - 1)) / most)));
    const gap = Math.max(GAP, Math.min(3 * GAP, (width - most * side) / (most - 1)));
    const places = (count, k) => Array.from({ length: count }, (_, i) => [(width - count * side - (count - 1) * gap) / 2 + i * (side + gap), k * (side + BETWEEN)]);
    this.rows = [places(2, 0), ...this.layers.map(([, , rows], k) => places(rows, k + 1))];
    const put = (node, [x, y]) => Object.assign(node.style, { left: `${x}px`, top: `${y}px`, width: `${side}px`, height: `${side}px` });
    this.inputs.forEach((node, i) => put(node, this.rows[0][i]));
    for (const { k, i, tile, heat } of [...this.units, ...this.outputs]) {
      put(tile, this.rows[k + 1][i]);
      heat?.resize(side - 2, side - 2);
    }
    this.side = side;
    this.height = (this.rows.length - 1) * (side + BETWEEN) + side;
    this.element.style.height = `${this.height}px`;
    const scale = window.devicePixelRatio || 1;
    Object.assign(this.edges.style, { width: `${width}px`, height: `${this.height}px` });
    [this.edges.width, this.edges.height] = [Math.round(width * scale), Math.round(this.height * scale)];
    this.context.setTransform(scale, 0, 0, scale, 0, 0);
    if (this.theta) this.#connect(this.theta);
  }

  /** `theta`: all parameters; `maps`: the units' values, one unit after the other. */
  draw(theta, maps) {
    this.theta = theta;
    this.#connect(theta);
    const points = this.cells * this.cells;
    this.units.forEach(({ heat }, n) => heat.paint(maps.subarray(n * points, (n + 1) * points)));
  }

  #connect(theta) {
    const { context, rows, side, layers, colours } = this;
    context.clearRect(0, 0, this.width, this.height);
    layers.forEach(([W, , units, inputs], k) => {
      for (let i = 0; i < units; i++) {
        for (let j = 0; j < inputs; j++) {
          const w = theta[W + i * inputs + j];
          const size = Math.abs(w);
          if (!(size > 0)) continue;
          context.beginPath();
          context.strokeStyle = colours[w > 0 ? 1 : 0];
          context.lineWidth = Math.min(4, 0.25 + 1.1 * size);
          context.globalAlpha = Math.min(0.9, 0.15 + 0.4 * size);
          context.moveTo(rows[k][j][0] + side / 2, rows[k][j][1] + side);
          context.lineTo(rows[k + 1][i][0] + side / 2, rows[k + 1][i][1]);
          context.stroke();
        }
      }
    });
  }

  /** What the picked unit computes: its weights and bias to read. */
  words(theta, activation) {
    const { k, i, name } = this.picked;
    const [W, b, , inputs] = this.layers[k];
    const sum = Array.from({ length: inputs }, (_, j) => {
      const w = theta[W + i * inputs + j];
      return `${w < 0 ? (j ? "− " : "−") : j ? "+ " : ""}${fixed(Math.abs(w), 2)} ${k ? "h" : "x"}${subscript(j + 1)}`;
    }).join(" ");
    const bias = theta[b + i];
    const inside = `${sum} ${bias < 0 ? "−" : "+"} ${fixed(Math.abs(bias), 2)}`;
    return `${name}: ${k < this.layers.length - 1 && activation !== "identity" ? `${activation}(${inside})` : inside}`;
  }
}
