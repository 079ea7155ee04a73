"""The textbook drawing of a fully connected network: columns of circles, a line per weight."""

from __future__ import annotations

import itertools
from collections.abc import Sequence
from typing import Any

import numpy as np

from autograd.errors import ArgumentError, OperandError
from autograd.tensor import Tensor

from ..linear import Linear
from ..module import Module
from ..trial import trial
from .axis import new_axis
from .network_parts import Column, draw_circles, draw_lines, draw_words, frame, points_per_unit

SHOWN = 12  # circles in a column; larger layers are drawn with a gap


def weight_count(sizes: Sequence[int], bias: bool = True) -> list[int]:
    """How many weights lie between each layer and the next, biases included.

    Example:
        >>> weight_count([784, 512, 512, 10]), sum(weight_count([784, 512, 512, 10]))
        ([401920, 262656, 5130], 669706)
    """
    return [(a + bool(bias)) * b for a, b in itertools.pairwise(sizes)]


def network(
    model: Any,
    ax: Any = None,
    *,
    inputs: Any = None,
    bias: bool = False,
    counts: bool = True,
    names: Sequence[str] = (),
    shown: int = SHOWN,
) -> Any:
    """Draw a network as columns of circles.

    Args:
        model: a module of Linear layers, one after the other, whose weights give the lines their
            colour (blue: positive, red: negative) and width; or the sizes of the layers alone.
        inputs: one input vector; then each circle holds its activation, as number and shade.
        bias: draw a bias unit beside each layer but the last.
        counts: write the number of weights between the columns.
        names: a title for each column; by default input, hidden, ..., output.
        shown: how many circles a column has at most; the middle of a larger layer is left out.

    Errors: OperandError for a model without Linear layers or where they do not fit each other;
    ArgumentError for sizes that are no positive integers, inputs of another shape or where there are
    no weights, names for another number of columns, and a column of less than two circles.

    Example:
        >>> ax = network([2, 3, 1])
        >>> [text.get_text() for text in ax.texts if "weights" in text.get_text()]
        ['9 weights', '4 weights']
    """
    layers = linear_layers(model) if isinstance(model, Module) else []
    sizes = [layers[0].in_features, *(m.out_features for m in layers)] if layers else _sizes(model)
    titles = list(names) or ["input", *["hidden"] * (len(sizes) - 2), "output"]
    if len(titles) != len(sizes):
        raise ArgumentError(f"network: names has {len(titles)} titles for {len(sizes)} columns")
    if not isinstance(shown, (int, np.integer)) or shown < 2:
        raise ArgumentError(f"network: shown must be an integer of at least 2, got {shown!r}")
    if inputs is not None and not layers:
        raise ArgumentError("network: inputs need a model, sizes alone have no activations")
    biased = [layer.bias is not None for layer in layers] or [True] * (len(sizes) - 1)
    columns = [
        Column(i, size, shown, bool(bias) and with_bias)
        for i, (size, with_bias) in enumerate(zip(sizes, [*biased, False], strict=True))
    ]
    values = [None] * len(sizes) if inputs is None else activations(model, layers, inputs)
    ax = axis_for(columns) if ax is None else ax
    scale = points_per_unit(ax, columns)
    for i, (a, b) in enumerate(itertools.pairwise(columns)):
        draw_lines(ax, a, b, layers[i] if layers else None)
    for column, seen in zip(columns, values, strict=True):
        draw_circles(ax, column, seen, scale)
    numbers = [
        (a + with_bias) * b for (a, b), with_bias in zip(itertools.pairwise(sizes), biased, strict=True)
    ]
    draw_words(ax, columns, titles, numbers if counts else [], scale)
    across, up = frame(columns)
    ax.set(xlim=across, ylim=up, aspect="equal")
    ax.axis("off")
    return ax


def axis_for(columns: Sequence[Column]) -> Any:
    """An axis of its own for a drawing: as large as it needs, and without margins."""
    (left, right), (bottom, top) = frame(columns)
    ax = new_axis(0.48 * (right - left), 0.48 * (top - bottom))
    ax.figure.set_layout_engine("none")
    ax.set_position((0.0, 0.0, 1.0, 1.0))
    return ax


def linear_layers(model: Module) -> list[Linear]:
    """The Linear layers of a model, in order.

    Errors: OperandError if there are none, or if one does not take what the one before it gives.
    """
    layers = [m for m in model.modules() if isinstance(m, Linear)]
    if not layers:
        raise OperandError(f"network: {type(model).__name__} has no Linear layers to draw")
    for a, b in itertools.pairwise(layers):
        if a.out_features != b.in_features:
            raise OperandError(
                f"network: a layer of {a.out_features} units is followed by one that takes {b.in_features}"
            )
    return layers


def activations(model: Module, layers: Sequence[Linear], inputs: Any) -> list[Any]:
    """The values of all units for one input: what goes into each Linear layer, and the result.

    Errors: ArgumentError for another shape, OperandError for a model that calls a layer more than once.
    """
    x = _array(inputs)
    if x.shape != (layers[0].in_features,):
        raise ArgumentError(f"network: inputs must have shape ({layers[0].in_features},), got {x.shape}")
    taken: list[np.ndarray] = []
    handles = [
        m.register_forward_pre_hook(lambda _, args: taken.append(_array(args[0])[0])) for m in layers
    ]
    try:
        with trial(model):
            out = model(x[None].astype(layers[0].weight.dtype))
    finally:
        for handle in handles:
            handle.remove()
    found = [*taken, _array(out)[0]]
    sizes = [layers[0].in_features, *(m.out_features for m in layers)]
    if [v.shape for v in found] != [(n,) for n in sizes]:
        name = type(model).__name__
        raise OperandError(f"network: {name} does not call its {len(layers)} Linear layers one by one")
    return found


def _array(value: Any) -> np.ndarray:
    return value.detach().numpy() if isinstance(value, Tensor) else np.asarray(value)


def _sizes(sizes: Any) -> list[int]:
    found = list(sizes) if isinstance(sizes, (list, tuple)) else []
    if len(found) < 2 or not all(isinstance(n, (int, np.integer)) and n > 0 for n in found):
        raise ArgumentError(f"network: expected a module or at least two positive sizes, got {sizes!r}")
    return found
