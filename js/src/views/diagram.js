/**
 * Boxes and edges with numbers at their place. Everything that is written is a result of the program, chosen in Python
 * (dlcourse/live/diagram.py); here it only gets a place: along the width where there is room, else from top to bottom.
 */

import { attribute, freshId, html, svg, text } from "../dom.js";
import { pixel } from "./frame.js";

const WIDE = 560; // from here it lies along
const LINE = 15; // height of a line of text
const LETTER = 6.4; // about the width of a digit
const EDGE = 3; // room for the outline at the border

/** A line of numbers is there from one step until before another. */
const begun = ({ since, until }, step) => since <= step && (until === null || step < until);

export class Diagram {
  /** `pick(name)`: the reader wants to read a box or an edge. `go(n)`: to go on by so many steps. */
  constructor(spec, tones, pick, go) {
    this.spec = spec;
    this.tones = tones;
    this.items = [];
    const group = (className, each) => {
      const node = svg("g", { class: `dl-item ${className}` });
      if (each.name) {
        node.setAttribute("role", "button");
        node.setAttribute("tabindex", "-1");
        node.setAttribute("aria-label", each.title);
        node.dataset.name = each.name;
        this.items.push({ name: each.name, node, each });
        node.addEventListener("click", () => pick(this.picked === each.name ? "" : each.name));
      }
      return node;
    };
    const writing = (lines, node) => {
      const texts = lines.map(({ tone }) => {
        const line = svg("text", { class: "dl-number", "text-anchor": "middle", visibility: "hidden" });
        if (tones[tone]) {
          line.classList.add("dl-toned");
          line.style.setProperty("--dl-c", tones[tone]);
        }
        return line;
      });
      node.append(...texts.flatMap((each) => [each, " "])); // a space: heard as several words, as it is seen
      return texts;
    };
    const arrow = freshId();
    this.nodes = new Map(
      spec.nodes.map((node) => {
        const g = group("dl-node", node);
        const box = svg("rect", { rx: node.variable ? Math.min(node.size[1] / 2, 14) : 5 });
        g.append(box);
        return [node.name, { ...node, g, box, texts: writing(node.lines, g) }];
      }),
    );
    // Above all lines, so that none crosses the numbers of another; on paper of their own, where lines cross below them.
    const papers = svg("g", {});
    const numbers = svg("g", { class: "dl-numbers" }, papers);
    this.edges = spec.edges.map((edge) => {
      const g = group("dl-edge", edge);
      const label = svg("g", {});
      label.addEventListener("click", () => g.dispatchEvent(new Event("click")));
      numbers.append(label);
      const touch = svg("path", { class: "dl-reach" });
      const line = svg("path", { class: "dl-wire", "marker-end": `url(#${arrow})` });
      g.append(touch, line);
      const paper = svg("rect", { class: "dl-paper", rx: 3 });
      if (edge.lines.length) papers.append(paper);
      return { ...edge, g, touch, line, label, paper, texts: writing(edge.lines, label) };
    });
    const head = svg("marker", { id: arrow, viewBox: "0 0 8 8", refX: 7, refY: 4, markerWidth: 8, markerHeight: 8, markerUnits: "userSpaceOnUse", orient: "auto" }, svg("path", { d: "M0 0.5L8 4L0 7.5z", class: "dl-arrowhead" }));
    this.picture = svg("svg", { class: "dl-diagram", role: "group" }, svg("defs", {}, head), ...this.edges.map(({ g }) => g), numbers, ...[...this.nodes.values()].map(({ g }) => g));
    this.picture.setAttribute("aria-label", `${spec.title}. Arrow keys up and down read its parts, left and right go through the steps.`);
    this.stage = html("p", { class: "dl-stage" });
    this.detail = html("p", { class: "dl-detail" });
    this.words = html("div", {}, this.stage, this.detail);
    for (const name of ["value", "gradient"]) this.picture.style.setProperty(`--dl-${name}`, tones[name]);
    this.items.sort((a, b) => order(a.each, spec) - order(b.each, spec));
    this.#listen(pick, go);
  }

  /** Whether it is the one to be seen. */
  show(visible) {
    this.picture.style.display = visible ? "" : "none";
    this.words.hidden = !visible;
  }

  /** The last step that changes anything: what a switch hides may leave nothing for those after it. */
  get last() {
    return this.end ?? this.spec.stages.length - 1;
  }

  /** Which step is the last, by what is `seen(when)`. */
  follow(seen) {
    const lit = (each, step) => [each.forward.includes(step), each.backward.includes(step) && seen(this.spec.backward)].join();
    const all = [...this.nodes.values(), ...this.edges];
    const lines = all.flatMap((each) => [...each.lines, ...(each.formula ?? [])]).filter(({ when }) => seen(when));
    const told = (step) => JSON.stringify(this.spec.stages[step].filter(({ when }) => seen(when)).map(({ text: parts }) => parts));
    const alike = (a, b) => told(a) === told(b) && all.every((each) => lit(each, a) === lit(each, b)) && lines.every((line) => begun(line, a) === begun(line, b));
    this.end = this.spec.stages.length - 1;
    while (this.end > 0 && alike(this.end - 1, this.end)) this.end--;
  }

  resize(width) {
    const { spec } = this;
    const along = width >= WIDE;
    const height = along ? spec.height : spec.tall;
    attribute(this.picture, "width", width);
    attribute(this.picture, "height", height);
    attribute(this.picture, "viewBox", `0 0 ${width} ${height}`);
    const middle = ({ size: [w, h] }, [u, v]) => {
      const [s, t] = along ? [u, v] : [v, u];
      return [EDGE + w / 2 + s * (width - w - 2 * EDGE), EDGE + h / 2 + t * (height - h - 2 * EDGE)];
    };
    for (const node of this.nodes.values()) {
      const [w, h] = node.size;
      [node.x, node.y] = middle(node, node.at);
      for (const [name, value] of [["x", node.x - w / 2], ["y", node.y - h / 2], ["width", w], ["height", h]]) attribute(node.box, name, pixel(value));
    }
    for (const edge of this.edges) {
      const [a, b] = [this.nodes.get(edge.start), this.nodes.get(edge.end)];
      const from = along ? [a.x + a.size[0] / 2, a.y] : [a.x, a.y + a.size[1] / 2];
      const to = along ? [b.x - b.size[0] / 2, b.y] : [b.x, b.y - b.size[1] / 2];
      const points = [from, ...edge.via.map((at) => middle(b, at)), to];
      let d = `M${points[0].map(pixel).join(" ")}`;
      for (let i = 1; i < points.length; i++) {
        const [[p, q], [r, s]] = [points[i - 1], points[i]];
        const [m, n] = [(p + r) / 2, (q + s) / 2];
        const curve = along ? [m, q, m, s, r, s] : [p, n, r, n, r, s];
        d += spec.curved ? `C${curve.map(pixel).join(" ")}` : `L${pixel(r)} ${pixel(s)}`;
      }
      for (const path of [edge.line, edge.touch]) attribute(path, "d", d);
      const mark = edge.mark[along ? 0 : 1];
      edge.x = from[0] + (to[0] - from[0]) * mark;
      edge.y = from[1] + (to[1] - from[1]) * mark;
    }
    this.width = width;
  }

  /** `say(parts)` → words with numbers; `seen(when)`; `get(name)` → number. → what was said. */
  draw({ step, picked, get, seen, say }) {
    const now = Math.min(step, this.last);
    this.picked = picked;
    for (const each of [...this.nodes.values(), ...this.edges]) {
      const shown = each.lines.map((line) => begun(line, now) && seen(line.when));
      const top = each.y - (LINE * shown.filter(Boolean).length) / 2;
      let row = 0;
      const read = [];
      each.texts.forEach((node, i) => {
        attribute(node, "visibility", shown[i] ? "visible" : "hidden");
        if (!shown[i]) return;
        const words = say(each.lines[i].text);
        text(node, words);
        read.push(words);
        if (each.size) squeeze(node, words, each.size[0] - 8);
        attribute(node, "x", pixel(each.x));
        attribute(node, "y", pixel(top + LINE * row++ + 11.5));
      });
      if (each.paper) {
        const width = read.length ? LETTER * Math.max(...read.map((words) => words.length)) + 6 : 0;
        for (const [name, value] of [["x", each.x - width / 2], ["y", top], ["width", width], ["height", LINE * row]]) attribute(each.paper, name, pixel(value));
      }
      const { classList } = each.g;
      classList.toggle("dl-forward", each.forward.includes(now));
      classList.toggle("dl-backward", each.backward.includes(now) && seen(this.spec.backward));
      classList.toggle("dl-picked", Boolean(each.name) && each.name === picked);
      if (each.name) {
        attribute(each.g, "aria-label", [...read, each.title].join(", "));
        attribute(each.g, "aria-pressed", each.name === picked);
      }
      if (each.line) {
        each.label.classList.toggle("dl-picked", each.name === picked && picked !== "");
        const weight = each.weight ? get(each.weight) : 0.4;
        each.line.style.setProperty("--dl-width", `${pixel(1 + Math.min(4, 1.5 * Math.abs(weight) || 0))}px`);
        classList.toggle("dl-negative", weight < 0);
      }
    }
    const found = this.items.find(({ name }) => name === picked);
    this.items.forEach(({ node }, i) => attribute(node, "tabindex", (found ? found.node === node : i === 0) ? 0 : -1));
    const stage = this.spec.stages[now].filter(({ when }) => seen(when)).map(({ text: parts }) => say(parts)).join(" ");
    const formulas = found ? found.each.formula.filter((line) => begun(line, now) && seen(line.when)) : [];
    text(this.stage, stage);
    const lines = formulas.map(({ text: parts, tone }) => {
      const line = html("span", this.tones[tone] ? { class: "dl-toned" } : {}, say(parts));
      if (this.tones[tone]) line.style.setProperty("--dl-c", this.tones[tone]);
      return line;
    });
    const words = lines.map((line) => line.textContent).join(" ") || "Choose a box or a line to read how its numbers come about.";
    if (words !== this.detail.dataset.words) {
      this.detail.dataset.words = words;
      this.detail.replaceChildren(...(lines.length ? lines.flatMap((line) => [line, " "]) : [words]));
    }
    return [stage, ...(found ? [words] : [])];
  }

  #listen(pick, go) {
    this.picture.addEventListener("keydown", (event) => {
      const at = this.items.findIndex(({ node }) => node === document.activeElement);
      if (at < 0 || event.altKey || event.ctrlKey || event.metaKey) return;
      const to = { ArrowDown: at + 1, ArrowUp: at - 1, Home: 0, End: this.items.length - 1 }[event.key];
      if (to !== undefined) {
        const item = this.items[(to + this.items.length) % this.items.length];
        item.node.focus();
        pick(item.name);
      } else if (event.key === "ArrowRight" || event.key === "ArrowLeft") go(event.key === "ArrowRight" ? 1 : -1);
      else if (event.key === "Enter" || event.key === " ") pick(this.picked === this.items[at].name ? "" : this.items[at].name);
      else if (event.key === "Escape") pick("");
      else return;
      event.preventDefault();
    });
  }
}

/** Long numbers are drawn closer together rather than out of their box. */
function squeeze(node, words, room) {
  if (words.length * LETTER <= room) {
    if (node.hasAttribute("textLength")) for (const name of ["textLength", "lengthAdjust"]) node.removeAttribute(name);
    return;
  }
  attribute(node, "textLength", room);
  attribute(node, "lengthAdjust", "spacingAndGlyphs");
}

/** Boxes and edges as one reads them: in the direction of the computation. */
function order(each, { nodes }) {
  const at = (name) => nodes.find((node) => node.name === name).at;
  if (each.at) return each.at[0] * 1000 + each.at[1];
  const [a, b] = [at(each.start), at(each.end)];
  return ((a[0] + b[0]) / 2) * 1000 + b[1] + a[1] / 10;
}
