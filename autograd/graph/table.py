"""The tape as an aligned table: one line for each step."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ..tables import align
from .records import CONSTANT, Record

if TYPE_CHECKING:
    from .records import Tape

_RIGHT = frozenset(["step", "saved"])
_LONGEST = 40


def table(tape: Tape, limit: int | None = None) -> str:
    """Steps, operations, inputs, shapes, dtypes, bytes saved and source lines, as text.

    A column that nothing is known for is left out. `limit` leaves out the middle of a longer one.

    Example:
        >>> from autograd import graph, tensor
        >>> x = tensor([1.0, 2.0], requires_grad=True)
        >>> print(graph.tape((x * x).sum(), names={"x": x}))
        step  op        inputs    shape  dtype    saved
           0  leaf x              (2,)   float64      -
           1  multiply  x=0, y=0  (2,)   float64   32 B
           2  sum       x=1       ()     float64      -
    """
    columns = ["step", "op", "inputs", "shape", "dtype", "saved"]
    columns += ["module"] if any(r.scopes for r in tape) else []
    columns += ["source"] if any(r.source for r in tape) else []
    lines = [_cells(record, columns) for record in tape]
    hidden = len(lines) - limit if limit is not None else 0
    if limit is not None and hidden > 0:
        gap = ["...", f"({hidden} more)", *[""] * (len(columns) - 2)]
        lines[limit // 2 : -(limit - limit // 2)] = [gap]
    left = [i for i, name in enumerate(columns) if name not in _RIGHT]
    return "\n".join(align([columns, *lines], left, rule=False))


def _cells(record: Record, columns: list[str]) -> list[str]:
    what = record.op or record.kind
    if record.name:
        what += f" {record.name}"
    elif record.kind == CONSTANT and record.value:
        what += f" {record.value}"
    options = ", ".join(f"{k}={v}" for k, v in record.options.items())
    facts = {
        "step": str(record.id),
        "op": _short(f"{what}({options})" if options else what),
        "inputs": _short(", ".join(f"{argument}={source}" for source, argument in record.inputs)),
        "shape": "?" if record.shape is None else str(record.shape),
        "dtype": "?" if record.dtype is None else str(record.dtype),
        "saved": size(record.nbytes) if record.nbytes else "-",
        "module": record.path,
        "source": f"{record.source}  {record.code}".rstrip() if record.source else "",
    }
    return [facts[name] for name in columns]


def _short(text: str) -> str:
    return text if len(text) <= _LONGEST else text[: _LONGEST - 3] + "..."


def size(nbytes: float) -> str:
    """A number of bytes in at most seven characters.

    Example:
        >>> size(512), size(20480), size(3.2e9)
        ('512 B', '20 kB', '3 GB')
    """
    return _scaled(nbytes, 1024.0, ("B", "kB", "MB", "GB", "TB"))


def duration(seconds: float) -> str:
    """A time in at most seven characters.

    Example:
        >>> duration(3.2e-5), duration(0.0012), duration(2.5)
        ('32 us', '1.2 ms', '2.5 s')
    """
    return _scaled(seconds * 1e6, 1000.0, ("us", "ms", "s"))


def _scaled(value: float, step: float, units: tuple[str, ...]) -> str:
    place = 0
    while place < len(units) - 1 and value >= 0.9995 * step:
        value, place = value / step, place + 1
    unit = units[place]
    return f"{value:.1f} {unit}".replace(".0 ", " ") if value < 10 else f"{value:.0f} {unit}"
