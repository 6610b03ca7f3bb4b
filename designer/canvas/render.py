"""Pictures of a workflow without a window: for the command line, exports and documentation."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

from PySide6.QtCore import QBuffer, QByteArray, QIODevice, QRectF, QSizeF
from PySide6.QtGui import QColor, QImage, QPainter, QTransform
from PySide6.QtSvg import QSvgGenerator

from designer.canvas.painter.layer import Layer
from designer.canvas.scene import Scene
from designer.document.document import Document
from designer.theme import fonts
from designer.theme.theme import Theme
from engine.history.state import StepState
from engine.model import Workflow
from engine.model.node_type import NodeTypes

BORDER = 48.0
"""Free space around the drawing, in scene pixels."""
MAX_SIDE = 16_000
"""Pixels; a larger picture is scaled down to this."""


def render_image(
    workflow: Workflow,
    catalog: NodeTypes,
    theme: Theme,
    *,
    scale: float = 1.0,
    states: Mapping[str, StepState] | None = None,
    outcomes: Mapping[str, str] | None = None,
) -> QImage:
    """The whole workflow as a picture, with the states of a run if given. Needs a QGuiApplication."""
    layer, area = _prepare(workflow, catalog, theme, states, outcomes)
    return paint_image(layer, area, theme, scale)


def paint_image(layer: Layer, area: QRectF, theme: Theme, scale: float = 1.0) -> QImage:
    """This part of the scene as a picture."""
    scale = min(scale, MAX_SIDE / max(area.width(), area.height()))
    size = QSizeF(area.width() * scale, area.height() * scale).toSize()
    image = QImage(size, QImage.Format.Format_ARGB32_Premultiplied)
    image.fill(QColor(theme.canvas))
    painter = QPainter(image)
    painter.setWorldTransform(QTransform(scale, 0, 0, scale, -area.left() * scale, -area.top() * scale))
    layer.paint(painter, area)
    painter.end()
    return image


def render_svg(
    workflow: Workflow,
    catalog: NodeTypes,
    theme: Theme,
    *,
    states: Mapping[str, StepState] | None = None,
    outcomes: Mapping[str, str] | None = None,
) -> bytes:
    """The whole workflow as an SVG document. Needs a QGuiApplication."""
    layer, area = _prepare(workflow, catalog, theme, states, outcomes)
    layer.vector = True
    layer.grid = False
    content = QByteArray()
    buffer = QBuffer(content)
    buffer.open(QIODevice.OpenModeFlag.WriteOnly)
    generator = QSvgGenerator()
    generator.setOutputDevice(buffer)
    generator.setTitle(workflow.name or workflow.id)
    generator.setDescription(workflow.description)
    generator.setSize(area.size().toSize())
    generator.setViewBox(QRectF(0, 0, area.width(), area.height()))
    generator.setResolution(96)
    painter = QPainter(generator)
    painter.setWorldTransform(QTransform.fromTranslate(-area.left(), -area.top()))
    layer.paint(painter, area)
    painter.end()
    buffer.close()
    return bytes(content.data())


def save_picture(
    path: Path,
    workflow: Workflow,
    catalog: NodeTypes,
    theme: Theme,
    *,
    scale: float = 2.0,
    states: Mapping[str, StepState] | None = None,
) -> None:
    """Write a picture whose kind the file's ending says: .svg, or .png and what else Qt can write.

    Raises ``OSError`` when the file cannot be written.
    """
    if path.suffix.lower() == ".svg":
        path.write_bytes(render_svg(workflow, catalog, theme, states=states))
        return
    if not render_image(workflow, catalog, theme, scale=scale, states=states).save(str(path)):
        raise OSError(f"The picture could not be written to {path}")


def _prepare(
    workflow: Workflow,
    catalog: NodeTypes,
    theme: Theme,
    states: Mapping[str, StepState] | None,
    outcomes: Mapping[str, str] | None,
) -> tuple[Layer, QRectF]:
    fonts.load()
    scene = Scene(Document(workflow), catalog)
    scene.apply_run(states or {}, outcomes or {})
    layer = Layer(scene, theme)
    layer.moves = False
    area = scene.bounds()
    for left, top, right, bottom in scene.wires.boxes.tolist():
        area = area.united(QRectF(left, top, right - left, bottom - top))
    if area.isNull():
        area = QRectF(0, 0, 240, 64)
    return layer, area.adjusted(-BORDER, -BORDER, BORDER, BORDER)
