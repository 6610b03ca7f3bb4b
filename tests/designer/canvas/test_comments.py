"""Comments: written, moved, resized, copied and deleted, and never part of a run."""

from __future__ import annotations

import json
from dataclasses import replace

import pytest
from PySide6.QtCore import QPointF, Qt
from PySide6.QtGui import QGuiApplication
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication

from designer.canvas.comment_field import CommentField
from designer.canvas.notes import box_of
from designer.canvas.view import CanvasView
from designer.editor import Editor
from engine.files import codec
from engine.model.comments import Comment, comments, set_comments
from tests.designer.canvas.conftest import Hand, small_workflow

Key = Qt.Key
CONTROL = Qt.KeyboardModifier.ControlModifier
SHIFT = Qt.KeyboardModifier.ShiftModifier
NOTE = Comment(id="note", text="# Why\n\nOnly *large* orders", x=0, y=192, width=288, height=112)
MIDDLE = (144.0, 240.0)


@pytest.fixture
def noted(canvas: CanvasView, editor: Editor) -> Editor:
    editor.replace(replace(editor.workflow, layout_extra={"comments": [NOTE.to_json()]}))
    return editor


def field_of(canvas: CanvasView) -> CommentField:
    field = next(one for one in canvas.viewport().findChildren(CommentField) if one.isVisible())
    assert isinstance(field, CommentField)
    return field


def only(editor: Editor) -> Comment:
    (found,) = comments(editor.workflow)
    return found


def test_that_a_comment_is_written_above_the_selection_in_one_step(
    canvas: CanvasView, editor: Editor
) -> None:
    canvas.select(["keep", "write"])
    QTest.keyClick(canvas, Key.Key_S, SHIFT)
    field = field_of(canvas)
    QTest.keyClicks(field, "Only **large** orders")
    QTest.keyClick(field, Key.Key_Return, CONTROL)
    found = only(editor)
    assert found.text == "Only **large** orders"
    assert (found.x, found.y + found.height) == (704.0, -32.0)
    assert canvas.selection.notes == [found.id]
    assert canvas.hasFocus()
    assert editor.undo_stack.count() == 1
    canvas.grab()
    editor.undo_stack.undo()
    assert comments(editor.workflow) == ()
    assert canvas.selection.notes == []
    assert "comments" not in editor.workflow.layout_extra


def test_that_nothing_written_adds_nothing(canvas: CanvasView, editor: Editor) -> None:
    canvas.comments.add()
    QTest.keyClick(field_of(canvas), Key.Key_Return, CONTROL)
    canvas.comments.add()
    QTest.keyClick(field_of(canvas), Key.Key_Escape)
    assert comments(editor.workflow) == ()
    assert editor.undo_stack.count() == 0


def test_that_escape_keeps_what_was_written_and_undo_takes_it_away(
    canvas: CanvasView, editor: Editor
) -> None:
    canvas.comments.add()
    QTest.keyClicks(field_of(canvas), "half an hour's work")
    QTest.keyClick(field_of(canvas), Key.Key_Escape)
    assert only(editor).text == "half an hour's work"
    assert canvas.hasFocus()
    editor.undo_stack.undo()
    assert comments(editor.workflow) == ()


def test_that_new_comments_lie_beside_cards_and_each_other(
    canvas: CanvasView, editor: Editor, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(canvas, "pointer_or_centre", lambda: middle)
    middle = QPointF(472.0, 32.0)  # of the second card
    for text in ("first", "- one\n" * 12):
        canvas.select([])
        canvas.comments.add()
        field_of(canvas).setPlainText(text)
        QTest.keyClick(field_of(canvas), Key.Key_Escape)
    papers = [box_of(comment) for comment in comments(editor.workflow)]
    cards = [canvas.canvas_scene.card(row) for row in range(len(canvas.canvas_scene.ids))]
    assert len(papers) == 2
    assert not papers[0].intersects(papers[1])
    assert not [card for card in cards for paper in papers if paper.intersects(card)]
    assert papers[1].height() > 2 * papers[0].height()
    assert all((paper.center() - middle).manhattanLength() < 700 for paper in papers)


def test_that_a_double_click_edits_and_emptying_deletes(
    canvas: CanvasView, noted: Editor, hand: Hand
) -> None:
    hand.double_click(MIDDLE)
    field = field_of(canvas)
    assert field.toPlainText() == NOTE.text
    field.setPlainText("long\n\n" * 30)
    canvas.setFocus()  # leaving it keeps the text
    assert only(noted).height > NOTE.height
    hand.double_click(MIDDLE)
    field_of(canvas).setPlainText("")
    canvas.camera.pan(5, 0)
    assert comments(noted.workflow) == ()
    assert noted.undo_stack.count() == 2


def test_that_a_comment_is_dragged_on_the_grid(canvas: CanvasView, noted: Editor, hand: Hand) -> None:
    hand.drag(MIDDLE, (MIDDLE[0] + 50, MIDDLE[1] + 30))
    assert (only(noted).x, only(noted).y) == (48.0, 224.0)
    assert noted.undo_stack.undoText() == "Move comment"
    assert noted.undo_stack.count() == 1
    assert canvas.selected_nodes() == []
    noted.undo_stack.undo()
    assert only(noted) == NOTE


def test_that_its_corner_resizes_it(canvas: CanvasView, noted: Editor, hand: Hand) -> None:
    corner = (NOTE.width - 4.0, NOTE.y + NOTE.height - 4.0)
    hand.move(corner)
    assert canvas.viewport().cursor().shape() == Qt.CursorShape.SizeFDiagCursor
    hand.drag(corner, (corner[0] + 64, corner[1] + 32))
    assert (only(noted).width, only(noted).height) == (352.0, 144.0)
    hand.drag((348.0, 332.0), (0.0, 0.0))
    assert (only(noted).width, only(noted).height) == (128.0, 48.0)


def test_that_nodes_and_comments_move_together(canvas: CanvasView, noted: Editor, hand: Hand) -> None:
    canvas.select_all()
    assert canvas.selection.notes == ["note"]
    hand.drag(MIDDLE, (MIDDLE[0] + 32, MIDDLE[1]))
    assert noted.workflow.layout["start"] == (32.0, 0.0)
    assert only(noted).x == 32.0
    hand.drag(hand.centre("read"), (hand.centre("read")[0], hand.centre("read")[1] + 32))
    assert noted.workflow.layout["write"] == (736.0, 224.0)
    assert only(noted).y == 224.0
    assert noted.undo_stack.count() == 2


def test_that_escape_leaves_everything_where_it_was(canvas: CanvasView, noted: Editor, hand: Hand) -> None:
    canvas.select_all()
    for start in (MIDDLE, hand.centre("read")):
        hand.press(start)
        hand.carry(start, (start[0] + 64, start[1]))
        QTest.keyClick(canvas, Key.Key_Escape)
        hand.release((start[0] + 64, start[1]))
        assert canvas.canvas_scene.notes.shown == [NOTE]
        assert canvas.canvas_scene.xy[0].tolist() == [0.0, 0.0]
    assert noted.undo_stack.count() == 0


def test_that_it_is_selected_by_click_box_and_keys(canvas: CanvasView, noted: Editor, hand: Hand) -> None:
    hand.click(MIDDLE)
    assert canvas.selection.notes == ["note"]
    hand.click(MIDDLE, modifiers=CONTROL)
    assert canvas.selection.is_empty
    hand.click(hand.centre("read"))
    hand.click(MIDDLE, modifiers=SHIFT)
    assert (canvas.selection.nodes, canvas.selection.notes) == (["read"], ["note"])
    canvas.frame_selection()
    hand.drag((-40.0, 160.0), (420.0, 330.0))
    assert (canvas.selection.nodes, canvas.selection.notes) == ([], ["note"])
    hand.drag((-40.0, 160.0), (420.0, 330.0), modifiers=CONTROL)
    assert canvas.selection.notes == []


def test_that_it_is_deleted_with_nodes_and_comes_back(canvas: CanvasView, noted: Editor) -> None:
    canvas.select_all()
    QTest.keyClick(canvas, Key.Key_Delete)
    assert not noted.workflow.nodes
    assert comments(noted.workflow) == ()
    assert noted.undo_stack.count() == 1
    noted.undo_stack.undo()
    assert only(noted) == NOTE
    canvas.selection.set(notes=["note"])
    QTest.keyClick(canvas, Key.Key_Delete)
    assert len(noted.workflow.nodes) == 4
    assert noted.undo_stack.undoText() == "Delete comment"


def test_that_copies_travel_as_text(canvas: CanvasView, noted: Editor) -> None:
    canvas.selection.set(notes=["note"])
    QTest.keyClick(canvas, Key.Key_C, CONTROL)
    assert json.loads(QGuiApplication.clipboard().text())["layout"]["comments"][0]["text"] == NOTE.text
    QTest.keyClick(canvas, Key.Key_V, CONTROL)
    assert noted.undo_stack.undoText() == "Paste comment"
    assert canvas.selection.notes == ["note_2"]
    canvas.select_all()
    QTest.keyClick(canvas, Key.Key_D, CONTROL)
    assert [note.id for note in comments(noted.workflow)] == ["note", "note_2", "note_3", "note_2_2"]
    assert len(noted.workflow.nodes) == 8
    assert len(canvas.selection.nodes) == 4
    assert canvas.selection.notes == ["note_3", "note_2_2"]


def test_that_the_file_keeps_comments_and_what_it_does_not_know() -> None:
    odd = {"id": "x", "text": "kept", "x": 1, "y": 2, "width": 3, "height": 4, "colour": "red"}
    damaged = [7, {"id": "no box", "text": ""}, {**odd, "x": True}, {**odd, "id": 3}]
    workflow = replace(small_workflow(), layout_extra={"comments": [odd, *damaged], "zoom": 2})
    (found,) = comments(codec.decode(codec.encode(workflow)))
    assert found.extra == {"colour": "red"}
    edit = set_comments(workflow, [replace(found, text="changed")], "Edit")
    written = edit.changes[0].values["layout_extra"]  # type: ignore[union-attr]  # it is a WorkflowChanged
    assert written == {"zoom": 2, "comments": [{**odd, "text": "changed"}, *damaged]}


def test_that_its_menu_names_what_can_be_done(canvas: CanvasView, noted: Editor, hand: Hand) -> None:
    hand.press(MIDDLE, Qt.MouseButton.RightButton)
    menu = canvas.menus.current
    assert menu is not None
    texts = [action.text().split("\t")[0] for action in menu.actions() if action.text()]
    assert texts == ["Edit comment", "Cut", "Copy", "Duplicate", "Delete"]
    menu.actions()[0].trigger()
    assert field_of(canvas).toPlainText() == NOTE.text
    menu.hide()
    hand.release(MIDDLE, Qt.MouseButton.RightButton)


def test_that_closing_keeps_what_is_being_written(canvas: CanvasView, editor: Editor) -> None:
    canvas.comments.add()
    QTest.keyClicks(field_of(canvas), "half a thought")
    canvas.hide()
    assert only(editor).text == "half a thought"


def test_that_another_document_ends_the_writing(canvas: CanvasView, noted: Editor) -> None:
    canvas.comments.add()
    QTest.keyClicks(field_of(canvas), "for the old one")
    noted.replace(small_workflow())
    QApplication.processEvents()
    assert comments(noted.workflow) == ()
    assert noted.undo_stack.count() == 0


def test_that_pictures_show_comments_at_every_zoom(canvas: CanvasView, noted: Editor) -> None:
    paper = canvas.layer.notes._paper
    for zoom in (0.1, 0.5, 1.0, 2.0):
        canvas.set_zoom(zoom)
        canvas.grab()
    image = canvas.render_image(1.0)
    area = canvas.canvas_scene.bounds().adjusted(-48, -48, 48, 48)
    found = image.pixelColor(round(270 - area.left()), round(296 - area.top()))
    assert found.name() == paper.name()
