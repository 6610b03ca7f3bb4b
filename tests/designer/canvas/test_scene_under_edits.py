"""Whatever is edited, undone and redone: the scene that followed equals one that is read anew."""

from __future__ import annotations

import numpy as np
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, rule
from PySide6.QtCore import QRectF

from designer.canvas.scene import Scene
from designer.document.document import Document
from designer.editor import Editor
from engine.catalog import Catalog
from engine.files import codec
from engine.history.status import StepStatus
from engine.history.step_state import StepState
from engine.model import Workflow, edits, fragment
from engine.model.bends import bend_changes, carried, set_bends
from engine.model.comments import Comment, set_comments
from engine.model.groups import dissolve, fold, groups, make_group, unfold, without
from engine.model.pins import is_pinned, pinned_output
from engine.model.staleness import Made, stale
from tests.designer.canvas.conftest import small_workflow

CATALOG = Catalog.load()
PICKS = st.sets(st.integers(0, 7), min_size=1, max_size=4)
STEP = st.integers(-3, 3).map(lambda number: number * 16.0)


class Editing(RuleBasedStateMachine):
    """Edits as the canvas makes them, on a drawing with bends, comments and groups in groups."""

    @initialize()
    def open(self) -> None:
        self.editor = Editor(Document(small_workflow()))
        self.scene = Scene(self.editor.document, CATALOG)
        self.made: dict[str, Made] = {}

    def teardown(self) -> None:
        if hasattr(self, "scene"):
            self.scene.close()

    @property
    def workflow(self) -> Workflow:
        return self.editor.workflow

    def nodes(self, picks: set[int]) -> list[str]:
        known = list(self.workflow.nodes)
        return [known[pick % len(known)] for pick in sorted(picks)] if known else []

    @rule(picks=PICKS, dx=STEP, dy=STEP)
    def move(self, picks: set[int], dx: float, dy: float) -> None:
        rows = self.scene.rows(dict.fromkeys(self.nodes(picks)))
        moved = {
            self.scene.ids[row]: (
                float(self.scene.places[row, 0]) + dx,
                float(self.scene.places[row, 1]) + dy,
            )
            for row in rows
        }
        if moved:
            led = bend_changes(self.workflow, carried(self.workflow, moved))
            edit = edits.move(self.workflow, moved)
            self.editor.push(edits.Edit(label=edit.label, changes=(*edit.changes, *led)))

    @rule(pick=st.integers(0, 9), points=st.lists(st.tuples(STEP, STEP), max_size=3))
    def bend(self, pick: int, points: list[tuple[float, float]]) -> None:
        known = list(self.workflow.connections)
        if known:
            self.editor.push(set_bends(self.workflow, {known[pick % len(known)]: points}, "Bend"))

    @rule(picks=PICKS)
    def group(self, picks: set[int]) -> None:
        self.editor.push(make_group(self.workflow, self.nodes(picks)))

    @rule(pick=st.integers(0, 5))
    def fold_or_unfold(self, pick: int) -> None:
        known = groups(self.workflow)
        if known:
            chosen = known[pick % len(known)]
            notes = [note.id for note in self.scene.notes.shown]
            closing = fold(self.workflow, {chosen.id: notes[:1]})
            self.editor.push(unfold(self.workflow, [chosen.id]) if chosen.folded else closing)

    @rule(pick=st.integers(0, 5))
    def ungroup(self, pick: int) -> None:
        known = groups(self.workflow)
        if known:
            self.editor.push(dissolve(self.workflow, [known[pick % len(known)].id]))

    @rule(x=STEP, y=STEP)
    def write(self, x: float, y: float) -> None:
        note = Comment(id=f"n{int(x)}", text="Text", x=x, y=y, width=96.0, height=48.0)
        self.editor.push(set_comments(self.workflow, [note], "Write"))

    @rule(picks=PICKS, x=STEP, y=STEP)
    def duplicate(self, picks: set[int], x: float, y: float) -> None:
        if len(self.workflow.nodes) < 12:
            edit, _ = fragment.duplicate(self.workflow, self.nodes(picks), (x, y))
            self.editor.push(edit)

    @rule(picks=PICKS)
    def delete(self, picks: set[int]) -> None:
        gone = self.nodes(picks)[:2]
        edit = edits.delete(self.workflow, CATALOG, gone)
        left = without(self.workflow, gone)
        self.editor.push(edits.Edit(label=edit.label, changes=(*edit.changes, *left.changes)))

    @rule(pick=st.integers(0, 7), name=st.sampled_from(["title", "notes", "parameters", "disabled", "pin"]))
    def change(self, pick: int, name: str) -> None:
        for node_id in self.nodes({pick}):
            node = self.workflow.nodes[node_id]
            match name:
                case "title":
                    edit = edits.rename(self.workflow, node_id, f"{node.title}!")
                case "notes":
                    edit = edits.set_notes(self.workflow, node_id, f"{node.notes}!")
                case "parameters":
                    edit = edits.set_parameters(self.workflow, node_id, {"n": len(node.parameters) + 1})
                case "disabled":
                    edit = edits.set_disabled(self.workflow, [node_id], not node.disabled)
                case _:
                    edit = edits.set_config(self.workflow, node_id, pin={"output": pick % 2})
            self.editor.push(edit)

    @rule()
    def run(self) -> None:
        """Every node gives a result, from the drawing as it is now; a pinned one what is pinned."""
        self.scene.clear_run()
        self.made = {
            node.id: Made(workflow=self.workflow, output=pinned_output(node) if is_pinned(node) else None)
            for node in self.workflow.nodes.values()
        }
        self.scene.apply_run({node_id: self.done(node_id) for node_id in self.made}, {})

    def done(self, node_id: str) -> StepState:
        return StepState(status=StepStatus.COMPLETED, output=self.made[node_id].output)

    @rule(picks=PICKS)
    def run_on(self, picks: set[int]) -> None:
        """Some steps of the run on show give their result once more, after edits or before."""
        for node_id in self.nodes(picks):
            if node_id in self.made:
                self.scene.apply_run({node_id: self.done(node_id)}, {})

    @rule()
    def undo(self) -> None:
        self.editor.undo_stack.undo()

    @rule()
    def redo(self) -> None:
        self.editor.undo_stack.redo()

    @invariant()
    def the_scene_equals_the_document(self) -> None:
        if not hasattr(self, "scene"):
            return
        fresh = Scene(Document(self.workflow), CATALOG)
        mine = self.scene
        for name in ("xy", "places", "trigger", "outputs", "has_input", "has_output"):
            np.testing.assert_array_equal(getattr(mine, name), getattr(fresh, name), err_msg=name)
        for name in ("ends", "boxes", "source", "target", "labelled"):
            np.testing.assert_array_equal(getattr(mine.wires, name), getattr(fresh.wires, name), err_msg=name)
        for row in range(len(mine.ids)):
            assert mine.facts[row] == fresh.facts[row]
            assert mine.look[row] == mine.marks.look(mine.ids[row])
            if not mine.marks.steps:
                assert mine.subtitle(row) == fresh.subtitle(row)
        assert mine.marks.stale == stale(self.workflow, self.made)
        assert _bends(mine) == _bends(fresh)
        assert [frame.group for frame in mine.frames.all] == [frame.group for frame in fresh.frames.all]
        assert _boxes(mine) == _boxes(fresh)
        assert mine.notes.shown == fresh.notes.shown
        assert mine.bounds() == fresh.bounds()
        fresh.close()

    @invariant()
    def saving_and_loading_is_the_identity(self) -> None:
        if hasattr(self, "editor"):
            assert codec.decode(codec.encode(self.workflow)) == self.workflow


def _bends(scene: Scene) -> dict[tuple[str, int], list[float]]:
    return dict(zip(scene.wires.bend_names(), scene.wires.points.tolist(), strict=True))


def _boxes(scene: Scene) -> list[tuple[str, QRectF]]:
    return [(group.id, box) for group, box in scene.frames.boxes(scene.xy)]


TestEditing = Editing.TestCase
TestEditing.settings = settings(max_examples=40, stateful_step_count=25, deadline=None)
