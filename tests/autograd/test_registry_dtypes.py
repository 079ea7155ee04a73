"""Every primitive in every dtype: gradients have the dtype of what they belong to."""

from __future__ import annotations

import itertools

import numpy as np
import pytest

import autograd
from autograd.errors import OperandError
from autograd.primitive import REGISTRY
from tests.support import checks
from tests.support.bundles import bundled
from tests.support.samples import (
    DIFFERENTIABLE,
    Sample,
    differentiable,
    each,
    is_taken,
    with_imaginary_parts,
)

REAL = [np.float16, np.float32, np.float64, np.longdouble]
COMPLEX = [np.complex64, np.complex128]
# Results that are not of the arguments' dtype, by what the operation is.
CASTS = {"astype", "broadcast_cast", "float_power", "fftn", "rfft", "from_parts"}
# SciPy has loops for single and double precision, and no others for most functions.
OF_SCIPY = {p.name for p in REGISTRY.values() if p.function.__module__ == "autograd.scipy"}


def _binary(sample: Sample) -> bool:
    return len(sample.active) > 1


OF_NUMBERS = [
    s for s in DIFFERENTIABLE if _binary(s) and s.prim.is_elementwise and s.prim.name not in CASTS
]
binary = each([s for s in DIFFERENTIABLE if _binary(s)])


@differentiable
@bundled("dtype", REAL)
def test_real_dtypes_stay(sample: Sample, dtype):
    cast = sample.cast(dtype)
    if sample.prim.name in OF_SCIPY and dtype is np.longdouble and not is_taken(cast):
        with pytest.raises(OperandError, match=sample.prim.name):
            cast.call(*cast.tensors())
        return
    assert is_taken(cast), f"the kernel of {sample} does not take {dtype.__name__}"
    checks.check_dtypes(cast)
    if sample.prim.name not in CASTS | OF_SCIPY:
        assert cast.call(*cast.tensors()).dtype == dtype


@differentiable
def test_float32_gradients_are_those_of_float64(sample: Sample):
    narrow = sample.cast(np.float32)
    wide = narrow.cast(np.float64)  # the same numbers
    v = checks.cotangent(sample)
    v = v.astype(np.complex64 if v.dtype.kind == "c" else np.float32).astype(v.dtype)
    found = checks.pulled(narrow, narrow.tensors(), v)
    expected = checks.pulled(wide, wide.tensors(), v)
    for g, e in zip(found, expected, strict=True):
        checks.close(g, e, 2e-5, f"{sample} in float32")


@differentiable
def test_float16_gradients_are_finite(sample: Sample):
    half = sample.cast(np.float16)
    for g in checks.pulled(half, half.tensors(), checks.cotangent(sample)):
        assert np.all(np.isfinite(g))


COMPLEX_SAMPLES = with_imaginary_parts()
complex_samples = each(COMPLEX_SAMPLES)
# Vectors whose phases LAPACK chooses: what has a derivative is a function that does not see them.
PHASES = {"eig.eigenvectors", "eigh.eigenvectors", "svd.u", "svd.vh"}
without_phases = each([s for s in COMPLEX_SAMPLES if repr(s).rpartition("-")[0] not in PHASES])


def test_analytic_primitives_take_complex_numbers():
    analytic = {p.name for p in REGISTRY.values() if p.analytic}
    assert len(analytic) > 30
    assert analytic <= {s.prim.name for s in COMPLEX_SAMPLES}


@complex_samples
@bundled("dtype", COMPLEX)
def test_complex_dtypes_stay(sample: Sample, dtype):
    checks.check_dtypes(sample.cast(dtype))


@without_phases
def test_complex_first_derivatives(sample: Sample):
    checks.check_complex(sample)


@without_phases
def test_complex_second_derivatives(sample: Sample):
    checks.check_second(sample)


@complex_samples
def test_complex_adjoint_identity(sample: Sample):
    checks.check_adjoint(sample)


@binary
def test_mixed_dtypes_keep_their_own(sample: Sample):
    kinds = [np.float16, np.float32, np.float64, np.complex64]
    for first, second in itertools.permutations(kinds, 2):
        args = list(sample.args)
        for i, dtype in zip(sample.active, itertools.cycle((first, second)), strict=False):
            args[i] = args[i].astype(dtype)
        mixed = sample.with_args(args)
        if is_taken(mixed):
            checks.check_dtypes(mixed)


@binary
def test_mixed_precision_agrees_with_double(sample: Sample):
    args = [a.astype(np.float32) if i == sample.active[0] else a for i, a in enumerate(sample.args)]
    mixed = sample.with_args(args)
    double = mixed.cast(np.float64)
    v = checks.cotangent(sample).astype(np.asarray(mixed.kernel()).dtype)
    found = checks.pulled(mixed, mixed.tensors(), v)
    expected = checks.pulled(double, double.tensors(), v)
    for g, e in zip(found, expected, strict=True):
        checks.close(g, e, 2e-6, f"{sample} with one float32 argument")


def _beside_numbers(sample: Sample, dtype, number):
    """For each active argument: a tensor of the dtype there, the number in the other places."""
    for i in sample.active:
        x = autograd.tensor(sample.args[i].astype(dtype), requires_grad=True)
        others = (number if j in sample.active else a for j, a in enumerate(sample.args))
        yield x, [x if j == i else a for j, a in enumerate(others)]


@each(OF_NUMBERS)
@bundled("number", [2, 1.5, True, np.ones((), np.int8), np.float16(0.5)])
def test_numbers_do_not_widen(sample: Sample, number):
    for x, args in _beside_numbers(sample, np.float32, number):
        out = sample.call(*args)
        # NumPy itself makes float64 of a few, such as clip(2, array, array)
        assert out.dtype == sample.kernel(*[getattr(a, "_data", a) for a in args]).dtype
        assert out.dtype == np.float32 or sample.prim.name in {"clip", *OF_SCIPY}
        for create_graph in (False, True):
            (g,) = autograd.gradients(out.sum(), x, create_graph=create_graph, retain_graph=True)
            assert (g.dtype, g.shape) == (np.float32, x.shape)


@each([s for s in OF_NUMBERS if s.prim.analytic])
@bundled("number", [2, 1.5, 0.5 + 0.25j])
def test_numbers_do_not_widen_complex64(sample: Sample, number):
    for x, args in _beside_numbers(sample, np.complex64, number):
        out = sample.call(*args)
        assert out.dtype == sample.kernel(*[getattr(a, "_data", a) for a in args]).dtype
        assert out.dtype == np.complex64 or sample.prim.name in OF_SCIPY
        (g,) = autograd.gradients(out.sum(), x)
        assert (g.dtype, g.shape) == (np.complex64, x.shape)
