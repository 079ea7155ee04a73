"""Embedding and EmbeddingBag: rows, gradients, padding, norms, bags, bad input."""

from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import array_shapes, arrays

import nn
import nn.functional as F
import optim
from autograd import Tensor, tensor
from autograd.errors import ArgumentError, DtypeError, IndexingError, OperandError, ShapeError
from tests.nn.derivatives import check_derivatives

W = np.array([[1.0, 2.0], [3.0, -4.0], [0.5, 6.0]])
PLACES = np.array([[0, 2], [2, 2]])


def gradient(f, weight=W):
    w = tensor(weight, requires_grad=True)
    f(w).sum().backward()
    return w.grad.numpy().tolist()


# ------------------------------------------------------------------ embedding


def test_rows_and_their_gradients():
    np.testing.assert_array_equal(F.embedding(PLACES, W), W[PLACES])
    assert gradient(lambda w: F.embedding(PLACES, w)) == [[1, 1], [0, 0], [3, 3]]
    assert gradient(lambda w: F.embedding(PLACES, w, 2)) == [[1, 1], [0, 0], [0, 0]]
    assert gradient(lambda w: F.embedding(PLACES, w, -1)) == [[1, 1], [0, 0], [0, 0]]
    assert gradient(lambda w: F.embedding(PLACES, w, scale_grad_by_freq=True)) == [[1, 1], [0, 0], [1, 1]]
    assert gradient(lambda w: F.embedding(PLACES, w, 0, scale_grad_by_freq=True)) == [
        [0, 0],
        [0, 0],
        [1, 1],
    ]


@given(
    indices=arrays(np.int64, array_shapes(min_dims=0, max_dims=3, min_side=0), elements=st.integers(0, 6)),
    width=st.integers(1, 5),
    data=st.data(),
)
def test_shapes(indices, width, data):
    dtype = data.draw(st.sampled_from([np.float32, np.float64]))
    kind = data.draw(st.sampled_from([np.int64, np.int32, np.uint8]))
    w = tensor(np.ones((7, width), dtype), requires_grad=True)
    out = F.embedding(indices.astype(kind), w)
    out.sum().backward()
    assert out.shape == (*indices.shape, width)
    assert out.dtype == w.grad.dtype == dtype
    np.testing.assert_array_equal(w.grad.numpy()[:, 0], np.bincount(indices.reshape(-1), minlength=7))


def test_the_gradient_is_as_a_sum_row_by_row():
    rng = np.random.default_rng(0)
    for rows, width, count in ((7, 3, 200), (500, 17, 300), (2, 64, 1000)):
        indices, g = rng.integers(0, rows, count), rng.normal(size=(count, width))
        w = tensor(np.zeros((rows, width)), requires_grad=True)
        F.embedding(indices, w).backward(g)
        expected = np.zeros((rows, width))
        for i, row in zip(indices, g, strict=True):
            expected[i] += row
        np.testing.assert_allclose(w.grad.numpy(), expected, rtol=1e-12, atol=1e-12)


@pytest.mark.parametrize("options", [{}, {"padding_idx": 2}, {"scale_grad_by_freq": True}], ids=str)
def test_the_gradient_is_differentiable(options):
    """It is linear in the cotangent: its own derivative by that picks the rows again."""
    import autograd

    w, g = tensor(W, requires_grad=True), tensor(np.ones((2, 2, 2)), requires_grad=True)
    (first,) = autograd.gradients(F.embedding(PLACES, w, **options), [w], g, create_graph=True)
    (again,) = autograd.gradients(first, [g], W)
    factor = np.ones(3)
    if "padding_idx" in options:
        factor[2] = 0
    if "scale_grad_by_freq" in options:
        factor[2] = 1 / 3
    np.testing.assert_allclose(again.numpy(), (W * factor[:, None])[PLACES])


def test_max_norm_shortens_rows_in_place():
    w = W.copy()
    out = F.embedding(np.array([1, 0]), w, max_norm=2.5)
    np.testing.assert_allclose(np.linalg.norm(out, axis=1), [2.5, math.sqrt(5)], rtol=1e-6)
    np.testing.assert_allclose(w, [[1, 2], [1.5, -2], [0.5, 6]], rtol=1e-6)  # the last was not looked up
    layer = nn.Embedding(3, 2, max_norm=1.0, norm_type=1.0, _weight=W.copy())
    layer(PLACES)
    np.testing.assert_allclose(np.abs(layer.weight.data).sum(1), [1, 7, 1], rtol=1e-6)
    layer(PLACES).sum().backward()
    assert layer.weight.grad.shape == (3, 2)


def test_the_module():
    layer = nn.Embedding(5, 3, padding_idx=-2, generator=0)
    assert layer.padding_idx == 3
    assert layer.weight.data[3].tolist() == [0, 0, 0]
    assert layer.weight.dtype == np.float32
    assert abs(nn.Embedding(100, 100, generator=0, dtype=np.float64).weight.data.std() - 1) < 0.02
    np.testing.assert_array_equal(layer.weight.data, nn.Embedding(5, 3, 3, generator=0).weight.data)
    assert list(layer.state_dict()) == ["weight"]
    assert layer([0, 1]).shape == (2, 3)
    assert layer(Tensor(np.array([4]))).shape == (1, 3)
    assert layer(4).shape == (3,)
    assert repr(nn.Embedding(3, 2, 0, 1, 3.0, True)) == (
        "Embedding(3, 2, padding_idx=0, max_norm=1.0, norm_type=3.0, scale_grad_by_freq=True)"
    )


def test_from_pretrained():
    w = W.copy()
    layer = nn.Embedding.from_pretrained(w)
    assert not layer.weight.requires_grad
    w[0, 0] = 9
    assert layer([0]).tolist() == [[9, 2]]
    assert nn.Embedding.from_pretrained(w, freeze=False, padding_idx=1).weight.requires_grad
    assert nn.Embedding.from_pretrained(Tensor(w), padding_idx=1).weight.data[1].tolist() == [3, -4]
    with pytest.raises(ShapeError, match=r"Embedding.from_pretrained: embeddings\(2,\)"):
        nn.Embedding.from_pretrained(np.zeros(2))
    bag = nn.EmbeddingBag.from_pretrained(w, mode="sum")
    assert not bag.weight.requires_grad
    assert bag(PLACES).tolist() == (w[PLACES].sum(1)).tolist()


def test_the_index_out_of_range_is_named():
    model = nn.Sequential(nn.Embedding(3, 2))
    with pytest.raises(IndexingError, match="index 3 is out of range: the weight has 3 rows"):
        model(np.array([[0, 3]]))
    with pytest.raises(IndexingError, match="index -1 is out of range"):
        F.embedding(np.array([0, -1]), W)
    with pytest.raises(IndexingError, match=r"embedding_bag: index 7 .* 3 rows"):
        F.embedding_bag(np.array([[7]]), W)


def test_what_is_refused():
    with pytest.raises(DtypeError, match="embedding: indices must be integers, got float64"):
        F.embedding(np.array([0.0]), W)
    with pytest.raises(DtypeError, match="integers, got bool"):
        F.embedding(np.array([True]), W)
    with pytest.raises((DtypeError, OperandError), match="embedding"):
        F.embedding(None, W)
    with pytest.raises(ShapeError, match=r"embedding: weight\(2,\) must be a matrix"):
        F.embedding(PLACES, W[0])
    for layer in (nn.Embedding, nn.EmbeddingBag):
        name = layer.__name__
        for sizes in ((0, 1), (1, -1), (1.5, 2), (True, 2)):
            with pytest.raises(ArgumentError, match=f"{name}: .* must be a positive integer"):
                layer(*sizes)
        with pytest.raises(ArgumentError, match=f"{name}: sparse=True"):
            layer(3, 2, sparse=True)
        for padding in (3, -4, 1.0):
            with pytest.raises(ArgumentError, match=f"{name}: padding_idx must be a row of 3"):
                layer(3, 2, padding_idx=padding)
        for norm in (math.nan, -1, "x"):
            with pytest.raises(ArgumentError, match=f"{name}: max_norm must be a number"):
                layer(3, 2, max_norm=norm)
        with pytest.raises(ShapeError, match=rf"{name}: _weight must be of shape \(3, 2\), got \(2, 3\)"):
            layer(3, 2, _weight=W.T)


# ------------------------------------------------------------------ bags


def test_bags_by_hand():
    assert F.embedding_bag(PLACES, W, mode="sum").tolist() == [[1.5, 8], [1, 12]]
    assert F.embedding_bag(PLACES, W).tolist() == [[0.75, 4], [0.5, 6]]
    assert F.embedding_bag(PLACES, W, mode="max").tolist() == [[1, 6], [0.5, 6]]
    factors = np.array([[2.0, 3.0], [4.0, -1.0]])
    assert F.embedding_bag(PLACES, W, mode="sum", per_sample_weights=factors).tolist() == [
        [3.5, 22],
        [1.5, 18],
    ]


@pytest.mark.parametrize("mode", ["sum", "mean", "max"])
def test_offsets_mean_the_same_as_rows(mode):
    flat, offsets = PLACES.reshape(-1), np.array([0, 2])
    expected = F.embedding_bag(PLACES, W, mode=mode)
    np.testing.assert_array_equal(F.embedding_bag(flat, W, offsets, mode=mode), expected)
    ended = np.array([0, 2, 4])
    out = F.embedding_bag(flat, W, ended, mode=mode, include_last_offset=True)
    np.testing.assert_array_equal(out, expected)


@pytest.mark.parametrize("mode", ["sum", "mean", "max"])
def test_empty_bags_and_padding_give_zero(mode):
    out = F.embedding_bag(np.array([1, 0, 1]), W, np.array([0, 0, 2, 3]), mode=mode, padding_idx=1)
    assert out.tolist() == [[0, 0], [1, 2], [0, 0], [0, 0]]
    w = tensor(W, requires_grad=True)
    F.embedding_bag(
        np.array([1, 0, 1]), w, np.array([0, 0, 2, 3]), mode=mode, padding_idx=1
    ).sum().backward()
    assert w.grad.tolist() == [[1, 1], [0, 0], [0, 0]]


def test_the_gradient_of_a_maximum_goes_to_the_first():
    w = np.array([[1.0, 2.0], [1.0, 3.0]])
    assert gradient(lambda v: F.embedding_bag(np.array([[1, 0, 1]]), v, mode="max"), w) == [[0, 0], [1, 1]]
    assert gradient(lambda v: F.embedding_bag(np.array([[0, 1]]), v, mode="max"), w) == [[1, 0], [0, 1]]


@pytest.mark.parametrize("mode", ["sum", "mean", "max"])
def test_derivatives_of_bags(mode):
    indices, offsets = np.array([0, 2, 1, 1, 2]), np.array([0, 3, 3])
    check_derivatives(lambda w: F.embedding_bag(indices, w, offsets, mode=mode), W)
    if mode == "sum":
        check_derivatives(
            lambda w, f: F.embedding_bag(indices, w, offsets, mode=mode, per_sample_weights=f),
            W,
            np.linspace(-1, 2, 5),
        )


def test_scaling_by_frequency_in_bags():
    """Each row's gradient over how often it is looked up, which PyTorch 2.13 miscounts here."""
    w = tensor(W, requires_grad=True)
    out = F.embedding_bag(PLACES, w, mode="sum", scale_grad_by_freq=True)
    out.backward(np.array([[1.0, 10.0], [100.0, 1000.0]]))
    np.testing.assert_allclose(w.grad.numpy(), [[1, 10], [0, 0], [201 / 3, 2010 / 3]])


def test_bad_bags():
    flat = PLACES.reshape(-1)
    for offsets, options in (
        ([1, 2], {}),
        ([0, 5], {}),
        ([0, 3, 2], {}),
        ([0, 2], {"include_last_offset": True}),
        ([], {"include_last_offset": True}),
    ):
        with pytest.raises(ArgumentError, match="embedding_bag: offsets must begin at 0"):
            F.embedding_bag(flat, W, np.array(offsets, int), **options)
    with pytest.raises(ArgumentError, match="needs offsets"):
        F.embedding_bag(flat, W)
    with pytest.raises(ArgumentError, match="offsets do not go with"):
        F.embedding_bag(PLACES, W, np.array([0]))
    with pytest.raises(ShapeError, match="offsets must be integers on one axis"):
        F.embedding_bag(flat, W, np.array([0.0]))
    with pytest.raises(ShapeError, match="must have one or two axes"):
        F.embedding_bag(PLACES[None], W)
    with pytest.raises(ArgumentError, match="mode must be one of"):
        nn.EmbeddingBag(3, 2, mode="min")
    with pytest.raises(ArgumentError, match="mode must be one of"):
        F.embedding_bag(PLACES, W, mode="min")
    with pytest.raises(ArgumentError, match="per_sample_weights go with mode='sum', got 'mean'"):
        F.embedding_bag(PLACES, W, per_sample_weights=np.ones((2, 2)))
    with pytest.raises(ShapeError, match=r"per_sample_weights\(2,\) must be of shape \(2, 2\)"):
        F.embedding_bag(PLACES, W, mode="sum", per_sample_weights=np.ones(2))
    with pytest.raises(ArgumentError, match="scale_grad_by_freq does not go with mode='max'"):
        nn.EmbeddingBag(3, 2, scale_grad_by_freq=True, mode="max")


# ------------------------------------------------------------------ one_hot


def test_one_hot():
    assert F.one_hot(np.array([[1], [0]])).tolist() == [[[0, 1]], [[1, 0]]]
    assert F.one_hot([2], 4).tolist() == [[0, 0, 1, 0]]
    assert isinstance(F.one_hot(Tensor(np.array([1]))), Tensor)
    assert F.one_hot(np.array([0])).dtype == np.int64
    with pytest.raises(IndexingError, match="one_hot: index 3 is out of range: there are 3 classes"):
        F.one_hot(np.array([3]), 3)
    with pytest.raises(IndexingError, match="index -1"):
        F.one_hot(np.array([-1]))
    with pytest.raises(DtypeError, match="one_hot: classes must be integers"):
        F.one_hot(np.array([0.5]))
    with pytest.raises(ArgumentError, match="num_classes must be given"):
        F.one_hot(np.zeros(0, int))


# ------------------------------------------------------------------ a model


def test_training():
    """Words that go together are told from those that do not."""
    rng = np.random.default_rng(0)
    words = rng.integers(0, 20, (200, 3))
    target = (words < 10).sum(1) > 1
    model = nn.Sequential(nn.EmbeddingBag(20, 4, mode="sum", generator=0), nn.Linear(4, 2, generator=1))
    optimiser = optim.Adam(model.parameters(), lr=0.05)
    for _ in range(150):
        optimiser.zero_grad()
        loss = F.cross_entropy(model(words), target.astype(int))
        loss.backward()
        optimiser.step()
    assert loss.item() < 0.02
