"""vmap: a function of one example as a function of many, without a loop."""

from __future__ import annotations

import functools
from collections.abc import Callable, Iterator
from typing import Any

import numpy as np

from .. import views
from ..batched import Batched
from ..batching import Level, batch, check_running, running
from ..diagnose import describe
from ..errors import ArgumentError, AxisError, OperandError, ShapeError, VmapError
from ..memory import as_array, is_array
from ..ops.broadcasting import broadcast_to
from ..ops.shapes import moveaxis
from ..tape import TensorBase, mode, new_tensor
from ..tensor import Tensor
from .trees import is_container, leaves, rebuild

RANDOMNESS = ("error", "same", "different")


def vmap(
    f: Callable,
    in_axes: Any = 0,
    out_axes: Any = 0,
    axis_size: int | None = None,
    randomness: str = "error",
) -> Callable:
    """The function of many examples at once that does with each what f does with one.

    f runs once. Its arguments stand for one example each, and all of NumPy works on them; what it
    computes is done for all examples together, by the batching class of each operation.

    Args:
        f: takes and returns arrays, or nested tuples, lists and dicts of them.
        in_axes: along which axis of each argument the examples lie, None for an argument that is the
            same for all. One for all arguments, or a tuple with one for each; for an argument that is
            a container, one for all in it, or such a container of them. Arrays among keyword
            arguments have them along axis 0; other keyword arguments are the same for all.
        out_axes: where the examples lie in the results, likewise; None for a result that is the same
            for all.
        axis_size: the number of examples; needed only where no argument tells it.
        randomness: what random layers of `nn`, such as dropout, do: "error" raises, "same" draws once
            for all examples, "different" for each. NumPy's own draws are the same for all.

    Shapes: of an argument (N, *shape) f sees (*shape); of a result (*shape) the caller sees (N, *shape).

    Dtypes: results are arrays, or Tensors where an argument is a Tensor or a gradient flows.

    Errors: AxisError for an axis that an argument or result does not have; ShapeError where the
    numbers of examples differ; ArgumentError for axes that are not nested as the arguments are;
    VmapError where f asks for a value that differs from example to example: float(x), bool(x), `if`,
    numpy.asarray(x), backward(), or writing it into what is the same for all.

    Gradient: transforms inside give each example's own: `vmap(grad(f))` has the gradient of each
    example. Around it, and with backward(), it is as if the loop had run.

    Example:
        >>> vmap(lambda x, y: x @ y)(np.ones((3, 2)), np.ones((3, 2)))
        array([2., 2., 2.])
        >>> from autograd import grad
        >>> vmap(grad(lambda w, x: (w * x).sum() ** 2), in_axes=(None, 0))(1.0, np.array([[1.0], [2.0]]))
        array([2., 8.])
    """
    if not callable(f):
        raise ArgumentError(f"vmap: expected a function, got {describe(f)}")
    if randomness not in RANDOMNESS:
        raise ArgumentError(f"vmap: randomness must be one of {RANDOMNESS}, got {randomness!r}")
    if axis_size is not None and (not isinstance(axis_size, (int, np.integer)) or axis_size < 0):
        raise ArgumentError(f"vmap: axis_size must be the number of examples, got {axis_size!r}")

    @functools.wraps(f)
    def mapped(*args: Any, **options: Any) -> Any:
        given = _Arguments(args, options, in_axes)
        size = given.size(axis_size)
        with running(size, randomness) as level:
            value = f(*given.opened(level), **given.keywords)
            return _closed(value, level, out_axes, given.has_tensor)

    return mapped


class _Arguments:
    """What a call is given: leaves, each with its axis of the examples."""

    def __init__(self, args: tuple, options: dict, in_axes: Any):
        self.args, self.options = args, options
        axes = _per_argument(in_axes, len(args))
        self.places = [
            (f"argument {i}{path}", leaf, axis)
            for i, (arg, of_it) in enumerate(zip(args, axes, strict=True))
            for path, leaf, axis in _with_axes(arg, of_it, f"in_axes of argument {i}")
        ]
        self.places += [
            (f"argument {name!r}{path}", leaf, 0 if isinstance(leaf, (np.ndarray, TensorBase)) else None)
            for name, option in options.items()
            for path, leaf in leaves(option)
        ]
        self.has_tensor = any(isinstance(leaf, TensorBase) for _, leaf, _ in self.places)

    def size(self, stated: int | None) -> int:
        """The number of examples."""
        sizes = {what: _length(what, leaf, axis) for what, leaf, axis in self.places if axis is not None}
        if stated is not None:
            sizes["axis_size"] = int(stated)
        if not sizes:
            raise ArgumentError("vmap: no argument has an axis of examples; give axis_size")
        if len(set(sizes.values())) > 1:
            each = ", ".join(f"{what}: {n}" for what, n in sizes.items())
            raise ShapeError(f"vmap: all arguments must have the same number of examples, got {each}")
        return next(iter(sizes.values()))

    def opened(self, level: Level) -> list:
        """The arguments of one example; `keywords` are those given by name."""
        each = iter([_one(leaf, axis, level) for _, leaf, axis in self.places])
        args = [rebuild(arg, each) for arg in self.args]
        self.keywords = {name: rebuild(option, each) for name, option in self.options.items()}
        return args


def _per_argument(in_axes: Any, count: int) -> Any:
    if not isinstance(in_axes, (tuple, list)):
        return [in_axes] * count
    if len(in_axes) != count:
        raise ArgumentError(f"vmap: in_axes has {len(in_axes)} entries, but the call has {count} arguments")
    return in_axes


def _with_axes(tree: Any, axes: Any, what: str, path: str = "") -> Iterator[tuple[str, Any, Any]]:
    """Each leaf with its path and its axis, where axes for a container may be one for all in it."""
    if not is_container(axes):
        if axes is not None and (not isinstance(axes, (int, np.integer)) or isinstance(axes, bool)):
            raise ArgumentError(f"vmap: {what} must be axes, or None, got {axes!r}")
        for end, leaf in leaves(tree):
            yield path + end, leaf, axes
        return
    pairs = _matched(tree, axes)
    if pairs is None:
        raise ArgumentError(f"vmap: {what}{path} must be nested as it is, {_shown(tree)}, got {axes!r}")
    for key, part, own in pairs:
        yield from _with_axes(part, own, what, f"{path}[{key!r}]")


def _matched(tree: Any, axes: Any) -> list | None:
    """The parts of a container with those of its axes, or None if they do not match."""
    if isinstance(tree, dict) and isinstance(axes, dict):
        return [(k, tree[k], axes[k]) for k in tree] if tree.keys() == axes.keys() else None
    if isinstance(tree, (tuple, list)) and isinstance(axes, (tuple, list)):
        return list(zip(range(len(tree)), tree, axes, strict=True)) if len(tree) == len(axes) else None
    return None


def _shown(tree: Any) -> str:
    if isinstance(tree, dict):
        return f"a dict of {sorted(map(str, tree))}"
    return f"a {type(tree).__name__} of {len(tree)}" if is_container(tree) else describe(tree)


def _length(what: str, leaf: Any, axis: int) -> int:
    if not isinstance(leaf, (np.ndarray, Tensor)):
        raise OperandError(
            f"vmap: {what} must be an array with the examples along axis {axis}, got {describe(leaf)}; "
            "give in_axes=None to what is the same for all"
        )
    if not -leaf.ndim <= axis < leaf.ndim:
        raise AxisError(f"vmap: in_axes {axis} is out of range for {what} of shape {tuple(leaf.shape)}")
    return leaf.shape[axis]


def _one(leaf: Any, axis: Any, level: Level) -> Any:
    """A leaf as one example of it; what is the same for all stays as it is."""
    if axis is None:
        return leaf
    if isinstance(leaf, Batched):
        check_running(leaf._level, "vmap")
        return batch(level, moveaxis(leaf, axis, 0))
    if isinstance(leaf, Tensor) and leaf._node is not None:
        fresh = broadcast_to(leaf, leaf.shape)
    else:
        fresh = new_tensor(as_array(leaf._data if isinstance(leaf, TensorBase) else leaf))
    views.borrow(fresh)  # the caller's memory: protected when saved, never written
    return batch(level, fresh if axis in (0, -fresh.ndim) else moveaxis(fresh, axis, 0))


def _closed(value: Any, level: Level, out_axes: Any, tensors: bool) -> Any:
    """Results as the caller sees them: all examples along an axis."""
    if is_container(value) and isinstance(out_axes, list):
        out_axes = tuple(out_axes)
    each = [
        _all(leaf, axis, level, tensors, f"result{path}")
        for path, leaf, axis in _with_axes(value, out_axes, "out_axes of the result")
    ]
    return rebuild(value, iter(each))


def _all(leaf: Any, axis: Any, level: Level, tensors: bool, what: str) -> Any:
    if not isinstance(leaf, (TensorBase, np.generic, bool, int, float, complex)) and not is_array(leaf):
        raise OperandError(f"vmap: {what} must be an array or a number, got {describe(leaf)}")
    if isinstance(leaf, Batched):
        check_running(leaf._level, "vmap")
    if not (isinstance(leaf, TensorBase) and leaf._level is level):
        if axis is None:
            return leaf if isinstance(leaf, Batched) else _outside(leaf, tensors)
        whole: Any = leaf if isinstance(leaf, TensorBase) else new_tensor(as_array(leaf))
        inner = broadcast_to(whole, (level.size, *whole.shape))
    else:
        if axis is None:
            raise VmapError(f"vmap: out_axes is None, but {what} differs from example to example")
        inner = leaf._inner  # type: ignore[attr-defined]
    if not -inner.ndim <= axis < inner.ndim:
        raise AxisError(f"vmap: out_axes {axis} is out of range for {what} of shape {tuple(inner.shape)}")
    return _outside(inner if axis in (0, -inner.ndim) else moveaxis(inner, 0, axis), tensors)


def _outside(value: Any, tensors: bool) -> Any:
    """A Tensor where the caller gave one or a gradient flows, or another vmap runs; else an array."""
    if not isinstance(value, TensorBase) or tensors or value._level is not None or len(mode.levels) > 1:
        return value
    return value if value._node is not None and mode.grad else value._data
