"""What a model is made of: its modules, the shapes they give, parameters, work and memory."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from html import escape
from typing import Any

import numpy as np

from autograd.diagnose import describe
from autograd.errors import OperandError
from autograd.tables import align
from autograd.tape import mode
from autograd.tensor import Tensor
from autograd.watching import Watcher, watching
from autograd.work import multiply_adds

from .module import Module
from .trial import trial

__all__ = ["ModuleLine", "Summary", "summary"]


@dataclass
class ModuleLine:
    """One module of a summary.

    Attributes:
        path: its place in the model; empty for the model itself.
        kind: the name of its class.
        depth: how many modules it lies in.
        shared: the path under which this very module was listed before; such a line has no numbers.
        output: the shape of what it gave last, as text; empty if it was not called.
        calls: how often it was called.
        parameters, trainable: elements of the parameters in its tree, each counted once.
        multiply_adds: those in matrix products and convolutions of all its calls; of a container
            that is not called itself, those of its modules.
        nbytes: bytes of what it gave last.
    """

    path: str
    kind: str
    depth: int
    shared: str | None = None
    output: str = ""
    calls: int = 0
    parameters: int = 0
    trainable: int = 0
    multiply_adds: int = 0
    nbytes: int = 0

    @property
    def label(self) -> str:
        """Its name in the module around it, with its class."""
        name = self.path.rpartition(".")[2]
        return f"{name}: {self.kind}" if name else self.kind

    @property
    def given(self) -> str:
        """What it gave, and how often."""
        if self.shared is not None:
            return f"is {self.shared}" if self.shared else "is the model"
        return f"{self.output} x{self.calls}" if self.calls > 1 else self.output


@dataclass
class Summary:
    """The lines of a summary; prints as a table, in notebooks and with `rich` too.

    Attributes:
        lines: the model first, then its modules, in order.
        parameter_bytes, buffer_bytes: what the model holds in memory.
        result_bytes: of all arrays that the operations of one forward made.
    """

    lines: list[ModuleLine] = field(default_factory=list)
    parameter_bytes: int = 0
    buffer_bytes: int = 0
    result_bytes: int = 0

    @property
    def parameters(self) -> int:
        """Elements of all parameters."""
        return self.lines[0].parameters

    @property
    def trainable(self) -> int:
        """Elements of the parameters that require grad."""
        return self.lines[0].trainable

    @property
    def multiply_adds(self) -> int:
        """Multiply-adds of one forward."""
        return self.lines[0].multiply_adds

    def rows(self) -> list[tuple[str, ...]]:
        """The cells of the table, headings first."""
        head = ("module", "output", "parameters", "trainable", "multiply-adds", "output bytes")
        rows: list[tuple[str, ...]] = [head]
        for line in self.lines:
            numbers = (line.parameters, line.trainable, line.multiply_adds, line.nbytes)
            cells = ("",) * 4 if line.shared is not None else tuple(f"{n:,}" for n in numbers)
            rows.append(("  " * line.depth + line.label, line.given, *cells))
        return rows

    def foot(self) -> str:
        """What it adds up to."""
        frozen = self.parameters - self.trainable
        return (
            f"{self.parameters:,} parameters ({self.trainable:,} trainable, {frozen:,} frozen); "
            f"bytes: parameters {self.parameter_bytes:,}, buffers {self.buffer_bytes:,}, "
            f"results {self.result_bytes:,}"
        )

    def __str__(self) -> str:
        return "\n".join([*align(self.rows(), left=2), self.foot()])

    __repr__ = __str__

    def __rich__(self) -> Any:
        from rich.table import Table  # it is rich that asks
        from rich.text import Text

        head, *rows = self.rows()
        table = Table(caption=self.foot(), caption_justify="left")
        for i, name in enumerate(head):
            table.add_column(name, justify="left" if i < 2 else "right", overflow="fold")
        for row in rows:
            table.add_row(*map(Text, row))
        return table

    def _repr_html_(self) -> str:
        head, *rows = self.rows()
        cells = "".join(f"<th>{escape(c)}</th>" for c in head)
        body = "".join("<tr>" + "".join(_cell(i, c) for i, c in enumerate(row)) + "</tr>" for row in rows)
        return f"<table><tr>{cells}</tr>{body}</table><p>{escape(self.foot())}</p>"


def _cell(i: int, text: str) -> str:
    indent = len(text) - len(text.lstrip())
    style = f"text-align:left;padding-left:{indent / 2 + 0.5}em" if i < 2 else "text-align:right"
    return f'<td style="{style}">{escape(text.strip())}</td>'


def summary(model: Module, *inputs: Any, **options: Any) -> Summary:
    """Run a model once, without recording and in evaluation mode, and describe it.

    A module that is at several places in the model is listed at each, and counted once. The model,
    its modes, buffers and hooks, and the generators that it draws from are left as they were.

    Args:
        model: the module.
        inputs, options: what to call it with; without any, shapes, work and results are left out.

    Errors: OperandError for something that is no module; what the model raises.

    Example:
        >>> import nn
        >>> print(nn.summary(nn.Sequential(nn.Linear(3, 4), nn.ReLU()), np.zeros((2, 3), np.float32)))
        module       output  parameters  trainable  multiply-adds  output bytes
        -----------------------------------------------------------------------
        Sequential   (2, 4)          16         16             24            32
          0: Linear  (2, 4)          16         16             24            32
          1: ReLU    (2, 4)           0          0              0            32
        -----------------------------------------------------------------------
        16 parameters (16 trainable, 0 frozen); bytes: parameters 64, buffers 0, results 64
    """
    if not isinstance(model, Module):
        raise OperandError(f"summary: expected a Module, got {describe(model)}")
    lines: list[ModuleLine] = []
    known: dict[int, ModuleLine] = {}
    for path, depth, module in _places(model):
        line = ModuleLine(path, type(module).__name__, depth)
        lines.append(line)
        if id(module) in known:
            line.shared = known[id(module)].path
            continue
        known[id(module)] = line
        own = {id(p): p for p in module.parameters()}.values()
        line.parameters = sum(p.size for p in own)
        line.trainable = sum(p.size for p in own if p.requires_grad)
    results = _run(model, inputs, options, known) if inputs or options else 0
    for i in reversed(range(len(lines))):
        if not lines[i].calls:
            lines[i].multiply_adds = sum(line.multiply_adds for line in _directly_in(lines, i))
    held, buffers = (sum(t._data.nbytes for t in ts) for ts in (model.parameters(), model.buffers()))
    return Summary(lines, held, buffers, results)


def _places(model: Module) -> Iterator[tuple[str, int, Module]]:
    """The places of the modules in a model, in order; what is in a module comes at its first alone."""
    left: list[tuple[str, int, Module]] = [("", 0, model)]
    seen: set[int] = set()
    while left:
        path, depth, module = left.pop()
        yield path, depth, module
        if id(module) not in seen:
            seen.add(id(module))
            inside = [(n, m) for n, m in module._modules.items() if m is not None]
            left += [(f"{path}.{n}" if path else n, depth + 1, m) for n, m in reversed(inside)]


def _directly_in(lines: Sequence[ModuleLine], i: int) -> Iterator[ModuleLine]:
    """The lines of the modules directly in that of line `i`."""
    for line in lines[i + 1 :]:
        if line.depth <= lines[i].depth:
            return
        if line.depth == lines[i].depth + 1:
            yield line


def _run(model: Module, inputs: tuple, options: dict, lines: dict[int, ModuleLine]) -> int:
    """Call the model, watching modules and operations; gives the bytes of all results."""

    def note(module: Module, _: Any, out: Any) -> None:
        arrays = list(_arrays(out))
        line = lines[id(module)]
        line.calls += 1
        line.output = ", ".join(f"{name}{a.shape}" for name, a in arrays)
        line.nbytes = sum(a.nbytes for _, a in arrays)

    counter = _Counter(lines)
    handles = [m.register_forward_hook(note) for m in model.modules()]
    try:
        with trial(model), watching(counter):
            model(*inputs, **options)
    finally:
        for handle in handles:
            handle.remove()
    return counter.nbytes


class _Counter(Watcher):
    """Counts the multiply-adds of each operation for all modules that are running, and the bytes."""

    def __init__(self, lines: dict[int, ModuleLine]):
        self.lines, self.nbytes = lines, 0

    def call(self, run: Callable, prim: Any, args: Sequence, statics: tuple) -> Any:
        out = run(prim, args, statics)
        work = multiply_adds(prim, args, statics, out)
        for module in {id(m) for m in mode.scopes} & self.lines.keys():
            self.lines[module].multiply_adds += work
        if prim.view is None:
            self.nbytes += sum(a.nbytes for _, a in _arrays(out))
        return out


def _arrays(value: Any, name: str = "") -> Iterator[tuple[str, Any]]:
    """The arrays in what a module gave; those in dicts with their names."""
    if isinstance(value, Tensor):
        yield name, value._data
    elif isinstance(value, (np.ndarray, np.generic)):
        yield name, value
    elif isinstance(value, Mapping):
        for key, part in value.items():
            yield from _arrays(part, f"{key}: ")
    elif isinstance(value, (list, tuple)):
        for part in value:
            yield from _arrays(part, name)
