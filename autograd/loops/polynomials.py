"""Functions of one number by polynomials, without a branch, so that LLVM can compute many at a time.

Each is within 4 units in the last place of the true value, NaN, infinities, zeros and subnormals
included, except that `sin` and `cos` hold up to `elementwise.LIMITS` only; a loop goes over to the C
library beyond. Methods: argument reduction by ln 2 and by pi/2 in parts (Cody and Waite, Software Manual
for the Elementary Functions, 1980), and logarithms by the series of atanh. The coefficients
interpolate at the Chebyshev points of the reduced range.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, NamedTuple

import numba
import numpy as np
from numba import types
from numba.core import cgutils
from numba.extending import intrinsic

_intrinsic: Any = intrinsic


class _Format(NamedTuple):
    """A floating dtype, and the numbers of it that functions are made with.

    Attributes:
        kind, whole: the dtype, and that of integers of its length.
        digits, bias: those of its significand that are stored, and what is added to its exponents.
        ln2: in two parts; the products of the first with exponents are exact.
        exp: where it underflows, and where it overflows.
        flat: exp(x) - 1 is -1 below minus this and exp(x) above it; tanh(x) is 1 from half of it on.
        raised: the power of two by which a logarithm's subnormal argument becomes normal.
    """

    kind: Any
    whole: Any
    digits: int
    bias: int
    ln2: tuple[float, float]
    exp: tuple[float, float]
    flat: float
    raised: int

    @property
    def magic(self) -> Any:
        """Adding this and taking it away again rounds to an integer, and leaves that in the low bits."""
        return self.kind(1.5 * 2.0**self.digits)


_FORMATS = {
    "f4": _Format(np.float32, np.int32, digits=23, bias=127, ln2=(0.693359375, -2.12194440054690583e-4),
                  exp=(-103.98, 89), flat=20, raised=25),
    "f8": _Format(np.float64, np.int64, digits=52, bias=1023,
                  ln2=(6.93147180369123816490e-01, 1.90821492927058770002e-10),
                  exp=(-745.14, 710), flat=40, raised=54),
}  # fmt: skip
# (e^r - 1 - r) / r^2 for |r| <= ln(2) / 2
_EXP = {
    "f4": (0.5000000014286223, 0.16666666682534356, 0.04166645680967788, 0.008333310024225292,
           0.0013934541928270264, 0.0001989198131397769),
    "f8": (0.5, 0.1666666666666667, 0.04166666666666667, 0.008333333333325544, 0.0013888888888883327,
           0.00019841269876864356, 2.4801587327007187e-05, 2.755725283351691e-06,
           2.75572718102198e-07, 2.5106274733573296e-08, 2.0915442297780116e-09),
}  # fmt: skip
# (log((1 + s) / (1 - s)) - 2 s) / s^3 in powers of s^2, for |s| <= 3 - 2 sqrt(2)
_LOG = {
    "f4": (0.6666666655352537, 0.4000012263369878, 0.2855073084477381, 0.2333291280436864),
    "f8": (0.6666666666666666, 0.4000000000000089, 0.2857142857079543, 0.2222222239356661,
           0.18181795442371984, 0.1538625044794019, 0.13268485680654427, 0.13089629160674623),
}  # fmt: skip
# (sin(r) / r - 1) / r^2 and (cos(r) - 1 + r^2 / 2) / r^4 in powers of r^2, for |r| <= pi / 4
_SIN = {
    "f4": (-0.1666666666362283, 0.008333331785217696, -0.00019840038872556747, 2.724378140946123e-06),
    "f8": (-0.16666666666666666, 0.008333333333333331, -0.00019841269841264567, 2.7557319218954762e-06,
           -2.505210610025599e-08, 1.6058510875319195e-10, -7.585486485235938e-13),
}  # fmt: skip
_COS = {
    "f4": (0.04166666666412721, -0.001388888759732781, 2.4800560429914505e-05, -2.7295830827614617e-07),
    "f8": (0.041666666666666664, -0.0013888888888888887, 2.4801587301584367e-05, -2.75573192211891e-07,
           2.0876755717584403e-09, -1.1470449354466773e-11, 4.745198807202876e-14),
}  # fmt: skip
# pi / 2 as a sum
_QUARTER = {
    "f4": (np.float32(1.5707964), np.float32(-4.371139e-08), np.float32(-1.7151245e-15)),
    "f8": (np.float64(1.5707963267948966), np.float64(6.123233995736766e-17),
           np.float64(-1.4973849048591833e-33)),
}  # fmt: skip


@_intrinsic
def fma(typing: Any, a: Any, b: Any, c: Any) -> Any:
    """a b + c, rounded once."""

    def generate(context: Any, builder: Any, signature: Any, args: Any) -> Any:
        return builder.fma(*args)

    return a(a, a, a), generate


@_intrinsic
def _bits(typing: Any, x: Any) -> Any:
    """The bits of a number, as an integer of its length."""
    kind = types.int32 if x == types.float32 else types.int64

    def generate(context: Any, builder: Any, signature: Any, args: Any) -> Any:
        return builder.bitcast(args[0], context.get_value_type(kind))

    return kind(x), generate


@_intrinsic
def _number(typing: Any, x: Any) -> Any:
    """The number of these bits."""
    kind = types.float32 if x == types.int32 else types.float64

    def generate(context: Any, builder: Any, signature: Any, args: Any) -> Any:
        return builder.bitcast(args[0], context.get_value_type(kind))

    return kind(x), generate


@_intrinsic
def _copysign(typing: Any, x: Any, sign: Any) -> Any:
    def generate(context: Any, builder: Any, signature: Any, args: Any) -> Any:
        kind = args[0].type
        name = f"llvm.copysign.{'f32' if x == types.float32 else 'f64'}"
        from llvmlite import ir

        fn = cgutils.get_or_insert_function(builder.module, ir.FunctionType(kind, [kind, kind]), name)
        return builder.call(fn, args)

    return x(x, x), generate


def _inlined(fn: Callable) -> Callable:
    # contraction alone: anything more would undo the reductions
    return numba.njit(fastmath={"contract"}, error_model="numpy", forceinline=True)(fn)


def _series(coefficients: tuple[float, ...], kind: Any) -> Callable:
    """A polynomial, by Horner's rule, written out."""
    names: dict[str, Any] = {f"c{i}": kind(c) for i, c in enumerate(coefficients)}
    names |= {"fma": fma, "__name__": __name__}  # numba asks for the module when it loads from disk
    text = f"c{len(coefficients) - 1}"
    for i in reversed(range(len(coefficients) - 1)):
        text = f"fma({text}, x, c{i})"
    exec(f"def series(x): return {text}", names)
    return _inlined(names["series"])


def _exponentials(name: str) -> dict[str, Callable]:
    """exp, expm1 and tanh."""
    form = _FORMATS[name]
    kind, whole, magic = form.kind, form.whole, form.magic
    magic_bits = whole(magic.view(whole))
    shift, bias, one_bit = whole(form.digits), whole(form.bias), whole(1)
    one, zero, two = kind(1), kind(0), kind(2)
    per_ln2 = kind(1 / np.log(2))
    ln2_high, ln2_low = map(kind, form.ln2)
    least, most = map(kind, form.exp)
    flat = kind(form.flat)
    tail = _series(_EXP[name], kind)

    @_inlined
    def powers(n: Any) -> Any:
        """2^n in two factors, which neither over- nor underflow where the product does not."""
        first = n >> one_bit
        second = n - first
        return _number(whole((first + bias) << shift)), _number(whole((second + bias) << shift))

    @_inlined
    def reduced(x: Any) -> Any:
        """n and r with x = n ln 2 + r."""
        rounded = fma(x, per_ln2, magic)
        n = rounded - magic
        r = fma(-n, ln2_low, fma(-n, ln2_high, x))
        return whole(_bits(rounded) - magic_bits), r

    @_inlined
    def exp(x: Any) -> Any:
        bounded = most if x > most else x
        # what underflows is not computed: a processor takes a hundred times as long for it
        bounded = zero if x < least else bounded
        n, r = reduced(bounded)
        a, b = powers(n)
        y = (fma(r * r, tail(r), r) + one) * a * b
        return zero if x < least else y

    @_inlined
    def expm1(x: Any) -> Any:
        bounded = most if x > most else x
        bounded = -flat if bounded < -flat else bounded
        n, r = reduced(bounded)
        a, b = powers(n)
        low = fma(r * r, tail(r), r)
        near = fma(a * b, low, a * b - one)
        far = (low + one) * a * b
        return far if bounded > flat else near if x != zero else x

    @_inlined
    def tanh(x: Any) -> Any:
        double = two * abs(x)
        double = flat if double > flat else double
        n, r = reduced(-double)
        scale = _number(whole((n + bias) << shift))
        e = fma(scale, fma(r * r, tail(r), r), scale - one)  # exp(-2 |x|) - 1
        return _copysign(-e / (two + e), x)

    return {"exp": exp, "expm1": expm1, "tanh": tanh}


def _logarithms(name: str) -> dict[str, Callable]:
    """log and log1p."""
    form = _FORMATS[name]
    kind, whole = form.kind, form.whole
    shift, no = whole(form.digits), whole(0)
    one, zero, two, half = kind(1), kind(0), kind(2), kind(0.5)
    inf, nan = kind(np.inf), kind(np.nan)
    ln2_high, ln2_low = map(kind, form.ln2)
    tiny, raise_, raised = kind(np.finfo(kind).tiny), kind(2.0**form.raised), whole(form.raised)
    root_bits = whole(kind(np.sqrt(0.5)).view(whole))
    series = _series(_LOG[name], kind)

    @_inlined
    def parts(x: Any) -> Any:
        """e and f with x = 2^e (1 + f), sqrt(1/2) <= 1 + f < sqrt(2), of a positive number."""
        below = x < tiny
        scaled = x * raise_ if below else x
        bits = whole(_bits(scaled) - root_bits)
        e = whole(bits >> shift)
        f = _number(whole(_bits(scaled) - (e << shift))) - one
        return whole(e - (raised if below else no)), f

    @_inlined
    def joined(x: Any, e: Any, f: Any, rest: Any) -> Any:
        s = f / (two + f)
        z = s * s
        n = kind(e)
        square = half * f * f
        tail = s * fma(z, series(z), square)
        y = fma(n, ln2_high, f - (square - (tail + fma(n, ln2_low, rest))))
        y = y if x < inf else x
        return y if x > zero else (-inf if x == zero else nan)

    @_inlined
    def log(x: Any) -> Any:
        e, f = parts(x)
        return joined(x, e, f, zero)

    @_inlined
    def log1p(x: Any) -> Any:
        u = one + x
        e, f = parts(u)
        # what 1 + x lost by rounding
        lost = (x - (u - one)) if u < two else (one - (u - x))
        y = joined(u, e, f, lost / u if u < inf else zero)
        return x if u == one else y

    return {"log": log, "log1p": log1p}


def _trigonometric(name: str) -> dict[str, Callable]:
    """sin and cos."""
    kind, magic = _FORMATS[name].kind, _FORMATS[name].magic
    per_quarter = kind(2 / np.pi)
    # pi/2 in three parts; what is left after the first is exact
    first, second, third = _QUARTER[name]
    sin_tail, cos_tail = _series(_SIN[name], kind), _series(_COS[name], kind)
    half, one, zero = kind(0.5), kind(1), kind(0)

    @_inlined
    def quarters(x: Any) -> Any:
        """The quarter turn that x is nearest to, and what is left."""
        rounded = fma(x, per_quarter, magic)
        n = rounded - magic
        r = fma(-n, third, fma(-n, second, fma(-n, first, x)))
        return _bits(rounded), r

    @_inlined
    def of_quarter(n: Any, r: Any) -> Any:
        z = r * r
        sine = fma(r * z, sin_tail(z), r)
        cosine = fma(z * z, cos_tail(z), fma(-half, z, one))
        y = cosine if n & 1 else sine
        return -y if n & 2 else y

    @_inlined
    def sin(x: Any) -> Any:
        n, r = quarters(x)
        y = of_quarter(n, r)
        return y if x != zero else x  # the sign of zero

    @_inlined
    def cos(x: Any) -> Any:
        n, r = quarters(x)
        return of_quarter(n + 1, r)

    return {"sin": sin, "cos": cos}


FUNCTIONS: dict[str, Callable] = {
    f"{name}_{kind}": fn
    for kind in _FORMATS
    for of_kind in (_exponentials, _logarithms, _trigonometric)
    for name, fn in of_kind(kind).items()
}
