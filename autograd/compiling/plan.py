"""What a recording needs: no call whose result nobody reads, and one arena for all that is temporary."""

from __future__ import annotations

from collections.abc import Iterable, Set
from dataclasses import dataclass, field

from ..graph.records import Tape
from ..tables import align
from .faults import cleared, reported, zeroed
from .ir import FRESH, Fixed, Held, Instruction, Operand, Recording, leaves, operands
from .planning.abreast import abreast
from .planning.arena import place, read_at_end
from .planning.inplace import renamed
from .planning.layouts import with_layouts
from .planning.lowering import gives_new_array
from .planning.patterns import rewritten, with_indices
from .planning.picture import tape_of
from .planning.simplify import COPIES, simplified
from .planning.small import hastened
from .planning.tiles import with_tiles

# What runs a program: see `planned`.
PLAIN, NUMPY, LOOPS, NUMBA = "plain", "NumPy", "numba, beside BLAS's products", "numba"

# Outputs of so many bytes are not copied.
LARGE = 4096
# Results of a step that a printed plan names.
SHOWN = 3


@dataclass(slots=True)
class Plan:
    """The steps that run, and where temporary roots lie.

    Attributes:
        steps: those that are needed, in order.
        lasting: roots of the program's own that keep their memory between runs, each with the number of the
            step from which on the old values are dead, or None.
        bound: roots whose array is made in each run, by the call that gives it.
        offsets: where the other fresh roots lie in the arena.
        hosts: those that lie in a lasting root that is not written yet, and where there; and lasting roots
            that lie side by side in another.
        blocks: roots of the state that lie side by side in another, in their order, by that.
        given: outputs that are made in each run and filled directly, rather than copied at the end.
        arena: its bytes; `unshared` what all of them would take side by side.
    """

    steps: list[Instruction]
    lasting: dict[int, int | None]
    bound: set[int]
    offsets: dict[int, int] = field(default_factory=dict)
    hosts: dict[int, tuple[int, int]] = field(default_factory=dict)
    blocks: dict[int, list[int]] = field(default_factory=dict)
    given: list[Operand] = field(default_factory=list)
    arena: int = 0
    unshared: int = 0
    recording: Recording = field(default_factory=Recording, repr=False)

    def __tape__(self) -> Tape:
        """The records that `autograd.graph.draw` makes a picture of."""
        ends = list(operands((self.recording.outputs, [pair[1] for pair in self.recording.finals])))
        beside = dict(self.blocks)
        for root, (host, _) in self.hosts.items():  # in the order in which they lie there
            if root in self.lasting:
                beside.setdefault(host, []).append(root)
        return tape_of(self.steps, self.recording, ends, self.offsets, beside)

    def touched(self, operands: Iterable[Operand]) -> set[int]:
        """The roots of some operands, and what of the state lies in these."""
        roots = {o.root for o in operands}
        return roots.union(*(self.blocks.get(root, ()) for root in roots))

    def __str__(self) -> str:
        kept = len(self.lasting) - len(
            {host for root, (host, _) in self.hosts.items() if root in self.lasting}
        )
        lasting = f"{kept} kept between runs, " if kept else ""
        within = len(self.hosts.keys() - self.lasting.keys())
        hosted = f"{within} in gradients, " if within else ""
        head = (
            f"{len(self.steps)} steps; {len(self.offsets)} buffers in an arena of {self.arena:,} bytes "
            f"({self.unshared:,} without reuse), {hosted}{lasting}{len(self.bound)} made in each run"
        )
        rows = [("step", "of", "call", "results", "line"), *(_row(self, step) for step in self.steps)]
        return "\n".join([head, *align(rows, left=range(1, 5))])


def _row(plan: Plan, step: Instruction) -> tuple[str, ...]:
    """One step of the table: number, what it belongs to, call, results and their place, the user's line."""
    made = [_place_of(plan, o) for o in step.made()] or [_place_of(plan, o) for o in step.writes]
    kind = "" if step.kind == "call" else f" ({step.kind})"
    rest = f" and {len(made) - SHOWN} more" if len(made) > SHOWN else ""
    return str(step.number), step.label, step.called + kind, ", ".join(made[:SHOWN]) + rest, step.line


def _place_of(plan: Plan, o: Operand) -> str:
    where = f"%{o.root}"
    if o.root in plan.offsets:
        where = f"@{plan.offsets[o.root] + o.offset}"
    elif o.root in plan.hosts:
        host, offset = plan.hosts[o.root]
        where = f"%{host}+{offset + o.offset}"
    return f"{where} {o.dtype}{list(o.shape)}"


def planned(
    recording: Recording,
    lasting: dict[int, int | None],
    kernels: str = NUMPY,
    movable: Set[int] = frozenset(),
) -> Plan:
    """The plan of a recording.

    Args:
        lasting: roots that outlive a run: see `Plan`.
        movable: roots of the state whose arrays may be brought elsewhere.
        kernels: what runs it: `NUMBA`: loops, `LOOPS`: loops, but for large products, `NUMPY`: its calls in
            their fastest forms, `PLAIN`: as they are, for a program that runs but once.
    """
    ends = read_at_end(recording) | lasting.keys()
    hosts: dict[int, tuple[int, int]] = {}
    blocks: dict[int, list[int]] = {}
    if recording.simplified is None:
        steps = _needed(recording.steps, recording, ends)
        steps = _asked(_needed(simplified(steps, recording, ends), recording, ends))
        recording.simplified = with_indices(_made_in_place(steps, ends), recording)
    steps = recording.simplified
    if kernels in (NUMBA, LOOPS):
        from .kernels.native import with_loops

        if kernels == NUMBA:
            steps = with_layouts(steps, recording, ends)
        steps = with_loops(steps, recording, ends, lasting, tiles=kernels == NUMBA)
    elif kernels == NUMPY:
        steps = rewritten(_made_in_place(steps, ends, written=True), recording)
        steps, hosts, blocks = abreast(steps, recording, lasting, ends, movable)
        lasting = _with_rows(lasting, hosts)
        ends = ends | lasting.keys()
        steps = hastened(with_tiles(steps, recording, ends), recording, ends)
    bound = {
        o.root for step in steps if gives_new_array(step) for o in step.made() if o.root not in lasting
    }
    plan = Plan(steps, lasting, bound, hosts=hosts, blocks=blocks, recording=recording)
    plan.given = _given(plan)
    place(plan)
    return plan


def _with_rows(lasting: dict[int, int | None], hosts: dict[int, tuple[int, int]]) -> dict[int, int | None]:
    """Roots that outlive a run, with those that others lie in, whose old values are dead when all are."""
    found = dict(lasting)
    for host in {host for host, _ in hosts.values()}:
        inside = [root for root in hosts if hosts[root][0] == host]
        numbers = [n for n in (lasting[root] for root in inside) if n is not None]
        found |= dict.fromkeys(inside) | {host: max(numbers) if len(numbers) == len(inside) else None}
    return found


def _given(plan: Plan) -> list[Operand]:
    """The large outputs that one call makes whole."""
    outputs = [x for x in leaves(plan.recording.outputs) if type(x) is Operand]
    makers = {o.root: o for step in plan.steps for o in step.made()}
    own = makers.keys() - plan.lasting.keys() - plan.bound
    return [
        o
        for o in outputs
        if o.nbytes > LARGE and o.contiguous and o.root in own and makers[o.root] == o
        and plan.recording.roots[o.root].kind == FRESH and sum(p.root == o.root for p in outputs) == 1
    ]  # fmt: skip


def _needed(steps: list[Instruction], recording: Recording, ends: set[int]) -> list[Instruction]:
    """The steps without those that only make what nobody reads."""
    alive = set(ends)
    held: set[int] = set()
    holding = any(step.kind == "opaque" for step in steps)
    kept = []
    for step in reversed(steps):
        targets = {o.root for o in (*step.made(), *step.writes)}
        outside = any(recording.roots[r].kind != FRESH for r in targets)
        tells = step.kind == "opaque" and (step.results is None or _tells(step.results))
        is_check = step.checks or step.kind in ("guard", "effect") or tells
        if is_check or outside or targets & alive or step.number in held:
            kept.append(step)
            alive |= {o.root for o in (*step.reads(), *step.writes)}
            if holding:
                held |= set(_held_numbers(step))
    return kept[::-1]


def _tells(results: object) -> bool:
    """Whether an opaque call is there to see whether it gives the same plain values again, or to raise."""
    if isinstance(results, tuple) and type(results) not in (Fixed, Held, Operand):
        return any(part is not None and _tells(part) for part in results)
    return results is None or type(results) is Fixed


def _held_numbers(step: Instruction) -> list[int]:
    return [x.number for x in leaves(step.args) if type(x) is Held]


def _asked(steps: list[Instruction]) -> list[Instruction]:
    """The steps without those that forget what NumPy reported, where nobody asks later."""
    kept, asked = [], False
    for step in reversed(steps):
        if step.fn is not cleared or asked:
            kept.append(step)
        asked = step.fn in (zeroed, reported) or (asked and step.fn is not cleared)
    return kept[::-1]


def _made_in_place(steps: list[Instruction], ends: set[int], written: bool = False) -> list[Instruction]:
    """The steps, where what is only copied to a result is made there.

    Args:
        written: also what is written to before; a loop of numba's keeps that in registers, not in a result.
    """
    fixed = {o.root: i for i, step in enumerate(steps) for o in step.writes}  # where they are written last
    makers = {o.root: o for step in steps for o in step.made()}
    moved: dict[int, int] = {}
    kept = []
    for i, step in enumerate(steps):
        x, result = step.args[0] if step.args else None, step.results
        if step.kind == "call" and step.fn in COPIES and type(x) is Operand and type(result) is Operand:
            alike = _are_alike(makers.get(x.root), x, result)
            alike = alike and fixed.get(x.root, -1) < (i if written else 0) and result.root not in fixed
            if alike and result.root in ends and x.root not in ends | moved.keys():
                moved[x.root] = result.root
                continue
        kept.append(step)

    return [renamed(step, moved) for step in kept]


def _are_alike(made: Operand | None, x: Operand, result: Operand) -> bool:
    """Whether a copy of x has all elements that a call made, in the order that it made them in."""
    if made is None or made == x == result._replace(root=x.root):
        return made is not None
    in_order = all(o.contiguous and not o.offset and o.dtype == made.dtype for o in (made, x, result))
    return in_order and made.nbytes == x.nbytes
