"""Functions of one number by polynomials, without a branch, so that LLVM can compute many at a time.

Each is within 4 units in the last place of the true value, NaN, infinities, zeros and subnormals
included, except that `sin` and `cos` hold up to `elementwise.LIMITS` only; a loop goes over to the C
library beyond. Methods: argument reduction by ln 2 and by pi/2 in parts (Cody and Waite, Software Manual
for the Elementary Functions, 1980), and logarithms by the series of atanh. The coefficients
interpolate at the Chebyshev points of the reduced range.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numba
import numpy as np
from numba import types
from numba.core import cgutils
from numba.extending import intrinsic

_intrinsic: Any = intrinsic

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


def _functions(name: str) -> dict[str, Callable]:
    """All functions for one floating dtype."""
    kind: Any = np.float32 if name == "f4" else np.float64
    whole: Any = np.int32 if name == "f4" else np.int64
    small = name == "f4"
    digits, bias = (23, 127) if small else (52, 1023)
    # adding this and taking it away again rounds to an integer, and leaves that in the low bits
    magic = kind(1.5 * 2.0**digits)
    magic_bits = whole(magic.view(whole))
    shift, bias_i, one_bit = whole(digits), whole(bias), whole(1)
    one, zero, two, half = kind(1), kind(0), kind(2), kind(0.5)
    inf, nan = kind(np.inf), kind(np.nan)
    per_ln2 = kind(1 / np.log(2))
    # ln 2 in two parts; the products of the first with exponents are exact
    ln2 = (kind(0.693359375), kind(-2.12194440054690583e-4)) if small else (
        kind(6.93147180369123816490e-01), kind(1.90821492927058770002e-10))  # fmt: skip
    ln2_high, ln2_low = ln2
    exp_most, exp_least = (kind(89), kind(-103.98)) if small else (kind(710), kind(-745.14))
    exp_tail = _series(_EXP[name], kind)

    @_inlined
    def powers(n: Any) -> Any:
        """2^n in two factors, which neither over- nor underflow where the product does not."""
        first = n >> one_bit
        second = n - first
        return _number(whole((first + bias_i) << shift)), _number(whole((second + bias_i) << shift))

    @_inlined
    def reduced(x: Any) -> Any:
        """n and r with x = n ln 2 + r."""
        rounded = fma(x, per_ln2, magic)
        n = rounded - magic
        r = fma(-n, ln2_low, fma(-n, ln2_high, x))
        return whole(_bits(rounded) - magic_bits), r

    @_inlined
    def exp(x: Any) -> Any:
        bounded = exp_most if x > exp_most else x
        # what underflows is not computed: a processor takes a hundred times as long for it
        bounded = zero if x < exp_least else bounded
        n, r = reduced(bounded)
        a, b = powers(n)
        y = (fma(r * r, exp_tail(r), r) + one) * a * b
        return zero if x < exp_least else y

    top = kind(40) if not small else kind(20)

    @_inlined
    def expm1(x: Any) -> Any:
        bounded = exp_most if x > exp_most else x
        bounded = -top if bounded < -top else bounded
        n, r = reduced(bounded)
        a, b = powers(n)
        low = fma(r * r, exp_tail(r), r)
        near = fma(a * b, low, a * b - one)
        far = (low + one) * a * b
        return far if bounded > top else near if x != zero else x

    tiny, raise_, raised = (
        (kind(np.finfo(kind).tiny), kind(2.0**25), whole(25)) if small
        else (kind(np.finfo(kind).tiny), kind(2.0**54), whole(54))
    )  # fmt: skip
    root_bits = whole(kind(np.sqrt(0.5)).view(whole))
    log_tail = _series(_LOG[name], kind)
    no = whole(0)

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
        tail = s * fma(z, log_tail(z), square)
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

    @_inlined
    def tanh(x: Any) -> Any:
        double = two * abs(x)
        double = top if double > top else double
        n, r = reduced(-double)
        scale = _number(whole((n + bias_i) << shift))
        e = fma(scale, fma(r * r, exp_tail(r), r), scale - one)  # exp(-2 |x|) - 1
        return _copysign(-e / (two + e), x)

    trig = _trigonometric(name)
    return {"exp": exp, "expm1": expm1, "log": log, "log1p": log1p, "tanh": tanh, **trig}


def _trigonometric(name: str) -> dict[str, Callable]:
    """sin and cos."""
    kind: Any = np.float32 if name == "f4" else np.float64
    small = name == "f4"
    per_quarter = kind(2 / np.pi)
    magic = kind(1.5 * 2.0 ** (23 if small else 52))
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
    f"{name}_{kind}": fn for kind in ("f4", "f8") for name, fn in _functions(kind).items()
}
