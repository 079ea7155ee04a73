"""Notes what one run of a function does, call by call.

Values are real while it records, so a recording is also a run. Results are told apart by where
they lie: what lies in memory that is known is a view of it, everything else is new memory.
"""

from __future__ import annotations

import weakref
from collections.abc import Callable
from typing import Any

import numpy as np

from ...codegen import FAST
from ...tape import TensorBase
from ...views import expose
from .. import lines
from ..changed import Undecided
from ..faults import FAULTS, put_zeros, reported, zeroed
from ..ir import CONSTANT, FRESH, INPUT, Instruction, leaves, mapped
from .drawn import converted, number
from .functions import EMPTY, STRUCTURAL, WRITERS, depends_on_values, out_of
from .labels import written
from .looking import OWN, Looking
from .masks import Masks
from .opaque import Opaque, inside
from .places import KnownMemory
from .traced import Leak, Traced


class Recorder(KnownMemory):
    """Notes the calls of one thread.

    Attributes:
        closed: why nothing may be noted now; empty if it may.
        labels: the primitives that are running, outermost first.
        ambient: NumPy's error state outside the function.
        on_draw: called after a draw was noted.
        masks: tells where cotangents are masked.
        looking: see there.
    """

    def __init__(self) -> None:
        super().__init__()
        self._ducks: list[weakref.ref] = []
        self.count = 0
        self.masks = Masks(self)
        self.looking = Looking()
        self.faulty = False  # whether NumPy has reported an invalid operation in the sweep that runs
        self.on_draw: Callable[[], None] = lambda: None
        self.closed = ""
        self.labels: list[str] = []
        self.ambient: Any = None

    def traced(self, array: np.ndarray, kind: str, label: str = "") -> Traced:
        """A stand-in for an array that exists, whose memory becomes known."""
        self.enter(array, kind, label)
        return self.duck(array)

    def made(self, array: np.ndarray) -> Traced:
        """A stand-in for an array that was just made, with these values at the beginning of each run."""
        return self.call(np.ndarray.copy, (self.traced(array, CONSTANT),), {})

    def duck(self, value: np.ndarray, base: Any = None, scalar: bool = False) -> Traced:
        return self.known(Traced(value, self, base, scalar))

    def known(self, duck: Any) -> Any:
        self._ducks.append(weakref.ref(duck))
        return duck

    def leaked(self) -> list[Traced]:
        """The stand-ins that still exist."""
        return [duck for duck in (ref() for ref in self._ducks) if duck is not None]

    # -------------------------------------------------------------- calls of NumPy

    def call(self, fn: Callable, args: tuple, options: dict, writes: tuple = ()) -> Any:
        """Run something of NumPy's on real values, and note it."""
        self.looking.away()
        try:
            return self._call(fn, args, options, writes)
        finally:
            self.looking.on()

    def _call(self, fn: Callable, args: tuple, options: dict, writes: tuple) -> Any:
        if self.closed:
            raise Leak(self.closed)
        if any(not isinstance(w, Traced) for w in writes):
            what = (
                "a recorded value is written into an array that is not recorded: name whose it is in state="
            )
            raise Leak(what, plain=True)
        for w in writes:
            root = self.find(w.value)
            if root is not None and root.kind in (INPUT, CONSTANT):
                raise Leak(written(root.label) if root.kind == INPUT else written(what="a captured array"))
        args = tuple(converted(args, isinstance(fn, np.ufunc) or fn is np.where))
        if depends_on_values(fn, args, options, _is_recorded):
            raise Leak(f"the shape of {getattr(fn, '__name__', fn)} depends on values")
        real = mapped(args, value_of), mapped(options, value_of)
        step = Instruction(fn, mapped(args, self.noted), mapped(options, self.noted))
        step.writes = tuple(self.operand(w.value) for w in writes)
        result = self._run(fn, *real)
        if not writes and _has_place(args, options):
            result = mapped(result, _apart)  # which part of memory it views is not the same in each run
        if writes and not isinstance(result, tuple):
            target = writes[0]
            if result is None or result is target.value:
                self.note(step)
                return None if result is None else target
        made, step.results = self.results(result, args, fn)
        if step.results is not None or writes:
            self.note(step)
        return made

    def _run(self, fn: Callable, args: tuple, options: dict) -> Any:
        try:
            if fn in OWN:
                return fn(*args, **options)
            self.looking.on()
            try:
                return fn(*args, **options)
            finally:
                self.looking.away()
        except Exception as error:
            raised(error)
            raise

    def function(self, fn: Callable, args: tuple, options: dict) -> Any:
        """The same for functions that are no ufuncs."""
        if fn in STRUCTURAL:
            return fn(*mapped(args, value_of), **mapped(options, value_of))
        if fn in EMPTY:
            value = fn(*mapped(args, value_of), **mapped(options, value_of))
            return self.traced(value, FRESH)
        writes = [args[0]] if fn in WRITERS and args else []
        out = out_of(fn, args, options)
        if out is not None:
            writes += out if isinstance(out, tuple) else [out]
        return self.call(fn, args, options, tuple(writes))

    def method(self, fn: Callable, args: tuple, options: dict) -> Any:
        """The same for methods of ndarrays."""
        out = out_of(fn, args, options)
        first = args[0]
        if not (isinstance(first, Traced) and first.scalar):
            return self.call(fn, args, options, () if out is None else (out,))
        # NumPy's scalars have methods of their own, which give scalars where there are no axes
        made = self.call(fn, (self.duck(first.value), *args[1:]), options, () if out is None else (out,))
        if isinstance(made, Traced) and not made.ndim:
            made.scalar = True
        return made

    def part(self, duck: Traced, index: Any) -> Traced | None:
        """The view that a basic index gives, of no axes too; None for any other index."""
        parts = index if isinstance(index, tuple) else (index,)
        if any(not isinstance(p, (int, np.integer, slice, type(None), type(Ellipsis))) for p in parts):
            return None
        if any(isinstance(p, bool) for p in parts):
            return None
        if not any(p is Ellipsis for p in parts):
            parts = (*parts, ...)
        return self.duck(duck.value[parts], duck if duck.base is None else duck.base)

    def noted(self, value: Any) -> Any:
        if isinstance(value, Traced):
            return self.operand(value.value)
        if isinstance(value, np.ndarray):
            return self.operand(value)
        if isinstance(value, TensorBase):
            raise Leak("a Tensor was handed to NumPy")
        if isinstance(value, slice):
            return slice(*(self.noted(part) for part in (value.start, value.stop, value.step)))
        return inside(value)[1] if type(value) is Opaque else value

    def results(self, result: Any, args: Any, fn: Any = None) -> tuple[Any, Any]:
        """Stand-ins for a result, and the operands of what is new in it (None: nothing is)."""
        if isinstance(result, np.ndarray):
            root = self.find(result)
            if root is not None:
                owner = next((a for a in ducks_in(args) if self.find(a.value) is root), None)
                base = None if owner is None else owner if owner.base is None else owner.base
                if owner is not None and owner.value is result:
                    return owner, None
                return self.duck(result, base), None
            if result.dtype.kind not in "fciub":
                raise Leak(f"an array of {result.dtype}")
            operand = self.enter(result, FRESH)
            return self.duck(result), operand
        if isinstance(result, np.generic):
            array = np.array(result)
            return self.duck(array, scalar=True) if self.enter(array, FRESH) else None, self.operand(array)
        if isinstance(result, (tuple, list)):
            pairs = [self.results(item, args) for item in result]
            made = [p[0] for p in pairs]
            tree = type(result)._make(made) if hasattr(result, "_make") else type(result)(made)
            notes = tuple(p[1] for p in pairs)
            return tree, None if all(n is None for n in notes) else notes
        if result is None:
            return None, None
        raise Leak(f"{getattr(fn, '__name__', fn)} gives a value that is computed anew at each run")

    def note(self, step: Instruction) -> Instruction:
        step.number = self.count = self.count + 1
        state = np.geterr()
        if self.ambient is not None and state != self.ambient:
            if any(v == "raise" != self.ambient[k] for k, v in state.items()):
                raise Leak("numpy.errstate has values raise exceptions inside; set it outside")
            self.recording.quiet = True
        step.label = self.labels[-1] if self.labels else ""
        step.line = lines.here()
        self.recording.steps.append(step)
        return step

    def of_tensor(self, value: Any) -> Any:
        """What `numpy.asarray` would give for a tensor; anything else as it is."""
        if not isinstance(value, TensorBase):
            return value
        data = value._data
        root = self.find(data.value) if isinstance(data, Traced) else None
        if root is not None and root.kind == INPUT:  # an argument, which stands for an array
            return data
        value._refuse_if_recorded("numpy.asarray()")  # type: ignore[attr-defined]
        return expose(value)

    # -------------------------------------------------------------- what is no arithmetic

    def guard(self, value: Traced) -> bool:
        """The truth of a value, which a program will check to be what it is now."""
        if self.closed:
            raise Leak(self.closed)
        outcome = bool(value.value)
        self.note(Instruction(bool, (self.operand(value.value),), {}, kind="guard", expected=outcome))
        return outcome

    def effect(self, fn: Callable, *args: Any) -> None:
        """Python that a program runs in this place."""
        if self.closed:
            raise Leak(self.closed)
        self.note(Instruction(fn, args, {}, kind="effect"))

    def drawn(self, method: Callable, args: tuple, options: dict, result: Any) -> Traced:
        """Note a draw that was made: of an array, a NumPy scalar, or a Python number."""
        if self.closed:
            raise Leak(self.closed)
        step = Instruction(method, args, options, kind="effect")
        plain = type(result) in (int, float)
        made, step.results = self.results(np.asarray(result)[()] if plain else result, ())
        self.note(step)
        self.on_draw()
        return number(made, type(result)) if plain else made

    def keep_zeros(self, g: Traced, result: Any) -> Any:
        """Zero where g is masked, if NumPy reported an invalid operation; in place, as the result is new.

        Errors: Undecided where g may vanish.
        """
        if not isinstance(result, Traced):
            return result
        if self.closed:
            raise Leak(self.closed)
        unmasked = self.masks.unmasked(g)
        step = Instruction(zeroed, (FAULTS, self.noted(g), self.noted(result), self.noted(unmasked)), {})
        step.writes = (self.operand(result.value),)
        if self.was_invalid():
            put_zeros(g.value, result.value, value_of(unmasked))
        self.note(step)
        return result

    def undecided(self, parts: list, lost: Any) -> None:
        """Refuse places in which cotangents are 0, but may not be masked."""
        for part in parts:
            lost = np.logical_and(lost, self.masks.unmasked(getattr(part, "_data", part)))
        if np.any(lost):
            raise Undecided

    def was_invalid(self) -> bool:
        """Whether NumPy reported an invalid operation, before this pull or in it."""
        return self.faulty or FAST["faults"].invalid is True

    def reported(self) -> Any:
        """Whether NumPy reported an invalid operation, which a program finds anew."""
        step = Instruction(reported, (FAULTS,), {})
        made, step.results = self.results(np.bool_(self.was_invalid()), ())
        self.note(step)
        return made

    def checked(self, fn: Callable, *args: Any) -> Any:
        """Run a check of values that raises, now and in each run; it must give None."""
        fn(*mapped(args, value_of))
        self.note(Instruction(fn, mapped(args, self.noted), {}, kind="opaque"))


def _has_place(*trees: Any) -> bool:
    """Whether a value among the arguments may say where in an array, or what shape."""
    for leaf in leaves(trees):
        if type(leaf) is slice:
            if any(map(_is_place, (leaf.start, leaf.stop, leaf.step))):
                return True
        elif _is_place(leaf):
            return True
    return False


def _is_place(value: Any) -> bool:
    return isinstance(value, Traced) and not value.value.ndim and value.value.dtype.kind in "iu"


def _apart(value: Any) -> Any:
    return value.copy() if isinstance(value, np.ndarray) and value.base is not None else value


def raised(error: Exception) -> None:
    """Remember an exception: who handles it decides by values."""
    Leak(f"{type(error).__name__} is raised and handled, for values that are computed anew at each run")


def value_of(x: Any) -> Any:
    if isinstance(x, Traced):
        return x.value[()] if x.scalar else x.value
    if isinstance(x, slice):
        return slice(*(value_of(part) for part in (x.start, x.stop, x.step)))
    return inside(x)[0] if type(x) is Opaque else x


def ducks_in(tree: Any) -> Any:
    if isinstance(tree, Traced):
        yield tree
    elif isinstance(tree, (tuple, list)):
        for item in tree:
            yield from ducks_in(item)


def _is_recorded(x: Any) -> bool:
    return isinstance(x, Traced)
