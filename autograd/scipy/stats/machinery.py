"""What the distributions share: arguments, location and scale, supports, and what follows from what.

A law is a table of formulas of the standard form, location 0 and scale 1. The rest is here. Outside of
the support a density is 0 and a logarithm -inf, and gradients are exactly 0; where parameters are invalid
values are NaN. Formulas see neither: they get a point inside in such places. Everything is computed in
double precision, as SciPy does.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from ...errors import OperandError
from ...ops.choosing import where
from ...ops.elementwise import exp, expm1, floor, log
from ...ops.matrices import value_of
from ...ops.shapes import as_array, astype
from .._faces import refused, spelled

Formula = Callable[..., Any]


class Law:
    """The formulas of a distribution in standard form.

    Attributes:
        name: what SciPy calls it.
        shapes: the names of its shape parameters.
        low, high: the ends of the support, numbers or functions of the shapes.
        inside: a point inside of the support, or a function of the shapes.
        valid: `valid(*shapes)`, where they may be; positive by default.
        usual: valid shapes, one for each.
        formulas: by name, functions of the point (or the probability) and the shapes.
        steps: whether the support is whole numbers.
    """

    def __init__(
        self, name: str, shapes: str = "", *, low: Any = -np.inf, high: Any = np.inf, inside: Any = 0.0,
        valid: Callable | None = None, usual: tuple = (), steps: bool = False, **formulas: Formula,
    ):  # fmt: skip
        self.name, self.shapes = name, tuple(shapes.split())
        self.low, self.high, self.inside, self.steps = low, high, inside, steps
        self.valid = valid or (lambda *shapes: np.all([s > 0 for s in np.broadcast_arrays(*shapes)], 0))
        self.usual = usual or (1.0,) * len(self.shapes)
        self.formulas = formulas
        density = "logpmf" if steps else "logpdf"
        _derive(formulas, density)

    @property
    def methods(self) -> list[str]:
        """The methods that are differentiable."""
        return sorted(self.formulas)


def _derive(formulas: dict[str, Formula], density: str) -> None:
    """What follows from what there is."""
    plainly = density[3:]
    if plainly not in formulas:
        formulas[plainly] = lambda x, *s: exp(formulas[density](x, *s))
    for tail, other in (("cdf", "sf"), ("sf", "cdf")):
        whole = f"log{tail}"
        if tail not in formulas and whole in formulas:
            formulas[tail] = lambda x, *s, whole=whole: exp(formulas[whole](x, *s))
        elif tail not in formulas and f"log{other}" in formulas:
            formulas[tail] = lambda x, *s, other=other: -expm1(formulas[f"log{other}"](x, *s))
        elif tail not in formulas and other in formulas:
            formulas[tail] = lambda x, *s, other=other: 1 - formulas[other](x, *s)
    for tail in ("cdf", "sf"):
        if tail in formulas and f"log{tail}" not in formulas:
            formulas[f"log{tail}"] = lambda x, *s, tail=tail: log(formulas[tail](x, *s))
    for inverse, other in (("ppf", "isf"), ("isf", "ppf")):
        if inverse not in formulas and other in formulas:
            formulas[inverse] = lambda q, *s, other=other: formulas[other](1 - q, *s)


# what is below the support, and above it
_OUTSIDE = {
    "pdf": (0.0, 0.0), "logpdf": (-np.inf, -np.inf), "pmf": (0.0, 0.0), "logpmf": (-np.inf, -np.inf),
    "cdf": (0.0, 1.0), "logcdf": (-np.inf, 0.0), "sf": (1.0, 0.0), "logsf": (0.0, -np.inf),
}  # fmt: skip


class Call:
    """The parameters of one call, checked and made safe to compute with."""

    def __init__(self, law: Law, method: str, args: tuple, options: dict):
        names = [*law.shapes, "loc"] + ([] if law.steps else ["scale"])
        given = parse(f"{law.name}.{method}", names, args, options, {"loc": 0.0, "scale": 1.0})
        arrays = [in_double(v) for v in given]
        count = len(law.shapes)
        shapes, self.loc = arrays[:count], arrays[count]
        scale: Any = np.float64(1) if law.steps else arrays[-1]
        plain = [value_of(a) for a in shapes]
        self.valid = (
            (law.valid(*plain) if plain else True) & (value_of(scale) > 0) & ~np.isnan(value_of(self.loc))
        )
        with np.errstate(invalid="ignore"):
            self.shapes = [_safe(s, self.valid, usual) for s, usual in zip(shapes, law.usual, strict=True)]
        self.scale = _safe(scale, self.valid, 1.0)
        self.law = law

    def end(self, which: str) -> Any:
        """An end of the support, or a point inside of it."""
        found = getattr(self.law, which)
        return found(*self.shapes) if callable(found) else found


def _safe(x: Any, where_valid: Any, usual: float) -> Any:
    return x if np.all(where_valid) else where(where_valid, x, usual)


def in_double(x: Any) -> Any:
    """x as an array of double precision."""
    x = as_array(x)
    if x.dtype.kind not in "fiub":
        raise OperandError(f"expected real numbers, got {x.dtype}")
    return x if x.dtype == np.float64 else astype(x, np.float64)


def parse(name: str, names: list[str], args: tuple, options: dict, defaults: dict) -> list:
    """The values of the named parameters, given by position or by name.

    Errors: OperandError for those that are missing, unknown or given twice.
    """
    if len(args) > len(names):
        raise OperandError(f"{name}: takes the parameters {', '.join(names)}, got {len(args)} by position")
    given = dict(zip(names, args, strict=False))
    for key, value in options.items():
        if key not in names or key in given:
            raise OperandError(
                f"{name}: {key!r} is no parameter, or given twice; they are {', '.join(names)}"
            )
        given[key] = value
    for key in names:
        if key not in given and key not in defaults:
            raise OperandError(f"{name}: the parameter {key!r} is missing")
    return [given.get(key, defaults.get(key)) for key in names]


def at_point(law: Law, method: str) -> Callable:
    """A density or a tail of a continuous or discrete law."""

    def call(x: Any, *args: Any, **options: Any) -> Any:
        c = Call(law, method, args, options)
        x = in_double(x)
        z: Any = (x - c.loc) if law.steps else (x - c.loc) / c.scale
        if law.steps:
            z = value_of(z)  # whole numbers do not move
        plain = np.asarray(value_of(z))
        low, high = value_of(c.end("low")), value_of(c.end("high"))
        tail = method.endswith(("cdf", "sf"))
        known = (plain >= low) & (plain <= high) & np.isfinite(plain)
        if law.steps:
            known &= (plain == np.floor(plain)) | tail
            z = floor(plain) if tail else z
        if tail:  # what lies at the upper end is all there is
            known &= plain < high
        found = law.formulas[method](where(known & c.valid, z, c.end("inside")), *c.shapes)
        if method == "pdf":
            found = found / c.scale
        elif method == "logpdf":
            found = found - log(c.scale)
        below, above = _OUTSIDE[method]
        fill = np.where((plain < low) | (plain == -np.inf), below, above)
        wrong = ~c.valid | np.isnan(plain)
        return where(known & ~wrong, found, np.where(wrong, np.nan, fill))

    return call


def at_probability(law: Law, method: str) -> Callable:
    """The point where a tail has a probability."""

    def call(q: Any, *args: Any, **options: Any) -> Any:
        c = Call(law, method, args, options)
        q = in_double(q)
        plain = value_of(q)
        known = (plain > 0) & (plain < 1)
        z = law.formulas[method](where(known & c.valid, q, 0.5), *c.shapes)
        low, high = ("low", "high") if method == "ppf" else ("high", "low")
        ends = where(plain == 0, c.end(low), where(plain == 1, c.end(high), np.nan))
        found = where(known, z, ends) * c.scale + c.loc
        return where(np.broadcast_to(c.valid, found.shape), found, np.nan)

    return call


def of_all(law: Law, method: str) -> Callable:
    """The entropy, a moment or the median."""

    def call(*args: Any, **options: Any) -> Any:
        c = Call(law, method, args, options)
        return where(c.valid, _PLACED[method](law.formulas[method](*c.shapes), c.loc, c.scale), np.nan)

    return call


# of the standard form's with a location and a scale
_PLACED: dict[str, Callable] = {
    "entropy": lambda v, loc, scale: v + log(scale) + 0 * loc,
    "mean": lambda v, loc, scale: v * scale + loc,
    "median": lambda v, loc, scale: v * scale + loc,
    "var": lambda v, loc, scale: v * (scale * scale) + 0 * loc,
    "std": lambda v, loc, scale: v * scale + 0 * loc,
}
_KINDS = {"ppf": at_probability, "isf": at_probability, **dict.fromkeys(_PLACED, of_all)}


class Distribution:
    """A distribution of SciPy's whose methods are differentiable by the point and all real parameters.

    Called with parameters it is a distribution that has them: `norm(1.0, 2.0).logpdf(x)`. Methods without
    a derivative are SciPy's, and refuse what a gradient flows through.
    """

    def __init__(self, name: str, theirs: Any, functions: dict[str, Callable]):
        self.name, self.theirs = name, theirs
        self.functions = {m: spelled(getattr(theirs, m))(f) for m, f in functions.items()}
        for method, function in self.functions.items():
            function.__name__ = method
            function.__doc__ = f"{name}.{method}, as SciPy's; differentiable by every real argument."

    def __getattr__(self, name: str) -> Any:
        if name.startswith("__") or name == "functions":
            raise AttributeError(name)
        if name in self.functions:
            return self.functions[name]
        theirs = getattr(self.theirs, name)
        return refused(f"scipy.stats.{self.name}.{name}", theirs) if callable(theirs) else theirs

    def __call__(self, *args: Any, **options: Any) -> Frozen:
        return Frozen(self, args, options)

    def __dir__(self) -> list[str]:
        return dir(self.theirs)

    def __repr__(self) -> str:
        return f"<autograd.scipy.stats.{self.name}>"


class Frozen:
    """A distribution with its parameters."""

    def __init__(self, of: Distribution, args: tuple, options: dict):
        self.dist, self.args, self.kwds = of, args, options

    def __getattr__(self, name: str) -> Any:
        if name.startswith("__"):
            raise AttributeError(name)
        method = getattr(self.dist, name)
        if not callable(method):
            return method
        before = 0 if name in ("entropy", "mean", "var", "std", "median", "stats", "rvs", "support") else 1

        def call(*args: Any, **options: Any) -> Any:
            return method(*args[:before], *self.args, *args[before:], **self.kwds, **options)

        return call

    def __repr__(self) -> str:
        return f"<{self.dist!r} with parameters>"


def distribution(law: Law, theirs: Any) -> Distribution:
    """The distribution of a law."""
    return Distribution(law.name, theirs, {m: _KINDS.get(m, at_point)(law, m) for m in law.methods})
