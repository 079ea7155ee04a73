"""Functions with derivatives of the user's, under `vmap`: their rules run under it too."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from ..batching import Level, batch, invoke, is_batched, running
from ..tape import TensorBase, mode, new_tensor
from .fitting import aligned
from .opaque import Rules, Stacked
from .trees import leaves, rebuild, transform


def deepest(args: Sequence[Any]) -> Level | None:
    """The innermost run of `vmap` that an argument is one example of."""
    levels = [leaf._level for arg in args for _, leaf in leaves(arg) if is_batched(leaf)]
    return max(levels, key=lambda level: level.depth, default=None)


class Mapped(Rules):
    """The rules of a function for all examples at once, by those for one.

    Arguments, results and residuals are the arrays of all examples. `flags` says of each leaf of the
    arguments whether it has their axis.
    """

    def __init__(self, rules: Rules, level: Level, args: Sequence[Any]):
        self.rules, self.size, self.randomness = rules, level.size, level.randomness
        self.name, self.nondiff, self.forward_rule = rules.name, rules.nondiff, rules.forward_rule
        flat = [leaf for arg in args for _, leaf in leaves(arg)]
        self.flags = [is_batched(leaf) and leaf._level is level for leaf in flat]
        each = iter([leaf._inner if flag else leaf for leaf, flag in zip(flat, self.flags, strict=True)])
        self.args = [rebuild(arg, each) for arg in args]

    def forward(self, args: list) -> tuple[Any, Any]:
        with running(self.size, self.randomness) as level:
            value, residuals = self.rules.forward(self._opened(args, level))
            return transform(lambda leaf: self._all(leaf, level), value), self._closed(residuals, level)

    def residuals(self, args: list) -> Any:
        with running(self.size, self.randomness) as level:
            return self._closed(self.rules.residuals(self._opened(args, level)), level)

    def pull(self, args: list, residuals: Any, g: Any) -> list:
        with running(self.size, self.randomness) as level:
            ones = self._opened(args, level)
            g = transform(lambda leaf: _batch(level, leaf), g)
            residuals = transform(lambda leaf: self._one(leaf, level), residuals)
            found = self.rules.pull(ones, residuals, g)
            return self._summed(found, ones, level)

    def push(self, args: list, tangents: list) -> Any:
        with running(self.size, self.randomness) as level:
            ones = self._opened(args, level)
            kept = self._kept_flags(args)
            moved = []
            for tangent, flags in zip(tangents, kept, strict=True):
                each = [_batch(level, t) if flag else t for (_, t), flag in zip(leaves(tangent), flags)]
                moved.append(rebuild(tangent, iter(each)))
            return transform(lambda leaf: self._all(leaf, level), self.rules.push(ones, moved))

    def _kept_flags(self, args: list) -> list[list[bool]]:
        """The flags of the differentiable arguments, of those leaves that have a tangent."""
        each, found = iter(self.flags), []
        for i, arg in enumerate(args):
            flags = [(next(each), leaf) for _, leaf in leaves(arg)]
            if i not in self.nondiff:
                found.append([flag for flag, leaf in flags if _is_value(leaf)])
        return found

    def _opened(self, args: list, level: Level) -> list:
        flat = [leaf for arg in args for _, leaf in leaves(arg)]
        each = iter([_batch(level, x) if flag else x for x, flag in zip(flat, self.flags, strict=True)])
        return [rebuild(arg, each) for arg in args]

    def _all(self, leaf: Any, level: Level) -> Any:
        """What belongs to one example, for all of them."""
        if is_batched(leaf) and leaf._level is level:
            return leaf._inner
        whole: Any = leaf if isinstance(leaf, TensorBase) else np.asarray(leaf)
        return invoke("broadcast_to", whole, (self.size, *whole.shape))

    def _closed(self, residuals: Any, level: Level) -> Any:
        """Residuals without tensors of this level: these as what holds all examples."""

        def closed(leaf: Any) -> Any:
            core = leaf.core if type(leaf) is Stacked else leaf
            if not is_batched(core) or core._level is not level:
                return leaf
            return Stacked(self, leaf.around(core._inner) if type(leaf) is Stacked else core._inner)

        return transform(closed, residuals)

    def _one(self, leaf: Any, level: Level) -> Any:
        """A residual for one example."""
        if type(leaf) is not Stacked or leaf.owner is not self:
            return leaf
        core = batch(level, leaf.core)
        return leaf.value.around(core) if type(leaf.value) is Stacked else core

    def _summed(self, found: Any, ones: list, level: Level) -> Any:
        """Cotangents of the arguments for all examples; the sum over them of what is the same for all."""
        positions = self.rules.differentiable(ones)
        if not isinstance(found, (tuple, list)) or len(found) != len(positions):
            return found  # refused by the call
        each, flat, kept = iter(self.flags), [], []
        by_position = dict(zip(positions, found, strict=True))
        for i, arg in enumerate(ones):
            what = f"{self.name}: the cotangent that its bwd returns for argument {i}"
            for part in aligned(by_position.get(i), arg, what):
                flag = next(each)
                if part is not None:
                    part = self._all(part, level)
                    part = part if flag else invoke("sum", part, 0)
                flat.append(part)
        values = iter(flat)
        for i, arg in enumerate(ones):
            mine = rebuild(arg, values)
            if i in by_position:
                kept.append(mine)
        return kept


def run_mapped(rules: Rules, level: Level, args: Sequence[Any], run: Any) -> Any:
    """A call on one example of many, by a call on the arrays of all."""
    mapped = Mapped(rules, level, args)
    before, mode.levels = mode.levels, mode.levels[: level.depth]
    try:
        out = run(mapped, mapped.args)
    finally:
        mode.levels = before
    return transform(
        lambda leaf: batch(level, leaf if isinstance(leaf, TensorBase) else new_tensor(leaf)), out
    )


def _batch(level: Level, value: Any) -> Any:
    return batch(level, value if isinstance(value, TensorBase) else new_tensor(np.asarray(value)))


def _is_value(leaf: Any) -> bool:
    return isinstance(leaf, (TensorBase, np.ndarray, np.generic, bool, int, float, complex))
