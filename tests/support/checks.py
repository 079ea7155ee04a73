"""The checks that every primitive has to pass. Each takes a sample and raises AssertionError.

A scalar is made of a result f by a random cotangent v: L = Re(sum(v * f)). Gradients are
compared in PyTorch's convention, dL/dRe + i dL/dIm, which for real numbers is the derivative.
"""

from __future__ import annotations

import zlib
from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

import autograd
import autograd.numpy as anp

from .numeric import FEW, STEP, along_basis, complex_step, directional, directions, widest
from .references import reference_of
from .samples import Sample

FIRST_ANALYTIC, FIRST, SECOND, ADJOINT = 1e-12, 1e-9, 1e-8, 1e-12

# Kernels that are not exact to rounding, so that numbers taken from them are less so. Differences: of
# approximations and searches of SciPy's, whose derivatives have tests of their own, to all digits
# (test_references.py), and of steps of a solver. Complex steps: SciPy's kernels of complex arguments keep
# fewer digits than those of real ones (elliprj, fresnel near 0, spence near 1), or those of real ones than
# they (hyp1f1, hyp2f1). The adjoint identity: both sides are solved for, step by step.
FEW_DIGITS = {"itairy": 1e-3, "ode_solution": 1e-8, "hyperu": 1e-8, "stdtridf": 1e-8}
COARSE_STEPS = {"elliprj": 1e-10, "fresnel": 1e-8, "hyp1f1": 1e-10, "hyp2f1": 1e-11, "spence": 1e-8}
SOLVED = {"ode_solution": 1e-9}


def check_all(sample: Sample) -> None:
    """Every check of a real sample, for those who want all in one."""
    check_value(sample)
    check_first(sample)
    check_second(sample)
    check_adjoint(sample)


# ------------------------------------------------------------------ values


def check_value(sample: Sample) -> None:
    """The function computes what NumPy computes, for arrays and for Tensors alike."""
    reference = reference_of(sample.prim)
    options = dict(zip(sample.prim.statics, sample.statics, strict=True))
    given = [list(sample.args)] if sample.prim.variadic else sample.args
    expected = np.asarray(sample.chosen(reference(*given, **options)))
    plain, recorded = sample.call(), sample.call(*sample.tensors())
    if any(isinstance(a, (np.ndarray, np.generic)) for a in sample.args):
        assert isinstance(plain, (np.ndarray, np.generic)), f"{sample}: arrays gave {type(plain)}"
    tensors = [autograd.Tensor(a) if isinstance(a, np.ndarray) else a for a in sample.args]
    for out in (plain, _bare(recorded), _bare(sample.call(*tensors))):
        out = np.asarray(out)
        assert out.shape == expected.shape, f"{sample}: {out.shape} instead of {expected.shape}"
        close(out, expected, 1e-14 if out.dtype.itemsize >= 8 else 1e-6, f"{sample}: value")


# ------------------------------------------------------------------ derivatives


def check_first(sample: Sample) -> None:
    """Gradients against complex step where it applies, else against differences."""
    v = cotangent(sample)
    found = pulled(sample, sample.tensors(), v)

    def loss(*args: Any) -> Any:
        terms = v * sample.kernel(*args)
        return np.sum(terms if sample.prim.analytic else np.real(terms))

    for i, g in zip(sample.active, found, strict=True):
        if sample.prim.analytic:
            tolerance = COARSE_STEPS.get(sample.prim.name, FIRST_ANALYTIC)
            close(g, complex_step(loss, sample.args, i), tolerance, f"{sample}: d{i}, complex step")
        else:
            tolerance = difference_tolerance(sample, FIRST)
            close(g, along_basis(loss, sample.args, i), tolerance, f"{sample}: d{i}, differences")


def check_complex(sample: Sample) -> None:
    """Gradients by complex arguments against differences along both their parts."""
    v = cotangent(sample)
    found = pulled(sample, sample.tensors(), v)

    def loss(*args: Any) -> Any:
        return np.sum(np.real(v * sample.kernel(*args)))

    for i, g in zip(sample.active, found, strict=True):
        tolerance = difference_tolerance(sample, FIRST)
        close(g, _both_parts(loss, sample.args, i), tolerance, f"{sample}: d{i} of complex arguments")


def check_second(sample: Sample) -> None:
    """The derivatives of the gradients, by the arguments and by the cotangent.

    The first-order sweep is differentiated numerically, so it should have been checked.
    """
    v = cotangent(sample)
    weights = [random(sample, np.shape(sample.args[i]), f"weight{i}") for i in sample.active]
    turned = [(1 - 0.5j) * w if np.iscomplexobj(sample.args[i]) else w for i, w in
              zip(sample.active, weights, strict=True)]  # fmt: skip

    def functional(*values: Any) -> Any:
        *args, cotangent = values
        tensors = [_leaf(a) if i in sample.active else a for i, a in enumerate(args)]
        grads = pulled(sample, tensors, cotangent)
        return np.sum([np.sum(np.real(w * g)) for w, g in zip(turned, grads, strict=True)])

    tensors, seed = sample.tensors(), autograd.tensor(v, requires_grad=True)
    grads = pulled(sample, tensors, seed, create_graph=True)
    total = sum((anp.sum(anp.real(w * g)) for w, g in zip(turned, grads, strict=True)), start=0.0)
    targets = [*sample.active, len(sample.args)]
    variables = [*(tensors[i] for i in sample.active), seed]
    found = _gradients_or_zeros(total, variables)
    for i, g in zip(targets, found, strict=True):
        tolerance = difference_tolerance(sample, SECOND)
        check_gradient(g, functional, [*sample.args, v], i, tolerance, f"{sample}: second derivative, d{i}")


def check_adjoint(sample: Sample) -> None:
    """<v, J t> == <J^T v, t>, for all arguments together and for each alone."""
    v = cotangent(sample)
    grads = dict(zip(sample.active, pulled(sample, sample.tensors(), v), strict=True))
    tangents = {i: _tangent(sample, i) for i in sample.active}
    for chosen in [sample.active, *([i] for i in sample.active)]:
        given = [tangents[i] if i in chosen else None for i in range(len(sample.args))]
        forward = sample.forward(given)
        assert isinstance(forward, (np.ndarray, np.generic)), f"{sample}: jvp gave {type(forward)}"
        assert np.shape(forward) == v.shape, f"{sample}: jvp has shape {np.shape(forward)}, not {v.shape}"
        left = np.sum(np.real(v * forward))
        right = sum(np.sum(np.real(np.conj(grads[i]) * tangents[i])) for i in chosen)
        scale = np.sum(np.abs(v * forward)) + sum(np.sum(np.abs(grads[i] * tangents[i])) for i in chosen)
        narrowest = min(np.asarray(x).dtype.itemsize for x in (forward, *grads.values()))
        tolerance = SOLVED.get(sample.prim.name, ADJOINT) if narrowest >= 8 else 1e-6
        assert abs(left - right) <= tolerance * scale, (
            f"{sample}: <v, J t> {left} is not <J^T v, t> {right}"
        )


def check_dtypes(sample: Sample) -> None:
    """The result has the kernel's dtype; each gradient, of both orders, its argument's own."""
    out = sample.call(*sample.tensors())
    expected = np.asarray(sample.kernel()).dtype
    assert out.dtype == expected, f"{sample}: the result is {out.dtype}, NumPy's {expected}"
    for create_graph in (False, True):
        grads = pulled(sample, sample.tensors(), cotangent(sample), create_graph)
        for i, g in zip(sample.active, grads, strict=True):
            arg = sample.args[i]
            assert g.dtype == arg.dtype, f"{sample}: d{i} is {g.dtype}, the argument {arg.dtype}"
            assert g.shape == np.shape(arg), f"{sample}: d{i} is {g.shape}, the argument {np.shape(arg)}"


# ------------------------------------------------------------------ parts of them


def pulled(sample: Sample, tensors: Sequence, v: Any, create_graph: bool = False) -> list:
    """The gradients of L by the active arguments: arrays, or Tensors with `create_graph`."""
    out = sample.call(*tensors)
    if isinstance(v, np.ndarray):
        v = v.astype(out.dtype, copy=False)
    inputs = [tensors[i] for i in sample.active]
    grads = autograd.gradients(out, inputs, anp.conj(v), create_graph=create_graph)
    return list(grads) if create_graph else [g.numpy() for g in grads]


def cotangent(sample: Sample) -> np.ndarray:
    """A random cotangent of the result."""
    out = np.asarray(sample.kernel())
    v = random(sample, out.shape, "cotangent")
    return np.asarray(v + 1j * random(sample, out.shape, "imaginary") if out.dtype.kind == "c" else v)


def close(actual: Any, expected: Any, tolerance: float, what: str) -> None:
    """Equal to a relative tolerance; where terms of order one cancelled, to one of their size."""
    actual, expected = np.asarray(_bare(actual)), np.asarray(expected)
    np.testing.assert_allclose(actual, expected, tolerance, tolerance * _scale(expected), err_msg=what)


def check_gradient(found: Any, f: Callable, args: Sequence, i: int, tolerance: float, what: str) -> None:
    """The gradient of a scalar f by args[i] against differences: by each element, or along directions."""
    found = np.asarray(_bare(found))
    if np.size(args[i]) <= FEW:
        return close(found, _both_parts(f, args, i), tolerance, what)
    for d in directions(args[i]):
        terms = np.real(np.conj(found) * d)
        expected = directional(f, args, i, d)
        error = abs(np.sum(terms) - expected)
        assert error <= tolerance * max(float(np.sum(np.abs(terms))), 1e-2), (
            f"{what}: {np.sum(terms)} along a direction, by differences {expected}, of {found}"
        )


def is_close(actual: Any, expected: Any, tolerance: float) -> bool:
    """Whether `close` takes them."""
    return bool(np.allclose(_bare(actual), expected, tolerance, tolerance * _scale(np.asarray(expected))))


def _scale(expected: np.ndarray) -> float:
    return max(0.1 * float(np.max(np.abs(expected), initial=0.0)), 1e-2)


def _both_parts(f: Callable, args: Sequence, i: int) -> np.ndarray:
    parts = along_basis(f, args, i)
    return parts + 1j * along_basis(f, args, i, 1j) if np.iscomplexobj(args[i]) else parts


def _gradients_or_zeros(total: Any, variables: list) -> list:
    if not getattr(total, "requires_grad", False):
        return [np.zeros(x.shape) for x in variables]
    grads = autograd.gradients(total, variables, allow_unused=True)
    return [np.zeros(x.shape) if g is None else g for x, g in zip(variables, grads, strict=True)]


def difference_tolerance(sample: Sample, usual: float) -> float:
    """The usual tolerance, or what rounding leaves if the result is narrower than double."""
    dtype = np.asarray(sample.kernel(*widest(sample.kernel, sample.args))).real.dtype
    rounding = 4 * float(np.finfo(dtype).eps) / STEP[np.dtype(np.longdouble)]
    return max(usual, rounding, FEW_DIGITS.get(sample.prim.name, 0.0))


def _leaf(a: Any) -> Any:
    return autograd.tensor(a, requires_grad=True)


def _tangent(sample: Sample, i: int) -> Any:
    arg = sample.args[i]
    t = random(sample, arg.shape, f"tangent{i}")
    if arg.dtype.kind == "c":
        t = t + 1j * random(sample, arg.shape, f"imaginary{i}")
    return t.astype(arg.dtype)


def random(sample: Sample, shape: tuple, salt: str) -> np.ndarray:
    rng = np.random.default_rng(zlib.crc32(f"{sample}{salt}".encode()))
    return np.asarray(rng.normal(size=shape))


def _bare(value: Any) -> Any:
    return getattr(value, "_data", value)
