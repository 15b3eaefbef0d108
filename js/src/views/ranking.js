/** Who is below the target first, to stay: the order of the runs of a race, and what is said of it. */

import { power, significant } from "../format.js";

const arrived = (run, step) => run.reachedAt !== null && run.reachedAt <= step;

/** The fastest first; then what is lowest; what diverged last. */
export function ranked(runs, step) {
  const place = (run) => (run.ended ? 2 : arrived(run, step) ? 0 : 1);
  const height = (run) => (arrived(run, step) ? run.reachedAt : run.above[step]);
  return [...runs].sort((a, b) => place(a) - place(b) || (height(a) - height(b) || 0));
}

export const WIDEST = "J\u00a08.8\u00a0×\u00a010⁻¹⁶";

/** What a run's chip says of it; where the landscape's `minimum` is not 0, its J counts from there. */
export function standing(run, step) {
  if (run.ended) return "diverged";
  return arrived(run, step) ? `step ${run.reachedAt}` : `J\u00a0${significant(run.above[step], 2)}`;
}

const list = (words) => (words.length < 2 ? words.join("") : `${words.slice(0, -1).join(", ")} and ${words.at(-1)}`);

export function outcome(order, step, target) {
  const exponent = Math.log10(target);
  const goal = Number.isInteger(exponent) ? power(exponent) : significant(target);
  const there = order.filter((run) => arrived(run, step));
  const gone = order.filter((run) => run.ended);
  const rest = order.filter((run) => !there.includes(run) && !gone.includes(run));
  const passing = rest.filter((run) => run.above[step] < target);
  const above = rest.filter((run) => !passing.includes(run));
  const said = [];
  if (there.length) {
    const [first, ...others] = there;
    const ties = others.filter((run) => run.reachedAt === first.reachedAt);
    const behind = others.filter((run) => run.reachedAt > first.reachedAt);
    said.push(`${list([first.label, ...ties.map((run) => run.called)])} ${ties.length ? "are" : "is"} first below ${goal} for good, at step ${first.reachedAt}`);
    if (behind.length) said[0] += `; then ${list(behind.map((run) => `${run.called} (${run.reachedAt})`))}`;
    said[0] += ".";
  } else said.push(step === 0 ? "All stand at the start." : `None is below ${goal} for good after ${step} ${step === 1 ? "step" : "steps"}.`);
  if (there.length && above.length) said.push(`Still above it after ${step} steps: ${list(above.map((run) => run.called))}.`);
  if (passing.length) said.push(`Below it, but not to stay: ${list(passing.map((run) => run.called))}.`);
  if (gone.length) said.push(`Diverged: ${list(gone.map((run) => run.called))}.`);
  return said.join(" ");
}
