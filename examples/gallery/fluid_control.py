"""Control of a simulated fluid: the initial velocities that carry smoke into a given shape.

    python examples/gallery/fluid_control.py [--picture fluid.png]

The gradient goes back through 100 steps of an incompressible fluid; `checkpoint` keeps every tenth.

Source: Stam, Stable Fluids, 1999, section 3, on a periodic square.
"""

from __future__ import annotations

from page import Page, command_line

import autograd.numpy as np
from autograd import checkpoint, value_and_grad

STEPS, TOGETHER = 100, 10


def solenoidal(vx, vy):
    """The part of a velocity without divergence, by Fourier transforms."""
    n = vx.shape[0]
    kx = np.fft.fftfreq(n)[:, None]
    ky = np.fft.fftfreq(n)[None, :]
    square = kx**2 + ky**2
    square[0, 0] = 1.0
    fx, fy = np.fft.fft2(vx), np.fft.fft2(vy)
    along = (kx * fx + ky * fy) / square
    return np.real(np.fft.ifft2(fx - kx * along)), np.real(np.fft.ifft2(fy - ky * along))


def carried(quantities, vx, vy):
    """The quantities where the velocity brings them in one step, interpolated at where they come from."""
    n = vx.shape[0]
    rows, columns = np.meshgrid(np.arange(n), np.arange(n), indexing="ij")
    x, y = rows - vx, columns - vy
    left, below = np.floor(x), np.floor(y)
    right, above = x - left, y - below  # the weights of the farther neighbours
    i, j = left.astype(int) % n, below.astype(int) % n
    i2, j2 = (i + 1) % n, (j + 1) % n
    return [
        (1 - right) * ((1 - above) * q[i, j] + above * q[i, j2])
        + right * ((1 - above) * q[i2, j] + above * q[i2, j2])
        for q in quantities
    ]


def several_steps(vx, vy, smoke):
    for _ in range(TOGETHER):
        vx, vy, smoke = carried([vx, vy, smoke], vx, vy)
        vx, vy = solenoidal(vx, vy)
    return vx, vy, smoke


def simulate(velocity, smoke, run_steps=several_steps):
    """The smoke after each tenth step."""
    vx, vy = solenoidal(velocity[0], velocity[1])
    seen = []
    for _ in range(STEPS // TOGETHER):
        vx, vy, smoke = run_steps(vx, vy, smoke)
        seen.append(smoke)
    return seen


def disc(n):
    """The shape that the smoke should take, with a soft edge."""
    x = np.linspace(-1, 1, n)
    radius = np.sqrt(x[:, None] ** 2 + x**2)
    return 1 / (1 + np.exp((radius - 0.6) / 0.07))


def run(small: bool = False) -> Page:
    n = 16 if small else 32
    target = disc(n)
    # a stripe of as much smoke
    start = np.tile(np.exp(-((np.linspace(-1, 1, n) / 0.3) ** 4)), (n, 1))
    start *= np.sum(target) / np.sum(start)
    step = checkpoint(several_steps)

    def loss(velocity):
        return np.mean((simulate(velocity, start, step)[-1] - target) ** 2)

    # Adam's steps, which make up for velocities that matter more than others
    downhill, velocity = value_and_grad(loss), np.zeros((2, n, n))
    mean = square = 0.0
    losses = []
    for i in range(1, (12 if small else 80) + 1):
        value, g = downhill(velocity)
        losses.append(value)
        mean, square = 0.9 * mean + 0.1 * g, 0.99 * square + 0.01 * g**2
        velocity = velocity - 0.03 * (mean / (1 - 0.9**i)) / (np.sqrt(square / (1 - 0.99**i)) + 1e-8)
    frames = [start, *simulate(velocity, start), target]

    def draw(figure):
        axes = figure.subplots(1, 5)
        shown = zip(axes, (0, 3, 6, 10, 11), ("start", "30 steps", "60 steps", "100 steps", "target"))
        for ax, k, title in shown:
            ax.imshow(frames[k], cmap="magma", vmin=0, vmax=1)
            ax.set_title(title, fontsize=8)
            ax.axis("off")

    return Page(
        {
            "loss over the first": np.mean((frames[-2] - target) ** 2) / losses[0],
            "first loss": losses[0],
            "gradient steps": len(losses),
        },
        draw,
    )


if __name__ == "__main__":
    command_line(run, __doc__)
