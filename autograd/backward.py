"""The objects' face of the sweep: `backward()`, `gradients()`, and handles of hooks."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from . import changes
from .codegen import FAST, next_order
from .diagnose import describe
from .errors import GradientError
from .memory import is_sole
from .sweeping import as_cotangent, conjugate, sweep
from .tape import EXTRA, ORDER, TensorBase, in_order_of, new_tensor
from .views import writable

# The cotangent that a sweep from a scalar begins with, by the scalar's type.
_ONES: dict[type, Any] = {kind: kind(1) for kind in (np.float16, np.float32, np.float64, np.longdouble)}


class HookHandle:
    """Takes a hook off again: by `remove()`, by calling it, or at the end of a `with`."""

    def __init__(self, hooks: dict[int, Any], hook: Any, prepend: bool = False):
        self._hooks, self._key = hooks, next_order()
        others = dict(hooks) if prepend else {}
        if prepend:
            hooks.clear()
        hooks[self._key] = hook
        hooks.update(others)
        changes.note()

    def remove(self) -> None:
        """Do not call the hook any more."""
        self._hooks.pop(self._key, None)
        changes.note()

    __call__ = remove

    def __enter__(self) -> HookHandle:
        return self

    def __exit__(self, *exception: Any) -> None:
        self.remove()


def backward(
    tensor: Any, gradient: Any = None, retain_graph: bool | None = None, create_graph: bool = False
) -> None:
    """Add d tensor / d leaf to the `.grad` of every leaf that the tensor came from.

    See `Tensor.backward`. Nothing is added anywhere if a rule or a hook raises.
    """
    g = first_cotangent(tensor, gradient, "backward()")
    keep = create_graph if retain_graph is None else retain_graph
    roots = [(tensor._node, g if create_graph else g._data)]
    del g
    arrived = sweep(roots, keep=keep, lifted=create_graph)
    del roots
    if create_graph:
        _keep_graphs(arrived)
    real = None  # the last dtype that was found to be: asking an array for its kind takes longer
    while arrived:
        arrival = arrived.pop()
        extra = arrival[0][EXTRA]
        dtype = arrival[1].dtype
        if dtype is not real:
            if dtype.kind == "c":
                arrival[1] = np.conjugate(arrival[1])
            else:
                real = dtype
        if extra.grad is not None:
            _accumulate(extra, arrival[1])
        else:  # `.grad` never shares memory with another array
            extra.grad = new_tensor(arrival[1] if is_sole(arrival, 1) else arrival[1].copy())


def _keep_graphs(arrived: list[list]) -> None:
    """Add gradients that have a graph of their own, and forget them."""
    while arrived:
        node, g = arrived.pop()
        extra, g = node[EXTRA], conjugate(g)
        extra.grad = FAST["copy"](g) if extra.grad is None else extra.grad + g


def _accumulate(extra: Any, g: Any) -> None:
    """Add an array to the gradient that a node keeps: the tensor stays, and what graphs saved of it too."""
    total = extra.grad
    if total._node is None:
        values = writable(total)
        np.add(values, g, out=values)
    else:
        extra.grad = new_tensor(total._data + g)


def clear(tensor: Any) -> None:
    """Set the gradient of a leaf to zero: it stays the same tensor, unless it has a graph of its own."""
    grad = tensor.grad
    if grad._node is None:
        writable(grad).fill(0)
    else:
        tensor.grad = new_tensor(np.zeros_like(grad._data))


def gradients(
    outputs: Any,
    inputs: Any,
    grad_outputs: Any = None,
    create_graph: bool = False,
    retain_graph: bool | None = None,
    allow_unused: bool = False,
) -> tuple:
    """d sum(outputs * grad_outputs) / d input, for each input; no `.grad` is touched.

    Args:
        outputs: a Tensor or a sequence of them.
        inputs: a Tensor or a sequence of them, leaves or not, that require grad.
        grad_outputs: a cotangent for each output; may be None for scalars.
        create_graph: record the sweep, so that the results can be differentiated.
        retain_graph: keep what the graph saved; by default, if `create_graph`.
        allow_unused: give None for an input that the outputs do not depend on.

    Errors: GradientError for such an input otherwise, for an output or input that does not
    require grad, and for a non-scalar output without a cotangent.

    Example:
        >>> from autograd import tensor
        >>> x = tensor([1.0, 2.0], requires_grad=True)
        >>> gradients((x**3).sum(), x)[0].numpy()
        array([ 3., 12.])
    """
    outs, ins = _sequence(outputs), _sequence(inputs)
    given = [None] * len(outs) if grad_outputs is None else _sequence(grad_outputs)
    if len(given) != len(outs):
        raise GradientError(f"gradients: {len(outs)} outputs but {len(given)} grad_outputs")
    roots = []
    for i, (out, g) in enumerate(zip(outs, given, strict=True)):
        g = first_cotangent(out, g, f"gradients: output {i}")
        roots.append((out._node, g if create_graph else g._data))
    for i, x in enumerate(ins):
        if not isinstance(x, TensorBase) or x._node is None:
            raise GradientError(f"gradients: input {i} ({describe(x)}) does not require grad")
    targets = dict.fromkeys(x._node[ORDER] for x in ins)
    keep = create_graph if retain_graph is None else retain_graph
    sweep(roots, targets, keep=keep, lifted=create_graph)
    found = [targets[x._node[ORDER]] for x in ins]
    if not allow_unused and any(g is None for g in found):
        i = next(i for i, g in enumerate(found) if g is None)
        raise GradientError(
            f"gradients: the outputs do not depend on input {i}; allow_unused=True gives None"
        )
    copied = FAST["copy"] if create_graph else lambda g: new_tensor(g.copy())
    pairs = [(None if g is None else conjugate(copied(g)), x) for g, x in zip(found, ins, strict=True)]
    return tuple(None if g is None else in_order_of(g, x.dtype) for g, x in pairs)


def _sequence(value: Any) -> Sequence:
    return list(value) if isinstance(value, (list, tuple)) else [value]


def first_cotangent(tensor: Any, gradient: Any, caller: str) -> Any:
    """The cotangent that a sweep starts with, as a Tensor."""
    if not isinstance(tensor, TensorBase) or tensor._node is None:
        raise GradientError(
            f"{caller}: {describe(tensor)} does not require grad: nothing it was computed from "
            "has requires_grad=True, or it was computed under no_grad() or detached"
        )
    if gradient is not None:
        return conjugate(as_cotangent(gradient, tensor, f"{caller}: gradient"))
    data = tensor._data
    one = _ONES.get(type(data))
    if one is not None:  # mostly: a scalar of NumPy's, whose attributes take time to ask for
        return new_tensor(one)
    if data.size != 1:
        raise GradientError(
            f"{caller}: a tensor of shape {data.shape} has no single gradient; reduce it to a "
            f"scalar, e.g. with .sum(), or pass gradient= of the same shape"
        )
    return new_tensor(np.ones(data.shape, data.dtype) if data.shape else data.dtype.type(1))
