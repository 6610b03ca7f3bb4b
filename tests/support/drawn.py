"""Pictures of drawings, made at once: the program makes them by and by."""

from __future__ import annotations

from PySide6.QtCore import QRectF
from PySide6.QtGui import QPainter

from designer.canvas import pictures
from designer.canvas.render import Drawing, finish, page_steps, pdf_steps, render_image, svg_steps


def render_png(drawing: Drawing, *, carries_workflow: bool = True) -> bytes:
    """The drawing as a PNG file, with the workflow in it to be opened again."""
    return pictures.png(render_image(drawing), drawing.workflow if carries_workflow else None)


def render_svg(drawing: Drawing, *, transparent: bool = False) -> bytes:
    """The drawing as an SVG document."""
    return b"".join(finish(svg_steps(drawing, transparent=transparent)))


def render_pdf(drawing: Drawing) -> bytes:
    """The drawing as a PDF of one page."""
    return b"".join(finish(pdf_steps(drawing)))


def paint_page(painter: QPainter, drawing: Drawing, page: QRectF) -> None:
    """The drawing in the middle of a page."""
    finish(page_steps(painter, drawing, page))
