"""What a tape is, as data: an inspectable list of records. Pictures are made from it alone.

A record describes one node in words: it holds no array of the program, so keeping it keeps nothing
alive. Records are numbered from 0 in the order of creation, so that inputs come before what is computed
from them, and so that two runs of one program give the same numbers.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from typing import Any, NamedTuple, overload

import numpy as np

from ..diagnose import describe
from ..recording import Scope
from ..summaries import Summary

LEAF = "leaf"  # requires grad and was made by the user: its gradient is kept
INPUT = "input"  # what a transform, such as grad(f), differentiates with respect to
CONSTANT = "constant"  # an argument that no gradient flows to
OPERATION = "operation"
BROADCAST = "broadcast"  # a broadcast or cast that NumPy does by itself

_LONGEST = 60


class Edge(NamedTuple):
    """One argument of one operation.

    Attributes:
        source: the id of what is passed.
        target: the id of the operation.
        argument: the operation's name for it.
    """

    source: int
    target: int
    argument: str


@dataclass(slots=True, eq=False)
class Record:
    """One node of the tape, or one constant that an operation took.

    Attributes:
        id: its number in the list.
        key: its name in pictures, such as `encoder.0/tanh.1`: the path of its module, the
            operation, and which of these it is. It stays when something else is added.
        kind: one of `leaf`, `input`, `constant`, `operation`, `broadcast`.
        op: the name of the primitive; empty if it is none.
        inputs: id and argument name of each input, in the order of the call.
        name: what the user calls it; empty if that is not known.
        shape, dtype: of its value; None if not known.
        value: its value, if it is known and a scalar, as text.
        saved: what is kept for the backward sweep, as text, by the name it has in the rule.
        options: those among them that are no arrays but say what to do, such as `axis`.
        nbytes: the bytes of the arrays among these.
        phase: `forward`, or `backward` for what a recorded sweep computed.
        order: the order of its node, which is the same in every reading of one graph; None for a
            constant.

    What follows is known of what ran under `autograd.record()`:

    Attributes:
        scopes: the calls of modules that it was made in, outermost first.
        source, code: the user's line, as `train.py:12`, and its text.
        summary: what its value was.
        gradient: what its gradient was, if a sweep came by; of a leaf, its `.grad`.
        seconds: what the call took.
    """

    id: int
    kind: str
    op: str = ""
    inputs: list[tuple[int, str]] = field(default_factory=list)
    name: str = ""
    shape: tuple[int, ...] | None = None
    dtype: np.dtype | None = None
    value: str = ""
    saved: dict[str, str] = field(default_factory=dict)
    options: dict[str, str] = field(default_factory=dict)
    nbytes: int = 0
    key: str = ""
    phase: str = "forward"
    order: int | None = field(default=None, repr=False)
    scopes: tuple[Scope, ...] = ()
    source: str = ""
    code: str = ""
    summary: Summary | None = field(default=None, repr=False)
    gradient: Summary | None = field(default=None, repr=False)
    seconds: float = 0.0

    @property
    def path(self) -> str:
        """The path of its module, such as `encoder.0.linear`; empty outside of modules."""
        names = [s.name for s in self.scopes]
        return ".".join(names[1:] if len(names) > 1 else names)

    def learn(self, shape: Any, dtype: Any) -> None:
        """Enter a shape or dtype that was not known."""
        if self.shape is None and shape is not None:
            self.shape = tuple(shape)
        if self.dtype is None and dtype is not None:
            self.dtype = np.dtype(dtype)

    def learn_value(self, data: Any) -> None:
        """Enter what is seen of an array or a number."""
        self.learn(np.shape(data), getattr(data, "dtype", None))
        if np.shape(data) == ():
            self.value = number(data)

    def learn_summary(self, summary: Summary) -> None:
        """Enter what was seen of its value when it was recorded."""
        self.summary = summary
        self.learn(summary.shape, summary.dtype)
        if summary.few is not None and summary.shape == ():
            self.value = number(summary.few)

    def keep(self, name: str, value: Any) -> None:
        """Enter what is saved under a name."""
        self.saved[name] = text(value)
        self.nbytes += value.nbytes if isinstance(value, (np.ndarray, np.generic)) else 0


class Tape(Sequence[Record]):
    """The records of a graph, inputs first.

    Attributes:
        outputs: the ids of the tensors that it was read from.
        titles: what these are called in pictures, where they have no name; by default, `output`.

    Example:
        >>> from autograd import graph, tensor
        >>> a = tensor(2.0, requires_grad=True)
        >>> tape = graph.tape(a * 3.0, names={"a": a})
        >>> [(record.id, record.kind, record.name or record.op) for record in tape]
        [(0, 'leaf', 'a'), (1, 'constant', ''), (2, 'operation', 'multiply')]
        >>> tape.outputs
        (2,)
    """

    def __init__(self, records: list[Record], outputs: tuple[int, ...], titles: Sequence[str] = ()):
        self._records, self.outputs, self.titles = records, outputs, tuple(titles)

    @overload
    def __getitem__(self, index: int) -> Record: ...
    @overload
    def __getitem__(self, index: slice) -> list[Record]: ...
    def __getitem__(self, index: int | slice) -> Record | list[Record]:
        return self._records[index]

    def __len__(self) -> int:
        return len(self._records)

    def edges(self) -> Iterator[Edge]:
        """Every argument of every operation, in the order of the list."""
        for record in self._records:
            for source, argument in record.inputs:
                yield Edge(source, record.id, argument)

    def title(self, position: int) -> str:
        """What an output is called."""
        name = self._records[self.outputs[position]].name
        if name or position < len(self.titles):
            return name or self.titles[position]
        return "output" if len(self.outputs) == 1 else f"output {position}"

    def __repr__(self) -> str:
        return f"Tape({len(self)} records)"

    def __str__(self) -> str:
        from .table import table

        return table(self)


def number(value: Any) -> str:
    """A scalar in at most about ten characters.

    Example:
        >>> number(np.float32(0.1)), number(3), number(True)
        ('0.1', '3', 'True')
    """
    value = value.item() if isinstance(value, (np.ndarray, np.generic)) else value
    return f"{value:.4g}" if isinstance(value, (float, complex)) else str(value)


def text(value: Any) -> str:
    """Anything that is saved, on one short line: arrays by dtype and shape, the rest as written.

    Example:
        >>> text((slice(None, 2), 0, None)), text(np.zeros((2, 3))), text(np.dtype("f4"))
        ('(:2, 0, None)', 'float64(2, 3)', 'float32')
    """
    line = _text(value)
    return line if len(line) <= _LONGEST else line[: _LONGEST - 3] + "..."


def _text(value: Any) -> str:
    if isinstance(value, (np.ndarray, np.generic)):
        return describe(value) if np.shape(value) else number(value)
    if isinstance(value, slice):
        start, stop, step = ("" if v is None else str(v) for v in (value.start, value.stop, value.step))
        return f"{start}:{stop}" + (f":{step}" if step else "")
    if isinstance(value, (tuple, list)):
        parts = ", ".join(_text(v) for v in value[: _LONGEST // 3])
        return f"({parts},)" if len(value) == 1 else f"({parts})"
    if isinstance(value, float):
        return number(value)
    return str(value) if isinstance(value, np.dtype) else repr(value)
