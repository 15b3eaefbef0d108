/** Numbers as a reader sees them: true minus sign, ×10ⁿ, a fixed number of significant digits. */

const SUPERSCRIPT = { "-": "⁻", 0: "⁰", 1: "¹", 2: "²", 3: "³", 4: "⁴", 5: "⁵", 6: "⁶", 7: "⁷", 8: "⁸", 9: "⁹" };

export const superscript = (integer) => [...String(integer)].map((c) => SUPERSCRIPT[c]).join("");

export const power = (exponent) => (exponent === 0 ? "1" : exponent === 1 ? "10" : `10${superscript(exponent)}`);

const minus = (text) => text.replace("-", "−");

/** `digits` significant digits: 0.0180, 3.20 × 10⁻⁴. */
export function significant(x, digits = 3) {
  if (x === 0) return "0";
  if (!Number.isFinite(x)) return x > 0 ? "∞" : x < 0 ? "−∞" : "undefined";
  const [mantissa, exponent] = x.toExponential(digits - 1).split("e");
  const e = Number(exponent);
  if (e < -3 || e > 3) return `${minus(mantissa)}\u00a0×\u00a010${superscript(e)}`;
  return minus(Number(x.toPrecision(digits)).toFixed(Math.max(0, digits - 1 - e)));
}

/** The value of a control: never fewer digits than the value in use has (up to six; 0.122 + 10⁻¹⁷ is 0.122). */
export function exact(x, digits = 3) {
  const six = Number(x.toPrecision(6));
  let needed = digits;
  while (Number(x.toPrecision(needed)) !== six) needed++;
  return significant(x, needed);
}

/** A sentence whose short equations stay on one line: no break on either side of the sign. */
export const unbroken = (words) => words.replace(/(\S) ([=≈×<>≤≥]) (?=\S{1,12}(?:\s|$))/g, "$1\u00a0$2\u00a0");

/** Ticks of one axis share their number of decimals. */
export function decimals(step) {
  return Math.max(0, -Math.floor(Math.log10(step) + 1e-9));
}

/** A count: 20,000. */
export const whole = (x) => fixed(x, 0).replace(/\B(?=(\d{3})+$)/g, ",");

export const fixed = (x, places) => minus((Math.abs(x) < 0.5 * 10 ** -places ? 0 : x).toFixed(places));
