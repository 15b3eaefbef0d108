"""The engine, the optimisers and the explorables of a course on training neural networks.

`autodiff`, `nn`, `optim`, `landscapes`, `data` and `training` need NumPy alone (the digits scikit-learn, a progress bar
tqdm, parallel search joblib). `figures` (matplotlib) and `live` (anywidget) are loaded when they are first used.
"""

from importlib import import_module
from typing import Any

from . import data, inspection, landscapes, nn, optim, programs, training
from .autodiff import *  # noqa: F403 - the engine's public names are those that it lists itself
from .autodiff import __all__ as engine
from .inspection import *  # noqa: F403
from .programs import *  # noqa: F403

__version__ = "0.5.3"

ON_DEMAND = ("exercises", "figures", "live")

# What is loaded on demand is not in it: `from dlcourse import *` must not ask for matplotlib.
__all__ = [*engine, *inspection.__all__, *programs.__all__, "data", "landscapes", "nn", "optim", "training"]


def __getattr__(name: str) -> Any:
    if name in ON_DEMAND:
        return import_module(f"{__name__}.{name}")
    raise AttributeError(f"dlcourse has no {name!r}")
