"""What options and shapes cannot be, in functions and layers: refused by a typed error, in plain words."""

from __future__ import annotations

import numpy as np
import pytest

import nn
import nn.functional as F
from autograd import tensor
from autograd.errors import (
    ArgumentError,
    AxisError,
    DtypeError,
    IndexingError,
    OperandError,
    ShapeError,
)

X = np.array([[1.0, 2.0], [3.0, 5.0], [0.5, 1.0], [2.0, 0.0]])
RAGGED = [[1.0, 2.0], [3.0]]
OBJECTS = np.ones((4, 2)).astype(object)
WORDS = np.full((4, 2), "a")
NONE = np.zeros(0, int)
LAYERS = {
    "Linear": lambda **options: nn.Linear(2, 2, **options),
    "Bilinear": lambda **options: nn.Bilinear(2, 2, 2, **options),
    "Conv1d": lambda **options: nn.Conv1d(1, 1, 1, **options),
    "ConvTranspose2d": lambda **options: nn.ConvTranspose2d(1, 1, 1, **options),
    "Embedding": lambda **options: nn.Embedding(2, 2, **options),
    "EmbeddingBag": lambda **options: nn.EmbeddingBag(2, 2, **options),
    "BatchNorm1d": lambda **options: nn.BatchNorm1d(2, **options),
    "InstanceNorm2d": lambda **options: nn.InstanceNorm2d(2, affine=True, **options),
    "LayerNorm": lambda **options: nn.LayerNorm(2, **options),
    "GroupNorm": lambda **options: nn.GroupNorm(1, 2, **options),
    "RMSNorm": lambda **options: nn.RMSNorm(2, **options),
    "PReLU": lambda **options: nn.PReLU(**options),
    "GRU": lambda **options: nn.GRU(2, 2, **options),
    "LSTMCell": lambda **options: nn.LSTMCell(2, 2, **options),
    "MultiheadAttention": lambda **options: nn.MultiheadAttention(2, 1, **options),
    "TransformerEncoderLayer": lambda **options: nn.TransformerEncoderLayer(2, 1, 2, **options),
}


@pytest.mark.parametrize("dtype", ["x", 3, ["f"], "float33"])
@pytest.mark.parametrize("name", LAYERS)
def test_layers_refuse_what_is_no_dtype(name, dtype):
    with pytest.raises(DtypeError, match="dtype must be one of NumPy's, got"):
        LAYERS[name](dtype=dtype)


# ------------------------------------------------------------------ matrix products


@pytest.mark.parametrize(
    ("weight", "bias", "error", "words"),
    [
        (np.ones(2), np.ones(2), ShapeError, r"a weight\(2,\) goes with a bias\(\), got bias\(2,\)"),
        (np.ones(2), np.ones(4), ShapeError, r"got bias\(4,\)"),
        (np.ones(2), RAGGED, ShapeError, "expected an array, got list"),
        (np.ones(2), "a", OperandError, "array of numbers, got str 'a'"),
        (np.ones(2), np.array("a"), DtypeError, "array of numbers, got <U1"),
        (np.array(1.0), None, ShapeError, r"linear: weight\(\) must be \(out, in\) or \(in,\)"),
        (2.0, None, ShapeError, r"linear: weight\(\) must be"),
        (tensor(1.0), None, ShapeError, r"linear: weight\(\) must be"),
        (np.ones((1, 1, 2)), None, ShapeError, r"linear: weight\(1, 1, 2\) must be"),
        (np.ones((2, 2)), RAGGED, ShapeError, "linear|stack"),
        (RAGGED, None, ShapeError, "expected an array, got list"),
        (None, None, OperandError, "array of numbers, got NoneType"),
        (WORDS, None, DtypeError, "expected numbers, got <U1"),
        (WORDS[0], None, DtypeError, "array of numbers, got <U1"),
        (np.ones((4, 2)), np.ones(4).astype(object), DtypeError, "numbers, got object"),
    ],
)
def test_linear(weight, bias, error, words):
    with pytest.raises(error, match=words):
        F.linear(X, weight, bias)


@pytest.mark.parametrize("bias", [False, True])
def test_linear_takes_no_objects(bias):
    layer = nn.Linear(2, 3, bias)
    for wrong in (OBJECTS, OBJECTS[0], OBJECTS[None]):
        with pytest.raises(DtypeError, match=r"linear.* numbers, got object"):
            layer(wrong)
        with pytest.raises(DtypeError, match=r"linear.* numbers, got object"):
            F.linear(wrong, np.ones((3, 2)), np.ones(3) if bias else None)
    with pytest.raises(DtypeError, match=r"linear.* numbers, got object"):
        F.linear(OBJECTS, OBJECTS)


def test_linear_by_a_vector():
    difference = X[:, 0] - X[:, 1]
    np.testing.assert_array_equal(F.linear(X, np.array([1.0, -1.0]), np.array(0.5)), difference + 0.5)
    np.testing.assert_array_equal(F.linear(X, [1.0, -1.0]), difference)


# ------------------------------------------------------------------ activations


@pytest.mark.parametrize("layer", [nn.RReLU, nn.ReLU, nn.ELU, nn.Dropout, nn.AlphaDropout])
def test_inplace_is_yes_or_no(layer):
    for wrong in ("x", None, 2, 0.5, [True]):
        with pytest.raises(ArgumentError, match=f"{layer.__name__}: inplace must be True or False, got"):
            layer(inplace=wrong)
    assert layer(inplace=1).inplace is True
    assert layer(inplace=np.False_).inplace is False


@pytest.mark.parametrize("dim", [None, "x", 0.5, (0, 1), True])
@pytest.mark.parametrize("hard", [False, True])
def test_gumbel_softmax_has_one_axis(dim, hard):
    with pytest.raises(ArgumentError, match="gumbel_softmax: dim must be an integer, got"):
        F.gumbel_softmax(X, hard=hard, dim=dim)


@pytest.mark.parametrize(("shape", "dim"), [((2, 0), -1), ((0,), 0), ((0, 2), 0), ((0, 0), 1)])
def test_hard_gumbel_softmax_needs_a_category(shape, dim):
    with pytest.raises(ShapeError, match=r"hard=True needs a category.* logits\("):
        F.gumbel_softmax(np.ones(shape), hard=True, dim=dim)
    assert F.gumbel_softmax(np.ones(shape), dim=dim).shape == shape


def test_hard_gumbel_softmax_of_no_rows():
    assert F.gumbel_softmax(np.ones((0, 2)), hard=True).shape == (0, 2)
    assert F.gumbel_softmax(np.ones((2, 0)), hard=True, dim=0).shape == (2, 0)
    with pytest.raises(AxisError):
        F.gumbel_softmax(X, hard=True, dim=2)


@pytest.mark.parametrize("function", [F.softmax, F.softmin, F.log_softmax])
@pytest.mark.parametrize("convert", [np.asarray, tensor])
def test_softmax_dtypes(function, convert):
    for wrong in ("x", 3, [1]):
        with pytest.raises(DtypeError, match=f"{function.__name__}: dtype must be one of NumPy's, got"):
            function(convert(X), 0, dtype=wrong)
    for wrong in (int, bool, object, "U3"):
        with pytest.raises(DtypeError, match=f"{function.__name__}: dtype must be floating, got"):
            function(convert(X), 0, dtype=wrong)
    assert function(convert(X), 0, dtype="float32").dtype == np.float32


def test_softmax2d_of_a_list():
    with pytest.raises(ShapeError, match="expected an array, got list"):
        nn.Softmax2d()(RAGGED)
    assert nn.Softmax2d()([[[0.0]], [[0.0]]]).ravel().tolist() == [0.5, 0.5]


# ------------------------------------------------------------------ looking up


@pytest.mark.parametrize("function", [F.embedding, F.embedding_bag])
def test_a_weight_that_is_looked_up_is_of_numbers(function):
    for wrong in (OBJECTS, WORDS):
        with pytest.raises(DtypeError, match="expected an array of numbers, got"):
            function([[1]], wrong)
    for given in ((RAGGED, X), ([[1]], RAGGED)):
        with pytest.raises(ShapeError, match="expected an array, got list"):
            function(*given)


@pytest.mark.parametrize("layer", [nn.Embedding, nn.EmbeddingBag])
def test_pretrained_weights_are_matrices_of_numbers(layer):
    with pytest.raises(ShapeError, match="expected an array, got list"):
        layer.from_pretrained(RAGGED)
    for wrong in (OBJECTS, WORDS):
        with pytest.raises(DtypeError, match="numbers, got"):
            layer.from_pretrained(wrong)
    assert layer.from_pretrained(X.tolist()).weight.tolist() == X.tolist()


@pytest.mark.parametrize("mode", ["sum", "mean", "max"])
@pytest.mark.parametrize("padding_idx", [None, 0])
def test_bags_without_offsets(mode, padding_idx):
    bag = nn.EmbeddingBag(4, 2, mode=mode, padding_idx=padding_idx)
    for offsets in (NONE, []):
        with pytest.raises(ArgumentError, match=r"offsets must begin at 0, .*; got \[\]"):
            bag(np.array([1, 2]), offsets)
        assert bag([], offsets).shape == (0, 2)


def test_factors_of_bags_are_numbers():
    for wrong, error in (([["a"]], OperandError), (RAGGED, ShapeError), (np.array([["a"]]), DtypeError)):
        with pytest.raises(error, match="expected an array"):
            F.embedding_bag([[1]], X, mode="sum", per_sample_weights=wrong)


@pytest.mark.parametrize("count", [None, "x", 2.5, True])
def test_one_hot_counts_classes(count):
    with pytest.raises(ArgumentError, match="one_hot: num_classes must be an integer, got"):
        F.one_hot(np.array([0]), count)


def test_one_hot_has_no_negative_number_of_classes():
    with pytest.raises(ArgumentError, match="one_hot: num_classes must be at least 0, or -1, got -2"):
        F.one_hot(NONE, -2)
    with pytest.raises(IndexingError):
        F.one_hot(np.array([1]), np.int64(1))


# ------------------------------------------------------------------ distances


def test_booleans_have_no_distance():
    truths = X > 1
    with pytest.raises(DtypeError, match="pdist: input must be numbers, got bool"):
        F.pdist(truths)
    for pair in ((truths, truths), (truths, X), (X, truths)):
        with pytest.raises(DtypeError, match="pairwise_distance: input must be numbers, got bool"):
            F.pairwise_distance(*pair)


def test_options_of_distances():
    for dim in (None, "x", (0, 1), 1.0):
        with pytest.raises(ArgumentError, match="CosineSimilarity: dim must be an integer, got"):
            nn.CosineSimilarity(dim)
        with pytest.raises(ArgumentError, match="cosine_similarity: dim must be an integer, got"):
            F.cosine_similarity(X, X, dim)
    with pytest.raises(ArgumentError, match="CosineSimilarity: eps must be a number not below 0, got -1"):
        nn.CosineSimilarity(eps=-1)
    with pytest.raises(ArgumentError, match="cosine_similarity: eps must be a number not below 0, got -1"):
        F.cosine_similarity(X, X, eps=-1)
    for wrong in ("x", None, 2):
        with pytest.raises(ArgumentError, match="PairwiseDistance: keepdim must be True or False, got"):
            nn.PairwiseDistance(keepdim=wrong)
        with pytest.raises(ArgumentError, match="pairwise_distance: keepdim must be True or False, got"):
            F.pairwise_distance(X, X, keepdim=wrong)


def test_normalize_writes_where_it_can():
    with pytest.raises(OperandError, match="normalize: out must be a Tensor or an array, got int 3"):
        F.normalize(X, out=3)
    with pytest.raises(ShapeError, match=r"normalize: out\(3,\) must be of shape \(4, 2\)"):
        F.normalize(X, out=np.zeros(3))


# ------------------------------------------------------------------ convolutions


@pytest.mark.parametrize("value", [None, "a"])
def test_windows_slide_over_numbers(value):
    images = np.full((1, 4, 4), value, object if value is None else None)
    columns, none = images.reshape(4, 4)[:, :2], np.repeat(images[:, :1], 0, 0)[:, :, :3]
    calls = {
        "unfold": lambda: F.unfold(images, 2),
        "Unfold": lambda: nn.Unfold(2)(images),
        "fold": lambda: F.fold(columns, (2, 3), (2, 2)),
        "Fold": lambda: nn.Fold((2, 3), (2, 2))(columns),
        "conv1d": lambda: F.conv1d(none, np.ones((1, 1, 2))),
        "conv_transpose1d": lambda: F.conv_transpose1d(none, np.ones((1, 1, 2))),
        "weight": lambda: F.conv1d(np.ones((0, 1, 4)), images[:, :1]),
        "bias": lambda: F.conv1d(np.ones((0, 1, 4)), np.ones((1, 1, 2)), images[0, 0, :1]),
    }
    for name, call in calls.items():
        with pytest.raises(DtypeError, match="expected an array of numbers, got"):
            pytest.fail(f"{name} gave {call()}")


@pytest.mark.parametrize("size", [RAGGED, ["a", "b"], [4.0, 4.0], [None, None], [True, True], [[4], 4]])
def test_output_sizes_are_integers(size):
    images = np.ones((1, 1, 3, 3), np.float32)
    with pytest.raises(ArgumentError, match="output_size must be"):
        nn.ConvTranspose2d(1, 1, 2)(images, output_size=size)
    with pytest.raises(ArgumentError, match="output_size must be"):
        nn.ConvTranspose1d(1, 1, 2)(images[0], output_size=size[:1])
    assert nn.ConvTranspose2d(1, 1, 2)(images, output_size=[1, 1, 4, 4]).shape == (1, 1, 4, 4)
    with pytest.raises(ShapeError, match="expected an array, got list"):
        nn.ConvTranspose1d(1, 1, 2)(RAGGED, output_size=[4])


# ------------------------------------------------------------------ modules


def test_apply_takes_a_function():
    for module in (nn.Linear(1, 1), nn.Sequential(nn.ReLU())):
        with pytest.raises(OperandError, match="apply: fn must be a function of a module, got int 3"):
            module.apply(3)
