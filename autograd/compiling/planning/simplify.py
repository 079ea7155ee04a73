"""Fewer calls with the same results to the last bit.

What is a copy of another value, or its product with 1, is that value; what was computed before is not
computed again; what is made of constants alone is computed now; and a sign goes along until a sum takes
it in: `a + (-b)` is `a - b`.
"""

from __future__ import annotations

import dataclasses
from typing import Any, NamedTuple

import numpy as np

from ..faults import cleared, reported, zeroed
from ..ir import CONSTANT, Instruction, Operand, Recording, Scalar, mapped, operands
from .canonical import canonical
from .uniform import Uniform

# Constants up to so many bytes are computed once and for all.
FOLDED = 1 << 16

COPIES: set[Any] = {np.ndarray.copy, np.ndarray.astype, np.copy, np.ascontiguousarray}
_VALID: set[Any] = {
    *COPIES, np.where, np.concatenate, np.negative, np.absolute, np.sign, np.maximum, np.minimum, np.exp,
    np.tanh, np.square,
}  # fmt: skip
_COMMUTING: set[Any] = {np.add, np.multiply}


class _Stand(NamedTuple):
    """A result that is another operand, or that with the other sign."""

    result: Operand
    of: Operand
    negative: bool
    step: Instruction  # what made it

    def seen(self, o: Operand) -> Operand:
        """A view of the result as one of what it stands for."""
        return o._replace(root=self.of.root, offset=o.offset - self.result.offset + self.of.offset)


def simplified(steps: list[Instruction], recording: Recording, ends: set[int]) -> list[Instruction]:
    """The steps, without those that there is no need for; `ends`: roots that are read after the last."""
    found = _Simplifier(steps, recording, ends)
    for found.at, (step, found.sweep) in enumerate(zip(steps, _sweeps(steps), strict=True)):
        found.take(step)
    return found.kept


def _sweeps(steps: list[Instruction]) -> list[int]:
    """For each step the sweep whose reports of invalid operations it may add to, by number; 0 for none."""
    found, asked = [], False
    number = sum(step.fn is cleared for step in steps)
    for step in reversed(steps):
        asked = asked or step.fn in (zeroed, reported)
        found.append(number if asked else 0)
        if step.fn is cleared:
            number, asked = number - 1, False
    return found[::-1]


class _Simplifier:
    """Takes steps in order; `kept` are those that run.

    A result goes only if nothing ever writes to it, nor from then on to what it stands for.

    Attributes:
        at: the place of the step that is taken.
        sweep: see `_sweeps`; of that step.
    """

    def __init__(self, steps: list[Instruction], recording: Recording, ends: set[int]):
        self.recording = recording
        self.kept: list[Instruction] = []
        self._uniform = Uniform(recording)
        self._written = {  # by root, where it is written last
            o.root: i for i, step in enumerate(steps) if not self._idle(step) for o in step.writes
        }
        self._ends = ends
        self._stands: dict[int, _Stand] = {}
        self._versions: dict[int, int] = {}
        self._seen: dict[object, tuple[Operand, int]] = {}
        self.at = self.sweep = 0

    def take(self, step: Instruction) -> None:
        """Keep a step, or another in its place, or none."""
        if self._idle(step):
            return
        step = self._with_signs(canonical(step))
        alone = step.kind == "call" and not step.writes and type(step.results) is Operand
        if alone and step.results.root not in self._written:
            ends = step.results.root in self._ends
            self._uniform.note(step)
            same = self._folded(step) or self._same(step)
            if same is not None:
                step = self._of(step, *same)
                before = self._before(step)
                if not ends:
                    return self._stand(step, *same if before is None else (before, False))
            signed = self._signed(step, ends)
            if signed is None:
                return
            step = self._without_signs(signed)
            before = self._before(step)
            if before is not None and not ends:
                return self._stand(step, before, False)
            self._note(step)
        elif step.kind == "call":
            step = self._summed(self._without_mask(step))
        self._keep(step)

    def _stand(self, step: Instruction, of: Operand, negative: bool) -> None:
        self._stands[step.results.root] = _Stand(step.results, of, negative, step)

    def _keep(self, step: Instruction) -> None:
        step = self._without_signs(step)
        for o in (*step.made(), *step.writes):
            self._versions[o.root] = self._versions.get(o.root, 0) + 1
        self.kept.append(step)

    # -------------------------------------------------------------- what a step reads

    def _with_signs(self, step: Instruction) -> Instruction:
        """The step with what its arguments stand for, where that has the same sign."""
        found = {o.root for o in step.reads() if o.root in self._stands}
        if all(self._stands[root].negative for root in found):
            return step

        def change(o: Operand) -> Operand:
            stand = self._stands.get(o.root)
            return o if stand is None or stand.negative else stand.seen(o)

        return step.readdressed(change)

    def _without_signs(self, step: Instruction) -> Instruction:
        """The step, once what it reads is there: the values that signs were kept from are computed now."""
        for o in step.reads():
            stand = self._stands.pop(o.root, None)
            if stand is not None:
                made = self._of(stand.step, stand.of, True)
                self._note(made)
                self._keep(made)
        return step

    @staticmethod
    def _of(step: Instruction, of: Operand, negative: bool) -> Instruction:
        fn: Any = np.negative if negative else np.ndarray.copy
        return dataclasses.replace(step, fn=fn, args=(of,), options={})

    def _split(self, x: Any, like: Operand) -> tuple[Any, bool]:
        """What an argument of a result's size stands for, and whether with the other sign."""
        stand = self._stands.get(x.root) if type(x) is Operand and x.size == like.size else None
        return (x, False) if stand is None else (stand.seen(x), True)

    # -------------------------------------------------------------- what it comes to

    def _idle(self, step: Instruction) -> bool:
        """Whether it puts zeros where a cotangent is zero, and none is."""
        return step.fn is zeroed and bool(self._uniform.number(step.args[1]))

    def _without_mask(self, step: Instruction) -> Instruction:
        """A step that puts zeros where something is masked, once it is known that nothing is."""
        if step.fn is not zeroed or not self._uniform.number(step.args[3]):
            return step
        return dataclasses.replace(step, args=(*step.args[:3], True))

    def _folded(self, step: Instruction) -> tuple[Operand, bool] | None:
        """A constant that the result is."""
        given, result = list(step.reads()), step.results
        constant = all(self.recording.roots[o.root].kind == CONSTANT for o in given)
        if not given or not constant or result.nbytes > FOLDED:
            return None

        def value(x: Any) -> Any:
            if type(x) is Scalar:
                return self._uniform.value(x.operand)[()]
            return self._uniform.value(x) if type(x) is Operand else x

        with np.errstate(all="ignore"):
            found = np.asarray(step.fn(*mapped(step.args, value), **mapped(step.options, value)))
        if (found.shape, found.strides, found.dtype) != (result.shape, result.strides, result.dtype):
            return None
        return self.recording.constant(found), False

    def _same(self, step: Instruction) -> tuple[Operand, bool] | None:
        """What the result is equal to, and whether with the other sign."""
        fn, result, args = step.fn, step.results, step.args
        if fn in COPIES and type(args[0]) is Operand:
            return self._alike(args[0], result, False)
        if set(step.options) - {"order"}:
            return None
        if result.dtype.kind in "iu":
            return self._same_integers(step)
        if result.dtype.kind != "f":
            return None
        if fn is np.negative:
            return self._alike(args[0], result, True)
        found: dict[Any, tuple] = {np.multiply: (args, args[::-1]), np.divide: (args,)}
        for x, factor in found.get(fn, ()):
            number = self._uniform.number(factor)
            if number is not None and abs(number) == 1:
                return self._alike(x, result, bool(number < 0))
        return None

    def _same_integers(self, step: Instruction) -> tuple[Operand, bool] | None:
        """What a product with 1 or a sum with 0 is equal to: of floats, -0 + 0 is another."""
        neutral: dict[Any, int] = {np.multiply: 1, np.add: 0}
        if step.fn not in neutral or len(step.args) != 2:
            return None
        for x, other in (step.args, step.args[::-1]):
            number = self._uniform.number(other)
            if number is not None and number == neutral[step.fn]:
                return self._alike(x, step.results, False)
        return None

    def _alike(self, x: Any, result: Operand, negative: bool) -> tuple[Operand, bool] | None:
        """An argument, if it lies as the result does and stays as it is."""
        x, other = self._split(x, result)
        if type(x) is not Operand or self._written.get(x.root, -1) >= self.at:
            return None
        same = (x.shape, x.strides, x.dtype) == (result.shape, result.strides, result.dtype)
        return (x, negative != other) if same else None

    def _signed(self, step: Instruction, ends: bool) -> Instruction | None:
        """A product or sum without signs; None if nothing but a sign is left to do."""
        fn, result = step.fn, step.results
        if fn not in (np.multiply, np.divide, np.add, np.subtract) or set(step.options) - {"order"}:
            return step
        if result.dtype.kind != "f" or len(step.args) != 2:
            return step
        (a, minus_a), (b, minus_b) = (self._split(x, result) for x in step.args)
        if not (minus_a or minus_b):
            return step
        if fn is np.multiply or fn is np.divide:
            if minus_a and minus_b:
                return dataclasses.replace(step, args=(a, b))
            return step if ends else self._negated(step, a, b)
        if fn is np.add and not ends and a == b and minus_a and minus_b:
            return self._negated(step, a, b)
        return self._summed(step)

    def _summed(self, step: Instruction) -> Instruction:
        """A sum or a difference that takes signs in, wherever its result goes."""
        target = step.out
        if (
            step.fn not in (np.add, np.subtract)
            or len(step.args) != 2
            or set(step.options) - {"out", "order"}
        ):
            return step
        if type(target) is not Operand or target.dtype.kind != "f":
            return step
        (a, minus_a), (b, minus_b) = (self._split(x, target) for x in step.args)
        if minus_a and a == b and minus_b is (step.fn is np.add):  # -a + -a, or -a - a
            return dataclasses.replace(step, fn=np.multiply, args=(a, -2.0))
        # the zero of a difference has another sign than that of a sum: only these are the same
        if step.fn is np.add and (minus_a or minus_b):
            args = (step.args[0], b) if minus_b else (b, a)
            return dataclasses.replace(step, fn=np.subtract, args=args)
        if step.fn is np.subtract and minus_b:
            return dataclasses.replace(
                step, **({"args": (b, a)} if minus_a else {"fn": np.add, "args": (a, b)})
            )
        return step

    def _negated(self, step: Instruction, a: Any, b: Any) -> Instruction | None:
        """Compute the result without its sign."""
        plain = self.recording.temporary(step.results)
        self.take(dataclasses.replace(step, args=(a, b), results=plain))
        stand = self._stands.pop(plain.root, None)  # it may have been computed before
        self._stand(step, plain if stand is None else stand.of, True)
        return None

    # -------------------------------------------------------------- what was computed before

    def _before(self, step: Instruction) -> Operand | None:
        """The result of an equal call, if it lies as this one's does."""
        found, sweep = self._seen.get(self._key(step), (None, 0))
        if found is None or found != step.results._replace(root=found.root):
            return None
        # what NumPy reports of it counts in the sweep that it is computed in
        return found if self.sweep in (0, sweep) or _reports_nothing(step) else None

    def _note(self, step: Instruction) -> None:
        key = self._key(step)
        if key is not None:
            self._seen[key] = step.results, self.sweep

    def _key(self, step: Instruction) -> object | None:
        """Equal for calls that give the same: NaN aside, sums and products do in any order."""
        args = step.args
        if step.fn is reported:  # something else each time
            return None
        if step.fn in _COMMUTING and len(args) == 2 and all(type(x) is Operand for x in args):
            args = tuple(sorted(args, key=lambda o: (o.root, o.offset)))
        versions = tuple([self._versions.get(o.root, 0) for o in operands((args, step.options))])
        try:
            key = (step.fn, _hashable(args), _hashable(step.options), versions)
            hash(key)
        except TypeError:
            return None
        return key


def _reports_nothing(step: Instruction) -> bool:
    """Whether it is no arithmetic, or none that is invalid for any number."""
    return step.results.dtype.kind not in "fc" or step.fn in _VALID


def _hashable(tree: Any) -> object:
    if isinstance(tree, dict):
        return tuple((k, _hashable(v)) for k, v in sorted(tree.items()))
    if type(tree) in (tuple, list):
        return tuple([_hashable(item) for item in tree])
    if isinstance(tree, slice):
        return ("slice", _hashable((tree.start, tree.stop, tree.step)))
    return (type(tree), tree) if isinstance(tree, (int, float, complex)) else tree
