"""Numbers beside the goal that they are measured by."""

from __future__ import annotations


def beside(value: float, goal: float, form: str) -> str:
    """The value in a format such as ".2g", with as many more digits as it takes to read differently from the goal.

    >>> beside(0.0014, 1e-3, ".2g"), beside(0.00102, 1e-3, ".1g"), beside(0.0726, 0.073, ".1%")
    ('0.0014', '0.00102', '7.26%')
    """
    digits, kind = int(form[1:-1]), form[-1]
    while digits < 16 and value != goal and f"{value:.{digits}{kind}}" == f"{goal:.{digits}{kind}}":
        digits += 1
    return f"{value:.{digits}{kind}}"
