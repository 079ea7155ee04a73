"""Softmax and what is made of it."""

from __future__ import annotations

import warnings
from typing import Any

import numpy as np

from autograd.errors import DtypeError, ShapeError
from autograd.ops import softmax as normalised
from autograd.ops.shapes import expand_dims
from nn.random import as_generator

from .arguments import check_index, dtype_of, number, plain
from .inputs import numbers


def softmax(input: Any, dim: int | None = None, *, dtype: Any = None) -> Any:
    """exp(x) / sum(exp(x)) along `dim`.

    Args:
        input: numbers of any shape.
        dim: the axis; to leave it out is discouraged, as in PyTorch, which takes 0 for arrays of
            0, 1 and 3 axes, else 1.
        dtype: what the input is cast to first.

    Errors: AxisError for an axis that is not there; DtypeError for a dtype that is not floating.

    Example:
        >>> softmax(np.zeros(2), dim=0)
        array([0.5, 0.5])
    """
    return normalised.softmax(*_prepared(input, dim, dtype, "softmax"))


def softmin(input: Any, dim: int | None = None, *, dtype: Any = None) -> Any:
    """exp(-x) / sum(exp(-x)) along `dim`: the softmax of -x.

    Args, Errors: as of `softmax`.

    Example:
        >>> softmin(np.log([1.0, 3.0]), dim=0)
        array([0.75, 0.25])
    """
    input, axis = _prepared(input, dim, dtype, "softmin")
    return normalised.softmax(-input, axis)


def log_softmax(input: Any, dim: int | None = None, *, dtype: Any = None) -> Any:
    """log(softmax(x)) along `dim`, without overflow.

    Args, Errors: as of `softmax`.

    Example:
        >>> log_softmax(np.zeros(2), dim=0).round(4)
        array([-0.6931, -0.6931])
    """
    return normalised.log_softmax(*_prepared(input, dim, dtype, "log_softmax"))


def gumbel_softmax(
    logits: Any,
    tau: float = 1,
    hard: bool = False,
    eps: float = 1e-10,
    dim: int = -1,
    *,
    generator: Any = None,
) -> Any:
    """softmax((logits + noise) / tau) along `dim`, with Gumbel noise: a soft sample of a category.

    Args:
        logits: unnormalised logarithms of probabilities.
        tau: temperature, above 0: the lower, the closer to one category.
        hard: whether to give the category itself, as ones and zeros, with the gradient of the
            soft sample.
        eps: unused, as in PyTorch.
        dim: the axis of the categories.
        generator: where the noise is drawn from.

    Errors: ArgumentError for a temperature that is not positive; ShapeError for `hard` where there
    are no categories.

    Source: Jang et al., Categorical reparameterization with Gumbel-softmax, 2017, eq. 2.

    Example:
        >>> gumbel_softmax(np.array([0.0, 50.0]), hard=True, generator=0)
        array([0., 1.])
    """
    tau = number(tau, "gumbel_softmax: tau", above=0)
    logits, dim = numbers(logits, "gumbel_softmax"), check_index(dim, "gumbel_softmax: dim")
    drawn = as_generator(generator, "gumbel_softmax").gumbel(size=logits.shape)
    noise = drawn.astype(logits.dtype if logits.dtype.kind == "f" else drawn.dtype)
    soft = normalised.softmax((logits + noise) / tau, dim)
    if not hard:
        return soft
    values = plain(soft)
    if values.ndim and not values.shape[dim]:
        raise ShapeError(
            f"gumbel_softmax: hard=True needs a category, got logits{values.shape} and dim={dim}"
        )
    one_hot = values * 0 + 1
    if values.ndim:
        places = np.arange(values.shape[dim]).reshape(-1, *(1,) * (values.ndim - 1 - dim % values.ndim))
        one_hot = (places == expand_dims(values.argmax(dim), dim)).astype(values.dtype)
    # the value is one_hot, the gradient that of `soft`
    return soft + (one_hot - values)


def _prepared(input: Any, dim: int | None, dtype: Any, caller: str) -> tuple[Any, int]:
    """The input as it enters, and the axis."""
    input = numbers(input, caller)
    if dtype is not None:
        dtype = dtype_of(dtype, f"{caller}: dtype")
        if dtype.kind not in "fc":
            raise DtypeError(f"{caller}: dtype must be floating, got {dtype}")
        input = input.astype(dtype)
    elif input.dtype.kind in "iub":
        input = input.astype(np.float64)
    if dim is None:
        dim = 0 if input.ndim in (0, 1, 3) else 1
        warnings.warn(f"{caller}: give dim=; without it, {dim} is taken", stacklevel=3)
    return input, dim
