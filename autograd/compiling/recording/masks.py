"""Where a recorded cotangent is 0 whatever the variables are: there something masks it.

It is told from the calls that made it. What `where` leaves out is masked, and so is what is multiplied
by a 0 that does not move with the variables: a condition, a one-hot row, what dropout keeps. A product
with what moves vanishes where that does, and is not masked. What no rule knows may not be masked.
"""

from __future__ import annotations

import operator
from typing import Any

import numpy as np

from ...ops.sorting import add_along_axis
from ..faults import zeroed
from ..ir import CONSTANT, Held, Instruction, Operand, Scalar, leaves, operands
from .places import view

# What stays where it is as its argument moves a little.
_STEPWISE = {np.sign, np.floor, np.ceil, np.rint, np.trunc, np.floor_divide}
_KEEPING = {
    np.negative, np.positive, np.conjugate, np.copy, np.ascontiguousarray,
    np.ndarray.copy, np.ndarray.astype, np.ndarray.conj, np.ndarray.conjugate,
}  # fmt: skip
_DOTS = {np.dot, np.ndarray.dot}
_PUTTING = {np.copyto, operator.setitem, np.add.at}
_TAKING = {operator.getitem, np.take_along_axis}  # what the elements of one array are, elsewhere
_ZEROS = (np.zeros, np.zeros_like)  # while something is recorded, others stand for them
_DEEP = 40  # calls that are looked back through


class Masks:
    """The masks of one recording. A mask is a recorded array of truth values, or one truth value for all.

    Attributes:
        variables: roots that derivatives are taken by.
    """

    def __init__(self, recorder: Any):
        self._recorder = recorder
        self.variables: set[int] = set()
        self._moving: set[int] = set()
        self._history: dict[int, list[tuple[int, Instruction]]] = {}
        # by operand and the step that made it: through how many calls was looked, and the mask
        self._found: dict[tuple[Operand, int], tuple[int, Any]] = {}
        self._of_variables = 0  # how many there were then
        self._last: Instruction | None = None
        self._count = 0

    def unmasked(self, g: Any) -> Any:
        """Where a cotangent may be other than 0 if the variables move."""
        self._catch_up()
        if self._of_variables != len(self.variables):
            self.forget()
        operand = self._recorder.noted(g)
        return self._of(operand, self._count, _DEEP)

    def forget(self) -> None:
        """Hold no masks any more."""
        self._found, self._of_variables = {}, len(self.variables)

    def _catch_up(self) -> None:
        steps = self._recorder.recording.steps
        if self._count > len(steps) or (self._count and steps[self._count - 1] is not self._last):
            self._count, self._history = 0, {}  # calls were taken back
            self.forget()
        for at in range(self._count, len(steps)):
            self._enter(at, steps[at])
        self._count = len(steps)
        self._last = steps[-1] if steps else None

    def _enter(self, at: int, step: Instruction) -> None:
        changed = {o.root for o in (*step.made(), *step.writes)}
        if step.fn is zeroed:  # what is masked stays so
            return
        for root in changed:
            self._history.setdefault(root, []).append((at, step))
        moving = self._moving | self.variables
        reads = [o for o in (*step.reads(), *step.writes) if o.dtype.kind in "fc"]
        opaque = any(type(x) is Held for x in leaves(step.args))
        if step.fn not in _STEPWISE and (opaque or any(o.root in moving for o in reads)):
            self._moving |= {o.root for o in (*step.made(), *step.writes) if o.dtype.kind in "fc"}

    # -------------------------------------------------------------- where one operand is masked

    def _of(self, x: Any, before: int, deep: int) -> Any:
        """As `unmasked`, of a value as it was before the step of that number."""
        if type(x) is Scalar:
            x = x.operand
        if type(x) is not Operand:
            return bool(np.any(x))
        if not deep:
            return True
        if x.dtype.kind == "b" or x.root not in self._moving | self.variables:
            return self._nonzero(x, before)
        past = [entry for entry in self._history.get(x.root, ()) if entry[0] < before]
        if not past:
            return True
        at, step = past[-1]
        looked, mask = self._found.get((x, at), (0, True))
        if looked < deep:  # by another path, of which there may be twice as many with each call
            mask = self._past(x, at, step, deep)
            self._found[x, at] = deep, mask
        return mask

    def _past(self, x: Operand, at: int, step: Instruction, deep: int) -> Any:
        """The same, by the last step that has made or changed it."""
        if type(step.results) is Operand and step.results.root == x.root:
            return self._seen(self._made(step, at, deep - 1), step.results, x)
        if len(step.writes) != 1:
            return True
        if step.fn in _PUTTING:
            return self._put(step, at, x, deep - 1)
        whole = step.writes[0]
        return self._seen(self._made(step, at, deep - 1), whole, x) if whole.size == x.size else True

    def _nonzero(self, x: Operand, before: int) -> Any:
        """Of what does not move: where it is not 0."""
        if self._is_another(x, before):
            return True
        if x.dtype.kind == "b":
            return self._duck(x)
        array = self._array(x)
        if x.size < 2 or (self._recorder.recording.roots[x.root].kind == CONSTANT and np.all(array)):
            return True
        return self._recorder.call(np.not_equal, (self._duck(x), 0), {})

    def _made(self, step: Instruction, at: int, deep: int) -> Any:
        """Of what a call gives."""
        fn, args = step.fn, step.args
        if fn in _ZEROS:
            return False
        if fn is np.where and len(args) == 3:
            return self._chosen(args[0], at, self._of(args[1], at, deep), self._of(args[2], at, deep))
        if fn is np.multiply:
            return _both(self._of(args[0], at, deep), self._of(args[1], at, deep))
        if fn is np.divide or fn in _KEEPING:
            return self._of(args[0], at, deep)
        if fn in (np.add, np.subtract):
            return _either(self._of(args[0], at, deep), self._of(args[1], at, deep))
        if fn == np.add.reduce and type(args[0]) is Operand:
            return self._summed(self._of(args[0], at, deep), args[0].shape, **step.options)
        if fn is add_along_axis.primitive.kernel:
            return self._added(step, at, deep)
        if fn in _TAKING and type(args[0]) is Operand and not step.options:
            return self._taken(step, at, deep)
        if fn in _DOTS and all(type(x) is Operand for x in args[:2]) and len(args[0].shape) == 1:
            return self._summed(self._of(args[1], at, deep), args[1].shape)
        return True

    def _summed(
        self, mask: Any, shape: tuple, axis: Any = 0, keepdims: bool = False, **options: Any
    ) -> Any:
        """Of a sum: where any of what is added may not be masked."""
        if isinstance(mask, bool) or options.keys() - {"dtype"}:
            return mask if isinstance(mask, bool) else True
        any_of: Any = np.logical_or.reduce
        return any_of(_wide(mask, shape), axis=axis, keepdims=keepdims)

    def _added(self, step: Instruction, at: int, deep: int) -> Any:
        """Of zeros with something added where indices along an axis say."""
        x, indices, axis, _ = step.args
        mask = self._of(x, at, deep)
        if mask is False or self._is_another(indices, at):
            return mask is not False
        shape = step.results.shape
        found = self._recorder.call(_ZEROS[0], (shape, bool), {})
        places = list(np.ix_(*map(np.arange, shape)))
        places[axis] = self._given(indices)
        np.logical_or.at(found, tuple(places), mask)
        return found

    def _taken(self, step: Instruction, at: int, deep: int) -> Any:
        """Of elements that were taken by arrays of indices."""
        x, *places = step.args
        if any(self._is_another(o, at) for o in operands(places)):
            return True
        mask = self._of(x, at, deep)
        if isinstance(mask, bool):
            return mask
        return self._recorder.call(step.fn, (_wide(mask, x.shape), *map(self._given, places)), {})

    def _chosen(self, condition: Any, at: int, first: Any, second: Any) -> Any:
        known = type(condition) is Operand and condition.dtype.kind == "b"
        mask = self._nonzero(condition, at) if known else True
        if mask is True:
            return _either(first, second)
        return _either(_both(mask, first), _both(np.logical_not(mask), second))

    def _put(self, step: Instruction, at: int, x: Operand, deep: int) -> Any:
        """Of an array after something was written into a part of it."""
        target, first = step.args[0], self._history[x.root][0][1].results
        if type(target) is not Operand or type(first) is not Operand or not first.contiguous:
            return True
        old = self._of(first, at, deep)
        if old is True:
            return True
        found = self._recorder.call(_ZEROS[0], (first.shape, bool), {})
        if old is not False:
            self._recorder.function(np.copyto, (found, old), {})
        part = self._view(found, first, target)
        if step.fn is np.copyto:
            where = step.args[3] if len(step.args) > 3 else step.options.get("where", True)
            new = self._of(step.args[1], at, deep)
            if type(where) is Operand:
                where = self._nonzero(where, at)
                new = True if where is True else new
            self._recorder.function(np.copyto, (part, new, "same_kind", where), {})
        elif any(self._is_another(o, at) for o in operands(step.args[1])):
            return True
        else:
            index, new = self._given(step.args[1]), self._of(step.args[2], at, deep)
            if step.fn is np.add.at and new is not True:
                np.logical_or.at(part, index, new)
            else:
                self._recorder.call(operator.setitem, (part, index, new), {}, (part,))
        return self._seen(found, first, x)

    # -------------------------------------------------------------- operands

    def _is_another(self, x: Operand, before: int) -> bool:
        """Whether there is something else now than before the step of that number."""
        return any(at >= before for at, _ in self._history.get(x.root, ()))

    def _array(self, o: Operand) -> np.ndarray:
        root = self._recorder.recording.roots[o.root]
        return view(root.array, root.low, o)

    def _duck(self, o: Operand) -> Any:
        return self._recorder.duck(self._array(o))

    def _given(self, index: Any) -> Any:
        """An index that was noted, as it was given."""
        if isinstance(index, tuple) and type(index) is not Operand:
            return tuple(self._given(part) for part in index)
        return self._duck(index) if type(index) is Operand else index

    def _seen(self, mask: Any, whole: Operand, x: Operand) -> Any:
        """The mask of a view, given that of the whole."""
        if isinstance(mask, bool) or whole == x:
            return mask
        mask = _wide(mask, whole.shape)
        if not whole.contiguous:
            if not whole.transposed.contiguous:
                return True
            mask, whole = np.transpose(mask), whole.transposed
        return self._view(mask if mask.flags.c_contiguous else mask.copy(), whole, x)

    def _view(self, mask: Any, whole: Operand, x: Operand) -> Any:
        """The part of a mask in C order that lies as an operand does in its root."""
        size = whole.dtype.itemsize
        strides = tuple(s // size for s in x.strides)
        low = (x.offset - whole.offset) // size
        flat = mask.reshape(-1)
        return flat[low:].strided(x.shape, strides) if x.size else flat[:0].reshape(x.shape)


def _wide(mask: Any, shape: tuple) -> Any:
    return mask if mask.shape == shape else np.logical_and(mask, np.ones(shape, bool))


def _both(a: Any, b: Any) -> Any:
    if a is True or b is False:
        return b
    return a if b is True or a is False else np.logical_and(a, b)


def _either(a: Any, b: Any) -> Any:
    if a is False or b is True:
        return b
    return a if b is False or a is True else np.logical_or(a, b)
