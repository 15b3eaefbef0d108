"""First-order methods that give every parameter its own step, and the proximal step for λ‖θ‖₁.

Squares, roots and quotients of vectors are taken entry by entry; g = ∇J(θ); every average starts at 0. Where a
gradient has been zero from the start, θ stays: 0/0 does not occur, even with ε = 0.
"""

from __future__ import annotations

from dataclasses import field
from typing import Any

import numpy as np

from ..autodiff import ShapeError
from .first_order import Gradient, UpdateRule
from .hyperparameters import HyperParameter, at


def divisor(d: Any, ε: Any) -> Any:
    """d, and 1 where it is 0: there the gradient is 0 as well."""
    return d if isinstance(ε, float) and ε > 0.0 else np.where(d > 0.0, d, 1.0)


class Adagrad(UpdateRule):
    """The more gradient a parameter has seen, the smaller its steps.

        r ← r + g²
        θ ← θ − α g / (ε + √r)

    [Duchi, Hazan and Singer 2011; sources 000, in words, and 003, which writes δ for ε]. No rate ever rises: the rates of
    parameters with large gradients fall faster than others. PyTorch's Adagrad is the same, with ε = 10⁻¹⁰.

    >>> rule = Adagrad(0.1)
    >>> rule.step(lambda θ: θ, np.array([1.0, 100.0, 0.0]), rule.init(np.zeros(3)), 1)[0]
    array([ 0.9, 99.9,  0. ])
    """

    learning_rate: HyperParameter = 0.01
    epsilon: HyperParameter = 1e-8

    def init(self, θ: Any) -> Any:
        return np.zeros(np.shape(θ))

    def step(self, gradient: Gradient, θ: Any, state: Any, t: Any) -> tuple[Any, Any]:
        α, ε = at(self.learning_rate, t), at(self.epsilon, t)
        g = gradient(θ)
        r = state + g * g
        return θ - α * g / divisor(ε + np.sqrt(r), ε), r


class RMSProp(UpdateRule):
    """Adagrad that forgets: steps in units of the gradient's root mean square, lately.

        r ← β r + (1 − β) g²
        θ ← θ − α g / (ε + √r)

    [Tieleman and Hinton 2012], with ε outside the root [source 003, which writes ρ and δ]. PyTorch's RMSprop is the same;
    it calls β `alpha`, and takes 0.99.

    >>> rule = RMSProp(0.1, beta=0.75)
    >>> rule.step(lambda θ: θ, np.array([1.0, 100.0]), rule.init(np.zeros(2)), 1)[0]
    array([ 0.8, 99.8])
    """

    learning_rate: HyperParameter = 0.01
    beta: HyperParameter = 0.9
    epsilon: HyperParameter = 1e-8

    def init(self, θ: Any) -> Any:
        return np.zeros(np.shape(θ))

    def step(self, gradient: Gradient, θ: Any, state: Any, t: Any) -> tuple[Any, Any]:
        α, β, ε = at(self.learning_rate, t), at(self.beta, t), at(self.epsilon, t)
        g = gradient(θ)
        r = β * state + (1.0 - β) * (g * g)
        return θ - α * g / divisor(self.root(r, ε), ε), r

    def root(self, r: Any, ε: Any) -> Any:
        """What the gradient is divided by."""
        return ε + np.sqrt(r)


class RMSPropEpsilonInside(RMSProp):
    """RMSProp with ε under the root.

        r ← β r + (1 − β) g²
        θ ← θ − α g / √(r + ε)

    [source 004; TensorFlow]. Against `RMSProp` it is √ε that bounds the divisor: the same ε slows small
    gradients far more.

    >>> rule = RMSPropEpsilonInside(0.1, beta=0.75, epsilon=0.75)
    >>> rule.step(lambda θ: θ, np.array([1.0]), rule.init(np.zeros(1)), 1)[0]
    array([0.9])
    """

    def root(self, r: Any, ε: Any) -> Any:
        return np.sqrt(r + ε)


class RMSPropMomentum(RMSProp):
    """RMSProp whose scaled gradients add up to a velocity.

        r ← β r + (1 − β) g²
        v ← μ v + g / (ε + √r)
        θ ← θ − α v

    [source 003 names it; Graves 2013]. This is PyTorch's RMSprop(momentum=μ), an accumulated form; TensorFlow has α
    in the line of v (and ε under the root), which is the same path while α is constant.

    >>> rule = RMSPropMomentum(0.1, beta=0.75, momentum=0.5)
    >>> rule.step(lambda θ: θ, np.array([1.0]), rule.init(np.zeros(1)), 1)[0]
    array([0.8])
    """

    momentum: HyperParameter = 0.9

    def init(self, θ: Any) -> Any:
        return np.zeros(np.shape(θ)), np.zeros(np.shape(θ))

    def step(self, gradient: Gradient, θ: Any, state: Any, t: Any) -> tuple[Any, Any]:
        α, β, ε, μ = (at(field, t) for field in (self.learning_rate, self.beta, self.epsilon, self.momentum))
        r, v = state
        g = gradient(θ)
        r = β * r + (1.0 - β) * (g * g)
        v = μ * v + g / divisor(self.root(r, ε), ε)
        return θ - α * v, (r, v)


class Adadelta(UpdateRule):
    """Steps in the parameter's own units: the root mean square of past steps stands where α stood.

        r ← β r + (1 − β) g²
        Δ = g √(s + ε) / √(r + ε)
        s ← β s + (1 − β) Δ²
        θ ← θ − α Δ

    [Zeiler 2012, with α = 1, β = 0.95 and ε = 10⁻⁶; named in source 003]. PyTorch's Adadelta is the same, with
    β = 0.9 (`rho`). The first steps are about √ε long: ε starts the motion, and with ε = 0 there is none.

    >>> rule = Adadelta(beta=0.75, epsilon=1e-4)
    >>> rule.step(lambda θ: θ, np.array([100.0]), rule.init(np.zeros(1)), 1)[0].round(6)
    array([99.98])
    """

    learning_rate: HyperParameter = 1.0
    beta: HyperParameter = 0.95
    epsilon: HyperParameter = 1e-6

    def init(self, θ: Any) -> Any:
        return np.zeros(np.shape(θ)), np.zeros(np.shape(θ))

    def step(self, gradient: Gradient, θ: Any, state: Any, t: Any) -> tuple[Any, Any]:
        α, β, ε = at(self.learning_rate, t), at(self.beta, t), at(self.epsilon, t)
        r, s = state
        g = gradient(θ)
        r = β * r + (1.0 - β) * (g * g)
        Δ = g * np.sqrt(s + ε) / divisor(np.sqrt(r + ε), ε)
        return θ - α * Δ, (r, β * s + (1.0 - β) * (Δ * Δ))


class Adam(UpdateRule):
    """Momentum in units of the gradient's root mean square, both averages corrected for starting at 0.

        m ← β₁ m + (1 − β₁) g            m̂ = m / (1 − β₁ᵗ)
        v ← β₂ v + (1 − β₂) g²           v̂ = v / (1 − β₂ᵗ)
        θ ← θ − α m̂ / (ε + √v̂)

    [Kingma and Ba 2015; sources 000, 003, 004]. PyTorch's Adam is the same. The corrections are computed as c ← β c + (1 − β),
    the same average of ones: 1 − βᵗ while β is constant, right for a β that changes too, and, without a power, the same
    to the last bit on every machine. The state is (m, v, c₁, c₂).

    >>> rule = Adam(0.1)
    >>> rule.step(lambda θ: θ, np.array([1.0, 100.0]), rule.init(np.zeros(2)), 1)[0]
    array([ 0.9, 99.9])
    """

    learning_rate: HyperParameter = 1e-3
    beta1: HyperParameter = 0.9
    beta2: HyperParameter = 0.999
    epsilon: HyperParameter = 1e-8

    def init(self, θ: Any) -> Any:
        return np.zeros(np.shape(θ)), np.zeros(np.shape(θ)), 0.0, 0.0

    def step(self, gradient: Gradient, θ: Any, state: Any, t: Any) -> tuple[Any, Any]:
        α, β1, β2, ε = (at(field, t) for field in (self.learning_rate, self.beta1, self.beta2, self.epsilon))
        m, v, c1, c2 = state
        g = gradient(θ)
        m, c1 = β1 * m + (1.0 - β1) * g, β1 * c1 + (1.0 - β1)
        v, c2 = β2 * v + (1.0 - β2) * (g * g), β2 * c2 + (1.0 - β2)
        root = np.sqrt(c2)  # θ − α m̂ / (ε + √v̂) with the scalars together: one array operation less
        return θ - (α * root / c1) * m / divisor(ε * root + np.sqrt(v), ε), (m, v, c1, c2)


def soft_threshold(z: Any, τ: Any) -> Any:
    """Towards 0 by τ ≥ 0, and 0 where |z| ≤ τ: the minimiser of ½ (x − z)² + τ |x| [Donoho and Johnstone 1994].

    z and τ : numbers, arrays of shapes that fit, or Tensors; ShapeError or ValueError if they do not fit.

    >>> soft_threshold(np.array([3.0, -0.5, -2.0]), 1.0)
    array([ 2.,  0., -1.])
    """
    return z - np.minimum(np.maximum(z, -τ), τ)


class ProximalGradient(UpdateRule):
    """A gradient step on J, then the exact step for λ‖θ‖₁: what it makes zero is exactly zero.

        z = θ − α ∇J(θ)
        θ ← sign(z) max(|z| − α λ, 0)

    [Daubechies, Defrise and De Mol 2004; Parikh and Boyd 2014]. Minimises J(θ) + λ Σ |θᵢ| over the entries that
    `weights`, a vector of booleans, marks (source 002: weights, never biases); without it, over all entries.
    PyTorch has no such rule: it is SGD, then `softshrink`.

    Raises ShapeError if `weights` is not shaped like θ, TypeError if it holds anything but booleans.

    >>> rule = ProximalGradient(0.5, l1=1.0, weights=np.array([True, True, False]))
    >>> rule.step(lambda θ: θ, np.array([3.0, 0.8, 0.8]), rule.init(np.zeros(3)), 1)[0]
    array([1. , 0. , 0.4])
    """

    learning_rate: HyperParameter
    l1: HyperParameter
    weights: Any = field(default=None, hash=False)

    def __post_init__(self) -> None:
        super().__post_init__()
        if self.weights is not None and np.asarray(self.weights).dtype != bool:
            raise TypeError(f"ProximalGradient: weights must be booleans, True for a weight, got {self.weights!r:.60}")

    def __eq__(self, other: object) -> bool:
        return type(other) is type(self) and all(map(np.array_equal, vars(self).values(), vars(other).values()))

    def init(self, θ: Any) -> Any:
        if self.weights is not None and np.shape(self.weights) != np.shape(θ):
            raise ShapeError(f"ProximalGradient: weights has shape {np.shape(self.weights)}, θ has {np.shape(θ)}")
        return ()

    def step(self, gradient: Gradient, θ: Any, state: Any, t: Any) -> tuple[Any, Any]:
        α, λ = at(self.learning_rate, t), at(self.l1, t)
        τ = α * λ if self.weights is None else α * λ * np.asarray(self.weights, dtype=float)
        return soft_threshold(θ - α * gradient(θ), τ), state
