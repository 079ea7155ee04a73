"""Transforms: functions that make functions of their derivatives.

They take positional, keyword and several arguments, and nested tuples, lists and dicts of arrays;
they nest in each other, and in graphs that `backward()` sweeps.
"""

from __future__ import annotations

from .forward import deriv, jvp, linearize
from .matrices import ggnvp, hessian, hessian_tensor_product, hvp, jacobian
from .reverse import (
    elementwise_grad,
    grad,
    grad_and_aux,
    holomorphic_grad,
    stop_gradient,
    value_and_grad,
    vjp,
)

__all__ = [
    "deriv",
    "elementwise_grad",
    "ggnvp",
    "grad",
    "grad_and_aux",
    "hessian",
    "hessian_tensor_product",
    "holomorphic_grad",
    "hvp",
    "jacobian",
    "jvp",
    "linearize",
    "stop_gradient",
    "value_and_grad",
    "vjp",
]
