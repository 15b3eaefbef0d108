// tanh, where training spends most of its time after the products. Its arithmetic stands in the loop: no call is made, no
// number is boxed, nothing branches on what is computed. Math.exp alone takes as long.

const LARGE = 22; // tanh is ±1 from here on
const POWERS = Float64Array.from({ length: 129 }, (_, n) => 2 ** (n - 64));
const [LN2_HIGH, LN2_LOW] = [6.93147180369123816490e-1, 1.90821492927058770002e-10];

/**
 * With 2x = k ln 2 + r and e^r = (q + 2r)/q (the exponential of fdlibm, Sun Microsystems 1993: q = 2 − r + t P(t), t = r²)
 *
 *   tanh x = (e^2x − 1)/(e^2x + 1) = ((2ᵏ − 1) q + 2ᵏ 2r) / ((2ᵏ + 1) q + 2ᵏ 2r),
 *
 * where nothing is lost by subtraction near 0, since there k = 0.
 */
export function tanh(m, o, n, a, sa) {
  for (const end = o + n; o < end; o++, a += sa) {
    const x = m[a];
    const y = 2 * Math.max(-LARGE, Math.min(x, LARGE));
    const j = (y * 1.4426950408889634 + 64.5) | 0;
    const k = j - 64;
    const r = y - k * LN2_HIGH - k * LN2_LOW;
    const t = r * r;
    const q = 2 - r + t * (1.66666666666666019037e-1 + t * (-2.77777777770155933842e-3 + t * (6.61375632143793436117e-5 + t * (-1.65339022054652515390e-6 + t * 4.13813679705723846039e-8))));
    const s = POWERS[j];
    const e = 2 * s * r;
    m[o] = x === 0 ? x : ((s - 1) * q + e) / ((s + 1) * q + e);
  }
}
