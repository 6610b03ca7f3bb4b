"""Whatever is drawn, undone, saved and lost to a crash, in whatever order: nothing is lost or invented.

A hypothesis state machine edits through the public editor, outside and inside nodes that hold workflows. A
model of its own, plain dictionaries that know nothing of changes and inverses, says what must be there. After
every move the document equals the model, the canvas equals one made anew of the document, a saved file reads
back as what was saved, and a crash at any byte of the journal gives the last state or the one before it.
"""

from __future__ import annotations

import shutil
import tempfile
from copy import deepcopy
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import HealthCheck, Phase, settings
from hypothesis import strategies as st
from hypothesis.stateful import (
    RuleBasedStateMachine,
    invariant,
    precondition,
    rule,
    run_state_machine_as_test,
)
from PySide6.QtWidgets import QApplication

from designer.canvas.scene import Scene
from designer.document import clipboard
from designer.document import journal as journals
from designer.document.document import Document, Place
from designer.document.journal import Journal
from designer.editor import Editor
from engine.catalog import Catalog
from engine.files import codec, workflow_file
from engine.model import Workflow, edits, fragment
from engine.model.comments import Comment, comments, set_comments
from engine.model.edits import Edit
from engine.model.groups import make_group, ungroup
from engine.model.subworkflows import is_composite
from tests.support.plain_workflow import Plain, written_down

CATALOG = Catalog.load()
TYPES = (
    "file.read_csv",
    "table.filter",
    "table.sort",
    "flow.set_values",
    "flow.subworkflow",
    "flow.for_each",
)
picks = st.integers(0, 30)
places = st.integers(-20, 20).map(lambda step: step * 16.0)


@dataclass
class Step:
    """A state on the stack of undo, how it came about, and the whole workflow as it was."""

    plain: Plain
    workflow: Workflow
    place: Place = ()
    key: str = ""


class UnderFire(RuleBasedStateMachine):
    """`past[now]` is what must be there; `clean` is the state that the file holds."""

    def __init__(self) -> None:
        super().__init__()
        self.folder = Path(tempfile.mkdtemp())
        self.path = self.folder / "w.workflow.json"
        workflow_file.save(self.path, Workflow(id="w", name="Under fire"))
        self.open(workflow_file.load(self.path))

    def open(self, workflow: Workflow, *, edited: bool = False) -> None:
        self.editor = Editor(Document(workflow, self.path))
        if edited:
            self.editor.undo_stack.resetClean()
        self.scene = Scene(self.editor.document, CATALOG)
        self.journal = Journal(self.editor.document, self.folder)
        self.past = [Step(written_down(workflow), workflow)]
        self.now = 0
        self.clean = -1 if edited else 0
        self.states = [workflow]

    def teardown(self) -> None:
        self.journal.close()
        shutil.rmtree(self.folder)

    # -- what the model says -------------------------------------------------------------------------

    @property
    def place(self) -> Place:
        return self.editor.document.place

    @property
    def shown(self) -> Workflow:
        return self.editor.workflow

    def pick(self, number: int) -> str:
        return list(self.shown.nodes)[number % len(self.shown.nodes)]

    def push(self, edit: Edit) -> Plain:
        """Make the edit; the model's next state, in which the caller does the same to what this returns."""
        assert edit.changes
        assert self.editor.push(edit)
        top = self.past[self.now]
        merges = bool(edit.merge_key) and (edit.merge_key, self.place) == (top.key, top.place)
        plain = deepcopy(top.plain)
        if merges and self.now and self.now != self.clean:
            self.past[self.now :] = [Step(plain, self.editor.root, self.place, edit.merge_key)]
        else:
            if self.clean > self.now:
                self.clean = -1  # the saved state was undone, and is now out of reach
            self.past[self.now + 1 :] = [Step(plain, self.editor.root, self.place, edit.merge_key)]
            self.now += 1
        return plain.inside(self.place)

    # -- moves ---------------------------------------------------------------------------------------

    @rule(number=picks, x=places, y=places)
    def add(self, number: int, x: float, y: float) -> None:
        node_type = CATALOG.get(TYPES[number % len(TYPES)])
        assert node_type is not None
        edit, node_id = edits.add_node(self.shown, node_type, (x, y))
        title = self.titled(node_type.title)
        here = self.push(edit)
        here.nodes[node_id] = {
            "type": node_type.id,
            "title": title,
            "parameters": dict(node_type.default_parameters()),
            "off": False,
            "inner": Plain(),
        }
        here.at[node_id] = (x, y)

    def titled(self, title: str) -> str:
        taken = {node.title for node in self.shown.nodes.values()}
        names = (title, *(f"{title} {number}" for number in range(2, 99)))
        return next(name for name in names if name not in taken)

    @precondition(lambda self: len(self.shown.nodes) > 1)
    @rule(first=picks, second=picks)
    def connect(self, first: int, second: int) -> None:
        source, target = self.pick(first), self.pick(second)
        if any((each.source, each.target) == (source, target) for each in self.shown.connections.values()):
            return  # another outcome may lead there, too, but the model tells connections by their ends
        if edits.refusal(self.shown, CATALOG, source, target) is None:
            self.push(edits.connect(self.shown, CATALOG, source, target)).connect(source, target)

    @precondition(lambda self: self.shown.connections)
    @rule(number=picks)
    def disconnect(self, number: int) -> None:
        wire = list(self.shown.connections.values())[number % len(self.shown.connections)]
        self.push(edits.disconnect(self.shown, CATALOG, [wire.id])).disconnect(wire.source, wire.target)

    @precondition(lambda self: self.shown.connections)
    @rule(number=picks, text=st.sampled_from(["x > 1", "count == 0", None]))
    def set_condition(self, number: int, text: str | None) -> None:
        wire = list(self.shown.connections.values())[number % len(self.shown.connections)]
        edit = edits.set_condition(self.shown, wire.id, on="always", condition=text)
        self.push(edit).wires[wire.source, wire.target] = {"on": "always", "condition": text}

    @precondition(lambda self: self.shown.nodes)
    @rule(numbers=st.lists(picks, min_size=1, max_size=3))
    def delete(self, numbers: list[int]) -> None:
        gone = list(dict.fromkeys(self.pick(number) for number in numbers))
        here = self.push(edits.delete(self.shown, CATALOG, gone))
        for node_id in gone:
            here.delete(node_id)

    @precondition(lambda self: self.shown.nodes)
    @rule(number=picks, x=places, y=places)
    def move(self, number: int, x: float, y: float) -> None:
        node_id = self.pick(number)
        self.push(edits.move(self.shown, {node_id: (x, y)})).at[node_id] = (x, y)

    @precondition(lambda self: self.shown.nodes)
    @rule(number=picks)
    def nudge(self, number: int) -> None:
        node_id = self.pick(number)
        x, y = self.shown.layout[node_id]
        edit = edits.move(self.shown, {node_id: (x + 16, y)}, merge_key=f"nudge {node_id}")
        self.push(edit).at[node_id] = (x + 16, y)

    @precondition(lambda self: self.shown.nodes)
    @rule(number=picks, title=st.text(max_size=6))
    def rename(self, number: int, title: str) -> None:
        node_id = self.pick(number)
        edit = edits.rename(self.shown, node_id, title)
        if edit.changes:
            self.push(edit).nodes[node_id]["title"] = title

    @precondition(lambda self: self.shown.nodes)
    @rule(number=picks, value=st.one_of(st.integers(), st.text(max_size=6), st.none()))
    def set_parameters(self, number: int, value: Any) -> None:
        node_id = self.pick(number)
        values = {**self.shown.nodes[node_id].parameters, "odd": value}
        self.push(edits.set_parameters(self.shown, node_id, values)).nodes[node_id]["parameters"]["odd"] = (
            value
        )

    @precondition(lambda self: self.shown.nodes)
    @rule(number=picks)
    def switch_off_or_on(self, number: int) -> None:
        node_id = self.pick(number)
        off = not self.shown.nodes[node_id].disabled
        self.push(edits.set_disabled(self.shown, [node_id], off)).nodes[node_id]["off"] = off

    @rule(text=st.text(min_size=1, max_size=8))
    def comment(self, text: str) -> None:
        note_id = f"n{len(self.past)}_{self.now}"
        if note_id in {note.id for note in comments(self.shown)}:
            return
        note = Comment(id=note_id, text=text, x=0.0, y=0.0, width=200.0, height=80.0)
        edit = set_comments(self.shown, [*comments(self.shown), note], "Add comment")
        self.push(edit).notes[note_id] = text

    @precondition(lambda self: self.shown.nodes)
    @rule(numbers=st.lists(picks, min_size=1, max_size=3), back=st.booleans())
    def group(self, numbers: list[int], back: bool) -> None:
        chosen = [self.pick(number) for number in numbers]
        edit = ungroup(self.shown, chosen) if back else make_group(self.shown, chosen)
        if edit.changes:
            self.push(edit)

    @precondition(lambda self: self.shown.nodes)
    @rule(numbers=st.lists(picks, min_size=1, max_size=3))
    def copy_and_paste(self, numbers: list[int]) -> None:
        chosen = list(dict.fromkeys(self.pick(number) for number in numbers))
        piece = clipboard.from_text(clipboard.to_text(self.shown, chosen))
        before = written_down(self.shown)
        edit, added = fragment.paste(self.shown, piece, (32.0, 32.0))
        here = self.push(edit)
        order = [node_id for node_id in before.nodes if node_id in chosen]
        renamed = dict(zip(order, added, strict=True))
        for old, new in renamed.items():
            copied = deepcopy(before.nodes[old])
            for name, value in copied["parameters"].items():
                for one, other in renamed.items():
                    if value == f"${{{one}.table}}":
                        copied["parameters"][name] = f"${{{other}.table}}"
                        break
            here.nodes[new] = copied
            here.at[new] = (before.at[old][0] + 32, before.at[old][1] + 32)
        for (source, target), wire in before.wires.items():
            if source in renamed and target in renamed:
                here.wires[renamed[source], renamed[target]] = dict(wire)

    @precondition(lambda self: len(self.place) < 3)
    @rule(number=picks)
    def go_inside(self, number: int) -> None:
        holders = [node.id for node in self.shown.nodes.values() if is_composite(node)]
        if holders:
            self.editor.document.go_to((*self.place, holders[number % len(holders)]))

    @precondition(lambda self: self.place)
    @rule()
    def go_out(self) -> None:
        self.editor.document.go_to(self.place[:-1])

    @rule(times=st.integers(1, 4))
    def undo(self, times: int) -> None:
        for _ in range(min(times, self.now)):
            where = self.past[self.now].place
            self.editor.undo_stack.undo()
            self.now -= 1
            assert self.place == where  # one sees what is undone

    @rule(times=st.integers(1, 4))
    def redo(self, times: int) -> None:
        for _ in range(min(times, len(self.past) - 1 - self.now)):
            self.editor.undo_stack.redo()
            self.now += 1
            assert self.place == self.past[self.now].place

    @rule()
    def save(self) -> None:
        self.journal.about_to_save(codec.encode(self.editor.root))
        workflow_file.save(self.path, self.editor.root)
        self.editor.mark_saved(self.path)
        self.journal.saved()
        self.clean = self.now
        assert workflow_file.load(self.path) == self.editor.root

    @rule()
    def save_and_reload(self) -> None:
        self.save()
        before = self.editor.root
        self.journal.close()
        self.open(workflow_file.load(self.path))
        assert self.editor.root == before

    @rule(cut=st.integers(0, 400))
    def die_and_recover(self, cut: int) -> None:
        """Lose the program, and up to as many bytes of the journal as its last line has."""
        last, path = self.editor.root, self.journal.path
        if path is None:
            assert workflow_file.load(self.path) == last
            return
        assert self.journal._stream is not None
        self.journal._stream.close()  # as the death of the program does
        content = path.read_bytes()
        lines = content.count(b"\n")
        line = len(content) - content.rstrip(b"\n").rfind(b"\n") - 1
        cut = min(cut, line - 1) if lines > 1 else 0  # a journal appears with its first line whole
        path.write_bytes(content[: len(content) - cut])
        recovery = journals.find(path)
        found = recovery.workflow if recovery is not None else workflow_file.load(self.path)
        if cut > 1:  # the newline alone is no loss
            assert found in self.states
        else:
            assert found == last
        self.open(found, edited=recovery is not None)
        if recovery is not None:
            self.journal.adopt(recovery)
        else:
            path.unlink()

    # -- what must hold ------------------------------------------------------------------------------

    @invariant()
    def the_document_equals_the_model(self) -> None:
        step = self.past[self.now]
        self.states.append(self.editor.root)
        assert written_down(self.editor.root) == step.plain
        assert self.editor.root == step.workflow
        stack = self.editor.undo_stack
        assert (stack.canUndo(), stack.canRedo()) == (self.now > 0, self.now < len(self.past) - 1)
        assert self.editor.is_edited == (self.now != self.clean)

    @invariant()
    def the_canvas_equals_one_made_anew(self) -> None:
        scene, fresh = self.scene, Scene(Document(self.shown), CATALOG)
        assert scene.ids == fresh.ids == list(self.shown.nodes)
        assert scene.wires.ids == fresh.wires.ids
        assert scene.notes.ids == fresh.notes.ids
        for name in ("xy", "trigger", "outputs", "has_input", "has_output", "has_error"):
            assert np.array_equal(getattr(scene, name), getattr(fresh, name)), name
        for name in ("source", "target", "ends", "down", "boxes", "labelled"):
            assert np.array_equal(getattr(scene.wires, name), getattr(fresh.wires, name)), name
        assert [scene.subtitle(row) for row in range(len(scene.ids))] == [
            fresh.subtitle(row) for row in range(len(fresh.ids))
        ] or scene.marks.stale
        fresh.close()


def play(examples: int, steps: int) -> None:
    run_state_machine_as_test(  # type: ignore[no-untyped-call]  # hypothesis leaves it untyped
        UnderFire,
        settings=settings(
            max_examples=examples,
            phases=[Phase.generate],  # shrinking takes minutes; add Phase.shrink to look into a failure
            stateful_step_count=steps,
            deadline=None,
            database=None,
            suppress_health_check=list(HealthCheck),
        ),
    )


def test_that_nothing_is_lost_or_invented_whatever_is_done_to_a_drawing(qapp: QApplication) -> None:
    play(examples=60, steps=40)


@pytest.mark.slow
def test_that_nothing_is_lost_or_invented_in_hundreds_of_lives(qapp: QApplication) -> None:
    play(examples=400, steps=60)
