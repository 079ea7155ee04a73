"""Where a NaN or an infinity came from: `detect_anomaly`.

To read it: `detect.py`, then `refused.py` and `text.py`.
"""

from __future__ import annotations

from .detect import detect_anomaly

__all__ = ["detect_anomaly"]
