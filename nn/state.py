"""State dicts: what a module saves and loads, and the hooks that change either."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from typing import Any, NamedTuple

import numpy as np

from autograd.backward import HookHandle
from autograd.diagnose import describe
from autograd.errors import AutogradError, OperandError
from autograd.modes import no_grad
from autograd.tensor import Tensor
from autograd.views import writable

__all__ = ["StateDictError"]

_EXTRA = "_extra_state"
_PRE, _POST, _LOAD_PRE, _LOAD_POST = range(4)


class StateDictError(AutogradError, RuntimeError):
    """A state dict does not fit the module."""


class LoadedKeys(NamedTuple):
    """What `load_state_dict` found no value for, and no place for."""

    missing_keys: list[str]
    unexpected_keys: list[str]

    def __repr__(self) -> str:
        if not self.missing_keys and not self.unexpected_keys:
            return "<All keys matched successfully>"
        return f"LoadedKeys(missing_keys={self.missing_keys}, unexpected_keys={self.unexpected_keys})"


class StateMethods:
    """The part of Module that saves and loads."""

    _parameters: dict
    _buffers: dict
    _modules: dict
    _transient: set[str]
    _state_hooks: list[dict[int, Any]] | None = None

    def state_dict(
        self, *, destination: dict[str, Any] | None = None, prefix: str = "", keep_vars: bool = False
    ) -> dict[str, Any]:
        """Parameters and persistent buffers by path: ndarrays that share the model's memory.

        Args:
            destination: a dict to put them in, in place of a new one.
            prefix: what the paths begin with.
            keep_vars: give the Parameters and Tensors themselves.
        """
        found = {} if destination is None else destination
        for hook in _hooks(self, _PRE):
            hook(self, prefix, keep_vars)
        for name, value in self._own_state():
            found[prefix + name] = value if keep_vars else value.data
        if _has_own(self, "get_extra_state"):
            found[prefix + _EXTRA] = self.get_extra_state()
        for name, module in self._modules.items():
            if module is not None:
                module.state_dict(destination=found, prefix=f"{prefix}{name}.", keep_vars=keep_vars)
        for hook in _hooks(self, _POST):
            hook(self, found, prefix, {})
        return found

    def _own_state(self) -> Iterator[tuple[str, Tensor]]:
        yield from ((n, p) for n, p in self._parameters.items() if p is not None)
        for name, buffer in self._buffers.items():
            if buffer is not None and name not in self._transient:
                yield name, buffer

    def load_state_dict(
        self, state_dict: Mapping[str, Any], strict: bool = True, assign: bool = False
    ) -> LoadedKeys:
        """Copy values into parameters and buffers, by path.

        Args:
            strict: refuse missing and unexpected paths.
            assign: share the memory of the values and take their dtypes, in place of copying.

        Returns: the paths that were missing from `state_dict`, and those unexpected in it.

        Errors: StateDictError, before anything is copied, for a wrong shape or dtype; if
        `strict`, also for missing or unexpected paths (after copying where hooks that run after
        loading have the last word on these).
        """
        if not isinstance(state_dict, Mapping):
            raise OperandError(f"load_state_dict: expected a dict of arrays, got {describe(state_dict)}")
        plan = _Plan(self, state_dict, strict, assign)
        has_last_word = bool(plan.after)
        if plan.problems or not has_last_word:
            plan.refuse()
        plan.carry_out()
        for module, hook in plan.after:
            if hook(module, plan.keys) is not None:
                raise OperandError("a hook after loading must change the keys in place and give None")
        plan.refuse()
        return plan.keys

    def get_extra_state(self) -> Any:
        """What `state_dict` holds beside tensors; to be defined where there is any."""
        raise NotImplementedError(f"{type(self).__name__} does not define get_extra_state()")

    def set_extra_state(self, state: Any) -> None:
        """Take over what `get_extra_state` gave; to be defined with it."""
        raise NotImplementedError(f"{type(self).__name__} does not define set_extra_state()")

    # -------------------------------------------------------------- hooks

    def register_state_dict_pre_hook(self, hook: Callable) -> HookHandle:
        """Call `hook(module, prefix, keep_vars)` before `state_dict` reads the module."""
        return self._state_hook(_PRE, hook)

    def register_state_dict_post_hook(self, hook: Callable) -> HookHandle:
        """Call `hook(module, state_dict, prefix, local_metadata)` when the module is in it.

        The hook changes the dict in place; the metadata are an empty dict.
        """
        return self._state_hook(_POST, hook)

    def register_load_state_dict_pre_hook(self, hook: Callable) -> HookHandle:
        """Call a hook before `load_state_dict` looks for the module's values.

        It is called as `hook(module, state_dict, prefix, local_metadata, strict, missing_keys,
        unexpected_keys, error_msgs)` and changes a copy of the dict, and the lists, in place.
        """
        return self._state_hook(_LOAD_PRE, hook)

    def register_load_state_dict_post_hook(self, hook: Callable) -> HookHandle:
        """Call `hook(module, incompatible_keys)` when the values are loaded.

        The hook may take paths out of `missing_keys` and `unexpected_keys`.
        """
        return self._state_hook(_LOAD_POST, hook)

    def _state_hook(self, kind: int, hook: Callable) -> HookHandle:
        if not callable(hook):
            raise OperandError(f"{type(self).__name__}: a hook must be callable, got {describe(hook)}")
        if self._state_hooks is None:
            self.__dict__["_state_hooks"] = [{}, {}, {}, {}]
        assert self._state_hooks is not None
        return HookHandle(self._state_hooks[kind], hook)


def _hooks(module: Any, kind: int) -> list[Callable]:
    return [] if module._state_hooks is None else list(module._state_hooks[kind].values())


def _has_own(module: Any, method: str) -> bool:
    """Whether a class defines for itself what StateMethods only has a place for."""
    return getattr(type(module), method) is not getattr(StateMethods, method)


class _Plan:
    """What loading a state dict will do, and what is wrong with it."""

    def __init__(self, root: Any, state_dict: Mapping[str, Any], strict: bool, assign: bool):
        self.root, self.state, self.strict, self.assign = root, dict(state_dict), strict, assign
        self.keys = LoadedKeys([], [])
        self.problems: list[str] = []
        self.tensors: dict[str, Tensor] = {}
        self.extras: list[tuple[Any, Any]] = []
        self.after: list[tuple[Any, Callable]] = []
        self.known: set[str] = set()
        self._visit(root, "")
        self.keys.unexpected_keys.extend(path for path in self.state if path not in self.known)
        # a value that is the model's own memory is about to be written: it is copied first
        own = {id(t._data) for t in self.tensors.values()}
        self.values = {p: _values(self.state[p], own) for p in self.tensors if p in self.state}
        self._check()

    def _visit(self, module: Any, prefix: str) -> None:
        missing, unexpected = self.keys
        for hook in _hooks(module, _LOAD_PRE):
            hook(module, self.state, prefix, {}, self.strict, missing, unexpected, self.problems)
        own = {prefix + name: tensor for name, tensor in module._own_state()}
        self.tensors.update(own)
        self.known.update(own)
        missing.extend(path for path in own if path not in self.state)
        if _has_own(module, "set_extra_state"):
            path = prefix + _EXTRA
            self.known.add(path)
            if path in self.state:
                self.extras.append((module, self.state[path]))
            else:
                missing.append(path)
        for name, child in module._modules.items():
            if child is not None:
                self._visit(child, f"{prefix}{name}.")
        self.after += [(module, hook) for hook in _hooks(module, _LOAD_POST)]

    def _check(self) -> None:
        for path, value in self.values.items():
            want = self.tensors[path]
            if self.assign:
                fits = value.dtype.kind in ("fc" if want.requires_grad else "fciub")
            else:
                fits = np.can_cast(value.dtype, want.dtype, "same_kind")
            if value.shape != want.shape or not fits:
                self.problems.append(f"{path}: expected {want.dtype}{want.shape}, got {describe(value)}")

    def refuse(self) -> None:
        """Raise if anything is wrong."""
        missing, unexpected = self.keys
        problems = [f"missing: {path}" for path in missing] if self.strict else []
        problems += [f"unexpected: {path}" for path in unexpected] if self.strict else []
        problems += self.problems
        if problems:
            lines = "".join(f"\n  {p}" for p in problems)
            raise StateDictError(f"the state dict does not fit {type(self.root).__name__}:{lines}")

    def carry_out(self) -> None:
        """Copy."""
        with no_grad():
            for path, value in self.values.items():
                if self.assign:
                    replace(self.tensors[path], value)
                else:
                    np.copyto(writable(self.tensors[path]), value, casting="same_kind")
        for module, state in self.extras:
            module.set_extra_state(state)


def _values(value: Any, own: set[int]) -> np.ndarray:
    """An array to load; a copy if it is, or views, one of those that are about to be written."""
    array = np.asarray(value._data if isinstance(value, Tensor) else value)
    return array.copy() if id(array) in own or id(array.base) in own else array


def replace(tensor: Tensor, data: np.ndarray) -> None:
    """Give a tensor other data, perhaps of another dtype; a gradient is cast along.

    Graphs that a leaf of another dtype is in no longer reach it.
    """
    grad, trained = tensor.grad, tensor.requires_grad
    if grad is not None:
        tensor.requires_grad_(True)
        tensor.grad = None
    tensor.data = data
    if grad is not None:
        tensor.grad = grad.detach().astype(data.dtype)
        tensor.requires_grad_(trained)
