"""A count of changes to what modules and optimisers are made of.

Compiled programs rely on modes, options and structure. They look at this number, and look closer
only if it is another.
"""

count = 0
# How many of them were only switches between training and evaluation, which some make at each step.
switches = 0


def note() -> None:
    """Say that a module or an optimiser is not as it was."""
    global count
    count += 1


def note_switch() -> None:
    """Say that modules may have another mode, and are as they were otherwise."""
    global count, switches
    count += 1
    switches += 1
