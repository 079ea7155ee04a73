"""The textbook drawing of a fully connected network: columns of circles, a line per weight."""

from __future__ import annotations

import itertools
from collections.abc import Sequence
from typing import Any

import numpy as np

from autograd.errors import ArgumentError, OperandError
from autograd.modes import no_grad

from ..linear import Linear
from ..module import Module
from .axis import new_axis

APART = 2.6  # columns, in units of the distance between circles
RADIUS = 0.36
SHOWN = 12  # circles in a column; larger layers are drawn with a gap
POSITIVE, NEGATIVE, PLAIN = "tab:blue", "tab:red", "0.6"


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
    ArgumentError for sizes that are no positive integers.

    Example:
        >>> ax = network([2, 3, 1])
        >>> [text.get_text() for text in ax.texts if "weights" in text.get_text()]
        ['9 weights', '4 weights']
    """
    layers = linear_layers(model) if isinstance(model, Module) else None
    sizes = [layers[0].in_features, *(m.out_features for m in layers)] if layers else _sizes(model)
    columns = [_Column(i, size, shown, bias and i < len(sizes) - 1) for i, size in enumerate(sizes)]
    reach = max(c.reach for c in columns)
    ax = new_axis(1.15 * (len(sizes) - 0.4), 0.9 + 0.88 * reach) if ax is None else ax
    values = None if inputs is None or layers is None else activations(model, layers, inputs)
    for i, (a, b) in enumerate(itertools.pairwise(columns)):
        _draw_lines(ax, a, b, layers[i] if layers else None)
    for i, column in enumerate(columns):
        _draw_circles(ax, column, None if values is None else values[i])
    _draw_words(ax, columns, sizes, names, weight_count(sizes, _has_bias(layers)) if counts else None)
    ax.set(xlim=(-0.8, APART * (len(sizes) - 1) + 0.8), ylim=(-reach - 1.6, reach + 1.2), aspect="equal")
    ax.axis("off")
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


def activations(model: Module, layers: Sequence[Linear], inputs: Any) -> list[np.ndarray]:
    """The values of all units for one input: what goes into each Linear layer, and the result."""
    x = np.asarray(inputs)
    if x.shape != (layers[0].in_features,):
        raise ArgumentError(f"network: inputs must have shape ({layers[0].in_features},), got {x.shape}")
    taken: list[np.ndarray] = []
    handles = [
        m.register_forward_pre_hook(
            lambda _, args: taken.append(
                np.asarray(args[0].numpy() if hasattr(args[0], "numpy") else args[0])[0]
            )
        )
        for m in layers
    ]
    training = model.training
    try:
        with no_grad():
            out = model.eval()(x[None].astype(layers[0].weight.dtype))
    finally:
        model.train(training)
        for handle in handles:
            handle.remove()
    return [*taken, np.asarray(out.detach().numpy())[0]]


class _Column:
    """Where the circles of one layer are: unit -> (x, y), the middle of a large layer left out."""

    def __init__(self, x: float, size: int, shown: int, bias: bool):
        x *= APART
        self.x, self.size = x, size
        half = shown // 2
        self.units = list(range(size)) if size <= shown else [*range(half), *range(size - half, size)]
        self.gap = size > shown
        places = len(self.units) + self.gap
        top = (places - 1) / 2
        self.places = {unit: (x, top - i - (self.gap and i >= half)) for i, unit in enumerate(self.units)}
        self.reach = top + bias
        self.middle = (x, top - half)
        self.bias = (x, top + 1) if bias else None


def _sizes(sizes: Any) -> list[int]:
    found = list(sizes) if isinstance(sizes, (list, tuple)) else []
    if len(found) < 2 or not all(isinstance(n, (int, np.integer)) and n > 0 for n in found):
        raise ArgumentError(f"network: expected a module or at least two positive sizes, got {sizes!r}")
    return found


def _has_bias(layers: Sequence[Linear] | None) -> bool:
    return layers is None or layers[0].bias is not None


def _draw_lines(ax: Any, a: _Column, b: _Column, layer: Linear | None) -> None:
    """The weights between two columns, as one collection."""
    from matplotlib.collections import LineCollection

    pairs = [(i, j) for i in a.units for j in b.units]
    segments = [(a.places[i], b.places[j]) for i, j in pairs]
    weights = (
        np.ones(len(pairs)) if layer is None else np.array([layer.weight._data[j, i] for i, j in pairs])
    )
    if a.bias is not None:
        segments += [(a.bias, b.places[j]) for j in b.units]
        biased = layer is not None and layer.bias is not None
        weights = np.append(weights, layer.bias._data[b.units] if biased else np.ones(len(b.units)))  # type: ignore[union-attr]
    strength = np.abs(weights) / max(float(np.abs(weights).max(initial=0)), 1e-12)
    colours = [PLAIN if layer is None else POSITIVE if w >= 0 else NEGATIVE for w in weights]
    widths = 0.8 * np.ones(len(weights)) if layer is None else 0.15 + 2.2 * strength
    lines = LineCollection(segments, colors=colours, linewidths=widths, alpha=0.55, zorder=1)
    ax.add_collection(lines)


def _draw_circles(ax: Any, column: _Column, values: np.ndarray | None) -> None:
    from matplotlib.patches import Circle

    largest = 1.0 if values is None else max(float(np.abs(values).max(initial=0)), 1e-12)
    for unit, place in column.places.items():
        share = 0.0 if values is None else float(values[unit]) / largest
        colour = (
            (1.0, 1 - 0.6 * abs(share), 1 - 0.6 * abs(share))
            if share < 0
            else (1 - 0.6 * share, 1 - 0.4 * share, 1.0)
        )
        ax.add_patch(Circle(place, RADIUS, facecolor=colour, edgecolor="black", linewidth=0.8, zorder=2))
        if values is not None:
            ax.text(*place, f"{float(values[unit]):.2g}", ha="center", va="center", fontsize=6, zorder=3)
    if column.gap:
        ax.text(*column.middle, "⋮", ha="center", va="center", fontsize=14, zorder=3)
    if column.bias is not None:
        ax.add_patch(
            Circle(column.bias, RADIUS, facecolor="0.9", edgecolor="black", linewidth=0.8, zorder=2)
        )
        ax.text(*column.bias, "1", ha="center", va="center", fontsize=7, zorder=3)


def _draw_words(
    ax: Any, columns: list[_Column], sizes: list[int], names: Sequence[str], counts: list[int] | None
) -> None:
    """Titles above the columns, sizes below, weight counts between."""
    reach = max(c.reach for c in columns)
    titles = list(names) or ["input", *["hidden"] * (len(sizes) - 2), "output"]
    for column, title, size in zip(columns, titles, sizes):
        ax.text(column.x, reach + 0.8, title, ha="center", va="center", fontsize=9)
        ax.text(column.x, -reach - 0.8, str(size), ha="center", va="center", fontsize=8, color="0.3")
    small = {"ha": "center", "va": "center", "fontsize": 7, "color": "0.3"}
    for i, count in enumerate(counts or []):
        ax.text(APART * (i + 0.5), -reach - 1.25, f"{count:,} weights", **small)
