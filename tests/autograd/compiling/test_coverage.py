"""Everything in `nn` and every primitive, compiled: as eager, bit for bit."""

from __future__ import annotations

import functools
import os
from collections import Counter

import numpy as np
import pytest

import autograd
import nn
import nn.functional as F
import optim
from tests.nn import contract
from tests.nn.samples import all_samples, flatten
from tests.support.compiling import compiled, outcome, quietly, same
from tests.support.samples import ALL, is_floating

pytestmark = pytest.mark.usefixtures("numpy_alone")

SCALES = (1.0, 0.9, 1.1, 0.95, 1.05)
THOROUGH = os.environ.get("HYPOTHESIS_PROFILE", "default") != "default"


def few(samples, key):
    """The first of each name; all of them where hypothesis is thorough too."""
    seen: Counter = Counter()
    kept = []
    for sample in samples:
        seen[key(sample)] += 1
        if THOROUGH or seen[key(sample)] <= 1:
            kept.append(sample)
    return kept


class Use:
    """A step of a sample: forward, backward by a fixed cotangent, SGD where there are parameters."""

    def __init__(self, sample):
        self.sample, self.use = sample, contract.Use(sample, np.float32)
        generator = nn.manual_seed(2)
        self.module = self.use.module
        self.parameters = [] if self.module is None else list(self.module.parameters())
        self.optimizer = optim.SGD(self.parameters, lr=0.01) if self.parameters else None
        self.state = [x for x in (self.module, self.optimizer, generator) if x is not None]

    def forward(self, arrays, rest=()):
        """The results for floating inputs and, if they are given, all other arrays."""
        inputs = list(self.use.inputs)
        for i, value in zip(self.use.floating, arrays, strict=True):
            inputs[i] = value
        named = self.use.call if self.module is not None else self.use.options
        for (place, _), value in zip(self.rest(), rest, strict=False):
            if isinstance(place, int):
                inputs[place] = value
            else:
                named = {**named, place: value}
        if self.module is not None:
            return flatten(self.module(*inputs, **named))
        return flatten(getattr(F, self.sample.name)(*inputs, *self.use.args, **named))

    def rest(self):
        """Arrays that get no gradient, each with its place or keyword: classes, lengths, masks."""
        named = self.use.call if self.module is not None else self.use.options
        all_of = [*enumerate(self.use.inputs), *named.items()]
        return [(k, a) for k, a in all_of if isinstance(a, np.ndarray) and k not in self.use.floating]

    def total(self, results):
        floating = [r for r in results if r.dtype.kind == "f"]
        weights = [np.cos(np.arange(r.size, dtype=r.dtype)).reshape(r.shape) for r in floating]
        return sum((r * w).sum() for r, w in zip(floating, weights, strict=True))

    def step(self, *arrays, rest=()):
        if self.optimizer is None:
            if not self.sample.orders or not arrays:
                return self.forward([a * 1 for a in arrays], rest)
            places = tuple(range(len(arrays)))
            gradient = autograd.grad(lambda *a: self.total(self.forward(a, rest)), places)
            return gradient(*arrays)
        self.optimizer.zero_grad()
        results = self.forward([a * 1 for a in arrays], rest)
        if any(r.dtype.kind == "f" and getattr(r, "requires_grad", False) for r in results):
            self.total([r for r in results if getattr(r, "requires_grad", False)]).backward()
            self.optimizer.step()
        return [r.detach() if hasattr(r, "detach") else r for r in results]

    def trajectory(self, step):
        leaves = [self.use.inputs[i] for i in self.use.floating]
        found = [
            quietly(outcome, step, *[(a * np.asarray(s, a.dtype)).astype(a.dtype) for a in leaves])
            for s in SCALES
        ]
        buffers = [] if self.module is None else list(self.module.buffers())
        return [*found, *(np.array(t._data) for t in (*self.parameters, *buffers))]


@pytest.mark.parametrize("sample", few(all_samples(), lambda s: s.name), ids=str)
def test_nn_compiled_is_as_eager(sample):
    eager = Use(sample)
    wanted = eager.trajectory(eager.step)
    use = Use(sample)
    program = compiled(use.step, use.state)
    found = use.trajectory(program)
    assert same(wanted, found)
    assert not program.fallback
    if not any(isinstance(w, str) for w in wanted):
        # data that guards tell apart may miss or be recorded each time; what is written in place is new
        recorded = sum(map(len, program._programs.entries.values()))
        assert program.replays or program._misses or len(program._programs.kinds) > 1 or recorded > 1


# Of these shapes depend on values, or they write into what they are handed.
DYNAMIC = {
    "one_hot()": "int() reads a value",
    "AdaptiveLogSoftmaxWithLoss": "depends on values",
    "embedding(max_norm": "written in place",
    "ctc_loss(": "int() reads a value",  # of targets one after the other
}


def with_rest():
    """Samples that are given arrays without a gradient: one of each name, set of options and shape."""

    def kind(sample):
        return sample.name, *sorted(sample.options), *(np.ndim(a) for a in sample.arrays())

    def may_write(sample):
        running = sample.name in ("batch_norm", "instance_norm")
        return running or "inplace" in str(sample) or (sample.name == "RReLU" and True in sample.args)

    return few([s for s in all_samples() if Use(s).rest() and not may_write(s)], kind)


@pytest.mark.parametrize("sample", with_rest(), ids=str)
def test_classes_lengths_and_masks_may_be_arguments(sample):
    eager = Use(sample)
    rest = [np.array(a) for _, a in eager.rest()]
    wanted = eager.trajectory(functools.partial(eager.step, rest=rest))
    use = Use(sample)
    program = compiled(use.step, use.state)
    assert same(wanted, use.trajectory(functools.partial(program, rest=rest)))
    reason = next((why for name, why in DYNAMIC.items() if str(sample).startswith(name)), None)
    if reason is not None:
        assert reason in program.fallback
    elif not any(isinstance(w, str) for w in wanted):
        assert not program.fallback


def cast(sample, scale):
    return [
        (a * scale).astype(a.dtype) if is_floating(a) and i in sample.active else a
        for i, a in enumerate(sample.args)
    ]


def derivative(sample):
    """The gradient with respect to what has one, or the value where nothing has."""
    if not sample.active or not sample.prim.is_differentiable:
        return sample.call

    def total(*args):
        result = sample.call(*args)
        found = (result * np.cos(np.arange(result.size)).reshape(result.shape)).sum()
        return np.real(found) if found.dtype.kind == "c" else found

    return autograd.grad(total, tuple(sample.active))


@pytest.mark.parametrize("sample", few(ALL, lambda s: s.prim.name), ids=repr)
def test_primitives_compiled_are_as_eager(sample):
    fn = derivative(sample)
    program = compiled(fn)
    for scale in (1.0, 0.99, 1.005, 0.995, 1.01):
        args = cast(sample, scale)
        assert same(outcome(fn, *args), quietly(outcome, program, *args))
    assert program.replays, program.fallback
