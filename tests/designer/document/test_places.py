"""Looking and editing inside a node that holds a workflow: one document, one undo stack, one journal."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import pytest
from pytestqt.qtbot import QtBot

from designer.document import journal as journals
from designer.document.document import Document, Place
from designer.document.journal import Journal
from designer.editor import Editor
from engine.files import workflow_file
from engine.model import Change, Node, Workflow, edits
from engine.model.changes import NodeAdded, NodeRemoved, apply
from engine.model.edits import Edit
from engine.model.subworkflows import get, replace_embedded


def nested() -> Workflow:
    """outer: a, each(inner: x, deep(innermost: z)), empty."""
    innermost = Workflow(id="innermost", nodes={"z": Node(id="z", type="flow.set_values")})
    inner = Workflow(
        id="inner",
        name="Inner",
        nodes={
            "x": Node(id="x", type="flow.set_values"),
            "deep": Node(id="deep", type="flow.subworkflow", title="Deep"),
        },
        layout={"x": (16.0, 32.0)},
    )
    inner = apply(inner, replace_embedded(inner, "deep", innermost).changes)
    outer = Workflow(
        id="outer",
        name="Outer",
        nodes={
            "a": Node(id="a", type="flow.set_values"),
            "each": Node(id="each", type="flow.for_each", title="Each"),
            "empty": Node(id="empty", type="flow.loop"),
            "file": Node(id="file", type="flow.subworkflow", config={"workflow": {"file": "x.json"}}),
        },
    )
    return apply(outer, replace_embedded(outer, "each", inner).changes)


def add(node_id: str) -> Edit:
    return Edit(label="Add", changes=(NodeAdded(node=Node(id=node_id, type="flow.set_values")),))


def names(workflow: Workflow, *place: str) -> list[str]:
    for node_id in place:
        inner = get(workflow.nodes[node_id])
        assert inner is not None
        workflow = inner
    return list(workflow.nodes)


@pytest.fixture
def editor(qtbot: QtBot) -> Editor:
    return Editor(Document(nested()))


def test_that_an_edit_inside_is_in_the_whole_and_nowhere_else(editor: Editor) -> None:
    document = editor.document
    document.go_to(("each", "deep"))
    assert document.titles == ("Each", "Deep")
    assert editor.push(add("new"))
    assert list(document.workflow.nodes) == ["z", "new"]
    assert names(document.root, "each", "deep") == ["z", "new"]
    assert names(document.root, "each") == ["x", "deep"]
    assert document.workflow.nodes["new"].id == "new"
    document.go_to(())
    assert document.workflow is document.root
    document.go_to(("each",))
    assert document.workflow.layout["x"] == (16.0, 32.0)


def test_that_undo_and_redo_lead_to_where_it_was_done(editor: Editor) -> None:
    document, stack = editor.document, editor.undo_stack
    document.go_to(("each",))
    editor.push(add("inside"))
    document.go_to(())
    editor.push(add("outside"))
    stack.undo()
    assert document.place == ()
    stack.undo()
    assert document.place == ("each",)
    assert document.root == nested()
    stack.redo()
    assert document.place == ("each",)
    stack.redo()
    assert document.place == ()
    assert names(document.root) == ["a", "each", "empty", "file", "outside"]
    assert names(document.root, "each") == ["x", "deep", "inside"]


def test_that_the_same_key_in_two_places_is_two_steps_of_undo(editor: Editor) -> None:
    document = editor.document
    for place in ((), ("each",)):
        document.go_to(place)
        node_id = "a" if not place else "x"
        edit = edits.move(document.workflow, {node_id: (48.0, 48.0)}, merge_key="nudge")
        editor.push(edit)
    assert editor.undo_stack.count() == 2


def test_that_a_node_that_holds_nothing_yet_shows_an_empty_canvas_and_takes_an_edit(editor: Editor) -> None:
    document = editor.document
    document.go_to(("empty",))
    assert not document.workflow.nodes
    assert not editor.is_edited
    editor.push(add("first"))
    assert names(document.root, "empty") == ["first"]
    editor.undo_stack.undo()
    assert not document.workflow.nodes


@pytest.mark.parametrize("place", [("a",), ("gone",), ("file",), ("each", "x")])
def test_that_there_is_no_way_into_what_holds_no_workflow(editor: Editor, place: Place) -> None:
    with pytest.raises(ValueError, match="inside this step"):
        editor.document.go_to(place)
    assert editor.document.place == ()


def test_that_observers_hear_what_is_shown_and_edits_are_heard_with_their_place(editor: Editor) -> None:
    document = editor.document
    shown: list[tuple[int, int, int]] = []
    edited: list[tuple[Place, int]] = []
    places: list[Place] = []

    def on_shown(before: Workflow, after: Workflow, changes: Sequence[Change]) -> None:
        shown.append((len(before.nodes), len(after.nodes), len(changes)))

    document.subscribe(on_shown)
    document.subscribe_edits(lambda place, changes: edited.append((place, len(changes))))
    stop = document.subscribe_place(places.append)
    document.go_to(("each",))
    editor.push(add("new"))
    editor.push(add("beside"), place=())  # an edit of the whole while the inside is shown
    assert shown == [(4, 2, 0), (2, 3, 1)]
    assert edited == [(("each",), 1), ((), 1)]
    assert places == [("each",)]
    editor.replace(nested())
    assert edited[-1] == ((), 0)
    assert places[-1] == ()
    stop()
    stop()
    document.go_to(("each",))
    assert len(places) == 2


def test_that_a_person_is_led_out_of_a_node_that_goes(editor: Editor) -> None:
    document = editor.document
    document.go_to(("each", "deep"))
    editor.push(Edit(label="Delete", changes=(NodeRemoved(node_id="deep"),)), place=("each",))
    assert document.place == ("each",)
    editor.push(Edit(label="Delete", changes=(NodeRemoved(node_id="each"),)), place=())
    assert document.place == ()


def test_that_a_crash_loses_no_edit_made_inside(tmp_path: Path, editor: Editor) -> None:
    path = tmp_path / "w.workflow.json"
    workflow_file.save(path, nested())
    editor.replace(workflow_file.load(path), path)
    journal = Journal(editor.document, tmp_path)
    editor.document.go_to(("each", "deep"))
    editor.push(add("inside"))
    editor.document.go_to(())
    editor.push(add("outside"))
    whole = editor.root
    assert journal._stream is not None
    journal._stream.close()  # as the death of the program does
    recovery = journals.find(journals.journal_of(path))
    assert recovery is not None
    assert recovery.workflow == whole
    assert recovery.commands == 2
    journals.discard(recovery)
