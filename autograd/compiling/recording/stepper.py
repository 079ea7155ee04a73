"""Hands calls of primitives, and steps of sweeps, to a recorder; those that look at values, as a whole."""

from __future__ import annotations

import functools
from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from ...codegen import FAST
from ...several import Bundle
from ...tape import PULL, TensorBase, apply
from ...watching import Watcher
from ..changed import Undecided
from ..faults import ASKED, FAULTS, cleared
from ..ir import Fixed, Held, Instruction, Scalar, leaves, mapped
from .drawn import converted
from .opaque import Opaque
from .recorder import Recorder, raised, value_of
from .traced import Leak, Traced


class Stepper(Watcher):
    """Looks on for a recorder.

    Attributes:
        swept: whether a sweep has begun.
        parameters: ids of the nodes of leaves that may be read.
    """

    def __init__(self, recorder: Recorder):
        self.recorder, self.swept = recorder, False
        self.parameters: set[int] = set()
        self._why = ""

    def begin(self, roots: list) -> None:
        self.swept = True

    def call(self, run: Callable, prim: Any, args: Sequence, statics: tuple) -> Any:
        for arg in args:
            if isinstance(arg, TensorBase):
                self._look_at(arg)
                self._watch(arg)
        args = converted(args, not prim.variadic)
        mark = len(self.recorder.recording.steps)
        leaks = len(Leak.pending.raised)
        self.recorder.labels.append(prim.name)
        known = self._known(args, statics)
        try:
            for given in [known, args] if known is not args else [args]:
                try:
                    return run(prim, given, statics)
                except (Leak, Exception) as error:  # C code may refuse what is no ndarray in any way
                    refused = isinstance(error, Undecided) or self.recorder.closed
                    if refused or not _is_recorded((given, statics)):
                        raise
                    del self.recorder.recording.steps[mark:]
                    del Leak.pending.raised[leaks:]
                    self._why = str(error)
            return self._opaque_primitive(prim, args, statics)
        finally:
            self.recorder.labels.pop()

    def _known(self, args: Sequence, statics: tuple) -> Sequence:
        """Constants beside recorded values as recorded ones, so that kernels make arrays like them."""
        if not _is_recorded((args, statics)):
            return args
        return [self._known_array(a) for a in args] if any(_is_constant(a) for a in args) else args

    def _known_array(self, value: Any) -> Any:
        if not _is_constant(value):
            return value
        self.recorder.operand(value)
        return self.recorder.duck(value)

    def pull(self, run: Callable, node: list, g: Any) -> Any:
        mark = len(self.recorder.recording.steps)
        step = node[1].step
        if step.prim is not None and step.prim.singular:
            return self._singular(run, node, g, mark)
        return self._pull(run, node, g, mark)

    def _singular(self, run: Callable, node: list, g: Any, mark: int) -> Any:
        """A pull whose result NumPy's report of invalid operations may change."""
        faults = FAST["faults"]
        if faults.state is faults.UNWATCHED:
            faults.watch()
            self.recorder.note(Instruction(cleared, (FAULTS,), {}, kind="effect"))
        outer, faults.recorded = faults.recorded, self.recorder
        self.recorder.faulty, faults.invalid = faults.invalid, ASKED
        try:
            return self._pull(run, node, g, mark)
        finally:
            faults.invalid, faults.recorded = self.recorder.was_invalid(), outer

    def _pull(self, run: Callable, node: list, g: Any, mark: int) -> Any:
        step = node[1].step
        leaks = len(Leak.pending.raised)
        self.recorder.labels.append(f"{step.prim.name if step.prim else 'leaf'} backward")
        known = g
        if _is_constant(g) and any(isinstance(v, Traced) for v in node[3 + step.arity :]):
            known = self._known_array(g)
        try:
            for given in [known, g] if known is not g else [g]:
                try:
                    return run(node, given)
                except (Leak, Exception) as error:
                    refused = isinstance(error, Undecided) or self.recorder.closed
                    if refused or step.prim is None or isinstance(g, TensorBase):
                        raise
                    del self.recorder.recording.steps[mark:]
                    del Leak.pending.raised[leaks:]
                    self._why = str(error)
            return self._opaque_pull(node, g)
        finally:
            self.recorder.labels.pop()

    def _watch(self, tensor: Any) -> None:
        """Have the masks know what derivatives are taken by."""
        node = tensor._node
        is_variable = node is not None and node[PULL].step.prim is None  # what primitives give is none
        if is_variable and isinstance(tensor._data, Traced):
            root = self.recorder.find(tensor._data.value)
            if root is not None:
                self.recorder.masks.variables.add(root.number)

    def _look_at(self, tensor: Any) -> None:
        """Refuse parameters that nobody declared."""
        if isinstance(tensor._data, Traced):
            return
        extra = tensor._node[2] if tensor._node is not None else None
        if extra is not None and extra.leaf and id(tensor._node) not in self.parameters:
            raise Leak("a tensor that requires grad is not named in state=")

    def _opaque_primitive(self, prim: Any, args: Sequence, statics: tuple) -> Any:
        """Run a kernel as a whole, since it looks at values."""

        def kernel(*inputs: Any) -> Any:
            return self._whole(prim.kernel, inputs)

        return apply(_with_kernel(prim, kernel), args, statics)

    def _opaque_pull(self, node: list, g: Any) -> Any:
        pull = node[1]
        first = 3 + pull.step.arity
        bare = [0, pull, None, *[None] * pull.step.arity, *node[first:]]
        if type(g) is not Bundle:
            return self._whole(pull, (bare, g))
        places = list(g.parts)

        def gathered(bare: list, parts: list) -> Any:
            return pull(bare, Bundle(dict(zip(places, parts, strict=True))))

        return self._whole(gathered, (bare, list(g.parts.values())))

    def whole(self, fn: Callable, args: tuple, options: dict) -> Any:
        """A call outside of kernels that looks at values; see `wholes.py`."""
        if not _is_recorded((args, options)):
            return fn(*args, **options)
        self._why = f"{getattr(fn, '__name__', fn)} looks at values"
        args, options = mapped((args, options), self.recorder.of_tensor)

        @functools.wraps(fn)
        def call(args: tuple, options: dict) -> Any:
            return fn(*args, **options)

        return self._whole(call, (args, options))

    def _whole(self, fn: Callable, inputs: tuple) -> Any:
        real, noted = mapped(inputs, value_of), mapped(inputs, self._as_given)
        before, self.recorder.closed = self.recorder.closed, "a kernel that reads values also writes state"
        try:
            result = fn(*real)
        except Exception as error:
            raised(error)
            raise
        finally:
            self.recorder.closed = before
        self.recorder.on_draw()  # what it drew each run draws again
        step = self.recorder.note(Instruction(fn, noted, {}, kind="opaque", extra=self._why))
        made, step.results = self._parts(result, inputs, step.number, ())
        return made

    def _parts(self, result: Any, inputs: Any, number: int, place: tuple) -> tuple[Any, Any]:
        """The parts of an opaque result: arrays are stored, other objects are held."""
        if isinstance(result, (np.ndarray, np.generic)):
            try:
                return self.recorder.results(result, inputs)
            except Leak:
                Leak.pending.raised.pop()
        if type(result) in (tuple, list) or (isinstance(result, tuple) and hasattr(result, "_make")):
            pairs = [self._parts(r, inputs, number, (*place, i)) for i, r in enumerate(result)]
            made, notes = [p[0] for p in pairs], tuple(p[1] for p in pairs)
            return (result._make(made) if hasattr(result, "_make") else type(result)(made)), notes
        if result is None or isinstance(result, (bool, int, float, str)):
            return result, None if result is None else Fixed(result)
        held = Held(number, place)
        return Opaque(result, held), held

    def _as_given(self, value: Any) -> Any:
        """As `_noted`, for kernels that tell scalars from arrays."""
        noted = self.recorder.noted(value)
        return Scalar(noted) if isinstance(value, Traced) and value.scalar else noted


def _is_recorded(tree: Any) -> bool:
    """Whether there is a recorded value in nested containers."""
    return any(isinstance(getattr(x, "_data", x), Traced) for x in leaves(tree))


def _is_constant(value: Any) -> bool:
    return type(value) is np.ndarray and value.dtype.kind in "fc" and value.size > 0


def _with_kernel(prim: Any, kernel: Callable) -> Any:
    """The same primitive with another kernel; its steps are the same objects."""
    twin = object.__new__(type(prim))
    twin.__dict__.update(prim.__dict__)
    twin.kernel = kernel
    return twin
