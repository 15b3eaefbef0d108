// The classic script of the built book: mounts every explorable of the page. A classic script, because a page
// opened as a file may not import modules.

import { mount, mountAll, mountOne } from "./mount.js";
import { compile } from "./program/compile.js";
import { kernelNames } from "./program/kernels.js";

window.dlcourse = { mount, compile, kernelNames };

/** Whether the parser is past the element: something follows it. */
function isParsed(el) {
  for (let node = el; node; node = node.parentElement) if (node.nextSibling) return true;
  return false;
}

if (document.readyState === "loading") {
  // The script may be here before the page's end: what stands at the top comes alive while the rest is being read.
  for (const el of document.querySelectorAll(".dlcourse-explorable")) if (isParsed(el)) mountOne(el);
  document.addEventListener("DOMContentLoaded", () => mountAll(document));
} else mountAll(document);
