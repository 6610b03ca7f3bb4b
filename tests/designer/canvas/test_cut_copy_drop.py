"""Slicing wires, dragging copies, dropping data files: real events, one step of undo each."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from PySide6.QtCore import QMimeData, QPointF, Qt, QUrl
from PySide6.QtGui import QDragEnterEvent, QDragMoveEvent, QDropEvent
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication

from designer.canvas.view import CanvasView
from designer.document.data_files import is_workflow, reader_of
from designer.editor import Editor
from engine.files import workflow_file
from engine.model import Connection
from engine.model.changes import ConnectionAdded
from engine.model.edits import Edit
from tests.designer.canvas.conftest import Hand, small_workflow

ALT = Qt.KeyboardModifier.AltModifier
NONE = Qt.KeyboardModifier.NoModifier
EMPTY = (300.0, 260.0)
ON_WIRE = (648.0, 32.0)


def pairs(editor: Editor) -> set[tuple[str, str]]:
    return {(c.source, c.target) for c in editor.workflow.connections.values()}


# -- slicing


def test_that_an_alt_drag_across_wires_takes_them_away_at_once(hand: Hand, editor: Editor) -> None:
    before = editor.workflow
    hand.drag((296.0, -60.0), (296.0, 120.0), modifiers=ALT)
    assert pairs(editor) == {("read", "keep")}
    editor.undo_stack.undo()
    assert editor.workflow == before
    hand.press((296.0, -60.0), modifiers=ALT)
    for corner in ((296.0, 120.0), (648.0, 120.0), (648.0, -60.0)):
        hand.move(corner, Qt.MouseButton.LeftButton, ALT)
    hand.view.grab()
    hand.release((648.0, -60.0), modifiers=ALT)
    assert pairs(editor) == set()
    assert editor.undo_stack.count() == 1


def test_that_a_slice_that_meets_no_wire_changes_nothing(hand: Hand, editor: Editor) -> None:
    hand.drag((300.0, 120.0), (640.0, 300.0), modifiers=ALT)
    hand.click(ON_WIRE, modifiers=ALT)
    assert editor.undo_stack.count() == 0


def test_that_escape_lets_the_wires_be(canvas: CanvasView, hand: Hand, editor: Editor) -> None:
    hand.press((296.0, -60.0), modifiers=ALT)
    hand.carry((296.0, -60.0), (296.0, 120.0), modifiers=ALT)
    QTest.keyClick(canvas, Qt.Key.Key_Escape)
    hand.release((296.0, 120.0), modifiers=ALT)
    assert len(pairs(editor)) == 2


# -- copies


def test_that_an_alt_drag_of_a_card_puts_a_copy_down(canvas: CanvasView, hand: Hand, editor: Editor) -> None:
    x, y = hand.centre("keep")
    hand.press((x, y), modifiers=ALT)
    hand.carry((x, y), (x + 64, y - 112), modifiers=ALT)
    canvas.grab()
    assert canvas.canvas_scene.xy[2].tolist() == [704.0, 0.0]
    hand.release((x + 64, y - 112), modifiers=ALT)
    (copy,) = canvas.selected_nodes()
    assert editor.workflow.layout[copy] == (768.0, -112.0)
    assert editor.workflow.layout["keep"] == (704.0, 0.0)
    assert ("read", copy) in pairs(editor)
    assert editor.undo_stack.count() == 1
    editor.undo_stack.undo()
    assert len(editor.workflow.nodes) == 4


def test_that_several_are_copied_together_with_their_wires(
    canvas: CanvasView, hand: Hand, editor: Editor
) -> None:
    canvas.select(["read", "keep"])
    x, y = hand.centre("keep")
    hand.drag((x, y), (x, y + 320), modifiers=ALT)
    first, second = canvas.selected_nodes()
    assert (first, second) in pairs(editor)
    assert editor.undo_stack.count() == 1


def test_that_an_alt_click_or_escape_copies_nothing(canvas: CanvasView, hand: Hand, editor: Editor) -> None:
    x, y = hand.centre("keep")
    hand.click((x, y), modifiers=ALT)
    assert canvas.selected_nodes() == ["keep"]
    hand.press((x, y), modifiers=ALT)
    hand.carry((x, y), (x, y + 160), modifiers=ALT)
    QTest.keyClick(canvas, Qt.Key.Key_Escape)
    hand.release((x, y + 160), modifiers=ALT)
    assert editor.undo_stack.count() == 0


# -- files


def drop(hand: Hand, at: tuple[float, float], *paths: Path) -> bool:
    mime = QMimeData()
    mime.setUrls([QUrl.fromLocalFile(str(path)) for path in paths])
    place, copy, left = hand.place(*at), Qt.DropAction.CopyAction, Qt.MouseButton.LeftButton
    viewport = hand.view.viewport()
    enter = QDragEnterEvent(place, copy, mime, left, NONE)
    enter.ignore()
    QApplication.sendEvent(viewport, enter)
    if not enter.isAccepted():
        return False
    QApplication.sendEvent(viewport, QDragMoveEvent(place, copy, mime, left, NONE))
    viewport.grab()
    QApplication.sendEvent(viewport, QDropEvent(QPointF(place), copy, mime, left, NONE))
    return True


@pytest.mark.parametrize(
    ("name", "type_id"),
    [
        ("orders.csv", "file.read_csv"),
        ("orders.TSV", "file.read_csv"),
        ("orders.xlsx", "file.read_excel"),
        ("orders.parquet", "file.read_parquet"),
        ("orders.json", "file.read_json"),
        ("orders.jsonl", "file.read_json"),
    ],
)
def test_that_a_data_file_becomes_its_reader(
    canvas: CanvasView, hand: Hand, editor: Editor, tmp_path: Path, name: str, type_id: str
) -> None:
    path = tmp_path / name
    path.write_text("[]")
    assert drop(hand, EMPTY, path)
    (added,) = canvas.selected_nodes()
    node = editor.workflow.nodes[added]
    assert (node.type, node.title) == (type_id, "Read orders")
    assert node.parameters["path"] == path.as_posix()
    assert len(pairs(editor)) == 2  # placed, and connected to nothing
    assert editor.undo_stack.count() == 1


def test_that_the_path_is_relative_to_a_saved_workflow(
    canvas: CanvasView, hand: Hand, editor: Editor, tmp_path: Path
) -> None:
    (tmp_path / "data").mkdir()
    path = tmp_path / "data" / "orders.csv"
    path.write_text("a,b\n")
    editor.mark_saved(tmp_path / "small.workflow.json")
    drop(hand, EMPTY, path)
    (added,) = canvas.selected_nodes()
    assert editor.workflow.nodes[added].parameters["path"] == "data/orders.csv"


def test_that_a_file_dropped_on_a_wire_is_inserted_there(
    canvas: CanvasView, hand: Hand, editor: Editor, tmp_path: Path
) -> None:
    drop(hand, (296.0, 32.0), tmp_path / "prices.csv")
    (added,) = canvas.selected_nodes()
    assert pairs(editor) == {("start", added), (added, "read"), ("read", "keep")}
    assert editor.workflow.nodes[added].title == "Read prices"
    assert editor.undo_stack.count() == 1


def test_that_several_files_hang_below_each_other_in_one_step(
    canvas: CanvasView, hand: Hand, editor: Editor, tmp_path: Path
) -> None:
    drop(hand, ON_WIRE, tmp_path / "a.csv", tmp_path / "b.parquet", tmp_path / "c.pdf")
    first, second = canvas.selected_nodes()
    (x0, y0), (x1, y1) = editor.workflow.layout[first], editor.workflow.layout[second]
    assert x0 == x1
    assert y1 - y0 > 64
    assert len(pairs(editor)) == 2
    editor.undo_stack.undo()
    assert len(editor.workflow.nodes) == 4


def test_that_other_files_and_workflows_are_left_to_the_window(
    hand: Hand, editor: Editor, tmp_path: Path
) -> None:
    named, plain, big = (tmp_path / name for name in ("a.workflow.json", "b.json", "c.json"))
    for path in (named, plain):
        workflow_file.save(path, small_workflow())
    big.write_text(json.dumps({"nodes": [], "rows": [1, 2]}))
    assert [is_workflow(path) for path in (named, plain, big)] == [True, True, False]
    assert reader_of(tmp_path / "gone.json") == "file.read_json"
    assert not drop(hand, EMPTY, named)
    assert not drop(hand, EMPTY, plain)
    assert not drop(hand, EMPTY, tmp_path / "notes.pdf")
    assert editor.undo_stack.count() == 0


# -- connecting


def test_that_what_lights_up_is_what_takes_the_wire(canvas: CanvasView, hand: Hand, editor: Editor) -> None:
    extra = Connection(id="late", source="read", target="write", on="error")
    editor.push(Edit(label="Wire", changes=(ConnectionAdded(connection=extra),)))
    ids = canvas.canvas_scene.ids

    def lit(port: tuple[float, float]) -> set[str]:
        hand.press(port)
        hand.carry(port, EMPTY)
        shown = getattr(canvas.pointing.tool, "_candidates", None)
        canvas.pointing.cancel()
        hand.release(EMPTY)
        return {ids[row] for row in shown or ()}

    assert lit(hand.port("read", "output")) == {"write"}  # the wire that is there is for failures
    assert lit(hand.port("keep", "input")) == {"keep", "write"}  # a wire that is taken off may go back
    assert lit(hand.port("start", "output")) == {"keep", "write"}


# -- a card put down on a wire -----------------------------------------------------------------


def test_that_a_card_dragged_onto_a_wire_is_inserted_there_in_one_step(
    canvas: CanvasView, hand: Hand, editor: Editor
) -> None:
    before = editor.workflow
    canvas.commands.add("table.sort", QPointF(352.0, 400.0))
    start = hand.centre("sort")
    hand.press(start)
    hand.carry(start, (648.0, 32.0), Qt.MouseButton.LeftButton)
    scene = canvas.canvas_scene
    assert scene.wires.ids[canvas.layer.attention.hovered_wire] == "read_to_keep"  # it lights up
    hand.release((648.0, 32.0))
    wires = {(c.source, c.target) for c in editor.workflow.connections.values()}
    assert wires == {("start", "read"), ("read", "sort"), ("sort", "keep")}
    layout = editor.workflow.layout
    assert layout["read"][0] + 240 < layout["sort"][0]
    assert layout["sort"][0] + 240 < layout["keep"][0]  # what follows made room
    assert editor.workflow.nodes["sort"].parameters["table"] == "${read.table}"
    assert editor.undo_stack.undoText() == "Insert Sort"
    editor.undo_stack.undo()
    assert editor.workflow.layout["sort"] == (352.0, 400.0)
    editor.undo_stack.undo()
    assert editor.workflow == before


def test_that_only_a_single_card_without_wires_is_inserted(
    canvas: CanvasView, hand: Hand, editor: Editor
) -> None:
    wires = dict(editor.workflow.connections)
    hand.drag(hand.centre("start"), (648.0, 32.0))  # a start, and it has a wire
    assert editor.workflow.connections == wires
    editor.undo_stack.undo()
    canvas.select(["write", "keep"])
    hand.drag(hand.centre("write"), (450.0, 32.0))
    assert editor.workflow.connections == wires
    editor.undo_stack.undo()
    canvas.select([])
    start = hand.centre("write")
    hand.press(start)
    hand.carry(start, (648.0, 32.0), Qt.MouseButton.LeftButton)
    assert canvas.layer.attention.hovered_wire >= 0
    QTest.keyClick(canvas, Qt.Key.Key_Escape)
    assert canvas.layer.attention.hovered_wire == -1
    hand.release((648.0, 32.0))
    assert editor.workflow.connections == wires
    assert editor.workflow.layout["write"] == (704.0, 192.0)
