"""What is collected: where an extra is not installed, the doctests of what needs it are left out."""

from __future__ import annotations

from importlib.util import find_spec

collect_ignore_glob = [] if find_spec("scipy") else ["autograd/scipy/*", "tests/autograd/scipy/*"]
