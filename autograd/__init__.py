"""Reverse-mode automatic differentiation of NumPy code, on one tape.

    import autograd
    x = autograd.tensor([1.0, 2.0], requires_grad=True)
    (x * x).sum().backward()
    x.grad                                   # tensor([2., 4.])
    autograd.grad(lambda x: x**3)(2.0)       # 12.0

To read it: `primitive.py`, `tape.py`, `backward.py`, then any file of `ops/`.
"""

from __future__ import annotations

from . import errors
from .backward import gradients
from .modes import enable_grad, is_grad_enabled, no_grad
from .tensor import Tensor, tensor
from .transforms import grad, value_and_grad

__version__ = "0.1.0"

__all__ = [
    "Tensor",
    "enable_grad",
    "errors",
    "grad",
    "gradients",
    "is_grad_enabled",
    "no_grad",
    "tensor",
    "value_and_grad",
]
