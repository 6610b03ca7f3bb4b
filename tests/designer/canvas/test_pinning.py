"""P pins and unpins, as an edit; the card, its tip and its menu say so."""

from __future__ import annotations

import pytest
from PySide6.QtGui import QHelpEvent
from PySide6.QtWidgets import QToolTip
from pytestqt.qtbot import QtBot

from designer.canvas.view import CanvasView
from designer.editor import Editor
from engine.history.status import StepStatus
from engine.history.step_state import StepState
from engine.model import edits
from engine.model.pins import is_pinned, pinned_output


def ran(canvas: CanvasView, *node_ids: str) -> None:
    steps = {i: StepState(status=StepStatus.COMPLETED, output={"of": i}) for i in node_ids}
    canvas.apply_run(steps, {})


def test_that_the_last_result_is_pinned_and_taken_out_again(canvas: CanvasView, editor: Editor) -> None:
    ran(canvas, "read")
    canvas.select(["read"])
    canvas.pinning.toggle()
    assert pinned_output(editor.workflow.nodes["read"]) == {"of": "read"}
    assert editor.undo_stack.undoText() == "Pin the result of Read orders"
    canvas.pinning.toggle()
    assert not is_pinned(editor.workflow.nodes["read"])
    editor.undo_stack.undo()
    assert is_pinned(editor.workflow.nodes["read"])


def test_that_what_cannot_be_pinned_is_said(canvas: CanvasView, editor: Editor, qtbot: QtBot) -> None:
    said: list[str] = []
    canvas.message.connect(said.append)
    canvas.pinning.toggle()
    canvas.select(["read"])
    canvas.pinning.toggle()
    assert said == ["There is no result to pin yet: run Read orders first."]
    ran(canvas, "read")
    canvas.select(["read", "keep"])
    canvas.pinning.toggle()
    assert said[1] == "1 of the steps has no result to pin."
    assert is_pinned(editor.workflow.nodes["read"])


def test_that_a_pin_changes_how_the_card_looks(canvas: CanvasView, editor: Editor) -> None:
    ran(canvas, "read")
    before = canvas.render_image(1.0)
    canvas.select(["read"])
    canvas.pinning.toggle()
    canvas.select([])
    assert canvas.render_image(1.0) != before


def tip(canvas: CanvasView, node_id: str) -> str:
    place = canvas.mapFromScene(canvas.canvas_scene.card(canvas.canvas_scene.row_of[node_id]).center())
    event = QHelpEvent(QHelpEvent.Type.ToolTip, place, canvas.viewport().mapToGlobal(place))
    canvas.pointing._tip(event)
    return QToolTip.text()


def test_that_the_tip_says_why_a_result_is_out_of_date(canvas: CanvasView, editor: Editor) -> None:
    ran(canvas, "read", "keep")
    editor.push(edits.set_parameters(editor.workflow, "read", {"path": "other.csv"}))
    assert "Its settings were changed." in tip(canvas, "read")
    assert "“Read orders” before it is out of date." in tip(canvas, "keep")
    canvas.select(["keep"])
    canvas.pinning.toggle()
    assert "Pinned" in tip(canvas, "keep")


@pytest.mark.parametrize("possible", [True, False])
def test_that_the_menu_offers_parts_with_a_reason(canvas: CanvasView, possible: bool) -> None:
    asked: list[tuple[str, str]] = []
    canvas.part_requested.connect(lambda kind, node_id: asked.append((kind, node_id)))
    explained: list[str] = []

    def explain(kind: str, _chosen: list[str]) -> tuple[bool, str]:
        explained.append(kind)
        return possible, f"why {kind}"

    canvas.menus.explain_part = explain
    canvas.menus.can_run_part = lambda _kind, _chosen: possible
    canvas.select(["read"])
    canvas.menus.open_at_focus()
    menu = canvas.menus.current
    assert menu is not None
    actions = {action.text().split("\t")[0]: action for action in menu.actions()}
    assert explained == ([] if possible else ["to", "from", "only"])  # else when it is pointed at
    actions["Run to here"].hover()
    assert actions["Run to here"].toolTip() == "why to"
    assert actions["Run only this step"].isEnabled() is possible
    assert "Pin result" in actions
    actions["Run from here"].trigger()
    assert asked == ([("from", "read")] if possible else [])
    menu.close()
    canvas.select(["read", "keep"])
    canvas.menus.open_at_focus()
    several = canvas.menus.current
    assert several is not None
    assert not any(action.text().startswith("Run to here") for action in several.actions())
    several.close()


def test_that_an_unchanged_result_says_since_when_and_in_full_in_its_tip(canvas: CanvasView) -> None:
    made = {"execution_id": "before", "at": 1_000_000.0, "unchanged": True}
    reused = StepState(status=StepStatus.COMPLETED, output=1, via="reused", reused_from=made)
    canvas.apply_run({"read": reused}, {})
    scene = canvas.canvas_scene
    text = scene.subtitle(scene.row_of["read"])
    assert text.startswith("Unchanged since ")
    full = f"Unchanged: result of {text.removeprefix('Unchanged since ')} used"
    assert full in tip(canvas, "read")
