"""Attention and whole transformers against PyTorch's, with the same weights, masks and draws."""

from __future__ import annotations

import itertools

import numpy as np
import pytest

import nn
import nn.functional as F
import optim
from autograd import no_grad, tensor
from nn.functional import heads, masks

torch = pytest.importorskip("torch")
pytestmark = [
    pytest.mark.peers,
    pytest.mark.filterwarnings("ignore:Support for mismatched"),
    pytest.mark.filterwarnings("ignore:enable_nested_tensor"),
    pytest.mark.filterwarnings("ignore:The PyTorch API of nested tensors"),
]

TOLERANCE = {"float64": 1e-10, "float32": 1e-5}
RNG = np.random.default_rng(0)


def agree(ours, theirs, dtype, what=""):
    ours = np.asarray(ours.detach().numpy() if hasattr(ours, "detach") else ours)
    theirs = theirs.detach().numpy()
    assert (ours.shape, ours.dtype) == (theirs.shape, theirs.dtype), what
    np.testing.assert_array_equal(np.isnan(ours), np.isnan(theirs), err_msg=what)
    ours, theirs = ours[~np.isnan(ours)], theirs[~np.isnan(theirs)]
    error = np.max(np.abs(ours - theirs), initial=0) / max(np.max(np.abs(theirs), initial=0), 1e-30)
    assert error <= TOLERANCE[dtype], f"{what}: {error}"


def same_weights(mine, peer, dtype):
    torch.manual_seed(0)
    peer = peer.to(getattr(torch, dtype))
    for p in peer.parameters():  # biases too start from something
        torch.nn.init.normal_(p, 0.0, 0.3)
    mine = mine.to(np.dtype(dtype))
    mine.load_state_dict({k: v.numpy() for k, v in peer.state_dict().items()})
    return mine, peer


def gradients_agree(mine, peer, dtype):
    for (name, p), (other, q) in zip(mine.named_parameters(), peer.named_parameters(), strict=True):
        assert name == other
        agree(p.grad, q.grad, dtype, name)


# ------------------------------------------------------------------ one array of queries, keys and values

N, L = 3, 5
ATTN = {
    "none": None,
    "hidden": RNG.random((L, L)) < 0.3,
    "bias": RNG.normal(size=(L, L)),
    "causal": np.triu(np.full((L, L), -np.inf), 1),
    "per head": RNG.normal(size=(N * 2, L, L)),
    "hidden per head": RNG.random((N * 2, L, L)) < 0.3,
    "blind": np.eye(L) == 0,
}
ATTN["hidden"][:, 0] = ATTN["hidden per head"][..., 0] = False
PADDING = {"none": None, "hidden": np.arange(L) >= np.array([[5], [3], [1]]), "all": np.ones((N, L), bool)}


@pytest.mark.parametrize("dtype", TOLERANCE)
@pytest.mark.parametrize("attn", ATTN)
@pytest.mark.parametrize("padding", PADDING)
def test_self_attention(dtype, attn, padding):
    for batch_first, needed, more, training in itertools.product((False, True), repeat=4):
        options = {"add_bias_kv": more, "add_zero_attn": more, "batch_first": batch_first}
        mine, peer = same_weights(
            nn.MultiheadAttention(4, 2, **options), torch.nn.MultiheadAttention(4, 2, **options), dtype
        )
        shape = (N, L, 4) if batch_first else (L, N, 4)
        a = RNG.normal(size=shape).astype(dtype)
        x, y = tensor(a, requires_grad=True), torch.tensor(a, requires_grad=True)
        mask = ATTN[attn]
        if mask is not None and mask.dtype != np.bool_:
            mask = mask.astype(dtype)
        call = {"attn_mask": mask, "key_padding_mask": PADDING[padding], "need_weights": needed}
        theirs = {k: torch.tensor(v) if isinstance(v, np.ndarray) else v for k, v in call.items()}
        out, weights = mine.train(training)(x, x, x, **call)
        expected, their_weights = peer.train(training)(y, y, y, **theirs)
        agree(out, expected, dtype, "result")
        assert (weights is None) == (their_weights is None)
        if weights is not None:
            agree(weights, their_weights, dtype, "weights")
        g = RNG.normal(size=shape).astype(dtype)
        out.backward(g)
        expected.backward(torch.tensor(g))
        agree(x.grad, y.grad, dtype, "gradient")
        gradients_agree(mine, peer, dtype)


@pytest.mark.parametrize("size", [1, 10, 100, 1000])
@pytest.mark.parametrize("dtype", TOLERANCE)
def test_scores_of_any_size(dtype, size):
    q, k, v = (RNG.normal(size=(2, 6, 4)).astype(dtype) for _ in range(3))
    q *= size
    mine = [tensor(x, requires_grad=True) for x in (q, k, v)]
    peer = [torch.tensor(x, requires_grad=True) for x in (q, k, v)]
    out = F.scaled_dot_product_attention(*mine)
    expected = torch.nn.functional.scaled_dot_product_attention(*peer)
    np.testing.assert_allclose(out.detach().numpy(), expected.detach().numpy(), rtol=0, atol=size * 1e-6)
    out.sum().backward()
    expected.sum().backward()
    tolerance = size * TOLERANCE[dtype]
    for a, b in zip(mine, peer, strict=True):
        scale = float(b.grad.abs().max())
        assert np.abs(a.grad.numpy() - b.grad.numpy()).max() <= tolerance * max(scale, 1)


def test_the_same_draws_drop_the_same(monkeypatch):
    kept = (RNG.random((3, 2, 5, 5)) > 0.4) / 0.6
    monkeypatch.setattr(heads, "_kept", lambda *args: kept)
    monkeypatch.setattr(
        torch.nn.functional, "dropout", lambda x, *args, **kw: x * torch.tensor(kept).reshape(x.shape)
    )
    mine, peer = same_weights(
        nn.MultiheadAttention(4, 2, 0.4), torch.nn.MultiheadAttention(4, 2, 0.4), "float64"
    )
    a = RNG.normal(size=(5, 3, 4))
    y = torch.tensor(a, requires_grad=True)
    expected, weights = peer(y, y, y)
    expected.square().sum().backward()
    for needed in (True, False):
        x = tensor(a, requires_grad=True)
        out, found = mine(x, x, x, need_weights=needed)
        (out * out).sum().backward()
        agree(out, expected, "float64")
        agree(x.grad, y.grad, "float64")
        if needed:
            agree(found, weights, "float64")
    assert masks.draw_kept((3, 2), 0.0, np.float64, None, "") is None


# ------------------------------------------------------------------ whole models


def character_model(library, **options):
    class Characters(library.Module):
        def __init__(self):
            super().__init__()
            self.symbols, self.places = library.Embedding(7, 8), library.Embedding(6, 8)
            layer = library.TransformerEncoderLayer(8, 2, 16, 0.0, batch_first=True, **options)
            self.encoder = library.TransformerEncoder(layer, 2, library.LayerNorm(8))
            self.head = library.Linear(8, 7)

        def forward(self, x, mask):
            h = self.encoder(self.symbols(x) + self.places.weight, mask, is_causal=True)
            return self.head(h).reshape(-1, 7)

    return Characters()


KINDS = [{}, {"norm_first": True}, {"activation": "gelu"}, {"bias": False, "layer_norm_eps": 1e-3}]


@pytest.mark.parametrize("dtype", TOLERANCE)
@pytest.mark.parametrize("options", KINDS, ids=str)
def test_a_character_model(dtype, options):
    mine, peer = same_weights(character_model(nn, **options), character_model(torch.nn, **options), dtype)
    mask = nn.Transformer.generate_square_subsequent_mask(6)
    their_mask = torch.nn.Transformer.generate_square_subsequent_mask(6).to(getattr(torch, dtype))
    x, y = RNG.integers(0, 7, (3, 6)), RNG.integers(0, 7, 18)
    for training in (True, False):
        mine.train(training), peer.train(training)
        mine.zero_grad(), peer.zero_grad()
        out, expected = mine(x, mask), peer(torch.tensor(x), their_mask)
        agree(out, expected, dtype)
        F.cross_entropy(out, y).backward()
        torch.nn.functional.cross_entropy(expected, torch.tensor(y)).backward()
        gradients_agree(mine, peer, dtype)
    with no_grad(), torch.no_grad():
        agree(mine(x, mask), peer(torch.tensor(x), their_mask), dtype, "PyTorch's fast path")


def test_twenty_steps_of_training():
    mine, peer = same_weights(character_model(nn), character_model(torch.nn), "float64")
    mask = nn.Transformer.generate_square_subsequent_mask(6)
    their_mask = torch.tensor(mask).double()
    one, two = optim.Adam(mine.parameters(), lr=0.01), torch.optim.Adam(peer.parameters(), lr=0.01)
    for _ in range(20):
        x, y = RNG.integers(0, 7, (3, 6)), RNG.integers(0, 7, 18)
        one.zero_grad(), two.zero_grad()
        loss = F.cross_entropy(mine(x, mask), y)
        theirs = torch.nn.functional.cross_entropy(peer(torch.tensor(x), their_mask), torch.tensor(y))
        loss.backward()
        theirs.backward()
        one.step(), two.step()
    assert abs(loss.item() - theirs.item()) < 1e-9 * theirs.item()


@pytest.mark.parametrize("dtype", TOLERANCE)
@pytest.mark.parametrize("options", [*KINDS, {"batch_first": True}], ids=str)
def test_a_whole_transformer(dtype, options):
    sizes = (8, 2, 2, 2, 16, 0.0)
    mine, peer = same_weights(
        nn.Transformer(*sizes, **options), torch.nn.Transformer(*sizes, **options), dtype
    )
    src, tgt = (RNG.normal(size=s).astype(dtype) for s in ((5, 3, 8), (4, 3, 8)))
    if options.get("batch_first"):
        src, tgt = src.swapaxes(0, 1).copy(), tgt.swapaxes(0, 1).copy()
    padding = np.arange(5) >= np.array([[5], [4], [2]])
    call = {"src_key_padding_mask": padding, "memory_key_padding_mask": padding}
    call["tgt_mask"] = np.triu(np.ones((4, 4), bool), 1)
    theirs = {k: torch.tensor(v) for k, v in call.items()}
    x, y = (tensor(a, requires_grad=True) for a in (src, tgt))
    p, q = (torch.tensor(a, requires_grad=True) for a in (src, tgt))
    out, expected = mine(x, y, **call), peer(p, q, **theirs)
    agree(out, expected, dtype)
    g = RNG.normal(size=out.shape).astype(dtype)
    out.backward(g)
    expected.backward(torch.tensor(g))
    agree(x.grad, p.grad, dtype)
    agree(y.grad, q.grad, dtype)
    gradients_agree(mine, peer, dtype)
