"""Schedules: the value of a hyper-parameter as a function of the step t = 1, 2, …

A schedule stands wherever a rule takes a number. t may be an array of steps or a Tensor, and so may the schedule's own
numbers be Tensors, so that a schedule can be drawn, traced and driven by a slider. The first step is taken at the first
value: formulas below with k = t − 1, the number of steps done, agree with PyTorch's schedulers at epoch k.

`robbins_monro` says whether Σα = ∞ and Σα² < ∞ [Robbins and Monro 1951; source 002]. With further assumptions (noise of
bounded variance, among others) the two suffice for stochastic gradient descent to converge. They are not necessary:
where the first fails the run may still be long enough, and where only the second fails it may still converge.
"""

from __future__ import annotations

import math
import sys
from collections.abc import Sequence
from typing import Any, ClassVar, NamedTuple

import numpy as np

from ..autodiff import Tensor
from .hyperparameters import Checked, HyperParameter, at

__all__ = [
    "RobbinsMonro", "Schedule", "constant", "constant_then", "cyclic", "exponential", "halve_every", "halve_on_plateau",
    "inverse_time", "linear", "one_cycle", "power", "step", "warm_restarts",
]  # fmt: skip

Number = Any  # a number, or a Tensor while tracing


class RobbinsMonro(NamedTuple):
    """Whether Σα = ∞ and whether Σα² < ∞; None where that can't be known beforehand [Robbins and Monro 1951; source 002].

    >>> print(RobbinsMonro(True, False))
    violated: Σα² = ∞, so a noise floor may remain
    """

    sum_diverges: bool | None
    squares_converge: bool | None

    @property
    def satisfied(self) -> bool | None:
        """Both conditions; None where they are not known."""
        return None if self.sum_diverges is None else bool(self.sum_diverges and self.squares_converge)

    def __str__(self) -> str:
        words = {None: "not known: the values depend on losses or on a function", True: "satisfied: Σα = ∞ and Σα² < ∞"}
        noise, short = "Σα² = ∞, so a noise floor may remain", "Σα < ∞, so the run can end too early"
        return words.get(self.satisfied, f"violated: {noise if self.sum_diverges else short}")


def settles_at(α: Any) -> RobbinsMonro:
    """The verdict where all but the first values are about α, or come back to it."""
    return RobbinsMonro(True, False) if α > 0 else RobbinsMonro(False, True)


class Schedule(Checked):
    """What all schedules share: called with t they give a value, and they know their Robbins–Monro verdict.

    A schedule of one's own is a subclass with its numbers as fields and a `value`. Raises ValueError for a t below 1.

    >>> class cooling(Schedule):
    ...     initial: float
    ...
    ...     def value(self, t):
    ...         return self.initial / np.log(1.0 + t)
    >>> round(cooling(1.0)(1), 4)
    1.4427
    """

    settles: ClassVar[str] = "initial"  # the field which all but the first values are at, or come back to

    def __call__(self, t: Any) -> Any:
        if not isinstance(t, Tensor) and not np.all(np.greater_equal(t, 1)):
            raise ValueError(f"{type(self).__name__}: steps are counted from t = 1, got {t}")
        value = self.value(t)
        return float(value) if isinstance(value, np.generic) or (isinstance(value, np.ndarray) and not value.ndim) else value

    def value(self, t: Any) -> Any:
        """The value at step t."""
        raise NotImplementedError(f"{type(self).__name__} does not say what its value is")

    @property
    def robbins_monro(self) -> RobbinsMonro:
        """Whether Σα = ∞ and Σα² < ∞."""
        falls = getattr(self, "factor", 1) < 1  # over and over by the same factor: all values add up to something finite
        return settles_at(0.0 if falls else getattr(self, self.settles))


def floor(x: Any) -> Any:
    """The largest whole number ≤ x, in operations that can be traced."""
    return np.rint(x) - np.where(np.rint(x) > x, 1.0, 0.0)


def between(a: Any, b: Any, share: Any) -> Any:
    """On the straight line from a (share ≤ 0) to b (share ≥ 1)."""
    share = np.minimum(np.maximum(share, 0.0), 1.0)
    return (1.0 - share) * a + share * b


class constant(Schedule):
    """α_t = α. Violates Σα² < ∞: a noise floor remains.

    >>> constant(0.1)(np.array([1, 2, 3]))
    array([0.1, 0.1, 0.1])
    """

    initial: Number

    def value(self, t: Any) -> Any:
        return self.initial + 0.0 * t


class step(Schedule):
    """α_t = α f^⌊k/n⌋: a drop by the factor f every n steps [source 004; PyTorch's StepLR]. Violates Σα = ∞.

    >>> step(0.8, every=2, factor=0.5)(np.arange(1, 6))
    array([0.8, 0.8, 0.4, 0.4, 0.2])
    """

    initial: Number
    every: Number
    factor: Number = 0.1

    def value(self, t: Any) -> Any:
        return self.initial * self.factor ** floor((t - 1.0) / self.every)


def halve_every(initial: Number, every: Number) -> step:
    """Half the rate every n steps: `step` with the factor ½ [sources 003, 004]. Violates Σα = ∞. Errors as for `step`.

    >>> halve_every(0.8, 2)(5)
    0.2
    """
    return step(initial, every, 0.5)


class exponential(Schedule):
    """α_t = α fᵏ [source 004; PyTorch's ExponentialLR]. Violates Σα = ∞: all steps together are α / (1 − f).

    >>> exponential(0.8, 0.5)(np.arange(1, 5))
    array([0.8, 0.4, 0.2, 0.1])
    """

    initial: Number
    factor: Number

    def value(self, t: Any) -> Any:
        return self.initial * self.factor ** (t - 1.0)


class inverse_time(Schedule):
    """α_t = α / (1 + δ t) [sources 002, 004]. Satisfies Robbins–Monro for δ > 0.

    >>> inverse_time(0.6, delta=1.0)(np.arange(1, 4))
    array([0.3 , 0.2 , 0.15])
    """

    initial: Number
    delta: Number = 1.0

    def value(self, t: Any) -> Any:
        return self.initial / (1.0 + self.delta * t)

    @property
    def robbins_monro(self) -> RobbinsMonro:
        return RobbinsMonro(True, True) if self.delta > 0 and self.initial > 0 else settles_at(self.initial)


class power(Schedule):
    """α_t = α / t^δ [source 002]. Satisfies Robbins–Monro for ½ < δ ≤ 1; below, Σα² = ∞, above, Σα < ∞.

    >>> power(0.6, delta=0.5)(np.array([1, 4, 9]))
    array([0.6, 0.3, 0.2])
    """

    initial: Number
    delta: Number = 1.0

    def value(self, t: Any) -> Any:
        return self.initial * t ** (-1.0 * self.delta)  # falls to 0, where t^δ would be too large a number for Python

    @property
    def robbins_monro(self) -> RobbinsMonro:
        return RobbinsMonro(bool(self.delta <= 1), bool(self.delta > 0.5)) if self.initial > 0 else settles_at(0.0)


class linear(Schedule):
    """α_t = (1 − k/n) α + (k/n) α_f for k ≤ n = `steps`, then α_f [source 003; PyTorch's LinearLR].

    Violates Σα² < ∞ if α_f > 0, else Σα = ∞.

    >>> linear(0.4, 0.0, steps=4)(np.arange(1, 7))
    array([0.4, 0.3, 0.2, 0.1, 0. , 0. ])
    """

    settles = "final"

    initial: Number
    final: Number
    steps: Number

    def value(self, t: Any) -> Any:
        return between(self.initial, self.final, (t - 1.0) / self.steps)


class constant_then(Schedule):
    """α_t = α for t ≤ n = `steps`, then another schedule from its first step on [source 002: better for the first updates].

    The first n values change no sum's convergence: the verdict is that of the schedule which follows.

    >>> constant_then(0.8, 2, power(0.8))(np.arange(1, 5))
    array([0.8, 0.8, 0.8, 0.4])
    """

    initial: Number
    steps: Number
    then: HyperParameter

    def __post_init__(self) -> None:
        super().__post_init__()
        if not callable(self.then):
            raise TypeError(f"constant_then: then must be a schedule, got {self.then!r}")

    def value(self, t: Any) -> Any:
        return np.where(t > self.steps, at(self.then, np.maximum(t - self.steps, 1.0)), self.initial)

    @property
    def robbins_monro(self) -> RobbinsMonro:
        return self.then.robbins_monro if isinstance(self.then, Schedule) else RobbinsMonro(None, None)


class cyclic(Schedule):
    """Up from low to high in n = `half_period` steps and down again in n, over and over.

        α_t = low + (high − low) (1 − |1 − 2 φ|),  φ = the fractional part of k / 2n

    The triangular policy [Smith 2017; source 000; PyTorch's CyclicLR]. Violates Σα² < ∞.

    >>> cyclic(0.0, 0.2, half_period=2)(np.arange(1, 7))
    array([0. , 0.1, 0.2, 0.1, 0. , 0.1])
    """

    settles = "high"

    low: Number
    high: Number
    half_period: Number

    def value(self, t: Any) -> Any:
        cycles = (t - 1.0) / (2.0 * self.half_period)
        return between(self.low, self.high, 1.0 - np.abs(1.0 - 2.0 * (cycles - floor(cycles))))


class one_cycle(Schedule):
    """Up once, down once, then far down: straight lines over n = `steps` steps, and `final` from there on.

        α_t runs from `initial` at k = 0 to `peak` at k = r n − 1, back to `initial` at k = 2 r n − 2, to `final` at k = n − 1

    [Smith 2018; source 003; PyTorch's OneCycleLR with three_phase=True, anneal_strategy="linear"]. r is `rise`. Violates
    Σα² < ∞ if `final` > 0, else Σα = ∞. β usually takes the opposite way: one_cycle(0.95, 0.85, 0.95, steps).

    Raises ValueError if the steps are too few for a rise, r n ≤ 1.

    >>> one_cycle(0.1, 0.3, 0.0, steps=8, rise=0.375)(np.arange(1, 9)).round(3)
    array([0.1  , 0.2  , 0.3  , 0.2  , 0.1  , 0.067, 0.033, 0.   ])
    """

    settles = "final"

    initial: Number
    peak: Number
    final: Number
    steps: Number
    rise: Number = 0.45

    def __post_init__(self) -> None:
        super().__post_init__()
        if not isinstance(self.steps, Tensor) and not isinstance(self.rise, Tensor) and self.rise * self.steps <= 1:
            raise ValueError(f"one_cycle: {self.steps} steps are too few; rise · steps must exceed 1, but rise is {self.rise}")

    def value(self, t: Any) -> Any:
        k, top, end = t - 1.0, self.rise * self.steps - 1.0, self.steps - 1.0
        up = between(self.initial, self.peak, k / top)
        down = between(self.peak, self.initial, (k - top) / top)
        out = between(self.initial, self.final, (k - 2.0 * top) / (end - 2.0 * top))
        return np.where(k <= top, up, np.where(k <= 2.0 * top, down, out))


class warm_restarts(Schedule):
    """From high down to low along half a cosine, and at once up again; each fall m times as long as the last.

        α_t = low + ½ (high − low) (1 + cos(π φ)),  φ = the part of this fall that is done

    The first fall takes n = `period` steps, the next m n, m² n, … with m = `multiplier`, a plain whole number. SGDR
    [Loshchilov and Hutter 2017; source 003; PyTorch's CosineAnnealingWarmRestarts]. Violates Σα² < ∞.

    >>> warm_restarts(0.2, period=2, multiplier=2)(np.arange(1, 8)).round(3)
    array([0.2  , 0.1  , 0.2  , 0.171, 0.1  , 0.029, 0.2  ])
    """

    settles = "high"

    high: Number
    period: Number
    low: Number = 0.0
    multiplier: int = 1

    def __post_init__(self) -> None:
        super().__post_init__()
        if isinstance(self.multiplier, Tensor):
            raise TypeError("warm_restarts: multiplier must be a plain whole number, got a Tensor")

    def value(self, t: Any) -> Any:
        periods, m = (t - 1.0) / self.period, float(self.multiplier)
        if m == 1.0:
            done = periods - floor(periods)
        else:  # restarts at (mⁱ − 1)/(m − 1) periods; steps are whole, so rounding is kept out by less than half a step
            i = floor(np.log(1.0 + (m - 1.0) * (periods + 0.5 / self.period)) / math.log(m))
            done = (periods - (m**i - 1.0) / (m - 1.0)) / m**i
        return self.low + 0.5 * (self.high - self.low) * (1.0 + np.cos(math.pi * done))


class halve_on_plateau(Schedule):
    """Half the value whenever the validation loss has stopped improving: a function of the losses, not of t.

        α ← α / 2  after more than p = `patience` losses in a row that are not below best − θ |best|

    θ is `threshold`; the count starts anew after each halving [sources 003, 004; PyTorch's ReduceLROnPlateau with
    factor=0.5]. Call it with all validation losses so far, oldest first; in a rule, put the value in its place by
    `dataclasses.replace(rule, learning_rate=schedule(losses))`. Robbins–Monro does not apply.

    Raises TypeError if it is called with a step, ValueError for a loss that is not finite.

    >>> halve_on_plateau(0.8, patience=1)([3.0, 2.0, 2.0, 2.5])
    0.4
    """

    initial: Number
    patience: int = 10
    threshold: float = 1e-4

    def __call__(self, losses: Sequence[float]) -> Any:
        if np.ndim(losses) != 1:
            raise TypeError(f"halve_on_plateau: needs the validation losses so far, a list of numbers, got {losses!r:.60}")
        state = self.begin()
        for epoch, loss in enumerate(losses, 1):
            if not math.isfinite(loss):
                raise ValueError(f"halve_on_plateau: loss {epoch} is {loss}; validation losses must be finite")
            state = self.update(state, loss)
        value = state[0]
        return float(value) if isinstance(value, (np.generic, np.ndarray)) and not np.ndim(value) else value

    def begin(self) -> tuple[Any, Any, Any]:
        """The value, the best loss and how many are stale, before there is a loss."""
        return self.initial, sys.float_info.max, 0.0

    def update(self, state: tuple[Any, Any, Any], loss: Any) -> tuple[Any, Any, Any]:
        """The same after one loss more, in operations that can be traced."""
        value, best, stale = state
        better = np.less(loss, best - self.threshold * np.abs(best))
        best, stale = np.where(better, loss, best), np.where(better, 0.0, stale + 1.0)
        late = np.greater(stale, self.patience)
        return np.where(late, 0.5 * value, value), best, np.where(late, 0.0, stale)

    @property
    def robbins_monro(self) -> RobbinsMonro:
        return RobbinsMonro(None, None)
