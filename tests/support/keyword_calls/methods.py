"""Methods of arrays."""

from __future__ import annotations

import numpy as np

from .data import CP, Cases, Z

CASES = Cases()
TABLE = {
    "sum": [lambda x: x.sum(0, keepdims=True), lambda x: x.sum(1, None, None, True, 0.5, CP > 0.3)],
    "mean": [lambda x: x.mean((0, 1)), lambda x: x.mean(1, None, None, True)],
    "var": [lambda x: x.var(axis=1, ddof=1, where=CP > 0.3), lambda x: x.var(1, None, None, 1, True)],
    "std": [
        lambda x: x.std(1, None, None, 1, True),
        lambda x: x.std(axis=0, mean=x.mean(0, keepdims=True)),
    ],
    "max": [lambda x: x.max(1, None, True, initial=0.1), lambda x: x.max(1, None, True, 0.5, CP > 0.3)],
    "min": [lambda x: x.min(axis=0, initial=9, where=CP > 0.3), lambda x: x.min(1, None, True, 0.5)],
    "prod": [lambda x: x.prod(0, np.longdouble), lambda x: x.prod(1, None, None, True, 0.5, CP > 0.3)],
    "cumsum": [lambda x: x.cumsum(1), lambda x: x.cumsum(1, np.longdouble)],
    "cumprod": [lambda x: x.cumprod(), lambda x: x.cumprod(1, np.longdouble)],
    "trace": [lambda x: x.trace(1, 1, 2, np.longdouble), lambda x: x.trace(axis1=2, axis2=0)],
    "diagonal": [lambda x: x.diagonal(1, 0, 2), lambda x: x.diagonal(axis1=1, axis2=2)],
    "clip": [lambda x: x.clip(0.5, 1.0), lambda x: x.clip(max=1.0), lambda x: x.clip(0.5, 1.0, None)],
    "take": [lambda x: x.take([0, 30], mode="clip"), lambda x: x.take([1], 1, None, "wrap")],
    "repeat": [lambda x: x.repeat(2, 1), lambda x: x.repeat(2)],
    "reshape": [
        lambda x: x.reshape(6, 4, order="F"),
        lambda x: x.reshape((4, -1)),
        lambda x: x.reshape(6, 4, copy=True),
        lambda x: x.reshape(6, 4, copy=False),
    ],
    "ravel": [lambda x: x.ravel("F"), lambda x: x.flatten("F"), lambda x: x.T.ravel(order="K")],
    "transpose": [
        lambda x: x.transpose(2, 0, 1),
        lambda x: x.transpose((1, 0, 2)),
        lambda x: x.transpose(),
        lambda x: x.T,
        lambda x: x.mT,
        lambda x: x.swapaxes(0, 2),
    ],
    "squeeze": [lambda x: x[None].squeeze(0), lambda x: x[:1].squeeze()],
    "compress": [lambda x: x.compress([True, False], 0)],
    "dot": [lambda x: x[0].dot(x[1].T)],
    "astype": [
        lambda x: x.astype(np.longdouble, order="F"),
        lambda x: x.astype(np.longdouble, "C", "safe", True, True),
        lambda x: x.astype(complex),
    ],
    "copy": [lambda x: x.copy("F"), lambda x: x.copy(order="K")],
    "flat": [lambda x: x.flat[3:7], lambda x: x[x.nonzero()], lambda x: x.take(x.argsort(axis=None))],
    "operators": [lambda x: x**2.5, lambda x: 2**x, lambda x: x @ x[0].T, lambda x: abs(-x), lambda x: +x],
    "rows": [lambda x: list(x), lambda x: x[..., None, 1:], lambda x: x[[1, 0, 1], :, ::2]],
}
for name, calls in TABLE.items():
    for i, call in enumerate(calls):
        CASES.add(f"{name} {i}", lambda n, x, f=call: f(x), CP)
for i, call in enumerate([lambda z: (z.real, z.imag), lambda z: z.conj(), lambda z: z.conjugate().real]):
    CASES.add(f"complex {i}", lambda n, z, f=call: f(z), Z)
