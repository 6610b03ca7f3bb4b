"""What the canvas keeps between frames: always the picture that would be drawn now, and never without end."""

from __future__ import annotations

import importlib
import pkgutil
from collections.abc import Iterator

import pytest
from PySide6.QtCore import Qt
from PySide6.QtGui import QFont, QGlyphRun, QImage, QPainter, QPixmap, QTextDocument, QTransform
from pytestqt.qtbot import QtBot

import designer.canvas
from designer.canvas.looks import Look
from designer.canvas.minimap import Minimap
from designer.canvas.painter import kept
from designer.canvas.painter.cards import Face
from designer.canvas.painter.inks import Inks
from designer.canvas.painter.kept import CardCache, Icons
from designer.canvas.painter.labels import lettered
from designer.canvas.painter.layer import Layer
from designer.canvas.scene import Scene
from designer.canvas.view import CanvasView
from designer.document.document import Document
from designer.editor import Editor
from designer.settings import Settings
from designer.theme import text_size
from designer.theme.theme import dark, light
from engine.catalog import Catalog
from engine.model.comments import Comment, set_comments
from tests.designer.canvas.conftest import small_workflow
from tests.designer.canvas.test_painted_anew import AREA, CHANGES, STATES, painted

ZOOMS = (1.0, 1.15, 0.87, 0.5, 0.437, 0.3, 0.1, 2.3)
_PICTURES = (QPixmap, QImage, QTextDocument, QGlyphRun, QFont)


def fresh(canvas: CanvasView, *, ran: bool) -> Layer:
    """A layer that has kept nothing yet."""
    scene = Scene(Document(canvas.editor.workflow), canvas.catalog)
    if ran:
        scene.apply_run(STATES, {"start_to_read": "TAKEN"})
    scene.set_problems(canvas.canvas_scene.marks.problems)
    return Layer(scene, canvas.theme.theme)


@pytest.mark.parametrize("name", CHANGES)
def test_that_whoever_zooms_back_and_forth_sees_what_is_drawn_now(canvas: CanvasView, name: str) -> None:
    """Between the zooms something changes of which pictures are kept."""
    for zoom in ZOOMS:
        painted(canvas.layer, zoom)
    CHANGES[name](canvas)
    for zoom in (*ZOOMS, *reversed(ZOOMS)):
        assert painted(canvas.layer, zoom) == painted(fresh(canvas, ran=name == "states"), zoom), zoom


def on_a_screen(layer: Layer, ratio: float) -> QImage:
    """The area on a screen of that many pixels a point."""
    image = QImage((AREA.size() * ratio).toSize(), QImage.Format.Format_RGB32)
    image.setDevicePixelRatio(ratio)
    image.fill(Qt.GlobalColor.magenta)
    painter = QPainter(image)
    painter.setWorldTransform(QTransform.fromTranslate(-AREA.left(), -AREA.top()))
    layer.paint(painter, AREA, AREA)
    painter.end()
    return image


def test_that_another_screen_is_painted_as_finely_as_it_can_show(
    canvas: CanvasView, monkeypatch: pytest.MonkeyPatch
) -> None:
    for ratio in (1.0, 2.0, 1.5, 1.0):
        assert on_a_screen(canvas.layer, ratio) == on_a_screen(fresh(canvas, ran=False), ratio)
    fine = on_a_screen(canvas.layer, 2.0)
    assert fine != on_a_screen(canvas.layer, 1.0).scaled(fine.size())
    overview = canvas.overlays.minimap
    overview.grab()
    monkeypatch.setattr(Minimap, "devicePixelRatioF", lambda _map: 2.0)
    overview.grab()
    assert overview._cards is not None
    assert overview._cards.devicePixelRatio() == 2.0
    assert overview._cards.size() == overview.size() * 2


def test_that_larger_text_is_painted_as_by_a_canvas_made_anew(
    canvas: CanvasView, settings: Settings, qtbot: QtBot
) -> None:
    canvas.viewport().grab()
    try:
        for percent in (150, 80, 100):
            text_size.adopt(percent)
            text_size.renew()
            other = CanvasView(Editor(Document(small_workflow())), canvas.catalog, canvas.theme, settings)
            qtbot.addWidget(other)
            assert other.camera.zoom == percent / 100
            canvas.set_zoom(1.0)
            canvas.camera.finish()
            assert canvas.camera.zoom == other.camera.zoom
            one, two = (painted(each.layer, each.camera.zoom) for each in (canvas, other))
            assert one == two
    finally:
        text_size.adopt(100)
        text_size.renew()


def pictures(*owners: object) -> Iterator[object]:
    """Every picture, text and font that hangs on these, wherever the canvas keeps it."""
    waiting, met = list(owners), set()
    while waiting:
        each = waiting.pop()
        if id(each) in met:
            continue
        met.add(id(each))
        if isinstance(each, _PICTURES):
            yield each
            continue
        if isinstance(each, dict):
            waiting += [*each.keys(), *each.values()]
        elif isinstance(each, (list, tuple, set, frozenset)):
            waiting += each
        elif type(each).__module__.startswith("designer.canvas.painter"):
            waiting += vars(each).values() if hasattr(each, "__dict__") else ()
            waiting += [getattr(each, name) for name in getattr(type(each), "__slots__", ())]
        if isinstance(each, dict) and hasattr(each, "__dict__"):
            waiting += vars(each).values()


def test_that_nothing_that_was_drawn_is_kept_in_another_theme(canvas: CanvasView, qtbot: QtBot) -> None:
    canvas.editor.push(
        set_comments(
            canvas.editor.workflow,
            [Comment(id="n", text="Why", x=0.0, y=200.0, width=200.0, height=80.0)],
            "Add",
        )
    )
    canvas.apply_run(STATES, {"start_to_read": "TAKEN"})
    for zoom in ZOOMS:
        painted(canvas.layer, zoom)
    overview = canvas.overlays.minimap
    overview.grab()
    held = [*pictures(canvas.layer), overview._cards]
    kinds = {type(each) for each in held}
    assert {QPixmap, QGlyphRun, QFont} < kinds
    assert any(issubclass(kind, QTextDocument) for kind in kinds)
    canvas.theme.set_mode("dark")
    for zoom in ZOOMS:
        painted(canvas.layer, zoom)
    overview.grab()
    left = {id(each) for each in pictures(canvas.layer)} | {id(overview._cards)}
    assert left
    assert not left & {id(each) for each in held}


def test_that_what_outlives_a_canvas_is_made_of_numbers_alone() -> None:
    """What a function keeps for ever must not depend on a theme, a font or a screen.

    A new one has to be thought about: it belongs to a canvas if it is a picture.
    """
    found = set()
    for module in pkgutil.walk_packages(designer.canvas.__path__, "designer.canvas."):
        for name, value in vars(importlib.import_module(module.name)).items():
            if hasattr(value, "cache_clear") and value.__module__ == module.name:
                found.add(f"{module.name.removeprefix('designer.canvas.')}.{name}")
    assert found == {"geometry._basis", "painter.cards._outline_at", "painter.tiny.cuts"}


def test_that_no_more_is_kept_than_a_few_zooms(qtbot: QtBot) -> None:
    cache = CardCache(Inks(light()))
    last = 0
    for step in range(60):
        cache.prepare(0.4 + step / 20, 1.0)
        before = cache.weight
        cache.dots(16)
        cache.icons().slot(Face("table", "code", False, False, Look.IDLE))
        for look in Look:
            cache.body(look, False)
        last = cache.weight - before
    assert 0 < cache.weight < 2 * kept.MOST_BYTES + last
    for step in range(60):
        cache.prepare(0.05 + step / 1000, 1.0)
        assert not cache.port(True).isNull()
    assert len(cache._scales) <= kept.MOST_SCALES
    cache.prepare(0.05, 1.0)
    first = cache.port(True)
    cache.prepare(0.06, 1.0)
    cache.prepare(0.05, 1.0)
    assert cache.port(True) is first


@pytest.mark.parametrize("side", [18, 37])
def test_that_each_icon_is_in_its_place_however_many_there_are(qtbot: QtBot, side: int) -> None:
    faces = [
        Face(kind.icon, kind.category, False, off, Look.IDLE)
        for kind in Catalog.load().types
        for off in (False, True)
    ]
    icons = Icons(Inks(dark()), side)
    slots = [icons.slot(face) for face in faces]
    assert len(set(slots)) > 24
    sheet = icons.pixmap.toImage()
    for face, slot, (x, y) in zip(faces, slots, icons.corners(slots).tolist(), strict=True):
        alone = Icons(Inks(dark()), side)
        assert alone.slot(face) == 0
        assert icons.slot(face) == slot
        mine = sheet.copy(int(x), int(y), side, side)
        assert mine == alone.pixmap.toImage().copy(0, 0, side, side)


def test_that_letters_are_nearly_as_large_as_their_cards() -> None:
    for percent in range(5, 401):
        zoom = percent / 100
        assert abs(lettered(zoom) - zoom) * 164 < (2.4 if zoom < 0.9 else 3.6)  # how far a title ends off, px
    assert [lettered(zoom) for zoom in (0.25, 0.5, 1.0, 2.0, 3.3)] == [0.25, 0.5, 1.0, 2.0, 3.3]
    assert len({lettered(1 + share / 1000) for share in range(1000)}) <= 33
