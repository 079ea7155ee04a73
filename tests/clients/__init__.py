"""Real packages written for HIPS autograd, run over this one; skipped where they are not installed."""
