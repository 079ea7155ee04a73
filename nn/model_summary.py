"""What a model is made of: its modules, the shapes they give, parameters and work."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from autograd.diagnose import describe
from autograd.errors import OperandError
from autograd.modes import no_grad
from autograd.tables import align
from autograd.tape import mode
from autograd.tensor import Tensor
from autograd.watching import Watcher, watching
from autograd.work import multiply_adds

from .module import Module

__all__ = ["ModuleLine", "Summary", "summary"]


@dataclass
class ModuleLine:
    """One module of a summary.

    Attributes:
        path: its place in the model; empty for the model itself.
        kind: the name of its class.
        depth: how many modules it lies in.
        output: the shape of what it gave, as text; empty if it was not called.
        parameters, trainable: elements of the parameters in its tree, each counted once.
        multiply_adds: those in matrix products and convolutions of its forward.
        nbytes: bytes of what it gave.
    """

    path: str
    kind: str
    depth: int
    output: str = ""
    parameters: int = 0
    trainable: int = 0
    multiply_adds: int = 0
    nbytes: int = 0


@dataclass
class Summary:
    """The lines of a summary; prints as a table, and shows itself in notebooks.

    Attributes:
        lines: the model first, then its modules, in order.
        parameter_bytes, buffer_bytes: what the model holds in memory.
    """

    lines: list[ModuleLine] = field(default_factory=list)
    parameter_bytes: int = 0
    buffer_bytes: int = 0

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
            name = line.path.rpartition(".")[2]
            label = "  " * line.depth + (f"{name}: {line.kind}" if name else line.kind)
            numbers = (line.parameters, line.trainable, line.multiply_adds, line.nbytes)
            rows.append((label, line.output, *(f"{n:,}" for n in numbers)))
        return rows

    def __str__(self) -> str:
        frozen = self.parameters - self.trainable
        foot = (
            f"{self.parameters:,} parameters ({self.trainable:,} trainable, {frozen:,} frozen), "
            f"{self.parameter_bytes:,} bytes; buffers {self.buffer_bytes:,} bytes"
        )
        return "\n".join([*align(self.rows(), left=2), foot])

    __repr__ = __str__

    def _repr_html_(self) -> str:
        from html import escape

        head, *rows = self.rows()
        cells = "".join(f"<th>{escape(c)}</th>" for c in head)
        body = "".join("<tr>" + "".join(_cell(i, c) for i, c in enumerate(row)) + "</tr>" for row in rows)
        foot = escape(str(self).rpartition("\n")[2])
        return f"<table><tr>{cells}</tr>{body}</table><p>{foot}</p>"


def _cell(i: int, text: str) -> str:
    from html import escape

    indent = len(text) - len(text.lstrip())
    style = f"text-align:left;padding-left:{indent / 2 + 0.5}em" if i == 0 else "text-align:right"
    return f'<td style="{style}">{escape(text.strip())}</td>'


def summary(model: Module, *inputs: Any, **options: Any) -> Summary:
    """Run a model once, without recording and in evaluation mode, and describe it.

    Args:
        model: the module; its state and mode are left as they were.
        inputs, options: what to call it with; without any, shapes and work are left out.

    Errors: OperandError for something that is no module.

    Example:
        >>> import nn
        >>> print(nn.summary(nn.Sequential(nn.Linear(3, 4), nn.ReLU()), np.zeros((2, 3), np.float32)))
        module       output  parameters  trainable  multiply-adds  output bytes
        -----------------------------------------------------------------------
        Sequential   (2, 4)          16         16             24            32
          0: Linear  (2, 4)          16         16             24            32
          1: ReLU    (2, 4)           0          0              0            32
        -----------------------------------------------------------------------
        16 parameters (16 trainable, 0 frozen), 64 bytes; buffers 0 bytes
    """
    if not isinstance(model, Module):
        raise OperandError(f"summary: expected a Module, got {describe(model)}")
    lines: dict[int, ModuleLine] = {}
    for path, module in model.named_modules():
        own = {id(p): p for p in module.parameters()}.values()
        lines[id(module)] = ModuleLine(
            path,
            type(module).__name__,
            path.count(".") + bool(path),
            parameters=sum(p.size for p in own),
            trainable=sum(p.size for p in own if p.requires_grad),
        )
    if inputs or options:
        _run(model, inputs, options, lines)
    held = [sum(t._data.nbytes for t in ts) for ts in (model.parameters(), model.buffers())]
    return Summary(list(lines.values()), *held)


def _run(model: Module, inputs: tuple, options: dict, lines: dict[int, ModuleLine]) -> None:
    """Call the model, watching modules and operations."""

    def note(module: Module, _: Any, out: Any) -> None:
        arrays = _arrays(out)
        line = lines[id(module)]
        line.output = ", ".join(str(a.shape) for a in arrays)
        line.nbytes = sum(a.nbytes for a in arrays)

    modes = {m: m.training for m in model.modules()}
    handles = [m.register_forward_hook(note) for m in model.modules()]
    try:
        for module in modes:
            module.training = False
        with no_grad(), watching(_Counter(lines)):
            model(*inputs, **options)
    finally:
        for module, training in modes.items():
            module.training = training
        for handle in handles:
            handle.remove()


class _Counter(Watcher):
    """Counts the multiply-adds of each operation for all modules that are running."""

    def __init__(self, lines: dict[int, ModuleLine]):
        self.lines = lines

    def call(self, run: Callable, prim: Any, args: Sequence, statics: tuple) -> Any:
        out = run(prim, args, statics)
        work = multiply_adds(prim, args, statics, out)
        for module in {id(m) for m in mode.scopes} & self.lines.keys():
            self.lines[module].multiply_adds += work
        return out


def _arrays(value: Any) -> list[Any]:
    if isinstance(value, Tensor):
        return [value._data]
    if isinstance(value, (list, tuple)):
        return [a for v in value for a in _arrays(v)]
    return [value] if isinstance(value, (np.ndarray, np.generic)) else []
