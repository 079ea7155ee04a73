"""`checkpoint`: a function of which nothing is kept but its arguments; the sweep runs it again.

A call is one node. Its parents are the tensors among the arguments, and whatever else a gradient
flows to that the function refers to: the parameters of a model, variables of transforms around it.
These are found by a first run, whose graph is then let go. In the sweep the function runs again, with
stand-ins where the graph leaves it, to which an inner sweep pulls the cotangents.
"""

from __future__ import annotations

import functools
from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from .. import views
from ..codegen import next_order
from ..diagnose import describe
from ..errors import ArgumentError, GradientError
from ..memory import FOREIGN_ARRAY, Guard, protect
from ..primitive import Primitive, Rule
from ..pulls import Step
from ..several import pick_node
from ..sweeping import sweep
from ..tape import FIRST_PARENT, ORDER, TensorBase, identity_node, mode, new_tensor
from .cutting import beyond, cut
from .replaying import Effects, generators_of
from .tracing import is_traced, tracing
from .trees import leaves, rebuild

_SAMPLE = 64  # how many values of each result are compared with those of the second run


def checkpoint(f: Callable, *, preserve_rng_state: bool = True, determinism_check: bool = True) -> Callable:
    """f, of which nothing is kept but the arguments: the sweep computes it again.

    Memory for time: what f's operations save for their derivatives is released when f returns, and
    exists once more while the sweep is in f.

    Args:
        f: any function of arrays, Tensors, numbers, nested tuples, lists and dicts of them, and anything
            else; a module. It may refer to parameters, which get their gradients.
        preserve_rng_state: have it draw the same random numbers again. This holds for the generators
            of `nn`, NumPy's global one, and those that f's closure, attributes and arguments hold.
        determinism_check: compare results of the second run with the first.

    What f writes into buffers without a gradient, as normalisation does its running statistics, it
    writes once: the second run finds and leaves them as they are. Other side effects happen twice.

    Dtypes: results and gradients are those of f.

    Errors: those of f; of the sweep, GradientError if f gives another result when it runs again.

    Gradient: that of f, to any order. Without gradients, inside `jvp` and `vmap`, and in
    `compile` this is f itself: `checkpoint(vmap(f))` saves memory, `vmap(checkpoint(f))` does not.

    Source: Chen et al., Training Deep Nets with Sublinear Memory Cost, 2016.

    Example:
        >>> from autograd import grad
        >>> grad(checkpoint(lambda x: np.sin(x) ** 2))(0.0)
        np.float64(0.0)
    """
    if not callable(f):
        raise ArgumentError(f"checkpoint: expected a function, got {describe(f)}")

    def checkpointed(*args: Any, **options: Any) -> Any:
        if not mode.grad or mode.levels or mode.generators is not None or _is_followed():
            return f(*args, **options)
        return _Call(f, args, options, preserve_rng_state, determinism_check).result()

    # a module has attributes that are no function's
    functools.update_wrapper(checkpointed, f, updated=())
    return checkpointed


def _is_followed() -> bool:
    """Whether something goes along with each call, and does not only look on, as profiles do."""
    interceptor = mode.interceptor
    while interceptor is not None and hasattr(interceptor, "before"):
        interceptor = interceptor.before
    return interceptor is not None


class _Call:
    """One call: what it needs to run again.

    Attributes:
        effects: what it drew and wrote.
        captured: the nodes of what else a gradient flows to.
        places: which of the leaves of the result are results of the node.
        samples: for each of these its shape, dtype and some values.
    """

    def __init__(self, f: Callable, args: tuple, options: dict, draws: bool, checks: bool):
        self.f, self.checks, self.effects = f, checks, Effects(draws)
        self._given = [leaf for _, leaf in leaves((args, options))]
        self._tree = rebuild((args, options), iter([...] * len(self._given)))
        self._traced = [is_traced(leaf) for leaf in self._given]
        for generator in generators_of(f, *self._given) if draws else ():
            self.effects.note_generator(generator)

    def result(self) -> Any:
        """The result, whose tensors come from a single node."""
        given, oldest = self._given, next_order()
        del self._given
        variables = [_variable(x._data, x._node) for x, t in zip(given, self._traced) if t]
        with self.effects:
            value = self._run(given, variables)
        outs = [leaf for _, leaf in leaves(value)]
        self.places = [i for i, leaf in enumerate(outs) if is_traced(leaf)]
        self.samples = [_sample(outs[i]._data) for i in self.places]
        ends = {v._node[ORDER] for v in variables}
        self.captured = beyond([outs[i]._node for i in self.places], oldest, ends)
        above = [x._node for x, t in zip(given, self._traced) if t] + self.captured
        if not self.places or not above:
            return value
        node = [next_order(), _step(len(above), len(self.places)).pull, None, *above]
        node += [[_kept(leaf, node) for leaf in given], self]
        for k, i in enumerate(self.places):
            data = outs[i]._data
            if outs[i]._alias is not None:
                data = data.copy()  # a view, perhaps of what is the caller's
            outs[i] = new_tensor(data, node if len(self.places) == 1 else pick_node(node, k))
        return rebuild(value, iter(outs))

    def _run(self, given: Sequence, variables: Sequence) -> Any:
        """f, with variables for what is traced."""
        each = iter(variables)
        filled = [next(each) if t else v for v, t in zip(given, self._traced, strict=True)]
        args, options = rebuild(self._tree, iter(filled))
        return self.f(*args, **options)

    def cotangents(self, above: list[list], kept: list, gs: Sequence) -> tuple:
        """Those of the parents, from those of the results: f runs again."""
        lifted = any(isinstance(g, TensorBase) for g in gs)
        oldest = next_order()
        nodes = iter(above)
        variables = [_variable(x, next(nodes)) for x, t in zip(kept, self._traced) if t]
        stand_ins = {node[ORDER]: identity_node(node) for node in self.captured}
        with self.effects.again(), tracing():
            value = self._run([_given(x) for x in kept], variables)
        outs = [leaf for _, leaf in leaves(value)]
        found = [outs[i] for i in self.places if i < len(outs) and is_traced(outs[i])]
        self._check(found)
        targets: dict[int, Any] = {v._node[ORDER]: None for v in variables}
        if not cut([o._node for o in found], oldest, set(targets), stand_ins):
            raise GradientError(
                f"checkpoint: when {_name(self.f)} ran again in the sweep, it used a tensor that requires "
                f"grad which it had not used before; {_CAUSES}"
            )
        targets |= {node[ORDER]: None for node in stand_ins.values()}
        roots = [
            (stand_ins.get(o._node[ORDER], o._node), g)
            for o, g in zip(found, gs, strict=True)
            if g is not None
        ]
        del value, outs, found  # only the sweep holds the graph, and releases it as it goes
        sweep(roots, targets, keep=lifted, lifted=lifted)
        return tuple(targets.values())

    def _check(self, outs: list) -> None:
        """Refuse results that are not those of the first run."""
        if len(outs) != len(self.samples):
            raise GradientError(
                f"checkpoint: {_name(self.f)} gave {len(self.samples)} results with a gradient, and "
                f"{len(outs)} when it ran again in the sweep; {_CAUSES}"
            )
        for i, (out, (shape, dtype, values)) in enumerate(zip(outs, self.samples, strict=True)):
            what = f"checkpoint: result {i} of {_name(self.f)}"
            if (out.shape, out.dtype) != (shape, dtype):
                raise GradientError(
                    f"{what} was {dtype}{shape}, and {out.dtype}{out.shape} when it ran again in the "
                    f"sweep; {_CAUSES}"
                )
            if self.checks and not _is_near(_sample(out._data)[2], values):
                raise GradientError(
                    f"{what} was another when it ran again in the sweep; {_CAUSES}, or give "
                    "determinism_check=False"
                )


_CAUSES = (
    "what it reads must be as it was: parameters, training mode, and random numbers of a generator that "
    "it holds"
)


def _name(f: Any) -> str:
    return getattr(f, "__name__", type(f).__name__)


def _variable(data: Any, node: list) -> Any:
    """A fresh tensor that leads on to the node of what it stands for."""
    data = data.array if type(data) is Guard else data
    fresh = new_tensor(data, identity_node(node))
    if isinstance(data, np.ndarray):
        views.borrow(fresh)  # protected when saved, never written
    return fresh


class _Constant:
    """The values of a Tensor without a gradient."""

    __slots__ = ("data",)

    def __init__(self, data: Any):
        self.data = data


def _kept(leaf: Any, node: list) -> Any:
    """What a node keeps of an argument: values that nobody else can change."""
    if isinstance(leaf, np.ndarray):
        return protect(leaf, FOREIGN_ARRAY, node)
    if not isinstance(leaf, TensorBase):
        return leaf
    data = protect(leaf._data, leaf._alias, node)
    return data if is_traced(leaf) else _Constant(data)


def _given(kept: Any) -> Any:
    """An argument of the function, from what was kept of it."""
    if type(kept) is not _Constant:
        return kept
    data = kept.data.array if type(kept.data) is Guard else kept.data
    constant = new_tensor(data)
    if isinstance(data, np.ndarray):
        views.borrow(constant)
    return constant


def _sample(data: Any) -> tuple[tuple, Any, Any]:
    flat = np.ravel(data) if np.size(data) <= _SAMPLE else data.flat
    return np.shape(data), data.dtype, np.array(flat[:: max(1, np.size(data) // _SAMPLE)])


def _is_near(a: Any, b: Any) -> bool:
    """Whether values agree but for rounding."""
    tolerance = 1000 * np.finfo(b.dtype).eps
    with np.errstate(all="ignore"):
        scale = np.nanmax(np.abs(b[np.isfinite(b)]), initial=0.0)
        return bool(np.allclose(a, b, rtol=tolerance, atol=tolerance * scale, equal_nan=True))


# ------------------------------------------------------------------ the node

_steps: dict[tuple[int, int], Step] = {}


def _step(arity: int, count: int) -> Step:
    """Describes a node with so many parents and results."""
    step = _steps.get((arity, count))
    if step is None:
        results = tuple(f"result_{i}" for i in range(count)) if count > 1 else ()
        prim = Primitive(
            "checkpoint",
            lambda xs, inputs, call: None,
            ["*xs"],
            statics=(("inputs", "call"), {}),
            joint=Rule(lambda g, inputs, call: None, "vjp"),
            results=results,
            promotes=False,
        )
        step = _steps[arity, count] = Step(prim, tuple(range(arity)), ("inputs", "call"))
        first = FIRST_PARENT + arity

        def pull(node: list, g: Any) -> tuple:
            kept, call = node[first:]
            gs = g.spread(count) if count > 1 else (g,)
            return call.cotangents(node[FIRST_PARENT:first], kept, gs)

        pull.step = step  # type: ignore[attr-defined]
        step.pull = pull
    return step
