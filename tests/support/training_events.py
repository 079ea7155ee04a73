"""What happens between random training steps, by name."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

import numpy as np

import autograd
import nn

from .compiling import outcome

if TYPE_CHECKING:
    from .training import Life


def _saved(life: Life) -> None:
    life.held += [life.model.state_dict(), life.opt.state_dict()]


def _loaded(life: Life) -> None:
    weights = life.model.state_dict().items()
    model = {k: v * np.asarray(0.9, v.dtype) if v.dtype.kind == "f" else v for k, v in weights}
    opt = life.opt.state_dict()
    if len(life.held) > 1 and "param_groups" in life.held[-1]:
        model, opt = life.held[-2:]
    life.model.load_state_dict(model)
    life.opt.load_state_dict(opt)


def _set(name: str, value: Any) -> Callable:
    def change(life: Life) -> None:
        if name in life.opt.param_groups[0]:
            life.opt.param_groups[0][name] = value

    return change


def _graph(life: Life) -> None:
    life.graphs.append((life.model.scale**2).sum())


def _swept(life: Life) -> None:
    if life.graphs and life.graphs[-1].requires_grad:
        life.graphs.pop().backward()


def _replaced(life: Life) -> None:
    life.model.scale.data = np.full_like(life.model.scale.data, 0.7)


def _written(life: Life) -> None:
    life.model.scale.data[0] = 0.3


def _held(life: Life) -> None:
    life.held += [life.model.scale.detach(), life.model.scale.grad]


def _handed_out(life: Life) -> None:
    life.held.append(life.model.scale.data)


def _gradient_put(life: Life) -> None:
    p = life.model.offset
    if p.requires_grad:
        p.grad = autograd.tensor(np.ones_like(p.data))


def _gradient_written(life: Life) -> None:
    if life.model.scale.grad is not None:
        life.model.scale.grad *= 0.5


def _gradient_lost(life: Life) -> None:
    life.model.scale.grad = None


def _frozen(life: Life) -> None:
    p = life.model.offset
    p.requires_grad_(not p.requires_grad)


def _hooked(life: Life) -> None:
    if life.model.scale.requires_grad:
        life.hooks.append(life.model.scale.register_hook(lambda g: g * 0.5))


def _module_hooked(life: Life) -> None:
    life.hooks.append(life.model.register_forward_hook(lambda module, given, out: out * 0.5))


def _unhooked(life: Life) -> None:
    if life.hooks:
        life.hooks.pop().remove()


def _eager(life: Life) -> None:
    life.found.append(outcome(life.step, *life.batch(0)))


def _replaced_layer(life: Life) -> None:
    life.model.layers[0] = nn.Tanh()


def _cast(life: Life) -> None:
    other = np.float32 if life.model.scale.dtype == np.float64 else np.float64
    life.opt.zero_grad()
    life.model.to(other)
    life.dtype = np.dtype(other).name


def _failing(life: Life) -> None:
    """A step with classes that there are not, or rows of another width."""
    x, y = life.batch(0)
    for wrong in ((x, y + 9), (x[:, :-1], y), (x, y[:-1])):
        life.call(*wrong)


def _factor(life: Life) -> None:
    life.model.factors["k"] *= 0.5


def _captured(life: Life) -> None:
    life.offset += 0.1


def _closure(life: Life) -> None:
    life.number[0] += 0.5


def _stopping(life: Life) -> None:
    life.stops["now"] = not life.stops["now"]


def _in_a_mode(life: Life) -> None:
    with autograd.no_grad():
        life.call(*life.batch(1))


EVENTS: dict[str, Callable] = {
    "none": lambda life: None,
    "eval": lambda life: life.model.eval(),
    "train": lambda life: life.model.train(),
    "rate": _set("lr", 0.003),
    "rate of 0": _set("lr", 0.0),
    "decay": _set("weight_decay", 0.05),
    "momentum": _set("momentum", 0.4),
    "saved": _saved,
    "loaded": _loaded,
    "frozen": _frozen,
    "no gradients": lambda life: life.opt.zero_grad(),
    "gradients of 0": lambda life: life.model.zero_grad(set_to_none=False),
    "gradient put": _gradient_put,
    "gradient written": _gradient_written,
    "gradient lost": _gradient_lost,
    "hook": _hooked,
    "hook of the module": _module_hooked,
    "hook removed": _unhooked,
    "graph": _graph,
    "graph swept": _swept,
    "replaced": _replaced,
    "written": _written,
    "held": _held,
    "handed out": _handed_out,
    "let go": lambda life: life.held.clear(),
    "eager step": _eager,
    "another layer": _replaced_layer,
    "another dtype": _cast,
    "bad batches": _failing,
    "number of the module": _factor,
    "captured array": _captured,
    "captured number": _closure,
    "an exception inside": _stopping,
    "without gradients": _in_a_mode,
}
