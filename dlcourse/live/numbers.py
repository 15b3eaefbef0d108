"""Numbers as the page writes them (js/src/format.js): true minus, × 10ⁿ, a fixed number of significant digits."""

from __future__ import annotations

import math
from decimal import ROUND_HALF_UP, Context, Decimal

SUPERSCRIPTS = str.maketrans("-0123456789", "⁻⁰¹²³⁴⁵⁶⁷⁸⁹")


def significant(x: float, digits: int = 3) -> str:
    """
    >>> [significant(x) for x in (0.018, -3.2e-4, 0.0, float("inf"))]
    ['0.0180', '−3.20\\xa0×\\xa010⁻⁴', '0', '∞']
    """
    if x == 0:
        return "0"
    if not math.isfinite(x):
        return "∞" if x > 0 else "−∞" if x < 0 else "undefined"
    rounded = Context(prec=digits, rounding=ROUND_HALF_UP).create_decimal(Decimal(x))
    mantissa, exponent = f"{rounded:.{digits - 1}e}".split("e")
    e = int(exponent)
    if not -3 <= e <= 3:
        return f"{mantissa}\N{NO-BREAK SPACE}×\N{NO-BREAK SPACE}10{str(e).translate(SUPERSCRIPTS)}".replace("-", "−")
    return f"{rounded:.{max(0, digits - 1 - e)}f}".replace("-", "−")


def exact(x: float, digits: int = 3) -> str:
    """Never fewer digits than the value in use has, up to six.

    >>> exact(0.1234), exact(0.1)
    ('0.1234', '0.100')
    """
    six = float(f"{x:.6g}")
    return significant(x, next(n for n in range(digits, 7) if n == 6 or float(f"{x:.{n}g}") == six))


def fixed(x: float, places: int) -> str:
    """
    >>> fixed(-0.004, 2), fixed(-0.125, 2)
    ('0.00', '−0.13')
    """
    if not math.isfinite(x):
        return significant(x)
    if abs(x) < 0.5 * 10**-places:
        x = 0.0
    return f"{Decimal(x).quantize(Decimal(1).scaleb(-places), ROUND_HALF_UP)}".replace("-", "−")


def whole(x: float) -> str:
    """A count.

    >>> whole(999.0), whole(20_000.0)
    ('999', '20,000')
    """
    return f"{x:,.0f}"


def decimals(step: float) -> int:
    """How many decimals numbers need that are `step` apart.

    >>> decimals(0.05), decimals(1)
    (2, 0)
    """
    return max(0, -math.floor(math.log10(step) + 1e-9))
