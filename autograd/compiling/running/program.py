"""A plan as a function: straight-line Python over arrays that are there already."""

from __future__ import annotations

import linecache
import sys
from collections.abc import Callable
from typing import Any

import numpy as np

from ...loops import diskcache
from ..changed import Changed
from ..faults import FAULTS
from ..ir import (
    FRESH,
    INPUT,
    Fixed,
    Held,
    Instruction,
    Operand,
    Recording,
    Scalar,
    mapped,
    operands,
)
from ..plan import Plan
from ..planning import arena, lowering
from ..recording.places import view
from . import buffers
from .fitted import array_of, store
from .variables import variables

# Inputs up to this size are copied into the program's memory, so that views of them are made once.
SMALL = 16384


class Faults:
    """Whether NumPy reported an invalid operation since it was last cleared."""

    __slots__ = ("invalid",)

    def note(self, kind: str, flag: int) -> None:
        self.invalid = True


def _low(array: np.ndarray) -> int:
    return np.lib.array_utils.byte_bounds(array)[0]


class Writer:
    """Writes the function of a plan: `run(*inputs)` gives the arrays among the outputs.

    Attributes:
        names: the globals of the function.
        lines: its statements.
    """

    def __init__(self, recording: Recording, plan: Plan, bindings: dict[int, np.ndarray]):
        self.recording, self.plan, self.bindings = recording, plan, bindings
        self.names: dict[str, Any] = {"Changed": Changed, "ndarray": np.ndarray, "view": _bound_view}
        self.faults = Faults()
        self.lines: list[str] = []
        self.functions: list[str] = []  # what else it is made of, to be read
        # names of what is made of the addresses of native functions, and the sources of those
        self._native: list[tuple[str, list[str], Callable[..., Any]]] = []
        self._shown: dict[str, str] = {}
        self._known: dict[Any, str] = {}
        self._arrays: dict[Operand, str] = {}
        self._places: dict[tuple, str] = {}  # the same by address, shape, strides and dtype
        self.bound: dict[int, tuple[str, Operand]] = {}  # root -> the name of its array, and what that is
        self._items: dict[Operand, str] = {}
        self._variables = variables(plan)
        self._written = {o.root for step in plan.steps for o in (*step.made(), *step.writes)}
        self._arena = arena.memory(plan.arena)
        self._lasting: dict[int, tuple[np.ndarray, int]] = {}

    # -------------------------------------------------------------- memory

    def storage(self, root: int) -> tuple[np.ndarray, int]:
        """The array that keeps a static root alive, and the address where it begins."""
        if root in self.bindings:
            array = self.bindings[root]
            return array, _low(array)
        here = self.recording.roots[root]
        if root in self.plan.offsets:
            owner, low = self._arena
            return owner, low + self.plan.offsets[root]
        if root in self.plan.hosts:
            host, offset = self.plan.hosts[root]
            owner, low = self.storage(host)
            return owner, low + offset
        if here.kind == FRESH or here.kind == INPUT:  # lasting, or an input that is copied in
            if root not in self._lasting:
                self._lasting[root] = arena.memory(here.nbytes)
            return self._lasting[root]
        return here.array, here.low

    def array(self, operand: Operand) -> np.ndarray:
        """The array of an operand of a static root."""
        owner, low = self.storage(operand.root)
        whole = operand.offset == 0 and (owner.shape, owner.strides, owner.dtype) == operand[2:]
        return owner if whole else view(owner, low, operand)

    # -------------------------------------------------------------- names

    def name(self, value: Any) -> str:
        """Source for a value, as an argument of a call."""
        kind = type(value)
        if kind is Operand:
            return self._operand(value)
        if kind is Scalar:
            held = value.operand.root in self._variables
            return self._operand(value.operand) + ("" if held else "[()]")
        if kind is lowering.Item:
            return self._item(value.operand)
        if kind is Held:
            return f"r{value.number}" + "".join(f"[{i}]" for i in value.place)
        if (
            value is None
            or kind in (bool, int, str)
            or (kind is float and value == value and abs(value) < 1e300)
        ):
            return repr(value)
        if kind is tuple or kind is list:
            inside = ", ".join(self.name(v) for v in value)
            return f"[{inside}]" if kind is list else f"({inside}{',' if len(value) == 1 else ''})"
        if kind is slice:
            return f"slice({self.name(value.start)}, {self.name(value.stop)}, {self.name(value.step)})"
        if kind is dict:
            return "{" + ", ".join(f"{self.name(k)}: {self.name(v)}" for k, v in value.items()) + "}"
        if hasattr(value, "_make"):
            return f"{self._global(kind)}({', '.join(self.name(v) for v in value)})"
        if value is Ellipsis:
            return "..."
        if value is FAULTS:
            return "faults"
        return self._global(value)

    def _global(self, value: Any) -> str:
        key = id(value)
        if key not in self._known:
            prefix = getattr(value, "__name__", "") or type(value).__name__
            owner = getattr(value, "__self__", None)
            if isinstance(owner, np.ufunc):
                prefix = f"{owner.__name__}_{prefix}"
            prefix = "".join(c if c.isalnum() else "_" for c in prefix)
            name, i = prefix, 1
            # guards call `bool`; a letter and a number is what arrays and variables are called
            while name in self.names or name == "bool" or name[1:].isdigit() or not name.isidentifier():
                i += 1
                name = f"{prefix}_{i}" if prefix else f"v_{i}"
            self._known[key], self.names[name] = name, value
        return self._known[key]

    def _item(self, operand: Operand) -> str:
        """Python's number of an array of one element; once, if no step writes that."""
        if operand.root in self._written:
            return f"{self._operand(operand)}.item()"
        if operand not in self._items:
            made = f"i{len(self._items)}"
            self.lines.append(f"{made} = {self._operand(operand)}.item()")
            self._items[operand] = made
        return self._items[operand]

    def _operand(self, operand: Operand) -> str:
        if operand.root in self._variables:
            return f"n{operand.root}"
        if operand.root in self.bound:
            return self._of_bound(operand)
        if operand not in self._arrays:
            # a call whose result lies where an argument does begins twice as fast if both are one object
            place = self.storage(operand.root)[1] + operand.offset, operand[2:]
            if place not in self._places:
                self._places[place] = f"a{len(self._places)}"
                self.names[self._places[place]] = self.array(operand)
            self._arrays[operand] = self._places[place]
        return self._arrays[operand]

    def _of_bound(self, operand: Operand) -> str:
        name, whole = self.bound[operand.root]
        if operand == whole:
            return name
        if operand not in self._arrays:
            made = f"{name}_{len(self._arrays)}"
            self._arrays[operand] = made
            given = f"{operand.shape}, {self._global(operand.dtype)}, {operand.offset}, {operand.strides}"
            # NumPy makes a view of a contiguous buffer five times as fast as one by address
            dtype, rest = self._global(operand.dtype), f"{operand.offset}, {operand.strides}"
            maker = f"ndarray({operand.shape}, {dtype}, {name}, {rest})"
            if operand == whole.transposed:
                maker = f"{name}.T"
            self.lines.append(f"{made} = {maker if whole.contiguous else f'view({name}, {given})'}")
        return self._arrays[operand]

    def native(self, name: str, sources: list[str], made: Callable[..., Any]) -> None:
        """Have a name stand for what is made of the addresses of native functions, once all are known."""
        self._native.append((name, sources, made))
        self.names[name] = None

    def shown(self, source: str) -> str:
        """The name by which the function `loop` of a source is to be read among the program's."""
        if source not in self._shown:
            self._shown[source] = name = f"part_{len(self._shown)}"
            self.functions.append(source.replace("def loop(", f"def {name}(", 1))
        return self._shown[source]

    def bind(self, operand: Operand, name: str) -> None:
        self.bound[operand.root] = name, operand

    # -------------------------------------------------------------- steps

    def step(self, step: Instruction) -> None:
        if step.kind == "guard":
            self.lines.append(f"if {lowering.refused(step, self.name)}: raise Changed({step.line!r})")
            return
        if step.kind == "native":
            self.lines.append(step.extra.written(step, self))
            return
        if lowering.gives_element(step) and step.out.root in self._variables:
            self.lines.append(f"{self._operand(step.out)} = {lowering.element(step, self.name)}")
            return
        if step.results is None or not lowering.gives_new_array(step):
            statements = lowering.source(step, self.name)  # may first write lines of its own
            self.lines += statements
            return
        call = f"{self.name(step.fn)}({lowering.arguments(step, self.name)})"
        if lowering.is_plain(step) and step.results.root not in self.plan.lasting:
            name = f"b{step.results.root}"
            self.lines.append(f"{name} = {call}")
            self.bind(step.results, name)
            return
        result = f"r{step.number}"
        self.lines.append(f"{result} = {call}")
        self._unpack(step.results, result, step.line)

    def _unpack(self, tree: Any, source: str, line: str) -> None:
        if type(tree) is Operand:
            if tree.root in self.plan.lasting:
                self.lines.append(f"store({self._operand(tree)}, {source})")
                self.names["store"] = store
                return
            name = f"b{tree.root}"
            self.names["array_of"] = array_of
            dtype = self._global(tree.dtype)
            self.lines.append(f"{name} = array_of({source}, {tree.shape}, {tree.strides}, {dtype})")
            self.bind(tree, name)
        elif type(tree) is Fixed:
            test = f"{source} != {self.name(tree.value)}"
            self.lines.append(f"if {test}: raise Changed('a kernel gives another number')")
        elif isinstance(tree, tuple) and type(tree) is not Held:
            for i, part in enumerate(tree):
                if part is not None:
                    self._unpack(part, f"{source}[{i}]", line)

    def inputs(self) -> list[str]:
        """Parameters of the function; small inputs that are seen by views are copied to where those are."""
        names = []
        read: dict[int, set[Operand]] = {}
        steps = [s for s in self.plan.steps if s.kind != "native"]  # a native function takes it anywhere
        found = [o for s in steps for o in (*s.reads(), *s.writes)]
        for o in (*found, *operands((self.recording.outputs, self.recording.finals))):
            read.setdefault(o.root, set()).add(o)
        for i, operand in enumerate(self.recording.inputs):
            names.append(f"x{i}")
            viewed = not operand.shape or not read.get(operand.root, set()) <= {operand}
            small = operand.nbytes <= SMALL and operand.root in read and viewed
            if small or not operand.contiguous or operand.root in self.recording.packed:
                self.lines.append(lowering.assigned(operand, f"x{i}", self.name))
            else:
                if not operand.shape:  # it may come as a scalar
                    self.lines.append(f"x{i} = {self._global(np.asarray)}(x{i})")
                self.bind(operand, f"x{i}")
        return names

    def outputs(self) -> str:
        """The result: arrays of its own."""
        found: list[str] = []

        def take(value: Any) -> Any:
            if type(value) is Scalar:
                found.append(f"{self._operand(value.operand)}[()]")
            elif type(value) is Operand:
                name = self._operand(value)
                made = self.bound.get(value.root, ("", None))
                fresh = self.recording.roots[value.root].kind == FRESH and name == made[0]
                found.append(name if fresh and found.count(name) == 0 else f"{name}.copy({_order(value)})")
            return value

        mapped(self.recording.outputs, take)
        return f"return ({', '.join(found)}{',' if len(found) == 1 else ''})"

    def large_outputs(self) -> None:
        """Bind outputs that are made whole by one call to arrays of their own, so that none is copied."""
        for operand in self.plan.given:
            name = f"b{operand.root}"
            empty, dtype = self._global(np.empty), self._global(operand.dtype)
            self.lines.append(f"{name} = {empty}({operand.shape}, {dtype})")
            self.bind(operand, name)

    def function(self) -> tuple[Any, str]:
        """The function and its source."""
        names = self.inputs()
        self.large_outputs()
        small = buffers.needed(self.plan.steps)
        for step in self.plan.steps:
            if small and buffers.matter(step):
                self.lines.append("setbufsize(usual)")
                self.step(step)
                self.lines.append(f"setbufsize({buffers.SMALL})")
            else:
                self.step(step)
        for target, value in self.recording.finals:
            self.lines.append(lowering.assigned(target, self._operand(value), self.name))
        self.lines.append(self.outputs())
        self.names |= {"faults": self.faults, "setbufsize": np.setbufsize}
        if self._native:
            diskcache.prepare([source for _, sources, _ in self._native for source in sources])
        for name, sources, made in self._native:
            self.names[name] = made(*map(diskcache.load, sources))
        body = self.lines
        if small:
            body = [f"usual = setbufsize({buffers.SMALL})", "try:", *(f"    {line}" for line in body)]
            body += ["finally:", "    setbufsize(usual)"]
        text = "\n".join([f"def run({', '.join(names)}):", *(f"    {line}" for line in body)]) + "\n"
        filename = f"<autograd program {id(self):x}>"
        scope: dict[str, Any] = {}
        exec(compile(text, filename, "exec"), self.names, scope)
        linecache.cache[filename] = (len(text), None, text.splitlines(keepends=True), filename)
        return scope["run"], "\n".join([text, *self.functions])


def _order(operand: Operand) -> str:
    """The order of a copy, as source: that of the axes in memory, unless it is C's or one is repeated."""
    if operand.contiguous or 0 in operand.strides:
        return ""
    return "'F'" if operand.transposed.contiguous else "'K'"


def _bound_view(
    array: np.ndarray, shape: tuple, dtype: np.dtype, offset: int, strides: tuple
) -> np.ndarray:
    return view(array, _low(array), Operand(0, offset, shape, strides, dtype))


def references(array: Any) -> int:
    """How many references there are to an array, the argument among them."""
    return sys.getrefcount(array)


__all__ = ["Faults", "Writer", "references"]
