// Functions of one number where Math has none, or a slower or less careful one. Edge cases are NumPy's.

/** Half to even; keeps −0. Below 2^52 adding 2^52 leaves no room for a fraction, and the sum is rounded to even. */
export function rint(x) {
  const a = Math.abs(x);
  if (!(a < 2 ** 52) || a === 0) return x;
  const y = a + 2 ** 52 - 2 ** 52;
  return x < 0 ? -y : y;
}

/** sign(−0) is 0 as in NumPy (Math.sign keeps −0). */
export const sign = (x) => (x > 0 ? 1 : x < 0 ? -1 : x === 0 ? 0 : x);

/** C's pow says 1 where JavaScript says NaN: 1 to any power, and (−1)^±∞. */
export const power = (x, y) => (x === 1 || (x === -1 && (y === Infinity || y === -Infinity)) ? 1 : x ** y);

/** 1 / (1 + e^−x) without overflow on either side. */
export function logistic(x) {
  const e = Math.exp(-Math.abs(x));
  return x < 0 ? e / (1 + e) : 1 / (1 + e);
}

/** log(1 + e^x) without overflow. */
export const softplus = (x) => Math.max(x, 0) + Math.log1p(Math.exp(-Math.abs(x)));
