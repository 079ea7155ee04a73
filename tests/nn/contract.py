"""What every module and function of `nn` keeps, checked on one sample."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

import autograd
import nn
import nn.functional as F
from autograd import Tensor, tensor
from tests.nn.samples import Sample, assemble, convert, flatten

STEP, STENCIL = 4e-3, ((1, 3 / 4), (2, -3 / 20), (3, 1 / 60))
TOLERANCE = 1e-7


class Use:
    """A sample at work in one dtype: what it is called with, and the result.

    Attributes:
        module: the module, or None for a function.
        leaves: inputs and parameters that require grad, as ndarrays.
    """

    def __init__(self, sample: Sample, dtype: Any, seed: int = 0):
        self.sample = sample
        self.inputs = convert(sample.arrays(), dtype, constant, constant)
        self.floating = [i for i, x in enumerate(sample.arrays()) if _is_floating(x)]
        self.call = convert(sample.call, dtype, constant, constant)
        self.options = convert(sample.options, dtype, constant, constant)
        self.args = convert(sample.args, dtype, constant, constant)
        self.module = build(sample, dtype, seed) if sample.is_module else None
        self.parameters: list = [] if self.module is None else list(self.module.named_parameters())
        self.buffers = {} if self.module is None else {n: b.copy() for n, b in self.module.named_buffers()}
        self.leaves = [self.inputs[i] for i in self.floating]
        self.leaves += [p.detach().numpy().copy() for _, p in self.parameters]

    def __call__(self, *leaves: Any) -> list:
        """The results, flattened, with these in place of the leaves."""
        given = list(leaves or self.leaves)
        inputs = list(self.inputs)
        for i in self.floating:
            inputs[i] = given.pop(0)
        nn.manual_seed(1)  # the same draws at every call
        if self.module is None:
            out = getattr(F, self.sample.name)(*inputs, *self.args, **self.options)
            return flatten(out)
        for name, buffer in self.module.named_buffers():
            with autograd.no_grad():
                buffer[...] = self.buffers[name]
        places = dict(self.module.named_modules())
        for (name, _), value in zip(self.parameters, given, strict=True):
            owner, _, leaf = name.rpartition(".")
            places[owner].__dict__[leaf] = value
        return flatten(self.module(*inputs, **self.call))


def constant(a: np.ndarray) -> np.ndarray:
    return a


def build(sample: Sample, dtype: Any, seed: int) -> nn.Module:
    """The module of a sample, with parameters in the dtype."""
    nn.manual_seed(seed)
    return assemble(nn, sample, dtype, constant).to(dtype).train(sample.training)


def floats(outs: list) -> list:
    """Those that a gradient may flow from."""
    return [o for o in outs if o.dtype.kind == "f"]


def check_derivatives(sample: Sample) -> None:
    """Gradients, and gradients of those, along a random direction against differences."""
    use = Use(sample, np.float64)
    rng = np.random.default_rng(7)
    if not use.leaves:
        return
    directions = [rng.normal(size=a.shape) for a in use.leaves]
    cotangents = [rng.normal(size=o.shape) for o in floats(use())]
    with_tensors = [rng.normal(size=a.shape) for a in use.leaves]

    def first(*arrays: Any) -> float:
        outs = floats(use(*arrays))
        return float(sum(np.sum(v * np.asarray(_value(o))) for v, o in zip(cotangents, outs, strict=True)))

    def second(*arrays: Any) -> float:
        grads = _gradients(use, arrays, cotangents, False)[1]
        return float(sum(np.sum(w * _value(g)) for w, g in zip(with_tensors, grads, strict=True)))

    leaves, grads = _gradients(use, use.leaves, cotangents, sample.orders > 1)
    found = sum(np.sum(d * _value(g)) for d, g in zip(directions, grads, strict=True))
    _close(found, _along(first, use.leaves, directions), f"{sample}: first derivative")
    if sample.orders < 2:
        return
    parts = [(w * g).sum() for w, g in zip(with_tensors, grads, strict=True)]
    total = sum(parts[1:], start=parts[0])
    found = 0.0
    if total.requires_grad:
        again = autograd.gradients(total, leaves, allow_unused=True)
        found = sum(np.sum(d * _value(g)) for d, g in zip(directions, again, strict=True) if g is not None)
    _close(found, _along(second, use.leaves, directions), f"{sample}: second derivative")


def _gradients(use: Use, arrays: Any, cotangents: list, create_graph: bool) -> tuple[list, list]:
    leaves = [tensor(a, requires_grad=True) for a in arrays]
    outs = floats(use(*leaves))
    live = [(o, v) for o, v in zip(outs, cotangents, strict=True) if o.requires_grad]
    if not live:
        return leaves, [tensor(np.zeros(x.shape)) for x in leaves]
    grads = autograd.gradients(
        [o for o, _ in live], leaves, [v for _, v in live], create_graph=create_graph, allow_unused=True
    )
    return leaves, [
        tensor(np.zeros(x.shape)) if g is None else g for x, g in zip(leaves, grads, strict=True)
    ]


def _along(f: Callable, arrays: list, directions: list) -> float:
    """The derivative along a direction, by a central difference of sixth order."""
    total = 0.0
    for offset, weight in STENCIL:
        for sign in (1, -1):
            moved = [a + sign * offset * STEP * d for a, d in zip(arrays, directions, strict=True)]
            total += sign * weight * f(*moved)
    return total / STEP


def _close(found: Any, expected: float, what: str) -> None:
    scale = max(1.0, abs(expected))
    assert abs(float(found) - expected) <= TOLERANCE * scale, f"{what}: got {found}, differences {expected}"


def _value(x: Any) -> Any:
    return x.detach().numpy() if isinstance(x, Tensor) else x


def _is_floating(x: Any) -> bool:
    return isinstance(x, np.ndarray) and x.dtype.kind == "f"


def check_dtypes(sample: Sample, dtype: Any) -> None:
    """Results and gradients have the dtype of what went in."""
    use = Use(sample, dtype)
    leaves = [tensor(a, requires_grad=True) for a in use.leaves]
    outs = floats(use(*leaves))
    assert outs or sample.orders == 0, f"{sample}: no floating result"
    for out in outs:
        assert out.dtype == dtype, f"{sample}: the result is {out.dtype}"
    live = [o for o in outs if isinstance(o, Tensor) and o.requires_grad]
    if sample.orders == 0:
        return
    assert live or not leaves, f"{sample}: no result requires grad"
    if live:
        grads = autograd.gradients(live, leaves, [np.ones(o.shape, dtype) for o in live], allow_unused=True)
        for leaf, g in zip(leaves, grads, strict=True):
            assert g is None or (g.dtype == dtype and g.shape == leaf.shape), f"{sample}: {g!r}"


def check_kinds(sample: Sample) -> None:
    """Functions give ndarrays for ndarrays and Tensors for Tensors, the same numbers, and
    leave what they were given as it was."""
    use = Use(sample, np.float64)
    before = [np.array(x) for x in use.leaves]
    plain = use()
    through = use(*[tensor(a) for a in use.leaves]) if use.leaves else plain
    assert len(plain) == len(through)
    for a, b in zip(plain, through, strict=True):
        if not use.parameters and use.leaves:
            assert isinstance(a, (np.ndarray, np.generic)), f"{sample}: ndarrays gave {type(a).__name__}"
        np.testing.assert_array_equal(_value(a), _value(b), err_msg=str(sample))
    if not sample.options.get("inplace") and sample.options.get("max_norm") is None:
        for a, b in zip(before, use.leaves, strict=True):
            np.testing.assert_array_equal(a, b, err_msg=f"{sample}: an input was written into")


def check_state(sample: Sample) -> None:
    """What one module saved, another one loads: then both compute the same."""
    one, two = Use(sample, np.float64, 0), Use(sample, np.float64, 1)
    assert one.module is not None
    assert two.module is not None
    state = {k: v.copy() for k, v in one.module.state_dict().items()}
    assert all(isinstance(v, np.ndarray) for v in state.values())
    loaded = two.module.load_state_dict(state)
    assert loaded == ([], [])
    for name, value in two.module.state_dict().items():
        np.testing.assert_array_equal(value, state[name], err_msg=f"{sample}: {name}")
    nn.manual_seed(3)
    ours = flatten(one.module(*one.inputs, **one.call))
    nn.manual_seed(3)
    theirs = flatten(two.module(*two.inputs, **two.call))
    for a, b in zip(ours, theirs, strict=True):
        np.testing.assert_array_equal(_value(a), _value(b), err_msg=str(sample))
    assert repr(one.module).startswith(f"{sample.name}(")
