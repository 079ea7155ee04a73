"""Random training steps to compile, for hypothesis: models, what a step does, what happens between steps.

Each is drawn as names and numbers, and lived twice: with the step as it is, and with it compiled.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, NamedTuple

import numpy as np
from hypothesis import strategies as st

import autograd
import nn
from autograd.compiling.reading.state import State

from .compiling import outcome, plain, quietly
from .programs import PLANS
from .training_bodies import BODIES, RESETS, Inside
from .training_events import EVENTS
from .training_parts import CLIPS, LAYERS, LOSSES, OPTIMIZERS, SCHEDULERS, Net


class Stop(Exception):
    """Raised in the middle of a step."""


class Life:
    """One training: what the step and the events know."""

    def __init__(self, drawn: Step, wrap: Callable):
        self.drawn, self.dtype = drawn, drawn.dtype
        nn.manual_seed(1)
        model = Net(drawn.layers, drawn.plan, drawn.width, drawn.tied).to(np.dtype(drawn.dtype))
        opt = OPTIMIZERS[drawn.optimizer](model.parameters())
        scheduler = SCHEDULERS[drawn.scheduler](opt)
        self.model, self.opt, self.scheduler = model, opt, scheduler
        self.rng, self.data = np.random.default_rng(3), np.random.default_rng(4)
        self.average = autograd.tensor(np.zeros(drawn.width, drawn.dtype))
        slope = autograd.compile(autograd.grad(lambda z: (z**3).sum()))
        self.inside = Inside(model, LOSSES[drawn.loss], self.rng, self.average, slope)
        self.offset, self.number, self.stops = np.zeros(1), [1.0], {"now": False}
        self.held: list[Any] = []
        self.hooks: list[Any] = []
        self.graphs: list[Any] = []
        self.found: list[Any] = []
        self.step = self._step()
        state = (model, opt, scheduler, self.rng, self.average)
        self.state = [s for s in state if s is not None]
        self.act = wrap(self.step, self.state)

    def _step(self) -> Callable:
        """The step; what changes now and then it finds by name, as the steps of users do."""
        model, opt, scheduler, inside = self.model, self.opt, self.scheduler, self.inside
        offset, number, stops = self.offset, self.number, self.stops
        body, clip, (when, to_none) = (
            BODIES[self.drawn.body], CLIPS[self.drawn.clip], RESETS[self.drawn.reset],
        )  # fmt: skip

        def step(x: Any, y: Any) -> Any:
            if when == "first":
                opt.zero_grad(set_to_none=to_none)
            loss = body(inside, x * number[0] + offset.astype(x.dtype), y)
            if stops["now"]:
                raise Stop("now")
            clipped = clip(list(model.parameters()))
            opt.step()
            if scheduler is not None:
                scheduler.step()
            if when == "last":
                opt.zero_grad(set_to_none=to_none)
            return loss.detach(), clipped

        return step

    def batch(self, more: int) -> tuple:
        rows = self.drawn.rows + more
        x = self.data.normal(size=(rows, self.drawn.width)).astype(self.dtype)
        y = self.data.integers(0, self.drawn.width, rows)
        return (autograd.tensor(x) if self.drawn.tensors else x), y

    def live(self) -> None:
        for event in ("none", *self.drawn.events):
            EVENTS[event](self)
            for more in (0, 0, 0, 0, 1) if event == "none" else (0, 0, 0, 1, 0):
                self.call(*self.batch(more))
                self.found.append(self.seen())

    def call(self, x: Any, y: Any) -> None:
        """A step as the caller makes it: what it gives is noted, or the exception that it raises."""
        self.found.append(quietly(outcome, self.act, x, y))

    def seen(self) -> list[Any]:
        """All that a step may have changed, and what the caller holds of it."""
        state = State(self.state)
        slots = [
            (slot.step, *slot.state) for o in state.optimizers for slot in o._slots.values() if slot.step
        ]
        grads = [t.grad for t in state.tensors()]
        kept = [h for h in self.held if not isinstance(h, dict)]
        rates = [g["lr"] for g in self.opt.param_groups]
        found = [t._data for t in state.tensors()], grads, slots, kept, rates
        return [*plain(found), [str(g.bit_generator.state) for g in state.all_generators()]]


class Step(NamedTuple):
    """A training step, and what happens in its life."""

    layers: list
    plan: list
    tied: bool
    loss: str
    optimizer: str
    scheduler: str
    clip: str
    body: str
    reset: str
    events: list
    dtype: str
    width: int
    rows: int
    tensors: bool

    def run(self, wrap: Callable) -> tuple[list, Any]:
        """All that was seen after each call; `wrap(step, state)` is what is called."""
        life = Life(self, wrap)
        life.live()
        return life.found, life.act


STEPS = st.builds(
    Step,
    st.lists(st.sampled_from(sorted(LAYERS)), min_size=1, max_size=3),
    st.one_of(st.just([]), PLANS),
    st.booleans(),
    st.sampled_from(sorted(LOSSES)),
    st.sampled_from(sorted(OPTIMIZERS)),
    st.sampled_from(sorted(SCHEDULERS)),
    st.sampled_from(sorted(CLIPS)),
    st.sampled_from(sorted(BODIES)),
    st.sampled_from(sorted(RESETS)),
    st.lists(st.sampled_from(sorted(EVENTS)), max_size=4),
    st.sampled_from(["float32", "float64"]),
    st.integers(2, 5),
    st.integers(2, 5),
    st.booleans(),
)
