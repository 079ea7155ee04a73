"""NumPy's Fourier transforms, differentiable: `autograd.numpy.fft`."""

from __future__ import annotations

from typing import Any

import numpy as _numpy

from ..ops import fft as _fft
from ..ops.composed import composed as _composed

_NAMES = """
    fft ifft fft2 ifft2 fftn ifftn rfft irfft rfft2 irfft2 rfftn irfftn hfft ihfft fftshift ifftshift
"""
for _name in _NAMES.split():
    globals()[_name] = _composed(getattr(_numpy.fft, _name))(getattr(_fft, _name))


def __getattr__(name: str) -> Any:
    """Everything else is NumPy's."""
    return getattr(_numpy.fft, name)


def __dir__() -> list[str]:
    return sorted({*dir(_numpy.fft), *globals()})
