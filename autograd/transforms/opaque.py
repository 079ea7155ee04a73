"""A call of a function as one node, whose derivative is what its user says.

`custom.py` has the faces, `custom_vjp` and `custom_jvp`. What a function takes and gives may be
containers, of which the tape knows nothing: the node's arguments and results are the arrays in them.
The function itself runs on plain arrays; what the user says of its derivative runs on arrays in an
ordinary sweep, and on Tensors where the sweep is recorded, so that it can be differentiated again.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from keyword import iskeyword
from typing import Any

import numpy as np

from ..diagnose import describe
from ..errors import ArgumentError, MissingRule
from ..primitive import Primitive, Rule
from ..pulls import Step
from ..tape import FIRST_PARENT, TensorBase, apply, new_tensor
from .fitting import aligned, as_it_is, check_recorded, differentiable, plain, plain_result, shares, still
from .reverse import vjp
from .tracing import is_traced
from .trees import is_container, leaves, rebuild


class Rules:
    """What the user says of a function; the arguments come as a list, nested as they were given.

    Attributes:
        name: what errors and pictures call it.
        nondiff: positions of the arguments that are none of the derivative's.
        forward_rule: whether there is `push`, else `pull`.
    """

    name: str
    nondiff: tuple[int, ...] = ()
    forward_rule = False

    def forward(self, args: list) -> tuple[Any, Any]:
        """The result, and what `pull` needs besides."""
        raise NotImplementedError

    def residuals(self, args: list) -> Any:
        """What `pull` needs besides, as a recorded sweep computes it."""
        return self.forward(args)[1]

    def pull(self, args: list, residuals: Any, g: Any) -> list:
        """A cotangent for each argument that is not among `nondiff`, from that of the result."""
        raise MissingRule(f"{self.name} has no rule for cotangents")

    def push(self, args: list, tangents: list) -> Any:
        """The tangent of the result, from those of the arguments that are not among `nondiff`."""
        raise MissingRule(f"{self.name} has no rule for tangents")

    def differentiable(self, args: Sequence) -> list[int]:
        """The positions of the arguments that have a derivative."""
        return [i for i in range(len(args)) if i not in self.nondiff]


class Place:
    """Stands among residuals for an argument, which the node keeps anyway."""

    __slots__ = ("index",)

    def __init__(self, index: int):
        self.index = index


class Stacked:
    """Stands among residuals for a value that differs from example to example of a `vmap`.

    Attributes:
        owner: the `Mapped` whose examples they are.
        value: what holds them all; Stacked again, where the `vmap` runs in another.
    """

    __slots__ = ("owner", "value")

    def __init__(self, owner: Any, value: Any):
        self.owner, self.value = owner, value

    @property
    def core(self) -> Any:
        """The tensor itself."""
        return self.value.core if type(self.value) is Stacked else self.value

    def around(self, core: Any) -> Stacked:
        """The same with another tensor."""
        return Stacked(self.owner, self.value.around(core) if type(self.value) is Stacked else core)


class Held:
    """What a kernel hands its pull: the residuals."""

    __slots__ = ("tree",)

    def __init__(self, tree: Any):
        self.tree = tree


class Call:
    """One call: the arguments, of which those that the node takes are holes.

    Attributes:
        xs: the Tensors and arrays among the differentiable arguments, `where` they are among all leaves.
        tree: the container of the results; None for a single array.
        kinds: shape and dtype of each result.
    """

    __slots__ = ("_leaves", "args", "kinds", "ready", "rules", "tree", "where", "xs")

    def __init__(self, rules: Rules, args: Sequence[Any]):
        self.rules = rules
        allowed = set(rules.differentiable(args))
        self._leaves: list[Any] = []
        self.where: list[int] = []
        self.xs: list[Any] = []
        for i, arg in enumerate(args):
            for _, leaf in leaves(arg):
                if i in allowed and isinstance(leaf, (TensorBase, np.ndarray)):
                    self.where.append(len(self._leaves))
                    self.xs.append(leaf)
                    leaf = ...
                self._leaves.append(leaf)
        self.args = [rebuild(a, iter([...] * sum(1 for _ in leaves(a)))) for a in args]
        self.tree: Any = None
        self.kinds: list[tuple] = []
        self.ready: Any = None

    def filled(self, values: Sequence[Any]) -> list:
        """The arguments, with these values in the holes."""
        flat = list(self._leaves)
        for i, value in zip(self.where, values, strict=True):
            flat[i] = value
        each = iter(flat)
        return [rebuild(a, each) for a in self.args]

    def whole(self, values: Sequence[Any]) -> Any:
        """Something for each result, nested as these are."""
        return values[0] if self.tree is None else rebuild(self.tree, iter(values))

    # ------------------------------------------------------------------ the function

    def compute(self, values: Sequence[Any]) -> tuple[list, Held]:
        """The results as plain values, and the residuals."""
        value, residuals = self.rules.forward(self.filled(values))
        several = is_container(value)
        found = [leaf for _, leaf in leaves(value)] if several else [value]
        outs = [plain_result(self.rules.name, leaf) for leaf in found]
        self.tree = rebuild(value, iter([...] * len(outs))) if several else None
        self.kinds = [(np.shape(out), out.dtype) for out in outs]
        kept = [_apart(leaf, values) for _, leaf in leaves(residuals)]
        outs = [out.copy() if shares(out, values) else out for out in outs]
        return outs, Held(rebuild(residuals, iter(kept)))

    def results(self, values: list) -> tuple[Any, Held]:
        """What the kernel gives: an array, or a tuple of them, and the residuals."""
        ready, self.ready = self.ready, None
        if ready is None or any(a is not b for a, b in zip(ready[0], values, strict=True)):
            ready = (values, *self.compute(values))
        _, outs, held = ready
        return (outs[0] if self.tree is None else tuple(outs)), held

    # ------------------------------------------------------------------ derivatives

    def cotangents(self, active: tuple[int, ...], xs: list, held: Held | None, gs: Sequence) -> tuple:
        """Those of the active arguments, from those of the results."""
        gs = [np.zeros(*kind) if g is None else g for g, kind in zip(gs, self.kinds, strict=True)]
        if self.rules.forward_rule:
            return self._transposed(active, xs, gs)
        args = self.filled(xs)
        lifted = any(isinstance(g, TensorBase) for g in gs)
        with differentiable(self.rules.name) if lifted else as_it_is():
            if held is None:
                residuals = self.rules.residuals(args)
            else:
                back = [xs[v.index] if type(v) is Place else v for _, v in leaves(held.tree)]
                residuals = rebuild(held.tree, iter(back))
            parts = self.parts(self.rules.pull(args, residuals, self.whole(gs)), args)
        if not lifted:
            parts = [plain(part) for part in parts]
        if lifted and any(map(is_traced, gs)):
            check_recorded(self.rules.name, [parts[i] for i in active])
        return tuple(parts[i] for i in active)

    def parts(self, found: Any, args: list) -> list:
        """The cotangents of xs, from what the rule gave: checked, None for zero."""
        name, positions = self.rules.name, self.rules.differentiable(args)
        if not isinstance(found, (tuple, list)) or len(found) != len(positions):
            got = f"{len(found)}" if isinstance(found, (tuple, list)) else describe(found)
            raise ArgumentError(
                f"{name}: its bwd must return a tuple of {len(positions)} cotangents, one for each "
                f"differentiable argument, got {got}"
            )
        by_position = dict(zip(positions, found, strict=True))
        parts: list[Any] = []
        for i, arg in enumerate(args):
            what = f"{name}: the cotangent that its bwd returns for argument {i}"
            parts += aligned(by_position.get(i), arg, what)
        return [parts[i] for i in self.where]

    def _transposed(self, active: tuple[int, ...], xs: list, gs: list) -> tuple:
        """The cotangents by the transpose of the forward rule."""

        def forward(*ts: Any) -> tuple:
            return tuple(self.tangents(dict(zip(active, ts, strict=True)), xs))

        # ones, since rules keep what is zero zero
        ones = [np.ones(tuple(xs[i].shape), xs[i].dtype)[()] for i in active]
        with differentiable(self.rules.name) if any(map(is_traced, gs)) else as_it_is():
            found = vjp(forward, *ones)[1](
                tuple(g if isinstance(g, TensorBase) else new_tensor(g) for g in gs)
            )
        return found if any(isinstance(g, TensorBase) for g in gs) else tuple(map(plain, found))

    def tangents(self, given: dict[int, Any], xs: list) -> list:
        """Those of the results, from those of some arguments."""
        args = self.filled(xs)
        flat = [still(leaf) for arg in args for _, leaf in leaves(arg)]
        for i, tangent in given.items():
            flat[self.where[i]] = tangent
        each = iter(flat)
        nested = [rebuild(arg, each) for arg in args]
        moved = self.rules.push(args, [nested[i] for i in self.rules.differentiable(args)])
        like = [np.empty(shape, dtype) for shape, dtype in self.kinds]
        parts = aligned(moved, self.whole(like), f"{self.rules.name}: the tangent that its rule returns")
        parts = [np.zeros(*kind) if p is None else p for p, kind in zip(parts, self.kinds, strict=True)]
        if any(isinstance(v, TensorBase) for v in (*given.values(), *xs)):
            return parts
        return [plain(part) for part in parts]


def run(rules: Rules, args: Sequence[Any]) -> Any:
    """The call, recorded as one node; a gradient flows to one of the arguments at least."""
    call = Call(rules, args)
    values = [plain(x) for x in call.xs]
    call.ready = (values, *call.compute(values))
    outs, xs, call.xs = call.ready[1], call.xs, []
    if not any(out.dtype.kind in "fc" for out in outs):
        return call.whole(outs)
    out = apply(_primitive(rules, 0 if call.tree is None else len(outs)), xs, (call,))
    return call.whole([out] if call.tree is None else out)


# ------------------------------------------------------------------ the node

_primitives: dict[tuple[str, int, bool], Primitive] = {}


def _primitive(rules: Rules, count: int) -> Primitive:
    """The description of functions of this name with so many results; 0: a single array."""
    name = re.sub(r"\W", "", rules.name.rsplit(".", 1)[-1])
    name = name if name.isidentifier() and not iskeyword(name) else f"{name or 'custom'}_"
    key = name, count, rules.forward_rule
    if key not in _primitives:
        prim = _primitives[key] = Primitive(
            name,
            lambda values, call: call.results(values),
            ["*xs"],
            statics=(("call",), {}),
            joint=Rule(lambda g, xs, aux, call: None, "vjp"),
            results=tuple(f"result_{i}" for i in range(count)),
            aux=True,
            promotes=False,
            jvp={"*xs": _pushed} if rules.forward_rule else None,
        )
        prim.steps = _Steps(prim)
    return _primitives[key]


def _pushed(tangents: Sequence, out: Any, xs: Sequence, call: Call) -> Any:
    """The tangent of the result, or of each."""
    given = {i: t for i, t in enumerate(tangents) if t is not None}
    found = call.tangents(given, list(xs))
    return tuple(found) if isinstance(out, tuple) else found[0]


class _Steps(dict):
    """The steps of a primitive, made without writing code: users may make functions without end."""

    def __init__(self, prim: Primitive):
        self.prim = prim

    def get(self, active: Any, default: Any = None) -> Step:
        step = super().get(active)
        if step is None:
            step = self[active] = Step(self.prim, active, ("xs", "aux", "call"))
            step.pull = _pull_of(active, len(self.prim.results))
            step.pull.step = step
        return step


def _pull_of(active: tuple[int, ...], count: int) -> Callable:
    first = FIRST_PARENT + len(active)

    def pull(node: list, g: Any) -> tuple:
        xs, held, call = node[first:]
        return call.cotangents(active, xs, held, g.spread(count) if count else (g,))

    return pull


def _apart(leaf: Any, values: Sequence[Any]) -> Any:
    """A residual in memory that nobody else writes; the place of an argument for an argument."""
    if type(leaf) is Stacked:
        core = leaf.core
        return leaf.around(new_tensor(core._data.copy())) if shares(core._data, values) else leaf
    for i, value in enumerate(values):
        if leaf is value:
            return Place(i)
    return leaf.copy() if shares(leaf, values) else leaf
