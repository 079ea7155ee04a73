"""Every function that NumPy lets others override is in exactly one class, and behaves as that says."""

from __future__ import annotations

import numpy as np
import numpy.char
import numpy.lib.recfunctions  # NumPy does not import these by itself
import numpy.polynomial
import numpy.strings
import pytest
from numpy.testing import overrides

import autograd
import autograd.numpy as anp
from autograd import coverage, tensor
from autograd.coverage import CONSTANT, DIFFERENTIABLE, NO_ARRAY, NOT_YET, classes_of, name_of
from autograd.errors import NotDifferentiable
from autograd.ops.composed import LOCALLY_CONSTANT
from autograd.protocols import IMPLEMENTATIONS
from tests.support.bundles import bundled

EVERYTHING = sorted(
    {*overrides.get_overridable_numpy_ufuncs(), *overrides.get_overridable_numpy_array_functions()},
    key=name_of,
)
# What other files import and so on must not change what NumPy says it has.
assert len(EVERYTHING) == 127 + 348 or not np.__version__.startswith("2.4")
everything = bundled("function", EVERYTHING, ids=name_of)

# Differentiable functions that are not there yet. An entry goes when the function is there.
MISSING: set[str] = set()


def _class(function):
    return classes_of(function, IMPLEMENTATIONS)[0]


@everything
def test_in_exactly_one_class(function):
    (found,) = classes_of(function, IMPLEMENTATIONS)
    name = name_of(function)
    if found == NOT_YET:
        assert name in MISSING, f"numpy.{name} is in no class: implement it, or add it to coverage.py"
    else:
        assert name not in MISSING, f"numpy.{name} is there: take it off the list"


def test_the_tables_do_not_overlap():
    tables = [coverage.CONSTANTS, coverage.LOOKS, coverage.MADE, coverage.REFUSED]
    assert sum(map(len, tables)) == len(frozenset().union(*tables))


def test_what_was_declared_constant_is_in_that_class():
    for function in LOCALLY_CONSTANT:
        assert _class(function) == CONSTANT, name_of(function)


def test_every_primitive_is_in_the_class_that_its_rules_say():
    """What has no rule is constant; what has one is constant only if all its gradients are zero."""
    for theirs, ours in IMPLEMENTATIONS.items():
        prim = getattr(ours, "primitive", None)
        if prim is not None and theirs in EVERYTHING:
            if not prim.is_differentiable:
                assert _class(theirs) == CONSTANT, prim
            elif _class(theirs) == CONSTANT:
                assert "0" in prim.kinks, f"{prim} is called constant, and does not say that it is"


@everything
def test_a_differentiable_function_has_a_home_in_the_namespace(function):
    if _class(function) != DIFFERENTIABLE or name_of(function).startswith(("_", "lib.", "polynomial.")):
        return  # numpy.lib and numpy.polynomial are NumPy's own, which asks the tensors
    found = anp
    for part in name_of(function).split("."):
        found = getattr(found, part)
    known = IMPLEMENTATIONS[function]
    assert found is known or name_of(function) in ("array", "asarray", "clip"), found


# ------------------------------------------------------------------ locally constant

X = np.array([[0.5, -1.25, 2.0], [1.5, 0.75, -0.25]])
COUNTS = np.array([[1, 2, 3], [4, 5, 6]])
# Those that are called otherwise than f(x) or f(x, y) of floating arrays.
CALLS = {
    "argpartition": lambda f, x: f(x, 1),
    "ravel_multi_index": lambda f, x: f((COUNTS[0] * 0, COUNTS[0] - 1), x.shape),
    "unravel_index": lambda f, x: f(np.array([1, 2]), x.shape),
    "searchsorted": lambda f, x: f([0.0, 1.0], x),
    "digitize": lambda f, x: f(x, [0.0, 1.0]),
    "isin": lambda f, x: f(x, [0.5, 2.0]),
    "lexsort": lambda f, x: f((x[0], x[1])),
    "ix_": lambda f, x: f(COUNTS[0], COUNTS[1]),
    "diag_indices_from": lambda f, x: f(x[:, :2]),
    "packbits": lambda f, x: f(COUNTS > 2),
    "unpackbits": lambda f, x: f(COUNTS.astype(np.uint8)),
    "empty_like": lambda f, x: f(x) * 0,
}
_PLAIN_COUNTS = {"packbits", "unpackbits", "ravel_multi_index", "unravel_index", "ix_"}
CONSTANT_ONES = [f for f in EVERYTHING if _class(f) == CONSTANT]


def _takes_integers(function):
    return isinstance(function, np.ufunc) and not any("d" in types for types in function.types)


def _called(function, x):
    name = name_of(function)
    if name in CALLS:
        return CALLS[name](function, x)
    if _takes_integers(function):
        x = tensor(COUNTS) if isinstance(x, autograd.Tensor) else COUNTS
    if (isinstance(function, np.ufunc) and function.nin == 2) or name in (
        "allclose", "array_equal", "array_equiv", "isclose",
    ):  # fmt: skip
        return function(x, x)
    return function(x)


def _parts(result):
    return result if isinstance(result, (tuple, list)) else [result]


@pytest.mark.parametrize("function", CONSTANT_ONES, ids=name_of)
def test_a_constant_has_numpys_value_and_a_gradient_of_zero(function):
    x = tensor(X, requires_grad=True)
    found = _called(function, x)
    for ours, theirs in zip(_parts(found), _parts(_called(function, X)), strict=True):
        np.testing.assert_array_equal(getattr(ours, "_data", ours), theirs)
        if isinstance(theirs, np.ndarray) and name_of(function) not in _PLAIN_COUNTS:
            assert isinstance(ours, autograd.Tensor)
        if getattr(ours, "requires_grad", False):
            (ours.sum() + (x * 2).sum()).backward()
            np.testing.assert_array_equal(x.grad.numpy(), np.full(X.shape, 2.0))


# ------------------------------------------------------------------ no array operations

LOOKS = {
    "array2string": lambda f, x: f(x),
    "array_repr": lambda f, x: f(x),
    "array_str": lambda f, x: f(x),
    "can_cast": lambda f, x: f(x, np.float64),
    "common_type": lambda f, x: f(x),
    "einsum_path": lambda f, x: f("ij,ij->i", x, x),
    "iscomplexobj": lambda f, x: f(x),
    "isrealobj": lambda f, x: f(x),
    "may_share_memory": lambda f, x: f(x, X[:1].copy()),
    "min_scalar_type": lambda f, x: f(x),
    "ndim": lambda f, x: f(x),
    "result_type": lambda f, x: f(x, np.float32),
    "shape": lambda f, x: f(x),
    "shares_memory": lambda f, x: f(x, X[:1].copy()),
    "size": lambda f, x: f(x),
}
FILES = {"save", "savetxt", "savez", "savez_compressed"}


@pytest.mark.parametrize("name", sorted(coverage.LOOKS - FILES))
def test_a_look_works_on_the_value(name):
    x = tensor(X, requires_grad=True)
    function = getattr(np, name)
    assert LOOKS[name](function, x) == LOOKS[name](function, X)


@pytest.mark.parametrize("name", sorted(FILES))
def test_files_get_the_value(tmp_path, name):
    path = tmp_path / "x.npz"
    with open(path, "wb") as file:
        getattr(np, name)(file, tensor(X, requires_grad=True))
    if name == "savetxt":
        found = np.loadtxt(path)
    else:
        found = np.load(path)
    np.testing.assert_array_equal(found if name in ("save", "savetxt") else found["arr_0"], X)


MADE = {
    "arange": lambda f, like: f(3.0, like=like),
    "array": lambda f, like: f([1.0, 2.0], like=like),
    "asanyarray": lambda f, like: f([1.0, 2.0], like=like),
    "asarray": lambda f, like: f([1.0, 2.0], like=like),
    "ascontiguousarray": lambda f, like: f([1.0, 2.0], like=like),
    "asfortranarray": lambda f, like: f([1.0, 2.0], like=like),
    "empty": lambda f, like: f(0, like=like),
    "eye": lambda f, like: f(2, like=like),
    "frombuffer": lambda f, like: f(b"\1\2", np.uint8, like=like),
    "fromfunction": lambda f, like: f(lambda i: i, (3,), like=like),
    "fromiter": lambda f, like: f([1.0, 2.0], float, like=like),
    "fromstring": lambda f, like: f("1 2", sep=" ", like=like),
    "full": lambda f, like: f((2,), 3.0, like=like),
    "identity": lambda f, like: f(2, like=like),
    "ones": lambda f, like: f(2, like=like),
    "require": lambda f, like: f([1.0, 2.0], like=like),
    "tri": lambda f, like: f(2, like=like),
    "zeros": lambda f, like: f(2, like=like),
}
FROM_FILES = {"fromfile", "genfromtxt", "loadtxt"}


def test_all_that_make_arrays_are_called_here():
    assert set(MADE) | FROM_FILES == coverage.MADE


@pytest.mark.parametrize("name", MADE)
def test_like_a_tensor(name):
    function = getattr(np, name)
    made, expected = MADE[name](function, tensor(X, requires_grad=True)), MADE[name](function, X)
    assert isinstance(made, autograd.Tensor)
    assert not made.requires_grad
    assert made.dtype == expected.dtype
    np.testing.assert_array_equal(made.numpy(), expected)


@pytest.mark.parametrize("name", sorted(FROM_FILES))
def test_read_like_a_tensor(tmp_path, name):
    path = tmp_path / "x.txt"
    np.savetxt(path, X[0])
    if name == "fromfile":  # by the protocol: NumPy 2.4.6 itself crashes on fromfile(path, like=...)
        made = tensor(X).__array_function__(np.fromfile, (autograd.Tensor,), (str(path),), {"sep": "\n"})
    else:
        made = getattr(np, name)(path, like=tensor(X))
    assert isinstance(made, autograd.Tensor)
    np.testing.assert_array_equal(made.numpy(), X[0])


REFUSED = {
    "strings.upper": lambda x: np.strings.upper(x),
    "char.equal": lambda x: np.char.equal(x, x),
    "isnat": lambda x: np.isnat(x),
    "busday_count": lambda x: np.busday_count(x, x),
    "busday_offset": lambda x: np.busday_offset(x, 1),
    "datetime_as_string": lambda x: np.datetime_as_string(x),
    "is_busday": lambda x: np.is_busday(x),
    "lib.recfunctions.repack_fields": lambda x: np.lib.recfunctions.repack_fields(x),
    "lib.recfunctions.structured_to_unstructured": (
        lambda x: np.lib.recfunctions.structured_to_unstructured(x)
    ),
    "str_len": lambda x: np._core.umath.str_len(x),
    "isalpha": lambda x: np._core.umath.isalpha(x),
}


@pytest.mark.parametrize("name", REFUSED)
def test_the_rest_is_refused_by_name(name):
    with pytest.raises(NotDifferentiable, match=rf"numpy\.{name} has no derivative"):
        REFUSED[name](tensor(X, requires_grad=True))
    assert name in coverage.REFUSED or name.startswith(coverage.TEXT)


@pytest.mark.parametrize(
    "function", [f for f in EVERYTHING if isinstance(f, np.ufunc) and _class(f) == NO_ARRAY], ids=name_of
)
def test_ufuncs_of_text_and_dates_are_refused_by_name(function):
    x = tensor(X, requires_grad=True)
    with pytest.raises(NotDifferentiable, match=rf"numpy\.{name_of(function)} has no derivative"):
        function(*[x] * function.nin)
