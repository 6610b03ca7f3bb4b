"""What a run leaves on the canvas: looks, words, motion, and when a result is out of date."""

from __future__ import annotations

import time

import pytest
from PySide6.QtCore import QRect, Qt
from PySide6.QtGui import QImage
from PySide6.QtTest import QTest
from pytestqt.qtbot import QtBot

from designer.canvas import looks
from designer.canvas.looks import Flow, Look
from designer.canvas.painter import decor
from designer.canvas.view import CanvasView
from designer.editor import Editor
from designer.settings import Settings
from designer.theme import ThemeController
from engine.history.status import StepStatus
from engine.history.step_state import StepState
from engine.model import edits
from engine.model.pins import pin
from engine.problem import Problem
from tests.designer.canvas.conftest import Hand, small_workflow

S = StepStatus
TABLE = {"table": {"$table": "f00", "rows": 336776, "columns": [{"name": "a"}] * 19}}


@pytest.mark.parametrize(
    ("step", "look", "text"),
    [
        (StepState(), Look.IDLE, ""),
        (StepState(queued=True), Look.QUEUED, "Queued"),
        (StepState(status=S.RUNNING), Look.RUNNING, ""),
        (StepState(status=S.RUNNING, progress=0.63, progress_text="7 of 12"), Look.RUNNING, "63 % · 7 of 12"),
        (StepState(status=S.WAITING, reason="retry"), Look.RETRYING, "Waiting"),
        (StepState(status=S.WAITING, reason="child"), Look.RUNNING, "Runs its steps"),
        (
            StepState(status=S.WAITING, reason="child", progress=0.25, progress_text="3 of 12"),
            Look.RUNNING,
            "25 % · 3 of 12",
        ),
        (
            StepState(status=S.WAITING, reason="child_asks", missing=("limit",)),
            Look.NEEDS_INPUT,
            "Needs a value for limit",
        ),
        (StepState(status=S.COMPLETED), Look.COMPLETED, ""),
        (StepState(status=S.COMPLETED, via="reused"), Look.REUSED, ""),
        (
            StepState(status=S.FAILED, error={"message": "No column 'Mounth'\nmore"}),
            Look.FAILED,
            "No column 'Mounth'",
        ),
        (StepState(status=S.FAILED), Look.FAILED, "Failed"),
        (StepState(status=S.PAUSED, reason="form"), Look.NEEDS_INPUT, "Needs your answer"),
        (
            StepState(status=S.PAUSED, reason="missing_input", missing=("input.threshold",)),
            Look.NEEDS_INPUT,
            "Needs a value for threshold",
        ),
        (StepState(status=S.PAUSED, missing=("a", "b")), Look.NEEDS_INPUT, "Needs 2 values"),
        (StepState(status=S.PAUSED, reason="user"), Look.PAUSED, "Paused"),
        (StepState(status=S.SKIPPED, reason="upstream_failed"), Look.SKIPPED, "Skipped after a failure"),
        (StepState(status=S.CANCELLED, progress=0.41), Look.CANCELLED, "Cancelled at 41 %"),
        (StepState(status=S.UNCERTAIN), Look.FAILED, "May or may not have run"),
        (StepState(status=S.ROLLED_BACK), Look.ROLLED_BACK, "Rolled back"),
        (StepState(status=S.ROLLING_BACK), Look.ROLLED_BACK, "Rolling back"),
    ],
)
def test_that_every_state_has_a_look_and_words(step: StepState, look: Look, text: str) -> None:
    assert looks.look_of(step) is look
    assert looks.status_text(step) == text


def test_that_waiting_counts_down() -> None:
    soon = StepState(
        status=S.WAITING, reason="retry", attempts=2, max_attempts=5, waiting_until=time.time() + 4
    )
    assert looks.status_text(soon) == "Tries again in 4 s"
    assert looks.attempt_text(soon) == "2/5"
    timer = StepState(status=S.WAITING, reason="timer", waiting_until=time.time() + 30)
    assert looks.status_text(timer) == "Waiting, 30 s to go"
    later = StepState(status=S.WAITING, reason="timer", waiting_until=time.time() + 7200)
    assert looks.status_text(later).startswith("Waiting until ")


def test_that_a_table_is_counted_under_its_card() -> None:
    assert looks.row_label(TABLE) == "336,776 × 19"
    assert looks.row_label(TABLE["table"]) == "336,776 × 19"
    assert looks.row_label({"answer": 42}) == ""
    assert looks.row_label([1]) == ""


def test_that_a_batch_changes_rows_and_wires(canvas: CanvasView) -> None:
    canvas.apply_run(
        {"read": StepState(status=S.COMPLETED, output=TABLE), "keep": StepState(status=S.SKIPPED)},
        {"start_to_read": "TAKEN", "read_to_keep": "DEAD"},
    )
    scene = canvas.canvas_scene
    assert [Look(look) for look in scene.look.tolist()] == [
        Look.IDLE,
        Look.COMPLETED,
        Look.SKIPPED,
        Look.IDLE,
    ]
    assert [Flow(flow) for flow in scene.wires.flow.tolist()] == [Flow.TAKEN, Flow.DEAD]
    assert scene.subtitle(1) == "orders.csv"
    assert scene.marks.row_label("read") == "336,776 × 19"
    canvas.clear_run()
    assert not scene.look.any()
    assert not scene.wires.flow.any()
    assert scene.subtitle(2) != "Skipped"


def test_that_states_survive_an_edit_and_its_undo(canvas: CanvasView, editor: Editor) -> None:
    canvas.apply_run({"keep": StepState(status=S.FAILED)}, {})
    editor.push(edits.delete(editor.workflow, canvas.catalog, ["start"]))
    assert canvas.canvas_scene.look.tolist() == [0, Look.FAILED, 0]
    editor.undo_stack.undo()
    assert canvas.canvas_scene.look.tolist() == [0, 0, Look.FAILED, 0]


def test_that_a_changed_parameter_makes_later_results_out_of_date(canvas: CanvasView, editor: Editor) -> None:
    done = StepState(status=S.COMPLETED)
    canvas.apply_run({"start": done, "read": done, "keep": done}, {})
    editor.push(edits.rename(editor.workflow, "read", "Other title"))
    assert Look.STALE not in canvas.canvas_scene.look
    editor.push(edits.set_parameters(editor.workflow, "read", {"path": "other.csv"}))
    scene = canvas.canvas_scene
    assert [Look(look) for look in scene.look.tolist()] == [Look.COMPLETED, Look.STALE, Look.STALE, Look.IDLE]
    assert scene.subtitle(2) == "Result is out of date"
    assert scene.marks.stale["read"] == "Its settings were changed."
    assert scene.marks.stale["keep"] == "“Other title” before it is out of date."
    editor.undo_stack.undo()
    assert scene.look[1] == scene.look[2] == Look.COMPLETED
    editor.undo_stack.redo()
    scene.marks.begin_run(editor.workflow)
    canvas.apply_run({"read": StepState(status=S.COMPLETED)}, {})
    assert scene.look[1] == Look.COMPLETED


def test_that_a_result_taken_over_stays_out_of_date(canvas: CanvasView, editor: Editor) -> None:
    scene = canvas.canvas_scene
    canvas.apply_run({"read": StepState(status=S.COMPLETED, output={"n": 1})}, {})
    editor.push(edits.set_parameters(editor.workflow, "read", {"path": "other.csv"}))
    canvas.clear_run()
    scene.marks.begin_run(editor.workflow)
    taken = {"execution_id": "before", "at": 1.0}
    reused = StepState(status=S.COMPLETED, output={"n": 1}, via="reused", reused_from=taken)
    kept = StepState(status=S.COMPLETED, output={"n": 2})
    canvas.apply_run({"read": reused, "keep": kept}, {})
    assert [Look(look) for look in scene.look[1:3].tolist()] == [Look.STALE, Look.STALE]
    unchanged = StepState(
        status=S.COMPLETED, output={"n": 1}, via="reused", reused_from={**taken, "unchanged": True}
    )
    canvas.apply_run({"read": unchanged}, {})
    assert scene.look[1] == Look.REUSED


def test_that_a_step_whose_source_ran_again_alone_is_out_of_date(canvas: CanvasView) -> None:
    scene = canvas.canvas_scene
    read, keep = (StepState(status=S.COMPLETED, output={"n": n}) for n in (1, 2))
    canvas.apply_run({"read": read, "keep": keep}, {})
    canvas.clear_run()
    canvas.apply_run({"read": read, "keep": keep}, {})
    assert not scene.marks.stale
    scene.marks.begin_run(canvas.editor.workflow)
    canvas.apply_run({"read": StepState(status=S.COMPLETED, output={"n": 1})}, {})
    assert not scene.marks.stale
    canvas.apply_run({"read": StepState(status=S.COMPLETED, output={"n": 7})}, {})
    assert scene.marks.stale == {"keep": "“Read orders” has given something else since."}


def test_that_a_removed_wire_makes_its_target_out_of_date(canvas: CanvasView, editor: Editor) -> None:
    canvas.apply_run({"keep": StepState(status=S.COMPLETED)}, {})
    editor.push(edits.disconnect(editor.workflow, canvas.catalog, ["read_to_keep"]))
    assert canvas.canvas_scene.look[2] == Look.STALE


def test_that_opening_another_workflow_forgets_the_run(canvas: CanvasView, editor: Editor) -> None:
    canvas.apply_run({"keep": StepState(status=S.RUNNING)}, {})
    canvas.select(["keep"])
    editor.replace(small_workflow())
    assert not canvas.canvas_scene.look.any()
    assert canvas.selected_nodes() == []
    assert not canvas.is_animating


def test_that_the_timer_runs_only_while_something_moves(
    canvas: CanvasView, settings: Settings, qtbot: QtBot
) -> None:
    settings.reduce_motion = False
    assert not canvas.is_animating
    canvas.apply_run({"read": StepState(status=S.RUNNING, progress=0.5)}, {"start_to_read": "TAKEN"})
    assert canvas.is_animating
    first = canvas.grab().toImage()
    qtbot.waitUntil(lambda: canvas.grab().toImage() != first, timeout=2000)
    canvas.apply_run({"read": StepState(status=S.COMPLETED)}, {})
    qtbot.waitUntil(lambda: not canvas.is_animating)  # once the new look has come


def test_that_reduced_motion_stands_still(canvas: CanvasView) -> None:
    canvas.apply_run({"read": StepState(status=S.RUNNING)}, {})
    assert not canvas.is_animating
    first = canvas.viewport().grab().toImage()
    assert canvas.viewport().grab().toImage() == first
    retry = StepState(status=S.WAITING, reason="retry", waiting_until=time.time() + 9)
    canvas.apply_run({"read": retry}, {})
    assert canvas.is_animating  # once a second, for the countdown


def test_that_the_answer_button_asks(canvas: CanvasView, hand: Hand, qtbot: QtBot) -> None:
    canvas.apply_run({"keep": StepState(status=S.PAUSED, reason="form")}, {})
    box = decor.answer_box(canvas.canvas_scene.xy[2].tolist())
    with qtbot.waitSignal(canvas.answer_requested) as told:
        hand.click((box.center().x(), box.center().y()))
    assert told.args == ["keep"]
    canvas.select(["keep"])
    with qtbot.waitSignal(canvas.answer_requested):
        QTest.keyClick(canvas, Qt.Key.Key_Return)


def test_that_problems_are_marked_and_taken_away(canvas: CanvasView) -> None:
    clean = canvas.viewport().grab().toImage()
    problem = Problem(severity="error", code="x", message="No path", node_id="write")
    canvas.set_problems({"write": problem})
    assert canvas.viewport().grab().toImage() != clean
    canvas.set_problems({})
    assert canvas.viewport().grab().toImage() == clean


def test_that_the_triangle_counts_problems_and_leaves_room_for_the_pin(
    canvas: CanvasView, editor: Editor
) -> None:
    def badges(left: float, right: float) -> QImage:
        """What is seen so far from the top right corner of the card, in scene pixels."""
        corner = canvas.canvas_scene.card(canvas.canvas_scene.row_of["write"]).topRight()
        place, zoom = canvas.mapFromScene(corner), canvas.camera.zoom
        area = QRect(round(left * zoom), round(-16 * zoom), round((right - left) * zoom), round(32 * zoom))
        return canvas.viewport().grab(area.translated(place)).toImage()

    problem = Problem(severity="error", code="x", message="No path", node_id="write")
    canvas.set_problems({"write": problem})
    one, beside = badges(-14, 12), badges(-40, -16)
    canvas.set_problems({"write": problem}, {"write": 3})
    three = badges(-14, 12)
    assert three != one
    canvas.set_problems({"write": problem}, {"write": 12})
    assert badges(-14, 12) not in (one, three)
    canvas.set_problems({"write": problem})
    editor.push(pin(editor.workflow, {"write": {"rows": 1}}))
    canvas.set_problems({"write": problem})
    assert badges(-14, 12) == one
    assert badges(-40, -16) != beside


def test_that_every_state_is_painted_differently_in_both_themes(
    canvas: CanvasView, theme: ThemeController
) -> None:
    steps = [
        StepState(),
        StepState(queued=True),
        StepState(status=S.RUNNING),
        StepState(status=S.WAITING, reason="retry", attempts=1),
        StepState(status=S.COMPLETED),
        StepState(status=S.COMPLETED, via="reused"),
        StepState(status=S.FAILED),
        StepState(status=S.PAUSED, reason="form"),
        StepState(status=S.PAUSED, reason="user"),
        StepState(status=S.SKIPPED),
        StepState(status=S.CANCELLED),
        StepState(status=S.ROLLED_BACK),
    ]
    for zoom in (1.0, 0.3):
        canvas.set_zoom(zoom)
        pictures = []
        for mode in ("light", "dark"):
            theme.set_mode(mode)
            for step in steps:
                canvas.apply_run({"write": step}, {})
                card = canvas.mapFromScene(canvas.canvas_scene.card(3)).boundingRect()
                image = canvas.viewport().grab(card.adjusted(-12, -12, 12, 12)).toImage()
                assert image not in pictures
                pictures.append(image)


def test_that_conditions_show_what_was_decided(canvas: CanvasView, editor: Editor) -> None:
    workflow = editor.workflow
    editor.push(edits.set_condition(workflow, "read_to_keep", condition="read.rows > 0"))
    editor.push(edits.set_condition(editor.workflow, "start_to_read", on="error"))
    pictures = [canvas.viewport().grab().toImage()]
    for outcome in ("TAKEN", "DEAD", "POISONED"):
        canvas.apply_run({}, {"read_to_keep": outcome, "start_to_read": outcome})
        picture = canvas.viewport().grab().toImage()
        assert picture not in pictures
        pictures.append(picture)
    canvas.select(["read_to_keep"])
    assert canvas.viewport().grab().toImage() not in pictures
    editor.push(edits.set_condition(editor.workflow, "read_to_keep", on="always", condition=""))
    canvas.set_zoom(0.3)
    canvas.viewport().grab()
