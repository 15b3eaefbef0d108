"""Controls: traits that know their slider. Range, label and validation stand in one place."""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from typing import Any

import numpy as np
import traitlets


class Slider(traitlets.TraitType[float, float]):
    """A number within a range, synced with the page.

    scale : "linear", or "log" for a slider that moves by factors (its values keep three significant digits, so
    that the number shown is the number used), with `ticks` places a decade.
    step : a whole number makes the values whole; on a log scale it is 1, for a slider that counts.
    limit : a slider of the same range above whose value this one cannot be moved.
    when : a switch while which is off this slider changes nothing, so that it is not shown.

    Raises TraitError for anything but a finite number in the range.
    """

    def __init__(
        self,
        default: float,
        *,
        low: float,
        high: float,
        label: str,
        description: str,
        scale: str = "linear",
        step: float | None = None,
        ticks: int = 50,
        limit: str = "",
        when: str = "",
    ) -> None:
        if not (math.isfinite(low) and math.isfinite(high) and low < high and (scale != "log" or low > 0)):
            raise ValueError(f"Slider {label}: needs a range low < high (both above 0 on a log scale), got {low} to {high}")
        if scale == "log" and not (step is None or (step == 1 and low == int(low) and high == int(high))):
            raise ValueError(
                f"Slider {label}: a log scale has no step, or 1 between whole ends, got {step} from {low} to {high}"
            )
        super().__init__(default_value=default)
        self.low, self.high, self.scale, self.label, self.description = low, high, scale, label, description
        self.interval, self.ticks, self.limit, self.when = step, ticks, limit, when
        self.tag(sync=True)

    def validate(self, obj: Any, value: Any) -> float:
        number = isinstance(value, (int, float, np.number)) and not isinstance(value, bool)
        if not number or not self.low <= float(value) <= self.high:
            raise traitlets.TraitError(
                f"{self.name} ({self.description}): needs a number from {self.low:g} to {self.high:g}, got {value!r}"
            )
        if isinstance(self.interval, int):
            if float(value) != int(value):
                raise traitlets.TraitError(f"{self.name} ({self.description}): needs a whole number, got {value!r}")
            return int(value)
        return float(value)

    def describe(self) -> dict[str, Any]:
        """What the page needs to draw the slider."""
        found = {"label": self.label, "description": self.description, "scale": self.scale, "min": self.low, "max": self.high}
        more: dict[str, Any] = {"ticks": self.ticks} if self.scale == "log" and self.ticks != 50 else {}
        more |= {name: told for name in ("limit", "when") if (told := getattr(self, name))}
        return found | more if self.interval is None else found | more | {"step": self.interval}

    def stops(self) -> list[float]:
        """The numbers that the slider can stand on, as the page rounds them.

        >>> Slider(1.0, low=0.1, high=10.0, scale="log", ticks=2, label="ε", description="step").stops()
        [0.1, 0.316, 1.0, 3.16, 10.0]
        >>> Slider(1, low=1, high=10, scale="log", step=1, ticks=4, label="n", description="examples").stops()
        [1.0, 2.0, 3.0, 6.0, 10.0]
        """
        low, high = self.low, self.high
        if self.scale == "log":
            n = max(1, round(math.log10(high / low) * self.ticks))
            found = [float(f"{low * (high / low) ** (i / n):.3g}") for i in range(n + 1)]
            if self.interval:
                found = list(dict.fromkeys(float(math.floor(x + 0.5)) for x in found))
        else:
            width = self.interval or (high - low) / 100
            found = [float(f"{low + i * width:.9g}") for i in range(max(1, round((high - low) / width)) + 1)]
        return [min(max(x, low), high) for x in found]


class Switch(traitlets.TraitType[bool, bool]):
    """On or off, synced with the page; computations read it as 1 or 0."""

    def __init__(self, default: bool, *, label: str) -> None:
        super().__init__(default_value=default)
        self.label = label
        self.tag(sync=True)

    def validate(self, obj: Any, value: Any) -> bool:
        if not isinstance(value, (bool, np.bool_)):
            raise traitlets.TraitError(f"{self.name} ({self.label}): needs True or False, got {value!r}")
        return bool(value)


class Choice(traitlets.TraitType[str, str]):
    """One of some names, synced with the page; `label` stands before them, `labels` is what the reader sees of each.

    numbered : computations read it as its place in the list, 0, 1, …; without that, it is what selects the computation.
    """

    def __init__(
        self, names: Sequence[str], *, label: str = "", labels: Sequence[str] | None = None, numbered: bool = False
    ) -> None:
        super().__init__(default_value=names[0])
        self.numbered = numbered
        self.names = tuple(names)
        self.label = label
        self.labels = dict(zip(self.names, labels or names, strict=True))
        self.tag(sync=True)

    def validate(self, obj: Any, value: Any) -> str:
        if value not in self.names:
            raise traitlets.TraitError(f"{self.name}: there is no {value!r}; choose one of {', '.join(self.names)}")
        return str(value)


class Several(traitlets.TraitType[list[str], list[str]]):
    """Some of the names, each once, in the table's order; at least one."""

    def __init__(self, names: Sequence[str], default: Sequence[str]) -> None:
        super().__init__(default_value=list(default))
        self.names = tuple(names)
        self.tag(sync=True)

    def validate(self, obj: Any, value: Any) -> list[str]:
        given = [value] if isinstance(value, str) or not isinstance(value, Iterable) else list(value)
        unknown = [name for name in given if name not in self.names]
        if unknown or not given:
            what = f"there is no {unknown[0]!r}" if unknown else "none was given"
            raise traitlets.TraitError(f"{self.name}: {what}; choose from {', '.join(self.names)}")
        return [name for name in self.names if name in given]


class Position(traitlets.TraitType[list[float], list[float]]):
    """A point [x, y] with finite coordinates no farther than `reach` from 0, synced with the page."""

    def __init__(self, reach: float) -> None:
        super().__init__(default_value=[0.0, 0.0])
        self.reach = reach
        self.tag(sync=True)

    def validate(self, obj: Any, value: Any) -> list[float]:
        try:
            point = [] if isinstance(value, str) else [float(c) for c in value]
        except (TypeError, ValueError):
            point = []
        if len(point) != 2 or not all(abs(c) <= self.reach for c in point):
            raise traitlets.TraitError(
                f"{self.name}: needs two numbers between −{self.reach:g} and {self.reach:g}, got {value!r}"
            )
        return point
