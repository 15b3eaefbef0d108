/**
 * When a view has to draw: as soon as its width is known if it is on screen, else when the page has nothing to do or
 * the view comes near, again when its width changes. All views of a page share the observers, so that the page is laid out once for all of them.
 *
 * A view: {root, ruler, resize(width), show(), hide(), busy(): whether its drawing is not done yet}. The ruler is an element
 * as wide as the drawing whose size does not depend on what is drawn.
 */

const views = new Map(); // ruler or root → view
let widths;
let places;

// Off screen, not drawn yet: one after the other gets its first drawing while the page is idle, so that none is blank
// when it comes into view or onto a picture of the whole page.
const waiting = [];
let drawing = null; // the one whose turn it is, until its drawing is done
const whenIdle = window.requestIdleCallback ?? ((callback) => setTimeout(callback, 200));

function drawNext() {
  if (drawing || !waiting.length) return;
  const view = (drawing = waiting.shift());
  view.show();
  const leave = () => {
    if (view.busy()) return requestAnimationFrame(leave);
    drawing = null;
    if (!view.near) view.hide();
    if (waiting.length) whenIdle(drawNext);
  };
  requestAnimationFrame(() => requestAnimationFrame(leave));
}

function begin() {
  // The first report comes after the page's first layout and before its first painting.
  widths = new ResizeObserver((entries) => {
    const changed = entries.map((entry) => views.get(entry.target)).filter(Boolean);
    const measured = changed.map((view) => [view, Math.floor(view.ruler.clientWidth)]);
    const fresh = measured.filter(([view, width]) => view.resize(width) && !view.placed);
    const boxes = fresh.map(([view]) => [view, view.root.getBoundingClientRect()]);
    for (const [view, { top, bottom }] of boxes) {
      view.placed = true;
      if (top < window.innerHeight && bottom > 0) view.show(true);
      else waiting.push(view);
    }
    if (waiting.length) whenIdle(drawNext);
  });
  places = new IntersectionObserver(
    (entries) => {
      for (const { target, isIntersecting } of entries) {
        const view = views.get(target);
        if (!view?.placed) continue;
        view.near = isIntersecting;
        if (isIntersecting) view.show();
        else if (view !== drawing && !waiting.includes(view)) view.hide();
      }
    },
    { rootMargin: "100px" },
  );
}

/** → a function that stops watching. */
export function watch(view) {
  if (!widths) begin();
  views.set(view.root, view);
  views.set(view.ruler, view);
  widths.observe(view.ruler);
  places.observe(view.root);
  return () => {
    widths.unobserve(view.ruler);
    places.unobserve(view.root);
    waiting.splice(0, waiting.length, ...waiting.filter((other) => other !== view));
    views.delete(view.root);
    views.delete(view.ruler);
  };
}
