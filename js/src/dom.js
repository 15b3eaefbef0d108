/** Making elements: attributes and text only, never HTML. */

const SVG = "http://www.w3.org/2000/svg";

function build(node, attributes, children) {
  for (const [name, value] of Object.entries(attributes)) {
    if (value !== null && value !== undefined) node.setAttribute(name, value);
  }
  node.append(...children);
  return node;
}

export const html = (tag, attributes = {}, ...children) =>
  build(document.createElement(tag), attributes, children);

export const svg = (tag, attributes = {}, ...children) =>
  build(document.createElementNS(SVG, tag), attributes, children);

/** Write only what changed: an unchanged attribute costs the browser a style pass all the same. */
export function attribute(node, name, value) {
  const text = String(value);
  if (node.getAttribute(name) !== text) node.setAttribute(name, text);
}

export function text(node, value) {
  if (node.textContent !== value) node.textContent = value;
}

let issued = 0;
/** An id for `for=`, `aria-labelledby` and `clip-path`, unique in the document. */
export const freshId = () => `dlcourse-${++issued}`;
