"""Writes: what is refused, what is left as it was, and what leaves no trace on the tape."""

from __future__ import annotations

import numpy as np
import pytest

import autograd
import autograd.numpy as anp
from autograd import no_grad, tensor
from autograd.errors import (
    AutogradError,
    DtypeError,
    IndexingError,
    LeafWriteError,
    ShapeError,
)


@pytest.fixture
def x():
    return tensor([[1.0, 2.0, 3.0], [4.0, 5.0, 6.0]], requires_grad=True)


# ------------------------------------------------------------------ leaves


LEAF_WRITES = {
    "element": lambda x: x.__setitem__((0, 0), 1.0),
    "row": lambda x: x.__setitem__(0, 1.0),
    "all": lambda x: x.__setitem__(Ellipsis, 0.0),
    "add": lambda x: x.__iadd__(1.0),
    "multiply": lambda x: x.__imul__(2.0),
    "view": lambda x: x[0].__setitem__(0, 1.0),
    "view of a view": lambda x: x.T[1:].__iadd__(1.0),
    "reshape": lambda x: x.reshape(6).__setitem__(0, 1.0),
    "add_": lambda x: x.add_(1.0),
    "zero_": lambda x: x.zero_(),
    "fill_": lambda x: x.fill_(3.0),
    "copy_": lambda x: x.copy_(tensor(np.zeros((2, 3)))),
    "out": lambda x: anp.multiply(2.0, x, out=x),
}


@pytest.mark.parametrize("name", LEAF_WRITES)
def test_leaves_are_not_written_while_recording(x, name):
    with pytest.raises(LeafWriteError, match=r"leaf that requires grad.*no_grad\(\)"):
        LEAF_WRITES[name](x)
    assert x.tolist() == [[1.0, 2.0, 3.0], [4.0, 5.0, 6.0]]
    assert x.is_leaf
    (x * x).sum().backward()
    assert x.grad.tolist() == [[2.0, 4.0, 6.0], [8.0, 10.0, 12.0]]


@pytest.mark.parametrize("name", [n for n in LEAF_WRITES if n != "out"])
def test_leaves_are_written_under_no_grad(x, name):
    y = (x * x).sum()
    array = x.detach().copy().numpy()
    with no_grad():
        LEAF_WRITES[name](x)
    expected = tensor(array)
    LEAF_WRITES[name](expected)
    assert x.tolist() == expected.tolist()
    assert x.is_leaf
    assert x.requires_grad
    y.backward()
    np.testing.assert_array_equal(x.grad.numpy(), 2 * array)


def test_gradient_descent(x):
    for _ in range(100):
        x.grad = None
        ((x - 3) ** 2).sum().backward()
        with no_grad():
            x -= 0.1 * x.grad
    np.testing.assert_allclose(x.detach().numpy(), 3.0, 1e-6)
    assert x.is_leaf


def test_writing_the_gradient_itself(x):
    (x * 2).sum().backward()
    x.grad *= 0.5
    x.grad[0] = 0.0
    assert x.grad.tolist() == [[0.0] * 3, [1.0] * 3]
    (x * 2).sum().backward()
    assert x.grad.tolist() == [[2.0] * 3, [3.0] * 3]


# ------------------------------------------------------------------ what is refused


REFUSED = {
    "shape": (ShapeError, lambda t, v: t.__setitem__(0, tensor(np.ones(4)) * v)),
    "bounds": (IndexingError, lambda t, v: t.__setitem__(5, v)),
    "bounds of integers": (IndexingError, lambda t, v: t.__setitem__([0, 7], v)),
    "float index": (IndexingError, lambda t, v: t.__setitem__(0.5, v)),
    "text index": (IndexingError, lambda t, v: t.__setitem__("a", v)),
    "too many indices": (IndexingError, lambda t, v: t.__setitem__((0, 0, 0), v)),
    "mask of another shape": (IndexingError, lambda t, v: t.__setitem__(np.ones((3, 3), bool), v)),
    "text": (AutogradError, lambda t, v: t.__setitem__(0, "a")),
    "complex": (DtypeError, lambda t, v: t.__setitem__(0, 1j)),
    "complex with a gradient": (DtypeError, lambda t, v: t.__setitem__(0, v * 1j)),
    "augmented shape": (ShapeError, lambda t, v: t.__iadd__(tensor(np.ones((4, 2, 3))) * v)),
    "augmented that does not broadcast": (ShapeError, lambda t, v: t.__iadd__(tensor(np.ones(4)) * v)),
    "augmented complex": (DtypeError, lambda t, v: t.__imul__(1j)),
    "object": (AutogradError, lambda t, v: t.__setitem__(0, np.array([{}, {}, {}], object))),
}


@pytest.mark.parametrize("recorded", [True, False])
@pytest.mark.parametrize("name", REFUSED)
def test_a_refused_write_changes_nothing(x, name, recorded):
    error, write = REFUSED[name]
    v = tensor(2.0, requires_grad=True)
    t = x * 1 if recorded else tensor(x.tolist())
    view, node = t[1], t._node
    with pytest.raises(error):
        write(t, v if recorded else 2.0)
    assert t.tolist() == x.tolist()
    assert view.tolist() == x.tolist()[1]
    assert t._node is node
    if recorded:
        (t * t).sum().backward()
        np.testing.assert_array_equal(x.grad.numpy(), 2 * x.detach().numpy())
        assert v.grad is None


def test_integers_take_no_gradient():
    k, v = tensor([1, 2]), tensor(3.0, requires_grad=True)
    with pytest.raises(DtypeError, match="its gradient would be lost"):
        k[0] = v
    with pytest.raises(DtypeError, match="cannot hold"):
        k += v
    assert k.tolist() == [1, 2]
    k[0] = 5
    k += 1
    assert k.tolist() == [6, 3]
    assert k.dtype == np.int64


def test_a_write_to_a_broadcast_view_is_to_that_element_alone():
    x = tensor([1.0, 2.0, 3.0], requires_grad=True)
    wide = (x * 1).expand(2, 3)
    wide[0, 0] = 5.0
    assert wide.tolist() == [[5.0, 2.0, 3.0], [1.0, 2.0, 3.0]]
    wide.sum().backward()
    assert x.grad.tolist() == [1.0, 2.0, 2.0]


# ------------------------------------------------------------------ dtypes


def test_a_write_keeps_the_dtype():
    t = tensor(np.zeros(3, np.float32), requires_grad=True) * 1
    v = tensor([1.0, 2.0, 3.0], requires_grad=True)
    t[...] = v
    t += v
    assert t.dtype == np.float32
    t.sum().backward()
    assert v.grad.dtype == np.float64
    assert v.grad.tolist() == [2.0, 2.0, 2.0]


def test_an_integer_written_to_a_float():
    t = tensor([1.5, 2.5], requires_grad=True) * 1
    t[0] = 3
    t[1] = np.int8(4)
    assert t.tolist() == [3.0, 4.0]
    assert t.dtype == np.float64


def test_a_scalar_is_written_with_an_ellipsis():
    x = tensor(2.0, requires_grad=True)
    t = x * 3
    t[...] = t * x
    t[()] = t + 1
    t += x
    t.backward()
    assert t.item() == 15.0
    assert x.grad.item() == 13.0


# ------------------------------------------------------------------ the place in the graph


def test_a_constant_becomes_recorded():
    t, v = tensor(np.zeros(3)), tensor(2.0, requires_grad=True)
    view = t[:2]
    t[1] = v * v
    assert t.requires_grad
    assert view.requires_grad
    view.sum().backward()
    assert v.grad.item() == 4.0


def test_overwriting_everything_cuts_the_gradient():
    x = tensor([1.0, 2.0], requires_grad=True)
    t = x * 3
    t[...] = 0.0
    (t + x).sum().backward()
    assert x.grad.tolist() == [1.0, 1.0]


def test_a_view_that_is_a_leaf_stays_one_when_its_base_is_written():
    base, w = tensor([[1.0, 2.0], [3.0, 4.0]]), tensor(5.0, requires_grad=True)
    view = base[0].requires_grad_()
    base[1] = w * 2
    assert view.is_leaf
    (view * view).sum().backward()
    assert view.grad.tolist() == [2.0, 4.0]
    base[1].sum().backward()
    assert w.grad.item() == 4.0


def test_no_grad_writes_leave_the_graph_alone():
    x = tensor([1.0, 2.0], requires_grad=True)
    t = x * 3
    y = (t * t).sum()
    with no_grad():
        t *= 100.0
        t[0] = -1.0
    assert t.tolist() == [-1.0, 600.0]
    y.backward()
    assert x.grad.tolist() == [18.0, 36.0]


def test_no_grad_writes_reach_all_views():
    t = tensor([[1.0, 2.0], [3.0, 4.0]], requires_grad=True) * 1
    row, turned = t[0], t.T
    y = (row * row).sum()
    with no_grad():
        turned[0, 0] = 9.0
    assert (t.tolist(), row.tolist()) == ([[9.0, 2.0], [3.0, 4.0]], [9.0, 2.0])
    assert turned.tolist() == [[9.0, 3.0], [2.0, 4.0]]
    y.backward()


def test_hooks_and_retained_gradients_stay_with_the_value_they_were_set_on():
    x, seen = tensor([1.0, 2.0], requires_grad=True), []
    t = x * 2
    t.register_hook(lambda g: seen.append(g.tolist()))
    t *= 5
    t.sum().backward()
    assert seen == [[5.0, 5.0]]
    assert x.grad.tolist() == [10.0, 10.0]


def test_version_saved_by_an_earlier_use_is_the_earlier_one():
    x = tensor([1.0, 2.0], requires_grad=True)
    t = x * 1
    y = t.sin()
    t[0] = 100.0
    z = t.sin()
    (y.sum() + z.sum()).backward()
    np.testing.assert_allclose(x.grad.numpy(), [np.cos(1.0), 2 * np.cos(2.0)], 1e-15)


def test_out_keyword():
    x = tensor([1.0, 2.0], requires_grad=True)
    t = x * 0
    result = np.multiply(x, 3.0, out=t)
    assert result is t
    anp.add(t, x, out=t)
    t.sum().backward()
    assert t.tolist() == [4.0, 8.0]
    assert x.grad.tolist() == [4.0, 4.0]
    with pytest.raises(AutogradError, match="out= must be a Tensor"):
        np.multiply(x, 3.0, out=np.zeros(2))


def test_inside_grad():
    def f(x):
        t = x * 1
        t[0] = t[1] * x[2]
        t[1:] *= t[0]
        return t.sum()

    g = autograd.grad(f)(np.array([5.0, 2.0, 3.0]))
    # b c + b**2 c + b c**2
    np.testing.assert_allclose(g, [0.0, 3.0 + 12.0 + 9.0, 2.0 + 4.0 + 12.0], 1e-15)


def test_writes_inside_a_differentiable_sweep_come_from_rules_alone():
    x = tensor([1.0, 2.0, 3.0], requires_grad=True)
    t = x * x
    t[1] = t[0] * t[2]
    (g,) = autograd.gradients((t * t).sum(), x, create_graph=True)
    (h,) = autograd.gradients(g.sum(), x)
    a, c = 1.0, 3.0
    f_aa, f_ac, f_cc = 12 * a**2 + 12 * a**2 * c**4, 16 * a**3 * c**3, 12 * c**2 + 12 * a**4 * c**2
    np.testing.assert_allclose(h.numpy(), [f_aa + f_ac, 0.0, f_cc + f_ac], 1e-14)
