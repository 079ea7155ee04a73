"""The base of all optimisers: groups, state, and the loop over parameters.

An optimiser says what state a parameter needs and gives its update formula over arrays, once.
The base calls it for every parameter that has a gradient: in place, with scratch arrays that
are made once, and for large parameters tile by tile, so that what one tile needs stays in the
processor's cache from the first operation of the formula to the last.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Mapping
from typing import Any

import numpy as np

from autograd.aliasing import writable
from autograd.diagnose import describe
from autograd.errors import ArgumentError, AutogradError, OperandError
from autograd.tape import EXTRA, TensorBase

# Elements of a tile: with five arrays of float32 it fits half a megabyte of cache.
TILE = 16384


class OptimizerStateError(AutogradError, ValueError):
    """A state dict does not fit the optimiser."""


class Slot:
    """What is kept for one parameter.

    Attributes:
        step: how many updates it has had.
        state: arrays of the parameter's shape, those that `buffers` names.
        scratch: arrays that a formula may overwrite, of a tile's size at most.
    """

    __slots__ = ("scratch", "state", "step")

    def __init__(self) -> None:
        self.step = 0
        self.state: tuple[np.ndarray, ...] = ()
        self.scratch: tuple[np.ndarray, ...] = ()


class Optimizer:
    """Takes parameters, never modules.

    A subclass sets `buffers` and `scratches` and defines `scalars` and `update`.

    Args:
        params: tensors, pairs of name and tensor, or dicts with the key `params` and options
            for these alone.
        defaults: the options of groups that do not give their own.
    """

    scratches = 1

    def __init__(self, params: Iterable[Any], defaults: dict[str, Any]):
        self.defaults = defaults
        self.param_groups: list[dict[str, Any]] = []
        self._slots: dict[int, Slot] = {}
        self._arrays: dict[np.dtype, tuple] = {}
        given = list(_refuse_tensor(params))
        if not given:
            raise ArgumentError(f"{type(self).__name__}: no parameters to optimise")
        for group in given if isinstance(given[0], Mapping) else [{"params": given}]:
            self.add_param_group(group)

    # -------------------------------------------------------------- for subclasses

    def check(self, group: Mapping[str, Any]) -> None:
        """Refuse options that make no sense."""

    def buffers(self, group: Mapping[str, Any]) -> tuple[str, ...]:
        """Names of the state arrays that a parameter of this group needs, zero at first."""
        return ()

    def scalars(self, group: Mapping[str, Any], step: int) -> tuple:
        """The numbers that the formula needs at this step of a parameter; None for those unused."""
        raise NotImplementedError

    def update(self, p: Any, g: Any, state: tuple, scratch: tuple, scalars: tuple) -> None:
        """The formula: change `p` and `state` in place, leave `g` as it is.

        The scalars come as arrays without axes; None, True and False as they are.
        """
        raise NotImplementedError

    # -------------------------------------------------------------- the loop

    def step(self, closure: Callable[[], Any] | None = None) -> Any:
        """Update every parameter that has a gradient; returns what `closure()` returned."""
        loss = closure() if closure is not None else None
        for group in self.param_groups:
            step, dtype, scalars = -1, None, ()  # alike for parameters of one age and dtype
            for parameter in group["params"]:
                node = parameter._node
                grad = node[2].grad if node is not None else None
                if grad is None:
                    continue
                slot = self._slots.get(id(parameter)) or self._slot(parameter, group)
                p = writable(parameter)
                slot.step += 1
                if slot.step != step or p.dtype is not dtype:
                    step, dtype = slot.step, p.dtype
                    scalars = self._scalars(group, step, dtype)
                if p.size <= TILE:
                    self.update(p, grad._data, slot.state, slot.scratch, scalars)
                else:
                    self._update_tiles(p, grad._data, slot, scalars)
        return loss

    def _scalars(self, group: Mapping[str, Any], step: int, dtype: np.dtype) -> tuple:
        """The formula's numbers as arrays: NumPy takes those twice as fast as Python numbers.

        They are made anew only when they change.
        """
        values = self.scalars(group, step)
        before = self._arrays.get(dtype)
        if before is None or before[0] != values:
            arrays = tuple(
                v if v is None or v is True or v is False else np.asarray(v, dtype) for v in values
            )
            before = self._arrays[dtype] = (values, arrays)
        return before[1]

    def _slot(self, parameter: Any, group: Mapping[str, Any]) -> Slot:
        slot = self._slots[id(parameter)] = Slot()
        data = np.asarray(parameter._data)
        slot.state = tuple(np.zeros(data.shape, data.dtype) for _ in self.buffers(group))
        slot.scratch = self._scratch(data)
        return slot

    def _scratch(self, data: np.ndarray) -> tuple[np.ndarray, ...]:
        shape = data.shape if data.size <= TILE else (TILE,)
        return tuple(np.empty(shape, data.dtype) for _ in range(self.scratches))

    def _update_tiles(self, p: np.ndarray, g: np.ndarray, slot: Slot, scalars: tuple) -> None:
        arrays = [a.reshape(-1) for a in (p, g, *slot.state)]
        for start in range(0, p.size, TILE):
            tile = slice(start, start + TILE)
            p_tile, g_tile, *state = (a[tile] for a in arrays)
            scratch = tuple(s[: p_tile.size] for s in slot.scratch)
            self.update(p_tile, g_tile, tuple(state), scratch, scalars)
        if not np.may_share_memory(arrays[0], p):  # its memory is in no order: a copy was updated
            p[...] = arrays[0].reshape(p.shape)

    def zero_grad(self, set_to_none: bool = True) -> None:
        """Forget the gradients of all parameters, or set them to zero."""
        for group in self.param_groups:
            for parameter in group["params"]:
                extra = parameter._node[EXTRA] if parameter._node is not None else None
                if extra is None or extra.grad is None:
                    continue
                extra.grad = None if set_to_none else type(extra.grad)(np.zeros_like(extra.grad._data))

    # -------------------------------------------------------------- groups and state

    def add_param_group(self, group: Mapping[str, Any]) -> None:
        """Add parameters with options of their own.

        Errors: OperandError for what is no leaf tensor; ArgumentError for an unknown option, a
        value that makes no sense, or a parameter that is in a group already.
        """
        name = type(self).__name__
        params = group["params"]
        params = [params] if isinstance(params, TensorBase) else list(params)
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
        for option in set(group) - {"params"} - set(self.defaults):
            raise ArgumentError(f"{name}: unknown option {option!r}; known: {sorted(self.defaults)}")
        whole = {**self.defaults, **group, "params": params}
        self.check(whole)
        self.param_groups.append(whole)

    def state_dict(self) -> dict[str, Any]:
        """Everything but the parameters: options, and per parameter its step and state arrays.

        Parameters are numbered in the order of the groups. Arrays are copies.
        """
        groups, state, i = [], {}, 0
        for group in self.param_groups:
            options = {k: v for k, v in group.items() if k != "params"}
            groups.append({**options, "params": list(range(i, i + len(group["params"])))})
            for p in group["params"]:
                slot = self._slots.get(id(p))
                if slot is not None:
                    arrays = zip(self.buffers(group), slot.state, strict=True)
                    state[i] = {"step": slot.step, **{name: array.copy() for name, array in arrays}}
                i += 1
        return {"state": state, "param_groups": groups}

    def load_state_dict(self, state_dict: Mapping[str, Any]) -> None:
        """Take over options and state from a `state_dict`.

        Errors: OptimizerStateError, before anything is changed, if it does not fit.
        """
        groups = state_dict["param_groups"]
        sizes = [len(g["params"]) for g in self.param_groups], [len(g["params"]) for g in groups]
        if sizes[0] != sizes[1]:
            raise OptimizerStateError(f"groups of {sizes[0]} parameters, the state dict has {sizes[1]}")
        fresh = {}
        pairs = ((p, g) for g in self.param_groups for p in g["params"])
        for i, (p, group) in enumerate(pairs):
            if i in state_dict["state"]:
                fresh[id(p)] = self._restored(i, p, group, state_dict["state"][i])
        for group, other in zip(self.param_groups, groups, strict=True):
            group.update({k: v for k, v in other.items() if k != "params"})
        self._slots = fresh

    def _restored(self, i: int, parameter: Any, group: Mapping, saved: Mapping) -> Slot:
        slot = Slot()
        slot.step, slot.scratch = int(saved["step"]), self._scratch(parameter._data)
        for name in self.buffers(group):
            if name not in saved or np.shape(saved[name]) != parameter.shape:
                raise OptimizerStateError(f"parameter {i}: {name} is missing or has another shape")
        slot.state = tuple(np.array(saved[name]) for name in self.buffers(group))
        return slot

    def __repr__(self) -> str:
        options = ", ".join(f"{k}={v}" for k, v in self.param_groups[0].items() if k != "params")
        return f"{type(self).__name__}({options})"


def _refuse_tensor(params: Any) -> Iterable[Any]:
    if isinstance(params, TensorBase):
        raise OperandError("params must be a sequence of tensors, got a single one")
    return params


def check_range(name: str, option: str, value: Any, low: float, high: float = math.inf) -> None:
    """Refuse an option that is no number in [low, high); NaN is in no range."""
    if isinstance(value, bool) or not isinstance(value, (int, float, np.number)) or not low <= value < high:
        upper = "" if high == math.inf else f" and below {high}"
        raise ArgumentError(f"{name}: {option} must be a number of at least {low}{upper}, got {value!r}")
