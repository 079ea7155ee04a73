"""Every public name of HIPS autograd 1.9.1 is there, or is named here as left out."""

from __future__ import annotations

import importlib

import pytest

NAMES = {
    "autograd": """checkpoint deriv dict elementwise_grad grad grad_and_aux grad_named hessian
        hessian_tensor_product hessian_vector_product holomorphic_grad isinstance jacobian list make_ggnvp
        make_hvp make_jvp make_vjp multigrad_dict primitive tensor_jacobian_product tuple type
        value_and_grad vector_jacobian_product""",
    "autograd.builtins": """ContainerVSpace DictBox DictVSpace ListVSpace NamedTupleVSpace SequenceBox
        SequenceVSpace TupleVSpace container_take container_untake dict isinstance list make_sequence
        sequence_extend_left sequence_extend_right tuple type""",
    "autograd.core": """JVPNode SparseBox SparseObject VJPNode VSpace backward_pass def_linear defjvp
        defjvp_argnum defjvp_argnums defvjp defvjp_argnum defvjp_argnums make_jvp make_vjp primitive
        primitive_jvps primitive_vjps primitive_with_deprecation_warnings sparse_add vspace""",
    "autograd.differential_operators": """checkpoint deriv elementwise_grad grad grad_and_aux grad_named
        hessian hessian_tensor_product hessian_vector_product holomorphic_grad jacobian make_ggnvp make_hvp
        make_jvp make_jvp_reversemode make_vjp multigrad_dict tensor_jacobian_product value_and_grad
        vector_jacobian_product""",
    "autograd.extend": """Box JVPNode SparseObject VJPNode VSpace def_linear defjvp defjvp_argnum
        defjvp_argnums defvjp defvjp_argnum defvjp_argnums notrace_primitive primitive register_notrace
        vspace""",
    "autograd.test_util": """EPS RTOL TOL check_equivalent check_grads check_jvp check_vjp combo_check
        make_numerical_jvp scalar_close""",
    "autograd.tracer": """Box Node TraceStack getval isbox new_box notrace_primitive primitive
        register_notrace trace trace_stack""",
    "autograd.util": "func quick_grad_check subval subvals toposort",
    "autograd.wrap_util": "get_doc get_name unary_to_nary wrap_nary_f wraps",
    "autograd.misc": "const_graph flatten",
    "autograd.misc.fixed_points": "fixed_point",
    "autograd.misc.flatten": "flatten flatten_func",
    "autograd.misc.optimizers": "adam rmsprop sgd unflatten_optimizer",
    "autograd.misc.tracers": "ConstGraphNode FullGraphNode const_graph const_graph_unary full_graph",
    "autograd.numpy.numpy_boxes": "ArrayBox",
    "autograd.numpy.numpy_jvps": "broadcast",
    "autograd.numpy.numpy_vjps": """balanced_eq match_complex repeat_to_match_shape replace_zero unbroadcast
        unbroadcast_f untake""",
    "autograd.numpy.numpy_vspaces": "ArrayVSpace ComplexArrayVSpace",
    "autograd.numpy.numpy_wrapper": """append array array_from_args c_ column_stack concatenate
        concatenate_args hstack make_diagonal mean metadata r_ select stack std var vstack
        wrap_if_boxes_inside wrap_namespace""",
    "autograd.numpy": """array_from_args concatenate_args fft linalg make_diagonal metadata numpy_boxes
        numpy_jvps numpy_vjps numpy_vspaces numpy_wrapper random wrap_namespace""",
    "autograd.numpy.random": """RandomState default_rng get_bit_generator normal rand randn seed
        set_bit_generator""",
}

# What cannot mean anything over another tape: its nodes, traces and rules. docs/migration.md says so.
LEFT_OUT = {
    "autograd.core": "add_outgrads sum_outgrads translate_jvp translate_vjp",
    "autograd.tracer": "box_types find_top_boxed_args",
    "autograd.numpy.numpy_vjps": "grad_np_sum grad_einsum dot_adjoint_0 nograd_functions",
}


@pytest.mark.parametrize(
    ("module", "name"), [(module, name) for module, names in NAMES.items() for name in names.split()]
)
def test_the_name_is_there(module, name):
    assert getattr(importlib.import_module(module), name) is not None


@pytest.mark.parametrize("module", NAMES)
def test_star_imports_give_what_is_listed(module):
    listed = getattr(importlib.import_module(module), "__all__", [])
    for name in listed:
        assert hasattr(importlib.import_module(module), name)


@pytest.mark.parametrize(
    ("module", "name"), [(module, name) for module, names in LEFT_OUT.items() for name in names.split()]
)
def test_what_is_left_out(module, name):
    assert not hasattr(importlib.import_module(module), name)


def test_modules_are_reached_from_the_package():
    import autograd

    assert autograd.extend.primitive
    assert autograd.misc.optimizers
    assert autograd.test_util.check_grads
