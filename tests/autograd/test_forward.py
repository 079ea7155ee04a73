"""Forward derivatives of primitives: what the registry's adjoint check does not say."""

from __future__ import annotations

import numpy as np

import autograd
from autograd.forward import jvp_of
from autograd.primitive import REGISTRY
from tests.support import checks
from tests.support.bundles import bundled
from tests.support.numeric import directional
from tests.support.samples import DIFFERENTIABLE, Sample, differentiable


def _prim(name):
    return REGISTRY[name]


@differentiable
def test_against_differences(sample: Sample):
    for i in sample.active:
        t = np.cos(np.arange(sample.args[i].size)).reshape(sample.args[i].shape)
        tangents = [t if j == i else None for j in range(len(sample.args))]
        found = sample.forward(tangents)
        expected = directional(sample.kernel, sample.args, i, t)
        narrow = np.asarray(found).dtype.itemsize < 8
        tolerance = 1e-3 if narrow else checks.difference_tolerance(sample, 1e-8)
        checks.close(found, expected, tolerance, f"{sample}: forward derivative by {i}")


def test_no_tangent_no_change():
    assert jvp_of(_prim("multiply"), [2.0, 3.0], [None, None]) is None
    assert jvp_of(_prim("greater"), [np.ones(2), np.ones(2)], [np.ones(2), None]) is None


def test_tangents_broadcast_and_promote_as_arguments_do():
    x, y = np.ones((2, 1), np.float32), np.full((3,), 2.0)
    for name in ("add", "multiply", "divide", "arctan2", "hypot"):
        out = jvp_of(_prim(name), [x, y], [np.ones_like(x), None])
        assert (out.shape, out.dtype) == ((2, 3), np.float64), name


def test_python_numbers_do_not_promote():
    x = np.ones(2, np.float32)
    for name in ("add", "subtract", "multiply", "divide", "power", "maximum"):
        assert jvp_of(_prim(name), [x, 2.0], [x, None]).dtype == np.float32, name


def test_zero_tangent_meets_infinite_derivative():
    assert jvp_of(_prim("sqrt"), [np.zeros(2)], [np.array([0.0, 1.0])]).tolist() == [0.0, np.inf]


def test_it_is_differentiable_again():
    x = autograd.tensor([0.3, 0.9], requires_grad=True)
    for name in ("sin", "tanh", "sqrt", "logaddexp", "softmax", "prod", "logsumexp"):
        prim = _prim(name)
        args = [x] if len(prim.arrays) == 1 else [x, autograd.tensor([0.1, 0.2])]
        statics = tuple(prim.defaults[n] for n in prim.statics)
        t = autograd.tensor([1.0, -0.5])
        first = jvp_of(prim, args, [t] + [None] * (len(args) - 1), statics)
        (found,) = autograd.gradients(first.sum(), x)

        def along(value, prim=prim, rest=args[1:], statics=statics, t=t):
            plain = [value, *(a.detach().numpy() for a in rest)]
            out = jvp_of(prim, plain, [t.numpy()] + [None] * len(rest), statics)
            return np.sum(out)

        for e, expected in zip(np.eye(2), found.numpy(), strict=True):
            checks.close(directional(along, [np.array([0.3, 0.9])], 0, e), expected, 1e-8, name)


def test_it_works_without_recording_and_leaves_the_mode():
    with autograd.no_grad():
        out = jvp_of(_prim("softmax"), [np.arange(3.0)], [np.ones(3)], (-1,))
        assert not autograd.is_grad_enabled()
    np.testing.assert_allclose(out, 0, atol=1e-15)


@bundled("sample", DIFFERENTIABLE)
def test_arguments_and_tangents_are_not_written(sample: Sample):
    args = [a.copy() if isinstance(a, np.ndarray) else a for a in sample.args]
    for a in args:
        if isinstance(a, np.ndarray):
            a.flags.writeable = False  # a write raises
    tangents = [args[i] if i in sample.active else None for i in range(len(args))]
    assert jvp_of(sample.prim, args, tangents, sample.statics) is not None
