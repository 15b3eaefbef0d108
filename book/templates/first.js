{
  // The reader's colours, before any style is computed.
  const root = document.documentElement;
  const { later = "" } = document.currentScript.dataset;
  const saved = () => {
    try {
      return localStorage.getItem("mode");
    } catch {
      return null; // refused
    }
  };
  const mode = saved() || "auto";
  const system = matchMedia("(prefers-color-scheme: dark)").matches ? "dark" : "light";
  root.dataset.mode = mode;
  root.dataset.theme = mode === "auto" ? system : mode;

  // The theme's buttons, without code in their attributes.
  document.addEventListener("click", ({ target }) => {
    const { call } = target.closest?.("[data-call]")?.dataset ?? {};
    if (call === "window.print") window.print();
    if (call === "toggleFullScreen") window.toggleFullScreen?.();
  });

  /** A script that fails is the browser's to report; those after it come all the same. */
  const load = (address) =>
    new Promise((done) => {
      document.head.append(Object.assign(document.createElement("script"), { src: address, onload: done, onerror: done }));
    });
  const pause = (milliseconds = 0) => new Promise((done) => setTimeout(done, milliseconds));
  /** Wait, but not for ever: a script may be missing, and nobody draws pictures that nobody sees. */
  const soon = (event) => Promise.race([event, pause(document.hidden ? 0 : 2000)]);

  /** A displayed formula is as large as those in the text; one that leaves its line shrinks until it fits, but for 0.68 at most. */
  const widths = new WeakMap();
  function fit(lines) {
    const changed = lines.filter((line) => line.clientWidth && widths.get(line) !== line.clientWidth);
    for (const line of changed) line.style.fontSize = "";
    const ratios = changed.map((line) => {
      widths.set(line, line.clientWidth);
      const formula = line.querySelector("mjx-container");
      return formula ? formula.clientWidth / formula.scrollWidth : 1;
    });
    changed.forEach((line, k) => {
      if (ratios[k] < 1) line.style.fontSize = `${Math.max(68, Math.floor(100 * ratios[k]))}%`;
    });
  }
  // A phone is turned, a solution unfolds.
  const resized = new ResizeObserver((found) => requestAnimationFrame(() => fit(found.map(({ target }) => target))));

  // What scrolls can be reached by keyboard. To ask a block off screen for its size has it laid out, so the page is asked when
  // it has nothing else to do, and afterwards for what is on screen alone: the rest does not change unseen.
  const idle = () => new Promise((done) => (window.requestIdleCallback ?? setTimeout)(done, { timeout: 500 }));
  const seen = (block) => block.checkVisibility?.({ contentVisibilityAuto: true }) ?? true;
  let asked = new WeakSet();
  let blocks = [];
  let answered; // when all of them have been asked
  async function ask(all) {
    const open = all.filter((block) => !asked.has(block) || seen(block));
    for (let until = 0; open.length; ) {
      if (performance.now() >= until) {
        await idle();
        if (all !== blocks) return; // a later call goes on
        until = performance.now() + 8;
      }
      const block = open.shift();
      const reach = block.scrollWidth > block.clientWidth || block.scrollHeight > block.clientHeight ? 0 : -1;
      if (block.tabIndex !== reach) block.tabIndex = reach;
      asked.add(block);
    }
  }
  const reachable = (all) => (answered = ask((blocks = all)));
  function again() {
    asked = new WeakSet();
    reachable([...blocks]);
  }
  window.addEventListener("resize", () => (asked = new WeakSet())); // the theme calls
  document.addEventListener("toggle", () => reachable([...blocks]), true); // a solution unfolds

  /** Formulas a few at a time, so that the page answers meanwhile. */
  async function typeset() {
    const marked = ".math, .output_area, .tex2jax_process, .mathjax_process"; // what the configuration lets MathJax into
    const formulas = [...document.querySelectorAll(marked)].filter((element) => !element.parentElement.closest(marked));
    for (let count = 8; formulas.length; await pause()) {
      const begun = performance.now();
      const some = formulas.splice(0, count);
      await MathJax.typesetPromise(some);
      const lines = some.filter((element) => element.matches("div.math"));
      fit(lines);
      for (const line of lines) resized.observe(line);
      // As many as fit into half of a long task; each call lays out the page once, so not too few either.
      count = Math.max(8, Math.min(2 * count, Math.round((count * 25) / (performance.now() - begun))));
    }
    again(); // tables have their formulas now
  }

  async function go() {
    if (document.readyState === "loading") await new Promise((done) => document.addEventListener("DOMContentLoaded", done));
    const script = document.querySelector("script[fetchpriority=high]"); // of the explorables
    if (script && !window.dlcourse) await soon(new Promise((done) => script.addEventListener("load", done)));
    await soon(window.dlcourse?.ready);
    await soon(new Promise(requestAnimationFrame)); // what is in sight is drawn in it
    await pause();
    if (window.MathJax) MathJax.startup = { ...MathJax.startup, pageReady: typeset };
    for (const address of later.split(" ").filter(Boolean)) await load(address);
    await Promise.all([window.MathJax?.startup.promise, window.dlcourse?.ready]);
    for (let last; last !== answered; ) await (last = answered);
  }
  /** `book.ready`: all scripts have run, the explorables are alive, the formulas stand, and what scrolls can be reached. */
  window.book = { ready: go(), reachable };
}
