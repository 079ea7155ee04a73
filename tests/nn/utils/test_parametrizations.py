"""Weight and spectral normalisation, orthogonal matrices."""

from __future__ import annotations

import copy
import math

import numpy as np
import pytest

import nn
import optim
from autograd import no_grad, tensor
from autograd.errors import ArgumentError, ShapeError
from autograd.ops.linear_systems import inv
from autograd.ops.neural.matrices import matrix_exp
from nn.utils.parametrizations import orthogonal, spectral_norm, weight_norm
from nn.utils.parametrize import remove_parametrizations
from tests.nn.derivatives import check_derivatives


class Holds(nn.Module):
    """A weight of any shape."""

    def __init__(self, shape, seed=0, dtype=np.float64):
        super().__init__()
        self.weight = nn.Parameter(np.random.default_rng(seed).normal(size=shape).astype(dtype))


def values(module):
    return module.weight.detach().numpy()


def as_function(module):
    """The weight as a function of the originals, and these."""
    names = [n for n, _ in module.named_parameters()]

    def f(*arrays):
        listed = module.parametrizations.weight
        for name, a in zip(names, arrays, strict=True):
            listed.__dict__[name.rpartition(".")[2]] = a if not isinstance(a, np.ndarray) else tensor(a)
        return module.weight

    return f, [p.detach().numpy().copy() for p in module.parameters()]


# ------------------------------------------------------------------ weight normalisation


@pytest.mark.parametrize("shape", [(3, 4), (2, 3, 2), (5,), (1, 1)])
@pytest.mark.parametrize("dim", [0, None, -1])
def test_weight_norm_keeps_the_weight_and_splits_it(shape, dim):
    m = Holds(shape)
    before = values(m).copy()
    assert weight_norm(m, dim=dim) is m
    np.testing.assert_allclose(values(m), before, rtol=1e-13)
    g, v = (p.detach().numpy() for p in m.parameters())
    axes = tuple(range(1, len(shape))) if dim == 0 else None
    np.testing.assert_allclose(g, np.sqrt((before**2).sum(axes, keepdims=dim == 0)), rtol=1e-13)
    np.testing.assert_array_equal(v, before)
    assert g.shape == ((shape[0], *[1] * (len(shape) - 1)) if dim == 0 else ())


def test_weight_norm_has_the_norms_g():
    m = weight_norm(Holds((3, 4)), dim=1)
    with no_grad():
        m.parametrizations.weight.original0[...] = np.arange(1.0, 5).reshape(1, 4)
        m.parametrizations.weight.original1[...] *= 100
    np.testing.assert_allclose(np.linalg.norm(values(m), axis=0), [1, 2, 3, 4], rtol=1e-13)


@pytest.mark.parametrize("dim", [0, 1, None])
def test_weight_norm_derivatives(dim):
    f, originals = as_function(weight_norm(Holds((3, 2)), dim=dim))
    check_derivatives(f, *originals)


def test_weight_norm_loads_states_of_old():
    m = weight_norm(nn.Linear(3, 2))
    state = {"bias": np.zeros(2), "weight_g": np.full((2, 1), 2.0), "weight_v": np.ones((2, 3))}
    assert m.load_state_dict(state) == ([], [])
    np.testing.assert_allclose(values(m), 2 / math.sqrt(3), rtol=1e-6)


@pytest.mark.parametrize("dim", [2, -3])
def test_weight_norm_refusals(dim):
    with pytest.raises(ArgumentError, match="dim must be None or one of 2 axes"):
        weight_norm(nn.Linear(3, 2), dim=dim)
    with pytest.raises(ArgumentError, match="no parameter or buffer 'scale'"):
        weight_norm(nn.Linear(3, 2), "scale")


# ------------------------------------------------------------------ spectral normalisation


@pytest.mark.parametrize("shape", [(3, 4), (4, 3), (2, 3, 2), (1, 5), (5, 1)])
@pytest.mark.parametrize("dim", [0, 1])
def test_spectral_norm_comes_to_one(shape, dim):
    m = spectral_norm(Holds(shape), n_power_iterations=200, dim=dim, generator=1)
    matrix = np.moveaxis(values(m), dim, 0).reshape(shape[dim], -1)
    assert np.linalg.norm(matrix, 2) == pytest.approx(1, rel=1e-9)


def test_spectral_norm_of_a_vector_is_its_length():
    m = spectral_norm(Holds((5,)))
    assert np.linalg.norm(values(m)) == pytest.approx(1, rel=1e-12)
    assert list(m.buffers()) == []
    with no_grad():
        m.parametrizations.weight.original[...] = 0
    assert values(m).tolist() == [0] * 5


def test_spectral_norm_improves_in_training_mode_alone():
    m = spectral_norm(Holds((6, 7)), generator=0)
    u = m.parametrizations.weight[0]._u
    m.eval()
    before = u.numpy().copy()
    first = values(m).copy()
    np.testing.assert_array_equal(values(m), first)
    np.testing.assert_array_equal(u.numpy(), before)
    m.train()
    assert m.weight.shape == (6, 7)
    assert not np.array_equal(u.numpy(), before)
    for _ in range(300):
        m.weight  # noqa: B018 - each time it is read it comes nearer
    assert np.linalg.norm(values(m), 2) == pytest.approx(1, rel=1e-9)


def test_spectral_norm_gradients_take_u_and_v_as_constants():
    m = spectral_norm(Holds((3, 4)), generator=0).eval()
    f, originals = as_function(m)
    check_derivatives(f, *originals)


def test_spectral_norm_of_a_graph_that_is_alive():
    """Later improvements of u and v do not falsify gradients that are still to be computed."""
    gradients = []
    for reads in (1, 5):
        m = spectral_norm(Holds((3, 4)), generator=0)
        weight = m.weight
        for _ in range(reads - 1):
            m.weight  # noqa: B018
        (weight**2).sum().backward()
        gradients.append(m.parametrizations.weight.original.grad.numpy())
    np.testing.assert_array_equal(*gradients)


def test_spectral_norm_state_and_generator():
    a, b, c = (spectral_norm(nn.Linear(4, 3, generator=0), generator=seed) for seed in (1, 1, 2))
    assert list(a.state_dict()) == [
        "bias",
        "parametrizations.weight.original",
        "parametrizations.weight.0._u",
        "parametrizations.weight.0._v",
    ]
    np.testing.assert_array_equal(values(a), values(b))
    assert not np.array_equal(values(a.eval()), values(c.eval()))
    c.load_state_dict(a.state_dict())
    np.testing.assert_array_equal(values(a.eval()), values(c.eval()))
    assert values(a).dtype == np.float32
    twin = copy.deepcopy(a).train()
    before = a.state_dict()["parametrizations.weight.0._u"].copy()
    twin.weight  # noqa: B018
    np.testing.assert_array_equal(a.state_dict()["parametrizations.weight.0._u"], before)


@pytest.mark.parametrize(
    ("options", "error", "why"),
    [
        ({"n_power_iterations": 0}, ArgumentError, "n_power_iterations must be a positive integer, got 0"),
        ({"n_power_iterations": 1.5}, ArgumentError, "n_power_iterations"),
        ({"dim": 2}, ArgumentError, "dim must be one of 2 axes, got 2"),
        ({"name": "scale"}, ArgumentError, "no parameter or buffer 'scale'"),
    ],
)
def test_spectral_norm_refusals(options, error, why):
    with pytest.raises(error, match=f"spectral_norm: .*{why}"):
        spectral_norm(nn.Linear(3, 2), **options)
    with pytest.raises(ShapeError, match="no elements"):
        spectral_norm(Holds((0, 3)))


# ------------------------------------------------------------------ orthogonal matrices

MAPS = ["matrix_exp", "cayley", "householder"]
maps = pytest.mark.parametrize("name", MAPS)
shapes = pytest.mark.parametrize("shape", [(3, 3), (5, 2), (2, 5), (1, 4), (4, 1), (2, 4, 3), (2, 3, 3)])


def check_orthogonal(q, tolerance=1e-12):
    q = q if q.shape[-2] >= q.shape[-1] else q.swapaxes(-1, -2)
    expected = np.broadcast_to(np.eye(q.shape[-1]), (*q.shape[:-2], q.shape[-1], q.shape[-1]))
    np.testing.assert_allclose(q.swapaxes(-1, -2) @ q, expected, atol=tolerance)


@maps
@shapes
@pytest.mark.parametrize("trivialized", [True, False])
def test_orthogonal_whatever_the_parameter(name, shape, trivialized):
    m = orthogonal(Holds(shape), orthogonal_map=name, use_trivialization=trivialized, generator=0)
    check_orthogonal(values(m))
    with no_grad():
        free = m.parametrizations.weight.original
        drawn = np.random.default_rng(3).normal(size=shape)
        free[...] = free.detach().numpy() * (np.eye(*shape[-2:])) + drawn * (1 - np.eye(*shape[-2:]))
    check_orthogonal(values(m))


@maps
@shapes
def test_orthogonal_takes_over_a_matrix(name, shape):
    m = orthogonal(Holds(shape), orthogonal_map=name, generator=0)
    wanted = values(orthogonal(Holds(shape, seed=5), generator=0)).copy()
    m.weight = wanted
    np.testing.assert_allclose(values(m), wanted, atol=1e-12)


@shapes
def test_reflections_take_over_a_matrix_without_a_base(shape):
    m = orthogonal(Holds(shape), orthogonal_map="householder", use_trivialization=False)
    wanted = values(orthogonal(Holds(shape, seed=5), generator=0)).copy()
    m.weight = wanted
    np.testing.assert_allclose(values(m), wanted, atol=1e-12)
    assert list(m.state_dict()) == ["parametrizations.weight.original"]


@maps
def test_orthogonal_derivatives(name):
    for shape in ((3, 3), (3, 2), (2, 3)):
        m = orthogonal(Holds(shape), orthogonal_map=name, generator=0)
        f, (free,) = as_function(m)
        # the diagonal says nothing but signs, in reflections
        mixed = free + 0.3 * np.random.default_rng(1).normal(size=shape) * (1 - np.eye(*shape))
        mask = 1 - np.eye(*shape)
        check_derivatives(lambda x, f=f, mask=mask, free=free: f(x * mask + free * (1 - mask)), mixed)


def test_the_exponential_of_a_turn_is_a_rotation():
    m = orthogonal(Holds((2, 2)), orthogonal_map="matrix_exp", use_trivialization=False)
    for angle in (0.3, -2.0, 30.0):
        with no_grad():
            m.parametrizations.weight.original[...] = [[5.0, 7.0], [angle, -2.0]]
        c, s = math.cos(angle), math.sin(angle)
        np.testing.assert_allclose(values(m), [[c, -s], [s, c]], atol=1e-12)


def test_cayleys_map_by_hand():
    m = orthogonal(Holds((2, 2)), orthogonal_map="cayley", use_trivialization=False)
    with no_grad():
        m.parametrizations.weight.original[...] = [[0.0, 0.0], [1.0, 0.0]]
    np.testing.assert_allclose(values(m), np.array([[3, -4], [4, 3]]) / 5, atol=1e-15)


def test_training_stays_on_the_orthogonal_matrices():
    rng = np.random.default_rng(0)
    goal, _ = np.linalg.qr(rng.normal(size=(3, 3)))
    goal *= np.sign(np.linalg.det(goal))
    layer = nn.Linear(3, 3, bias=False, dtype=np.float64, generator=1)
    with no_grad():
        layer.weight[...] = np.eye(3)
    m = orthogonal(layer)
    x = rng.normal(size=(40, 3))
    optimizer = optim.Adam(m.parameters(), lr=0.05)
    for _ in range(300):
        loss = ((m(x) - x @ goal.T) ** 2).mean()
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
        check_orthogonal(values(m))
    assert loss.item() < 1e-6


@maps
def test_single_precision(name):
    m = orthogonal(Holds((4, 3), dtype=np.float32), orthogonal_map=name, generator=0)
    assert values(m).dtype == np.float32
    check_orthogonal(values(m), 1e-5)
    m.weight.sum().backward()
    assert m.parametrizations.weight.original.grad.dtype == np.float32


def test_removing_an_orthogonal_parametrization():
    m = orthogonal(nn.Linear(3, 3))
    before = values(m).copy()
    remove_parametrizations(m, "weight")
    np.testing.assert_array_equal(values(m), before)
    assert list(m.state_dict()) == ["bias", "weight"]


def test_orthogonal_refusals():
    with pytest.raises(ArgumentError, match=r"orthogonal_map must be one of .* got 'qr'"):
        orthogonal(nn.Linear(3, 3), orthogonal_map="qr")
    with pytest.raises(ShapeError, match=r"expected a matrix or several, got shape \(3,\)"):
        orthogonal(nn.Linear(3, 3), "bias")
    with pytest.raises(ArgumentError, match="no parameter or buffer 'scale'"):
        orthogonal(nn.Linear(3, 3), "scale")
    m = orthogonal(nn.Linear(3, 3), orthogonal_map="cayley", use_trivialization=False)
    with pytest.raises(NotImplementedError, match="only with use_trivialization=True"):
        m.parametrizations.weight[0].right_inverse(m.weight)


# ------------------------------------------------------------------ what they are made of


@pytest.mark.parametrize("size", [0.0, 1e-8, 0.4, 3.0, 20.0])
def test_the_exponential_of_a_matrix(size):
    rng = np.random.default_rng(0)
    basis, values_ = rng.normal(size=(4, 4)) + 3 * np.eye(4), rng.normal(size=4)
    inverse = np.linalg.inv(basis)
    x = size * basis @ np.diag(values_) @ inverse
    expected = basis @ np.diag(np.exp(size * values_)) @ inverse
    np.testing.assert_allclose(matrix_exp(x), expected, rtol=1e-9, atol=1e-9 * abs(expected).max())
    check_derivatives(matrix_exp, x / max(1, size), tolerance=1e-7)


def test_matrices_must_be_square():
    for function in (matrix_exp, inv):
        with pytest.raises(ShapeError, match=f"{function.__name__}.* square"):
            function(np.ones((2, 3)))
