"""Packed sequences, dropout between layers, and what the samples cannot say, against PyTorch."""

from __future__ import annotations

import warnings

import numpy as np
import pytest

import autograd
import nn
from autograd import tensor
from nn.utils import rnn

torch = pytest.importorskip("torch")
theirs_rnn = torch.nn.utils.rnn
pytestmark = [pytest.mark.peers, pytest.mark.filterwarnings("ignore:LSTM with projections")]

TOLERANCE = {"float64": 1e-10, "float32": 1e-5}
dtypes = pytest.mark.parametrize("dtype", TOLERANCE)
LENGTHS = [[4, 4, 4], [5, 3, 1], [1, 5, 2, 5, 3], [1], [2, 2, 6]]
KINDS = [
    ("RNN", {}),
    ("RNN", {"nonlinearity": "relu"}),
    ("GRU", {}),
    ("LSTM", {}),
    ("LSTM", {"proj_size": 2}),
]
OPTIONS = [
    {},
    {"bidirectional": True},
    {"num_layers": 2, "bias": False},
    {"num_layers": 2, "bidirectional": True, "batch_first": True},
]


def agree(ours, theirs, dtype, what=""):
    ours = np.asarray(ours.detach().numpy() if isinstance(ours, autograd.Tensor) else ours)
    theirs = theirs.detach().numpy()
    assert ours.shape == theirs.shape, what
    assert ours.dtype == theirs.dtype == np.dtype(dtype), what
    scale = max(float(np.max(np.abs(theirs), initial=0.0)), 1e-300)
    error = float(np.max(np.abs(ours - theirs), initial=0.0)) / scale
    assert error <= TOLERANCE[dtype], f"{what}: {error}"


def pair(name, dtype, *args, **options):
    """The same layer twice, with PyTorch's parameters."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        peer = getattr(torch.nn, name)(*args, **options).to(getattr(torch, dtype))
        ours = getattr(nn, name)(*args, **options, dtype=dtype)
    ours.load_state_dict({k: v.numpy() for k, v in peer.state_dict().items()})
    return ours, peer


def compare(ours, peer, mine, theirs, outs, expected, dtype):
    """Results, and the gradients of a random combination of them by inputs and parameters."""
    rng = np.random.default_rng(0)
    weights = [rng.normal(size=e.shape).astype(dtype) for e in expected]
    for i, (a, b) in enumerate(zip(outs, expected, strict=True)):
        agree(a, b, dtype, f"result {i}")
    mine, theirs = [*mine, *ours.parameters()], [*theirs, *peer.parameters()]
    found = autograd.gradients(outs, mine, weights)
    wanted = torch.autograd.grad(expected, theirs, [torch.tensor(w) for w in weights])
    for i, (a, b) in enumerate(zip(found, wanted, strict=True)):
        agree(a, b, dtype, f"gradient {i}")


def flat(states):
    return list(states) if isinstance(states, tuple) else [states]


@dtypes
@pytest.mark.parametrize("lengths", LENGTHS, ids=str)
@pytest.mark.parametrize("options", OPTIONS, ids=str)
@pytest.mark.parametrize(("name", "kind"), KINDS, ids=str)
@pytest.mark.parametrize("given", [False, True])
def test_packed_sequences(name, kind, options, lengths, given, dtype):
    rng = np.random.default_rng(1)
    ours, peer = pair(name, dtype, 3, 4, **kind, **options)
    count, layers = len(lengths), ours.num_layers * (2 if ours.bidirectional else 1)
    batch_first = bool(options.get("batch_first"))
    shape = (count, max(lengths)) if batch_first else (max(lengths), count)
    arrays = [rng.normal(size=(*shape, 3)).astype(dtype)]
    if given:
        widths = (kind.get("proj_size", 4), 4)[: 2 if name == "LSTM" else 1]
        arrays += [rng.normal(size=(layers, count, w)).astype(dtype) for w in widths]
    mine = [tensor(a, requires_grad=True) for a in arrays]
    theirs = [torch.tensor(a, requires_grad=True) for a in arrays]
    results = []
    for layer, pack, (x, *hx) in ((ours, rnn, mine), (peer, theirs_rnn, theirs)):
        packed = pack.pack_padded_sequence(x, lengths, batch_first, enforce_sorted=False)
        state = None if not hx else tuple(hx) if name == "LSTM" else hx[0]
        output, final = layer(packed, state)
        padded, known = pack.pad_packed_sequence(output, batch_first, padding_value=0.5)
        assert np.asarray(known).tolist() == lengths
        results.append([output.data, padded, *flat(final)])
    compare(ours, peer, mine, theirs, *results, dtype)


@pytest.mark.parametrize(("name", "kind"), KINDS, ids=str)
def test_sorted_sequences_have_no_indices(name, kind):
    ours, peer = pair(name, "float64", 3, 4, **kind)
    x = np.random.default_rng(0).normal(size=(4, 3, 3))
    packed = rnn.pack_padded_sequence(x, [4, 2, 2])
    expected = theirs_rnn.pack_padded_sequence(torch.tensor(x), [4, 2, 2])
    output, final = ours(packed)
    wanted, theirs = peer(expected)
    assert output.sorted_indices is wanted.sorted_indices is None
    assert output.batch_sizes.tolist() == wanted.batch_sizes.tolist()
    agree(output.data, wanted.data, "float64")
    for a, b in zip(flat(final), flat(theirs), strict=True):
        agree(a, b, "float64")


@dtypes
@pytest.mark.parametrize("bidirectional", [False, True])
@pytest.mark.parametrize(("name", "kind"), KINDS, ids=str)
def test_dropout_with_the_same_mask(name, kind, bidirectional, dtype, monkeypatch):
    """The layers of PyTorch one by one, with our masks between them."""
    rng = np.random.default_rng(2)
    options = {"num_layers": 3, "dropout": 0.4, "bidirectional": bidirectional}
    ours, peer = pair(name, dtype, 3, 4, **kind, **options)
    masks = []

    def dropout(x, p, training, generator=None):
        assert (p, training) == (0.4, True)
        masks.append(((rng.random(x.shape) >= p) / (1 - p)).astype(dtype))
        return x * masks[-1]

    monkeypatch.setattr("nn.functional.dropout", dropout)
    x = rng.normal(size=(4, 2, 3)).astype(dtype)
    mine, theirs = tensor(x, requires_grad=True), torch.tensor(x, requires_grad=True)
    output, states = ours(mine)
    assert len(masks) == 2
    out, finals = theirs, []
    state = dict(peer.named_parameters())
    for number in range(3):
        width = kind.get("proj_size", 4) * (2 if bidirectional else 1)
        layer = getattr(torch.nn, name)(width if number else 3, 4, bidirectional=bidirectional, **kind)
        own = {n: state[n.replace("_l0", f"_l{number}")] for n, _ in layer.named_parameters()}
        out, final = torch.func.functional_call(layer.to(getattr(torch, dtype)), own, (out,))
        finals.append(flat(final))
        if number < 2:
            out = out * torch.tensor(masks[number])
    expected = [out, *(torch.cat(parts) for parts in zip(*finals, strict=True))]
    compare(ours, peer, [mine], [theirs], [output, *flat(states)], expected, dtype)


@pytest.mark.parametrize(("name", "kind"), KINDS, ids=str)
def test_long_and_wide(name, kind):
    """The sizes of real use, float32: errors do not build up over time."""
    ours, peer = pair(name, "float32", 32, 64, **kind)
    x = np.random.default_rng(0).normal(size=(50, 16, 32)).astype("float32")
    mine, theirs = tensor(x, requires_grad=True), torch.tensor(x, requires_grad=True)
    (out, states), (expected, wanted) = ours(mine), peer(theirs)
    compare(ours, peer, [mine], [theirs], [out, *flat(states)], [expected, *flat(wanted)], "float32")


@pytest.mark.parametrize("lengths", LENGTHS, ids=str)
@pytest.mark.parametrize("batch_first", [False, True])
def test_packing_and_padding(lengths, batch_first):
    sequences = [np.random.default_rng(n).normal(size=(n, 2)) for n in lengths]
    peers = [torch.tensor(s) for s in sequences]
    for side in ("left", "right"):
        ours = rnn.pad_sequence(sequences, batch_first, 2.0, side)
        agree(ours, theirs_rnn.pad_sequence(peers, batch_first, 2.0, side), "float64")
    ours, theirs = rnn.pack_sequence(sequences, False), theirs_rnn.pack_sequence(peers, False)
    again = theirs_rnn.unpack_sequence(theirs)
    for a, b in zip(rnn.unpack_sequence(ours), again, strict=True):
        agree(a, b, "float64")
    # sequences of one length may stand in another order among themselves
    assert ours.batch_sizes.tolist() == theirs.batch_sizes.tolist()
    total = max(lengths) + 2
    a, known = rnn.pad_packed_sequence(ours, batch_first, -1.0, total)
    b, expected = theirs_rnn.pad_packed_sequence(theirs, batch_first, -1.0, total)
    agree(a, b, "float64")
    assert known.tolist() == expected.tolist()
    agree(
        rnn.unpad_sequence(a, known, batch_first)[0],
        theirs_rnn.unpad_sequence(b, expected, batch_first)[0],
        "float64",
    )


@pytest.mark.parametrize("name", ["RNNBase", "PackedSequence"])
def test_names_are_there(name):
    assert hasattr(nn, name) or hasattr(rnn, name)


def test_all_weights_are_listed_alike():
    ours, peer = pair("LSTM", "float64", 3, 4, 2, bidirectional=True, proj_size=2)
    shapes = [[tuple(w.shape) for w in group] for group in peer.all_weights]
    assert [[w.shape for w in group] for group in ours.all_weights] == shapes
