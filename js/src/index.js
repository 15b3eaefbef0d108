// The classic script of the built book: mounts every explorable of the page. A classic script, because a page
// opened as a file may not import modules.

import { mount, mountAll, mountOne } from "./mount.js";
import { compile } from "./program/compile.js";
import { kernelNames } from "./program/kernels.js";

/** Whether the parser is past the element: something follows it. */
function isParsed(el) {
  for (let node = el; node; node = node.parentElement) if (node.nextSibling) return true;
  return false;
}

const BUDGET = 8; // milliseconds of a frame for what is not alive yet

/**
 * While the page is still being read, what has arrived comes alive before each picture, a few at a time: the first
 * explorable stands in the first picture.
 */
function comeAlive(done) {
  const begun = performance.now();
  const read = document.readyState !== "loading";
  for (const el of document.querySelectorAll(".dlcourse-explorable")) {
    if (el.explorable || !(read || isParsed(el))) continue;
    if (performance.now() - begun > BUDGET) return requestAnimationFrame(() => comeAlive(done));
    mountOne(el);
  }
  if (!read) return requestAnimationFrame(() => comeAlive(done));
  mountAll(document);
  done();
}

/** `dlcourse.ready`: every explorable of the page is mounted. */
const ready = new Promise((done) => {
  if (document.readyState === "loading") requestAnimationFrame(() => comeAlive(done));
  else {
    mountAll(document);
    done();
  }
});

window.dlcourse = { mount, compile, kernelNames, ready };
