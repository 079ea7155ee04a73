"""RNN, LSTM and GRU: values, shapes, packed sequences, refusals, dropout, special values, training."""

from __future__ import annotations

import copy

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import autograd
import nn
import optim
from autograd import tensor
from autograd.errors import ArgumentError, DtypeError, OperandError, ShapeError
from nn.utils.rnn import pack_padded_sequence, pad_packed_sequence
from tests.nn.derivatives import check_derivatives
from tests.support.recurrent import gru_step, lstm_step, rnn_step

STEPS = {"RNN": rnn_step, "GRU": gru_step, "LSTM": lstm_step}
kinds = pytest.mark.parametrize("name", STEPS)


def normal(*shape, seed=0):
    return np.random.default_rng(seed).normal(size=shape)


def plain(x):
    return x.detach().numpy() if isinstance(x, autograd.Tensor) else np.asarray(x)


def states_of(result):
    """The output, and the final states as a tuple."""
    output, states = result
    return output, (states if isinstance(states, tuple) else (states,))


# ------------------------------------------------------------------ values


def set_all(layer, value):
    layer.load_state_dict({k: np.full(v.shape, value) for k, v in layer.state_dict().items()})
    return layer


def test_rnn_by_hand():
    layer = set_all(nn.RNN(1, 1, nonlinearity="relu", dtype=np.float64), 1.0)
    output, h_n = layer(np.array([[1.0], [-5.0], [0.5]]), np.array([[2.0]]))
    # 1 + 1 + 2 + 1; -5 + 1 + 5 + 1; 0.5 + 1 + 2 + 1
    assert output.tolist() == [[5.0], [2.0], [4.5]]
    assert h_n.tolist() == [[4.5]]


def test_lstm_by_hand():
    layer = set_all(nn.LSTM(1, 1, dtype=np.float64), 0.0)
    output, (h_n, c_n) = layer(np.ones((2, 1)), (np.zeros((1, 1)), np.array([[4.0]])))
    # with weights of zero all gates are 1/2 and g is 0: the cell halves
    assert c_n.tolist() == [[1.0]]
    np.testing.assert_allclose(plain(output), [[np.tanh(2) / 2], [np.tanh(1) / 2]], rtol=1e-15)
    np.testing.assert_array_equal(plain(h_n), plain(output)[-1:])


def test_gru_by_hand():
    layer = set_all(nn.GRU(1, 1, dtype=np.float64), 0.0)
    # with weights of zero, z is 1/2 and n is 0: the state halves
    assert layer(np.ones((3, 1)), np.array([[8.0]]))[0].tolist() == [[4.0], [2.0], [1.0]]
    # a state that r multiplies comes with its bias: n = tanh(r * (bias_hh)) = tanh(1/2 * 2)
    state = layer.state_dict()
    state["bias_hh_l0"][2] = 2.0
    np.testing.assert_allclose(plain(layer(np.ones((1, 1)))[0]), [[np.tanh(1.0) / 2]], rtol=1e-15)


def by_formula(layer, x, states, lengths):
    """Outputs and final states of one layer or several, sequence by sequence, step by step."""
    name = type(layer).__name__
    w = {k: plain(v) for k, v in layer.named_parameters()}
    options = {"nonlinearity": layer.nonlinearity} if name == "RNN" else {}
    final = [s.copy() for s in states]
    directions = 2 if layer.bidirectional else 1
    for number in range(layer.num_layers):
        width = layer.proj_size or layer.hidden_size
        out = np.zeros((*x.shape[:2], width * directions))
        for direction in range(directions):
            suffix = f"_l{number}_reverse" if direction else f"_l{number}"
            here = {k.removesuffix(suffix): v for k, v in w.items() if k.endswith(suffix)}
            here = {a.replace("weight", "w").replace("bias", "b"): b for a, b in here.items()}
            if not layer.bias:
                here["b_ih"] = here["b_hh"] = np.zeros(len(here["w_ih"]))
            at = number * directions + direction
            for n, length in enumerate(lengths):
                now = tuple(s[at, n] for s in states)
                for t in range(length)[::-1] if direction else range(length):
                    now = STEPS[name](x[t, n], *now, here, **options)
                    out[t, n, direction * width : (direction + 1) * width] = now[0]
                for kept, last in zip(final, now, strict=True):
                    kept[at, n] = last
        x = out
    return x, final


@kinds
@settings(max_examples=25)
@given(data=st.data())
def test_what_the_formula_gives_at_any_sizes(name, data):
    draw = lambda low, high: data.draw(st.integers(low, high))
    flag = lambda: data.draw(st.booleans())
    options = {"num_layers": draw(1, 3), "bidirectional": flag(), "bias": flag()}
    hidden, features, steps, count = draw(1, 4), draw(1, 4), draw(1, 5), draw(1, 4)
    if name == "LSTM":
        options["proj_size"] = draw(0, hidden - 1)
    if name == "RNN":
        options["nonlinearity"] = data.draw(st.sampled_from(["tanh", "relu"]))
    layer = getattr(nn, name)(features, hidden, **options, dtype=np.float64, generator=0)
    layers = layer.num_layers * (2 if layer.bidirectional else 1)
    widths = (layer.proj_size or hidden, hidden) if name == "LSTM" else (hidden,)
    x = normal(steps, count, features)
    states = [normal(layers, count, width) for width in widths]
    lengths = [draw(1, steps) for _ in range(count)]
    lengths[draw(0, count - 1)] = steps
    hx = tuple(states) if name == "LSTM" else states[0]

    expected, final = by_formula(layer, x, states, [steps] * count)
    output, found = states_of(layer(x, hx))
    np.testing.assert_allclose(plain(output), expected, rtol=1e-12, atol=1e-14)
    for a, b in zip(found, final, strict=True):
        np.testing.assert_allclose(plain(a), b, rtol=1e-12, atol=1e-14)

    expected, final = by_formula(layer, x, states, lengths)
    packed, found = states_of(layer(pack_padded_sequence(x, lengths, enforce_sorted=False), hx))
    padded, known = pad_packed_sequence(packed)
    assert known.tolist() == lengths
    np.testing.assert_allclose(plain(padded), expected, rtol=1e-12, atol=1e-14)
    for a, b in zip(found, final, strict=True):
        np.testing.assert_allclose(plain(a), b, rtol=1e-12, atol=1e-14)


@kinds
@pytest.mark.parametrize("bidirectional", [False, True])
def test_layouts_agree(name, bidirectional):
    layer = getattr(nn, name)(3, 4, 2, bidirectional=bidirectional, dtype=np.float64, generator=0)
    first = getattr(nn, name)(3, 4, 2, bidirectional=bidirectional, batch_first=True, dtype=np.float64)
    first.load_state_dict(layer.state_dict())
    x = normal(5, 2, 3)
    output, states = states_of(layer(x))
    swapped, swapped_states = states_of(first(x.swapaxes(0, 1)))
    np.testing.assert_allclose(plain(swapped).swapaxes(0, 1), plain(output), rtol=1e-14)
    alone, alone_states = states_of(layer(x[:, 1]))
    np.testing.assert_allclose(plain(alone), plain(output)[:, 1], rtol=1e-12)
    for a, b, c in zip(states, swapped_states, alone_states, strict=True):
        np.testing.assert_allclose(plain(a), plain(b), rtol=1e-14)
        np.testing.assert_allclose(plain(a)[:, 1], plain(c), rtol=1e-12)


# ------------------------------------------------------------------ derivatives


def function_of(layer, sizes, states):
    """Output and states in one array, as a function of input, initial states and parameters."""
    names = [n for n, _ in layer.named_parameters()]

    def f(x, *rest):
        given, values = rest[:states], rest[states:]
        for n, value in zip(names, values, strict=True):
            layer.__dict__[n] = value
        if sizes is not None:
            x = pack_padded_sequence(x, sizes, enforce_sorted=False)
        hx = (tuple(given) if states == 2 else given[0]) if states else None
        output, found = states_of(layer(x, hx))
        output = output if sizes is None else output.data
        return autograd.numpy.concatenate([part.reshape(-1) for part in (output, *found)])

    return f


@kinds
@pytest.mark.parametrize("lengths", [None, [2, 3, 1], [1, 1, 1]])
@pytest.mark.parametrize("options", [{}, {"bidirectional": True, "num_layers": 2}])
def test_derivatives_of_both_orders(name, lengths, options):
    layer = getattr(nn, name)(1, 2, **options, dtype=np.float64, generator=0)
    layers = 4 if options else 1
    initial = [normal(layers, 3, 2, seed=i) for i in range(2 if name == "LSTM" else 1)]
    if options:
        initial = []
    parameters = [plain(p).copy() for p in layer.parameters()]
    if options:  # the parameters of the upper layer in reverse alone: differences take time
        fixed = parameters[:-4]
        inner = function_of(layer, lengths, 0)
        check_derivatives(lambda x, *top: inner(x, *fixed, *top), normal(3, 3, 1), *parameters[-4:])
    else:
        check_derivatives(function_of(layer, lengths, len(initial)), normal(3, 3, 1), *initial, *parameters)


@pytest.mark.parametrize("lengths", [None, [2, 3, 1]])
def test_derivatives_of_relu_away_from_its_kinks(lengths):
    layer = nn.RNN(1, 2, nonlinearity="relu", dtype=np.float64)
    w = {"weight_ih_l0": [[1.0], [-0.8]], "weight_hh_l0": [[0.1, 0.2], [-0.1, 0.15]]}
    w |= {"bias_ih_l0": [0.2, -0.1], "bias_hh_l0": [0.1, 0.2]}
    layer.load_state_dict(w)
    x = np.array([[1.0, -2.0, 1.5], [2.0, 1.0, -1.0], [-2.5, 1.2, 2.0]])[:, :, None]
    h = 0.1 * normal(1, 3, 2)
    f = function_of(layer, lengths, 1)
    parameters = [plain(p).copy() for p in layer.parameters()]
    out = plain(f(x, h, *parameters))
    assert (out == 0).any()
    assert (out > 0).any()
    check_derivatives(f, x, h, *parameters)


@kinds
def test_a_second_backward_finds_the_same(name):
    layer = getattr(nn, name)(3, 4, dtype=np.float64, generator=0)
    x = tensor(normal(5, 2, 3), requires_grad=True)
    loss = (layer(x)[0] ** 2).sum()
    loss.backward(retain_graph=True)
    once = [x.grad.numpy().copy(), *(p.grad.numpy().copy() for p in layer.parameters())]
    loss.backward()
    for a, b in zip(once, [x.grad, *(p.grad for p in layer.parameters())], strict=True):
        np.testing.assert_allclose(b.numpy(), 2 * a, rtol=1e-13)


@kinds
def test_what_is_frozen_gets_no_gradient(name):
    layer = getattr(nn, name)(3, 4, dtype=np.float64, generator=0)
    layer.weight_ih_l0.requires_grad_(False)
    layer(normal(5, 2, 3))[0].sum().backward()
    assert layer.weight_ih_l0.grad is None
    assert layer.weight_hh_l0.grad.shape == layer.weight_hh_l0.shape
    layer.requires_grad_(False)
    x = tensor(normal(5, 2, 3), requires_grad=True)
    layer(x)[0].sum().backward()
    assert x.grad.shape == x.shape
    assert not layer(normal(5, 2, 3))[0].requires_grad


@kinds
def test_nothing_given_is_written(name):
    layer = getattr(nn, name)(3, 4, bidirectional=True, dtype=np.float64, generator=0)
    x, h = normal(5, 1, 3), normal(2, 1, 4)
    before = x.copy(), h.copy()
    hx = (tensor(h), tensor(h)) if name == "LSTM" else tensor(h)
    output, states = states_of(layer(x, hx))
    weights = [np.ones(output.shape), *(np.ones(s.shape) for s in states)]
    autograd.gradients([output, *states], list(layer.parameters()), weights)
    np.testing.assert_array_equal(x, before[0])
    np.testing.assert_array_equal(h, before[1])
    assert all((w == 1).all() for w in weights)


@kinds
def test_memory_of_an_initial_state_may_be_reused(name):
    """One sequence and one column: where a copy is easily forgotten."""
    layer = getattr(nn, name)(2, 3, dtype=np.float64, generator=0)
    x, h = normal(2, 1, 2), normal(1, 1, 3)
    hx = (h, h) if name == "LSTM" else h
    loss = (layer(x, hx)[0] ** 2).sum()
    expected = autograd.gradients(loss, layer.weight_hh_l0, retain_graph=True)[0]
    loss = (layer(x, hx)[0] ** 2).sum()
    try:
        h[...] = 100
        x[...] = 100
    except ValueError:
        pass  # or it is guarded
    found = autograd.gradients(loss, layer.weight_hh_l0)[0]
    np.testing.assert_array_equal(found.numpy(), expected.numpy())


# ------------------------------------------------------------------ packed sequences


@kinds
def test_padding_has_no_influence(name):
    layer = getattr(nn, name)(3, 4, 2, bidirectional=True, dtype=np.float64, generator=0)
    x, lengths = normal(4, 3, 3), [2, 4, 1]
    y = x.copy()
    for n, length in enumerate(lengths):
        y[length:, n] = np.nan
    packs = [pack_padded_sequence(a, lengths, enforce_sorted=False) for a in (x, y)]
    (a, sa), (b, sb) = (states_of(layer(p)) for p in packs)
    np.testing.assert_array_equal(plain(a.data), plain(b.data))
    for s, t in zip(sa, sb, strict=True):
        np.testing.assert_array_equal(plain(s), plain(t))


@kinds
def test_a_packed_result_keeps_its_order(name):
    layer = getattr(nn, name)(3, 4)
    packed = pack_padded_sequence(normal(4, 3, 3).astype("f4"), [2, 4, 1], enforce_sorted=False)
    output = layer(packed)[0]
    assert isinstance(output, nn.utils.rnn.PackedSequence)
    assert output.batch_sizes is packed.batch_sizes
    assert output.sorted_indices.tolist() == [1, 0, 2]
    assert output.unsorted_indices.tolist() == [1, 0, 2]
    assert output.data.shape == (7, 4)


# ------------------------------------------------------------------ parameters


def test_names_shapes_and_bounds():
    layer = nn.LSTM(3, 9, 2, bidirectional=True, proj_size=2, generator=0)
    shapes = {k: v.shape for k, v in layer.state_dict().items()}
    one = {
        "weight_ih": (36, 3),
        "weight_hh": (36, 2),
        "bias_ih": (36,),
        "bias_hh": (36,),
        "weight_hr": (2, 9),
    }
    two = one | {"weight_ih": (36, 4)}
    ends = {"_l0": one, "_l0_reverse": one, "_l1": two, "_l1_reverse": two}
    assert shapes == {k + end: shape for end, group in ends.items() for k, shape in group.items()}
    for value in layer.state_dict().values():
        assert value.dtype == np.float32
        assert np.abs(value).max() <= 1 / 3
        assert np.abs(value).max() > 0.2
    assert [len(group) for group in layer.all_weights] == [5] * 4
    assert layer.all_weights[3][0] is layer.weight_ih_l1_reverse
    assert layer.flatten_parameters() is None


def test_the_same_seed_the_same_layer():
    one, two, other = (nn.GRU(3, 4, generator=seed).state_dict() for seed in (5, 5, 6))
    assert all((one[k] == two[k]).all() for k in one)
    assert any((one[k] != other[k]).any() for k in one)
    nn.manual_seed(7)
    three = nn.GRU(3, 4).state_dict()
    nn.manual_seed(7)
    assert all((v == three[k]).all() for k, v in nn.GRU(3, 4).state_dict().items())


def test_repr():
    assert (
        repr(nn.LSTM(3, 4, 2, proj_size=2, dropout=0.5))
        == "LSTM(3, 4, proj_size=2, num_layers=2, dropout=0.5)"
    )
    assert repr(nn.GRU(3, 4, bias=False, batch_first=True)) == "GRU(3, 4, bias=False, batch_first=True)"


@kinds
@pytest.mark.parametrize("dtype", ["f4", "f8"])
def test_dtypes_of_outputs_and_gradients(name, dtype):
    layer = getattr(nn, name)(3, 4, 2, bidirectional=True, dtype=dtype)
    x = tensor(normal(4, 2, 3).astype(dtype), requires_grad=True)
    output, states = states_of(layer(x))
    assert {v.dtype for v in (output, *states)} == {np.dtype(dtype)}
    output.sum().backward()
    assert {v.grad.dtype for v in (x, *layer.parameters())} == {np.dtype(dtype)}


# ------------------------------------------------------------------ dropout


@kinds
def test_dropout_is_between_layers_and_seeded(name):
    layer = getattr(nn, name)(3, 8, 2, dropout=0.5, dtype=np.float64, generator=3)
    x = normal(4, 2, 3)
    generator = layer.generator
    state = copy.deepcopy(generator.bit_generator.state)
    first = plain(layer(x)[0])
    second = plain(layer(x)[0])
    assert (first != second).any()
    generator.bit_generator.state = state
    np.testing.assert_array_equal(plain(layer(x)[0]), first)
    layer.eval()
    np.testing.assert_array_equal(plain(layer(x)[0]), plain(layer(x)[0]))
    assert (np.abs(first) < 1).all()  # the last layer's outputs are whole


@kinds
def test_dropout_takes_the_default_generator(name):
    layer = getattr(nn, name)(3, 4, 2, dropout=0.5)
    x = normal(4, 2, 3).astype("f4")
    nn.manual_seed(1)
    first = plain(layer(x)[0])
    nn.manual_seed(1)
    np.testing.assert_array_equal(plain(layer(x)[0]), first)


def test_dropout_on_one_layer_warns():
    with pytest.warns(UserWarning, match="between layers"):
        nn.LSTM(3, 4, dropout=0.5)


# ------------------------------------------------------------------ refusals


@kinds
@pytest.mark.parametrize(
    ("options", "error", "words"),
    [
        ({"input_size": 0}, ArgumentError, "input_size must be a positive integer, got 0"),
        ({"hidden_size": 2.0}, ArgumentError, "hidden_size"),
        ({"num_layers": 0}, ArgumentError, "num_layers"),
        ({"dropout": 1.5}, ArgumentError, "dropout must be a number in 0..1, got 1.5"),
        ({"dropout": float("nan")}, ArgumentError, "dropout"),
        ({"dropout": True}, ArgumentError, "dropout"),
        ({"bias": 1}, OperandError, "bias must be True or False"),
        ({"batch_first": "yes"}, OperandError, "batch_first"),
        ({"generator": "x"}, OperandError, "generator"),
    ],
)
def test_bad_arguments_are_refused_at_construction(name, options, error, words):
    with pytest.raises(error, match=words):
        getattr(nn, name)(**({"input_size": 3, "hidden_size": 4} | options))


def test_arguments_of_one_kind_alone():
    with pytest.raises(ArgumentError, match="nonlinearity must be 'tanh' or 'relu', got 'sigmoid'"):
        nn.RNN(3, 4, nonlinearity="sigmoid")
    for size in (-1, 4, 1.5):
        with pytest.raises(ArgumentError, match=r"proj_size must be an integer in 0\.\.3"):
            nn.LSTM(3, 4, proj_size=size)
    with pytest.raises(ArgumentError, match="for LSTMs only"):
        nn.RNNBase("GRU", 3, 4, proj_size=2)
    with pytest.raises(ArgumentError, match="mode must be one of"):
        nn.RNNBase("LSTMM", 3, 4)
    with pytest.raises(TypeError):
        nn.GRU(3, 4, proj_size=2)


@kinds
@pytest.mark.parametrize(
    ("x", "error", "words"),
    [
        (np.zeros((5, 2, 2)), ShapeError, "must have input_size=3 features in its last axis, got 2"),
        (np.zeros((5, 2, 3, 1)), ShapeError, r"must be \(T, N, features\) or \(T, features\), got"),
        (np.zeros(3), ShapeError, "must be"),
        (np.zeros((0, 2, 3)), ShapeError, "has no steps"),
        (np.zeros((5, 2, 3), int), DtypeError, "must be floating, got int64"),
    ],
)
def test_bad_input_is_refused(name, x, error, words):
    with pytest.raises(error, match=f"{name}: input.*{words}|{name}: {words}"):
        getattr(nn, name)(3, 4)(x)


@kinds
def test_bad_states_are_refused(name):
    layer = getattr(nn, name)(3, 4, 2)
    x = np.zeros((5, 2, 3), np.float32)

    def wrapped(*shapes):
        states = tuple(np.zeros(s, np.float32) for s in shapes)
        return states if name == "LSTM" else states[0]

    right = (2, 2, 4)
    for shape in ((2, 4), (1, 2, 4), (2, 3, 4), (2, 2, 3)):
        with pytest.raises(ShapeError, match=r"h_0 must be \(2, 2, 4\) for this input, got"):
            layer(x, wrapped(shape, right))
    with pytest.raises(ShapeError, match=r"h_0 must be \(2, 4\) for this input"):
        layer(x[:, 0], wrapped(right, right))
    if name == "LSTM":
        with pytest.raises(ShapeError, match=r"c_0 must be \(2, 2, 4\)"):
            layer(x, wrapped(right, (2, 2, 5)))
        for hx in (wrapped(right)[0], wrapped(right), (1, 2, 3)):
            with pytest.raises(OperandError, match="hx must be a pair"):
                layer(x, hx)


def test_errors_name_the_modules_path():
    class Net(nn.Module):
        def __init__(self):
            super().__init__()
            self.encoder = nn.Sequential(nn.LSTM(3, 4))

        def forward(self, x):
            return self.encoder(x)

    with pytest.raises(ShapeError, match=r"encoder\.0: LSTM: input"):
        Net()(np.zeros((5, 2, 2), np.float32))


def test_packed_input_of_another_width():
    packed = pack_padded_sequence(np.zeros((4, 2, 2), np.float32), [4, 1])
    with pytest.raises(ShapeError, match="input_size=3"):
        nn.GRU(3, 4)(packed)


# ------------------------------------------------------------------ special values


@kinds
def test_extreme_inputs_saturate(name):
    layer = getattr(nn, name)(3, 4, dtype=np.float32, generator=0)
    big = np.full((5, 2, 3), 1e30, np.float32)
    with np.errstate(all="raise", under="ignore"):
        output, states = states_of(layer(tensor(big, requires_grad=True)))
        output.sum().backward()
    limit = 5 if name == "LSTM" else 1
    for s in states:
        assert np.abs(plain(s)).max() <= limit
    assert np.isfinite(layer.weight_hh_l0.grad.numpy()).all()


@kinds
def test_nan_stays_in_its_sequence(name):
    layer = getattr(nn, name)(3, 4, dtype=np.float64, generator=0)
    x = normal(5, 3, 3)
    x[2, 1] = np.nan
    output = plain(layer(x)[0])
    assert np.isnan(output[2:, 1]).all()
    assert np.isfinite(output[:, [0, 2]]).all()
    assert np.isfinite(output[:2]).all()


# ------------------------------------------------------------------ training


@kinds
def test_training_remembers_the_first_symbol(name):
    """Only a state that is kept over all steps tells which symbol came first."""
    rng = np.random.default_rng(0)
    x = 0.1 * rng.normal(size=(8, 32, 2)).astype(np.float32)
    first = rng.integers(0, 2, 32)
    x[0, np.arange(32), first] += 1
    nn.manual_seed(0)
    layer, head = getattr(nn, name)(2, 8), nn.Linear(8, 2)
    parameters = [*layer.parameters(), *head.parameters()]
    optimizer, loss_of = optim.Adam(parameters, lr=0.03), nn.CrossEntropyLoss()
    for _ in range(100):
        optimizer.zero_grad()
        loss = loss_of(head(layer(x)[0][-1]), first)
        loss.backward()
        optimizer.step()
    assert float(loss) < 0.05
