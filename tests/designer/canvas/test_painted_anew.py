"""What is kept between two frames is forgotten when it changes: pictures are those of a canvas made anew."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import numpy.typing as npt
import pytest
from PySide6.QtCore import QRectF, Qt
from PySide6.QtGui import QImage, QPainter, QTransform
from pytestqt.qtbot import QtBot

from designer.canvas import geometry
from designer.canvas.painter import wires
from designer.canvas.painter.layer import Layer
from designer.canvas.scene import Scene
from designer.canvas.view import CanvasView
from designer.document.document import Document
from designer.theme.theme import light
from engine.catalog import Catalog
from engine.history.status import StepStatus
from engine.history.step_state import StepState
from engine.model import Connection, Node, Workflow, edits
from engine.model.bends import set_bends
from engine.model.breakpoints import toggle_breakpoints
from engine.model.groups import fold, groups, make_group
from engine.problem import Problem

AREA = QRectF(-60, -60, 1200, 420)
STATES = {
    "read": StepState(status=StepStatus.COMPLETED, output={"$table": "t", "rows": 3, "columns": ["a"]}),
    "keep": StepState(status=StepStatus.FAILED, error={"message": "No such column"}),
}


def painted(layer: Layer, zoom: float = 1.0, part: QRectF | None = None) -> QImage:
    """The area as the layer paints it; of a part of it, which it is told is a part, only that."""
    part = part or AREA
    transform = QTransform(zoom, 0, 0, zoom, -AREA.left() * zoom, -AREA.top() * zoom)
    image = QImage((AREA.size() * zoom).toSize(), QImage.Format.Format_RGB32)
    image.fill(Qt.GlobalColor.magenta)
    painter = QPainter(image)
    painter.setClipRect(transform.mapRect(part))
    painter.setWorldTransform(transform)
    layer.paint(painter, part, AREA)
    painter.end()
    return image


def pixels(image: QImage) -> npt.NDArray[np.int64]:
    return np.frombuffer(image.constBits(), np.uint8).astype(np.int64)


def push(make: Callable[[Workflow], edits.Edit]) -> Callable[[CanvasView], object]:
    return lambda canvas: canvas.editor.push(make(canvas.editor.workflow))


def grouped(canvas: CanvasView) -> None:
    canvas.editor.push(make_group(canvas.editor.workflow, ["read", "keep"]))
    canvas.editor.push(fold(canvas.editor.workflow, {groups(canvas.editor.workflow)[0].id: ()}))


CHANGES: dict[str, Callable[[CanvasView], object]] = {
    "title": push(lambda now: edits.rename(now, "read", "Fetch orders")),
    "parameters": push(lambda now: edits.set_parameters(now, "read", {"path": "other.csv"})),
    "disabled": push(lambda now: edits.set_disabled(now, ["keep"], True)),
    "breakpoint": push(lambda now: toggle_breakpoints(now, ["keep"])),
    "pin": push(lambda now: edits.set_config(now, "read", pin={"output": 1})),
    "place": push(lambda now: edits.move(now, {"write": (352.0, 192.0)})),
    "bend": push(lambda now: set_bends(now, {"read_to_keep": [(640.0, 120.0)]}, "Bend")),
    "deleted": push(lambda now: edits.delete(now, Catalog.load(), ["start"])),
    "folded": grouped,
    "states": lambda canvas: canvas.apply_run(STATES, {"start_to_read": "TAKEN"}),
    "problem": lambda canvas: canvas.set_problems(
        {"write": Problem(severity="error", code="none", message="No path")}
    ),
    "dark": lambda canvas: canvas.theme.set_mode("dark"),
}


@pytest.mark.parametrize("zoom", [1.0, 0.3])
@pytest.mark.parametrize("name", CHANGES)
def test_that_a_change_is_painted_as_if_nothing_had_been_kept(
    canvas: CanvasView, qtbot: QtBot, name: str, zoom: float
) -> None:
    was = painted(canvas.layer, zoom)
    CHANGES[name](canvas)
    fresh = Scene(Document(canvas.editor.workflow), canvas.catalog)
    if name == "states":
        fresh.apply_run(STATES, {"start_to_read": "TAKEN"})
    fresh.set_problems(canvas.canvas_scene.marks.problems)
    now = painted(canvas.layer, zoom)
    assert now == painted(Layer(fresh, canvas.theme.theme), zoom)
    assert now != was or zoom < 1.0  # from afar some marks are not drawn
    fresh.close()
    stack = canvas.editor.undo_stack
    while stack.canUndo():
        stack.undo()
        canvas.select([])
        if not stack.canUndo():
            assert painted(canvas.layer, zoom) == was


@pytest.mark.parametrize("zoom", [1.0, 0.5])
def test_that_a_corner_that_is_painted_anew_looks_as_it_did(qtbot: QtBot, zoom: float) -> None:
    names = [f"n{number}" for number in range(wires.FEW + 20)]
    drawn = Workflow(
        id="fan",
        nodes={name: Node(id=name, type="flow.set_values") for name in ["hub", *names]},
        connections={f"c_{name}": Connection(id=f"c_{name}", source="hub", target=name) for name in names},
        layout={"hub": (0.0, 0.0), **{name: (800.0, number * 8.0) for number, name in enumerate(names)}},
    )
    scene = Scene(Document(drawn), Catalog.load())
    layer = Layer(scene, light())
    part = QRectF(300, 20, 60, 40)
    assert 0 < len(scene.wires.in_box((300, 20, 360, 60))) <= len(scene.wires)
    inside = QTransform(zoom, 0, 0, zoom, -AREA.left() * zoom, -AREA.top() * zoom).mapRect(part).toRect()
    inside.adjust(2, 2, -2, -2)
    corner, whole = (
        pixels(image.copy(inside)) for image in (painted(layer, zoom, part), painted(layer, zoom))
    )
    assert np.abs(corner - whole).max() <= 3  # of 255: Qt rounds otherwise where it cuts a line off
    scene.close()


def test_that_words_in_any_script_are_painted(canvas: CanvasView) -> None:
    """What a font lacks comes from another one: several runs of glyphs make one text."""
    blank = painted(canvas.layer)
    for title in ("日本語の題", "שלום", "a b", "fi 漢 fl"):
        before = painted(canvas.layer)
        canvas.editor.push(edits.rename(canvas.editor.workflow, "read", title))
        assert painted(canvas.layer) not in (before, blank)


@pytest.mark.parametrize("zoom", [1.0, 0.5, 2.1])
def test_that_a_card_covers_what_lies_below_it(canvas: CanvasView, zoom: float) -> None:
    """Its words, its icon and its ports too, whatever both are."""
    push(lambda now: edits.move(now, {"keep": (352.0 + 40, 20.0), "write": (500.0, 44.0)}))(canvas)
    both = painted(canvas.layer, zoom)
    push(lambda now: edits.delete(now, Catalog.load(), ["read", "start", "keep"]))(canvas)
    alone = painted(canvas.layer, zoom)
    top = canvas.canvas_scene.card(canvas.canvas_scene.row_of["write"]).adjusted(10, 3, -10, -3)
    inside = QTransform(zoom, 0, 0, zoom, -AREA.left() * zoom, -AREA.top() * zoom).mapRect(top).toRect()
    assert both.copy(inside) == alone.copy(inside)
    assert both != alone


def test_that_cards_are_told_into_layers() -> None:
    places = np.array([(0, 0), (500, 0), (100, 30), (220, 60), (0, 64), (240, 0)], np.float64)
    assert [each.tolist() for each in geometry.layers(places)] == [[0, 1], [2], [3], [4, 5]]
    beside = np.array([(0, 0), (0, 64), (240, 0)], np.float64)
    assert [each.tolist() for each in geometry.layers(beside)] == [[0, 1, 2]]
    later = np.array([(100, 30), (0, 0), (0, 200)], np.float64)
    assert [each.tolist() for each in geometry.layers(later)] == [[0, 2], [1]]
    pile = geometry.layers(np.zeros((3_000, 2)))
    assert len(pile) <= geometry.MOST_LAYERS
    assert sorted(np.concatenate(pile).tolist()) == list(range(3_000))
    assert [each.tolist() for each in geometry.layers(np.empty((0, 2)))] == [[]]
