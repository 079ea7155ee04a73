"""Every public name of SciPy's modules is in one class, and behaves as that class says."""

from __future__ import annotations

import inspect

import numpy as np
import pytest

import autograd
import autograd.scipy.integrate
import autograd.scipy.linalg
import autograd.scipy.signal
import autograd.scipy.stats
from autograd.errors import NotDifferentiable
from autograd.scipy import _faces
from autograd.scipy._faces import CONSTANT, DIFFERENTIABLE, NO_FUNCTION, REFUSED
from tests.support.bundles import bundled

MODULES = {
    m.__name__.rpartition(".")[2]: m
    for m in (autograd.scipy.integrate, autograd.scipy.linalg, autograd.scipy.signal, autograd.scipy.stats)
}
NAMES = [(m, name) for m, ours in MODULES.items() for name in ours._FACE.theirs.__all__]
# those that must be there: what HIPS autograd 1.9 has
HIPS = {
    "integrate": "odeint",
    "linalg": "solve_banded solve_sylvester solve_triangular sqrtm",
    "signal": "convolve",
    "stats": "beta chi2 dirichlet gamma multivariate_normal norm poisson t",
}
OBJECTS = "a distribution"


def _class(module, name):
    theirs = getattr(MODULES[module]._FACE.theirs, name)
    if callable(theirs) and hasattr(theirs, "rvs") and not inspect.isclass(theirs):
        return DIFFERENTIABLE if name in MODULES[module]._KNOWN else OBJECTS
    return MODULES[module]._FACE.class_of(name)


@bundled("pair", NAMES, by=lambda pair: pair[0])
def test_every_name_is_there_in_one_class(pair):
    module, name = pair
    ours, theirs = getattr(MODULES[module], name), getattr(MODULES[module]._FACE.theirs, name)
    kind = _class(module, name)
    x = autograd.tensor(np.eye(3), requires_grad=True)
    if kind == NO_FUNCTION:
        assert ours is theirs
    elif kind == DIFFERENTIABLE:
        assert ours is not theirs
    elif kind == REFUSED:
        with pytest.raises(NotDifferentiable, match=rf"scipy\.{module}\.{name} has no derivative"):
            ours(x)
    elif kind == OBJECTS:
        for method in ("logpdf", "logpmf", "logcdf", "rvs"):
            if hasattr(theirs, method):
                with pytest.raises(NotDifferentiable, match=rf"scipy\.stats\.{name}\.{method} has no"):
                    getattr(ours, method)(x)
    else:
        assert kind == CONSTANT


def test_constants_are_named_as_scipy_names_them():
    for ours in MODULES.values():
        face = ours._FACE
        assert {n for n in face.constants if not hasattr(face.theirs, n)} == set()
        assert not {n for n in face.constants if _faces._is_spelled(getattr(face.theirs, n))}


def test_constants_take_tensors_and_give_them_without_gradient():
    x = autograd.tensor(np.array([0.0, 2.0, 1.0, 3.0, 0.0]), requires_grad=True)
    peaks, _ = autograd.scipy.signal.find_peaks(x)
    assert isinstance(peaks, autograd.Tensor)
    assert peaks.tolist() == [1, 3]
    assert autograd.scipy.linalg.issymmetric(np.eye(2))
    assert autograd.scipy.linalg.bandwidth(autograd.tensor(np.eye(3), requires_grad=True)) == (0, 0)


@pytest.mark.parametrize("module", HIPS)
def test_what_hips_autograd_has(module):
    for name in HIPS[module].split():
        assert _class(module, name) == DIFFERENTIABLE
        assert name in dir(MODULES[module])


def test_what_has_no_rule_works_on_values():
    import scipy.linalg
    import scipy.signal

    x = np.arange(9.0).reshape(3, 3)
    t, z = autograd.scipy.linalg.schur(autograd.tensor(x))
    assert isinstance(t, autograd.Tensor)
    np.testing.assert_array_equal(z.numpy(), scipy.linalg.schur(x)[1])
    np.testing.assert_array_equal(autograd.scipy.signal.medfilt(x, 3), scipy.signal.medfilt(x, 3))


def test_unknown_names():
    with pytest.raises(
        AttributeError, match=r"neither autograd\.scipy\.linalg nor scipy\.linalg has 'slove'"
    ):
        autograd.scipy.linalg.slove  # noqa: B018
