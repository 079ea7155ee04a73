"""Native loops (extra `jit`): sources that numba compiles once, kept on disk, and called without it."""
