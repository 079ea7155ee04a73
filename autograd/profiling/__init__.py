"""Profiles: where the time of a program goes, by operation and by module.

    with autograd.profile() as prof:
        train_step()
    print(prof)
    prof.save("trace.json")

To read it: `events.py`, `recorder.py`, `profile.py`, `report.py`, then `traces.py` and `flame.py`.
"""

from __future__ import annotations

from .events import BACKWARD, FORWARD, Cost, Event, Place, Span
from .profile import profile
from .report import Row

__all__ = ["BACKWARD", "FORWARD", "Cost", "Event", "Place", "Row", "Span", "profile"]
