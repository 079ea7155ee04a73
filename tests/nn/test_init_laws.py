"""Initialisers that draw from other laws, or follow a pattern; empty tensors; refusals."""

from __future__ import annotations

import math

import numpy as np
import pytest

from autograd import tensor
from autograd.errors import ArgumentError, DtypeError, OperandError, ShapeError
from nn import Parameter, init

RANDOM = {
    "uniform_": init.uniform_,
    "normal_": init.normal_,
    "trunc_normal_": init.trunc_normal_,
    "xavier_uniform_": init.xavier_uniform_,
    "xavier_normal_": init.xavier_normal_,
    "kaiming_uniform_": init.kaiming_uniform_,
    "kaiming_normal_": init.kaiming_normal_,
    "orthogonal_": init.orthogonal_,
    "sparse_": lambda t, **options: init.sparse_(t, 0.5, **options),
}


def normal_cdf(x):
    return np.array([0.5 * math.erfc(-v / math.sqrt(2)) for v in np.ravel(x)])


def truncated_cdf(x, low, high):
    """Of the standard normal law in [low, high], far tails included."""
    if low > 0:  # erfc is exact where it is small
        x, low, high = -x, -high, -low
        return 1 - truncated_cdf(x, low, high)
    below, whole = normal_cdf([low])[0], normal_cdf([high])[0]
    return (normal_cdf(x) - below) / (whole - below)


def check_law(values, cdf):
    """Kolmogorov and Smirnov's test, at a level of 1 in 10000."""
    x = np.sort(np.ravel(values))
    n = x.size
    expected = cdf(x)
    distance = max(
        np.max(np.arange(1, n + 1) / n - expected),
        np.max(expected - np.arange(n) / n),
    )
    assert distance < math.sqrt(math.log(2 / 1e-4) / 2 / n), distance


# ------------------------------------------------------------------ laws


@pytest.mark.parametrize(("a", "b"), [(0.0, 1.0), (-3.0, 5.0), (1e3, 1e3 + 1)])
def test_uniform(a, b):
    values = init.uniform_(tensor(np.zeros(20000)), a, b, 1).numpy()
    check_law(values, lambda x: (x - a) / (b - a))


@pytest.mark.parametrize(("mean", "std"), [(0.0, 1.0), (5.0, 0.1)])
def test_normal(mean, std):
    values = init.normal_(tensor(np.zeros(20000)), mean, std, 2).numpy()
    check_law(values, lambda x: normal_cdf((x - mean) / std))


@pytest.mark.parametrize(
    ("mean", "std", "a", "b"),
    [
        (0.0, 1.0, -2.0, 2.0),
        (0.0, 0.02, -2.0, 2.0),
        (1.0, 2.0, -1.0, 1.5),
        (0.0, 1.0, -0.1, 0.3),
        (0.0, 1.0, 0.5, 9.0),
        (0.0, 1.0, 3.0, 4.0),
        (0.0, 1.0, 6.0, math.inf),
        (0.0, 1.0, -math.inf, -6.0),
        (0.0, 1.0, -7.0, -6.9),
        (0.0, 1.0, 0.1, 0.2),
        (0.0, 1.0, 2.0, 2.01),
        (0.0, 1.0, -math.inf, math.inf),
        (0.0, 1.0, 0.0, math.inf),
    ],
)
def test_truncated_normal(mean, std, a, b):
    values = init.trunc_normal_(tensor(np.zeros((200, 50))), mean, std, a, b, 3).numpy()
    assert a <= values.min()
    assert values.max() <= b
    check_law(values, lambda x: truncated_cdf((x - mean) / std, (a - mean) / std, (b - mean) / std))


def test_truncated_normal_at_the_edges():
    t = tensor(np.zeros(100, np.float32))
    assert set(init.trunc_normal_(t, 0.0, 0.0, 1.0, 2.0).tolist()) == {1}
    assert set(init.trunc_normal_(t, 0.0, 1.0, 3.0, 3.0, 0).tolist()) == {3}
    values = init.trunc_normal_(t, 0.0, 1.0, 50.0, 51.0, 0).numpy()
    assert 50 <= values.min() <= values.max() < 50.5
    assert abs(values.mean() - 50.02) < 0.01


def test_sparse():
    values = init.sparse_(tensor(np.zeros((40, 500))), 0.33, 2.0, 4).numpy()
    zeros = values == 0
    assert (zeros.sum(0) == math.ceil(0.33 * 40)).all()
    check_law(values[~zeros], lambda x: normal_cdf(x / 2))
    share = zeros.mean(1)  # every row is as likely to be chosen
    assert abs(share - 14 / 40).max() < 5 * math.sqrt(0.35 * 0.65 / 500)
    assert not init.sparse_(tensor(np.ones((3, 2))), 1.0).numpy().any()
    assert init.sparse_(tensor(np.zeros((3, 2))), 0.0, generator=0).numpy().all()


@pytest.mark.parametrize("shape", [(4, 4), (6, 3), (3, 6), (2, 3, 4), (5, 2, 2, 1), (1, 5), (5, 1)])
@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_orthogonal(shape, dtype):
    t = tensor(np.zeros(shape, dtype))
    q = init.orthogonal_(t, 3.0, 5).numpy().reshape(shape[0], -1)
    small = q @ q.T if q.shape[0] <= q.shape[1] else q.T @ q
    np.testing.assert_allclose(small, 9 * np.eye(len(small)), atol=1e-5 if dtype == np.float32 else 1e-12)
    assert t.dtype == dtype


def test_orthogonal_matrices_are_all_equally_likely():
    """A rotation of the plane has a uniform angle; half of the matrices are reflections."""
    rng = np.random.default_rng(6)
    drawn = [init.orthogonal_(tensor(np.zeros((2, 2))), generator=rng).numpy() for _ in range(2000)]
    angles = np.array([math.atan2(q[1, 0], q[0, 0]) for q in drawn])
    check_law(angles, lambda x: (x + math.pi) / (2 * math.pi))
    signs = np.array([np.linalg.det(q) for q in drawn])
    assert abs(signs.mean()) < 4 / math.sqrt(len(drawn))


# ------------------------------------------------------------------ patterns


def test_eye():
    t = tensor(np.full((2, 3), 7, np.float32))
    assert init.eye_(t) is t
    assert t.tolist() == [[1, 0, 0], [0, 1, 0]]
    assert t.dtype == np.float32


@pytest.mark.parametrize("kernel", [(3,), (2,), (3, 5), (1, 2, 3)])
@pytest.mark.parametrize(("out", "into", "groups"), [(4, 4, 1), (2, 5, 1), (5, 2, 1), (4, 2, 2), (6, 3, 3)])
def test_dirac(out, into, groups, kernel):
    w = init.dirac_(tensor(np.full((out, into, *kernel), 7.0)), groups).numpy()
    centre = tuple(n // 2 for n in kernel)
    each = out // groups
    for o in range(out):
        for i in range(into):
            expected = 1 if o % each == i else 0
            assert w[(o, i, *centre)] == expected
            assert w[o, i].sum() == expected


def test_dirac_lets_signals_through():
    x = np.arange(8.0)
    w = init.dirac_(tensor(np.zeros((1, 1, 3)))).numpy()[0, 0]
    np.testing.assert_array_equal(np.convolve(x, w, "same"), x)


# ------------------------------------------------------------------ empty tensors


@pytest.mark.parametrize("shape", [(0, 3), (3, 0), (0, 0)])
@pytest.mark.parametrize("name", [*RANDOM, "eye_", "zeros_", "ones_"])
def test_empty_tensors_stay_as_they_are(name, shape):
    t = tensor(np.zeros(shape, np.float32))
    fill = RANDOM.get(name) or getattr(init, name)
    assert fill(t) is t
    assert t.shape == shape


def test_empty_kernels():
    for shape in ((0, 3, 2), (3, 0, 2), (2, 2, 0)):
        for fill in (init.dirac_, init.kaiming_normal_, init.orthogonal_):
            assert fill(tensor(np.zeros(shape))).shape == shape


# ------------------------------------------------------------------ what they take


@pytest.mark.parametrize("name", RANDOM)
def test_kinds(name):
    array = np.zeros((4, 3), np.float32)
    filled = RANDOM[name](array, generator=0)
    assert filled is array
    p = Parameter(np.zeros((4, 3), np.float32))
    np.testing.assert_array_equal(RANDOM[name](p, generator=0).detach().numpy(), array)
    assert array.any()
    with pytest.raises(DtypeError, match="a tensor of int64 cannot hold what is drawn"):
        RANDOM[name](tensor([[1, 2]]))
    for odd in ([[1.0, 2.0]], 3.0, None):
        with pytest.raises(OperandError, match="expected a Tensor to fill"):
            RANDOM[name](odd)


@pytest.mark.parametrize(
    ("call", "error", "why"),
    [
        (lambda t: init.normal_(t, 0, -1), ArgumentError, "normal_: std must be at least 0, got -1"),
        (lambda t: init.normal_(t, 0, math.nan), ArgumentError, "normal_: std"),
        (lambda t: init.normal_(t, math.nan), ArgumentError, "normal_: mean must be a number, got nan"),
        (lambda t: init.normal_(t, "0"), OperandError, "normal_: mean must be a number, got str '0'"),
        (lambda t: init.uniform_(t, 1, 0), ArgumentError, "uniform_: b must be at least 1, got 0"),
        (lambda t: init.uniform_(t, math.nan, 0), ArgumentError, "uniform_: a must be"),
        (lambda t: init.trunc_normal_(t, 0, -1), ArgumentError, "trunc_normal_: std must be at least 0"),
        (lambda t: init.trunc_normal_(t, a=1, b=0), ArgumentError, "trunc_normal_: b must be at least 1"),
        (lambda t: init.trunc_normal_(t, a=math.inf, b=math.inf), ArgumentError, "no numbers between"),
        (lambda t: init.trunc_normal_(t, math.inf), ArgumentError, "no numbers between"),
        (lambda t: init.sparse_(t, 1.5), ArgumentError, "sparsity must be at most 1, got 1.5"),
        (lambda t: init.sparse_(t, -0.1), ArgumentError, "sparsity must be at least 0"),
        (lambda t: init.xavier_normal_(t, -1), ArgumentError, "xavier_normal_: gain must be at least 0"),
        (lambda t: init.dirac_(t), ShapeError, r"dirac_: expected 3 or 4 or 5 axes, got shape \(4, 3\)"),
        (lambda t: init.eye_(t.reshape(2, 2, 3)), ShapeError, "eye_: expected 2 axes"),
        (lambda t: init.sparse_(t[0], 0.5), ShapeError, "sparse_: expected 2 axes"),
        (lambda t: init.orthogonal_(t[0]), ShapeError, "orthogonal_: expected at least 2 axes"),
        (lambda t: init.dirac_(t.reshape(4, 3, 1), 3), ShapeError, "3 groups do not divide the 4 output"),
        (lambda t: init.dirac_(t.reshape(4, 3, 1), 0), ArgumentError, "groups must be a positive integer"),
        (lambda t: init.calculate_gain("identity"), ArgumentError, "unknown nonlinearity 'identity'"),
        (lambda t: init.calculate_gain("conv4d"), ArgumentError, "unknown nonlinearity 'conv4d'"),
        (lambda t: init.calculate_gain("leaky_relu", True), OperandError, "the negative slope"),
        (lambda t: init.calculate_gain("leaky_relu", "x"), OperandError, "the negative slope"),
    ],
)
def test_refusals(call, error, why):
    t = tensor(np.full((4, 3), 7.0))
    with pytest.raises(error, match=why):
        call(t)
    assert (t.numpy() == 7).all()


def test_modes_are_read_in_any_case():
    a = init.kaiming_normal_(tensor(np.zeros((5, 3))), mode="FAN_OUT", generator=0)
    b = init.kaiming_normal_(tensor(np.zeros((5, 3))), mode="fan_out", generator=0)
    assert a.tolist() == b.tolist()


def test_integers_can_be_filled_with_constants():
    t = tensor(np.full((2, 2), 5))
    assert init.zeros_(t).tolist() == [[0, 0], [0, 0]]
    assert init.eye_(t).tolist() == [[1, 0], [0, 1]]
    assert init.constant_(t, 3).tolist() == [[3, 3], [3, 3]]
    assert t.dtype == np.int64
