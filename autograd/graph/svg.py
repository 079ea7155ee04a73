"""SVG that looks the same in whatever font it is shown.

A layout program gives every run of words a place of its own, which is right for one font alone. Here
the runs of a line become one text, in which words follow each other; in boxes it stands around the
middle of its place, and a viewer that knows `textLength` sets it as wide as it was laid out.
"""

from __future__ import annotations

import re
from html import unescape
from typing import NamedTuple

from .fonts import FAMILY, width

_TEXT = re.compile(r"<text ([^>]*)>([^<]*)</text>\n?")
_PLACES = re.compile(r'<g id="[^"]*" class="(\w+)"|(?:<text [^>]*>[^<]*</text>\n?)+')
_ATTRIBUTE = re.compile(r'([\w:-]+)="([^"]*)"')
_OF_RUNS = ("font-weight", "font-size", "fill")


class _Run(NamedTuple):
    attributes: dict[str, str]
    text: str

    @property
    def width(self) -> float:
        size, bold = float(self.attributes["font-size"]), "font-weight" in self.attributes
        return width(unescape(self.text), size, bold)


def settle(svg: str) -> str:
    """The same picture, with texts that keep to their places.

    Example:
        >>> text = '<text text-anchor="start" x="2" y="5" font-family="f" font-size="10">{}</text>'
        >>> print(settle(text.format("x") + text.format(" = 1")).strip())
        <text text-anchor="middle" x="12.98" y="5" font-family="Helvetica,..." textLength="21.96"
        lengthAdjust="spacingAndGlyphs"><tspan font-size="10">x</tspan><tspan font-size="10"> = 1</tspan>...
    """
    place = ""

    def written(found: re.Match) -> str:
        nonlocal place
        if found[1]:
            place = found[1]
            return found[0]
        lines = _joined(found[0])
        # captions of clusters begin at the left; so do notes, which follow on the last swatch
        left = {"cluster": 0, "graph": 1}.get(place, len(lines))
        return "".join(_line(line, i >= left) for i, line in enumerate(lines))

    return _PLACES.sub(written, svg)


def _joined(texts: str) -> list[list[_Run]]:
    """The runs of each line: what begins with a space goes on with what stands before it."""
    lines: list[list[_Run]] = []
    for attributes, text in _TEXT.findall(texts):
        run = _Run(dict(_ATTRIBUTE.findall(attributes)), text)
        goes_on = unescape(text)[:1] in (" ", "\xa0")
        if goes_on and lines and lines[-1][0].attributes.get("y") == run.attributes.get("y"):
            lines[-1].append(run)
        else:
            lines.append([run])
    return lines


def _line(runs: list[_Run], is_left: bool) -> str:
    common = {k: v for k, v in runs[0].attributes.items() if k not in _OF_RUNS}
    length = sum(run.width for run in runs)
    if common.get("text-anchor") == "start" and not is_left:
        common |= {"x": f"{float(common['x']) + length / 2:g}", "text-anchor": "middle"}
    common["font-family"] = FAMILY
    common |= {"textLength": f"{length:g}", "lengthAdjust": "spacingAndGlyphs"}
    spans = (
        f"<tspan {_written({k: v for k, v in run.attributes.items() if k in _OF_RUNS})}>{run.text}</tspan>"
        for run in runs
    )
    return f"<text {_written(common)}>{''.join(spans)}</text>\n"


def _written(attributes: dict[str, str]) -> str:
    return " ".join(f'{name}="{value}"' for name, value in attributes.items())
