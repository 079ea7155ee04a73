"""The checks themselves: every kind of wrong rule must be caught by the check meant for it."""

from __future__ import annotations

import itertools

import numpy as np
import pytest

from autograd.declare import case, elementwise, primitive
from autograd.ops.complex import conjugate, real
from autograd.ops.elementwise import cos
from autograd.ops.reductions import spread, sum
from autograd.ops.sizes import sign
from autograd.primitive import REGISTRY
from tests.support import checks
from tests.support.numeric import along_basis, complex_step
from tests.support.samples import Sample, samples_of

_number = itertools.count()


def declared(form, *args, **facts) -> Sample:
    """A sample of a primitive that is taken out of the registry again at once."""
    name = f"declared_for_a_test_{next(_number)}"
    function = form(*args, name=name, **facts)
    prim = REGISTRY.pop(name)
    prim.function = function
    return samples_of(prim)[0]


def caught_by(check, sample: Sample) -> None:
    with pytest.raises(AssertionError, match=r"declared_for_a_test"):
        check(sample)


# ------------------------------------------------------------------ right ones pass


def test_right_rules_pass():
    for sample in (
        declared(elementwise, np.exp, d=lambda out: out, analytic=True, reference=np.exp),
        declared(elementwise, np.hypot, vjp={"x": lambda g, x, out: g * x / out,
                 "y": lambda g, y, out: g * y / out}, reference=np.hypot),
        declared(primitive, _sum, ["x"], vjp={"x": lambda g, x_shape, axis: spread(g, x_shape, axis)},
                 linear=True, cases=[case((2, 3), axis=0)], reference=np.sum),
    ):  # fmt: skip
        checks.check_all(sample)
        checks.check_dtypes(sample.cast(np.float32))


def _sum(x, axis=None):
    return np.add.reduce(x, axis)


# ------------------------------------------------------------------ wrong ones are caught


def test_wrong_value():
    caught_by(checks.check_value, declared(elementwise, np.exp, d=1, reference=np.expm1))


def test_wrong_value_that_differs_in_shape_alone():
    sample = declared(
        primitive, _sum, ["x"], vjp={"x": lambda g: g}, cases=[case((2, 3), axis=0)],
        reference=lambda x, axis: np.sum(x, axis, keepdims=True),
    )  # fmt: skip
    caught_by(checks.check_value, sample)


@pytest.mark.parametrize("analytic", [True, False])
@pytest.mark.parametrize(
    "d",
    [lambda out: -out, lambda out: 2 * out, lambda out: out * (1 + 1e-6), lambda x: x, 1, 0],
    ids=["sign", "factor", "slightly", "function", "one", "zero"],
)
def test_wrong_factor(d, analytic):
    caught_by(checks.check_first, declared(elementwise, np.exp, d=d, analytic=analytic))


def test_complex_step_sees_the_eleventh_digit():
    caught_by(
        checks.check_first, declared(elementwise, np.exp, d=lambda out: out * (1 + 1e-11), analytic=True)
    )


def test_wrong_in_one_argument_only():
    vjp = {"x": lambda g, y: g / y, "y": lambda g, y, out: g * out / y}
    sample = declared(elementwise, np.divide, vjp=vjp, analytic=True, domain={"y": (0.5, 2.0)})
    caught_by(checks.check_first, sample)


def test_arguments_exchanged():
    sample = declared(elementwise, np.multiply, x=lambda x: x, y=lambda y: y, analytic=True)
    caught_by(checks.check_first, sample)


def _softmax(x):
    return np.exp(x) / np.sum(np.exp(x), -1, keepdims=True)


@pytest.mark.parametrize("kind", [float, complex])
@pytest.mark.parametrize("wrong", ["one element", "exchanged", "all", "in opposite senses"])
def test_what_is_wrong_of_many_elements_shows_along_directions(wrong, kind):
    rng = np.random.default_rng(5)
    x, w = (rng.normal(size=(4, 5)).astype(kind) for _ in range(2))
    f = lambda x: np.sum(np.real(w * np.exp(x)))
    found = np.conj(w * np.exp(x))
    checks.check_gradient(found, f, [x], 0, 1e-8, "right")
    error = np.zeros(x.shape)
    error.flat[[0, 7]] = {"one element": (1, 0), "in opposite senses": (1, -1)}.get(wrong, (0, 0))
    found = found + 1e-6 * error if wrong != "all" else found * (1 + 1e-7)
    if wrong == "exchanged":
        found[0, :2] = found[0, 1::-1]
    with pytest.raises(AssertionError, match="along a direction"):
        checks.check_gradient(found, f, [x], 0, 1e-8, "wrong")


def test_missing_term():
    wrong = declared(primitive, _softmax, ["x"], vjp={"x": lambda g, out: out * g}, cases=[case((2, 3))])
    caught_by(checks.check_first, wrong)
    right = declared(
        primitive, _softmax, ["x"],
        vjp={"x": lambda g, out: out * (g - sum(g * out, -1, True))}, cases=[case((2, 3))],
    )  # fmt: skip
    checks.check_first(right)


def test_duplicates_overwritten_rather_than_summed():
    def scattered(g, x_shape, index):
        out = np.zeros(x_shape)
        out[index] = g
        return out

    index = np.array([0, 1, 1])
    sample = declared(
        primitive, lambda x, index: x[index], ["x"], vjp={"x": scattered},
        cases=[case((3, 4), index=index)],
    )  # fmt: skip
    caught_by(checks.check_first, sample)


def test_wrong_axis():
    sample = declared(
        primitive, lambda x, axis: np.flip(x, axis), ["x"], vjp={"x": lambda g: np.flip(g, 1)},
        cases=[case((3, 3), axis=0)],
    )  # fmt: skip
    caught_by(checks.check_first, sample)


def _complex(sample: Sample) -> Sample:
    return sample.with_args(a * (1 + 0.5j) for a in sample.args)


def test_forgotten_conjugate():
    facts = {"domain": (0.5, 3.0), "jvp": {"x": lambda t, out, x: real(t * conjugate(sign(x)))}}
    wrong = declared(elementwise, np.absolute, vjp=lambda g, x: g * sign(x), **facts)
    checks.check_first(wrong)  # real numbers cannot tell
    checks.check_adjoint(wrong)
    caught_by(checks.check_complex, _complex(wrong))
    caught_by(checks.check_adjoint, _complex(wrong))
    right = declared(elementwise, np.absolute, vjp=lambda g, x: g * conjugate(sign(x)), **facts)
    checks.check_complex(_complex(right))
    checks.check_adjoint(_complex(right))


def test_superfluous_conjugate():
    wrong = declared(elementwise, np.sin, vjp=lambda g, x: g * conjugate(cos(x)), analytic=True)
    checks.check_first(wrong)
    caught_by(checks.check_complex, _complex(wrong))


def test_dtype_widened():
    wrong = declared(elementwise, np.sin, d=lambda x: cos(x) * np.ones(1), analytic=True)
    checks.check_first(wrong)
    caught_by(checks.check_dtypes, wrong.cast(np.float32))


def test_shape_not_reduced():
    wrong = declared(
        primitive, lambda x, shape: np.broadcast_to(x, shape), ["x"], vjp={"x": lambda g: g},
        cases=[case((1, 3), shape=(2, 3))],
    )  # fmt: skip
    caught_by(checks.check_dtypes, wrong)


def _cut_off(x):
    return getattr(x, "_data", x)


@pytest.mark.parametrize(
    "rule",
    [
        {"d": lambda out: _cut_off(out)},
        {"vjp": lambda g, out: _cut_off(g) * out},
        {"vjp": lambda g, out: g * (out + 0 * out * out) if isinstance(g, np.ndarray) else g},
    ],
    ids=["argument", "cotangent", "other rule for tensors"],
)
def test_right_gradient_with_a_wrong_derivative(rule):
    wrong = declared(elementwise, np.exp, **rule, analytic=True)
    checks.check_first(wrong)
    caught_by(checks.check_second, wrong)


@pytest.mark.parametrize(
    "facts",
    [
        {"linear": True},
        {"linear": True, "jvp": {"x": lambda t, out, x: t * out}},
        {"jvp": {"x": lambda t, out, x: t}},
        {"jvp": {"x": lambda t, out, x: -t * (1 - out * out)}},
    ],
    ids=["linear", "out for factor", "identity", "sign"],
)
def test_wrong_forward_derivative(facts):
    right = {"d": lambda out: 1 - out * out, "analytic": True}
    wrong = declared(elementwise, np.tanh, **right, **facts)
    checks.check_first(wrong)
    checks.check_second(wrong)
    caught_by(checks.check_adjoint, wrong)


def test_linear_in_each_is_not_linear_together():
    rules = {"x": lambda y: y, "y": lambda x: x, "analytic": True}
    checks.check_adjoint(declared(elementwise, np.multiply, **rules, linear="each"))
    caught_by(checks.check_adjoint, declared(elementwise, np.multiply, **rules, linear=True))


def test_an_undeclared_sample_is_refused():
    function = primitive(_softmax, ["x"], vjp={"x": lambda g: g}, name="declared_without_cases")
    REGISTRY.pop("declared_without_cases")
    with pytest.raises(AssertionError, match="must declare cases"):
        samples_of(function.primitive)


# ------------------------------------------------------------------ the numbers themselves


def test_numeric_derivatives_agree_with_calculus():
    x = np.array([[0.3, -1.2], [2.0, 0.7]])
    weights = np.array([[1.0, -2.0], [3.0, 0.5]])

    def loss(x):
        return np.sum(weights * np.exp(np.sin(x)))

    exact = weights * np.exp(np.sin(x)) * np.cos(x)
    np.testing.assert_allclose(complex_step(loss, [x], 0), exact, 1e-15)
    np.testing.assert_allclose(along_basis(loss, [x], 0), exact, 1e-11)
