"""One stack for everything: each edit is undone as one step, typing merges, nothing half applies."""

from __future__ import annotations

import gc
import weakref
from pathlib import Path

import pytest
from pytestqt.qtbot import QtBot

from designer.document.document import Document
from designer.editor import Editor
from engine.model import Connection, Edit, Node, Workflow, edits
from engine.model.changes import NodeAdded, NodeRemoved


@pytest.fixture
def editor(qtbot: QtBot) -> Editor:
    workflow = Workflow(
        id="w",
        nodes={"a": Node(id="a", type="t", title="A"), "b": Node(id="b", type="t")},
        connections={"c": Connection(id="c", source="a", target="b")},
    )
    return Editor(Document(workflow))


def test_that_typing_into_one_field_is_one_step_of_undo(editor: Editor) -> None:
    before = editor.workflow
    for text in ("d", "de", "dep"):
        editor.push(edits.set_parameters(editor.workflow, "a", {"column": text}))
    assert editor.undo_stack.count() == 1
    assert editor.workflow.nodes["a"].parameters == {"column": "dep"}
    editor.undo_stack.undo()
    assert editor.workflow == before
    editor.undo_stack.redo()
    assert editor.workflow.nodes["a"].parameters == {"column": "dep"}


def test_that_leaving_a_field_begins_a_new_step(editor: Editor) -> None:
    editor.push(edits.set_parameters(editor.workflow, "a", {"column": "x"}))
    editor.seal()
    editor.push(edits.set_parameters(editor.workflow, "a", {"column": "y"}))
    editor.undo_stack.undo()
    assert editor.workflow.nodes["a"].parameters == {"column": "x"}


def test_that_edits_of_different_nodes_do_not_merge(editor: Editor) -> None:
    editor.push(edits.set_parameters(editor.workflow, "a", {"column": "x"}))
    editor.push(edits.set_parameters(editor.workflow, "b", {"column": "x"}))
    assert editor.undo_stack.count() == 2


def test_that_an_edit_that_does_not_fit_is_refused_with_a_reason(editor: Editor, qtbot: QtBot) -> None:
    before = editor.workflow
    with qtbot.waitSignal(editor.edit_refused) as refused:
        assert not editor.push(Edit(label="x", changes=(NodeRemoved(node_id="a"),)))
    assert "still connected" in refused.args[0]
    assert editor.workflow is before
    assert editor.undo_stack.count() == 0


def test_that_saving_clears_the_edited_mark_and_undo_brings_it_back(editor: Editor) -> None:
    editor.push(edits.rename(editor.workflow, "a", "New"))
    assert editor.is_edited
    editor.mark_saved(Path("w.workflow.json"))
    assert not editor.is_edited
    editor.undo_stack.undo()
    assert editor.is_edited


def test_that_a_recovered_document_counts_as_edited(editor: Editor) -> None:
    editor.replace(Workflow(id="other"), edited=True)
    assert editor.is_edited
    assert not editor.undo_stack.canUndo()


def test_that_observers_see_both_sides_of_a_change_and_can_leave(editor: Editor) -> None:
    seen: list[tuple[str, str, int]] = []
    leave = editor.document.subscribe(
        lambda before, after, changes: seen.append(
            (before.nodes["a"].title, after.nodes["a"].title, len(changes))
        )
    )
    editor.push(edits.rename(editor.workflow, "a", "New"))
    editor.undo_stack.undo()
    leave()
    leave()
    editor.undo_stack.redo()
    assert seen == [("A", "New", 1), ("New", "A", 1)]
    assert editor.document.revision == 3


def test_that_an_editor_goes_without_the_help_of_the_garbage_collector(qtbot: QtBot) -> None:
    editor = Editor(Document(Workflow(id="w")))
    editor.push(Edit(label="Add", changes=(NodeAdded(node=Node(id="a", type="flow.wait")),)))
    gone = weakref.ref(editor)
    gc.disable()
    try:
        document = editor.document
        del editor
        assert gone() is None
        document.go_to(())
    finally:
        gc.enable()


def test_that_the_collector_takes_an_editor_that_its_own_subscriber_holds(qtbot: QtBot) -> None:
    gone = []
    for _ in range(40):
        editor = Editor(Document(Workflow(id="w")))
        editor.document.subscribe(lambda *_, held=editor: None)
        for name in "abc":
            node = Node(id=name, type="flow.wait")
            editor.push(Edit(label="Add", changes=(NodeAdded(node=node),)))
        editor.undo_stack.undo()
        gone.append(weakref.ref(editor))
        del editor
    gc.collect()
    assert [each() for each in gone] == [None] * 40
