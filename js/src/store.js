/**
 * Where the values of the controls live. Both kinds offer
 *   get(name), set(name, value), onChange(callback(name)) → stop, initial (the state as built), destroy().
 */

const same = (a, b) =>
  Object.is(a, b) || (Array.isArray(a) && Array.isArray(b) && a.length === b.length && a.every((x, i) => Object.is(x, b[i])));

const copy = (value) => (Array.isArray(value) ? value.slice() : value);

/** The static page: a plain object. */
export function pageStore(state) {
  const values = { ...state };
  const listeners = new Set();
  return {
    initial: Object.fromEntries(Object.entries(state).map(([name, value]) => [name, copy(value)])),
    get: (name) => values[name],
    set(name, value) {
      if (same(values[name], value)) return;
      values[name] = copy(value);
      for (const listener of listeners) listener(name);
    },
    onChange(listener) {
      listeners.add(listener);
      return () => listeners.delete(listener);
    },
    destroy: () => listeners.clear(),
  };
}

/** JupyterLab, VS Code, …: the synced traits of an ipywidgets model; the changes of one event are saved together. */
export function widgetStore(model, names) {
  const listeners = new Set();
  const handlers = names.map((name) => {
    const handler = () => {
      for (const listener of listeners) listener(name);
    };
    model.on(`change:${name}`, handler);
    return [name, handler];
  });
  let saving = false;
  return {
    initial: Object.fromEntries(names.map((name) => [name, copy(model.get(name))])),
    get: (name) => model.get(name),
    set(name, value) {
      if (same(model.get(name), value)) return;
      model.set(name, copy(value));
      if (saving) return;
      saving = true;
      queueMicrotask(() => {
        saving = false;
        model.save_changes();
      });
    },
    onChange(listener) {
      listeners.add(listener);
      return () => listeners.delete(listener);
    },
    destroy() {
      listeners.clear();
      for (const [name, handler] of handlers) model.off(`change:${name}`, handler);
    },
  };
}
