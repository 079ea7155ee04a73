"""Transformers: layers composed by hand, copies, masks, refusals, and that they learn."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import nn
import nn.functional as F
import optim
from autograd import no_grad
from autograd.errors import ArgumentError, OperandError, ShapeError

LAYER = (8, 2, 12, 0.0)


def drawn(*shape, dtype=np.float32):
    return np.random.default_rng(sum(shape)).normal(size=shape).astype(dtype)


def values(x):
    return x.detach().numpy()


def causal(n):
    return nn.Transformer.generate_square_subsequent_mask(n)


# ------------------------------------------------------------------ layers by hand


@pytest.mark.parametrize("activation", ["relu", "gelu", F.silu])
@pytest.mark.parametrize("norm_first", [False, True])
def test_encoder_layer_is_its_parts(norm_first, activation):
    m = nn.TransformerEncoderLayer(*LAYER, activation, norm_first=norm_first)
    x, f = drawn(5, 3, 8), activation if callable(activation) else getattr(F, activation)

    def ff(x):
        return m.linear2(f(m.linear1(x)))

    if norm_first:
        y = m.norm1(x)
        y = m.self_attn(y, y, y)[0] + x
        expected = y + ff(m.norm2(y))
    else:
        y = m.norm1(m.self_attn(x, x, x)[0] + x)
        expected = m.norm2(y + ff(y))
    np.testing.assert_allclose(values(m(x)), values(expected), rtol=1e-4, atol=1e-5)


@pytest.mark.parametrize("norm_first", [False, True])
def test_decoder_layer_is_its_parts(norm_first):
    m = nn.TransformerDecoderLayer(*LAYER, norm_first=norm_first)
    x, memory = drawn(4, 3, 8), drawn(5, 3, 8)

    def ff(x):
        return m.linear2(F.relu(m.linear1(x)))

    if norm_first:
        y = m.norm1(x)
        y = m.self_attn(y, y, y)[0] + x
        y = y + m.multihead_attn(m.norm2(y), memory, memory)[0]
        expected = y + ff(m.norm3(y))
    else:
        y = m.norm1(m.self_attn(x, x, x)[0] + x)
        y = m.norm2(y + m.multihead_attn(y, memory, memory)[0])
        expected = m.norm3(y + ff(y))
    np.testing.assert_allclose(values(m(x, memory)), values(expected), rtol=1e-4, atol=1e-5)


def test_stacks_hold_copies_and_end_in_their_norm():
    layer, norm = nn.TransformerEncoderLayer(*LAYER), nn.LayerNorm(8)
    stack = nn.TransformerEncoder(layer, 3, norm)
    first, second, _ = stack.layers
    for name, value in first.state_dict().items():
        np.testing.assert_array_equal(value, second.state_dict()[name])
        assert not np.shares_memory(value, second.state_dict()[name])
        assert not np.shares_memory(value, layer.state_dict()[name])
    x = y = drawn(5, 3, 8)
    for m in stack.layers:
        y = m(y)
    np.testing.assert_array_equal(values(stack(x)), values(norm(y)))
    assert len(nn.TransformerDecoder(nn.TransformerDecoderLayer(*LAYER), 2).layers) == 2
    np.testing.assert_array_equal(nn.TransformerEncoder(layer, 0)(x), x)


def test_both_stacks_together():
    m = nn.Transformer(8, 2, 2, 1, 12, 0.0)
    src, tgt = drawn(5, 3, 8), drawn(4, 3, 8)
    np.testing.assert_array_equal(values(m(src, tgt)), values(m.decoder(tgt, m.encoder(src))))
    first = m.encoder.layers[0].linear1.weight, m.encoder.layers[1].linear1.weight
    assert np.any(values(first[0]) != values(first[1]))  # drawn anew, not copies
    custom = nn.Transformer(8, 2, custom_encoder=nn.Identity(), custom_decoder=m.decoder)
    assert list(custom.state_dict()) == [k for k in m.state_dict() if k.startswith("decoder")]


@settings(max_examples=30)
@given(*[st.integers(1, 3)] * 2, *[st.integers(1, 4)] * 4, st.booleans(), st.booleans())
def test_shapes(heads, width, batch, length, keys, wide, batch_first, norm_first):
    e = heads * width
    m = nn.Transformer(e, heads, 1, 1, wide, batch_first=batch_first, norm_first=norm_first)
    order = (lambda n: (batch, n, e)) if batch_first else (lambda n: (n, batch, e))
    out = m(drawn(*order(keys)), drawn(*order(length)))
    assert (out.shape, out.dtype) == (order(length), np.float32)
    assert m(drawn(keys, e), drawn(length, e)).shape == (length, e)


# ------------------------------------------------------------------ masks


def test_the_causal_mask():
    expected = [[0, -np.inf, -np.inf], [0, 0, -np.inf], [0, 0, 0]]
    np.testing.assert_array_equal(causal(3), expected)
    assert causal(3).dtype == np.float32
    assert nn.Transformer.generate_square_subsequent_mask(2, dtype=np.float64).dtype == np.float64
    causal(3)[...] = 1  # everyone has their own
    np.testing.assert_array_equal(causal(3), expected)


@pytest.mark.parametrize("hint", [None, True, False])
def test_under_a_causal_mask_nothing_sees_what_follows(hint):
    m = nn.TransformerEncoder(nn.TransformerEncoderLayer(*LAYER, batch_first=True), 2)
    x = drawn(2, 6, 8)
    moved = x.copy()
    moved[:, 4] += 1
    one, two = (values(m(a, causal(6), is_causal=hint)) for a in (x, moved))
    np.testing.assert_array_equal(one[:, :4], two[:, :4])
    assert np.all(np.any(one[:, 4:] != two[:, 4:], -1))
    free = values(m(moved)) != values(m(x))
    assert np.all(np.any(free, -1))


def test_a_mask_that_is_causal_is_found_out():
    m = nn.TransformerEncoder(nn.TransformerEncoderLayer(*LAYER), 2)
    seen = []
    m.layers[0].self_attn.register_forward_pre_hook(lambda _, args: seen.append(args[-1]))
    x = drawn(3, 2, 8)
    for mask in (causal(3), causal(3).astype(np.float64), np.zeros((3, 3), np.float32), causal(3) == 0):
        m(x, mask)
    m(x)
    assert seen == [True, True, False, False, False]


@pytest.mark.parametrize("as_numbers", [False, True])
def test_padding_is_not_seen(as_numbers):
    m = nn.Transformer(8, 2, 1, 1, 12, 0.0, batch_first=True)
    src, tgt = drawn(2, 5, 8), drawn(2, 4, 8)
    padding = np.arange(5) >= np.array([[3], [5]])
    mask = np.where(padding, -np.inf, 0) if as_numbers else padding
    other = np.where(padding[..., None], 9, src).astype(np.float32)
    one, two = (
        values(m(a, tgt, src_key_padding_mask=mask, memory_key_padding_mask=mask)) for a in (src, other)
    )
    np.testing.assert_allclose(one, two, rtol=1e-4, atol=1e-5)
    short = values(m(src[:1, :3], tgt[:1]))
    np.testing.assert_allclose(one[:1], short, rtol=1e-4, atol=1e-5)


def test_tgt_padding_and_memory_masks():
    m = nn.TransformerDecoder(nn.TransformerDecoderLayer(*LAYER, batch_first=True), 2)
    tgt, memory = drawn(1, 4, 8), drawn(1, 3, 8)
    padding = np.array([[False, False, False, True]])
    other = tgt.copy()
    other[:, 3] += 1
    one, two = (values(m(a, memory, tgt_key_padding_mask=padding)) for a in (tgt, other))
    np.testing.assert_array_equal(one[:, :3], two[:, :3])
    first = np.array([[False, True, True]] * 4)
    moved = memory.copy()
    moved[:, 1:] += 1
    one, two = (values(m(tgt, a, memory_mask=first)) for a in (memory, moved))
    np.testing.assert_array_equal(one, two)


# ------------------------------------------------------------------ modes, draws, state


def test_dropout_is_of_training_and_of_the_seed():
    m = nn.Transformer(8, 2, 1, 1, 12, 0.5)
    src, tgt = drawn(5, 3, 8), drawn(4, 3, 8)
    nn.manual_seed(1)
    one, other = values(m(src, tgt)), values(m(src, tgt))
    nn.manual_seed(1)
    np.testing.assert_array_equal(values(m(src, tgt)), one)
    assert np.any(one != other)
    m.eval()
    np.testing.assert_array_equal(values(m(src, tgt)), values(m(src, tgt)))
    with no_grad():
        np.testing.assert_array_equal(m(src, tgt).numpy(), values(m(src, tgt)))


def test_a_seed_makes_the_model():
    one, two = (nn.Transformer(8, 2, 1, 1, 12, generator=5) for _ in range(2))
    for a, b in zip(one.parameters(), two.parameters(), strict=True):
        np.testing.assert_array_equal(values(a), values(b))
        assert a.ndim < 2 or np.abs(values(a)).max() <= np.sqrt(6 / sum(a.shape))
    wide = nn.TransformerEncoderLayer(8, 2, 12, dtype=np.float64)
    assert {p.dtype for p in wide.parameters()} == {np.dtype(np.float64)}


def test_without_biases_there_are_none():
    for m in (
        nn.TransformerEncoderLayer(*LAYER, bias=False),
        nn.TransformerDecoderLayer(*LAYER, bias=False),
    ):
        assert not [name for name in m.state_dict() if "bias" in name]


# ------------------------------------------------------------------ refusals

ENCODER = nn.TransformerEncoder(nn.TransformerEncoderLayer(*LAYER), 1)
BOTH = nn.Transformer(8, 2, 1, 1, 12)


@pytest.mark.parametrize(
    ("error", "words", "call"),
    [
        (ArgumentError, "callable or one of", lambda: nn.TransformerEncoderLayer(*LAYER, "silu")),
        (ArgumentError, "multiple of num_heads 3", lambda: nn.TransformerDecoderLayer(8, 3)),
        (ArgumentError, "positive integer, got 0", lambda: nn.TransformerEncoderLayer(8, 2, 0)),
        (ArgumentError, "0..1", lambda: nn.TransformerEncoderLayer(8, 2, 12, -0.1)),
        (ArgumentError, "num_layers must be", lambda: nn.TransformerEncoder(ENCODER.layers[0], -1)),
        (ArgumentError, "num_layers must be", lambda: nn.TransformerDecoder(BOTH.decoder.layers[0], 1.5)),
        (ArgumentError, "sz must be", lambda: causal(-1)),
        (ShapeError, "must end in d_model, 8", lambda: BOTH(drawn(3, 2, 7), drawn(3, 2, 8))),
        (ShapeError, "must be of one batch", lambda: BOTH(drawn(3, 2, 8), drawn(3, 1, 8))),
        (
            ShapeError,
            r"layers\.0\.self_attn.*attn_mask\(3, 3\)",
            lambda: ENCODER(drawn(4, 2, 8), causal(3)),
        ),
        (ShapeError, "key_padding_mask", lambda: ENCODER(drawn(4, 2, 8), None, np.zeros((4, 2), bool))),
        (ShapeError, "query", lambda: ENCODER(drawn(4, 2, 7))),
        (OperandError, "custom_encoder must be a fun", lambda: nn.Transformer(4, 2, custom_encoder=3)),
        (
            OperandError,
            "custom_decoder must be a fun",
            lambda: nn.Transformer(4, 2, custom_decoder="x"),
        ),
    ],
)
def test_what_does_not_fit_is_refused(error, words, call):
    with pytest.raises(error, match=words):
        call()


# ------------------------------------------------------------------ they learn


class Characters(nn.Module):
    """A character model: what follows each character."""

    def __init__(self, symbols, width, length):
        super().__init__()
        self.symbols, self.places = nn.Embedding(symbols, width), nn.Embedding(length, width)
        layer = nn.TransformerEncoderLayer(width, 2, 2 * width, 0.0, batch_first=True)
        self.encoder = nn.TransformerEncoder(layer, 2)
        self.head = nn.Linear(width, symbols)

    def forward(self, x):
        out = self.encoder(self.symbols(x) + self.places.weight, causal(x.shape[1]), is_causal=True)
        return self.head(out)


def test_a_character_model_learns_its_text():
    nn.manual_seed(0)
    text = np.frombuffer(b"the tape runs backward ", np.uint8)
    symbols, codes = np.unique(text, return_inverse=True)
    m = Characters(len(symbols), 16, 12)
    optimiser = optim.Adam(m.parameters(), lr=0.01)
    starts = np.arange(len(codes) - 12)[:, None] + np.arange(12)
    for _ in range(60):
        logits = m(codes[starts])
        loss = F.cross_entropy(logits.reshape(-1, len(symbols)), codes[starts + 1].reshape(-1))
        optimiser.zero_grad()
        loss.backward()
        optimiser.step()
    assert loss.item() < 0.3  # guessing costs log(14) = 2.6
