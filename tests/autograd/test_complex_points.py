"""Derivatives of functions of complex numbers at zeros, poles and branch cuts: right, or none.

As `test_special_points.py` and `test_degenerate_inputs.py` of real numbers, in every mixture of modes.
"""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
import pytest

import autograd.numpy as anp
from autograd import grad
from autograd.errors import MatrixError
from tests.support.complex_points import kernel_of, on_lines, wrong_in_mixtures
from tests.support.samples import Sample, function_of, with_imaginary_parts
from tests.support.second_derivatives import ways
from tests.support.special_points import LEFT_OUT, on_the_line, refusals_are_nan

# what a convention says at kinks and jumps, by name and order; see docs/conventions.md
CONVENTIONS = {
    "maximum": {2}, "minimum": {2}, "fmax": {2}, "fmin": {2}, "angle": {1}, "sign": {1}, "power": {1},
    "float_power": {1}, "xlogy": {1}, "xlog1py": {1},
    "expi": {1},  # SciPy's value on the cut lies between both sides
}  # fmt: skip
ORDERED = {"clip"}  # by the real part first; its bounds are real numbers
FIRST = [s for s in with_imaginary_parts() if s.number == 0]
# whose sweeps or differences take seconds each
SLOW = {"logm", "solve_discrete_are", "solve_sylvester", "symmetric_integral"}
SLOW |= {"elliprc", "elliprd", "elliprf", "elliprg", "elliprj"}
ELEMENTWISE = [
    s for s in FIRST
    if s.prim.core is not None and not any(s.prim.core) and s.prim.name not in ORDERED | SLOW
]  # fmt: skip
WHOLE = [
    s for s in FIRST if (s.prim.core is None or any(s.prim.core)) and s.prim.name not in LEFT_OUT | SLOW
]


@pytest.mark.parametrize("sample", ELEMENTWISE, ids=repr)
@pytest.mark.filterwarnings("ignore")
def test_elementwise_functions(sample: Sample):
    values, s = on_lines(sample)
    function, kernel = function_of(sample.prim), kernel_of(sample)
    orders = {1, 2, 3} - CONVENTIONS.get(sample.prim.name, set())
    with np.errstate(all="ignore"):
        wrong = list(wrong_in_mixtures(
            lambda s: values(function, s), lambda s: values(kernel, s), s, orders
        ))  # fmt: skip
    assert not wrong, "\n".join(map(str, wrong[:10]))


def _instead(a: np.ndarray) -> Iterator[np.ndarray]:
    """Degenerate arrays of the shape of one."""
    yield np.zeros(a.shape, complex)
    yield np.full(a.shape, 0.7 - 0.2j)
    if a.ndim > 1 and a.shape[-1] == a.shape[-2]:
        for unit in (1, 1j):
            yield np.broadcast_to(unit * np.eye(a.shape[-1], dtype=complex), a.shape).copy()


@pytest.mark.parametrize("sample", WHOLE, ids=repr)
@pytest.mark.filterwarnings("ignore")
def test_functions_that_are_not_elementwise(sample: Sample):
    wrong, origin = [], np.zeros(1)
    with np.errstate(all="ignore"):
        for i in sample.active:
            for instead in _instead(sample.args[i]):
                other = sample.with_args(instead if k == i else a for k, a in enumerate(sample.args))
                try:
                    line = on_the_line(other)
                except ValueError:
                    continue
                value = refusals_are_nan(lambda s, line=line, f=other.kernel: line(s, f))
                if np.isfinite(value(origin)).all():
                    f = lambda s, line=line, f=other.call: line(s, f)
                    wrong += wrong_in_mixtures(f, value, origin, {1, 2}, refusals_are_nan)
    assert not wrong, "\n".join(map(str, wrong[:5]))


SINGULAR = {
    "of rank 1": np.array([[1, 1j], [1j, -1]]), "of rank 1, real": np.ones((2, 2)) + 0j,
    "nilpotent": np.array([[0, 1], [0, 0j]]),
}  # fmt: skip


@pytest.mark.parametrize("name", SINGULAR)
def test_smooth_functions_of_singular_values_that_vanish(name):
    """Beside a value of 0 that of a complex matrix is a cone: its phase is not that of the tangent."""
    a = SINGULAR[name]

    def f(x):
        return anp.sum(anp.linalg.svdvals(a + anp.reshape(x[:4] + 1j * x[4:], (2, 2))) ** 2)

    for mode, way in ways(f, np.zeros(8)).items():
        np.testing.assert_allclose(way(), 2 * np.eye(8), 1e-12, 1e-12, err_msg=mode)


def test_the_sign_of_a_singular_determinant_has_no_derivative():
    a = np.ones((2, 2)) + 0j
    with pytest.raises(MatrixError, match="no derivative at a singular matrix"):
        grad(lambda x: anp.real(anp.linalg.slogdet(x).sign))(a)
    assert not grad(lambda x: anp.real(anp.linalg.slogdet(x).sign) * 0)(a).any()
