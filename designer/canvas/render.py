"""Pictures of a workflow without a window: for exports, the printer, the command line and documentation."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path

from PySide6.QtCore import QBuffer, QByteArray, QIODevice, QMarginsF, QRectF, QSize, QSizeF, Qt
from PySide6.QtGui import QColor, QImage, QPageSize, QPainter, QPdfWriter, QTransform
from PySide6.QtSvg import QSvgGenerator

from designer.canvas.painter.layer import Layer
from designer.canvas.scene import Scene
from designer.document import picture_file
from designer.document.document import Document
from designer.theme import fonts
from designer.theme.theme import Theme
from engine.files import codec
from engine.history.step_state import StepState
from engine.model import Workflow
from engine.model.fragment import part
from engine.model.node_type import NodeTypes

BORDER = 48.0
"""Free space around the drawing, in scene pixels."""
MAX_SIDE = 16_000
"""Pixels; a larger picture is scaled down to this."""
_PDF_DPI = 96 * 10
"""Fine enough for hairlines; a scene pixel is a 96th of an inch, as on the screen at 100 %."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Drawing:
    """What is drawn: a workflow in one theme, with the states of a run if there are any."""

    workflow: Workflow
    catalog: NodeTypes
    theme: Theme
    states: Mapping[str, StepState] = field(default_factory=dict)
    outcomes: Mapping[str, str] = field(default_factory=dict)

    def of(self, node_ids: Collection[str], comment_ids: Collection[str] = ()) -> Drawing:
        """Only these nodes and comments, and what belongs to them."""
        return replace(self, workflow=part(self.workflow, node_ids, comment_ids))


def render_image(drawing: Drawing, *, scale: float = 1.0, transparent: bool = False) -> QImage:
    """The drawing as a picture; without a background if it is to be transparent. Needs a QGuiApplication."""
    layer, area = _prepare(drawing)
    if transparent:
        layer.vector = True  # cards that are copied as pixmaps bring their ground along
    return paint_image(layer, area, drawing.theme, scale, transparent=transparent)


def render_preview(drawing: Drawing, size: QSize, *, transparent: bool = False) -> QImage:
    """The drawing as a picture that fills this size in one direction, whatever the size of the drawing."""
    layer, area = _prepare(drawing)
    if transparent:
        layer.vector = True
    shrunk = min(size.width() / area.width(), size.height() / area.height())
    # At half of its size a card has its words; painted larger than it is shown, lines stay smooth.
    image = paint_image(
        layer, area, drawing.theme, min(max(0.5, shrunk), 4 * shrunk), transparent=transparent
    )
    return image.scaled(size, Qt.AspectRatioMode.KeepAspectRatio, Qt.TransformationMode.SmoothTransformation)


def paint_image(
    layer: Layer, area: QRectF, theme: Theme, scale: float = 1.0, *, transparent: bool = False
) -> QImage:
    """This part of the scene as a picture."""
    scale = min(scale, MAX_SIDE / max(area.width(), area.height()))
    size = QSizeF(area.width() * scale, area.height() * scale).toSize()
    image = QImage(size, QImage.Format.Format_ARGB32_Premultiplied)
    image.fill(QColor(0, 0, 0, 0) if transparent else QColor(theme.canvas))
    layer.ground = not transparent
    painter = QPainter(image)
    painter.setWorldTransform(QTransform(scale, 0, 0, scale, -area.left() * scale, -area.top() * scale))
    layer.paint(painter, area)
    painter.end()
    return image


def render_png(
    drawing: Drawing, *, scale: float = 1.0, transparent: bool = False, carries_workflow: bool = True
) -> bytes:
    """The drawing as a PNG file, with the workflow in it to be opened again. Needs a QGuiApplication."""
    content = QByteArray()
    buffer = QBuffer(content)
    buffer.open(QIODevice.OpenModeFlag.WriteOnly)
    # The cast is for PySide's stubs, which want bytes where Qt takes the name of a format.
    render_image(drawing, scale=scale, transparent=transparent).save(buffer, "PNG")  # type: ignore[call-overload]
    buffer.close()
    png = bytes(content.data())
    return picture_file.embed(png, codec.encode(drawing.workflow)) if carries_workflow else png


def render_svg(drawing: Drawing, *, transparent: bool = False) -> bytes:
    """The drawing as an SVG document. Needs a QGuiApplication."""
    layer, area = _prepare(drawing)
    layer.vector = True
    layer.grid = False
    layer.ground = not transparent
    content = QByteArray()
    buffer = QBuffer(content)
    buffer.open(QIODevice.OpenModeFlag.WriteOnly)
    generator = QSvgGenerator()
    generator.setOutputDevice(buffer)
    generator.setTitle(drawing.workflow.name or drawing.workflow.id)
    generator.setDescription(drawing.workflow.description)
    generator.setSize(area.size().toSize())
    generator.setViewBox(QRectF(0, 0, area.width(), area.height()))
    generator.setResolution(96)
    painter = QPainter(generator)
    painter.setWorldTransform(QTransform.fromTranslate(-area.left(), -area.top()))
    layer.paint(painter, area)
    painter.end()
    buffer.close()
    return bytes(content.data())


def render_pdf(drawing: Drawing) -> bytes:
    """The drawing as a PDF of one page, as large as the drawing on the screen. Needs a QGuiApplication."""
    layer, area = _prepare(drawing)
    content = QByteArray()
    buffer = QBuffer(content)
    buffer.open(QIODevice.OpenModeFlag.WriteOnly)
    writer = QPdfWriter(buffer)
    writer.setTitle(drawing.workflow.name or drawing.workflow.id)
    writer.setResolution(_PDF_DPI)
    points = QSizeF(area.width() * 72 / 96, area.height() * 72 / 96)
    writer.setPageSize(QPageSize(points, QPageSize.Unit.Point))
    writer.setPageMargins(QMarginsF())
    painter = QPainter(writer)
    _paint_fitted(painter, layer, area, QRectF(0, 0, writer.width(), writer.height()))
    painter.end()
    buffer.close()
    return bytes(content.data())


def paint_page(painter: QPainter, drawing: Drawing, page: QRectF) -> None:
    """The drawing in the middle of a page, as large as fits but no larger than on the screen twice."""
    layer, area = _prepare(drawing)
    _paint_fitted(painter, layer, area, page, most=2.0)


def save_picture(
    path: Path,
    drawing: Drawing,
    *,
    scale: float = 2.0,
    transparent: bool = False,
    carries_workflow: bool = True,
) -> None:
    """Write a picture whose kind the file's ending says: .svg, .pdf, .png and what else Qt can write.

    Raises ``OSError`` when the file cannot be written.
    """
    match path.suffix.lower():
        case ".svg":
            path.write_bytes(render_svg(drawing, transparent=transparent))
        case ".pdf":
            path.write_bytes(render_pdf(drawing))
        case ".png":
            path.write_bytes(
                render_png(drawing, scale=scale, transparent=transparent, carries_workflow=carries_workflow)
            )
        case _:
            if not render_image(drawing, scale=scale).save(str(path)):
                raise OSError(f"The picture could not be written to {path}")


def _paint_fitted(
    painter: QPainter, layer: Layer, area: QRectF, page: QRectF, *, most: float | None = None
) -> None:
    """Paint shapes, not pixmaps, into a page whose unit is a dot of the device."""
    layer.vector = True
    layer.grid = layer.ground = False
    zoom = min(page.width() / area.width(), page.height() / area.height())
    if most is not None:
        zoom = min(zoom, most * painter.device().logicalDpiX() / 96)
    middle = page.center()
    painter.setWorldTransform(
        QTransform(
            zoom, 0, 0, zoom, middle.x() - area.center().x() * zoom, middle.y() - area.center().y() * zoom
        )
    )
    layer.paint(painter, area)


def _prepare(drawing: Drawing) -> tuple[Layer, QRectF]:
    fonts.load()
    scene = Scene(Document(drawing.workflow), drawing.catalog)
    scene.apply_run(drawing.states, drawing.outcomes)
    layer = Layer(scene, drawing.theme)
    layer.moves = False
    area = scene.bounds()
    for left, top, right, bottom in scene.wires.boxes.tolist():
        if left <= right:  # none inside a folded group
            area = area.united(QRectF(left, top, right - left, bottom - top))
    if area.isNull():
        area = QRectF(0, 0, 240, 64)
    return layer, area.adjusted(-BORDER, -BORDER, BORDER, BORDER)
