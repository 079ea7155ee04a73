"""The base of all optimisers: groups, and the loop over parameters; `state.py` saves their state.

An optimiser says what state a parameter needs and gives its update formula over arrays, once.
The base calls it for every parameter that has a gradient: in place, with scratch arrays that
are made once, and for large parameters tile by tile, so that what one tile needs stays in the
processor's cache from the first operation of the formula to the last. Complex parameters are
updated as pairs of real numbers.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from typing import Any, ClassVar

import numpy as np

from autograd import changes
from autograd.backward import clear
from autograd.diagnose import describe
from autograd.errors import ArgumentError, OperandError
from autograd.memory import is_exclusive
from autograd.tape import EXTRA, TensorBase, mode
from autograd.views import writable

from .checks import check_betas, check_range
from .formulas import REAL, flat
from .native import WAYS, Natives, checked_ways
from .scratch import Scratch
from .slot import Slot, zeros
from .state import SCHEDULED, StateMethods

# Elements of a tile: five arrays of float32 fit a megabyte of cache.
TILE = 32768

# Among the numbers of a formula, what is no number.
AS_THEY_ARE = (type(None), bool, range)


class Optimizer(StateMethods):
    """Takes parameters, never modules.

    A subclass sets `buffers`, `scratches` and `ranges` and defines `scalars` and `update`. One
    whose formula is not elementwise sets `tiled = False`, and may give `initial` and `scratch`
    arrays of other shapes.

    Args:
        params: tensors, pairs of name and tensor, or dicts with the key `params` and options
            for these alone.
        defaults: the options of groups that do not give their own.
        ways: how PyTorch may be told to run an update; the results are the same. `fused`: by native
            loops from the first step on (True; needs the extra `jit`), never (False), or once it pays
            (None). `foreach` and `capturable` change nothing here; `differentiable` cannot be had.
    """

    scratches = 1
    tiled = True
    ranges: ClassVar[Mapping[str, tuple[Any, ...]]] = {}
    stepped = False  # whether `step` was ever called: schedulers come after it

    def __init__(
        self, params: Iterable[Any], defaults: dict[str, Any], ways: Mapping[str, Any] | None = None
    ):
        self.defaults = defaults
        self.param_groups: list[dict[str, Any]] = []
        self._slots: dict[Any, Slot] = {}
        self._arrays: dict[np.dtype, tuple] = {}
        self._scratch = Scratch()
        self._natives = Natives(checked_ways(type(self).__name__, ways or {}).get("fused"))
        given = _listed(params)
        if not given:
            raise ArgumentError(f"{type(self).__name__}: no parameters to optimise")
        for group in given if isinstance(given[0], Mapping) else [{"params": given}]:
            self.add_param_group(group)

    # -------------------------------------------------------------- for subclasses

    def check(self, group: Mapping[str, Any]) -> None:
        """Refuse options that make no sense: `ranges`, with `betas` where there are some."""
        for option, limits in self.ranges.items():
            check_range(type(self).__name__, option, group[option], *limits)
        if "betas" in group:
            check_betas(type(self).__name__, group["betas"])

    def buffers(self, group: Mapping[str, Any]) -> tuple[str, ...]:
        """Names of the state arrays that a parameter of this group needs, zero at first."""
        return ()

    def initial(self, group: Mapping[str, Any], p: np.ndarray) -> dict[str, np.ndarray]:
        """The state arrays of a parameter before its first step, by name."""
        return {name: zeros(p.shape, p.dtype) for name in self.buffers(group)}

    def numbers(self, group: Mapping[str, Any]) -> dict[str, float]:
        """Python numbers that are kept for each parameter; `advance` changes them."""
        return {}

    def scratch(self, p: np.ndarray) -> tuple[np.ndarray, ...]:
        """Arrays that the formula may overwrite, for a parameter or for a tile of one."""
        return tuple(np.empty(p.shape, p.dtype) for _ in range(self.scratches))

    def scalars(self, group: Mapping[str, Any], step: int) -> tuple:
        """The numbers that the formula needs at this step of a parameter; None for those unused."""
        raise NotImplementedError

    def advance(self, group: Mapping[str, Any], step: int, numbers: dict[str, float]) -> tuple:
        """As `scalars`, for an optimiser that keeps `numbers`, which it takes a step further."""
        return self.scalars(group, step)

    def update(self, p: Any, g: Any, state: tuple, scratch: tuple, scalars: tuple) -> None:
        """The formula: change `p` and `state` in place, leave `g` as it is.

        The scalars come as arrays without axes; None, True, False and ranges as they are.
        """
        raise NotImplementedError

    # -------------------------------------------------------------- the loop

    def step(self, closure: Callable[[], Any] | None = None) -> Any:
        """Update every parameter that has a gradient; returns what `closure()` returned."""
        if closure is not None and not callable(closure):
            name = type(self).__name__
            raise OperandError(f"{name}: closure must be a function or None, got {describe(closure)}")
        loss = closure() if closure is not None else None
        self.stepped = True
        slots, update, keepers = self._slots, self.update, mode.keepers
        for group in self.param_groups:
            buffers = self.buffers(group)
            step, dtype, scalars = -1, None, ()  # alike for parameters of one age and dtype
            names: tuple[str, ...] = ()
            gathers = self._natives.gathers(len(group["params"]))
            alike: list[Slot] = []
            arrays: list[np.ndarray] = []
            for parameter in group["params"]:
                node = parameter._node
                grad = node[2].grad if node is not None else None
                if grad is None:
                    continue
                slot = slots.get(parameter)
                if slot is None or slot.ready != buffers:
                    slot = self._slot(parameter, group)
                    self._lend(slot, np.asarray(parameter._data))
                # mostly there is nothing to make writable, and nobody to tell
                own = parameter._alias is None and not keepers and is_exclusive(parameter)
                p = parameter._data if own else writable(parameter)
                slot.step += 1
                if slot.step != step or p.dtype is not dtype or slot.names != names or slot.numbers:
                    self._update_together(alike, arrays, scalars)
                    step, dtype, names = slot.step, p.dtype, slot.names
                    scalars = self._scalars(group, slot, dtype)
                    if slot.lent is not dtype:  # the model has been cast
                        self._give_back()
                        self._lend(slot, p)
                if not slot.direct:
                    if not self._natives.run(self, p, grad._data, slot, scalars):
                        self._update_tiles(p, grad._data, slot, scalars)
                elif gathers and own:
                    alike.append(slot)
                    arrays += (p, grad._data, *slot.state)
                else:
                    update(p, grad._data, slot.state, slot.scratch, scalars)
            self._update_together(alike, arrays, scalars)
        return loss

    def _update_together(self, slots: list[Slot], arrays: list[np.ndarray], scalars: tuple) -> None:
        """Update what was gathered, and forget it."""
        if slots and not self._natives.run_together(self, slots, arrays, scalars):
            of_each = zip(*[iter(arrays)] * (2 + len(slots[0].state)), strict=True)
            for slot, (p, g, *_) in zip(slots, of_each, strict=True):
                self.update(p, g, slot.state, slot.scratch, scalars)
        slots.clear()
        arrays.clear()

    def _scalars(self, group: Mapping[str, Any], slot: Slot, dtype: np.dtype) -> tuple:
        """The formula's numbers as arrays: NumPy takes those twice as fast as Python numbers.

        They are made anew only when they change.
        """
        values = self.advance(group, slot.step, slot.numbers)
        before = self._arrays.get(dtype)
        if before is None or before[0] != values:
            real = REAL.get(dtype, dtype)
            arrays = tuple(v if type(v) in AS_THEY_ARE else np.asarray(v, real) for v in values)
            before = self._arrays[dtype] = (values, arrays)
        return before[1]

    def _slot(self, parameter: Any, group: Mapping[str, Any]) -> Slot:
        """The state as the group's options need it, made if they are new.

        What it shares with the state there was is kept; if that is nothing, it starts over.
        """
        before = self._slots.get(parameter)
        if before is not None and before.buffers == self.buffers(group):
            self._begin(before, group, np.asarray(parameter._data))
            return before
        slot = self._slots[parameter] = self._new_slot(parameter, group)
        changes.note()
        if before is not None and (shared := set(slot.names) & set(before.names)):
            old = dict(zip(before.names, before.state, strict=True))
            slot.state = tuple(old[n] if n in shared else a for n, a in zip(slot.names, slot.state))
            slot.step, slot.numbers = before.step, slot.numbers | before.numbers
        return slot

    def _new_slot(self, parameter: Any, group: Mapping[str, Any]) -> Slot:
        slot, p = Slot(), np.asarray(parameter._data)
        slot.buffers = self.buffers(group)
        state = self.initial(group, p)
        slot.names, slot.state, slot.numbers = tuple(state), tuple(state.values()), self.numbers(group)
        whole = not self.tiled or p.size <= TILE
        slot.direct = whole and p.size > 0 and p.dtype not in REAL
        return slot

    def _begin(self, slot: Slot, group: Mapping[str, Any], p: np.ndarray) -> None:
        """Have a slot that was made before it was needed begin with the options of now.

        Compiled programs make slots of parameters that have no gradient yet, and are bound to their arrays.
        """
        if slot.step or slot.loaded:
            return
        slot.numbers.update(self.numbers(group))
        fresh = tuple(self.initial(group, p).values())
        if [(a.shape, a.dtype) for a in slot.state] == [(a.shape, a.dtype) for a in fresh]:
            for array, first in zip(slot.state, fresh, strict=True):
                np.copyto(array, first)
        else:  # the model has been cast
            slot.state = fresh

    def _scratch_of(self, slot: Slot, p: np.ndarray) -> tuple[np.ndarray, ...]:
        """New arrays that a parameter's updates may overwrite."""
        if not p.size:
            return ()
        return self.scratch(
            p if slot.direct else np.empty(min(2 * p.size, TILE), REAL.get(p.dtype, p.dtype))
        )

    def _lend(self, slot: Slot, p: np.ndarray) -> None:
        """Have a slot's scratch be there."""
        if slot.ready is None:
            slot.lent = p.dtype
            self._scratch.lend(slot, self._slots.values(), self._scratch_of(slot, p))

    def _give_back(self) -> None:
        """Free what the next update makes again."""
        self._scratch.take_back(self._slots.values())

    def _update_tiles(self, p: np.ndarray, g: np.ndarray, slot: Slot, scalars: tuple) -> None:
        arrays = [flat(a) for a in (p, g, *slot.state)]
        for start in range(0, arrays[0].size, TILE):
            tile = slice(start, start + TILE)
            p_tile, g_tile, *state = (a[tile] for a in arrays)
            scratch = tuple(s[: p_tile.size] for s in slot.scratch)
            self.update(p_tile, g_tile, tuple(state), scratch, scalars)
        if p.size and not np.may_share_memory(arrays[0], p):  # a copy was updated, if p is in no order
            p[...] = arrays[0].view(p.dtype).reshape(p.shape)

    def zero_grad(self, set_to_none: bool = True) -> None:
        """Forget the gradients of all parameters, or set them to zero."""
        for group in self.param_groups:
            for parameter in group["params"]:
                node = parameter._node
                if node is None or node[EXTRA] is None:
                    continue
                if set_to_none:
                    node[EXTRA].grad = None
                elif node[EXTRA].grad is not None:
                    clear(parameter)

    # -------------------------------------------------------------- groups

    def add_param_group(self, param_group: Mapping[str, Any]) -> None:
        """Add parameters with options of their own.

        Errors: OperandError for what is no leaf tensor; ArgumentError for an unknown option, a
        value that makes no sense, or a parameter that is in a group already.
        """
        name = type(self).__name__
        if not isinstance(param_group, Mapping):
            raise OperandError(f"{name}: a group must be a dict, got {describe(param_group)}")
        if "params" not in param_group:
            raise ArgumentError(f"{name}: a group needs the key 'params', got {sorted(param_group)}")
        params = param_group["params"]
        params = [params] if isinstance(params, TensorBase) else _listed(params)
        params = [p[1] if isinstance(p, tuple) else p for p in params]
        present = {id(p) for g in self.param_groups for p in g["params"]}
        for i, p in enumerate(params):
            if not isinstance(p, TensorBase):
                raise OperandError(f"{name}: parameter {i} must be a Tensor, got {describe(p)}")
            if not p.is_leaf:  # type: ignore[attr-defined]
                raise OperandError(f"{name}: parameter {i} is not a leaf")
            if id(p) in present:
                raise ArgumentError(f"{name}: parameter {i} is in a group already")
            present.add(id(p))
        for option in set(param_group) - {"params"} - set(self.defaults) - SCHEDULED - WAYS:
            raise ArgumentError(f"{name}: unknown option {option!r}; known: {sorted(self.defaults)}")
        whole = {**self.defaults, **param_group, "params": params}
        self.check(whole)
        changes.note()
        self.param_groups.append(whole)

    def __repr__(self) -> str:
        options = ", ".join(f"{k}={v}" for k, v in self.param_groups[0].items() if k != "params")
        return f"{type(self).__name__}({options})"


def _listed(params: Any) -> list:
    if isinstance(params, TensorBase):
        raise OperandError("params must be a sequence of tensors, got a single one")
    if not isinstance(params, Iterable):
        hint = "; pass its .parameters()" if hasattr(params, "parameters") else ""
        raise OperandError(f"params must be a sequence of tensors, got {describe(params)}{hint}")
    return list(params)
