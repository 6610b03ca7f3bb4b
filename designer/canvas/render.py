"""Pictures of a workflow without a window: for exports, the printer, the command line and documentation."""

from __future__ import annotations

from collections.abc import Collection, Generator, Iterator, Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Final, TypeAlias, TypeVar

from PySide6.QtCore import QBuffer, QIODevice, QMarginsF, QRectF, QSize, QSizeF, Qt
from PySide6.QtGui import QColor, QImage, QPageSize, QPainter, QPdfWriter, QTransform
from PySide6.QtSvg import QSvgGenerator

from designer.canvas import geometry, pictures
from designer.canvas.painter.layer import Layer
from designer.canvas.pictures import Painted
from designer.canvas.scene import Scene
from designer.document.document import Document
from designer.theme import fonts
from designer.theme.theme import Theme
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

CARDS_AT_ONCE: Final = 60
"""So many cards are painted in one step: some 10 ms as shapes."""
_PIXELS_AT_ONCE: Final = 4_000_000
_STEPS_A_SHEET: Final = 16
_SVG_HEAD_END: Final = b"</defs>"
_SVG_END: Final = b"</svg>\n"
Made = TypeVar("Made")
Steps: TypeAlias = Generator[float, None, Made]
"""What takes long, in short steps: yields how much is done, from 0 to 1, and returns what was made."""


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


def finish(steps: Steps[Made]) -> Made:
    """What comes of these steps, at once."""
    while True:
        try:
            next(steps)
        except StopIteration as end:
            made: Made = end.value
            return made


def render_image(drawing: Drawing, *, scale: float = 1.0, transparent: bool = False) -> QImage:
    """The drawing as a picture; without a background if it is to be transparent. Needs a QGuiApplication."""
    return finish(image_steps(drawing, scale=scale, transparent=transparent))


def image_steps(drawing: Drawing, *, scale: float = 1.0, transparent: bool = False) -> Steps[QImage]:
    """The same by and by, in the thread of the window."""
    layer, area = yield from _prepare(drawing)
    if transparent:
        layer.vector = True  # cards that are copied as pixmaps bring their ground along
    layer.ground = not transparent
    image, transform = _blank(area, scale)
    ground = QColor(0, 0, 0, 0) if transparent else QColor(drawing.theme.canvas)
    high = max(1, _PIXELS_AT_ONCE // image.width())
    painter = QPainter(image)
    try:
        painter.setCompositionMode(QPainter.CompositionMode.CompositionMode_Source)
        for top in range(0, image.height(), high):
            painter.fillRect(0, top, image.width(), high, ground)
            yield 0.0
        painter.setCompositionMode(QPainter.CompositionMode.CompositionMode_SourceOver)
        painter.setWorldTransform(transform)
        yield from layer.steps(painter, area, at_once=CARDS_AT_ONCE)
    finally:
        painter.end()
    return image


def render_preview(drawing: Drawing, size: QSize, *, transparent: bool = False) -> QImage:
    """The drawing as a picture that fills this size in one direction, whatever the size of the drawing."""
    layer, area = finish(_prepare(drawing))
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
    image, transform = _blank(area, scale)
    image.fill(QColor(0, 0, 0, 0) if transparent else QColor(theme.canvas))
    layer.ground = not transparent
    painter = QPainter(image)
    painter.setWorldTransform(transform)
    layer.paint(painter, area)
    painter.end()
    return image


def _blank(area: QRectF, scale: float) -> tuple[QImage, QTransform]:
    """An image for this part of the scene, with anything in it, and how the scene lies in it."""
    scale = min(scale, MAX_SIDE / max(area.width(), area.height()))
    size = QSizeF(area.width() * scale, area.height() * scale).toSize()
    image = QImage(size, QImage.Format.Format_ARGB32_Premultiplied)
    return image, QTransform(scale, 0, 0, scale, -area.left() * scale, -area.top() * scale)


def svg_steps(drawing: Drawing, *, transparent: bool = False) -> Steps[list[bytes]]:
    """The drawing as an SVG document by and by, in pieces. Needs a QGuiApplication.

    Qt writes all of a document at its end, which takes long for a large one: so there are many small ones, of
    which the later give what they draw to the first.
    """
    layer, area = yield from _prepare(drawing)
    layer.vector = True
    layer.grid = False
    layer.ground = not transparent
    transform = QTransform.fromTranslate(-area.left(), -area.top())
    pieces: list[bytes] = []
    sheet = _Sheet(drawing, area)
    painter = QPainter(sheet.generator)
    try:
        painter.setWorldTransform(transform)
        for number, done in enumerate(layer.steps(painter, area, at_once=CARDS_AT_ONCE), 1):
            if number % _STEPS_A_SHEET == 0:
                painter.end()
                pieces.append(sheet.content(is_first=not pieces))
                sheet = _Sheet(drawing, area)
                painter.begin(sheet.generator)
                painter.setLayoutDirection(Qt.LayoutDirection.LayoutDirectionAuto)
                painter.setRenderHint(QPainter.RenderHint.Antialiasing)
            yield done
    finally:
        painter.end()
    pieces.append(sheet.content(is_first=not pieces))
    pieces.append(_SVG_END)
    return pieces


class _Sheet:
    """One document of those that an SVG is made of."""

    def __init__(self, drawing: Drawing, area: QRectF) -> None:
        self._buffer = QBuffer()
        self._buffer.open(QIODevice.OpenModeFlag.WriteOnly)
        self.generator = QSvgGenerator()
        self.generator.setOutputDevice(self._buffer)
        self.generator.setTitle(drawing.workflow.name or drawing.workflow.id)
        self.generator.setDescription(drawing.workflow.description)
        self.generator.setSize(area.size().toSize())
        self.generator.setViewBox(QRectF(0, 0, area.width(), area.height()))
        self.generator.setResolution(96)

    def content(self, *, is_first: bool) -> bytes:
        """What was drawn, without the document's end, and without its beginning unless it is the first."""
        text = bytes(self._buffer.data().data()).rstrip().removesuffix(_SVG_END.rstrip())
        return text if is_first else text[text.index(_SVG_HEAD_END) + len(_SVG_HEAD_END) :]


def pdf_steps(drawing: Drawing) -> Steps[list[bytes]]:
    """The drawing as a PDF of one page, as large as on the screen, by and by. Needs a QGuiApplication."""
    layer, area = yield from _prepare(drawing)
    buffer = QBuffer()
    buffer.open(QIODevice.OpenModeFlag.WriteOnly)
    writer = QPdfWriter(buffer)
    writer.setTitle(drawing.workflow.name or drawing.workflow.id)
    writer.setResolution(_PDF_DPI)
    points = QSizeF(area.width() * 72 / 96, area.height() * 72 / 96)
    writer.setPageSize(QPageSize(points, QPageSize.Unit.Point))
    writer.setPageMargins(QMarginsF())
    painter = QPainter(writer)
    try:
        yield from _fitted_steps(painter, layer, area, QRectF(0, 0, writer.width(), writer.height()))
    finally:
        painter.end()
    return [bytes(buffer.data().data())]


def page_steps(painter: QPainter, drawing: Drawing, page: QRectF) -> Steps[None]:
    """The drawing in the middle of a page, as large as fits but no larger than on the screen twice."""
    layer, area = yield from _prepare(drawing)
    yield from _fitted_steps(painter, layer, area, page, most=2.0)


def picture_steps(
    ending: str, drawing: Drawing, *, scale: float = 2.0, transparent: bool = False
) -> Steps[Painted]:
    """A picture of the kind that a file's ending says, ready for ``designer.canvas.pictures``."""
    match ending.lower():
        case ".svg":
            return (yield from svg_steps(drawing, transparent=transparent))
        case ".pdf":
            return (yield from pdf_steps(drawing))
        case ".png":
            return (yield from image_steps(drawing, scale=scale, transparent=transparent))
        case _:
            return (yield from image_steps(drawing, scale=scale))


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
    painted = finish(picture_steps(path.suffix, drawing, scale=scale, transparent=transparent))
    pictures.save(path, painted, drawing.workflow if carries_workflow else None)


def _fitted_steps(
    painter: QPainter, layer: Layer, area: QRectF, page: QRectF, *, most: float | None = None
) -> Iterator[float]:
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
    yield from layer.steps(painter, area, at_once=CARDS_AT_ONCE)


def _prepare(drawing: Drawing) -> Steps[tuple[Layer, QRectF]]:
    fonts.load()
    scene = Scene(Document(drawing.workflow), drawing.catalog)
    yield 0.0
    scene.apply_run(drawing.states, drawing.outcomes)
    yield 0.0
    layer = Layer(scene, drawing.theme)
    layer.moves = False
    area = scene.bounds()
    boxes = scene.wires.boxes[
        scene.wires.boxes[:, 0] <= scene.wires.boxes[:, 2]
    ]  # none inside a folded group
    if len(boxes):
        left, top = geometry.extent(boxes[:, :2])[:2]
        right, bottom = geometry.extent(boxes[:, 2:])[2:]
        area = area.united(QRectF(left, top, right - left, bottom - top))
    if area.isNull():
        area = QRectF(0, 0, 240, 64)
    return layer, area.adjusted(-BORDER, -BORDER, BORDER, BORDER)
