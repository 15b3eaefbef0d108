// tanh, where training spends most of its time after the products. Its arithmetic stands in the loop, so that no call is
// made and no number is boxed; Math.exp alone takes as long.

const LARGE = 22; // tanh is ±1 from here on
const POWERS = Float64Array.from({ length: 65 }, (_, n) => 2 ** n);
const [LN2_HIGH, LN2_LOW] = [6.93147180369123816490e-1, 1.90821492927058770002e-10];

/**
 * Near 0 a rational approximation (Cody and Waite 1980). Elsewhere 1 − 2/(e^2|x| + 1), where 2|x| = k ln 2 + r and
 * e^r = (q + 2r)/q, the exponential of fdlibm (Sun Microsystems 1993) with q = 2 − (r − t P(t)), t = r².
 */
export function tanh(m, o, n, a, sa) {
  for (const end = o + n; o < end; o++, a += sa) {
    const x = m[a];
    const size = Math.abs(x);
    if (size < 0.625) {
      const z = x * x;
      const p = (-0.964399179425052238628 * z - 99.2877231001918586564) * z - 1614.68768441708447952;
      const q = ((z + 112.811678491632931402) * z + 2235.48839060100448583) * z + 4844.06305325125486048;
      m[o] = x === 0 ? x : x + x * z * (p / q);
    } else {
      const y = 2 * Math.min(size, LARGE);
      const k = (y * 1.4426950408889634 + 0.5) | 0;
      const r = y - k * LN2_HIGH - k * LN2_LOW;
      const t = r * r;
      const q = 2 - (r - t * (1.66666666666666019037e-1 + t * (-2.77777777770155933842e-3 + t * (6.61375632143793436117e-5 + t * (-1.65339022054652515390e-6 + t * 4.13813679705723846039e-8)))));
      const h = 1 - (2 * q) / (POWERS[k] * (q + 2 * r) + q);
      m[o] = x < 0 ? -h : h;
    }
  }
}
