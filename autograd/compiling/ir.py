"""What a recording is made of: roots (buffers), operands (views of them), instructions.

A recording is imperative: NumPy calls in the order in which they ran, on memory whose place is
fixed. So a view needs no instruction: it is an offset, a shape and strides into its root.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field, replace
from typing import Any, NamedTuple

import numpy as np

from ..addresses import address_of

# What a root is. `fresh`: the program's own, for as long as it lives; `state` and `number`: kept
# between runs, by others or by the program; `input`: an argument; `constant`: what was captured.
FRESH, STATE, NUMBER, INPUT, CONSTANT = "fresh", "state", "number", "input", "constant"


class Root:
    """One stretch of memory, from its lowest byte to its highest.

    Attributes:
        array: the array that stood there while it was recorded; None once that run is over, but for what
            is not the program's own.
        low, nbytes: its place while it was recorded.
        kind: see above.
        label: what the user calls it, if it has a name.
        shape, dtype: of that array.
    """

    __slots__ = ("array", "dtype", "kind", "label", "low", "nbytes", "number", "shape")

    def __init__(self, number: int, array: np.ndarray, kind: str):
        self.number, self.kind = number, kind
        self.array: Any = array
        self.label, self.shape, self.dtype = "", array.shape, array.dtype
        self.low, high = np.lib.array_utils.byte_bounds(array)
        self.nbytes = high - self.low

    def __repr__(self) -> str:
        return f"{self.kind[0]}{self.number}"


class Operand(NamedTuple):
    """An array as a view of a root: two that are equal are the same memory seen the same way."""

    root: int
    offset: int
    shape: tuple[int, ...]
    strides: tuple[int, ...]
    dtype: np.dtype

    @property
    def size(self) -> int:
        size = 1
        for n in self.shape:
            size *= n
        return size

    @property
    def nbytes(self) -> int:
        return self.size * self.dtype.itemsize

    @property
    def contiguous(self) -> bool:
        expected = self.dtype.itemsize
        for n, stride in zip(reversed(self.shape), reversed(self.strides), strict=True):
            if n != 1 and stride != expected:
                return False
            expected *= n
        return True

    @property
    def transposed(self) -> Operand:
        """The same memory with its axes the other way round."""
        return self._replace(shape=self.shape[::-1], strides=self.strides[::-1])

    def __repr__(self) -> str:
        return f"%{self.root}" + (f"+{self.offset}" if self.offset else "") + f":{self.dtype}{self.shape}"


class Scalar(NamedTuple):
    """An operand without axes that kernels must get as a NumPy scalar, not as an array."""

    operand: Operand


class Held(NamedTuple):
    """A Python object that an opaque call made, by the instruction's number and its place in the result."""

    number: int
    place: tuple[int, ...]


class Fixed(NamedTuple):
    """What a call gives that is no array, and that must be what it was."""

    value: Any


@dataclass(slots=True, eq=False)
class Instruction:
    """One call. `results` are the operands that it makes, in fresh roots; `writes` those it changes.

    `kind` is `call`, `opaque` (a kernel run as a whole, which allocates what it gives), `guard`
    (the value must be as it was), `effect` (Python that runs for what it does), or `native` (a
    compiled function in the place of several `calls`). `label` says what it belongs to: a
    primitive, the gradient of one, an optimiser.
    """

    fn: Callable
    args: tuple
    options: dict[str, Any]
    results: Any = None
    writes: tuple[Operand, ...] = ()
    kind: str = "call"
    label: str = ""
    line: str = ""
    expected: Any = None
    extra: Any = None
    calls: tuple[str, ...] = ()
    number: int = 0
    _reads: tuple[Operand, ...] | None = field(default=None, init=False, repr=False)
    statements: Any = field(default=(), init=False, repr=False)  # see `elementwise.assignments`

    def reads(self) -> tuple[Operand, ...]:
        """The operands among the arguments, which never change; `out=` is among them."""
        if self._reads is None:
            self._reads = tuple(operands(self.args))
            if self.options:
                self._reads += tuple(operands(self.options))
        return self._reads

    def made(self) -> list[Operand]:
        if type(self.results) is Operand:
            return [self.results]
        return [] if self.results is None else list(operands(self.results))

    @property
    def out(self) -> Any:
        """What a call fills: its results, or what `out=` names; None for neither."""
        return self.results if self.results is not None else self.options.get("out")

    def touched(self) -> tuple[Operand, ...]:
        """What it reads, makes or changes."""
        return (*self.reads(), *self.writes, *self.made())

    def readdressed(self, change: Callable[[Operand], Operand]) -> Instruction:
        """The same call with each operand changed; itself if none is."""
        if all(change(o) is o for o in self.touched()):
            return self

        def changed(x: Any) -> Any:
            if type(x) is slice:
                return slice(changed(x.start), changed(x.stop), changed(x.step))
            if type(x) is Scalar:
                return Scalar(change(x.operand))
            return change(x) if type(x) is Operand else x

        names = ("args", "options", "results", "writes")
        return replace(self, **{name: mapped(getattr(self, name), changed) for name in names})

    def stand_for(self, steps: list[Instruction]) -> Instruction:
        """Have the names, the line and the number of the calls that run here."""
        self.calls = tuple(dict.fromkeys(name for step in steps for name in step.calls or (step.called,)))
        self.label = ", ".join(dict.fromkeys(step.label for step in steps if step.label))
        self.line, self.number = steps[0].line, steps[0].number
        return self

    @property
    def called(self) -> str:
        """The name of its function, or of those that it stands for."""
        if self.calls:
            return "+".join(self.calls)
        name = getattr(self.fn, "__name__", type(self.fn).__name__)
        owner = getattr(self.fn, "__self__", None)
        return f"{owner.__name__}.{name}" if isinstance(owner, np.ufunc) else name

    @property
    def checks(self) -> bool:
        """Whether it may find that the program does not hold."""
        fixed = self.kind == "opaque" and any(type(x) is Fixed for x in leaves(self.results))
        return fixed or self.kind == "guard" or (self.kind == "native" and self.extra.checks)


@dataclass(slots=True)
class Recording:
    """What one run of a function did, and what it leaves behind.

    Attributes:
        roots: by number.
        steps: in order.
        inputs: the operand of each array among the arguments.
        outputs: the operands of the arrays in the result, in order; of what is no array, that.
        finals: pairs of operands: at the end the first takes the value of the second.
        packed: inputs that are recorded with other strides than they are given.
        simplified: the steps that are needed, once they are known.
    """

    roots: dict[int, Root] = field(default_factory=dict)
    steps: list[Instruction] = field(default_factory=list)
    inputs: list[Operand] = field(default_factory=list)
    outputs: list[Any] = field(default_factory=list)
    finals: list[tuple[Operand, Operand]] = field(default_factory=list)
    quiet: bool = False
    packed: set[int] = field(default_factory=set)
    simplified: list[Instruction] | None = None

    def temporary(self, like: Operand) -> Operand:
        """Memory of the program's own that lies as another operand does, for as long as it is needed."""
        root = self._root(np.empty(0, np.uint8), FRESH)
        root.array, root.nbytes = None, self.roots[like.root].nbytes
        root.shape, root.dtype = like.shape, like.dtype
        return like._replace(root=root.number)

    def room(self, shape: tuple[int, ...], dtype: np.dtype) -> Operand:
        """The same in C order."""
        strides, step = [], dtype.itemsize
        for n in reversed(shape):
            strides.append(step)
            step *= n
        root = self._root(np.empty(0, np.uint8), FRESH)
        root.array, root.nbytes, root.shape, root.dtype = None, step, shape, dtype
        return Operand(root.number, 0, shape, tuple(reversed(strides)), dtype)

    def constant(self, array: np.ndarray) -> Operand:
        """The operand of an array whose values are known."""
        root = self._root(array, CONSTANT)
        offset = address_of(array) - root.low
        return Operand(root.number, offset, array.shape, array.strides, array.dtype)

    def _root(self, array: np.ndarray, kind: str) -> Root:
        number = next(reversed(self.roots), -1) + 1  # they are numbered in their order
        found = self.roots[number] = Root(number, array, kind)
        return found


def operands(tree: Any) -> Iterator[Operand]:
    """All operands in nested containers."""
    kind = type(tree)
    if kind is Operand:
        yield tree
    elif kind is Scalar:
        yield tree.operand
    elif kind is tuple or kind is list:
        for item in tree:
            yield from operands(item)
    elif kind is dict:
        for item in tree.values():
            yield from operands(item)
    elif kind is slice:
        yield from operands((tree.start, tree.stop, tree.step))
    elif isinstance(tree, tuple) and kind not in (Held, Fixed):  # with names
        for item in tree:
            yield from operands(item)


def steps_of(item: Any) -> list[Instruction]:
    """The calls of an item of a plan: itself, or those that it runs."""
    return [item] if isinstance(item, Instruction) else item.steps


def leaves(tree: Any) -> list[Any]:
    """What is in nested containers, in order."""
    found: list[Any] = []
    mapped(tree, found.append)
    return found


def mapped(tree: Any, change: Callable[[Any], Any]) -> Any:
    """The same containers with each leaf changed."""
    kind = type(tree)
    if kind is tuple or kind is list:
        return kind([mapped(item, change) for item in tree])
    if kind is dict:
        return {k: mapped(v, change) for k, v in tree.items()} if tree else {}
    if isinstance(tree, tuple) and hasattr(tree, "_make") and kind not in (Operand, Scalar, Held, Fixed):
        return tree._make([mapped(item, change) for item in tree])
    return change(tree)
