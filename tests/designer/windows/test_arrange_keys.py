"""The keys that arrange nodes, pressed on the canvas of the real window."""

from __future__ import annotations

from PySide6.QtCore import Qt
from PySide6.QtTest import QTest

from designer.canvas.comment_field import CommentField
from engine.model import edits
from engine.model.comments import comments
from tests.support.desk import Desk

ALT = Qt.KeyboardModifier.AltModifier
SHIFT = Qt.KeyboardModifier.ShiftModifier


def test_that_the_keys_reach_the_canvas(desk: Desk) -> None:
    desk.open()
    window = desk.window
    window.session.settings.reduce_motion = True
    for number in range(3):
        window.canvas.commands.add("table.filter", window.canvas.free_corner())
        edit = edits.move(
            window.session.editor.workflow,
            {window.canvas.selected_nodes()[0]: (number * 300.0 + number * number * 100.0, number * 100.0)},
        )
        window.session.editor.push(edit)
    editor, canvas = window.session.editor, window.canvas
    canvas.select_all()
    canvas.setFocus()
    tops = {"L": (0, [0, 0, 0]), "R": (0, [1000, 1000, 1000]), "C": (0, [500, 500, 500])}
    tops |= {"T": (1, [0, 0, 0]), "B": (1, [200, 200, 200]), "M": (1, [100, 100, 100])}
    tops |= {"H": (0, [0, 500, 1000]), "V": (1, [0, 100, 200])}
    for key, (axis, wanted) in tops.items():
        count = editor.undo_stack.index()
        QTest.keyClick(canvas, Qt.Key.Key_A, ALT)
        QTest.keyClick(canvas, getattr(Qt.Key, f"Key_{key}"))
        assert [place[axis] for place in editor.workflow.layout.values()] == wanted, key
        if editor.undo_stack.index() > count:
            editor.undo_stack.undo()
    assert not canvas.quick_add.isVisible()
    QTest.keyClick(canvas, Qt.Key.Key_T, ALT | SHIFT)
    assert editor.undo_stack.undoText() == "Tidy up"
    assert len({place[0] for place in editor.workflow.layout.values()}) == 3


def test_that_a_comment_is_written_copied_and_deleted_by_keys(desk: Desk) -> None:
    desk.open()
    canvas, editor = desk.window.canvas, desk.window.session.editor
    canvas.setFocus()
    QTest.keyClick(canvas, Qt.Key.Key_S, SHIFT)
    field = canvas.viewport().findChild(CommentField)
    assert field is not None
    QTest.keyClicks(field, "Why d and f?")  # letters that are keys of the canvas elsewhere
    QTest.keyClick(field, Qt.Key.Key_Return, Qt.KeyboardModifier.ControlModifier)
    assert [comment.text for comment in comments(editor.workflow)] == ["Why d and f?"]
    QTest.keyClick(canvas, Qt.Key.Key_D, Qt.KeyboardModifier.ControlModifier)
    assert len(comments(editor.workflow)) == 2
    QTest.keyClick(canvas, Qt.Key.Key_Delete)
    assert len(comments(editor.workflow)) == 1
    desk.window.commands["edit.undo"].trigger()
    assert len(comments(editor.workflow)) == 2
