"""Muon."""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping
from typing import Any, ClassVar

import numpy as np

from autograd.diagnose import describe
from autograd.errors import ArgumentError, OperandError
from autograd.wholes import as_whole

from .checks import check_choice, check_integer, check_number, refuse_complex
from .formulas import approach
from .optimizer import Optimizer

NS_COEFFICIENTS = (3.4445, -4.7750, 2.0315)


class Muon(Optimizer):
    """b += (1 - momentum) (g - b);  p = (1 - lr weight_decay) p - lr' orthogonal(b).

    With `nesterov`, g + momentum (b - g) takes the place of b. lr' is lr sqrt(max(1, rows / columns))
    or, for "match_rms_adamw", 0.2 lr sqrt(max(rows, columns)). All is computed in the dtype of the
    parameter; PyTorch orthogonalises in bfloat16.

    Args:
        params: matrices, such as the weights of hidden layers; see `Optimizer`.
        lr: learning rate, at least 0.
        weight_decay: the part of p, times lr, that is taken off at each step.
        momentum: how much of b is kept.
        nesterov: look ahead along b.
        ns_coefficients: (a, b, c) of `newton_schulz`.
        eps: the least norm to divide by.
        ns_steps: iterations, below 100.
        adjust_lr_fn: None or "original", or "match_rms_adamw".

    Errors: ArgumentError for options out of range; OperandError for what is no real matrix.

    Source: Jordan et al., Muon: An optimizer for hidden layers in neural networks, 2024;
    "match_rms_adamw": Liu et al., Muon is Scalable for LLM Training, 2025, section 2.2.

    Example:
        >>> from autograd import tensor
        >>> x = tensor([[3.0, 0.0], [0.0, 2.0]], requires_grad=True)
        >>> (x * x).sum().backward()
        >>> Muon([x], lr=1.0, weight_decay=0.0, ns_coefficients=(1.5, -0.5, 0.0), ns_steps=20).step()
        >>> x
        tensor([[2., 0.],
                [0., 1.]], requires_grad=True)
    """

    tiled = False
    ranges: ClassVar = {"lr": (0.0,), "weight_decay": (0.0,), "momentum": (0.0,), "eps": (0.0,)}

    def __init__(
        self,
        params: Iterable[Any],
        lr: float = 1e-3,
        weight_decay: float = 0.1,
        momentum: float = 0.95,
        nesterov: bool = True,
        ns_coefficients: tuple[float, float, float] = NS_COEFFICIENTS,
        eps: float = 1e-7,
        ns_steps: int = 5,
        adjust_lr_fn: str | None = None,
    ):
        options = {
            "lr": lr,
            "weight_decay": weight_decay,
            "momentum": momentum,
            "nesterov": nesterov,
            "ns_coefficients": ns_coefficients,
            "eps": eps,
            "ns_steps": ns_steps,
            "adjust_lr_fn": adjust_lr_fn,
        }
        super().__init__(params, options)

    def check(self, group: Mapping[str, Any]) -> None:
        super().check(group)
        for i, p in enumerate(group["params"]):
            if len(p.shape) != 2:
                raise OperandError(f"Muon: parameter {i} must be a matrix, got {describe(p)}")
        refuse_complex("Muon", group["params"])
        coefficients = group["ns_coefficients"]
        if not isinstance(coefficients, (tuple, list)) or len(coefficients) != 3:
            raise ArgumentError(f"Muon: ns_coefficients must be three numbers, got {coefficients!r}")
        for i, value in enumerate(coefficients):
            check_number("Muon", f"ns_coefficients[{i}]", value)
        check_integer("Muon", "ns_steps", group["ns_steps"], 0)
        if group["ns_steps"] >= 100:
            raise ArgumentError(f"Muon: ns_steps must be below 100, got {group['ns_steps']}")
        check_choice("Muon", "adjust_lr_fn", group["adjust_lr_fn"], (None, "original", "match_rms_adamw"))

    def buffers(self, group: Mapping[str, Any]) -> tuple[str, ...]:
        return ("momentum_buffer",)

    def scratch(self, p: np.ndarray) -> tuple[np.ndarray, ...]:
        short, long = sorted(p.shape)
        shapes = p.shape, (short, long), (short, long), (short, short), (short, short)
        return tuple(np.empty(shape, p.dtype) for shape in shapes)

    def scalars(self, group: Mapping[str, Any], step: int) -> tuple:
        momentum, decay = group["momentum"], group["weight_decay"] or None
        return (
            group["lr"],
            decay and 1 - group["lr"] * decay,
            1 - momentum,
            momentum if group["nesterov"] else None,
            group["eps"],
            range(group["ns_steps"]),
            True if group["adjust_lr_fn"] == "match_rms_adamw" else None,
            *group["ns_coefficients"],
        )

    def update(self, p: Any, g: Any, state: tuple, scratch: tuple, scalars: tuple) -> None:
        lr, shrink, fresh, nesterov, eps, turns, match_adamw, *coefficients = scalars
        (b,) = state
        s, *work = scratch
        approach(b, g, fresh, s)
        if nesterov is None:
            np.copyto(s, b)
        else:
            np.subtract(b, g, s)
            np.multiply(s, nesterov, s)
            np.add(s, g, s)
        rows, columns = p.shape
        ratio = 0.2 * math.sqrt(max(p.shape)) if match_adamw else math.sqrt(max(1, rows / columns))
        x = newton_schulz(s.T if rows > columns else s, coefficients, len(turns), eps, work)
        if shrink is not None:
            np.multiply(p, shrink, p)
        np.multiply(x.T if rows > columns else x, as_whole(_scaled, lr, ratio, p.dtype), s)
        np.subtract(p, s, p)


def _scaled(lr: Any, ratio: float, dtype: np.dtype) -> np.ndarray:
    return np.asarray(float(lr) * ratio, dtype)


def _length(square: Any, least: Any) -> np.ndarray:
    """The root of a sum of squares, or the least there is to be."""
    return np.asarray(max(math.sqrt(float(square)), float(least)), square.dtype)


def newton_schulz(
    matrix: Any, coefficients: Iterable[Any], steps: int, eps: Any, scratch: Any = None
) -> np.ndarray:
    """X = a X + (b A + c A A) X with A = X X', which takes the singular values of X towards 1.

    The coefficients of Muon are chosen for speed: values end up between about 0.7 and 1.2.

    Args:
        matrix: with at least as many columns as rows; it is scaled to Frobenius norm 1 first.
        coefficients: (a, b, c).
        steps: how many times.
        eps: the least norm to divide by.
        scratch: two arrays like the matrix and two that are square; the result is in one of them.

    Source: Bernstein and Newhouse, Old Optimizer, New Norm, 2024, appendix A.

    Example:
        >>> newton_schulz(np.diag([3.0, 2.0]), (1.5, -0.5, 0.0), 20, 1e-7)
        array([[1., 0.],
               [0., 1.]])
    """
    if scratch is None:
        square = (len(matrix),) * 2
        scratch = [np.empty(shape, matrix.dtype) for shape in (matrix.shape, matrix.shape, square, square)]
    x, y, gram, powers = scratch
    a, b, c = coefficients
    np.multiply(matrix, matrix, x)
    np.divide(matrix, as_whole(_length, np.add.reduce(x, axis=None), eps), x)
    for _ in range(steps):
        np.matmul(x, x.T, out=gram)
        np.matmul(gram, gram, out=powers)
        np.multiply(powers, c, powers)
        np.multiply(gram, b, gram)
        np.add(gram, powers, gram)
        np.matmul(gram, x, out=y)
        np.multiply(x, a, x)
        np.add(x, y, x)
    return x
