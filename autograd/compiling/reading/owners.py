"""Where the arrays of a state are: in tensors, in their gradients, in what optimisers keep."""

from __future__ import annotations

from typing import Any

import numpy as np


def grad_of(tensor: Any) -> Any:
    """The gradient that a tensor keeps, or None."""
    extra = extra_of(tensor)
    return None if extra is None else extra.grad


def extra_of(tensor: Any) -> Any:
    """What a leaf keeps its gradient in, also one that is frozen; or None."""
    node = tensor._node
    if node is None:
        node = getattr(tensor, "_dormant", None)
    return None if node is None else node[2]


class Place:
    """Somewhere an array of the state is kept."""

    __slots__ = ("name", "owner")

    def __init__(self, owner: Any, name: Any = None):
        self.owner, self.name = owner, name

    def get(self) -> Any:
        raise NotImplementedError

    def put(self, array: Any) -> None:
        raise NotImplementedError

    def label(self, names: dict[int, str]) -> str:
        """What it is called, given the names of tensors by id."""
        return names.get(id(self.owner), "tensor")


class TensorPlace(Place):
    """The value of a tensor."""

    __slots__ = ()

    def get(self) -> Any:
        data = self.owner._data
        if isinstance(data, np.generic):
            data = self.owner._data = np.array(data)
        return data

    def put(self, array: Any) -> None:
        self.owner._data = array


class GradPlace(Place):
    """The gradient that a leaf keeps."""

    __slots__ = ()

    def get(self) -> Any:
        grad = grad_of(self.owner)
        if isinstance(grad._data, np.generic):
            grad._data = np.array(grad._data)
        return grad._data

    def put(self, array: Any) -> None:
        grad_of(self.owner)._data = array

    def label(self, names: dict[int, str]) -> str:
        return super().label(names) + ".grad"


class SlotPlace(Place):
    """An array that an optimiser keeps for a parameter: `owner` is (optimiser, parameter)."""

    __slots__ = ()

    def get(self) -> Any:
        optimizer, parameter = self.owner
        return optimizer._slots[parameter].state[self.name]

    def put(self, array: Any) -> None:
        optimizer, parameter = self.owner
        slot = optimizer._slots[parameter]
        slot.state = (*slot.state[: self.name], array, *slot.state[self.name + 1 :])

    def label(self, names: dict[int, str]) -> str:
        optimizer, parameter = self.owner
        return f"{names.get(id(parameter), 'tensor')}.{optimizer._slots[parameter].names[self.name]}"
