"""Bends of wires: added, dragged, walked to, deleted and copied; painted and hit at every zoom."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from PySide6.QtCore import QPointF, Qt
from PySide6.QtGui import QImage
from PySide6.QtTest import QTest

from designer.canvas import geometry, hits
from designer.canvas.render import Drawing
from designer.canvas.view import CanvasView
from designer.editor import Editor
from designer.theme import light
from engine.catalog import Catalog
from engine.files import codec
from engine.model import Workflow
from engine.model.bends import VIA, bends, bent, carried, set_bends
from engine.model.changes import apply, inverse
from engine.model.json_value import Json
from engine.model.staleness import Made, stale
from tests.designer.canvas.conftest import Hand, small_workflow
from tests.support.drawn import render_svg

Key = Qt.Key
CONTROL, SHIFT = Qt.KeyboardModifier.ControlModifier, Qt.KeyboardModifier.ShiftModifier
ALT = Qt.KeyboardModifier.AltModifier
WIRE = "read_to_keep"
MIDDLE = (648.0, 32.0)
LOW = (648.0, 160.0)


def via(editor: Editor, wire: str = WIRE) -> list[tuple[float, float]]:
    return list(bends(editor.workflow.connections[wire]))


def led(workflow: Workflow, *points: tuple[float, float], wire: str = WIRE) -> Workflow:
    return apply(workflow, set_bends(workflow, {wire: points}, "").changes)


@pytest.fixture
def bowed(canvas: CanvasView, editor: Editor) -> Editor:
    editor.replace(led(editor.workflow, LOW))
    return editor


def test_that_a_double_click_bends_a_wire_and_drags_on(
    canvas: CanvasView, editor: Editor, hand: Hand
) -> None:
    hand.click(MIDDLE)
    hand.double_click(MIDDLE)
    hand.release(MIDDLE)
    assert via(editor) == [(656.0, 32.0)]
    assert canvas.selection.bends == [(WIRE, 0)]
    hand.drag((656.0, 32.0), (660.0, 170.0))
    assert via(editor) == [(656.0, 176.0)]
    assert [editor.undo_stack.text(step) for step in range(editor.undo_stack.count())] == [
        "Add bend",
        "Move bend",
    ]
    editor.undo_stack.undo()
    editor.undo_stack.undo()
    assert VIA not in editor.workflow.connections[WIRE].extra
    assert canvas.selection.bends == []


def test_that_a_second_bend_comes_where_the_wire_passes(
    canvas: CanvasView, bowed: Editor, hand: Hand
) -> None:
    row = canvas.canvas_scene.wires.row_of[WIRE]
    curve = canvas.canvas_scene.wires.curves_of(row)[0]
    x, y = geometry.sample_chain(curve[None, None], 4)[0, 2].tolist()
    assert canvas.bending.add_at(row, QPointF(x, y)) == (WIRE, 0)
    assert via(bowed)[1] == LOW
    assert len(via(bowed)) == 2


def test_that_the_menu_and_the_keys_bend_and_straighten(
    canvas: CanvasView, editor: Editor, hand: Hand
) -> None:
    canvas.select([WIRE])
    QTest.keyClick(canvas, Key.Key_B, CONTROL)
    assert via(editor) == [(656.0, 32.0)]
    QTest.keyClick(canvas, Key.Key_Down, CONTROL)
    QTest.keyClick(canvas, Key.Key_Down, CONTROL)
    assert via(editor) == [(656.0, 64.0)]
    assert editor.undo_stack.count() == 2  # nudging on is one step
    hand.click((656.0, 64.0), Qt.MouseButton.RightButton)
    menu = canvas.menus.current
    assert menu is not None
    names = [action.text().split("\t")[0] for action in menu.actions() if action.text()]
    assert names[:4] == ["Delete bend", "Insert node here…", "Add bend here", "Straighten"]
    next(action for action in menu.actions() if action.text().startswith("Straighten")).trigger()
    menu.hide()
    assert via(editor) == []
    assert canvas.selection.wires == [WIRE]
    QTest.keyClick(canvas, Key.Key_B, CONTROL | SHIFT)
    assert editor.undo_stack.count() == 3


def test_that_bending_nothing_says_so(canvas: CanvasView, editor: Editor) -> None:
    told: list[str] = []
    canvas.message.connect(told.append)
    canvas.bending.add()
    canvas.bending.straighten()
    assert told == [
        "Select a connection to bend it.",
        "Select a connection with bends to straighten it.",
    ]
    assert editor.undo_stack.count() == 0


def test_that_bends_are_walked_selected_and_deleted(canvas: CanvasView, editor: Editor, hand: Hand) -> None:
    editor.replace(led(editor.workflow, (624.0, 160.0), (672.0, 240.0)))
    canvas.select([WIRE])
    QTest.keyClick(canvas, Key.Key_Right)
    assert canvas.selection.bends == [(WIRE, 0)]
    QTest.keyClick(canvas, Key.Key_Right)
    QTest.keyClick(canvas, Key.Key_Right)
    assert canvas.selection.bends == [(WIRE, 1)]
    hand.click((624.0, 160.0), modifiers=SHIFT)
    assert canvas.selection.bends == [(WIRE, 1), (WIRE, 0)]
    hand.click((624.0, 160.0), modifiers=CONTROL)
    assert canvas.selection.bends == [(WIRE, 1)]
    QTest.keyClick(canvas, Key.Key_Delete)
    assert via(editor) == [(624.0, 160.0)]
    assert canvas.selection.bends == []
    hand.double_click((624.0, 160.0))
    assert via(editor) == []
    editor.undo_stack.undo()
    editor.undo_stack.undo()
    assert via(editor) == [(624.0, 160.0), (672.0, 240.0)]


def test_that_a_box_selects_bends_and_they_move_with_what_is_selected(
    canvas: CanvasView, bowed: Editor, hand: Hand
) -> None:
    hand.drag((600.0, 120.0), (690.0, 250.0))
    assert canvas.selection.bends == [(WIRE, 0)]
    assert canvas.selected_nodes() == []
    hand.drag((600.0, 120.0), (760.0, 250.0))
    assert (canvas.selection.bends, canvas.selected_nodes()) == ([(WIRE, 0)], ["write"])
    hand.drag(hand.centre("write"), (hand.centre("write")[0], hand.centre("write")[1] + 64))
    assert via(bowed) == [(648.0, 224.0)]
    assert bowed.workflow.layout["write"] == (704.0, 256.0)
    assert bowed.undo_stack.count() == 1


@pytest.mark.parametrize("by", ["mouse", "keys", "align"])
def test_that_bends_go_along_when_both_ends_are_moved(
    canvas: CanvasView, bowed: Editor, hand: Hand, by: str
) -> None:
    canvas.select(["read", "keep"])
    if by == "mouse":
        hand.drag(hand.centre("read"), (hand.centre("read")[0] + 32, hand.centre("read")[1] - 64))
        assert via(bowed) == [(680.0, 96.0)]
    elif by == "keys":
        QTest.keyClick(canvas, Key.Key_Left, CONTROL)
        assert via(bowed) == [(632.0, 160.0)]
    else:
        canvas.arrange.align("middle")  # both lie there already
        assert via(bowed) == [LOW]
        return
    assert bowed.undo_stack.count() == 1
    bowed.undo_stack.undo()
    assert via(bowed) == [LOW]
    shown = canvas.canvas_scene.wires
    assert shown.points.tolist() == [list(LOW)]


def test_that_a_bend_stays_when_one_end_is_moved_and_escape_puts_it_back(
    canvas: CanvasView, bowed: Editor, hand: Hand
) -> None:
    canvas.commands.move(["keep"], [(800.0, 0.0)])
    assert via(bowed) == [LOW]
    hand.press(LOW)
    hand.carry(LOW, (700.0, 300.0))
    assert canvas.canvas_scene.wires.points.tolist() != [list(LOW)]
    QTest.keyClick(canvas, Key.Key_Escape)
    assert canvas.canvas_scene.wires.points.tolist() == [list(LOW)]
    assert bowed.undo_stack.count() == 1


def test_that_tidying_up_straightens_what_it_laid_out(canvas: CanvasView, bowed: Editor) -> None:
    canvas.select(["start", "read"])
    canvas.arrange.tidy()
    assert via(bowed) == [LOW]
    canvas.select_all()
    canvas.arrange.tidy()
    assert via(bowed) == []
    bowed.undo_stack.undo()
    assert via(bowed) == [LOW]


def test_that_copies_keep_the_bends_of_wires_among_them(canvas: CanvasView, bowed: Editor) -> None:
    canvas.select(["read", "keep"])
    canvas.commands.duplicate((0.0, 400.0))
    copied = next(c for c in bowed.workflow.connections.values() if c.source == "read_2")
    assert bends(copied) == ((648.0, 560.0),)
    canvas.select(["keep"])
    canvas.commands.duplicate((0.0, 800.0))
    fed = next(c for c in bowed.workflow.connections.values() if c.target == "keep_3")
    assert VIA not in fed.extra


@pytest.mark.parametrize("zoom", [1.0, 0.3, 0.1])
def test_that_a_bent_wire_is_painted_where_it_is_led(canvas: CanvasView, bowed: Editor, zoom: float) -> None:
    def near(image: QImage) -> int:
        place = canvas.mapFromScene(QPointF(*LOW))
        ground = canvas.layer.inks.canvas
        around = range(-2, 3)
        return sum(image.pixelColor(place.x() + x, place.y() + y) != ground for x in around for y in around)

    canvas.layer.grid = False
    canvas.camera.zoom_at(zoom)
    canvas.camera.look_at(QPointF(*LOW))
    assert near(canvas.viewport().grab().toImage()) > 0
    bowed.push(set_bends(bowed.workflow, {WIRE: ()}, "Straighten"))
    if zoom == 1.0:
        assert near(canvas.viewport().grab().toImage()) == 0


def test_that_bends_are_hit_before_their_wire_and_the_wire_along_its_way(
    canvas: CanvasView, bowed: Editor
) -> None:
    scene, inks = canvas.canvas_scene, canvas.layer.inks

    def found(x: float, y: float) -> str:
        return hits.hit(scene, inks, QPointF(x, y), 1.0, frozenset()).kind

    assert found(*LOW) == "bend"
    curve = scene.wires.curves_of(scene.wires.row_of[WIRE])
    x, y = geometry.sample_chain(curve[None], 8)[0, 5].tolist()
    assert found(x, y) == "wire"
    assert found(*MIDDLE) == "nothing"
    assert hits.bends_in(scene, scene.bounds()) == [(WIRE, 0)]


def test_that_slicing_follows_the_bends(canvas: CanvasView, bowed: Editor, hand: Hand) -> None:
    hand.drag((630.0, 200.0), (666.0, 120.0), modifiers=ALT)
    assert WIRE not in bowed.workflow.connections


def test_that_an_exported_drawing_shows_bends(qapp: object) -> None:
    def svg(workflow: Workflow) -> bytes:
        return render_svg(Drawing(workflow=workflow, catalog=Catalog.load(), theme=light()))

    assert svg(small_workflow()) != svg(led(small_workflow(), LOW))


def test_that_scenes_made_by_edits_equal_new_ones(canvas: CanvasView, editor: Editor) -> None:
    editor.push(
        set_bends(editor.workflow, {WIRE: [(600.0, 99.0), (640.0, 160.0)], "start_to_read": [LOW]}, "x")
    )
    light_way = canvas.canvas_scene.wires
    editor.replace(editor.workflow)
    fresh = canvas.canvas_scene.wires
    assert fresh is not light_way
    for name in ("boxes", "points", "point_wire", "point_index", "ends"):
        np.testing.assert_array_equal(getattr(light_way, name), getattr(fresh, name))
    assert sorted(fresh.bend_names()) == [(WIRE, 0), (WIRE, 1), ("start_to_read", 0)]


# -- the model -------------------------------------------------------------------------------


@pytest.mark.parametrize("strange", [7, "x", [[1]], [[1, "2"]], [[1, True]], [[1, 1e9]], [[0, 0]] * 200])
def test_that_what_cannot_be_read_draws_a_straight_wire_and_stays(strange: Json) -> None:
    workflow = small_workflow()
    wire = replace(workflow.connections[WIRE], extra={VIA: strange})
    workflow = replace(workflow, connections={**workflow.connections, WIRE: wire})
    read = codec.decode(codec.encode(workflow))
    assert bends(read.connections[WIRE]) == ()
    assert read.connections[WIRE].extra == {VIA: strange}


def test_that_the_file_keeps_bends_and_undo_takes_them_back() -> None:
    workflow = small_workflow()
    edit = set_bends(workflow, {WIRE: [LOW]}, "Add bend")
    after = apply(workflow, edit.changes)
    assert bends(codec.decode(codec.encode(after)).connections[WIRE]) == (LOW,)
    assert apply(after, inverse(workflow, edit.changes)) == workflow
    assert set_bends(after, {WIRE: [LOW], "gone": [LOW]}, "").changes == ()
    assert bent(after.connections[WIRE], ()) == workflow.connections[WIRE]


def test_that_bends_are_carried_only_when_both_ends_go_the_same_way() -> None:
    workflow = led(small_workflow(), LOW)
    assert carried(workflow, {"read": (352.0, 16.0), "keep": (704.0, 16.0)}) == {WIRE: [(648.0, 176.0)]}
    assert carried(workflow, {"read": (352.0, 16.0), "keep": (704.0, 32.0)}) == {}
    assert carried(workflow, {"read": (352.0, 16.0)}) == {}


def test_that_a_bend_puts_no_result_out_of_date() -> None:
    before = small_workflow()
    after = apply(before, set_bends(before, {WIRE: [LOW]}, "Add bend").changes)
    assert stale(after, {node_id: Made(workflow=before) for node_id in before.nodes}) == {}
