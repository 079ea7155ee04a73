"""Fourier transforms."""

from __future__ import annotations

from .data import ZC, C, Cases, X, Z

CASES = Cases()
add = CASES.add

for f in ["fft", "ifft", "rfft", "irfft", "hfft", "ihfft"]:
    A = X if f in ("rfft", "ihfft") else Z
    for k in (None, 2, 3, 5, 8):
        for nm in (None, "backward", "ortho", "forward"):
            for ax in (-1, 0):
                add(
                    f"{f} {k} {nm} {ax}",
                    lambda n, x, f=f, k=k, nm=nm, ax=ax: getattr(n.fft, f)(x, n=k, axis=ax, norm=nm),
                    A,
                )
    if f != "ihfft" and f != "hfft":
        add(
            f"{f} out",
            lambda n, x, f=f: getattr(n.fft, f)(x, n=4, out=n.zeros_like(getattr(n.fft, f)(x, n=4))),
            A,
        )
    if f not in ("rfft", "ihfft"):
        add(f"{f} of real", lambda n, x, f=f: getattr(n.fft, f)(x), X)
for f in ["fft2", "ifft2", "fftn", "ifftn", "rfft2", "irfft2", "rfftn", "irfftn"]:
    A = C if f[0] == "r" else ZC
    for s, ax in (
        (None, None),
        ((2, 3), (0, 2)),
        ((4, 5), (-1, 0)),
        (None, (1, 2)),
        (None, (0,)),
        ((3,), (1,)),
        (None, (1, 1)),
        ((2, -1), (0, 1)),
    ):
        for nm in (None, "ortho", "forward"):
            kw = {"s": s, "norm": nm}
            if ax is not None or f.endswith("n"):
                kw["axes"] = ax
            add(f"{f} {s} {ax} {nm}", lambda n, x, f=f, kw=kw: getattr(n.fft, f)(x, **kw), A)
    add(
        f"{f} out",
        lambda n, x, f=f: getattr(n.fft, f)(
            x, axes=(0, 1), out=n.zeros_like(getattr(n.fft, f)(x, axes=(0, 1)))
        ),
        A,
    )
for ax in (None, 0, (0, -1), [1]):
    add(f"fftshift {ax}", lambda n, x, ax=ax: (n.fft.fftshift(x, ax), n.fft.ifftshift(x, axes=ax)), C)
