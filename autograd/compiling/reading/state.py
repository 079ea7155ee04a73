"""What `state=` names: where its arrays are, how they are put aside, and what else it keeps."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from typing import Any

import numpy as np

from ... import changes
from ...diagnose import describe
from ...errors import ArgumentError
from ...recording import GENERATORS
from ...tape import TensorBase
from ...views import refresh_data
from . import aside
from .holding import Holding, is_owned, release
from .owners import GradPlace, Place, SlotPlace, TensorPlace, extra_of, grad_of
from .signatures import number

# What modules keep for themselves, besides the user's attributes.
OWN = frozenset(("_parameters", "_buffers", "_modules", "_transient", "_hooks", "_state_hooks", "training"))


class State:
    """The modules, optimisers, schedulers, generators and tensors that a function reads and writes.

    Attributes:
        named: what was named, as it was.
        tensors: parameters, buffers, and tensors that were named themselves; each once.
        modules: all modules of all trees.
        carried: attributes, by id of the module and name, whose tensors are other ones at each run
            (`carried.py`): none of the state's.
    """

    def __init__(self, named: Iterable[Any]):
        self.roots: list[Any] = []
        self.optimizers: list[Any] = []
        self.schedulers: list[Any] = []
        self.generators: list[np.random.Generator] = []
        self.extra: list[TensorBase] = []
        self.named = named
        self.carried: set[tuple[int, str]] = set()
        for item in named if isinstance(named, (tuple, list)) else [named]:
            self._enter(item)
        self._ids: set[int] = set()
        self.refresh()

    def _enter(self, item: Any) -> None:
        if isinstance(item, np.random.Generator):
            self.generators.append(item)
        elif isinstance(item, TensorBase):
            self.extra.append(item)
        elif isinstance(item, dict):
            for value in item.values():
                self._enter(value)
        elif isinstance(item, (tuple, list)):
            for value in item:
                self._enter(value)
        elif hasattr(item, "named_modules") and hasattr(item, "named_parameters"):
            self.roots.append(item)
        elif hasattr(item, "param_groups") and hasattr(item, "_slots"):
            self.optimizers.append(item)
        elif hasattr(item, "optimizer") and hasattr(item, "step"):
            self.schedulers.append(item)
            if all(o is not item.optimizer for o in self.optimizers):
                self.optimizers.append(item.optimizer)
        else:
            raise ArgumentError(
                "compile: state names modules, optimisers, schedulers, numpy.random.Generators and "
                f"tensors, got {describe(item)}"
            )

    # -------------------------------------------------------------- what there is now

    def has(self, value: Any) -> bool:
        """Whether a value is part of the state."""
        return id(value) in self._ids

    def shares(self, array: np.ndarray) -> bool:
        """Whether an array has memory of the state: of values, gradients or what optimisers keep."""
        if array.base is not None:
            return any(np.may_share_memory(array, a) for a in self.arrays())
        # two arrays that own their memory share it only if they are one
        return any(
            array is a or (a.base is not None and np.may_share_memory(array, a)) for a in self.arrays()
        )

    def arrays(self) -> list[Any]:
        """All arrays of the state."""
        tensors = self.tensors()
        return [*self._kept(tensors), *(g._data for g in map(grad_of, tensors) if g is not None)]

    def _kept(self, tensors: list[Any]) -> Iterator[Any]:
        """The arrays of tensors, and those that optimisers keep."""
        yield from (t._data for t in tensors)
        yield from (a for o in self.optimizers for slot in o._slots.values() for a in slot.state)

    def release(self) -> None:
        """Take values to memory that a run may write: what others saved of it stays as it is."""
        tensors = self.tensors()
        for tensor in (*tensors, *(g for g in map(grad_of, tensors) if g is not None)):
            if is_owned(tensor):
                release(tensor)

    def refresh(self) -> None:
        """Look up again what the state is made of."""
        parts = [*self.roots, *self.modules(), *self.optimizers, *self.schedulers, *self.tensors()]
        self._ids = {id(p) for p in (*parts, *self.all_generators())}

    def hooks(self) -> list[Any]:
        """Those of the tensors."""
        extras = [t._node[2] for t in self.tensors() if t._node is not None]
        return [hook for e in extras if e is not None for hook in e.hooks.values()]

    def grads(self) -> tuple:
        """Which tensors have no gradient."""
        return tuple([grad_of(t) is None for t in self.tensors()])

    def pattern(self) -> tuple:
        """What decides which steps run: options of optimisers, and whether averages were taken."""
        found = [switches(group) for o in self.optimizers for group in o.param_groups]
        return *found, *((a.n_averaged == 0, a.use_buffers) for a in self.averages())

    def averages(self) -> list[Any]:
        """The `AveragedModel`s, which are no modules themselves."""
        return [root for root in self.roots if hasattr(root, "update_parameters")]

    def modules(self) -> list[Any]:
        return [m for root in self.roots for m in root.modules()]

    def tensors(self) -> list[Any]:
        found: dict[int, Any] = {id(t): t for t in self.extra}
        for module in self.modules():
            found.update((id(t), t) for t in module._parameters.values() if t is not None)
            for name, t in module._buffers.items():
                if t is not None and (id(module), name) not in self.carried:
                    found[id(t)] = t
        for optimizer in self.optimizers:
            for group in optimizer.param_groups:
                found.update((id(p), p) for p in group["params"])
        return list(found.values())

    def all_generators(self) -> list[np.random.Generator]:
        """Those that were named, and those that the modules draw from."""
        found = list(self.generators)
        for module in self.modules():
            generator = getattr(module, "generator", None)
            if isinstance(generator, np.random.Generator):
                found.append(generator)
        if self.roots:
            found += GENERATORS
        return list({id(g): g for g in found}.values())

    def prepare(self) -> None:
        """Have optimisers make what they keep for each parameter, as their first step would."""
        for optimizer in self.optimizers:
            for group in optimizer.param_groups:
                for parameter in group["params"]:
                    if parameter._node is not None or grad_of(parameter) is not None:  # not a frozen one's
                        optimizer._slot(parameter, group)

    def lighten(self) -> None:
        """Have optimisers free what only eager steps need."""
        for optimizer in self.optimizers:
            optimizer._give_back()

    def names(self) -> dict[int, str]:
        """What modules call their tensors, by id."""
        found: dict[int, str] = {}
        for root in self.roots:
            for name, tensor in (*root.named_parameters(), *root.named_buffers()):
                found.setdefault(
                    id(tensor), name if len(self.roots) == 1 else f"{type(root).__name__}.{name}"
                )
        return found

    def places(self) -> list[Place]:
        """Where arrays are: values, the gradients that there are, and what optimisers keep."""
        tensors = self.tensors()
        places: list[Place] = [TensorPlace(t) for t in tensors]
        places += [GradPlace(t) for t in tensors if grad_of(t) is not None]
        for optimizer in self.optimizers:
            for parameter, slot in optimizer._slots.items():
                places += [SlotPlace((optimizer, parameter), i) for i in range(len(slot.state))]
        return places

    # -------------------------------------------------------------- putting aside

    def snapshot(self) -> Callable[[], None]:
        """A function that puts everything back as it is now."""
        tensors = self.tensors()
        holding = Holding(a for a in self._kept(tensors) if type(a) is np.ndarray)
        arrays = [(place, place.get(), np.array(place.get())) for place in self.places()]
        holding.note()
        grads = [(t, grad_of(t)) for t in tensors]
        keepers = aside.attributes((*aside.with_parts(self.schedulers), *self.roots, *self.modules()))
        stepped, options = [(o, o.stepped) for o in self.optimizers], aside.options(self.optimizers)
        slots = [(o, dict(o._slots)) for o in self.optimizers]
        numbers = [(s, s.step, dict(s.numbers)) for o in self.optimizers for s in o._slots.values()]
        positions = [(g, g.bit_generator.state) for g in self.all_generators()]

        def restore(holding: Holding = holding) -> None:
            for optimizer, before in slots:
                optimizer._slots = dict(before)
            for slot, step, values in numbers:
                slot.step, slot.numbers = step, dict(values)
            for tensor, grad in grads:
                if (extra := extra_of(tensor)) is not None:
                    extra.grad = grad
            for place, array, held in arrays:
                if array.flags.writeable:
                    np.copyto(array, held)
                    place.put(array)
                else:  # a graph that is still alive has saved it
                    place.put(held.copy())
            for tensor in (*(t for t, _ in grads), *(g for _, g in grads)):
                if (
                    tensor is not None and tensor._alias is not None
                ):  # their views are of these arrays again
                    refresh_data(tensor)
            keepers()
            for optimizer, had in stepped:
                optimizer.stepped = had
            options()
            for generator, position in positions:
                generator.bit_generator.state = position
            changes.note()

        return restore

    def gradients(self) -> list[Any]:
        """Copies of all gradients; None where there is none."""
        grads = [grad_of(t) for t in self.tensors()]
        return [None if g is None else np.array(g._data) for g in grads]

    def values(self) -> list[Any]:
        """Copies of all arrays of the state, gradients included, in a fixed order."""
        found: list[Any] = [np.array(t._data) for t in self.tensors()]
        for tensor in self.tensors():
            grad = grad_of(tensor)
            found.append(None if grad is None else np.array(grad._data))
        for optimizer in self.optimizers:
            for group in optimizer.param_groups:
                found.append({k: v for k, v in group.items() if k != "params"})
                for parameter in group["params"]:
                    slot = optimizer._slots.get(parameter)
                    if slot is not None and slot.step:  # others are made where a program is bound
                        found += [slot.step, dict(slot.numbers), *(np.array(a) for a in slot.state)]
        found += [g.bit_generator.state for g in self.all_generators()]
        return found


def switches(group: dict[str, Any]) -> tuple:
    """What of an optimiser's options decides which steps run."""
    found: list[Any] = []
    for value in group.values():
        kind = type(value)
        if kind is list:  # the parameters
            found += map(id, value)
        else:
            found.append(value if kind is bool or kind is str or value is None else not value)
    return tuple(found)


def frozen(value: Any) -> Any:
    """Plain data as a key, numbers of different types apart."""
    if isinstance(value, (list, tuple)):
        return type(value), tuple([frozen(v) for v in value])
    return number(value) if type(value) is float else (type(value), value)
