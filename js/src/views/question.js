/** A question with instant feedback. The answer is remembered in this browser if it allows that. */

import { freshId, html } from "../dom.js";
import { unbroken } from "../format.js";

export const names = ["answer"];

/** Storage may be refused (private windows, policies, files): then nothing is remembered, and nothing breaks. */
const memory = {
  key: (id) => `dlcourse:question:${id}`,
  read(id) {
    try {
      return id ? JSON.parse(window.localStorage.getItem(this.key(id))) : null;
    } catch {
      return null;
    }
  },
  write(id, answer) {
    try {
      if (id) window.localStorage.setItem(this.key(id), JSON.stringify(answer));
    } catch {
      // not allowed or full
    }
  },
};

const FACTOR = /^([+-]?)(\d+\.?\d*|\.\d+)(e[+-]?\d+)?(?:\^([+-]?\d+))?$/i;

/** The value of numbers, and powers of them, multiplied and divided from left to right. NaN if it is not that. */
function valueOf(plain) {
  let value = 1;
  for (const [, operator, text] of `*${plain}`.matchAll(/([*/])([^*/]*)/g)) {
    const [, sign, base, scale = "", exponent = 1] = FACTOR.exec(text) ?? [];
    const factor = base ? Number(`${sign}1`) * Number(base + scale) ** exponent : NaN;
    value = operator === "*" ? value * factor : value / factor;
  }
  return Number.isFinite(value) ? value : NaN;
}

/**
 * What may be meant by a number as people type it: true minus, 10⁻³ and 1e-3, 2/3, 12 000. A comma before three digits
 * groups them or is a decimal comma: then there are two readings, the first with groups. None if it is no number.
 */
function readingsOf(typed) {
  const plain = typed
    .replace(/[⁺⁻⁰¹²³⁴-⁹]+/g, "^$&")
    .normalize("NFKC") // superscripts, wide digits and narrow spaces become plain ones
    .replace(/[−–‐]/g, "-")
    .replaceAll("**", "^")
    .replace(/[×x·⋅]/gi, "*")
    .replace(/\s*([^\d\s])\s*|^\s+|\s+$/g, "$1")
    .replace(/(\d)\s(?=\d{3}(?!\d))/g, "$1");
  const decimal = (text) => text.replace(/(^|[^\d.,])(\d*),(\d+)(?![\d.,])/g, "$1$2.$3");
  const grouped = plain.replace(/(^|[^\d.,])([1-9]\d{0,2}(?:,\d{3})+)(?![\d,])/g, (match) => match.replaceAll(",", ""));
  return [...new Set([grouped, plain].map((text) => valueOf(decimal(text))))].filter((value) => !Number.isNaN(value));
}

const near = (x, y, tolerance) => Math.abs(x - y) <= tolerance * (y === 0 ? 1 : Math.abs(y)) * (1 + 1e-12);

const SIGNS = {
  alpha: "α", beta: "β", gamma: "γ", delta: "δ", epsilon: "ε", eta: "η", theta: "θ", kappa: "κ", lambda: "λ", mu: "μ", rho: "ρ", sigma: "σ", tau: "τ",
  nabla: "∇", infty: "∞", times: "×", cdot: "·", pm: "±", le: "≤", leq: "≤", ge: "≥", geq: "≥", ne: "≠", neq: "≠", approx: "≈", to: "→", sqrt: "√",
};

/** Short formulas without MathJax (JupyterLab lends widgets none): signs for commands, no braces. */
export const plainFormula = (tex) =>
  tex
    .replace(/\\d?frac\{([^{}]*)\}\{([^{}]*)\}/g, "($1)/($2)")
    .replace(/\\([A-Za-z]+)/g, (_, command) => SIGNS[command] ?? (["text", "mathrm", "left", "right"].includes(command) ? "" : command))
    .replace(/\\./g, " ")
    .replace(/[{}]/g, "");

/** Write text that may hold TeX between dollar signs into `node`; MathJax, where there is one, typesets it. */
function write(node, words) {
  const typesetting = Boolean(window.MathJax);
  const parts = words.split(/\$([^$]+)\$/);
  node.replaceChildren(
    ...parts.map((part, i) => {
      if (i % 2 === 0) return document.createTextNode(unbroken(part));
      // The classes let MathJax in where the page around it is closed to it.
      return typesetting ? html("span", { class: "math notranslate nohighlight tex2jax_process mathjax_process" }, `\\(${part}\\)`) : html("i", {}, plainFormula(part));
    }),
  );
  if (parts.length === 1 || !typesetting) return;
  const ready = window.MathJax.startup?.promise;
  if (ready && window.MathJax.typesetPromise) {
    ready.then(() => window.MathJax.typesetPromise([node])).catch((error) => console.error(error));
  }
}

export function create(root, spec, store, id) {
  if (spec.type !== "choice" && spec.type !== "number") throw new Error(`a question is of type "choice" or "number", not "${spec.type}"`);
  if (spec.type === "choice" && !(Array.isArray(spec.options) && spec.options.length > 1)) throw new Error("a choice needs at least two options");
  if (spec.type === "number" && !Number.isFinite(spec.answer)) throw new Error("its answer is not a number");

  const feedback = html("p", { class: "dl-feedback", role: "status" });
  const form = html("form", { class: "dl-question", novalidate: "" });
  const prompt = html(spec.type === "choice" ? "legend" : "label", { class: "dl-prompt" });
  write(prompt, spec.prompt ?? "");
  const check = html("button", { type: "submit", class: "dl-button dl-check" }, "Check");

  let read; // what is chosen or typed now, null if nothing
  let show; // put an answer into the inputs
  let judge; // answer → [right, explanation]
  if (spec.type === "choice") {
    const group = freshId();
    const inputs = spec.options.map((_, i) => html("input", { type: "radio", name: group, value: i }));
    const rows = spec.options.map((option, i) => {
      const words = html("span", {});
      write(words, option.text);
      return html("label", { class: "dl-option" }, inputs[i], words);
    });
    form.append(html("fieldset", {}, prompt, ...rows), check, feedback);
    read = () => {
      const chosen = inputs.findIndex((input) => input.checked);
      return chosen < 0 ? null : chosen;
    };
    show = (answer) => {
      inputs.forEach((input, i) => (input.checked = i === answer));
    };
    judge = (answer) => [Boolean(spec.options[answer].correct), spec.options[answer].feedback ?? ""];
  } else {
    const field = freshId();
    const input = html("input", { type: "text", id: field, autocomplete: "off", spellcheck: "false", size: 10 });
    prompt.setAttribute("for", field);
    const unit = html("span", { class: "dl-unit" });
    write(unit, spec.unit ?? "");
    form.append(prompt, html("div", { class: "dl-answer" }, input, unit, check), feedback);
    read = () => (input.value.trim() === "" ? null : input.value.trim());
    show = (answer) => (input.value = answer ?? "");
    const tolerance = spec.tolerance ?? 1e-3;
    judge = (answer) => {
      const readings = readingsOf(answer);
      if (!readings.length) return [null, "That is not a number; write it like 0.25, 1e-3 or 2/3."];
      const meets = (value) => readings.some((reading) => near(reading, value, tolerance));
      if (near(readings[0], spec.answer, tolerance)) return [true, spec.feedback?.right ?? ""];
      if (meets(spec.answer)) return [null, `Do you mean ${readings[1]} or ${readings[0]}? Write it without the comma.`];
      const hint = (spec.hints ?? []).find((h) => meets(h.value));
      return [false, hint?.feedback ?? spec.feedback?.wrong ?? ""];
    };
  }

  const allowed = (answer) =>
    spec.type === "choice"
      ? Number.isInteger(answer) && answer >= 0 && answer < spec.options.length
      : typeof answer === "string" && answer.length < 100;

  function respond(answer) {
    const [right, why] = judge(answer);
    feedback.dataset.result = right === null ? "unread" : right ? "right" : "wrong";
    const verdict = right === null ? "" : right ? "Right" : "Not yet";
    write(feedback, why.startsWith(verdict) ? why : `${verdict}. ${why}`);
  }
  function forget() {
    delete feedback.dataset.result;
    feedback.replaceChildren();
  }

  form.addEventListener("submit", (event) => {
    event.preventDefault();
    const answer = read();
    if (answer === null) {
      feedback.dataset.result = "unread";
      write(feedback, spec.type === "choice" ? "Choose an answer first." : "Type a number first.");
      return;
    }
    store.set("answer", answer);
    memory.write(id, answer);
    respond(answer);
  });
  form.addEventListener("input", forget);

  const asAnswer = (value) => (spec.type === "number" && typeof value === "number" ? String(value) : value);
  const stopListening = store.onChange(() => {
    const answer = asAnswer(store.get("answer"));
    if (answer === null) {
      show(null);
      memory.write(id, null);
      forget();
    } else if (allowed(answer)) {
      show(answer);
      respond(answer);
    }
  });
  const remembered = asAnswer(store.get("answer") ?? memory.read(id));
  if (allowed(remembered)) {
    store.set("answer", remembered);
    show(remembered);
    respond(remembered);
  }
  root.append(form);

  return {
    results: () => ({ result: feedback.dataset.result ?? null }),
    accept(name, value) {
      if (!allowed(asAnswer(value))) throw new Error(`the answer cannot be ${JSON.stringify(value)}`);
      return asAnswer(value);
    },
    destroy: stopListening,
  };
}
