"""What an undo or a redo brings back is selected; what the wires of a switch say."""

from __future__ import annotations

from dataclasses import replace

import pytest

from designer.canvas.view import CanvasView
from designer.canvas.wire_rows import pill_text
from designer.editor import Editor
from engine.model import Connection, edits
from engine.model.comments import Comment

NOTE = Comment(id="note", text="Note", x=0.0, y=400.0, width=288.0, height=160.0)


def test_that_a_redone_paste_is_selected(canvas: CanvasView, editor: Editor) -> None:
    editor.replace(replace(editor.workflow, layout_extra={"comments": [NOTE.to_json()]}))
    canvas.selection.set(["read", "keep"], notes=["note"])
    canvas.copy()
    canvas.paste()
    pasted = (canvas.selected_nodes(), canvas.selection.notes)
    assert pasted == (["read_2", "keep_2"], ["note_2"])
    editor.undo_stack.undo()
    assert canvas.selection.is_empty
    canvas.select(["start"])
    editor.undo_stack.redo()
    assert (canvas.selected_nodes(), canvas.selection.notes) == pasted


def test_that_an_undone_deletion_is_selected(canvas: CanvasView, editor: Editor) -> None:
    canvas.select(["keep"])
    canvas.delete_selection()
    canvas.select(["start"])
    editor.undo_stack.undo()
    assert canvas.selected_nodes() == ["keep"]


def test_that_other_steps_leave_the_selection_alone(canvas: CanvasView, editor: Editor) -> None:
    editor.push(edits.rename(editor.workflow, "keep", "Other"))
    canvas.select(["start"])
    editor.undo_stack.undo()
    editor.undo_stack.redo()
    assert canvas.selected_nodes() == ["start"]


@pytest.mark.parametrize(
    ("source_type", "condition", "on", "said"),
    [
        ("flow.switch", None, "success", "otherwise"),
        ("flow.switch", "${a.n} > 1", "success", "${a.n} > 1"),
        ("flow.switch", None, "error", "on error"),
        ("table.filter", None, "success", ""),
        ("table.filter", None, "always", "always"),
    ],
)
def test_what_a_wire_says(
    canvas: CanvasView, editor: Editor, source_type: str, condition: str | None, on: str, said: str
) -> None:
    nodes = dict(editor.workflow.nodes)
    nodes["keep"] = replace(nodes["keep"], type=source_type)
    wire = Connection(id="w", source="keep", target="write", condition=condition, on=on)  # type: ignore[arg-type]
    editor.replace(replace(editor.workflow, nodes=nodes, connections={"w": wire}))
    assert pill_text(editor.workflow, wire) == said
    assert canvas.canvas_scene.wires.labelled.tolist() == [bool(said)]
    canvas.grab()
