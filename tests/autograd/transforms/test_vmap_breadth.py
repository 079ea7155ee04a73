"""vmap over everything that has sample calls: NumPy's functions, and the layers and losses of `nn`."""

from __future__ import annotations

import importlib
import pkgutil

import numpy as np
import pytest

import autograd.numpy as anp
import nn
import tests.autograd
from autograd import grad, tensor, vmap
from autograd.errors import VmapError
from tests.nn import samples
from tests.nn.contract import Use, floats
from tests.support.bundles import bundled
from tests.support.calls import Call, parts

N = 2


def _calls() -> dict[str, Call]:
    """The sample calls of all tests of NumPy's functions, by the names of their files."""
    found = {}
    for module in pkgutil.iter_modules(tests.autograd.__path__, "tests.autograd."):
        if "test_" in module.name:
            for value in vars(importlib.import_module(module.name)).values():
                if isinstance(value, list) and value and all(type(v) is Call for v in value):
                    found |= {f"{module.name.rpartition('_')[2]}-{call.name}": call for call in value}
    return found


CALLS = _calls()


def test_there_are_many_calls():
    assert len(CALLS) > 400


def examples(array):
    array = np.asarray(array)
    if array.dtype.kind in "fc":
        return np.stack([array * array.dtype.type(1 + i / 64) for i in range(N)])
    return np.stack([np.roll(array, i) for i in range(N)])


def plain(x):
    return np.asarray(getattr(x, "_data", x))


def same(found, rows):
    """A result of vmap is the results of the examples, stacked."""
    assert len(parts(found)) == len(parts(rows[0]))
    for i, part in enumerate(parts(found)):
        expected = np.stack([plain(parts(row)[i]) for row in rows])
        assert (plain(part).shape, plain(part).dtype) == (expected.shape, expected.dtype)
        np.testing.assert_allclose(plain(part), expected, 1e-8, 1e-9)


@bundled("name", CALLS, by=lambda name: name.rpartition("-")[0])
@pytest.mark.filterwarnings("ignore::RuntimeWarning")
def test_numpys_functions(name):
    call = CALLS[name]
    arrays = [examples(a) for a in call.arrays]
    rows = [call.f(anp, *[tensor(a[i]) for a in arrays]) for i in range(N)]
    same(vmap(lambda *xs: call.f(anp, *xs))(*arrays), rows)
    if not all(a.dtype.kind == "f" for a in arrays):
        return

    if any(plain(o).dtype.kind in "fc" for o in parts(rows[0])):
        every = tuple(range(len(arrays)))

        def total(*xs):
            outs = [o for o in parts(call.f(anp, *xs)) if o.dtype.kind in "fc"]
            return sum((abs(o) ** 2).sum() for o in outs)

        gradients = [grad(total, every)(*[a[i] for a in arrays]) for i in range(N)]
        same(list(vmap(grad(total, every))(*arrays)), gradients)


def _samples():
    """One use of everything in `nn`."""
    found = {}
    for module in pkgutil.iter_modules(samples.__path__):
        for sample in importlib.import_module(f"{samples.__name__}.{module.name}").SAMPLES:
            found.setdefault(sample.name, sample)
    return found


SAMPLES = _samples()
TRAINS = {"BatchNorm1d", "BatchNorm2d", "BatchNorm3d"}


@pytest.mark.parametrize("name", sorted(SAMPLES))
@bundled("which", ["inputs", "all"])
def test_layers_and_losses(name, which):
    """The inputs of each example alone, or parameters too, as in an ensemble."""
    sample = SAMPLES[name]
    use = Use(sample, np.float64)
    count = len(use.floating) if which == "inputs" else len(use.leaves)
    if not count:
        return
    args = [examples(v) if i < count else v for i, v in enumerate(use.leaves)]
    axes = tuple(0 if i < count else None for i in range(len(args)))
    rows = [[a if axis is None else a[i] for a, axis in zip(args, axes, strict=True)] for i in range(N)]

    def call(*leaves):
        return floats(use(*leaves))

    if name in TRAINS:
        with pytest.raises(VmapError, match="running statistics"):
            vmap(call, axes, randomness="same")(*args)
        return
    same(vmap(call, axes, randomness="same")(*args), [call(*map(tensor, row)) for row in rows])
    if sample.orders:
        every = tuple(range(count))

        def total(*leaves):
            return sum((out**2).sum() for out in call(*leaves))

        same(
            list(vmap(grad(total, every), axes, randomness="same")(*args)),
            [grad(total, every)(*row) for row in rows],
        )


F = nn.functional
TABLE, LABELS = np.cos(np.arange(10.0)).reshape(5, 2), np.array([[0, 3, 1], [4, 0, 2], [3, 3, 0]])
SCORES = np.sin(np.arange(45.0)).reshape(3, 3, 5)
WITH_INTEGERS = {
    "embedding": (lambda i: F.embedding(i, TABLE), (LABELS,)),
    "embedding, padding_idx": (
        lambda w, i: F.embedding(i, w, padding_idx=0), (np.stack([TABLE] * 3), LABELS)
    ),
    "embedding_bag": (lambda i: F.embedding_bag(i, TABLE, mode="max"), (LABELS[:, None],)),
    "cross_entropy": (F.cross_entropy, (SCORES, LABELS)),
    "cross_entropy, weighted": (
        lambda x, t: F.cross_entropy(x, t, weight=np.arange(1.0, 6.0), ignore_index=0),
        (SCORES, LABELS),
    ),
    "cross_entropy, smoothed": (
        lambda x, t: F.cross_entropy(x, t, ignore_index=0, label_smoothing=0.1), (SCORES, LABELS)
    ),
    "nll_loss": (lambda x, t: F.nll_loss(x, t, weight=np.arange(1.0, 6.0)), (SCORES, LABELS)),
    "multi_margin_loss": (F.multi_margin_loss, (SCORES, LABELS)),
    "one_hot": (lambda i: F.one_hot(i, 5), (LABELS,)),
    "take": (lambda x, i: anp.take(x, i, axis=1), (SCORES, LABELS)),
    "take_along_axis": (lambda x, i: anp.take_along_axis(x, i[:, None], axis=1), (SCORES, LABELS)),
}  # fmt: skip


@pytest.mark.parametrize("name", WITH_INTEGERS)
def test_integers_that_differ_from_example_to_example(name):
    f, arrays = WITH_INTEGERS[name]
    same(vmap(f)(*arrays), [f(*row) for row in zip(*arrays, strict=True)])
    floating = tuple(i for i, a in enumerate(arrays) if a.dtype.kind == "f")
    if floating:
        gradient = grad(lambda *xs: (f(*xs) ** 2).sum(), floating)
        same(list(vmap(gradient)(*arrays)), [gradient(*row) for row in zip(*arrays, strict=True)])


REDUCED = {
    "sum": {}, "prod": {}, "mean": {}, "var": {}, "std": {}, "any": {}, "all": {},
    "max": {"initial": -9.0}, "min": {"initial": 9.0}, "nansum": {}, "add.reduce": {},
}  # fmt: skip


@pytest.mark.parametrize("axis", [None, 0, -1])
@pytest.mark.parametrize("name", REDUCED)
def test_masks_that_differ_from_example_to_example(name, axis):
    def reduced(x, mask):
        found = anp.add.reduce if name == "add.reduce" else getattr(anp, name)
        return found(x, axis=axis, where=mask, **REDUCED[name])

    x = np.cos(np.arange(24.0)).reshape(2, 3, 4)
    masks = np.sin(np.arange(24)).reshape(2, 3, 4) > -0.6
    for f, args in ((reduced, (x, masks)), (lambda x: reduced(x, x > -0.6), (x,))):
        same(vmap(f)(*args), [f(*[a[i] for a in args]) for i in range(2)])
        if name not in ("any", "all"):
            slope = grad(lambda *args, f=f: (f(*args) ** 2).sum())
            same(vmap(slope)(*args), [slope(*[a[i] for a in args]) for i in range(2)])


def test_per_example_gradients_of_a_model():
    nn.manual_seed(0)
    model = nn.Sequential(nn.Linear(3, 4), nn.Tanh(), nn.Linear(4, 2))
    parameters = {n: p.detach().numpy().copy() for n, p in model.named_parameters()}
    x, y = np.cos(np.arange(15.0)).reshape(5, 3).astype(np.float32), np.array([0, 1, 1, 0, 1])

    def loss(p, x, y):
        return nn.functional.cross_entropy(nn.functional_call(model, p, x[None]), y[None])

    found = vmap(grad(loss), (None, 0, 0))(parameters, x, y)
    for name in parameters:
        rows = [grad(loss)(parameters, a, b)[name] for a, b in zip(x, y, strict=True)]
        assert found[name].dtype == np.float32
        np.testing.assert_allclose(found[name], np.stack(rows), 1e-5, 1e-6)


# ------------------------------------------------------------------ random numbers

DRAWING = ["dropout", "alpha_dropout", "gumbel_softmax", "rrelu"]


def drawn(name, x):
    options = {} if name == "gumbel_softmax" else {"training": True}
    return getattr(nn.functional, name)(x, **options)


@pytest.mark.parametrize("name", DRAWING)
def test_draws_must_be_asked_for(name):
    with pytest.raises(VmapError, match="randomness='same'"):
        vmap(lambda x: drawn(name, x))(-np.ones((3, 50)))


def alike(a, b) -> bool:
    """But for rounding: BLAS may add up one row otherwise than another."""
    return np.allclose(plain(a), plain(b), 1e-12, 0)


@pytest.mark.parametrize("name", DRAWING)
def test_the_same_draws_or_different_ones(name):
    x = -np.ones((3, 50))
    a, b, c = vmap(lambda x: drawn(name, x), randomness="same")(x)
    assert alike(a, b)
    assert alike(b, c)
    a, b, c = vmap(lambda x: drawn(name, x), randomness="different")(x)
    assert not alike(a, b)
    assert not alike(b, c)
    each = vmap(lambda x: drawn(name, x), randomness="different")
    nested = vmap(lambda x: each(np.stack([x[0], x[0]])[:, None] * np.ones(50)), randomness="same")
    first, second, _ = nested(tensor(x))
    assert alike(first, second)


def test_dropout_in_evaluation_draws_nothing():
    layer = nn.Dropout(0.5).eval()
    assert (vmap(layer)(np.ones((2, 3))) == 1).all()
