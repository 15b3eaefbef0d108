"""Exercises that answer at once: right, or the first input that fails with what was expected and what came."""

from .checking import Case, Exercise, Feedback, check, exercise, stub_of

__all__ = ["Case", "Exercise", "Feedback", "check", "exercise", "stub_of"]
