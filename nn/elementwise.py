"""Modules of elementwise activations, each made of its row of the table."""

from __future__ import annotations

from typing import Any, ClassVar

from .functional.arguments import flag
from .functional.table import TABLE, Row, defined
from .module import Module


class Activation(Module):
    """Base of the activations in the table: `class ELU(Activation, of=F.elu)` is all of ELU."""

    row: ClassVar[Row]
    inplace: bool

    # what mypy goes by; each class has its own parameters
    def __init__(self, *args: Any, **options: Any):
        super().__init__()

    def __init_subclass__(cls, of: Any = None, **options: Any):
        super().__init_subclass__(**options)
        if of is None:
            return
        row = cls.row = TABLE[of.__name__]
        example, inputs, _ = row.example
        given = ", ".join(repr(value) for value in example)
        cls.__doc__ = row.doc(f"{row.module}({given})(np.array({inputs})).round(4)", of_class=True)
        cls.__init__, cls.forward = _methods(row, of)  # type: ignore[method-assign]

    def extra_repr(self) -> str:
        row = self.row
        if row.shows == "nothing":
            return ""
        if row.shows == "bare":
            return ", ".join(repr(getattr(self, name)) for name in row.names)
        shown = [f"{name}={getattr(self, name)!r}" for name in row.names]
        if row.inplace and self.inplace:
            shown.append("inplace=True")
        return ", ".join(shown)


def _methods(row: Row, function: Any) -> tuple[Any, Any]:
    """`__init__` and `forward` of the module of a row, with parameters of their own."""
    kept = [*row.names, *["inplace"] * row.inplace]
    names = ", ".join(row.names)
    lines = [f"def __init__(self{row.parameters(row.inplace)}) -> None:", "    begin(self)"]
    if names:
        lines.append(f"    {names}, = checked({row.module!r}, {names})")
    lines += [f"    inplace = flag(inplace, '{row.module}: inplace')"] * row.inplace
    lines += [f"    self.{name} = {name}" for name in kept]
    known = {"begin": Module.__init__, "checked": row.checked, "flag": flag}
    start = defined("\n".join(lines), known, "__init__")
    given = "".join(f", self.{name}" for name in kept)
    run = f"def forward(self, input: Any) -> Any:\n    return function(input{given})"
    forward = defined(run, {"function": function, "Any": Any}, "forward")
    for method in (start, forward):
        method.__qualname__, method.__module__ = f"{row.module}.{method.__name__}", __name__
    return start, forward
