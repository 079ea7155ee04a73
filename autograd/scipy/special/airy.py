"""Functions that come with their derivative, as solutions of a differential equation; and integrals.

Airy's, Kelvin's, Mathieu's and parabolic cylinder functions. Those of two results give a
function and its derivative; the derivative of the second is what the equation says. Gradient: by the
argument; not by orders and parameters.

Source: DLMF 9.2.1, 10.63, 12.2, 28.2.1, 28.20.1.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from ...ops.choosing import less, where
from ...ops.elementwise import cos, cosh, sqrt
from ._declare import sc, several, special
from .bessel import i0, j0, k0, modstruve, struve, y0

_POSITIVE = (0.3, 3.0)

# ------------------------------------------------------------------ Airy

airy = several(
    "airy", ["z"], ["ai", "aip", "bi", "bip"], {"z": lambda z, ai, aip, bi, bip: (aip, z * ai, bip, z * bi)},
    singular=True, doc="Airy's functions Ai and Bi with their derivatives",
)  # fmt: skip


def _airye(z, ai, aip, bi, bip):
    # scaled by exp(2/3 z sqrt(z)) and by exp(-|real(2/3 z sqrt(z))|), for z < 0 not at all
    root = sqrt(where(less(z, 0), 0.0, z))
    return aip + root * ai, z * ai + root * aip, bip - root * bi, z * bi - root * bip


airye = several(
    "airye", ["z"], ["ai", "aip", "bi", "bip"], {"z": _airye}, real_only=True, singular=True, domain=_POSITIVE,
    doc="Airy's functions, scaled so that they neither vanish nor overflow; ai is NaN for z < 0",
)  # fmt: skip

# ------------------------------------------------------------------ Kelvin


def _kelvin(name: str, slope: Callable, doc: str, **facts: Any) -> Any:
    return special(name, d=slope, domain=_POSITIVE, singular=True, kinks="of second order NaN at 0",
                   doc=doc, **facts)  # fmt: skip


ber = _kelvin("ber", lambda x: berp(x), "Kelvin's ber, the real part of J_0(x exp(3 pi i / 4))")
bei = _kelvin("bei", lambda x: beip(x), "Kelvin's bei, the imaginary part of J_0(x exp(3 pi i / 4))")
berp = _kelvin("berp", lambda x: -bei(x) - berp(x) / x, "The derivative of ber")
beip = _kelvin("beip", lambda x: ber(x) - beip(x) / x, "The derivative of bei")
ker = _kelvin("ker", lambda x: kerp(x), "Kelvin's ker, the real part of K_0(x exp(pi i / 4))")
kei = _kelvin("kei", lambda x: keip(x), "Kelvin's kei, the imaginary part of K_0(x exp(pi i / 4))")
kerp = _kelvin("kerp", lambda x: -kei(x) - kerp(x) / x, "The derivative of ker")
keip = _kelvin("keip", lambda x: ker(x) - keip(x) / x, "The derivative of kei")

kelvin = several(
    "kelvin", ["x"], ["be", "ke", "bep", "kep"],
    {"x": lambda x, be, ke, bep, kep: (bep, kep, 1j * be - bep / x, 1j * ke - kep / x)}, domain=_POSITIVE,
    singular=True, kinks="of the derivatives NaN at 0",
    doc="Kelvin's functions as complex numbers, ber + i bei and ker + i kei, with their derivatives",
)  # fmt: skip

# ------------------------------------------------------------------ with their derivative


def _pair(
    name: str, arrays: Sequence[str], domain: dict, second: Callable, doc: str, unit: float = 1.0,
    given: dict | None = None,
) -> Any:  # fmt: skip
    """A function of the last argument with its derivative; `unit` is that of the argument."""
    x = arrays[-1]

    def slope(*values: Any) -> tuple:
        return unit * values[-1], unit * second(*values)

    return several(name, arrays, ["f", "fp"], {x: slope}, refused=arrays[:-1], domain=domain, singular=True,
                   given=given, in_doubles=given is not None, doc=f"{doc}, and its derivative. Gradient: by {x}.")  # fmt: skip


_V = {"v": (0.3, 2.3), "a": (0.3, 2.3), "x": _POSITIVE}
pbdv = _pair("pbdv", ["v", "x"], _V, lambda v, x, f, fp: (0.25 * x * x - v - 0.5) * f,
             "The parabolic cylinder function D")  # fmt: skip
pbvv = _pair("pbvv", ["v", "x"], _V, lambda v, x, f, fp: (0.25 * x * x - v - 0.5) * f,
             "The parabolic cylinder function V")  # fmt: skip
pbwa = _pair("pbwa", ["a", "x"], _V, lambda a, x, f, fp: (a - 0.25 * x * x) * f,
             "The parabolic cylinder function W")  # fmt: skip

_DEGREE = math.pi / 180
_WHOLE = {"m": np.tile([1.0, 2.0, 3.0], (2, 1))}
_MQ = {"q": (0.3, 2.3), "x": (10.0, 80.0)}
_MR = {"q": (0.3, 2.3), "x": (0.3, 2.0)}


def _mathieu(value: Callable, turn: Callable, sign: float) -> Callable:
    """y'' = (2 q cos 2x - a) y; modified, y'' = (a - 2 q cosh 2x) y."""
    return lambda m, q, x, f, fp: sign * (value(m, q) - 2 * q * turn(x)) * f


def _turn(x):
    return cos(2 * _DEGREE * x)


def _widen(x):
    return cosh(2 * x)


mathieu_cem = _pair("mathieu_cem", ["m", "q", "x"], _MQ, _mathieu(sc.mathieu_a, _turn, -1),
                    "Mathieu's even function of x degrees", _DEGREE, given=_WHOLE)  # fmt: skip
mathieu_sem = _pair("mathieu_sem", ["m", "q", "x"], _MQ, _mathieu(sc.mathieu_b, _turn, -1),
                    "Mathieu's odd function of x degrees", _DEGREE, given=_WHOLE)  # fmt: skip
mathieu_modcem1 = _pair("mathieu_modcem1", ["m", "q", "x"], _MR, _mathieu(sc.mathieu_a, _widen, 1),
                        "Mathieu's modified even function of the first kind", given=_WHOLE)  # fmt: skip
mathieu_modcem2 = _pair("mathieu_modcem2", ["m", "q", "x"], _MR, _mathieu(sc.mathieu_a, _widen, 1),
                        "Mathieu's modified even function of the second kind", given=_WHOLE)  # fmt: skip
mathieu_modsem1 = _pair("mathieu_modsem1", ["m", "q", "x"], _MR, _mathieu(sc.mathieu_b, _widen, 1),
                        "Mathieu's modified odd function of the first kind", given=_WHOLE)  # fmt: skip
mathieu_modsem2 = _pair("mathieu_modsem2", ["m", "q", "x"], _MR, _mathieu(sc.mathieu_b, _widen, 1),
                        "Mathieu's modified odd function of the second kind", given=_WHOLE)  # fmt: skip


# ------------------------------------------------------------------ integrals from 0

itj0y0 = several("itj0y0", ["x"], ["j", "y"], {"x": lambda x, j, y: (j0(x), y0(x))}, domain=_POSITIVE,
                 singular=True, doc="The integrals of j0 and y0")  # fmt: skip
iti0k0 = several("iti0k0", ["x"], ["i", "k"], {"x": lambda x, i, k: (i0(x), k0(x))}, domain=_POSITIVE,
                 singular=True, doc="The integrals of i0 and k0")  # fmt: skip
it2j0y0 = several("it2j0y0", ["x"], ["j", "y"], {"x": lambda x, j, y: ((1 - j0(x)) / x, -y0(x) / x)},
                  domain=_POSITIVE, singular=True, kinks="NaN at 0",
                  doc="The integrals of (1 - j0(t)) / t, and of y0(t) / t from x on")  # fmt: skip
it2i0k0 = several("it2i0k0", ["x"], ["i", "k"], {"x": lambda x, i, k: ((i0(x) - 1) / x, -k0(x) / x)},
                  domain=_POSITIVE, singular=True, kinks="NaN at 0",
                  doc="The integrals of (i0(t) - 1) / t, and of k0(t) / t from x on")  # fmt: skip


def _itairy(x, *results):
    (ai, _, bi, _), (left, _, other, _) = airy(x), airy(-x)
    return ai, bi, left, other


itairy = several("itairy", ["x"], ["apt", "bpt", "ant", "bnt"], {"x": _itairy}, domain=_POSITIVE,
                 doc="The integrals of Ai(t), Bi(t), Ai(-t) and Bi(-t)")  # fmt: skip
itstruve0 = special(
    "itstruve0", d=lambda x: struve(0, x), domain=_POSITIVE, doc="The integral of struve(0, t)"
)
it2struve0 = special("it2struve0", d=lambda x: -struve(0, x) / x, domain=_POSITIVE, kinks="NaN at 0",
                     doc="The integral of struve(0, t) / t from x on")  # fmt: skip
itmodstruve0 = special("itmodstruve0", d=lambda x: modstruve(0, x), domain=_POSITIVE,
                       doc="The integral of modstruve(0, t)")  # fmt: skip
