"""The state of optimisers as dicts: what is saved, and what is taken over."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import numpy as np

from autograd import changes
from autograd.diagnose import describe
from autograd.errors import AutogradError, OperandError

from .native import WAYS
from .slot import Slot

# What schedulers keep in groups, allowed beside an optimiser's own options.
SCHEDULED = {"initial_lr", "max_lr", "min_lr", "swa_lr", "max_momentum", "base_momentum"}


class OptimizerStateError(AutogradError, ValueError):
    """A state dict does not fit the optimiser."""


class StateMethods:
    """The part of `Optimizer` that saves and loads."""

    defaults: dict[str, Any]
    param_groups: list[dict[str, Any]]
    stepped: bool
    _slots: dict[Any, Slot]
    check: Callable[[Mapping[str, Any]], None]
    _slot: Callable[[Any, Mapping[str, Any]], Slot]
    _new_slot: Callable[[Any, Mapping[str, Any]], Slot]

    @property
    def state(self) -> dict[Any, dict[str, Any]]:
        """By parameter its step, numbers and state arrays: the optimiser's own, no copies."""
        return {
            p: {"step": slot.step, **slot.numbers, **dict(zip(slot.names, slot.state, strict=True))}
            for p, slot in self._slots.items()
            if slot.step  # what compiled programs make beforehand is not there yet
        }

    def state_dict(self) -> dict[str, Any]:
        """Everything but the parameters: options, and per parameter its step and state arrays.

        Parameters are numbered in the order of the groups. Arrays are copies.
        """
        groups, state, i = [], {}, 0
        for group in self.param_groups:
            options = {k: v for k, v in group.items() if k != "params"}
            groups.append({**options, "params": list(range(i, i + len(group["params"])))})
            for p in group["params"]:
                if p in self._slots and self._slots[p].step:
                    slot = self._slot(p, group)
                    arrays = {n: a.copy() for n, a in zip(slot.names, slot.state, strict=True)}
                    state[i] = {"step": slot.step, **slot.numbers, **arrays}
                i += 1
        return {"state": state, "param_groups": groups}

    def load_state_dict(self, state_dict: Mapping[str, Any]) -> None:
        """Take over options and state from a `state_dict`.

        Errors: OptimizerStateError, before anything is changed, if it does not fit; ArgumentError
        for options that make no sense.
        """
        wholes, saved = self._fitting(state_dict), state_dict["state"]
        fresh: dict[Any, Slot] = {}
        pairs = ((p, group) for group in wholes for p in group["params"])
        for i, (p, group) in enumerate(pairs):
            if i in saved:
                fresh[p] = self._restored(i, p, group, saved[i])
        for group, whole in zip(self.param_groups, wholes, strict=True):
            group.update(whole)
        self._slots = fresh
        changes.note()
        self.stepped = self.stepped or bool(fresh)  # before it was saved

    def _fitting(self, state_dict: Mapping[str, Any]) -> list[dict[str, Any]]:
        """The groups as they will be, with the options of a state dict; refuses one that does not fit."""
        if not isinstance(state_dict, Mapping):
            raise OperandError(f"{type(self).__name__}: expected a state dict, got {describe(state_dict)}")
        if not {"state", "param_groups"} <= set(state_dict):
            raise OptimizerStateError(f"expected keys state and param_groups, got {sorted(state_dict)}")
        groups = state_dict["param_groups"]
        sizes = [len(g["params"]) for g in self.param_groups], [len(g["params"]) for g in groups]
        if sizes[0] != sizes[1]:
            raise OptimizerStateError(f"groups of {sizes[0]} parameters, the state dict has {sizes[1]}")
        wholes = []
        for group, other in zip(self.param_groups, groups, strict=True):
            wholes.append({**group, **other, "params": group["params"]})
            unknown = set(other) - {"params"} - set(self.defaults) - SCHEDULED - WAYS
            if unknown:
                raise OptimizerStateError(f"the state dict has unknown options {sorted(unknown)}")
            self.check(wholes[-1])
        beyond = set(state_dict["state"]) - set(range(sum(sizes[0])))
        if beyond:
            raise OptimizerStateError(f"the state dict has state of parameters {sorted(beyond)}")
        return wholes

    def _restored(self, i: int, parameter: Any, group: Mapping, saved: Mapping) -> Slot:
        slot = self._new_slot(parameter, group)
        for name in ("step", *slot.numbers, *slot.names):
            if name not in saved:
                raise OptimizerStateError(f"parameter {i}: {name} is missing")
        slot.step, slot.loaded = int(saved["step"]), True
        slot.numbers = {name: float(saved[name]) for name in slot.numbers}
        for name, array in zip(slot.names, slot.state, strict=True):
            if np.shape(saved[name]) != array.shape:
                raise OptimizerStateError(
                    f"parameter {i}: {name} is of another shape: expected {array.shape}, "
                    f"got {np.shape(saved[name])}"
                )
            np.copyto(array, saved[name], casting="same_kind")
        return slot
