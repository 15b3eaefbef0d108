"""The colours of the methods: legible on both pages, told apart by every reader."""

from __future__ import annotations

from itertools import combinations

import numpy as np
import pytest

from dlcourse import optim, palette

# Viénot, Brettel and Mollon [1999] in the form of Machado et al. [2009], severity 1, on linear RGB
VISION = {
    "usual": np.eye(3),
    "protanopia": [[0.152286, 1.052583, -0.204868], [0.114503, 0.786281, 0.099216], [-0.003882, -0.048116, 1.051998]],
    "deuteranopia": [[0.367322, 0.860646, -0.227968], [0.280085, 0.672501, 0.047413], [-0.011820, 0.042940, 0.968881]],
}
TO_XYZ = np.array([[0.4124, 0.3576, 0.1805], [0.2126, 0.7152, 0.0722], [0.0193, 0.1192, 0.9505]])


def linear(colour: str) -> np.ndarray:
    c = np.array([int(colour[i : i + 2], 16) / 255 for i in (1, 3, 5)])
    return np.where(c <= 0.04045, c / 12.92, ((c + 0.055) / 1.055) ** 2.4)


def lab(rgb: np.ndarray) -> np.ndarray:
    """CIELAB of linear sRGB, white D65."""
    xyz = TO_XYZ @ rgb / TO_XYZ.sum(axis=1)
    f = np.where(xyz > 0.008856, np.cbrt(xyz), 7.787 * xyz + 16 / 116)
    return np.array([116 * f[1] - 16, 500 * (f[0] - f[1]), 200 * (f[1] - f[2])])


@pytest.mark.parametrize("page", ["#ffffff", "#14181e"])
@pytest.mark.parametrize("method", palette.METHODS)
def test_contrast_with_both_pages(method, page):
    dark, light = sorted(float(TO_XYZ[1] @ linear(colour)) for colour in (palette.METHODS[method], page))
    assert (light + 0.05) / (dark + 0.05) >= 3


@pytest.mark.parametrize("vision", VISION)
def test_any_two_methods_are_told_apart(vision):
    """A difference of 14 in CIELAB is about six just noticeable ones."""
    seen = {name: lab(np.clip(VISION[vision] @ linear(colour), 0, 1)) for name, colour in palette.METHODS.items()}
    near = {pair: float(np.linalg.norm(seen[pair[0]] - seen[pair[1]])) for pair in combinations(seen, 2)}
    assert min(near.values()) >= 14, min(near, key=lambda pair: near[pair])


def test_every_first_order_method_has_a_colour():
    names = [name for name in optim.__all__ if isinstance(getattr(optim, name), type)]
    modules = {"dlcourse.optim.first_order", "dlcourse.optim.adaptive"}
    rules = {
        name
        for name in names
        if issubclass(getattr(optim, name), optim.UpdateRule) and getattr(optim, name).__module__ in modules
    } - {"UpdateRule"}
    assert {name.lower() for name in rules} == {name.replace("_", "") for name in palette.METHODS}
