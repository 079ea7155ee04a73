"""The drawing of a network while it is trained, and as an animation afterwards."""

from __future__ import annotations

import copy
import os
from io import BytesIO
from pathlib import Path
from typing import Any

from autograd.errors import ArgumentError
from autograd.files import replacing

from ..module import Module
from .network import linear_layers, network


class LiveNetwork:
    """A network's drawing that follows its training; see `network` for what it shows.

    Args:
        model: a module of Linear layers, one after the other.
        ax: where to draw.
        every: draw, and keep a frame for the animation, at every so many updates.
        show: called with the figure after each drawing: in a notebook, `display_handle.update`; with an
            axis of pyplot's, `lambda figure: plt.pause(0.01)`.
        options: of `network`, such as `inputs` and `bias`.

    Errors: OperandError for a model that cannot be drawn.

    Example:
        >>> import nn
        >>> live = LiveNetwork(nn.Sequential(nn.Linear(2, 3), nn.Tanh(), nn.Linear(3, 1)), every=2)
        >>> for _ in range(4):
        ...     _ = live.update()  # after each step of the optimiser
        >>> len(live.frames)
        2
    """

    def __init__(self, model: Module, ax: Any = None, *, every: int = 1, show: Any = None, **options: Any):
        if not isinstance(every, int) or every < 1:
            raise ArgumentError(f"LiveNetwork: every must be an integer of at least 1, got {every!r}")
        linear_layers(model)
        self.model, self.every, self.show, self.options = model, every, show, options
        self.frames: list[dict[str, Any]] = []
        self._ax, self._updates = ax, 0

    @property
    def ax(self) -> Any:
        """The axis; made when first needed."""
        if self._ax is None:
            self._ax = network(self.model, **self.options)
        return self._ax

    def update(self) -> Any:
        """Note the weights as they are now, and draw them."""
        self._updates += 1
        if self._updates % self.every == 0:
            self.frames.append({name: value.copy() for name, value in self.model.state_dict().items()})
            self._draw(self.model)
            if self.show is not None:
                self.show(self.ax.figure)
        return self.ax

    def save(self, path: str | os.PathLike[str], fps: float = 8, dpi: int = 80) -> Path:
        """Write all frames as a GIF, whole or not at all.

        Errors: ArgumentError for another ending, or before the first frame.
        """
        path = Path(path)
        if path.suffix != ".gif" or not self.frames:
            raise ArgumentError(f"LiveNetwork: {path} must end in .gif, and there must have been an update")
        if not fps > 0:
            raise ArgumentError(f"LiveNetwork: fps must be positive, got {fps!r}")
        model, pictures = copy.deepcopy(self.model), []
        for frame in self.frames:
            model.load_state_dict(frame)
            self._draw(model)
            pictures.append(_picture(self.ax.figure, dpi))
        first, *others = pictures
        with replacing(path) as beside, open(beside, "wb") as file:
            duration = round(1000 / fps)
            first.save(file, "gif", save_all=True, append_images=others, duration=duration, loop=0)
        return path

    def _draw(self, model: Module) -> None:
        self.ax.clear()
        network(model, self.ax, **self.options)


def _picture(figure: Any, dpi: int) -> Any:
    """A figure as an image of Pillow, which comes with matplotlib."""
    from PIL import Image

    buffer = BytesIO()
    figure.savefig(buffer, format="png", dpi=dpi)
    return Image.open(buffer).convert("RGB")
