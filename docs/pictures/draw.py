"""Draws the pictures of docs/graphs.md, in headless Chromium: `python docs/pictures/draw.py`."""

from __future__ import annotations

import re
import subprocess
import sys
import tempfile
from pathlib import Path

import numpy as np
from PIL import Image

sys.path.insert(0, str(Path(__file__).resolve().parents[2]))

import autograd
import nn
from autograd import graph
from tests.autograd.graph import models
from tests.autograd.graph.browser import PROGRAM, TOOLS

FOLDER = Path(__file__).parent
X = np.array([[1.0, -2.0, 0.5], [0.25, 1.0, 3.0]], np.float32)
PAGE = (1200, 760)


def small() -> nn.Sequential:
    """A network whose every number can be read."""
    return models.fill(nn.Sequential(nn.Linear(2, 2), nn.Tanh(), nn.Linear(2, 1)))


def deep() -> graph.Drawing:
    """Layers whose gradients vanish."""
    layers = [nn.Linear(4, 4, bias=False) for _ in range(4)]
    model = models.fill(nn.Sequential(*layers))
    for layer in layers:
        layer.weight.data[...] *= 0.02
    return graph.draw(model, np.ones((1, 4), np.float32), level="flow")


def cost() -> graph.Drawing:
    """What a step of a block cost, by a profile."""
    block, x = models.fill(models.Block(8, 2)), np.ones((4, 64, 8), np.float32)
    block(x).sum().backward()  # warm
    with autograd.profile() as prof, autograd.record():
        loss = block(x).sum()
        loss.backward()
    return graph.draw(loss, names={"": block, "x": x}, level="cost", profile=prof, depth=1)


PICTURES = {
    "teach": lambda: graph.draw(small(), X[:, :2], level="teach", direction="right"),
    "shapes": lambda: models.draw_mlp(X),
    "flow": deep,
    "cost": cost,
    "backward": lambda: graph.draw(lambda x: (x * x).sum(), np.array([1.0, 2.0]), level="backward"),
    "folded": lambda: graph.draw(models.fill(models.Transformer()), models.TOKENS, depth=2),
}
# name -> picture, and what the reader did
PAGES = {
    "page": (
        lambda: graph.draw(models.fill(models.Transformer()), models.TOKENS, level="flow"),
        'click(at(record((r) => r.name === "embedding.weight")));',
    ),
}


def shoot(path: Path, target: Path, size: tuple[int, int]) -> None:
    """A screenshot of a file, in few colours."""
    command = [PROGRAM, "--headless", "--no-sandbox", "--disable-gpu", "--hide-scrollbars"]
    command.append("--virtual-time-budget=2000")  # the map in the corner is painted last
    command += [f"--screenshot={target}", f"--window-size={size[0]},{size[1]}", path.as_uri()]
    subprocess.run(command, check=True, capture_output=True, timeout=60)
    Image.open(target).convert("RGB").quantize(128).save(target, optimize=True)


def main() -> None:
    """Draw all, or those that are named."""
    with tempfile.TemporaryDirectory() as folder:
        for name, draw in PICTURES.items():
            path = draw().save(Path(folder) / f"{name}.svg")
            width, height = re.search(r'<svg width="(\d+)pt" height="(\d+)pt"', path.read_text()).groups()
            shoot(path, FOLDER / f"{name}.png", (int(width) * 4 // 3 + 1, int(height) * 4 // 3 + 1))
        for name, (draw, script) in PAGES.items():
            path = draw().save(Path(folder) / f"{name}.html")
            text = re.sub("script-src '[^']*'", "script-src 'unsafe-inline'", path.read_text(), count=1)
            played = f"<script>(() => {{ {TOOLS} {script} }})()</script></body>"
            path.write_text(text.replace("</body>", played))
            shoot(path, FOLDER / f"{name}.png", PAGE)


if __name__ == "__main__":
    main()
