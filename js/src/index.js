// The classic script of the built book: mounts every explorable of the page. A classic script, because a page
// opened as a file may not import modules.

import { mount, mountAll } from "./mount.js";
import { compile } from "./program/compile.js";
import { kernelNames } from "./program/kernels.js";

window.dlcourse = { mount, compile, kernelNames };

if (document.readyState === "loading") document.addEventListener("DOMContentLoaded", () => mountAll(document));
else mountAll(document);
