"""Derivatives of functions: grad, vjp, jvp, and what is made of them.

All of them record the function once on fresh variables and walk the recorded boxes. No state changes: they nest to any order.
"""

import math
from collections.abc import Callable
from typing import Any

import numpy as np

from . import nest
from .box import Tensor, as_value, next_number, shape_of, value_of, variable
from .errors import ShapeError
from .primitives import reshape, stack, transpose
from .walks import backward_walk, forward_walk, hand_out

Function = Callable[..., Any]


def record_on_variables(f: Function, args: Any, chosen: Any, **others: Any) -> tuple[Any, list[Tensor], Function, int]:
    """Call f with fresh variables in the chosen arguments.

    Returns its result, the variables, how to nest new leaves like them, and the number since which boxes are inside.
    """
    if not all(isinstance(i, (int, np.integer)) and 0 <= i < len(args) for i in chosen):
        raise TypeError(f"argnums {chosen}: the function was given {len(args)} argument(s), numbered from 0")
    leaves, rebuild = nest.flatten([args[i] for i in chosen])
    since = next_number()
    variables = [variable(leaf) for leaf in leaves]
    inside = list(args)
    for i, x in zip(chosen, rebuild(variables)):
        inside[i] = x
    return f(*inside, **others), variables, rebuild, since


def as_scalar(result: Any) -> Any:
    """Insist on one real number as the function's result."""
    if isinstance(result, (dict, list, tuple)):
        raise TypeError(f"grad: the function must return a scalar, got a {type(result).__name__}; jacobian takes nests")
    result = result if type(result) is Tensor else numbers_of(result, "grad", "a scalar")[0][0]
    if shape_of(result):
        raise ShapeError(f"grad: the function must return a scalar, got shape {shape_of(result)}; jacobian takes arrays")
    return result


def numbers_of(result: Any, who: str, what: str = "numbers") -> tuple[list[Any], Function]:
    """The leaves of a function's result, each a Tensor or a value, and how to nest them again."""
    leaves, rebuild = nest.flatten(result)
    if any(y is None for y in leaves):
        raise TypeError(f"{who}: the function returned None; does it end in `return`?")
    try:
        return [y if type(y) is Tensor else as_value(y) for y in leaves], rebuild
    except TypeError as error:
        raise TypeError(f"{who}: the function must return {what} ({error})") from None


def gradients_of(results: list[Any], cotangents: list[Any], variables: list[Tensor], since: int) -> list[Any]:
    """The gradient with respect to each variable; zeros where nothing depends on it."""
    found = backward_walk(results, cotangents, since) if variables else {}
    return hand_out([found.get(v.number) for v in variables], variables)


def tangents_of(results: list[Any], tangents: list[Any], variables: list[Tensor], since: int) -> list[Any]:
    """The tangent of each result, given those of the variables; None where it is zero."""
    found = forward_walk(results, {x.number: t for x, t in zip(variables, tangents, strict=True)}, since)
    return [found.get(y.number) if type(y) is Tensor else None for y in results]


def seen_outside(y: Any, since: int) -> Any:
    """A result as the caller gets it: a Tensor only if something from outside flows into it."""
    return y if type(y) is Tensor and y.oldest < since else value_of(y)


def value_and_grad(f: Function, argnums: int | tuple[int, ...] = 0) -> Callable[..., tuple[Any, Any]]:
    """The function (args) → (f(args), ∇f(args)), by one recording and one backward walk.

    f must return a scalar. The gradient is shaped like argument `argnums` (a nest for a nest); for a tuple of positions it
    is a tuple. Arguments given by name are constants. If f uses a Tensor from outside, or is given Tensors, value and
    gradient are Tensors that can be differentiated further. Raises ShapeError if f does not return a scalar, TypeError if
    it returns no number or if `argnums` names no argument.

    >>> value_and_grad(lambda w: np.sum(w**2))(np.array([1.0, 2.0]))
    (5.0, array([2., 4.]))
    """
    chosen = tuple(argnums) if isinstance(argnums, (list, tuple)) else (argnums,)
    if len(set(chosen)) != len(chosen) or not chosen:
        fault = "an argument is named twice" if chosen else "there is no argument to differentiate by"
        raise TypeError(f"argnums {chosen}: {fault}")

    def with_gradient(*args: Any, **others: Any) -> tuple[Any, Any]:
        result, variables, rebuild, since = record_on_variables(f, args, chosen, **others)
        result = as_scalar(result)
        gradient = rebuild(gradients_of([result], [1.0], variables, since))
        return seen_outside(result, since), tuple(gradient) if isinstance(argnums, (list, tuple)) else gradient[0]

    return with_gradient


def grad(f: Function, argnums: int | tuple[int, ...] = 0) -> Function:
    """The gradient function ∇f of a scalar function; see `value_and_grad`.

    >>> grad(lambda x: x**3)(2.0)
    12.0
    >>> grad(grad(lambda x: x**3))(2.0)
    12.0
    """
    with_gradient = value_and_grad(f, argnums)
    return lambda *args, **others: with_gradient(*args, **others)[1]


def vjp(f: Function, *primals: Any) -> tuple[Any, Callable[[Any], tuple[Any, ...]]]:
    """(f(*primals), pullback), where pullback(u) = Jᵀ u, one entry per primal; reverse mode.

    >>> y, pullback = vjp(lambda x: x * x, np.array([1.0, 2.0]))
    >>> pullback(np.array([1.0, 10.0]))
    (array([ 2., 40.]),)
    """
    result, variables, rebuild, since = record_on_variables(f, primals, range(len(primals)))
    outputs, put = numbers_of(result, "vjp")

    def pullback(cotangent: Any) -> tuple[Any, ...]:
        given = [u if type(u) is Tensor else as_value(u) for u in nest.leaves_like(cotangent, result)]
        if (found := [shape_of(u) for u in given]) != (shapes := [shape_of(y) for y in outputs]):
            raise ShapeError(f"pullback: needs cotangents {shapes} for {len(shapes)} results, got {len(found)} of {found}")
        return tuple(rebuild(gradients_of(outputs, given, variables, since)))

    return put([seen_outside(y, since) for y in outputs]), pullback


def jvp(f: Function, primals: tuple[Any, ...], tangents: tuple[Any, ...]) -> tuple[Any, Any]:
    """(f(*primals), J v): the value and its derivative along the tangents; forward mode.

    >>> jvp(lambda x: x * x, (np.array([1.0, 2.0]),), (np.array([1.0, 0.5]),))
    (array([1., 4.]), array([2., 2.]))
    """
    if not isinstance(primals, (list, tuple)) or not isinstance(tangents, (list, tuple)):
        raise TypeError(f"jvp: primals and tangents must be tuples, got {primals!r:.60} and {tangents!r:.60}")
    if len(primals) != len(tangents):
        raise TypeError(f"jvp: {len(primals)} primal(s) but {len(tangents)} tangent(s)")
    result, variables, _, since = record_on_variables(f, primals, range(len(primals)))
    along = [v if type(v) is Tensor else as_value(v) for v in nest.leaves_like(tuple(tangents), tuple(primals))]
    if len(along) != len(variables):
        raise ShapeError("jvp: tangents must be nested like the primals")
    for v, x in zip(along, variables, strict=True):
        if shape_of(v) != x.shape:
            raise ShapeError(f"jvp: a tangent of shape {shape_of(v)} does not fit a primal of shape {x.shape}")
    outputs, put = numbers_of(result, "jvp")
    moved = hand_out(tangents_of(outputs, along, variables, since), outputs)
    return put([seen_outside(y, since) for y in outputs]), put(moved)


def jacobian(f: Function, argnums: int = 0) -> Function:
    """The function (args) → J with J[i, j] = ∂f_i/∂x_j, of shape (shape of f) + (shape of x).

    Goes forward, all inputs at once, where there are no more inputs than outputs; backward, one walk per output,
    otherwise. For nests, the nest of f's results holds nests of blocks like the argument.

    >>> jacobian(lambda x: np.stack([x[0] * x[1], x[0]]))(np.array([2.0, 3.0]))
    array([[3., 2.],
           [1., 0.]])
    """

    def whole(*args: Any) -> Any:
        result, variables, rebuild, since = record_on_variables(f, args, (argnums,))
        outputs, put = numbers_of(result, "jacobian")
        n, m = ([math.prod(shape_of(x)) for x in group] for group in (variables, outputs))
        blocks = (forward_blocks if np.sum(n) <= np.sum(m) else backward_blocks)(outputs, variables, since)
        return put([rebuild(row)[0] for row in blocks])

    return whole


def forward_blocks(outputs: list[Any], variables: list[Tensor], since: int) -> list[list[Any]]:
    """∂y/∂x for each output and variable, one walk per variable that carries all its directions in front."""
    columns = [tangents_of(outputs, [basis(x.shape)], [x], since) for x in variables]
    return [[block(found[i], y, x, True) for found, x in zip(columns, variables, strict=True)] for i, y in enumerate(outputs)]


def backward_blocks(outputs: list[Any], variables: list[Tensor], since: int) -> list[list[Any]]:
    """∂y/∂x for each output and variable, one backward walk per entry of an output."""
    blocks = []
    for y in outputs:
        rows = [gradients_of([y], [u if shape_of(y) else 1.0], variables, since) for u in basis(shape_of(y))]
        blocks.append([block(stack([row[k] for row in rows]) if rows else None, y, x) for k, x in enumerate(variables)])
    return blocks


def block(found: Any, y: Any, x: Tensor, columns: bool = False) -> Any:
    """∂y/∂x as the caller gets it, from its rows or columns; zeros if there are none."""
    shape = shape_of(y) + x.shape
    if found is not None:
        found = reshape(transpose(reshape(found, (x.size, -1))) if columns else found, shape)
    return hand_out([found], [np.empty(shape)])[0]


def basis(shape: tuple[int, ...]) -> Any:
    """The unit arrays of a shape, in C order, along a first axis."""
    n = math.prod(shape)
    return np.eye(n).reshape(n, *shape)


def hessian(f: Function, argnums: int = 0) -> Function:
    """The matrix of second derivatives of a scalar function, of shape (shape of x) twice.

    >>> hessian(lambda x: x[0] ** 2 * x[1])(np.array([1.0, 2.0]))
    array([[4., 2.],
           [2., 0.]])
    """
    return jacobian(grad(f, argnums), argnums)


def hvp(f: Function, x: Any, v: Any) -> Any:
    """The Hessian-vector product H(x) v without the Hessian: forward mode over reverse mode.

    >>> hvp(lambda x: x[0] ** 2 * x[1], np.array([1.0, 2.0]), np.array([1.0, 0.0]))
    array([4., 2.])
    """
    return jvp(grad(f), (x,), (v,))[1]
