"""NumPy's protocols: its functions on Tensors do the right thing or refuse by name."""

from __future__ import annotations

import subprocess
import sys

import numpy as np
import numpy.lib.recfunctions  # NumPy does not import it by itself
import pytest

import autograd
from autograd import no_grad, tensor
from autograd.errors import NotDifferentiable, RequiresGradError


@pytest.fixture
def x():
    return tensor([[3.0, 1.0], [2.0, 4.0]], requires_grad=True)


def test_ufuncs_and_functions_record(x):
    y = np.sum(np.exp(x), axis=0)
    assert isinstance(y, autograd.Tensor)
    y.sum().backward()
    np.testing.assert_array_equal(x.grad.numpy(), np.exp(x.detach().numpy()))


def test_sequences_with_a_tensor_in_them(x):
    out = np.concatenate([x, np.ones((1, 2))])
    out = np.stack([out, out * 2])
    out = np.vstack([out[0], [[1.0, 2.0]]])
    out.sum().backward()
    assert x.grad.tolist() == [[1.0, 1.0], [1.0, 1.0]]


UNSUPPORTED = {
    "numpy.divmod.outer": lambda x: np.divmod.outer(x, x),
    "numpy.lib.recfunctions.repack_fields": lambda x: np.lib.recfunctions.repack_fields(x),
}


@pytest.mark.parametrize("name", UNSUPPORTED)
def test_unsupported_functions_are_refused_by_name(x, name):
    with pytest.raises(NotDifferentiable, match=rf"{name.split('.')[-1]} has no derivative here.*detach"):
        UNSUPPORTED[name](x)


@pytest.mark.parametrize("name", UNSUPPORTED)
def test_unsupported_functions_work_on_values(x, name):
    plain = UNSUPPORTED[name](x.detach().numpy())
    with no_grad():
        quiet = UNSUPPORTED[name](x)
    for found in (quiet, UNSUPPORTED[name](x.detach())):
        pairs = zip(found, plain, strict=True) if isinstance(plain, tuple) else [(found, plain)]
        for a, b in pairs:
            np.testing.assert_array_equal(a, b)


def test_refusal_reaches_into_lists_and_keywords(x):
    with pytest.raises(NotDifferentiable, match="merge_arrays"):
        np.lib.recfunctions.merge_arrays([x, x])
    with pytest.raises(NotDifferentiable, match="busday_offset"):
        np.busday_offset("2020-01-01", offsets=x)


def test_in_place_operators_of_ndarrays(x):
    a = np.ones((2, 2))
    with pytest.raises(NotDifferentiable, match="out= must be a Tensor"):
        a += x
    assert (a == 1).all()
    a = a + x
    assert isinstance(a, autograd.Tensor)


def test_numpy_scalars_and_arrays_give_way(x):
    for left in (np.float64(2.0), np.ones((2, 2)), np.float32(1), np.int64(3), np.array(2.0)):
        for out in (left + x, left * x, left - x, left / x, left**x, left < x, left == x):
            assert isinstance(out, autograd.Tensor)
            assert out.shape == (2, 2)


def test_other_types_may_take_over():
    class Other:
        __array_ufunc__ = None

        def __rmul__(self, other):
            return "mine"

        def __radd__(self, other):
            return NotImplemented

    assert tensor(1.0) * Other() == "mine"
    with pytest.raises(autograd.errors.OperandError, match=r"add: argument 'y' .* got Other"):
        tensor(1.0) + Other()


def test_a_table_filled_by_others_first_still_gets_numpys():
    """SciPy's functions may be entered before NumPy's, which come when first needed."""
    code = (
        "import numpy as np, autograd\n"
        "from autograd.protocols import IMPLEMENTATIONS\n"
        "IMPLEMENTATIONS[np.spacing] = abs\n"
        "out = np.float64(3.0) - autograd.tensor([1.0, 2.0], requires_grad=True)\n"
        "assert out.requires_grad and out.tolist() == [2.0, 1.0]\n"
    )
    subprocess.run([sys.executable, "-c", code], check=True)


def test_things_with_an_array_are_arrays():
    class Wrapped:
        def __array__(self, dtype=None, copy=None):
            return np.array([1.0, 2.0])

    x = tensor([3.0, 4.0], requires_grad=True)
    (x * Wrapped()).sum().backward()
    assert x.grad.tolist() == [1.0, 2.0]


def test_comparisons_and_indices_have_no_gradient(x):
    for out in (x > 2, x == 3.0, np.argmax(x), x.argsort(), np.isnan(x), ~(x > 2), (x > 2) & (x < 4)):
        assert isinstance(out, autograd.Tensor)
        assert not out.requires_grad
    assert hash(x) == hash(x)
    assert len({x, x * 1, x}) == 2


def test_sizes_are_numbers(x):
    assert x.size == 4
    assert (np.ones(2, np.float32) / x.size).dtype == np.float32
    assert (x.float() / x.size).dtype == np.float32
    assert isinstance(x.size + 1, int)
    assert np.full(x.size, 1.0).shape == (4,)
    assert np.sqrt(x.size) == 2.0


def test_conversions(x):
    one = x[0, 0]
    assert (float(one), int(one), complex(one), bool(one)) == (3.0, 3, 3 + 0j, True)
    assert [0, 1, 2, 3][tensor(2)] == 2
    assert f"{one:.2f}" == "3.00"
    assert f"{x.detach()}" == str(x.detach())
    assert len(x) == 2
    assert 3.0 in x
    assert [r.tolist() for r in x] == x.tolist()
    assert x.item(1, 0) == 2.0
    with pytest.raises((TypeError, ValueError)):
        float(x)
    with pytest.raises(ValueError, match="ambiguous"):
        bool(x)


@pytest.mark.parametrize(
    ("t", "text"),
    [
        (tensor(1.0), "tensor(1.)"),
        (tensor([1, 2]), "tensor([1, 2])"),
        (tensor([1.5], requires_grad=True), "tensor([1.5], requires_grad=True)"),
        (tensor([1.5], dtype=np.float32), "tensor([1.5], dtype=float32)"),
        (tensor([[1.0, 2.0], [3.0, 4.0]]), "tensor([[1., 2.],\n        [3., 4.]])"),
    ],
)
def test_repr(t, text):
    assert repr(t) == text


@pytest.mark.parametrize("dtype", [float, complex, np.float32, object])
def test_an_item_of_an_array_is_no_place_for_a_gradient(x, dtype):
    """NumPy asks for `float(t)` there, which is a number in PyTorch's way: the gradient was lost."""
    a = np.zeros(3, dtype)
    if dtype is object:
        a[0] = x[0, 0]
        assert a[0].requires_grad
        return
    with pytest.raises((RequiresGradError, ValueError)) as caught:
        a[0] = x[0, 0]
    error = caught.value.__cause__ or caught.value  # NumPy hides it behind its own for real arrays
    assert isinstance(error, RequiresGradError)
    assert "gradient in an ndarray" in str(error)
    assert a.tolist() == [0, 0, 0]
    a[0] = float(x[0, 0])
    a[1] = x[0, 1].detach()
    with no_grad():
        a[2] = x[1, 0]
    assert a.tolist() == [3, 1, 2]
