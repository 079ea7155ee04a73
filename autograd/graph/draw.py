"""Pictures of tensors and of functions: reads the tape and chooses what to show of it."""

from __future__ import annotations

import contextlib
from collections.abc import Sequence
from typing import Any

from ..errors import ArgumentError, AutogradError
from . import levels
from .dot import DIRECTIONS
from .drawing import Drawing, View
from .errors import GraphSizeError
from .flow import Flow, measure
from .records import Tape
from .trace import Traced, backward_of, trace
from .walk import checked, nodes_of, tape

TIME_LIMIT = 20.0
# More boxes than this are no picture any more; what is folded can be seen with depth=, or in
# the page.
MAX_NODES = 100


def draw(
    what: Any,
    *inputs: Any,
    level: str = "shapes",
    depth: int | None = None,
    fold: bool | None = None,
    names: Any = None,
    direction: str = "down",
    constants: bool = True,
    legend: bool = True,
    max_nodes: int | None = MAX_NODES,
    time_limit: float = TIME_LIMIT,
    profile: Any = None,
    highlight: Sequence[Any] = (),
) -> Drawing:
    """A picture of the graph that a tensor was computed by, or of what a function or model does.

    Draw a tensor before `backward()`, which releases the graph unless told `retain_graph=True`, or
    compute it under `autograd.record()`. A tensor without history is drawn alone. A function or
    model is run once, with gradients with respect to those inputs that are floating; afterwards
    buffers and generators (of `nn`, of the modules, and NumPy's global one) are as they were.

    Args:
        what: a Tensor, a sequence of them, or a function or model to run on `inputs`; or, without
            inputs, a compiled function or its plan (`level="shapes"` alone).
        level: what is shown:
            `teach`: every value and gradient, of large arrays a few numbers;
            `shapes`: operations, shapes and dtypes;
            `flow`: arrows by the norm of the gradient that went along them;
            `cost`: time and bytes of every operation, from `profile`, or as recorded;
            `backward`: the graph of the backward sweep too.
        depth: how many levels of modules are open; by default, as many as fit.
        fold: draw what repeats once, with a count; by default, if there is much to draw.
        names: a mapping from names to Tensors, ndarrays or modules, or a module (anything with
            `named_parameters()`): what the picture calls them.
        direction: where the picture runs: "down" or "right".
        constants: draw the arguments that no gradient flows to.
        legend: explain shapes and colours below the picture.
        max_nodes: fold until no more boxes than this are left; None for no limit.
        time_limit: seconds that layout may take, when the picture is first shown or saved. More
            is folded if it takes half of them.
        profile: for `cost`: a mapping from records to pairs of seconds and bytes, or an object
            whose `costs(tape)` gives one.
        highlight: Tensors, or records by id, whose boxes are drawn red.

    Errors: OperandError for what is no Tensor; GraphFreedError for a graph that a backward has
    released; ArgumentError for an unknown level or direction, and for `cost` without figures.

    Gradient: `teach` and `flow` sweep the graph on their own. No `.grad` changes; hooks are called.

    Example:
        >>> from autograd import tensor
        >>> x = tensor(3.0, requires_grad=True)
        >>> draw(x * x, names={"x": x})
        <Drawing: shapes of 2 records in 2 boxes; .save('graph.svg') draws it>
        >>> draw(lambda x: x * x, 3.0, level="teach")
        <Drawing: teach of 2 records in 2 boxes; .save('graph.svg') draws it>
    """
    _check(level, direction, depth)
    if not inputs and hasattr(type(what), "__tape__"):
        if level != "shapes":
            raise ArgumentError(f"level: a plan is drawn with its shapes, got {level!r}")
        view = View(levels.Shapes(), depth, fold, direction, constants, legend, max_nodes, frozenset())
        return Drawing(what.__tape__(), view, time_limit)
    traced = trace(what, inputs, names)
    read = traced.read()
    if level == "backward":
        traced = backward_of(traced, read)
        read = traced.read()
    marked = frozenset(_marked(highlight, read))
    view = View(
        _level(level, traced, read, profile), depth, fold, direction, constants, legend, max_nodes, marked
    )
    return Drawing(read, view, time_limit)


def _check(level: str, direction: str, depth: int | None) -> None:
    if level not in levels.NAMES:
        raise ArgumentError(f"level: expected one of {', '.join(levels.NAMES)}, got {level!r}")
    if direction not in DIRECTIONS:
        raise ArgumentError(f"direction: expected one of {sorted(DIRECTIONS)}, got {direction!r}")
    if depth is not None and (not isinstance(depth, int) or depth < 0):
        raise ArgumentError(f"depth: expected a number of levels, 0 or more, got {depth!r}")


def _level(level: str, traced: Traced, read: Tape, profile: Any) -> levels.Shapes:
    if level in ("teach", "flow"):
        flow = _measured(traced, read)
        return levels.Teach(flow) if level == "teach" else levels.FlowOfGradient(flow)
    if traced.ran and level != "backward":
        with contextlib.suppress(AutogradError):  # not asked for: it is no reason to refuse a picture
            _measured(traced, read)
    if level == "cost":
        return levels.Cost(levels.costs_of(read, profile))
    return levels.Backward() if level == "backward" else levels.Shapes()


def _measured(traced: Traced, read: Tape) -> Flow:
    """What a sweep brings to each record, also entered where no gradient is known."""
    flow = measure(read, traced.roots, nodes_of(traced.roots))
    for record in read:
        record.gradient = record.gradient or flow.at.get(record.id)
    return flow


def _marked(highlight: Sequence[Any], read: Tape) -> list[int]:
    ids = {r.order: r.id for r in read if r.order is not None}
    orders = [t if isinstance(t, int) else getattr(t, "_node", None) for t in highlight]
    found = [o if isinstance(o, int) else ids.get(o[0]) for o in orders if o is not None]
    return [i for i in found if i is not None]


def to_dot(
    what: Any,
    *,
    names: Any = None,
    direction: str = "down",
    constants: bool = True,
    legend: bool = True,
    max_nodes: int | None = None,
) -> str:
    """The graph that a tensor (or several) was computed by, as DOT text, with nothing folded.

    Args:
        what: a Tensor or a sequence of them.
        names, direction, constants, legend: as `draw` takes them.
        max_nodes: refuse a graph with more nodes than this, constants not counted; None for no
            limit.

    Errors: OperandError for what is no Tensor; GraphFreedError for a graph that a backward has
    released; GraphSizeError above `max_nodes`; ArgumentError for an unknown direction.

    Example:
        >>> from autograd import tensor
        >>> x = tensor(3.0, requires_grad=True)
        >>> print(to_dot(x * x, names={"x": x}, legend=False))
        digraph "autograd" {
          ...
          x [label=<<B>x</B> = 3<BR/><FONT ...>float64</FONT>>, ...];
          "multiply.1" [label=<<B>multiply</B><BR/><FONT ...>float64</FONT>>, ...];
          x -> "multiply.1";
          x -> "multiply.1";
          ...
        }
    """
    return _whole(what, names, direction, constants, legend, max_nodes).source


def to_mermaid(
    what: Any,
    *,
    names: Any = None,
    direction: str = "down",
    constants: bool = True,
    max_nodes: int | None = None,
) -> str:
    """The graph that a tensor (or several) was computed by, as a Mermaid flowchart. See `to_dot`.

    Example:
        >>> from autograd import tensor
        >>> x = tensor(3.0, requires_grad=True)
        >>> print(to_mermaid(x * x, names={"x": x}))
        flowchart TD
          n_x[/"x = 3<br/>float64"/]:::leaf
          n_multiply_1("multiply<br/>float64"):::operation
          n_x --> n_multiply_1
          n_x --> n_multiply_1
          n_multiply_1 --> n_output_1[["output = 9<br/>float64"]]:::output
        ...
    """
    return _whole(what, names, direction, constants, False, max_nodes).mermaid()


def _whole(
    what: Any, names: Any, direction: str, constants: bool, legend: bool, max_nodes: int | None
) -> Drawing:
    _check("shapes", direction, None)
    read = tape(checked(what), names=names, max_nodes=max_nodes)
    view = View(levels.Shapes(), None, False, direction, constants, legend)
    return Drawing(read, view, TIME_LIMIT)


__all__ = ["MAX_NODES", "TIME_LIMIT", "GraphSizeError", "draw", "to_dot", "to_mermaid"]
