"""A count of changes to what modules and optimisers are made of.

Compiled programs rely on modes, options and structure. They look at this number, and look closer
only if it is another.
"""

count = 0


def note() -> None:
    """Say that a module or an optimiser is not as it was."""
    global count
    count += 1
