"""Curves of training: per batch, per epoch, afterwards and while it runs."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from autograd.errors import ArgumentError

from .axis import new_axis


def moving_average(values: Sequence[float], window: int) -> np.ndarray:
    """The mean of each value and up to `window - 1` before it.

    Errors: ArgumentError for a window below 1.

    Example:
        >>> moving_average([1.0, 2.0, 3.0, 4.0], 2)
        array([1. , 1.5, 2.5, 3.5])
    """
    if window < 1:
        raise ArgumentError(f"moving_average: window must be at least 1, got {window}")
    sums = np.cumsum(np.concatenate([[0.0], np.asarray(values, float)]))
    ends = np.arange(1, len(sums))
    starts = np.maximum(ends - window, 0)
    return (sums[ends] - sums[starts]) / (ends - starts)


def curves(
    histories: Mapping[str, Sequence[float]],
    ax: Any = None,
    *,
    window: int = 1,
    xlabel: str = "epoch",
    ylabel: str = "",
    log: bool = False,
    first: int = 1,
) -> Any:
    """A line for each sequence of numbers, named in a legend.

    Args:
        histories: name -> values.
        window: draw the moving average over as many values, and the values themselves pale.
        log: logarithmic vertical axis.
        first: the abscissa of the first value.
    """
    ax = new_axis() if ax is None else ax
    for name, values in histories.items():
        x = np.arange(first, first + len(values))
        (line,) = ax.plot(x, moving_average(values, window) if window > 1 else values, label=name)
        if window > 1:
            ax.plot(x, values, color=line.get_color(), alpha=0.2, linewidth=0.6)
    ax.set(xlabel=xlabel, ylabel=ylabel, yscale="log" if log else "linear")
    ax.grid(alpha=0.3)
    if len(histories) > 1:
        ax.legend()
    return ax


class LiveCurves:
    """Curves that grow while a network is trained.

    Each `update` draws the axis anew; in a notebook, `show=display_handle.update` (or any
    function of the figure) puts it on the screen.

    Args:
        ax: where to draw.
        window: as `curves`.
        every: draw at every so many updates.
        show: called with the figure after each drawing.

    Example:
        >>> live = LiveCurves(window=2, ylabel="loss")
        >>> for loss in (3.0, 2.0, 1.0):
        ...     _ = live.update(loss=loss)
        >>> live.histories
        {'loss': [3.0, 2.0, 1.0]}
    """

    def __init__(self, ax: Any = None, *, window: int = 1, every: int = 1, show: Any = None, **labels: Any):
        if every < 1:
            raise ArgumentError(f"LiveCurves: every must be at least 1, got {every}")
        self.ax = new_axis() if ax is None else ax
        self.histories: dict[str, list[float]] = {}
        self.window, self.every, self.show, self.labels = window, every, show, labels
        self._updates = 0

    def update(self, **values: float) -> Any:
        """Append one value to each curve named, and draw."""
        for name, value in values.items():
            self.histories.setdefault(name, []).append(float(value))
        self._updates += 1
        if self._updates % self.every == 0:
            self.draw()
        return self.ax

    def draw(self) -> Any:
        """Draw the axis anew."""
        self.ax.clear()
        curves(self.histories, self.ax, window=self.window, **self.labels)
        if self.show is not None:
            self.show(self.ax.figure)
        return self.ax
