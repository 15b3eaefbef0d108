"""Explorables: the package's own computations, moved by the reader's hand."""

from .descent import Descent
from .explorable import Explorable
from .noisy import NoisyDescent
from .question import Question

__all__ = ["Descent", "Explorable", "NoisyDescent", "Question"]
