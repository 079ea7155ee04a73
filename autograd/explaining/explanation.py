"""`explain`: the paths by which a gradient came to a parameter, as a table, or why there is none."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any

import numpy as np

from ..backward import first_cotangent
from ..diagnose import describe
from ..errors import ArgumentError, GradientError, OperandError
from ..sweeping import conjugate
from ..tables import align
from ..tape import ORDER, TensorBase, new_tensor
from .cuts import CANCELLED, DETACHED, FROZEN, INTEGER, NO_HISTORY, UNUSED, Cut, zeroing
from .labels import Hop, Route, Stage, counted, in_common, label, left_last, tell_apart
from .routes import Flow, Piece, as_list, norm, on_the_way, split_gradient
from .tracing import trace

# A gradient this much smaller than what went through the graph has all but vanished.
_NOTHING = 1e-9


class Explanation:
    """How a gradient came about; prints as a table, or says why it is None or zero.

    Attributes:
        name: what the parameter is called.
        gradient: the gradient as an array; None if there is none.
        norm: its norm.
        routes: the paths that it came by, the largest contribution first.
        stages: all operations on the way, from the loss on.
        cuts: where the gradient ended, if it is None or zero, and where parts of it did, as far as
            that is known.
        verdict: the whole in a sentence.
    """

    def __init__(self, name: str, loss: Any, names: Any, cuts: Sequence[Cut] = ()):
        self.name, self._loss, self._names = name, loss, names
        self.gradient: np.ndarray | None = None
        self.norm = 0.0
        self.cuts: list[Cut] = list(cuts)
        self.routes: list[Route] = []
        self.stages: list[Stage] = []

    @property
    def cause(self) -> str:
        """Why the gradient is None or zero, as a word, see `CAUSES`; empty if it is neither."""
        return self.cuts[0].cause if self.cuts and self.norm == 0 else ""

    @property
    def verdict(self) -> str:
        what = f"the gradient of {self.name}"
        if self.gradient is None:
            return f"{what} is None, {self.cuts[0]}"
        if self.norm == 0:
            return f"{what} is zero, {self.cuts[0]}" if self.cuts else f"{what} is zero"
        if not np.isfinite(self.norm):
            return f"{what} is not finite; autograd.detect_anomaly() finds where that began"
        zeros = int(np.count_nonzero(self.gradient == 0))
        text = f"{what} has norm {self.norm:.4g}, {describe(self.gradient)}"
        if zeros:
            text += f"; {zeros:,} of {self.gradient.size:,} elements are zero"
        return text + self._lost()

    def _lost(self) -> str:
        """Where most was lost on the way, if next to nothing arrived."""
        largest = max((stage.arrived for stage in self.stages), default=0.0)
        if self.norm > _NOTHING * largest:
            return ""
        stage = min(self.stages, key=lambda stage: stage.left / stage.arrived if stage.arrived else 1.0)
        return f"; most was lost at {stage.label}, from {stage.arrived:.4g} to {stage.left:.4g}"

    def table(self) -> str:
        """The routes as an aligned table."""
        shared = label(in_common(self.routes))
        rows = [("share", "norm", "paths", "by")]
        for r in self.routes:
            rows.append((f"{100 * r.share:.1f} %", f"{r.norm:.4g}", counted(r.paths), r.text))
        rows.append(("100.0 %", f"{self.norm:.4g}", counted(sum(r.paths for r in self.routes)), "in all"))
        lines = left_last(align(rows, left=0, foot=1), rows)
        return "\n".join([f"on every path: {shared}", *lines] if shared else lines)

    def flow(self) -> str:
        """The norms of the cotangents on the way, from the loss on, as an aligned table."""
        rows = [("operation", "line", "arrived", "passed on")]
        for stage in self.stages:
            passed = ", ".join(f"{value:.4g}" for _, _, value in stage.passed)
            rows.append((stage.label, stage.source, f"{stage.arrived:.4g}", passed))
        return "\n".join(align(rows, left=2))

    def draw(self, **options: Any) -> Any:
        """The graph, with arrows by the norm of what flows; red is where the gradient was cut.

        Takes the options of `autograd.graph.draw`.
        """
        from ..graph import draw, tape

        orders = {cut.order for cut in self.cuts if cut.order is not None}
        red = [r.id for r in tape(self._loss) if r.order in orders]
        options = {"names": self._names, "highlight": red, **options}
        if self._loss._node is not None:
            options.setdefault("level", "flow")
        return draw(self._loss, **options)

    def __str__(self) -> str:
        parts = [self.verdict]
        if self.gradient is not None and self.norm > 0:
            parts.append(self.table())
            parts += [f"cut off elsewhere: {cut}" for cut in self.cuts]
        else:
            parts += [f"also: {cut}" for cut in self.cuts[1:6]]
            if self.stages:
                parts.append(self.flow())
        return "\n".join(parts)

    __repr__ = __str__


def explain(
    loss: Any, param: Any, *, names: Any = None, gradient: Any = None, limit: int = 12
) -> Explanation:
    """Tell by which paths the gradient of a loss came to a parameter, or why it is None or zero.

    A sweep of its own carries the contributions of different paths side by side. `.grad` is left
    alone, and the graph is kept; hooks are called. Modules and lines are known of what ran under
    `autograd.record()`.

    Args:
        loss: a Tensor whose graph is still there; or a function without arguments that computes it,
            which is called once: then it is also found out where values that depend on the parameter
            lost their history.
        param: the Tensor, a leaf or not.
        names: a module, or a mapping from names to Tensors: what things are called.
        gradient: the cotangent of the loss, if it has more than one element.
        limit: so many contributions are told apart at each operation; the smaller ones are put
            together.

    Errors: OperandError for what is no Tensor; GradientError for a loss of several elements without
    `gradient`; GraphFreedError for a graph that a backward has released.

    Example:
        >>> import autograd
        >>> x = autograd.tensor(2.0, requires_grad=True)
        >>> print(explain(x * x + 6.0 * x, x, names={"x": x}))
        the gradient of x has norm 10, float64()
          share  norm  paths  by
        ----------------------------------------
         60.0 %     6      1  multiply.2 > add:y
         40.0 %     4      1  multiply.1 > add:x
        ----------------------------------------
        100.0 %    10      2  in all
        >>> print(explain(x.detach() * 3.0, x, names={"x": x}))
        the gradient of x is None, no history: the loss was computed under no_grad(), ...
        >>> print(explain(lambda: x.detach() * 3.0, x, names={"x": x}).cause)
        detached
    """
    if not isinstance(param, TensorBase):
        raise OperandError(f"explain: expected a Tensor as the parameter, got {describe(param)}")
    if not isinstance(limit, int) or limit < 1:
        raise ArgumentError(f"explain: limit must be a positive int, got {describe(limit)}")
    name, seen = _name(names, param), True
    cuts: list[Cut] = []
    if callable(loss) and not isinstance(loss, TensorBase):
        loss, cuts, seen = trace(loss, param)
    if not isinstance(loss, TensorBase):
        raise OperandError(f"explain: expected a Tensor as the loss, got {describe(loss)}")
    found = Explanation(name, loss, names, cuts)
    if param._node is None:
        found.cuts = [Cut(FROZEN if param._data.dtype.kind in "fc" else INTEGER)]
    elif loss._node is None:
        found.cuts = cuts or [Cut(NO_HISTORY if seen else UNUSED)]
    elif param._node[ORDER] not in on_the_way(loss._node, param._node):
        found.cuts = cuts or [_detached(loss, param, name) or Cut(UNUSED)]
    else:
        _fill(found, loss, param, gradient, limit)
    return found


def _fill(found: Explanation, loss: Any, param: Any, gradient: Any, limit: int) -> None:
    """Enter a gradient that is there."""
    g = first_cotangent(loss, gradient, "explain")._data
    total, pieces, flows = split_gradient(loss._node, g, param._node, limit)
    if total is None:
        raise GradientError("explain: a hook on the way gave no gradient to go on with")
    found.gradient = np.array(conjugate(new_tensor(total))._data)
    found.norm = norm(total)
    found.stages = _stages(loss, found._names, flows)
    if found.norm == 0:
        known = {stage.order: stage for stage in found.stages}
        found.cuts = [_placed(cut, known) for cut in zeroing(flows)] or [Cut(CANCELLED)]
    found.routes = _routes(pieces, found)


def _placed(cut: Cut, known: dict[int, Stage]) -> Cut:
    stage = known[cut.order]  # type: ignore[index]
    return cut._replace(path=stage.path, source=stage.source)


def _stages(loss: Any, names: Any, flows: Iterable[Flow]) -> list[Stage]:
    """What went through each node, with what the tape knows of it."""
    from ..graph import tape

    records = tape(loss, names=names)
    known = {r.order: r for r in records if r.order is not None}
    stages = []
    for flow in flows:
        record = known[flow.order]
        path = record.path
        if not path:  # not recorded, but the module's name is part of that of its parameters
            owners = [records[i].name.rpartition(".")[0] for i, _ in record.inputs]
            path = next((owner for owner in owners if owner), "")
        arguments = _arguments(flow.step)
        passed = [(arguments[i], order, value) for i, order, value in flow.passed]
        stages.append(
            Stage(record.op, path, record.source, record.key, flow.order, flow.arrived, passed, arguments)
        )
    return stages


def _arguments(step: Any) -> list[str]:
    """The names of the arguments that are on the tape."""
    if step.prim is None:
        return ["x"] * step.arity
    if step.prim.variadic:
        return [f"{step.prim.arrays[0][1:]}[{i}]" for i in step.active]
    return [step.prim.arrays[i] for i in step.active]


def _routes(pieces: Sequence[Piece], found: Explanation) -> list[Route]:
    known = {stage.order: stage for stage in found.stages}
    routes = []
    for piece in pieces:
        part = np.array(conjugate(new_tensor(piece.g))._data)
        share = 0.0
        if found.norm and np.isfinite(found.norm):
            share = float(np.vdot(found.gradient / found.norm, part / found.norm).real)  # type: ignore[operator]
        hops = [Hop(known[o], known[o].arguments[i]) for o, i in reversed(as_list(piece.trail))]
        routes.append(Route(share, norm(part), piece.paths, hops, part, ""))
    routes.sort(key=lambda route: -route.norm)
    shared = in_common(routes)
    return [route._replace(text=tell_apart(route, routes, shared)) for route in routes]


def _name(names: Any, param: Any) -> str:
    """What a parameter is called."""
    pairs: Any = ()
    if names is not None:
        pairs = names.items() if hasattr(names, "items") else names.named_parameters()
    for name, value in pairs:
        if value is param:
            return name
        if hasattr(value, "named_parameters"):
            inner = _name(value, param)
            if inner != _UNNAMED:
                return f"{name}.{inner}" if name else inner
    return _UNNAMED


_UNNAMED = "the parameter"


def _detached(loss: Any, param: Any, name: str) -> Cut | None:
    """The operation that took the parameter's values as a constant, if the tape still has them."""
    from ..graph import tape
    from ..graph.records import CONSTANT

    data = param._data
    if not isinstance(data, np.ndarray) or np.all(data == data.flat[:1]):
        return None  # the tape keeps a copy of it, which could be any other
    records = tape(loss, names={name: data})
    for record in records:
        for i, _ in record.inputs:
            if records[i].kind == CONSTANT and records[i].name == name:
                return Cut(DETACHED, record.op, record.path, record.source, record.order)
    return None
