/** A state in the page's address: `#id?alpha=0.1&methods=gradient_descent,momentum`. Reading it trusts nothing. */

const NUMBER = /^[+-]?(\d+\.?\d*|\.\d+)(e[+-]?\d+)?$/i;

/** A finite number written in plain digits, or undefined. */
export function parseNumber(text) {
  const value = NUMBER.test(text) ? Number(text) : NaN;
  return Number.isFinite(value) ? value : undefined;
}

export const clamp = (x, low, high) => Math.min(high, Math.max(low, x));

/** → {id, values: Map name → text} or null. */
export function readFragment(fragment) {
  const mark = fragment.indexOf("?");
  if (!fragment.startsWith("#") || mark < 2) return null;
  try {
    return { id: decodeURIComponent(fragment.slice(1, mark)), values: new Map(new URLSearchParams(fragment.slice(mark + 1))) };
  } catch {
    return null; // a stray % that is no escape
  }
}

/** `texts`: name → text or list of texts. */
export function writeFragment(id, texts) {
  const pairs = Object.entries(texts).map(([name, value]) => {
    const list = Array.isArray(value) ? value : [value];
    return `${encodeURIComponent(name)}=${list.map((item) => encodeURIComponent(item)).join(",")}`;
  });
  return `#${encodeURIComponent(id)}?${pairs.join("&")}`;
}
