"""Explorables: the package's own computations, moved by the reader's hand."""

from .descent import Descent
from .explorable import Explorable
from .question import Question

__all__ = ["Descent", "Explorable", "Question"]
