"""Reverse-mode automatic differentiation of NumPy code, on one tape.

    import autograd
    x = autograd.tensor([1.0, 2.0], requires_grad=True)
    (x * x).sum().backward()
    x.grad                                   # tensor([2., 4.])
    autograd.grad(lambda x: x**3)(2.0)       # 12.0

To read it: `primitive.py`, `tape.py`, `sweeping.py`, then any file of `ops/`.
"""

from __future__ import annotations

import os as _os
from typing import Any as _Any

# HIPS autograd owns the same import name; this is a file of its that Wengert never has
if _os.path.exists(_os.path.join(_os.path.dirname(__file__), "core.py")):
    raise ImportError(
        "the folder of `autograd` holds files of another distribution besides Wengert's: most "
        "likely of HIPS autograd, which owns the same import name. Repair: "
        "pip uninstall -y autograd wengert && pip install wengert"
    )

from . import errors, primitive
from .backward import gradients
from .modes import enable_grad, is_grad_enabled, no_grad
from .tensor import Tensor, tensor
from .transforms import (
    checkpoint,
    custom_jvp,
    custom_vjp,
    deriv,
    elementwise_grad,
    ggnvp,
    grad,
    grad_and_aux,
    hessian,
    hessian_tensor_product,
    holomorphic_grad,
    hvp,
    jacobian,
    jvp,
    linearize,
    stop_gradient,
    value_and_grad,
    vjp,
    vmap,
)

__version__ = "0.1.0"


class _PrimitiveModule(type(errors)):  # type: ignore[misc]
    """`autograd.primitive` is a module here, and HIPS autograd's decorator when it is called."""

    def __call__(self, f_raw: _Any) -> _Any:
        from .hips.primitives import primitive_with_deprecation_warnings

        return primitive_with_deprecation_warnings(f_raw)


primitive.__class__ = _PrimitiveModule


_LAZY = {
    "compile": "compiling",
    "dict": "builtins",
    "grad_named": "differential_operators",
    "hessian_vector_product": "differential_operators",
    "isinstance": "builtins",
    "list": "builtins",
    "make_ggnvp": "differential_operators",
    "make_hvp": "differential_operators",
    "make_jvp": "differential_operators",
    "make_vjp": "differential_operators",
    "multigrad_dict": "differential_operators",
    "tensor_jacobian_product": "differential_operators",
    "tuple": "builtins",
    "type": "builtins",
    "vector_jacobian_product": "differential_operators",
    "detect_anomaly": "anomaly",
    "explain": "explaining",
    "profile": "profiling",
    "record": "recording",
}
_MODULES = {
    "builtins", "core", "differential_operators", "extend", "graph", "misc", "numpy", "scipy",
    "test_util", "tracer", "util", "wrap_util",
}  # fmt: skip


def __getattr__(name: str) -> _Any:
    """What not every program uses is imported when it is first used."""
    import importlib

    if name in _MODULES:
        return importlib.import_module(f"{__name__}.{name}")
    if name in _LAZY:
        return getattr(importlib.import_module(f"{__name__}.{_LAZY[name]}"), name)
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")


__all__ = [
    "Tensor",
    "checkpoint",
    "custom_jvp",
    "custom_vjp",
    "deriv",
    "detect_anomaly",
    "elementwise_grad",
    "enable_grad",
    "errors",
    "explain",
    "ggnvp",
    "grad",
    "grad_and_aux",
    "gradients",
    "hessian",
    "hessian_tensor_product",
    "holomorphic_grad",
    "hvp",
    "is_grad_enabled",
    "jacobian",
    "jvp",
    "linearize",
    "no_grad",
    "profile",
    "record",
    "stop_gradient",
    "tensor",
    "value_and_grad",
    "vjp",
    "vmap",
]
