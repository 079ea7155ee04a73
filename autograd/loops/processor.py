"""What is known of the processor."""

from __future__ import annotations

import functools
import os
from pathlib import Path

_CACHES = Path("/sys/devices/system/cpu/cpu0/cache")
_UNITS = {"K": 1 << 10, "M": 1 << 20}
# The largest power of two of ticks that BLAS's threads may spin, where others are to find their cores free.
_SHORT = 22


@functools.cache
def second_level() -> int:
    """Bytes of a core's second-level cache; 0 where the system does not say."""
    for cache in sorted(_CACHES.glob("index*")):
        try:
            level, size = ((cache / name).read_text().strip() for name in ("level", "size"))
            if level == "2":
                return int(size.rstrip("KM")) * _UNITS.get(size[-1:], 1)
        except (OSError, ValueError):
            continue
    return 0


def blas_leaves() -> bool:
    """Whether others find cores after a product: BLAS uses one, or leaves them within milliseconds."""
    waits = os.environ.get("OPENBLAS_THREAD_TIMEOUT", "")
    short = waits.isdecimal() and 1 <= int(waits) <= _SHORT  # 0 is as good as none
    return short or os.environ.get("OPENBLAS_NUM_THREADS") == "1"


@functools.cache
def vector_size() -> int:
    """Bytes of the vectors of loops, as far as llvmlite knows; 0 where it knows none that serve.

    64 are those of AVX-512, which has 32 registers, 32 those of AVX2, which has 16.
    """
    if any(os.environ.get(name) for name in ("NUMBA_CPU_NAME", "NUMBA_CPU_FEATURES")):
        return 0  # they are made for another processor
    try:
        import llvmlite.binding

        has = llvmlite.binding.get_host_cpu_features().get
    except Exception:  # a broken install may raise anything
        return 0
    return 64 if has("avx512f") else 32 if has("avx2") and has("fma") else 0
