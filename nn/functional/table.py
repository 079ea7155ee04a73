"""What functions and modules of elementwise activations are made of: one `Row` each.

    elu = row("elu", kernels.elu, "ELU", "x where x > 0, ...", [option("alpha", 1.0, "...")], ...)

gives the function `elu`, with a signature and docstring of its own; `nn/activations.py` makes the
class `ELU` of the same row, and `tests/nn/test_activations.py` tests every row.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from autograd import Tensor
from autograd.diagnose import describe
from autograd.errors import ArgumentError, DtypeError, OperandError

from .arguments import number

TABLE: dict[str, Row] = {}


class REQUIRED:
    """Stands for the default of an option that has none."""


@dataclass(frozen=True)
class Option:
    """A number, or one of a few words, beside the input."""

    name: str
    default: Any
    meaning: str
    choices: tuple[str, ...] = ()

    def checked(self, value: Any, caller: str) -> Any:
        """The value as a Python number, or as one of the words.

        Errors: ArgumentError.
        """
        if self.choices:
            if value not in self.choices:
                raise ArgumentError(f"{caller}: {self.name} must be one of {self.choices}, got {value!r}")
            return value
        # a NumPy number would widen float32
        return value if type(value) is int else number(value, f"{caller}: {self.name}")

    def declared(self) -> str:
        """The option as a parameter list has it."""
        kind = "str" if self.choices else "float"
        default = "" if self.default is REQUIRED else f" = {self.default!r}"
        return f"{self.name}: {kind}{default}"


option = Option


@dataclass(frozen=True)
class Row:
    """One elementwise activation.

    Attributes:
        name: of the function.
        kernel: `kernel(input, *options)`, made of one primitive.
        module: the name of the class.
        equation: what the function gives, in terms of x and the options.
        options: what the function takes besides.
        inplace: whether both take `inplace=`, as PyTorch's do.
        kinks: where the derivative jumps, and what it is there, by default.
        limits: what it tends to at -inf and inf; by default, or as in the example if there is none.
        example: options, inputs, and results to four digits.
        check: `check(caller, *options)` refuses options that do not go together.
        shows: what the repr of the module has: options by name ("named"), or "bare"; or "nothing".
        source: the paper.
    """

    name: str
    kernel: Callable
    module: str
    equation: str
    options: Sequence[Option]
    inplace: bool
    kinks: dict[float, float]
    limits: tuple[float, float]
    example: tuple[tuple, list[float], list[float]]
    check: Callable | None
    shows: str
    source: str

    @property
    def names(self) -> list[str]:
        return [o.name for o in self.options]

    def parameters(self, inplace: bool) -> str:
        """The parameter list after the first one."""
        declared = [o.declared() for o in self.options] + ["inplace: bool = False"] * inplace
        return "".join(", " + d for d in declared)

    def checked(self, caller: str, *values: Any) -> list:
        """The values of all options."""
        found = [o.checked(v, caller) for o, v in zip(self.options, values, strict=True)]
        if self.check:
            self.check(caller, *found)
        return found

    def doc(self, call: str, *, of_class: bool) -> str:
        """The docstring of the function or the class; `call` is the example's."""
        takes = "" if of_class else "    input: real numbers, of any shape.\n"
        takes += "".join(f"    {o.name}: {o.meaning}.\n" for o in self.options)
        takes += "    inplace: write the result over the input.\n" * self.inplace
        kinks = "".join(f" At x = {x:g} its derivative is {d:.6g}." for x, d in self.kinks.items())
        default = " with the defaults" if self.options else ""
        low, high = self.limits
        usual = not any(o.default is REQUIRED for o in self.options)
        parts = [
            f"{self.equation}.",
            f"Args:\n{takes.rstrip()}" if takes else "",
            "Shapes: any -> the same, in the input's dtype where that is floating.",
            f"Limits{default}: {low:.6g} and {high:.6g}.{kinks}" * usual,
            "Errors: ArgumentError for options that are no such numbers." * bool(self.options),
            f"Source: {self.source}." if self.source else "",
            f"Example:\n    >>> import numpy as np\n    >>> {call}\n    {np.array(self.example[2])!r}",
        ]
        return "\n\n".join(p for p in parts if p)


def row(
    name: str,
    kernel: Callable,
    module: str,
    equation: str,
    options: Sequence[Option] = (),
    *,
    limits: tuple[float, float],
    example: tuple[tuple, list[float], list[float]],
    inplace: bool = False,
    kinks: dict[float, float] | None = None,
    check: Callable | None = None,
    shows: str = "named",
    source: str = "",
) -> Any:
    """Enter a row in the table; gives its function."""
    made = Row(
        name, kernel, module, equation, options, inplace, kinks or {}, limits, example, check, shows, source
    )
    TABLE[name] = made
    return _function(made, name, made.inplace)


def in_place(function: Any) -> Any:
    """The spelling with an underscore: the function that writes over its input.

    Args:
        function: of a row.
    """
    return _function(TABLE[function.__name__], f"{function.__name__}_", False)


def _function(made: Row, name: str, inplace: bool) -> Any:
    """The function of a row, written as `autograd.codegen` writes those of primitives."""
    values = "".join(f", {n}" for n in made.names)
    lines = [f"def {name}(input: Any{made.parameters(inplace)}) -> Any:"]
    if made.options:
        usual = [f"type({o.name}) is float" for o in made.options if not o.choices and not made.check]
        test = f"if not ({' and '.join(usual)}): " if usual else ""
        lines.append(f"    {test}{values[2:]}, = checked({name!r}{values})")
    lines.append(f"    out = kernel(input{values})")
    over = f"written({name!r}, input, out)"
    usually = over if name.endswith("_") else "out"
    lines.append(f"    return {over} if inplace else out" if inplace else f"    return {usually}")
    names: dict[str, Any] = {"Any": Any, "kernel": made.kernel, "checked": made.checked, "written": written}
    function = defined("\n".join(lines), names, name)
    function.__module__ = "nn.functional.activations"
    if name.endswith("_"):
        function.__doc__ = f"`{made.name}`, written over its input, which it gives back."
    else:
        example, inputs, _ = made.example
        options = "".join(f", {value!r}" for value in example)
        function.__doc__ = made.doc(f"{name}(np.array({inputs}){options}).round(4)", of_class=False)
    return function


def defined(source: str, names: dict[str, Any], name: str) -> Any:
    """What a definition defines, in terms of these names."""
    exec(compile(source, f"<nn {name}>", "exec", dont_inherit=True), names)
    return names[name]


def written(caller: str, input: Any, out: Any) -> Any:
    """Write a result over the input, and give that back.

    Errors: OperandError for what cannot be written; DtypeError where the dtype would change.
    """
    if not isinstance(input, (Tensor, np.ndarray)):
        raise OperandError(f"{caller}: inplace needs a Tensor or an ndarray, got {describe(input)}")
    if input.dtype != out.dtype:
        raise DtypeError(f"{caller}: {out.dtype} cannot be written over an input of {input.dtype}")
    input[...] = out
    return input
