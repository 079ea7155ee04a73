"""HIPS autograd's `autograd.differential_operators`: names over `autograd/hips/`."""

from .hips.operators import (
    grad_named,
    hessian_vector_product,
    make_ggnvp,
    make_hvp,
    make_jvp,
    make_jvp_reversemode,
    make_vjp,
    multigrad_dict,
    tensor_jacobian_product,
    unary_to_nary,
    vector_jacobian_product,
)
from .hips.primitives import primitive
from .hips.rules import defvjp_argnum
from .hips.vspaces import vspace
from .transforms import (
    checkpoint,
    deriv,
    elementwise_grad,
    grad,
    grad_and_aux,
    hessian,
    hessian_tensor_product,
    holomorphic_grad,
    jacobian,
    value_and_grad,
)

__all__ = [
    "checkpoint",
    "defvjp_argnum",
    "deriv",
    "elementwise_grad",
    "grad",
    "grad_and_aux",
    "grad_named",
    "hessian",
    "hessian_tensor_product",
    "hessian_vector_product",
    "holomorphic_grad",
    "jacobian",
    "make_ggnvp",
    "make_hvp",
    "make_jvp",
    "make_jvp_reversemode",
    "make_vjp",
    "multigrad_dict",
    "primitive",
    "tensor_jacobian_product",
    "unary_to_nary",
    "value_and_grad",
    "vector_jacobian_product",
    "vspace",
]
