/** What controls can be set to: by a reader's hand, by a script, by the text of a link. */

import { clamp, parseNumber } from "./link.js";

/** What a value of the state has to be; → the value, clamped to what the control can give, or undefined. */
export function valid(control, value) {
  if (control.type === "choice") return control.options.some(({ name }) => name === value) ? value : undefined;
  if (control.type === "pick") return control.names.includes(value) ? value : undefined;
  if (control.type === "switch") return typeof value === "boolean" ? value : undefined;
  if (typeof value !== "number" || !Number.isFinite(value)) return undefined;
  const { min, max, step } = control;
  return clamp(Number.isInteger(step) ? min + step * Math.round((value - min) / step) : value, min, max);
}

/** The same from the text of a link. */
export function read(control, words) {
  if (control.type === "slider") return valid(control, parseNumber(words));
  return valid(control, control.type === "switch" ? { true: true, false: false }[words] : words);
}
