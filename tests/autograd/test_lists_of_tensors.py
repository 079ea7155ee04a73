"""Functions of the namespace take lists of tensors where NumPy's take lists of numbers."""

from __future__ import annotations

import warnings

import numpy as np
import pytest

import autograd.numpy as anp
from autograd import grad
from autograd.tape import TensorBase

X = np.array([0.2, 0.5, 0.7, 0.3])
REST = [0.3, 0.4, 0.5, 0.6]
CALLS = {
    "alone": lambda f, a: f(a),
    "first": lambda f, a: f(a, REST),
    "second": lambda f, a: f(REST, a),
    "matrix": lambda f, a: f([a, a]),
}
# that NumPy has no list for either, or that ask about memory
LEFT_OUT = {
    "copyto", "diag_indices_from", "fill_diagonal", "histogramdd", "isfortran", "ix_", "load", "loadtxt",
    "may_share_memory", "place", "put", "putmask", "repeat", "save", "savetxt", "savez", "savez_compressed",
    "shares_memory", "test", "tril_indices_from", "triu_indices_from",
}  # fmt: skip
NAMES = [
    name
    for name in sorted(set(dir(np)) - LEFT_OUT)
    if name[0] != "_" and callable(getattr(np, name)) and not isinstance(getattr(np, name), type)
]


def summed(out):
    """A number of whatever a function gives."""
    if isinstance(out, (tuple, list)):
        return sum(summed(part) for part in out)
    return anp.sum(anp.real(anp.sin(out * 1.0)))


def slope(name, how, wrap):
    with np.errstate(all="ignore"), warnings.catch_warnings():
        warnings.simplefilter("ignore")
        return grad(lambda x: summed(CALLS[how](getattr(anp, name), wrap(list(x)))))(X)


@pytest.mark.parametrize("name", NAMES)
def test_a_list_of_tensors_is_their_stack(name):
    for how in CALLS:
        try:
            with np.errstate(all="ignore"):
                CALLS[how](getattr(np, name), X.tolist())
            wanted = slope(name, how, anp.stack)
        except Exception:  # no call of it
            continue
        np.testing.assert_allclose(slope(name, how, list), wanted, err_msg=how)


def test_other_names_of_ufuncs_are_ours_too():
    """abs, acos and the like were NumPy's own: slower, and refusing lists of tensors."""
    for name, theirs in vars(np).items():
        if isinstance(theirs, np.ufunc) and name != "isnat":
            assert getattr(anp, name) is getattr(anp, theirs.__name__), name
    assert anp.permute_dims is anp.transpose


def test_shapes_and_repeats_as_arrays():
    np.testing.assert_array_equal(grad(lambda x: anp.sum(anp.full(np.array([2, 4]), x)))(X), [2] * 4)
    np.testing.assert_array_equal(grad(lambda x: anp.sum(anp.tile(x, np.array([2, 3]))))(X), [6] * 4)


def test_what_is_looked_at():
    def looked(x):
        pair = [x, 2 * x]
        assert (anp.shape(pair), anp.ndim(pair), anp.size(pair), anp.size(pair, 0)) == ((2, 4), 2, 8, 2)
        assert (anp.iscomplexobj(pair), anp.isrealobj(pair)) == (False, True)
        assert isinstance(x, TensorBase)
        return anp.sum(x)

    np.testing.assert_array_equal(grad(looked)(X), np.ones(4))
    assert anp.shape([[1, 2]]) == (1, 2)
