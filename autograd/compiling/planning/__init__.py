"""Which calls a program needs, in which order and in which memory, and which of them are one loop."""
