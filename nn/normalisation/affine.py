"""What normalising layers have in common: a weight and a bias."""

from __future__ import annotations

from typing import Any

from .. import init
from ..functional.arguments import number
from ..module import Module
from ..parameter import Parameter, parameter_of


class AffineNorm(Module):
    """What all have: a weight of ones and a bias of zeros, or None in their place."""

    weight: Parameter | None
    bias: Parameter | None
    eps: float

    def _affine(self, shape: tuple[int, ...], weight: bool, bias: bool, dtype: Any) -> None:
        for name, wanted in (("weight", weight), ("bias", bias)):
            values = parameter_of(init.empty(*shape, dtype=dtype)) if wanted else None
            self.register_parameter(name, values)

    def reset_parameters(self) -> None:
        """Set the weight to ones and the bias to zeros."""
        if self.weight is not None:
            init.ones_(self.weight)
        if self.bias is not None:
            init.zeros_(self.bias)


def checked(value: Any, what: str) -> Any:
    """A number that is neither NaN nor negative, as Python has it; an integer stays one."""
    found = number(value, what, 0.0)
    return value if type(value) is int else found
