"""Spherical Bessel functions of whole orders. Gradient: by the argument.

Source: DLMF 10.51.1, 10.51.4: (2n+1) j_n' = n j_(n-1) - (n+1) j_(n+1), which is regular at 0.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from ...ops.choosing import equal, where
from ._declare import own_elementwise, refuse, sc, spelled


def _spherical(name: str, sign: int, overall: int, doc: str) -> Any:
    theirs = getattr(sc, name)

    def kernel(n, z):
        out = theirs(n, z)
        dtype = np.asarray(z).dtype
        return out if dtype.itemsize >= 8 or dtype.kind not in "f" else out.astype(np.float32)

    def slope(n, z):
        lowest = equal(n, 0)
        below = function(where(lowest, 1, n - 1), z)
        return (n * below + (sign * (n + 1)) * function(n + 1, z)) * overall / (2 * n + 1)

    function = own_elementwise(
        kernel, ["n", "z"], name=name, vjp={"z": lambda g, n, z: g * slope(n, z)}, constants=["n"],
        reference=theirs, singular=True, domain={"z": (0.5, 4.0)}, analytic=name[-2:] in ("in", "kn"), doc=doc,
    )  # fmt: skip

    @spelled(name)
    def public(n, z, derivative=False):
        refuse(name, n=n)
        n = np.asarray(getattr(n, "_data", n))
        return slope(n, z) if derivative else function(n, z)

    public.__doc__ = f"{doc}, or its derivative by z. Gradient: by z."
    return public


spherical_jn = _spherical("spherical_jn", -1, 1, "The spherical Bessel function of the first kind")
spherical_yn = _spherical("spherical_yn", -1, 1, "The spherical Bessel function of the second kind")
spherical_in = _spherical("spherical_in", 1, 1, "The modified spherical function of the first kind")
spherical_kn = _spherical("spherical_kn", 1, -1, "The modified spherical function of the second kind")
