"""What the user calls the tensors of a graph."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

import numpy as np

from ..diagnose import describe
from ..errors import OperandError
from ..tape import ORDER, TensorBase


class Names:
    """Finds the names of nodes and of arrays.

    Args:
        given: None; a mapping from names to Tensors, ndarrays or modules; or a module, that is
            anything with `named_parameters()`.

    Errors: OperandError for anything else.
    """

    def __init__(self, given: Any):
        self._nodes: dict[int, tuple[str, Any]] = {}  # order of a node -> name and array
        self._arrays: dict[str, Any] = {}
        for name, value in _pairs(given):
            node = getattr(value, "_node", None)
            data = value._data if isinstance(value, TensorBase) else value
            if node is None:
                self._arrays[name] = data
            else:  # a tensor that has two names, such as a tied weight, shows both
                known = self._nodes.get(node[ORDER])
                self._nodes[node[ORDER]] = (f"{known[0]} = {name}" if known else name, data)

    def of_node(self, node: list) -> tuple[str, Any]:
        """Name and array of a node; ("", None) if it has no name."""
        return self._nodes.get(node[ORDER], ("", None))

    def of_array(self, array: Any) -> str:
        """The name of a constant: of this very array, or of the only one that it may copy.

        (The tape saves copies of small arrays of the caller's.)
        """
        if not self._arrays or not isinstance(array, np.ndarray):
            return ""
        for name, named in self._arrays.items():
            if named is array:
                return name
        if not isinstance(array, np.ndarray):
            return ""
        equal = [name for name, named in self._arrays.items() if _is_copy(array, named)]
        return equal[0] if len(equal) == 1 else ""


def _is_copy(array: np.ndarray, named: np.ndarray) -> bool:
    if array.shape != named.shape or array.dtype != named.dtype:
        return False
    return np.array_equal(array, named, equal_nan=array.dtype.kind in "fc")


def _pairs(given: Any) -> Iterator[tuple[str, Any]]:
    if given is None:
        return
    if isinstance(given, Mapping):
        for name, value in given.items():
            if not isinstance(name, str):
                raise OperandError(f"names: expected names, got the key {describe(name)}")
            if isinstance(value, (TensorBase, np.ndarray)):
                yield name, value
            else:
                prefix = f"{name}." if name else ""
                yield from ((prefix + path, part) for path, part in _parameters(value))
    else:
        yield from _parameters(given)


def _parameters(module: Any) -> Iterator[tuple[str, Any]]:
    if not callable(getattr(module, "named_parameters", None)):
        raise OperandError(
            "names: expected a mapping from names to tensors, or a module (anything with "
            f"named_parameters()), got {describe(module)}"
        )
    yield from module.named_parameters()
