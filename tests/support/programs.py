"""Random programs to compile: pure functions under transforms, and training steps, for hypothesis.

A program is drawn as data, names and numbers, and built twice from that: one runs as it is, one compiled.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, NamedTuple

import numpy as np
from hypothesis import strategies as st

import autograd
import autograd.numpy as anp
import nn
import nn.functional as F
import optim

UNARY: dict[str, Callable] = {
    "tanh": anp.tanh,
    "exp": lambda x: anp.exp(x) * 0.1,
    "relu": F.relu,
    "gelu": F.gelu,
    "log": lambda x: anp.log(x * x + 1),
    "sqrt": lambda x: anp.sqrt(x * x + 0.5),
    "quotient": lambda x: x / (1 + x * x),
    "power": lambda x: anp.power(anp.abs(x) + 0.1, 1.5),
    "softmax": lambda x: F.softmax(x, dim=-1),
    "layer norm": lambda x: F.layer_norm(x, x.shape[-1:]),
    "where": lambda x: anp.where(x > 0, x, x * 0.3),
    "clip": lambda x: anp.clip(x, -0.7, 0.7),
    "sort": lambda x: anp.sort(x, axis=-1),
    "cumsum": lambda x: anp.cumsum(x, axis=-1) * 0.3,
    "centred": lambda x: x - x.mean(axis=-1, keepdims=True),
    "scaled": lambda x: x / (x.std(axis=0, keepdims=True) + 1),
    "sums": lambda x: x.sum(axis=0, keepdims=True) + x * 0.2,
    "largest": lambda x: x.max(axis=1, keepdims=True) + x,
    "median": lambda x: anp.median(x, axis=0) + x,
    "product": lambda x: anp.prod(x, axis=1, keepdims=True) * 0.01 + x,
    "reversed": lambda x: x[::-1] * 1.1,
    "rolled": lambda x: anp.roll(x, 1, axis=0),
    "joined": lambda x: anp.concatenate([x[:1], x[1:] * 2], axis=0),
    "padded": lambda x: anp.pad(x, ((0, 0), (1, 0)))[:, : x.shape[1]],
    "taken": lambda x: anp.take(x, np.arange(len(x)) // 2, axis=0),
    "transposed": lambda x: (x.T * 1.5).T,
    "repeated": lambda x: anp.repeat(x, 2, axis=0)[::2],
    "norm": lambda x: anp.linalg.norm(x, axis=1, keepdims=True) * 0.1 + x,
    "spectrum": lambda x: anp.fft.ifft(anp.fft.fft(x, axis=0), axis=0).real,
    "solved": lambda x: anp.linalg.solve(x.T @ x * 0.1 + np.eye(x.shape[1], dtype=x.dtype), x.T).T,
    "nan_to_num": anp.nan_to_num,
}  # fmt: skip
BINARY: dict[str, Callable] = {
    "add": lambda a, b: a + b,
    "multiply": lambda a, b: a * b * 0.5,
    "divide": lambda a, b: a / (b * b + 1),
    "maximum": anp.maximum,
    "hypot": lambda a, b: anp.hypot(a, b + 2),
    "chosen": lambda a, b: anp.where(a > b, a, b * 2),
    "matmul": lambda a, b: a @ (b.T @ b) * 0.1,
    "einsum": lambda a, b: anp.einsum("ij,kj->ik", a, b) @ b * 0.05,
    "arctan2": lambda a, b: anp.arctan2(a, b * b + 1),
}
CALLS = st.one_of(
    st.tuples(st.sampled_from(sorted(UNARY))),
    st.tuples(st.sampled_from(sorted(BINARY)), st.integers(0, 5)),
)


def applied(plan: list, x: Any, seen: list) -> Any:
    """The last value of a chain of calls from x; binary ones take one of those before."""
    for name, *other in plan:
        x = BINARY[name](x, seen[other[0] % len(seen)]) if other else UNARY[name](x)
        seen.append(x)
    return x


# ---------------------------------------------------------------- pure functions


def _squares(f: Callable) -> Callable:
    return lambda *a: (f(*a) ** 2).sum()


TRANSFORMS: dict[str, Callable] = {
    "none": lambda f: f,
    "grad": lambda f: autograd.grad(_squares(f), (0, 1)),
    "value_and_grad": lambda f: autograd.value_and_grad(_squares(f)),
    "elementwise_grad": autograd.elementwise_grad,
    "vjp": lambda f: lambda x, w: autograd.vjp(lambda z: f(z, w), x)[1](np.ones(x.shape, x.dtype)),
    "jvp": lambda f: lambda x, w: autograd.jvp(lambda z: f(z, w), (x,), (np.ones_like(x) * 0.5,)),
    "checkpoint": lambda f: autograd.grad(_squares(autograd.checkpoint(f))),
    "hvp": lambda f: lambda x, w: autograd.hvp(lambda z: _squares(f)(z, w))(x, x * 0.5),
    "hessian": lambda f: lambda x, w: autograd.hessian(lambda z: _squares(f)(z, w))(x),
    "grad of grad": lambda f: autograd.grad(_squares(autograd.grad(_squares(f)))),
    "vmap": lambda f: lambda x, w: autograd.vmap(f, in_axes=(0, None))(np.stack([x, x * 0.5]), w),
    "vmap of grad": lambda f: lambda x, w: autograd.vmap(autograd.grad(_squares(f)), in_axes=(0, None))(
        np.stack([x, x * 0.5]), w
    ),
}  # fmt: skip


class Function(NamedTuple):
    """A chain of calls under a transform, and the arrays it is called on: dtype, layout, shapes."""

    plan: list
    transform: str
    dtype: str
    layout: str
    shapes: list
    special: int

    def build(self) -> Callable:
        return TRANSFORMS[self.transform](lambda x, w: applied(self.plan, x * w, [x, x * w]) * w)

    def calls(self) -> list[tuple]:
        rng = np.random.default_rng(len(self.plan))
        return [
            tuple(self._array(rng, shape, i) for shape in (s, s[1:])) for i, s in enumerate(self.shapes)
        ]

    def _array(self, rng: Any, shape: tuple, i: int) -> np.ndarray:
        x = rng.normal(size=shape).astype(self.dtype)
        if i == self.special:
            x[0] = 0
        if self.layout == "strided":
            return np.repeat(x, 2, axis=-1)[..., ::2]
        return np.asarray(x, order=self.layout)


SHAPES = st.tuples(st.integers(2, 4), st.integers(2, 4))
FUNCTIONS = st.builds(
    Function,
    st.lists(CALLS, min_size=1, max_size=5),
    st.sampled_from(sorted(TRANSFORMS)),
    st.sampled_from(["float32", "float64"]),
    st.sampled_from(["C", "F", "strided"]),
    st.builds(lambda a, b: [a, a, a, a, b, a, b, b, a], SHAPES, SHAPES),
    st.integers(0, 12),
)

# ---------------------------------------------------------------- training steps

LAYERS: dict[str, Callable] = {
    "linear": lambda d: nn.Linear(d, d),
    "linear without bias": lambda d: nn.Linear(d, d, bias=False),
    "layer norm": nn.LayerNorm,
    "batch norm": nn.BatchNorm1d,
    "group norm": lambda d: nn.GroupNorm(1, d),
    "rms norm": nn.RMSNorm,
    "dropout": lambda d: nn.Dropout(0.3),
    "tanh": lambda d: nn.Tanh(),
    "sigmoid": lambda d: nn.Sigmoid(),
    "relu": lambda d: nn.ReLU(),
    "prelu": lambda d: nn.PReLU(),
    "gelu": lambda d: nn.GELU(),
    "softmax": lambda d: nn.Softmax(-1),
}
LOSSES: dict[str, Callable] = {
    "cross entropy": F.cross_entropy,
    "smoothed": lambda o, y: F.cross_entropy(o, y, label_smoothing=0.1),
    "nll": lambda o, y: F.nll_loss(F.log_softmax(o, dim=1), y),
    "mse": lambda o, y: F.mse_loss(o, o.detach() * 0.5),
    "huber": lambda o, y: F.smooth_l1_loss(o, o.detach() * 0 + 0.2),
    "binary": lambda o, y: F.binary_cross_entropy_with_logits(o, anp.ones_like(o)),
    "logsumexp": lambda o, y: anp.log(anp.exp(o).sum()),
    "squares": lambda o, y: (o * o).mean(),
}
OPTIMIZERS: dict[str, Callable] = {
    "SGD": lambda p: optim.SGD(p, lr=0.05),
    "momentum": lambda p: optim.SGD(p, lr=0.05, momentum=0.9, nesterov=True),
    "decay": lambda p: optim.SGD(p, lr=0.02, weight_decay=0.1, maximize=True),
    "Adam": lambda p: optim.Adam(p, lr=0.01),
    "AdamW": lambda p: optim.AdamW(p, lr=0.01, amsgrad=True),
    "RMSprop": lambda p: optim.RMSprop(p, lr=0.01, momentum=0.3),
    "Adagrad": lambda p: optim.Adagrad(p, lr=0.02),
    "Adadelta": optim.Adadelta,
    "Adamax": lambda p: optim.Adamax(p, lr=0.01),
    "NAdam": lambda p: optim.NAdam(p, lr=0.01),
    "RAdam": lambda p: optim.RAdam(p, lr=0.01),
    "Rprop": lambda p: optim.Rprop(p, lr=0.01),
    "Lion": lambda p: optim.Lion(p, lr=0.01),
}
SCHEDULERS: dict[str, Callable] = {
    "none": lambda o: None,
    "step": lambda o: optim.lr_scheduler.StepLR(o, 2, 0.7),
    "cosine": lambda o: optim.lr_scheduler.CosineAnnealingLR(o, 10),
    "lambda": lambda o: optim.lr_scheduler.LambdaLR(o, lambda e: 0.9**e),
}
CLIPS: dict[str, Callable] = {
    "none": lambda p: None,
    "norm": lambda p: nn.utils.clip_grad_norm_(p, 1.0),
    "value": lambda p: nn.utils.clip_grad_value_(p, 0.1),
}
EVENTS: dict[str, Callable] = {
    "none": lambda m, o: None,
    "eval": lambda m, o: m.eval(),
    "rate": lambda m, o: o.param_groups[0].update(lr=0.003),
    "frozen": lambda m, o: (o.zero_grad(), m.offset.requires_grad_(False)),
    "loaded": lambda m, o: m.load_state_dict({k: v * 1 for k, v in m.state_dict().items()}),
    "optimiser loaded": lambda m, o: o.load_state_dict(o.state_dict()),
    "no gradients": lambda m, o: o.zero_grad(),
    "hook": lambda m, o: m.register_forward_hook(lambda module, given, out: out * 0.5),
}


class Net(nn.Module):
    """Layers, calls of functions between them, and parameters of its own."""

    def __init__(self, layers: list, plan: list, d: int):
        super().__init__()
        self.layers = nn.ModuleList([LAYERS[name](d) for name in layers])
        self.scale, self.plan = nn.Parameter(np.linspace(0.5, 1.5, d).astype(np.float32)), plan
        self.offset = nn.Parameter(np.zeros(d, np.float32))

    def forward(self, x: Any) -> Any:
        seen = [x]
        for i, layer in enumerate(self.layers):
            x = applied(self.plan[i : i + 1], layer(x), seen)
            seen.append(x)
        return applied(self.plan[len(self.layers) :], x, seen) * self.scale + self.offset


class Step(NamedTuple):
    """A training step, how it is called, and what happens before the call number `late`."""

    layers: list
    plan: list
    loss: str
    optimizer: str
    scheduler: str
    clip: str
    event: str
    late: int
    dtype: str
    width: int
    batches: list
    keep_gradients: bool
    tensors: bool

    def run(self, wrap: Callable) -> tuple[list, Any]:
        """Results of all calls and all state at the end; `wrap(step, state)` is what is called."""
        nn.manual_seed(1)
        model = Net(self.layers, self.plan, self.width).to(np.dtype(self.dtype))
        opt = OPTIMIZERS[self.optimizer](model.parameters())
        scheduler = SCHEDULERS[self.scheduler](opt)

        def step(x: Any, y: Any) -> Any:
            opt.zero_grad(set_to_none=not self.keep_gradients)
            out = model(x)
            loss = LOSSES[self.loss](out, y)
            loss.backward()
            CLIPS[self.clip](list(model.parameters()))
            opt.step()
            if scheduler is not None:
                scheduler.step()
            return loss, out.detach()

        act = wrap(step, [s for s in (model, opt, scheduler) if s is not None])
        rng, found = np.random.default_rng(2), []
        for i, rows in enumerate(self.batches):
            if i == self.late:
                EVENTS[self.event](model, opt)
            x = rng.normal(size=(rows, self.width)).astype(self.dtype)
            y = rng.integers(0, self.width, rows)
            found += [np.array(t.detach()._data) for t in act(autograd.tensor(x) if self.tensors else x, y)]
        found += [np.array(v) for v in model.state_dict().values()]
        grads = [p.grad for p in model.parameters()]
        return [*found, *(None if g is None else np.array(g._data) for g in grads)], act


STEPS = st.builds(
    Step,
    st.lists(st.sampled_from(sorted(LAYERS)), min_size=1, max_size=3),
    st.lists(CALLS, max_size=4),
    st.sampled_from(sorted(LOSSES)),
    st.sampled_from(sorted(OPTIMIZERS)),
    st.sampled_from(sorted(SCHEDULERS)),
    st.sampled_from(sorted(CLIPS)),
    st.sampled_from(sorted(EVENTS)),
    st.integers(4, 7),
    st.sampled_from(["float32", "float64"]),
    st.integers(2, 5),
    st.builds(lambda a, b: [a, a, a, a, b, b, a, b, b, a], st.integers(2, 5), st.integers(2, 5)),
    st.booleans(),
    st.booleans(),
)
