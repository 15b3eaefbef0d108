/**
 * Training a network step by step. It moves arrays between the programs that Python recorded: the gradient on a
 * batch, the update of a rule, losses, maps. It computes nothing itself.
 */

import { decode } from "../program/build.js";
import { compile } from "../program/compile.js";

export class Trainer {
  constructor(spec) {
    this.spec = spec;
    this.compiled = new Map();
    this.labels = decode(spec.labels);
    this.grid = decode(spec.grid);
    this.count = 0; // steps so far
    this.seen = 0; // examples so far, each as often as it was taken
  }

  /** A program is compiled when it is first needed, and kept while its network or rule is. */
  #program(key, json) {
    if (!this.compiled.has(key)) this.compiled.set(key, { ...compile(json), inputs: json.inputs, outputs: json.outputs });
    return this.compiled.get(key);
  }

  /** Begin at step 0; `settings`: values of the controls by name. What only steers the next steps may change later: `steer`. */
  restart(settings) {
    const { spec } = this;
    const { data, noise, hidden, activation, rule, seed } = settings;
    const name = `${hidden}/${activation}`;
    if (name !== this.name) this.compiled.clear(); // a reader who tries all of them needs not keep them all
    this.name = name;
    this.settings = { ...settings };
    this.network = spec.networks[name];
    const [base, shift] = spec.data[data].map((part) => decode(part));
    this.sample = copied(this.#program("sample", spec.sample).run({ base, shift, noise }));
    const scale = this.network.scale.flatMap(([count, value]) => new Array(count).fill(value));
    const draw = decode(spec.draws[seed - 1][this.network.draw || "uniform"]);
    this.theta = this.#program("start", spec.start).run({ scale, draw }).theta.slice();
    this.update = this.#program(`update ${rule}`, spec.rules[rule].update);
    this.look = spec.rules[rule].look && this.#program(`look ${rule}`, spec.rules[rule].look);
    this.state = Object.fromEntries(this.update.inputs.filter(([key]) => key.startsWith("state")).map(([key, shape]) => [key, new Float64Array(shape.reduce((n, m) => n * m, 1))]));
    this.count = 0;
    this.seen = 0;
    this.every = 1;
    this.records = []; // [step, training loss, its error, validation loss, its error]
    this.#batch();
    this.#record();
  }

  /** From here on with other α, β, λ or batch size. */
  steer(settings) {
    this.settings = { ...settings };
    this.#batch();
  }

  #batch() {
    const size = Number(this.settings.batch);
    this.gradient = this.#program(`gradient ${size}`, this.network.gradients[size]);
    const whole = size === this.spec.examples;
    this.size = size;
    this.X = whole ? this.sample.training : new Float64Array(2 * size);
    this.y = whole ? this.labels : new Float64Array(size);
  }

  /** The next rows of the present epoch's order, and of the next one's where it ends: the batch size may have changed within. */
  #gather() {
    const { seen, size, X, y, sample, labels } = this;
    const { examples, shuffles } = this.spec;
    for (let i = 0; i < size; i++) {
      const at = seen + i;
      const row = shuffles[Math.floor(at / examples) % shuffles.length][at % examples];
      X[2 * i] = sample.training[2 * row];
      X[2 * i + 1] = sample.training[2 * row + 1];
      y[i] = labels[row];
    }
  }

  step() {
    const { settings, state, theta } = this;
    const { alpha, beta, l1, l2 } = settings;
    if (this.size !== this.spec.examples) this.#gather();
    const at = this.look ? this.look.run({ theta, ...state, alpha, beta }).theta : theta;
    const { gradient } = this.gradient.run({ theta: at, X: this.X, y: this.y, l1, l2 });
    const found = this.update.run({ theta, ...state, gradient, alpha, beta });
    theta.set(found.theta);
    for (const key of Object.keys(state)) state[key].set(found[key]);
    this.count++;
    this.seen += this.size;
    if (this.count % this.every === 0) {
      this.#record();
      if (this.records.length > this.spec.records) {
        this.records = this.records.filter((_, i) => i % 2 === 0);
        this.every *= 2;
      }
    }
  }

  #record() {
    const { training, validation } = this.sample;
    const found = this.#program("losses", this.network.losses).run({ theta: this.theta, training, validation, y: this.labels });
    this.last = [this.count, found.training[0], found.training_error[0], found.validation[0], found.validation_error[0]];
    this.records.push(this.last);
  }

  /** The records, with one of where training is now. */
  losses() {
    const { count, records } = this;
    if (records.at(-1)[0] === count) return records;
    this.#record();
    records.pop();
    return [...records, this.last];
  }

  /** → {boundary, units}; overwritten by the next call. */
  maps() {
    return this.#program("maps", this.network.maps).run({ theta: this.theta, grid: this.grid });
  }
}

const copied = (results) => Object.fromEntries(Object.entries(results).map(([name, array]) => [name, array.slice()]));
