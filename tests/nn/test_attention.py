"""Attention: values by hand, masks, extremes, draws, refusals, and that it learns."""

from __future__ import annotations

import copy
import math
import warnings

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

import autograd
import nn
import nn.functional as F
import optim
from autograd import tensor
from autograd.errors import ArgumentError, AutogradError, DtypeError, ShapeError

sdpa = F.scaled_dot_product_attention
RNG = np.random.default_rng(0)


def drawn(*shape, dtype=np.float64):
    return np.random.default_rng(sum(shape)).normal(size=shape).astype(dtype)


def by_hand(q, k, v, mask=0.0, scale=None):
    """The formula, row by row."""
    scores = q @ k.T * (scale or q.shape[-1] ** -0.5) + mask
    rows = [np.exp(r - r.max()) / np.exp(r - r.max()).sum() for r in scores]
    return np.stack([row @ v for row in rows])


# ------------------------------------------------------------------ values


def test_values_worked_by_hand():
    eye, v = np.eye(2), np.array([[1.0, 0.0], [0.0, 10.0]])
    high = np.exp(2**-0.5) / (np.exp(2**-0.5) + 1)  # scores 1 / sqrt(2) and 0
    expected = [[high, 10 * (1 - high)], [1 - high, 10 * high]]
    np.testing.assert_allclose(sdpa(eye, eye, v), expected, rtol=1e-15)
    np.testing.assert_allclose(sdpa(eye, eye, v, is_causal=True), [[1, 0], expected[1]], rtol=1e-15)
    np.testing.assert_allclose(sdpa(eye, eye, v, scale=0.0), [[0.5, 5]] * 2, rtol=1e-15)


@given(
    st.lists(st.integers(1, 3), max_size=2),
    *[st.integers(1, 5)] * 4,
    st.sampled_from(["none", "bool", "float", "causal"]),
)
def test_any_shape_is_the_formula(batch, length, keys, width, wide, kind):
    q, k, v = (RNG.normal(size=(*batch, n, m)) for n, m in ((length, width), (keys, width), (keys, wide)))
    allowed = RNG.random((length, keys)) < 0.6
    allowed[:, 0] = True
    bias = RNG.normal(size=(length, keys))
    mask, add = {
        "none": (None, np.zeros((length, keys))),
        "bool": (allowed, np.where(allowed, 0, -np.inf)),
        "float": (bias, bias),
        "causal": (None, np.where(np.tri(length, keys, dtype=bool), 0, -np.inf)),
    }[kind]
    out = sdpa(q, k, v, mask, is_causal=kind == "causal")
    assert out.shape == (*batch, length, wide)
    for place in np.ndindex(*batch):
        expected = by_hand(q[place], k[place], v[place], add)
        np.testing.assert_allclose(out[place], expected, rtol=1e-12, atol=1e-14)


def test_grouped_queries_share_keys():
    q, k, v = drawn(2, 6, 3, 4), drawn(2, 2, 5, 4), drawn(2, 3, 5, 4)
    expected = sdpa(q, np.repeat(k, 3, 1), np.repeat(v, 2, 1))
    np.testing.assert_array_equal(sdpa(q, k, v, enable_gqa=True), expected)


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_masks_of_other_floating_dtypes_do_not_widen(dtype):
    x = drawn(2, 3, 4, dtype=dtype)
    for mask in (np.zeros((3, 3)), np.zeros((3, 3), np.float32), np.ones((3, 3), bool), [[0.0] * 3] * 3):
        out = sdpa(x, x, x, mask)
        assert out.dtype == dtype
        np.testing.assert_allclose(out, sdpa(x, x, x), rtol=1e-6)


# ------------------------------------------------------------------ queries that see nothing, extremes


def test_a_query_that_sees_no_key_gets_zeros_and_gives_no_gradient():
    q, k, v = (tensor(drawn(3, 4), requires_grad=True) for _ in range(3))
    allowed = np.array([[True] * 3, [False] * 3, [True, False, True]])
    for mask in (allowed, np.where(allowed, 0.0, -np.inf)):
        out = sdpa(q, k, v, mask)
        assert not np.any(out.detach().numpy()[1])
        for create_graph in (False, True):
            grads = autograd.gradients(out.sum(), (q, k, v), create_graph=create_graph, retain_graph=True)
            assert all(np.all(np.isfinite(g.detach().numpy())) for g in grads)
            assert not np.any(grads[0].detach().numpy()[1])


def test_without_keys_there_are_zeros():
    assert not np.any(sdpa(drawn(2, 3), drawn(0, 3), drawn(0, 4)))
    assert sdpa(drawn(0, 3), drawn(2, 3), drawn(2, 4)).shape == (0, 4)
    q = tensor(drawn(2, 3), requires_grad=True)
    out = sdpa(q, drawn(0, 3), drawn(0, 4))
    assert not np.any(autograd.gradients(out.sum(), q, create_graph=True)[0].detach().numpy())


@pytest.mark.parametrize("dtype", [np.float16, np.float32, np.float64])
@pytest.mark.parametrize("size", [1e-3, 1.0, 5.0, 20.0, 100.0, 250.0])
def test_scores_of_any_size_are_taken(dtype, size):
    # small scores are exponentiated as they are, large ones less their row's maximum
    k = np.array([[1.0, 0.0], [0.5, 0.5], [-1.0, 0.0]], dtype)
    q = np.array([[size, 0], [-size, 0], [0, 0]], dtype)
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        out = sdpa(q, k, k, scale=1.0)
    assert out.dtype == dtype
    expected = by_hand(q.astype(float), k.astype(float), k.astype(float), scale=1.0)
    np.testing.assert_allclose(out, expected, rtol=40 * np.finfo(dtype).eps, atol=4 * np.finfo(dtype).eps)


def test_large_masks_shift_nothing():
    q, k, v = drawn(3, 4), drawn(5, 4), drawn(5, 2)
    for shift in (-1e30, -1e4, 300.0, 1e4, 1e30):
        np.testing.assert_allclose(
            sdpa(q, k, v, np.full((3, 5), shift)), sdpa(q, k, v), atol=1e-12 if abs(shift) < 1e5 else 9
        )
    one = np.array([[0, -1e30, -1e30, -1e30, -1e30]] * 3)
    np.testing.assert_allclose(sdpa(q, k, v, one), np.repeat(v[:1], 3, 0))


@pytest.mark.parametrize("odd", [np.nan, np.inf])
def test_nan_stays_in_its_row(odd):
    q, k, v = drawn(3, 4), drawn(5, 4), drawn(5, 2)
    q[1, 0] = odd
    out = sdpa(q, k, v)
    np.testing.assert_allclose(out[::2], by_hand(q[::2], k, v), rtol=1e-12)
    assert np.all(np.isnan(out[1]))  # inf - inf, as in PyTorch


def test_inputs_are_left_alone():
    q, k, v, mask = drawn(3, 4), drawn(5, 4), drawn(5, 2), drawn(3, 5)
    copies = [x.copy() for x in (q, k, v, mask)]
    out = sdpa(tensor(q, requires_grad=True), k, v, mask)
    out.sum().backward()
    for x, c in zip((q, k, v, mask), copies, strict=True):
        np.testing.assert_array_equal(x, c)


# ------------------------------------------------------------------ draws


def test_dropout_of_weights_is_seeded_and_keeps_the_mean():
    q, k, v = np.zeros((200, 50, 2)), np.zeros((200, 50, 2)), np.ones((200, 50, 1))
    nn.manual_seed(3)
    one = sdpa(q, k, v, dropout_p=0.25)
    state = copy.deepcopy(nn.default_generator().bit_generator.state)
    two = sdpa(q, k, v, dropout_p=0.25)
    nn.default_generator().bit_generator.state = state
    np.testing.assert_array_equal(sdpa(q, k, v, dropout_p=0.25), two)
    assert np.any(one != two)
    np.testing.assert_array_equal(
        sdpa(q, k, v, dropout_p=0.25, generator=5), sdpa(q, k, v, dropout_p=0.25, generator=5)
    )
    assert abs(one.mean() - 1) < 0.005  # each is a mean of 50 draws of 0 or 4 / 3
    assert not np.any(sdpa(q, k, v, dropout_p=1.0))


def test_module_drops_in_training_only():
    m = nn.MultiheadAttention(4, 2, dropout=0.5)
    x = drawn(6, 3, 4, dtype=np.float32)
    for needed in (True, False):
        m.train()
        one, two = (m(x, x, x, need_weights=needed)[0].detach().numpy() for _ in range(2))
        assert np.any(one != two)
        m.eval()
        one, two = (m(x, x, x, need_weights=needed)[0].detach().numpy() for _ in range(2))
        np.testing.assert_array_equal(one, two)


# ------------------------------------------------------------------ the module


def test_heads_are_attentions_side_by_side():
    m = nn.MultiheadAttention(6, 3, dtype=np.float64)
    x = drawn(4, 6)
    w, b = m.in_proj_weight.detach().numpy(), RNG.normal(size=18)
    m.in_proj_bias.data[...] = b
    q, k, v = (x @ w[i : i + 6].T + b[i : i + 6] for i in (0, 6, 12))
    heads = [by_hand(q[:, i : i + 2], k[:, i : i + 2], v[:, i : i + 2]) for i in (0, 2, 4)]
    expected = (
        np.concatenate(heads, 1) @ m.out_proj.weight.detach().numpy().T + m.out_proj.bias.detach().numpy()
    )
    for needed in (True, False):
        np.testing.assert_allclose(
            m(x, x, x, need_weights=needed)[0].detach().numpy(), expected, rtol=1e-12
        )


MASKS = {
    "none": {},
    "hidden": {"attn_mask": np.triu(np.ones((5, 5), bool), 1)},
    "bias": {"attn_mask": drawn(5, 5)},
    "per head": {"attn_mask": drawn(6, 5, 5)},
    "padding": {"key_padding_mask": np.array([[False] * 4 + [True]] * 3)},
    "both": {"attn_mask": drawn(5, 5), "key_padding_mask": np.array([[False] * 4 + [True]] * 3)},
    "bools": {
        "attn_mask": np.triu(np.ones((5, 5), bool), 1),
        "key_padding_mask": np.array([[False] * 4 + [True]] * 3),
    },
    "causal": {"attn_mask": np.where(np.tri(5, dtype=bool), 0, -np.inf), "is_causal": True},
}


@pytest.mark.parametrize("masks", MASKS.values(), ids=MASKS)
@pytest.mark.parametrize("batch_first", [False, True])
def test_all_ways_to_the_result_agree(masks, batch_first):
    # one array of queries, keys and values; three; with weights
    m = nn.MultiheadAttention(4, 2, batch_first=batch_first, dtype=np.float64)
    a = drawn(*((3, 5, 4) if batch_first else (5, 3, 4)))
    found = []
    for copied, needed in ((False, False), (True, False), (True, True), (False, True)):
        x = tensor(a, requires_grad=True)
        others = (x * 1, x * 1) if copied else (x, x)
        out, weights = m(x, *others, need_weights=needed, **masks)
        assert (weights is None) != needed
        (out * out).sum().backward()
        parts = (out, x.grad, m.in_proj_weight.grad, m.in_proj_bias.grad)
        found.append([part.detach().numpy() for part in parts])
        m.zero_grad()
    for other in found[1:]:
        for one, two in zip(found[0], other, strict=True):
            np.testing.assert_allclose(one, two, rtol=1e-10, atol=1e-12)


def test_layouts_agree():
    one = nn.MultiheadAttention(4, 2, batch_first=True)
    two = nn.MultiheadAttention(4, 2)
    two.load_state_dict(one.state_dict())
    q, k = drawn(3, 5, 4, dtype=np.float32), drawn(3, 6, 4, dtype=np.float32)
    out, weights = one(q, k, k)
    turned, same = two(*(x.swapaxes(0, 1) for x in (q, k, k)))
    np.testing.assert_allclose(
        out.detach().numpy(), turned.detach().numpy().swapaxes(0, 1), rtol=1e-5, atol=1e-6
    )
    np.testing.assert_allclose(weights.detach().numpy(), same.detach().numpy(), rtol=1e-5)
    alone, of_one = two(q[1], k[1], k[1])
    np.testing.assert_allclose(alone.detach().numpy(), out.detach().numpy()[1], rtol=1e-5, atol=1e-6)
    np.testing.assert_allclose(of_one.detach().numpy(), weights.detach().numpy()[1], rtol=1e-5)
    each = two(q[1], k[1], k[1], average_attn_weights=False)[1]
    assert each.shape == (2, 5, 6)
    np.testing.assert_allclose(each.detach().numpy().mean(0), of_one.detach().numpy(), rtol=1e-5)
    np.testing.assert_allclose(each.detach().numpy().sum(-1), 1, rtol=1e-5)


def test_true_hides_here_and_shows_there():
    x = drawn(3, 2)
    hidden = np.array([[False, True, True]] * 3)
    m = nn.MultiheadAttention(2, 1, dtype=np.float64)
    np.testing.assert_array_equal(m(x, x, x, attn_mask=hidden)[1].detach().numpy(), [[1, 0, 0]] * 3)
    np.testing.assert_allclose(sdpa(x, x, x, ~hidden), np.repeat(x[:1], 3, 0))


def test_blind_queries_are_nan_with_weights_and_zero_without():
    m = nn.MultiheadAttention(4, 2)
    x = drawn(3, 2, 4, dtype=np.float32)
    blind = np.array([[True] * 3, [False] * 3])
    out, weights = m(x, x, x, key_padding_mask=blind)
    assert np.all(np.isnan(out.detach().numpy()[:, 0]))
    assert np.all(np.isnan(weights.detach().numpy()[0]))
    assert not np.any(np.isnan(out.detach().numpy()[:, 1]))
    bias = m.out_proj.bias.detach().numpy()
    np.testing.assert_array_equal(
        m(x, x, x, key_padding_mask=blind, need_weights=False)[0].detach().numpy()[:, 0], [bias] * 3
    )


def test_initial_values():
    m = nn.MultiheadAttention(32, 4, add_bias_kv=True, generator=1)
    assert not np.any(m.in_proj_bias.detach().numpy())
    assert not np.any(m.out_proj.bias.detach().numpy())
    bound = np.sqrt(6 / (32 + 96))
    extreme = np.abs(m.in_proj_weight.detach().numpy()).max()
    assert 0.99 * bound < extreme <= bound
    assert 0.1 < m.bias_k.detach().numpy().std() < 0.3  # sqrt(2 / (32 + 32)) = 0.177
    again = nn.MultiheadAttention(32, 4, add_bias_kv=True, generator=1)
    for name, value in again.state_dict().items():
        np.testing.assert_array_equal(value, m.state_dict()[name])
    apart = nn.MultiheadAttention(8, 2, kdim=3, vdim=5)
    projections = ["q_proj_weight", "k_proj_weight", "v_proj_weight", "in_proj_bias"]
    assert list(apart.state_dict()) == [*projections, "out_proj.weight", "out_proj.bias"]
    assert apart.k_proj_weight.shape == (8, 3)
    assert list(nn.MultiheadAttention(8, 2, bias=False).state_dict()) == [
        "in_proj_weight",
        "out_proj.weight",
    ]


def test_float32_stays_everywhere():
    m = nn.MultiheadAttention(4, 2, add_bias_kv=True, add_zero_attn=True)
    x = tensor(drawn(3, 2, 4, dtype=np.float32), requires_grad=True)
    for options in ({}, {"need_weights": False}, {"attn_mask": drawn(3, 3)}):
        out, weights = m(x, x, x, **options)
        out.sum().backward()
        assert out.dtype == x.grad.dtype == m.in_proj_weight.grad.dtype == m.bias_k.grad.dtype == np.float32
        assert weights is None or weights.dtype == np.float32


# ------------------------------------------------------------------ the function's weights


def forward(**changed):
    """multi_head_attention_forward of width 4 with two heads, with some arguments changed."""
    x = np.ones((3, 2, 4))
    given = dict(
        query=x, key=x, value=x, embed_dim_to_check=4, num_heads=2, in_proj_weight=np.ones((12, 4)),
        in_proj_bias=np.ones(12), bias_k=None, bias_v=None, add_zero_attn=False, dropout_p=0.0,
        out_proj_weight=np.ones((4, 4)), out_proj_bias=np.ones(4),
    )  # fmt: skip
    return F.multi_head_attention_forward(**{**given, **changed})


SEPARATE = dict(q_proj_weight=np.ones((4, 4)), k_proj_weight=np.ones((4, 4)), v_proj_weight=np.ones((4, 4)))


@pytest.mark.parametrize(
    ("changed", "error", "words"),
    [
        ({"num_heads": None}, ArgumentError, "num_heads must be a positive integer, got None"),
        ({"num_heads": 2.0}, ArgumentError, "num_heads must be a positive integer, got 2.0"),
        ({"embed_dim_to_check": "4"}, ArgumentError, "embed_dim_to_check must be a positive integer"),
        ({"in_proj_weight": None}, ShapeError, r"in_proj_weight must be .* shape \(12, 4\), got NoneType"),
        (
            {"in_proj_weight": np.ones((13, 4))},
            ShapeError,
            r"in_proj_weight .*got float64\(13, 4\)",
        ),
        ({"in_proj_weight": np.ones((12, 4), int)}, ShapeError, "in_proj_weight must be floating"),
        ({"in_proj_bias": np.ones(())}, ShapeError, r"in_proj_bias .* \(12\), got float64\(\)"),
        ({"bias_k": np.ones((1, 1, 1, 4)), "bias_v": np.ones((1, 1, 4))}, ShapeError, "bias_k must be"),
        ({"out_proj_weight": np.ones((4, 3))}, ShapeError, r"out_proj_weight .* \(4, 4\)"),
        ({"out_proj_bias": np.ones(3)}, ShapeError, r"out_proj_bias .* \(4\)"),
        (
            {"use_separate_proj_weight": True},
            ShapeError,
            r"q_proj_weight .* \(4, 4\), got NoneType",
        ),
        (
            {"use_separate_proj_weight": True, **SEPARATE, "v_proj_weight": np.ones(4)},
            ShapeError,
            r"v_proj_weight must be .* \(4, any\), got float64\(4,\)",
        ),
    ],
)
def test_weights_that_do_not_fit_are_refused(changed, error, words):
    with pytest.raises(error, match=f"multi_head_attention_forward: {words}"):
        forward(**changed)


@pytest.mark.parametrize("value", ["x", math.nan, [1.0], object()])
def test_a_scale_is_a_number(value):
    q = np.ones((2, 3, 4))
    with pytest.raises(ArgumentError, match="scaled_dot_product_attention: scale must be a number"):
        F.scaled_dot_product_attention(q, q, q, scale=value)


@pytest.mark.parametrize("value", ["x", 1.5, [[1.0]], object()])
def test_static_keys_are_arrays_of_the_heads(value):
    with pytest.raises(AutogradError, match=r"static_k|array of numbers"):
        forward(static_k=value)


def test_any_truth_value_adds_zero_attention():
    x = np.ones((3, 2, 4), np.float32)
    assert nn.MultiheadAttention(4, 2, add_zero_attn=None)(x, x, x)[1].shape == (2, 3, 3)
    assert nn.MultiheadAttention(4, 2, add_zero_attn=np.True_)(x, x, x)[1].shape == (2, 3, 4)


# ------------------------------------------------------------------ refusals

X, M = drawn(3, 2, 4, dtype=np.float32), nn.MultiheadAttention(4, 2)


@pytest.mark.parametrize(
    ("error", "words", "call"),
    [
        (ArgumentError, "embed_dim 5 must be a multiple", lambda: nn.MultiheadAttention(5, 2)),
        (ArgumentError, "num_heads must be a positive integer, got 0", lambda: nn.MultiheadAttention(4, 0)),
        (ArgumentError, "embed_dim must be a positive integer", lambda: nn.MultiheadAttention(4.0, 2)),
        (ArgumentError, "kdim must be a positive integer", lambda: nn.MultiheadAttention(4, 2, kdim=-1)),
        (ArgumentError, "dropout must be in 0..1, got 1.5", lambda: nn.MultiheadAttention(4, 2, 1.5)),
        (ArgumentError, "dropout", lambda: nn.MultiheadAttention(4, 2, float("nan"))),
        (ShapeError, r"query\(3, 2, 5\).*widths \(4, 4, 4\)", lambda: M(X[..., [0, 1, 2, 3, 3]], X, X)),
        (ShapeError, "must all be", lambda: M(X, X[0], X[0])),
        (ShapeError, "one batch", lambda: M(X, X[:, :1], X[:, :1])),
        (ShapeError, "as many values as keys", lambda: M(X, X, X[:2])),
        (ShapeError, r"key_padding_mask\(3, 2\) must be \(N, S\), here \(2, 3\)",
         lambda: M(X, X, X, np.zeros((3, 2), bool))),
        (ShapeError, r"attn_mask\(2, 3\) must be \(L, S\), here \(3, 3\), or .*here \(4, 3, 3\)",
         lambda: M(X, X, X, attn_mask=np.zeros((2, 3)))),
        (ShapeError, r"attn_mask\(2, 3, 3\)", lambda: M(X, X, X, attn_mask=np.zeros((2, 3, 3)))),
        (DtypeError, "attn_mask must be of booleans or floating numbers, got int64",
         lambda: M(X, X, X, attn_mask=np.zeros((3, 3), np.int64))),
        (DtypeError, "key_padding_mask must be", lambda: M(X, X, X, np.zeros((2, 3), int))),
        (DtypeError, "query must be of floating numbers", lambda: M(*[np.ones((3, 4), int)] * 3)),
        (ArgumentError, "attn_mask, which is missing", lambda: M(X, X, X, is_causal=True)),
        (ArgumentError, "not both", lambda: sdpa(X, X, X, np.zeros((2, 2)), is_causal=True)),
        (ArgumentError, "dropout_p must be in 0..1, got -0.1", lambda: sdpa(X, X, X, dropout_p=-0.1)),
        (ShapeError, "at least two axes", lambda: sdpa(X[0, 0], X, X)),
        (ShapeError, "end in the same width", lambda: sdpa(X, X[..., :3], X)),
        (ShapeError, "as many values as keys", lambda: sdpa(X, X, X[:, :1])),
        (ShapeError, "do not broadcast", lambda: sdpa(X, X[:2], X[:2])),
        (ShapeError, r"attn_mask\(2, 3\) must broadcast to the scores' shape \(3, 2, 2\)",
         lambda: sdpa(X, X, X, np.zeros((2, 3)))),
        (ShapeError, "attn_mask", lambda: sdpa(X, X, X, np.zeros(2))),
        (ShapeError, "attn_mask", lambda: sdpa(X, X, X, np.zeros((1, 3, 2, 2)))),
        (DtypeError, "one floating dtype", lambda: sdpa(X, X.astype(float), X)),
        (DtypeError, "one floating dtype", lambda: sdpa(*[np.ones((2, 2), int)] * 3)),
        (DtypeError, "attn_mask must be", lambda: sdpa(X, X, X, np.zeros((2, 2), int))),
        (ShapeError, "multiple of those of key", lambda: sdpa(X, X[:2], X[:2], enable_gqa=True)),
        (ShapeError, "enable_gqa needs", lambda: sdpa(X[0], X[0], X[0], enable_gqa=True)),
    ],
)  # fmt: skip
def test_what_does_not_fit_is_refused(error, words, call):
    with pytest.raises(error, match=words):
        call()


def test_errors_name_the_module():
    model = nn.TransformerEncoder(nn.TransformerEncoderLayer(4, 2, 5), 2)
    with pytest.raises(ShapeError, match=r"layers\.0\.self_attn.*attn_mask\(2, 2\)"):
        model(X, np.zeros((2, 2), np.float32))


# ------------------------------------------------------------------ it learns


def test_it_learns_to_look_one_place_back():
    rng = np.random.default_rng(0)
    nn.manual_seed(0)
    places = np.eye(6, dtype=np.float32)[None].repeat(32, 0)
    attend = nn.MultiheadAttention(10, 2, batch_first=True)
    optimiser = optim.Adam(attend.parameters(), lr=0.02)
    for _ in range(120):
        symbols = np.eye(4, dtype=np.float32)[rng.integers(0, 4, (32, 6))]
        x = np.concatenate([symbols, places], -1)
        out, _ = attend(x, x, x, need_weights=False)
        loss = F.mse_loss(out[:, 1:, :4], symbols[:, :-1])
        optimiser.zero_grad()
        loss.backward()
        optimiser.step()
    assert loss.item() < 0.02  # guessing the mean costs 3/16


@pytest.mark.parametrize("is_causal", [False, True])
@pytest.mark.parametrize("masked", [False, True])
def test_scores_that_are_computed_again_are_what_they_were(is_causal, masked, monkeypatch):
    from autograd.ops.neural import attention as kernels

    rng = np.random.default_rng(0)
    q, k, v = (rng.normal(size=(2, 3, 5, 4)) for _ in range(3))
    qkv, kept = rng.normal(size=(2, 5, 24)), rng.random((2, 3, 5, 5))
    mask = rng.normal(size=(5, 5)) if masked else None

    def gradients():
        several = autograd.grad(
            lambda q, k, v: (kernels.attention(q, k, v, mask, kept, None, is_causal) ** 2).sum(), (0, 1, 2)
        )
        one = autograd.grad(
            lambda x: (kernels.self_attention(x, mask, None, 2, True, is_causal) ** 2).sum()
        )
        return *several(q, k, v), one(qkv)

    wanted = gradients()
    monkeypatch.setattr(kernels, "_MANY", 0)
    monkeypatch.setattr(kernels, "_WIDE", 0)
    for a, b in zip(wanted, gradients(), strict=True):
        np.testing.assert_allclose(b, a, rtol=1e-12, atol=1e-13)
