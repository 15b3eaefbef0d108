"""Computations as lists of operations: recorded once, then run, repeated, compiled, or sent to a web page."""

from .compile import compile
from .program import Program, trace
from .scan import scan

__all__ = ["Program", "compile", "scan", "trace"]
