/** What happened, in words: one sentence per method. */

import { html, text } from "../dom.js";
import { significant } from "../format.js";

const RESTS = 1e-6; // so near to a critical point a run has come to rest there

/** → [what is the case, what was achieved or suffered] for a run with {loss, divergedAt, reachedAt, distance, several, rate, end}. */
export function sentence(run, step, landscape) {
  const { loss, divergedAt, reachedAt, distance, rate, end } = run;
  const minimum = landscape.minimum ?? 0;
  const pace = rate === null ? [] : [`with α\u00a0=\u00a0${significant(rate)}`];
  if (divergedAt !== null && step >= divergedAt) return [pace.join(""), `diverged at step ${divergedAt}`];
  const when = step === 0 ? "at the start" : step === 1 ? "after 1 step" : `after ${step} steps`;
  const [symbol, value] = minimum ? ["J\u00a0−\u00a0J*", loss[step] - minimum] : ["J", loss[step]];
  // J* is a rounded number too: below it, a difference says nothing.
  const height = minimum && value <= 0 ? "0, as far as rounding tells" : significant(value);
  const facts = [...pace, `${when} ${symbol}\u00a0=\u00a0${height}`];
  for (const [name, points] of [["saddle", landscape.saddles], ["maximum", landscape.maxima]]) {
    if (points?.some(([a, b]) => Math.hypot(end[0] - a, end[1] - b) < RESTS)) return [facts.join(", "), `ended at a ${name}, not at a minimum`];
  }
  if (distance === 0) facts.push(`at ${run.several ? "a" : "the"} minimum`);
  else if (distance !== null) facts.push(`${significant(distance)} from the ${run.several ? "nearest " : ""}minimum`);
  return [facts.join(", "), reachedAt !== null && reachedAt <= step ? `below the goal line from step ${reachedAt} on` : ""];
}

export class Readout {
  constructor(methods) {
    this.rows = new Map(
      methods.map(({ name, label, colour }) => {
        const facts = html("span", {}, "…");
        const verdict = html("span", { class: "dl-verdict" });
        const row = html("li", { "data-method": name }, html("span", { class: "dl-swatch", "aria-hidden": "true" }), html("strong", {}, `${label}:`), " ", facts, verdict);
        row.style.setProperty("--dl-c", colour);
        return [name, { row, facts, verdict }];
      }),
    );
    this.element = html("ul", { class: "dl-readout" }, ...[...this.rows.values()].map(({ row }) => row));
  }

  choose(names) {
    for (const [name, { row }] of this.rows) row.hidden = !names.includes(name);
  }

  /** entries: [{name, label, facts, verdict, diverged}] → all of it as one text. */
  update(entries) {
    const shown = new Map(entries.map((entry) => [entry.name, entry]));
    for (const [name, { facts, verdict }] of this.rows) {
      const entry = shown.get(name);
      if (!entry) continue;
      text(facts, entry.facts && entry.verdict ? `${entry.facts}, ` : entry.facts && `${entry.facts}.`);
      text(verdict, entry.verdict && `${entry.verdict}.`);
      verdict.classList.toggle("dl-bad", entry.diverged);
    }
    return entries.map(({ label, facts, verdict }) => `${label}: ${[facts, verdict].filter(Boolean).join(", ")}.`).join(" ");
  }
}
