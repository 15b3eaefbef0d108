"""The exceptions of the engine: each carries one sentence that names what was given and what is needed."""


class ShapeError(ValueError):
    """Arrays whose shapes do not fit together."""


class TraceError(TypeError):
    """A function that cannot be recorded as a fixed list of operations."""


class MissingRule(NotImplementedError):
    """A primitive without the derivative rule that is asked for."""


class StaleGraph(RuntimeError):
    """A recorded result below which a Tensor has got a new value since."""
