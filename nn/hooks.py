"""Hooks of modules: functions called before and after forward, and on gradients.

A module without hooks has `_hooks = None`, and its calls know nothing of this file.
"""

from __future__ import annotations

import warnings
from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from autograd.backward import HookHandle
from autograd.diagnose import describe
from autograd.errors import ArgumentError, OperandError
from autograd.gates import gate
from autograd.tape import mode
from autograd.tensor import Tensor

_FORWARD_PRE, _FORWARD, _BACKWARD_PRE, _BACKWARD = range(4)


class HookMethods:
    """The part of Module that hooks are registered with. Handles take them off: `remove()`."""

    _hooks: list[dict[int, Any]] | None = None

    def register_forward_pre_hook(
        self, hook: Callable, *, prepend: bool = False, with_kwargs: bool = False
    ) -> HookHandle:
        """Call `hook(module, args)` before forward; a result takes the place of the arguments.

        Args:
            prepend: call it before those that are there, not after them.
            with_kwargs: call `hook(module, args, kwargs)`, which gives None or both anew.
        """
        return self._hook(_FORWARD_PRE, hook, prepend, with_kwargs)

    def register_forward_hook(
        self,
        hook: Callable,
        *,
        prepend: bool = False,
        with_kwargs: bool = False,
        always_call: bool = False,
    ) -> HookHandle:
        """Call `hook(module, args, output)` after forward; a result takes the output's place.

        Args:
            prepend: call it before those that are there, not after them.
            with_kwargs: call `hook(module, args, kwargs, output)`.
            always_call: call it also if forward raises, with None as the output.
        """
        return self._hook(_FORWARD, hook, prepend, with_kwargs, always_call)

    def register_full_backward_hook(self, hook: Callable, prepend: bool = False) -> HookHandle:
        """Call `hook(module, grad_input, grad_output)` when the gradients of the inputs are known.

        Both are tuples. `grad_input` is of the positional arguments: None for what is no Tensor,
        zeros for Tensors that no gradient came to; but if none of them requires grad, the hook is
        called with None for all. In `grad_output` None stands for outputs that were not used. A
        tuple that the hook gives takes the place of `grad_input`.
        """
        return self._hook(_BACKWARD, hook, prepend)

    def register_full_backward_pre_hook(self, hook: Callable, prepend: bool = False) -> HookHandle:
        """Call `hook(module, grad_output)` when the gradients of the outputs are known.

        A tuple that the hook gives takes the place of `grad_output`.
        """
        return self._hook(_BACKWARD_PRE, hook, prepend)

    def _hook(self, kind: int, hook: Callable, prepend: bool, *options: bool) -> HookHandle:
        if not callable(hook):
            raise OperandError(f"{type(self).__name__}: a hook must be callable, got {describe(hook)}")
        if self._hooks is None:
            self.__dict__["_hooks"] = [{}, {}, {}, {}]
        assert self._hooks is not None
        return HookHandle(self._hooks[kind], (hook, *options), prepend)


def call(module: Any, args: tuple, options: dict[str, Any]) -> Any:
    """A call of a module that has hooks."""
    after, called = module._hooks[_FORWARD], set()
    try:
        args, options = _before(module, args, options)
        gates = None
        if mode.grad and (module._hooks[_BACKWARD] or module._hooks[_BACKWARD_PRE]):
            gates = _Gates(module, args)
            args = gates.enter(args)
        out = module.forward(*args, **options)
        for key, (hook, with_kwargs, _) in list(after.items()):
            called.add(key)
            changed = hook(module, args, options, out) if with_kwargs else hook(module, args, out)
            out = out if changed is None else changed
        return out if gates is None else gates.leave(out)
    except Exception:
        for key, (hook, with_kwargs, always) in list(after.items()):
            if always and key not in called:
                _last_call(hook, (module, args, options, None) if with_kwargs else (module, args, None))
        raise


def _before(module: Any, args: tuple, options: dict[str, Any]) -> tuple[tuple, dict[str, Any]]:
    """The arguments as the pre-hooks leave them."""
    for hook, with_kwargs in list(module._hooks[_FORWARD_PRE].values()):
        changed = hook(module, args, options) if with_kwargs else hook(module, args)
        if changed is None:
            continue
        if not with_kwargs:
            args = changed if isinstance(changed, tuple) else (changed,)
        elif isinstance(changed, tuple) and len(changed) == 2:
            args, options = changed
        else:
            raise OperandError(
                "a forward pre-hook with kwargs must give None or a tuple of the new args and kwargs, "
                f"got {describe(changed)}"
            )
    return args, options


def _last_call(hook: Callable, args: tuple) -> None:
    """Call a hook while another error is on its way, which must not be lost."""
    try:
        hook(*args)
    except Exception as error:
        warnings.warn(f"a forward hook raised {error!r} while forward was failing", stacklevel=4)


class _Gates:
    """What the backward hooks of one call share: its inputs, and the gradients of its outputs."""

    def __init__(self, module: Any, args: tuple):
        self.module, self.args = module, args
        self.inputs = _requiring(args)
        self.grad_output: tuple | None = None

    def enter(self, args: tuple) -> tuple:
        """The arguments, with gates in front of those that require grad."""
        return _replace(args, self.inputs, gate([args[i] for i in self.inputs], self._at_inputs))

    def leave(self, out: Any) -> Any:
        """The output, with gates behind the parts that require grad."""
        outs = out if type(out) is tuple else (out,)
        if not all(isinstance(o, Tensor) for o in outs):
            warnings.warn(
                "backward hooks need a Tensor or a tuple of Tensors as the output, "
                f"{type(self.module).__name__} gave {describe(out)}",
                stacklevel=4,
            )
        self.outputs, self.out_count = _requiring(outs), len(outs)
        new = _replace(outs, self.outputs, gate([outs[i] for i in self.outputs], self._at_outputs))
        return new if type(out) is tuple else new[0]

    def _at_outputs(self, grads: Sequence) -> Sequence:
        known = _spread(grads, self.outputs, self.out_count)
        for (hook,) in list(self.module._hooks[_BACKWARD_PRE].values()):
            known = _checked(hook(self.module, known), known, "pre-hook", "grad_output")
        self.grad_output = known
        if not self.inputs:  # nothing will come back from within
            empty = (None,) * len(self.args)
            for (hook,) in list(self.module._hooks[_BACKWARD].values()):
                found = _checked(hook(self.module, empty, known), empty, "hook", "grad_input")
                if any(g is not None for g in found):
                    raise ArgumentError("a backward hook gave a gradient, but no input requires grad")
            self.grad_output = None
        return [known[i] for i in self.outputs]

    def _at_inputs(self, grads: Sequence) -> Sequence | None:
        if self.grad_output is None:  # they did not come through the outputs
            return None
        known = _spread(grads, self.inputs, len(self.args))
        known = tuple(_zeros(a) if g is None else g for a, g in zip(self.args, known, strict=True))
        for (hook,) in list(self.module._hooks[_BACKWARD].values()):
            known = _checked(hook(self.module, known, self.grad_output), known, "hook", "grad_input")
        self.grad_output = None
        return [known[i] for i in self.inputs]


def _requiring(values: Sequence) -> list[int]:
    """The positions of what requires grad."""
    return [i for i, v in enumerate(values) if isinstance(v, Tensor) and v.requires_grad]


def _zeros(argument: Any) -> Tensor | None:
    """Zeros like a Tensor, None for anything else."""
    return Tensor(np.zeros(argument.shape, argument.dtype)) if isinstance(argument, Tensor) else None


def _replace(values: Sequence, places: Sequence[int], new: Sequence) -> tuple:
    left = list(values)
    for i, value in zip(places, new, strict=True):
        left[i] = value
    return tuple(left)


def _spread(grads: Sequence, places: Sequence[int], count: int) -> tuple:
    """Gradients at their places among None."""
    return _replace([None] * count, places, grads)


def _checked(changed: Any, known: tuple, what: str, name: str) -> tuple:
    """What a backward hook gave, as a tuple like the one it got."""
    if changed is None:
        return known
    new = changed if isinstance(changed, (tuple, list)) else (changed,)
    if len(new) != len(known):
        raise ArgumentError(
            f"a backward {what} must give as many {name} as it got, {len(known)}, got {len(new)}"
        )
    return tuple(new)
