"""What an error says of arrays, in words."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

import numpy as np

from ..memory import bare
from ..recording import Summary, summarise
from ..several import Bundle
from ..tape import FIRST_PARENT, PULL

_SHOWN = 8


def named(prim: Any, values: Sequence) -> Iterator[tuple[str, Summary]]:
    """The arrays among the arguments of a call."""
    for i, value in enumerate(values):
        if value is not None:
            name = f"{prim.arrays[0][1:]}[{i}]" if prim.variadic else prim.arrays[i]
            yield name, summarise(value)


def saved(node: list) -> Iterator[tuple[str, Summary]]:
    """The arrays that a node saved."""
    step = node[PULL].step
    for name, value in zip(step.saves, bare(node)[FIRST_PARENT + step.arity :], strict=False):
        if isinstance(value, (np.ndarray, np.generic)):
            yield name, summarise(value)
        elif isinstance(value, list):
            for i, item in enumerate(value):
                if isinstance(item, (np.ndarray, np.generic)):
                    yield f"{name}[{i}]", summarise(item)


def cotangents(g: Any) -> dict[str, Summary]:
    """What arrived: of one result, or of several."""
    parts = {f"g[{i}]": part for i, part in g.parts.items()} if type(g) is Bundle else {"g": g}
    return {name: summarise(getattr(part, "_data", part)) for name, part in parts.items()}


def argument(step: Any, i: int) -> str:
    """The name of the argument that is the i-th on the tape."""
    if step.prim is None:
        return "x"
    position = step.active[i]
    return f"{step.prim.arrays[0][1:]}[{position}]" if step.prim.variadic else step.prim.arrays[position]


def message(what: str, source: Any, inputs: dict[str, Summary], unknown: bool = False) -> str:
    """What happened, where, and a line on each array."""
    lines = [what]
    if source is not None:
        lines.append(f"  at {source}: {source.code}" if source.code else f"  at {source}")
    elif unknown:
        lines.append("  it was computed outside of detect_anomaly(): its line and module are not known")
    lines += [f"  {name}: {statistics(value)}" for name, value in list(inputs.items())[:_SHOWN]]
    if len(inputs) > _SHOWN:
        lines.append(f"  ... and {len(inputs) - _SHOWN} more")
    return "\n".join(lines)


def count(value: Summary) -> str:
    """How much of an array is not finite."""
    parts = [f"{value.nans:,} NaN"] if value.nans else []
    if value.infinities:
        parts.append(f"{value.infinities:,} {'infinity' if value.infinities == 1 else 'infinities'}")
    size = int(np.prod(value.shape))
    return " and ".join(parts) + (f" among {size:,} elements" if size > 1 else "")


def passed_on(bad: list[str]) -> str:
    """Which arguments were not finite before."""
    return f"; {', '.join(bad)} had such before" if bad else ""


def statistics(value: Summary) -> str:
    """One line on an array.

    Example:
        >>> statistics(summarise(np.array([1.0, 3.0, np.nan])))
        'float64(3,), 1 NaN among 3 elements; the rest from 1 to 3, mean 2, std 1'
    """
    head = f"{value.dtype}{value.shape}"
    if value.low is None:
        return head if not (value.nans or value.infinities) else f"{head}, {count(value)}"
    facts = f"from {value.low:.4g} to {value.high:.4g}, mean {value.mean:.4g}, std {value.std:.4g}"
    if value.nans or value.infinities:
        return f"{head}, {count(value)}; the rest {facts}"
    return f"{head}, {facts}"
