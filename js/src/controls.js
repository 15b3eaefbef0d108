/** Native controls: keyboard, touch and screen readers come with them. Each returns {element, update(value)}. */

import { attribute, freshId, html, svg, text } from "./dom.js";
import { exact, fixed, decimals, whole } from "./format.js";
import { clamp } from "./link.js";

/**
 * The values a slider can stand on. Log scales run in equal ratios and are rounded to three significant
 * digits, with a `step` of 1 to whole numbers as well, so that the number shown is the number used.
 */
export function range({ scale = "linear", min, max, step, ticks = 50 }) {
  if (!(Number.isFinite(min) && Number.isFinite(max) && min < max)) throw new Error(`a control needs min < max, not ${min} and ${max}`);
  if (scale === "log") {
    if (!(min > 0)) throw new Error(`a log scale needs a positive minimum, not ${min}`);
    const count = Math.max(1, Math.round(Math.log10(max / min) * ticks));
    const rounded = (i) => Number((min * (max / min) ** (i / count)).toPrecision(3));
    if (step) {
      const stops = [...new Set(Array.from({ length: count + 1 }, (_, i) => clamp(Math.round(rounded(i)), min, max)))];
      const nearest = (x) => stops.reduce((best, stop, i) => (Math.abs(Math.log(stop / x)) < Math.abs(Math.log(stops[best] / x)) ? i : best), 0);
      return { count: stops.length - 1, value: (i) => stops[i], position: (x) => nearest(clamp(x, min, max)), format: whole };
    }
    return {
      count,
      value: (i) => clamp(rounded(i), min, max),
      position: (x) => Math.round((Math.log(clamp(x, min, max) / min) / Math.log(max / min)) * count),
      format: (x) => exact(x),
    };
  }
  const width = step ?? (max - min) / 100;
  const count = Math.max(1, Math.round((max - min) / width));
  const places = decimals(width);
  return {
    count,
    value: (i) => clamp(Number((min + i * width).toFixed(places + 3)), min, max),
    position: (x) => Math.round((clamp(x, min, max) - min) / width),
    format: (x) => (Math.abs(x - Number(x.toFixed(places))) < 1e-12 ? fixed(x, places) : exact(x)),
  };
}

/** The longest of some texts, for which an element keeps room (style.css): what changes in it moves nothing beside it. */
export function reserve(element, texts) {
  attribute(element, "data-widest", texts.reduce((a, b) => (b.length > a.length ? b : a)));
}

/** `initial`: a value between two stops that takes the place of the nearest, so that a hand finds back to it. */
export function slider({ label, description = "", className = "", initial = undefined, ...spec }, onInput) {
  const scale = range(spec);
  const home = initial === undefined ? -1 : scale.position(initial);
  const id = freshId();
  const output = html("output", { for: id, class: "dl-value" });
  const input = html("input", { type: "range", id, min: 0, max: scale.count, step: 1 });
  reserve(output, [0, 1, 2, 3, 4, 5, 6, 7, 8].map((i) => scale.format(scale.value(Math.round((scale.count * i) / 8)))).concat(initial === undefined ? [] : scale.format(initial)));
  const name = html("label", { for: id });
  if (label) name.append(html("span", { class: "dl-symbol" }, label), " ");
  name.append(html("span", { class: "dl-description" }, description));
  const element = html("div", { class: `dl-slider ${className}` }, name, output, input);
  input.addEventListener("input", () => {
    const position = Number(input.value);
    onInput(position === home ? initial : scale.value(position));
  });
  return {
    element,
    input,
    /** `last`: the highest value there is now, where that changes. */
    update(value, last = undefined) {
      const count = last === undefined ? scale.count : scale.position(last);
      attribute(input, "max", count);
      const position = String(Math.min(scale.position(value), count));
      if (input.value !== position) input.value = position;
      const shown = scale.format(last === undefined ? value : Math.min(value, last));
      text(output, shown);
      attribute(input, "aria-valuetext", shown);
      input.style.setProperty("--dl-filled", `${(100 * Number(position)) / (count || 1)}%`);
    },
  };
}

export function select({ label, options }, onChange) {
  const id = freshId();
  const input = html("select", { id }, ...options.map((option) => html("option", { value: option.name }, option.label)));
  const element = html("div", { class: "dl-select" }, html("label", { for: id, class: "dl-name" }, label), input);
  input.addEventListener("change", () => onChange(input.value));
  return {
    element,
    input,
    update(value) {
      if (input.value !== value) input.value = value;
    },
  };
}

/** On or off. */
export function toggle({ label }, onChange) {
  const input = html("input", { type: "checkbox", role: "switch" });
  const element = html("label", { class: "dl-chip dl-switch" }, input, html("span", { class: "dl-box", "aria-hidden": "true" }), html("span", {}, label));
  input.addEventListener("change", () => onChange(input.checked));
  return {
    element,
    input,
    update(value) {
      input.checked = value;
      element.classList.toggle("dl-on", value);
    },
  };
}

/**
 * Check boxes as chips in the colours of what they switch; the last one stays on. `say(name → words)` puts a value into
 * each, with room for the `widest`; `point(name or null)` is called as the reader points at one, with the mouse or the keyboard.
 */
export function chips({ label, options, point, widest = "" }, onChange) {
  const inputs = options.map((option) => html("input", { type: "checkbox", value: option.name }));
  const values = options.map(() => html("span", { class: "dl-chip-value", "data-widest": widest || null }));
  const id = freshId();
  const element = html(
    "div",
    { class: "dl-chips", role: "group", "aria-labelledby": id },
    html("span", { id, class: "dl-name" }, label),
    html(
      "div",
      {},
      ...options.map((option, i) => {
        const chip = html("label", { class: "dl-chip" }, inputs[i], html("span", { class: "dl-box", "aria-hidden": "true" }), html("span", {}, option.label), values[i]);
        if (point) {
          for (const [begin, end] of [["pointerenter", "pointerleave"], ["focusin", "focusout"]]) {
            chip.addEventListener(begin, (event) => (event.pointerType === "touch" ? null : point(option.name)));
            chip.addEventListener(end, () => point(null));
          }
        }
        if (option.colour) chip.style.setProperty("--dl-c", option.colour);
        return chip;
      }),
    ),
  );
  for (const input of inputs) {
    input.addEventListener("change", () => {
      const chosen = inputs.filter((i) => i.checked).map((i) => i.value);
      if (chosen.length) onChange(chosen);
      else input.checked = true;
    });
  }
  return {
    element,
    inputs,
    update(chosen) {
      for (const input of inputs) {
        input.checked = chosen.includes(input.value);
        input.parentNode.classList.toggle("dl-on", input.checked);
      }
    },
    say(words) {
      options.forEach(({ name }, i) => text(values[i], words.get(name) ?? ""));
    },
  };
}

const ICONS = {
  back: "M13 2.5 L6 8 L13 13.5 Z M3 2.5 H5 V13.5 H3 Z",
  play: "M4 2.5 L13.5 8 L4 13.5 Z",
  pause: "M4 2.5 H7 V13.5 H4 Z M9 2.5 H12 V13.5 H9 Z",
  step: "M3 2.5 L10 8 L3 13.5 Z M11 2.5 H13 V13.5 H11 Z",
  reset: "M8 2.2 A5.8 5.8 0 1 1 2.6 5.9 L4.3 6.6 A4 4 0 1 0 8 4 L8 6.4 L3.9 3.1 L8 0 Z",
  link: "M6.6 9.4 A2.6 2.6 0 0 0 10.3 9.4 L12.9 6.8 A2.6 2.6 0 0 0 9.2 3.1 L8.2 4.1 M9.4 6.6 A2.6 2.6 0 0 0 5.7 6.6 L3.1 9.2 A2.6 2.6 0 0 0 6.8 12.9 L7.8 11.9",
};

/** A button with an icon, and with words beside it when `label` is to be seen. */
export function button({ icon, label, wordless = false, className = "" }, onClick) {
  const shape = svg("path", { d: ICONS[icon] });
  const words = html("span", wordless ? { class: "dl-hidden" } : {}, label);
  const element = html(
    "button",
    { type: "button", class: `dl-button ${className}`, title: wordless ? label : null },
    svg("svg", { viewBox: "0 0 16 16", width: 16, height: 16, "aria-hidden": "true", class: `dl-icon dl-icon-${icon}` }, shape),
    words,
  );
  element.addEventListener("click", onClick);
  return {
    element,
    words,
    update(next) {
      attribute(shape, "d", ICONS[next.icon]);
      text(words, next.label);
      if (wordless) attribute(element, "title", next.label);
    },
  };
}
