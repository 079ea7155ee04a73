"""Every primitive on awkward inputs: 0-d, empty, strided, read-only, repeated, and Python numbers."""

from __future__ import annotations

import itertools

import numpy as np
import pytest

import autograd
from autograd.errors import AutogradError
from nn.parameter import Parameter
from tests.support import checks
from tests.support.bundles import bundled
from tests.support.samples import ALL, DIFFERENTIABLE, Sample, differentiable, each, everything, is_floating


def _outcome(sample: Sample, tensors: list) -> list[np.ndarray]:
    """The result and all gradients."""
    out = sample.call(*tensors)
    if not getattr(out, "requires_grad", False):
        return [np.asarray(getattr(out, "_data", out))]
    v = np.cos(np.arange(out._data.size, dtype=out.dtype).reshape(out.shape))
    grads = autograd.gradients(out, [tensors[i] for i in sample.active], v)
    return [np.array(out._data), *(g.numpy() for g in grads)]


def _equal(one: list, other: list, exactly: bool = False) -> None:
    assert len(one) == len(other)
    for a, b in zip(one, other, strict=True):
        assert (a.shape, a.dtype) == (b.shape, b.dtype)
        if exactly:
            np.testing.assert_array_equal(a, b)
        else:
            np.testing.assert_allclose(a, b, 1e-13, 1e-14)


# ------------------------------------------------------------------ memory layouts


def _strided(a: np.ndarray) -> np.ndarray:
    if not a.ndim:
        return a
    wide = np.full([2 * n for n in a.shape], 7, a.dtype)
    view = wide[tuple(slice(None, None, 2) for _ in a.shape)]
    view[...] = a
    return view


def _reversed(a: np.ndarray) -> np.ndarray:
    backwards = tuple(slice(None, None, -1) for _ in a.shape)
    return a[backwards].copy()[backwards] if a.ndim else a


def _read_only(a: np.ndarray) -> np.ndarray:
    a = a.copy()
    a.flags.writeable = False
    return a


LAYOUTS = {
    "transposed": lambda a: a.copy(order="F"),
    "strided": _strided,
    "reversed": _reversed,
    "read_only": _read_only,
    "misaligned": lambda a: np.frombuffer(b"-" + a.tobytes(), a.dtype, a.size, 1).reshape(a.shape),
}


@everything
@bundled("layout", LAYOUTS)
def test_layout_does_not_matter(sample: Sample, layout: str):
    laid_out = [LAYOUTS[layout](a) if isinstance(a, np.ndarray) else a for a in sample.args]
    before = [np.array(a) for a in laid_out]
    wrapped = [
        autograd.Tensor(a, requires_grad=i in sample.active) if is_floating(a) else a
        for i, a in enumerate(laid_out)
    ]
    _equal(_outcome(sample, wrapped), _outcome(sample, sample.tensors()))
    for a, b in zip(laid_out, before, strict=True):
        np.testing.assert_array_equal(a, b, "a caller's array was written")


# ------------------------------------------------------------------ sizes


@each([s for s in DIFFERENTIABLE if s.prim.is_elementwise])
def test_zero_dimensional(sample: Sample):
    scalars = sample.with_args(a.reshape(-1)[0] for a in sample.args)
    arrays = sample.with_args(np.asarray(a.reshape(-1)[0]) for a in sample.args)
    first = _outcome(sample, sample.tensors())
    for given in (scalars, arrays):
        out, *grads = _outcome(given, given.tensors())
        assert out.shape == ()
        np.testing.assert_allclose(out, first[0].reshape(-1)[0], 1e-14)
        for g, a, active in zip(grads, first[1:], sample.active, strict=True):
            assert g.shape == ()
            np.testing.assert_allclose(g, a.reshape(-1)[0], 1e-13, 1e-14, err_msg=f"argument {active}")


def _emptied(sample: Sample):
    """The sample with one axis of one argument, or that axis of all, made empty."""
    arrays = [i for i, a in enumerate(sample.args) if isinstance(a, np.ndarray)]
    for i, axis in itertools.product(sample.active, range(4)):
        for chosen in ([i], arrays):
            args = list(sample.args)
            for j in chosen:
                if axis < args[j].ndim:
                    args[j] = np.take(args[j], [], axis)
            if any(args[j].size == 0 for j in chosen):
                yield sample.with_args(args)


@pytest.mark.filterwarnings("ignore:Mean of empty slice", "ignore:Degrees of freedom")
@differentiable
def test_zero_size(sample: Sample):
    tried = 0
    for empty in _emptied(sample):
        try:
            with np.errstate(all="ignore"):
                empty.kernel()
        except (ValueError, IndexError, TypeError):
            with pytest.raises((AutogradError, ValueError)):
                empty.call(*empty.tensors())
            continue
        tried += 1
        checks.check_dtypes(empty)
        for g in checks.pulled(empty, empty.tensors(), checks.cotangent(empty)):
            assert np.all(np.isfinite(g)), f"{empty} invents {g}"
    assert tried or not sample.prim.is_elementwise


# ------------------------------------------------------------------ the same tensor twice


def _repeatable(sample: Sample) -> bool:
    return len(sample.active) > 1 and len({sample.args[i].shape for i in sample.active}) == 1


@each([s for s in DIFFERENTIABLE if _repeatable(s)])
def test_repeated_input_gets_the_sum(sample: Sample):
    value = sample.args[sample.active[0]]
    apart = sample.with_args(value if i in sample.active else a for i, a in enumerate(sample.args))
    v = checks.cotangent(apart)
    expected = sum(checks.pulled(apart, apart.tensors(), v))
    x = autograd.tensor(value, requires_grad=True)
    out = apart.call(*[x if i in sample.active else a for i, a in enumerate(sample.args)])
    out.backward(np.conj(v))  # as `pulled` does
    np.testing.assert_allclose(x.grad.numpy(), expected, 1e-14, 1e-15)


# ------------------------------------------------------------------ the fast path


@everything
def test_fast_path_is_slow_path(sample: Sample):
    fast = _outcome(sample, sample.tensors())
    with autograd.enable_grad():
        slow = _outcome(sample, sample.tensors())
    _equal(fast, slow, exactly=True)


@differentiable
def test_parameters_take_the_fast_path_too(sample: Sample):
    tensors = sample.tensors()
    parameters = [Parameter(a.detach().numpy()) if isinstance(a, autograd.Tensor) else a for a in tensors]
    _equal(_outcome(sample, tensors), _outcome(sample, parameters), exactly=True)


def _mixtures(sample: Sample):
    """The arguments as every mixture of kinds with at least one tensor among them."""

    def kinds(a):
        value = a.reshape(-1)[0]
        return [
            autograd.tensor(a, requires_grad=True),
            autograd.tensor(value, requires_grad=True),
            autograd.tensor(a.astype(np.float32), requires_grad=True),
            autograd.tensor(a),
            a,
            float(value),
            value,
            np.float32(value),
            1,
            True,
        ]

    for args in itertools.product(*(kinds(a) for a in sample.args)):
        if any(isinstance(a, autograd.Tensor) for a in args):
            yield args


def _swept(sample: Sample, args: tuple) -> list[np.ndarray]:
    out = sample.call(*args)
    leaves = [a for a in args if isinstance(a, autograd.Tensor) and a.requires_grad]
    grads = autograd.gradients(out.sum(), leaves) if out.requires_grad else ()
    return [np.array(out._data), *(g.numpy() for g in grads)]


def _of_two(sample: Sample) -> bool:
    return sample.prim.is_elementwise and len(sample.args) == 2 and len(sample.active) == 2


@each([s for s in ALL if _of_two(s)])
def test_fast_path_is_slow_path_for_mixed_kinds(sample: Sample):
    for args in _mixtures(sample):
        fast = _swept(sample, args)
        with autograd.enable_grad():
            slow = _swept(sample, args)
        _equal(fast, slow, exactly=True)
        expected = sample.kernel(*[getattr(a, "_data", a) for a in args])
        assert fast[0].dtype == expected.dtype
        np.testing.assert_array_equal(fast[0], expected)
        leaves = [a for a in args if isinstance(a, autograd.Tensor) and a.requires_grad]
        for x, g in zip(leaves, fast[1:], strict=True):
            assert (g.shape, g.dtype) == (x.shape, x.dtype)
