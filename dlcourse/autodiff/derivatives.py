"""Derivatives of functions: grad, vjp, jvp, and what is made of them.

All of them record the function once on fresh variables and walk the recorded boxes. None of them changes
state, so they nest to any order.
"""

from __future__ import annotations

import builtins
import math
from collections.abc import Callable
from typing import Any

import numpy as np

from . import nest
from .box import Tensor, as_value, hand_out, shape_of, value_of, variable
from .errors import ShapeError
from .primitives import concatenate, reshape, transpose
from .walks import backward_walk, forward_walk


def record_on_variables(f: Callable[..., Any], args: tuple[Any, ...], chosen: tuple[int, ...]) -> tuple[Any, list[Tensor], Any]:
    """Call f with fresh variables in the chosen arguments: (its result, the variables, how to rebuild a nest of them)."""
    if len(set(chosen)) != len(chosen):
        raise TypeError(f"argnums {chosen}: an argument is named twice")
    if not chosen:
        raise TypeError("argnums (): there is no argument to differentiate by")
    inside = list(args)
    variables: list[Tensor] = []
    builders = []
    for i in chosen:
        if not 0 <= i < len(args):
            raise TypeError(f"argnums {chosen}: the function was given {len(args)} argument(s), numbered from 0")
        leaves: list[Any] = []
        build = nest.collect(args[i], leaves)
        fresh = [variable(leaf) for leaf in leaves]
        inside[i] = build(iter(fresh))
        variables += fresh
        builders.append(build)

    def rebuild(new: list[Any]) -> tuple[Any, ...]:
        leaves = iter(new)
        return tuple([build(leaves) for build in builders])

    return f(*inside), variables, rebuild


def as_scalar(result: Any, who: str) -> Any:
    """Insist on one real number as the function's result."""
    if type(result) is Tensor:
        if result.shape:
            raise ShapeError(f"{who}: the function must return a scalar, got shape {result.shape}; jacobian takes arrays")
        return result
    if result is None:
        raise TypeError(f"{who}: the function returned None; does it end in `return`?")
    try:
        value = as_value(result)
    except TypeError as error:
        raise TypeError(f"{who}: the function must return a scalar, got {type(result).__name__} ({error})") from None
    if shape_of(value):
        raise ShapeError(f"{who}: the function must return a scalar, got shape {shape_of(value)}; jacobian takes arrays")
    return value


def numbers_of(result: Any, who: str) -> tuple[list[Any], Callable[[Any], Any]]:
    """The leaves of a function's result, each a Tensor or a value, and how to nest them again."""
    leaves, rebuild = nest.flatten(result)
    try:
        return [y if type(y) is Tensor else as_value(y) for y in leaves], rebuild
    except TypeError as error:
        raise TypeError(f"{who}: the function must return numbers ({error}); does it end in `return`?") from None


def gradients_of(results: list[Any], cotangents: list[Any], variables: list[Tensor]) -> list[Any]:
    """The gradient with respect to each variable; zeros where nothing depends on it."""
    if not variables:
        return []
    pairs = [(y, u) for y, u in zip(results, cotangents, strict=True) if type(y) is Tensor]
    found = backward_walk([y for y, _ in pairs], [u for _, u in pairs], variables[0].number)
    return hand_out([found.get(v.number) for v in variables], variables)


def seen_outside(y: Any, variables: list[Tensor]) -> Any:
    """A result as the caller gets it: a Tensor only if something from outside flows into it."""
    return y if type(y) is Tensor and (not variables or y.oldest < variables[0].number) else value_of(y)


def value_and_grad(f: Callable[..., Any], argnums: int | tuple[int, ...] = 0) -> Callable[..., tuple[Any, Any]]:
    """The function (args) → (f(args), ∇f(args)), by one recording and one backward walk.

    f must return a scalar. The gradient is shaped like argument `argnums` (a nest for a nest); for a tuple of
    positions it is a tuple. If f uses a Tensor from outside, or is given Tensors, value and gradient are Tensors
    that can be differentiated further.

    Raises ShapeError if f does not return a scalar, TypeError if it returns no number.

    >>> value_and_grad(lambda w: np.sum(w**2))(np.array([1.0, 2.0]))
    (5.0, array([2., 4.]))
    """
    chosen = (argnums,) if isinstance(argnums, int) else tuple(argnums)

    def with_gradient(*args: Any) -> tuple[Any, Any]:
        result, variables, rebuild = record_on_variables(f, args, chosen)
        result = as_scalar(result, "grad")
        gradient = rebuild(gradients_of([result], [1.0], variables))
        return seen_outside(result, variables), gradient[0] if isinstance(argnums, int) else gradient

    return with_gradient


def grad(f: Callable[..., Any], argnums: int | tuple[int, ...] = 0) -> Callable[..., Any]:
    """The gradient function ∇f of a scalar function; see `value_and_grad`.

    >>> grad(lambda x: x**3)(2.0)
    12.0
    >>> grad(grad(lambda x: x**3))(2.0)
    12.0
    """
    with_gradient = value_and_grad(f, argnums)
    return lambda *args: with_gradient(*args)[1]


def vjp(f: Callable[..., Any], *primals: Any) -> tuple[Any, Callable[[Any], tuple[Any, ...]]]:
    """(f(*primals), pullback), where pullback(u) = Jᵀ u, one entry per primal; reverse mode.

    >>> y, pullback = vjp(lambda x: x * x, np.array([1.0, 2.0]))
    >>> pullback(np.array([1.0, 10.0]))
    (array([ 2., 40.]),)
    """
    result, variables, rebuild = record_on_variables(f, primals, tuple(range(len(primals))))
    outputs, put = numbers_of(result, "vjp")

    def pullback(cotangent: Any) -> tuple[Any, ...]:
        given = [u if type(u) is Tensor else as_value(u) for u in nest.leaves_like(cotangent, result)]
        if len(given) != len(outputs):
            raise ShapeError(f"pullback: needs one cotangent for each of the {len(outputs)} results, got {len(given)}")
        if [shape_of(u) for u in given] != [shape_of(y) for y in outputs]:
            shapes = [shape_of(y) for y in outputs], [shape_of(u) for u in given]
            raise ShapeError(f"pullback: needs cotangents of the results' shapes {shapes[0]}, got {shapes[1]}")
        return rebuild(gradients_of(outputs, given, variables))

    return put([seen_outside(y, variables) for y in outputs]), pullback


def jvp(f: Callable[..., Any], primals: tuple[Any, ...], tangents: tuple[Any, ...]) -> tuple[Any, Any]:
    """(f(*primals), J v): the value and its derivative along the tangents; forward mode.

    >>> jvp(lambda x: x * x, (np.array([1.0, 2.0]),), (np.array([1.0, 0.5]),))
    (array([1., 4.]), array([2., 2.]))
    """
    if len(primals) != len(tangents):
        raise TypeError(f"jvp: {len(primals)} primal(s) but {len(tangents)} tangent(s)")
    result, variables, _ = record_on_variables(f, tuple(primals), tuple(range(len(primals))))
    directions = nest.leaves_like(tuple(tangents), tuple(primals))
    if len(directions) != len(variables):
        raise ShapeError("jvp: tangents must be nested like the primals")
    directions = [v if type(v) is Tensor else as_value(v) for v in directions]
    for v, x in zip(directions, variables, strict=True):
        if shape_of(v) != x.shape:
            raise ShapeError(f"jvp: a tangent of shape {shape_of(v)} does not fit a primal of shape {x.shape}")
    outputs, put = numbers_of(result, "jvp")
    start = {x.number: v for x, v in zip(variables, directions, strict=True)}
    moving = [y for y in outputs if type(y) is Tensor and variables]
    moved = dict(zip(map(id, moving), forward_walk(moving, start, min(start, default=0)), strict=True))
    tangents_out = hand_out([moved.get(id(y)) for y in outputs], outputs)
    return put([seen_outside(y, variables) for y in outputs]), put(tangents_out)


def jacobian(f: Callable[..., Any], argnums: int = 0) -> Callable[..., Any]:
    """The function (args) → J with J[i, j] = ∂f_i/∂x_j, of shape (shape of f) + (shape of x).

    Goes forward, all inputs at once, where there are no more inputs than outputs; backward, one walk per output,
    otherwise. For nests, the nest of f's results holds nests of blocks like the argument.

    >>> jacobian(lambda x: np.stack([x[0] * x[1], x[0]]))(np.array([2.0, 3.0]))
    array([[3., 2.],
           [1., 0.]])
    """

    def whole(*args: Any) -> Any:
        result, variables, rebuild = record_on_variables(f, args, (argnums,))
        outputs, put = numbers_of(result, "jacobian")
        n, m = (builtins.sum(math.prod(shape_of(x)) for x in group) for group in (variables, outputs))
        blocks = forward_blocks(outputs, variables) if n <= m else backward_blocks(outputs, variables)
        return put([rebuild(row)[0] for row in blocks])

    return whole


def forward_blocks(outputs: list[Any], variables: list[Tensor]) -> list[list[Any]]:
    """∂y/∂x for each output and variable, one walk per variable that carries all its directions."""
    columns = []
    moving = [y for y in outputs if type(y) is Tensor]
    for x in variables:
        found = dict(zip(map(id, moving), forward_walk(moving, {x.number: basis(x.shape)}, variables[0].number), strict=True))
        columns.append([block_of_columns(found.get(id(y)), shape_of(y), x.shape) for y in outputs])
    return [list(row) for row in zip(*columns, strict=True)] if columns else [[] for _ in outputs]


def block_of_columns(t: Any, rows: tuple[int, ...], columns: tuple[int, ...]) -> Any:
    if t is None:
        return hand_out([None], [np.zeros(rows + columns)])[0]
    n = math.prod(columns)
    flat = transpose(reshape(t, (n, math.prod(rows))))
    return hand_out([reshape(flat, rows + columns)], [np.zeros(rows + columns)])[0]


def backward_blocks(outputs: list[Any], variables: list[Tensor]) -> list[list[Any]]:
    """∂y/∂x for each output and variable, one backward walk per entry of an output."""
    blocks = []
    for y in outputs:
        rows = [gradients_of([y], [u if y.shape else 1.0], variables) for u in basis(shape_of(y))] if type(y) is Tensor else []
        joined = []
        for k, x in enumerate(variables):
            parts = [reshape(row[k], (-1,)) for row in rows]
            matrix = concatenate(parts) if parts else np.zeros(math.prod(shape_of(y)) * x.size)
            joined.append(hand_out([reshape(matrix, shape_of(y) + x.shape)], [np.zeros(shape_of(y) + x.shape)])[0])
        blocks.append(joined)
    return blocks


def basis(shape: tuple[int, ...]) -> Any:
    """The unit arrays of a shape, in C order, along a first axis."""
    n = math.prod(shape)
    return np.eye(n).reshape(n, *shape)


def hessian(f: Callable[..., Any], argnums: int = 0) -> Callable[..., Any]:
    """The matrix of second derivatives of a scalar function, of shape (shape of x) twice.

    >>> hessian(lambda x: x[0] ** 2 * x[1])(np.array([1.0, 2.0]))
    array([[4., 2.],
           [2., 0.]])
    """
    return jacobian(grad(f, argnums), argnums)


def hvp(f: Callable[..., Any], x: Any, v: Any) -> Any:
    """The Hessian-vector product H(x) v without the Hessian: forward mode over reverse mode.

    >>> hvp(lambda x: x[0] ** 2 * x[1], np.array([1.0, 2.0]), np.array([1.0, 0.0]))
    array([4., 2.])
    """
    return jvp(grad(f), (x,), (v,))[1]
