"""Transforms: functions that make functions of their derivatives.

They take positional, keyword and several arguments, and nested tuples, lists and dicts of arrays;
they nest in each other, and in graphs that `backward()` sweeps.
"""

from __future__ import annotations

from .checkpointing import checkpoint
from .custom import custom_jvp, custom_vjp
from .forward import deriv, jvp, linearize
from .matrices import hessian, jacobian
from .products import ggnvp, hessian_tensor_product, hvp
from .reverse import (
    elementwise_grad,
    grad,
    grad_and_aux,
    holomorphic_grad,
    stop_gradient,
    value_and_grad,
    vjp,
)
from .vmap import vmap

__all__ = [
    "checkpoint",
    "custom_jvp",
    "custom_vjp",
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
    "vmap",
]
