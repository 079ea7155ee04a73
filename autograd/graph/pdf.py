"""PDF from SVG, by `svglib` and `reportlab`, where the layout program writes none."""

from __future__ import annotations

from io import BytesIO

from .errors import LayoutMissingError


def from_svg(svg: bytes) -> bytes:
    """The picture as PDF; the same bytes for the same picture.

    Errors: LayoutMissingError without svglib.
    """
    try:
        from reportlab.graphics.renderPDF import draw
        from reportlab.pdfgen.canvas import Canvas
        from svglib.svglib import svg2rlg
    except ImportError:
        raise LayoutMissingError(
            "a PDF needs Graphviz's own dot (install Graphviz: https://graphviz.org/download) or svglib: "
            'pip install "wengert[graph]"; .svg and .png do without'
        ) from None
    drawing, file = svg2rlg(BytesIO(svg)), BytesIO()
    assert drawing is not None  # the SVG is our own
    page = Canvas(file, pagesize=(drawing.width, drawing.height), invariant=1)  # no date, no random id
    draw(drawing, page, 0, 0)
    page.save()
    return file.getvalue()
