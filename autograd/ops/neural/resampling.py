"""Resampling: linear maps along the last axes, one after the other."""

from __future__ import annotations

import numpy as np

from ...declare import case, primitive
from .axis_maps import AxisMap, cubic_map, linear_map


def _resample(x, maps):
    narrow = x.dtype
    if narrow == np.float16:
        x = x.astype(np.float32)
    # a product with a dense matrix would spread NaN and inf over all the axis
    dense = x.dtype.char in "fd" and bool(np.isfinite(np.add.reduce(x, None)))
    for i, axis_map in enumerate(maps, x.ndim - len(maps)):
        if axis_map is not None:
            x = axis_map.apply(x, i, dense)
    return x.astype(narrow, copy=False)


def _turned(maps):
    return tuple(m and m.T for m in maps)


_MAPS = (linear_map(4, 3, None, False, np.float64), None, cubic_map(3, 5, None, True, np.float64))
_TWO = (AxisMap(3, np.array([[0, 1, 2, 2]]), np.ones((1, 4))),)

resample = primitive(
    _resample,
    ["x"],
    name="resample",
    vjp={"x": lambda g, maps: resample(g, _turned(maps))},
    linear=True,
    batch="core",
    cases=[case((2, 4, 2, 3), maps=_MAPS), case((2, 3), maps=_TWO), case((2, 4), maps=(_TWO[0].T,))],
    doc="A linear map along each of the last axes; None leaves one as it is.",
)
