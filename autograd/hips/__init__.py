"""HIPS autograd's interface, as thin names over the one tape.

The modules at HIPS autograd's paths (`autograd.extend`, `autograd.builtins`, ...) hold no code; they
take their names from here. docs/migration.md says what differs.
"""
