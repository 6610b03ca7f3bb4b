"""The card of a folded group among everything else: wires, tidying up, bends, zoom, states of a run."""

from __future__ import annotations

import numpy as np
import pytest
from PySide6.QtCore import QEvent, QPointF
from PySide6.QtGui import QHelpEvent
from PySide6.QtWidgets import QApplication, QToolTip

from designer.canvas import group_state, hits
from designer.canvas.looks import Look
from designer.canvas.view import CanvasView
from designer.editor import Editor
from engine.history.status import StepStatus
from engine.history.step_state import StepState
from engine.model import edits
from engine.model.bends import bends, set_bends
from engine.model.changes import apply
from engine.model.comments import comments
from tests.designer.canvas.conftest import Hand
from tests.designer.canvas.test_folding import NOTE, frame_box, grouped, kind_at, shut

__all__ = ["grouped", "shut"]


def test_that_a_wire_dropped_on_the_card_is_refused_with_a_reason(
    canvas: CanvasView, shut: Editor, hand: Hand
) -> None:
    told: list[str] = []
    canvas.message.connect(told.append)
    left, top, _, _ = frame_box(canvas)
    hand.drag(hand.port("write", "output"), (left + 100, top + 30))
    assert told == ["Unfold the group to connect a step in it."]
    assert shut.undo_stack.count() == 1


def test_that_the_mouse_over_the_card_is_over_no_node(
    canvas: CanvasView, shut: Editor, hand: Hand, monkeypatch: pytest.MonkeyPatch
) -> None:
    shown: list[str] = []
    monkeypatch.setattr(QToolTip, "showText", lambda _place, text, _widget: shown.append(text))
    left, top, _, _ = frame_box(canvas)
    at = (left + 100, top + 30)
    hand.move(at)
    assert canvas.layer.attention.hovered == -1
    assert canvas.layer.attention.plus_for == frozenset()
    place = hand.place(*at)
    tip = QHelpEvent(QEvent.Type.ToolTip, place, canvas.viewport().mapToGlobal(place))
    QApplication.sendEvent(canvas.viewport(), tip)
    assert shown == ["Read orders\nKeep large"]


def test_that_a_node_folded_away_shows_no_button_of_its_own(canvas: CanvasView, shut: Editor) -> None:
    shut.push(edits.disconnect(shut.workflow, canvas.catalog, ["on"]))
    plain = canvas.viewport().grab().toImage()
    canvas.layer.attention.plus_for = frozenset({canvas.canvas_scene.row_of["keep"]})
    assert canvas.viewport().grab().toImage() == plain


def test_that_tidying_and_aligning_take_the_card_as_one(canvas: CanvasView, shut: Editor) -> None:
    before = shut.workflow.layout
    canvas.select(["start", "read", "keep"])
    canvas.arrange.align("top")
    xy = canvas.canvas_scene.xy
    assert xy[0, 1] == xy[1, 1]
    canvas.selection.set()
    canvas.arrange.tidy()
    now = shut.workflow.layout
    way = [now["keep"][axis] - now["read"][axis] for axis in (0, 1)]
    assert way == [before["keep"][axis] - before["read"][axis] for axis in (0, 1)]
    shift = np.subtract(now["read"], before["read"]).tolist()
    note = comments(shut.workflow)[0]
    assert [note.x - NOTE.x, note.y - NOTE.y] == shift


def test_that_bends_inside_are_hidden_and_go_along(canvas: CanvasView, shut: Editor, hand: Hand) -> None:
    shut.replace(
        apply(shut.workflow, set_bends(shut.workflow, {"read_to_keep": [(648.0, 96.0)]}, "").changes)
    )
    canvas.frame_all()
    assert kind_at(canvas, 648.0, 96.0) == "nothing"
    left, top, _, _ = frame_box(canvas)
    hand.drag((left + 90, top + 30), (left + 90, top - 130))
    assert bends(shut.workflow.connections["read_to_keep"]) == ((648.0, -64.0),)
    assert (
        hits.bends_in(canvas.canvas_scene, canvas.canvas_scene.bounds().adjusted(-999, -999, 999, 999)) == []
    )


@pytest.mark.parametrize("zoom", [1.0, 0.3, 0.1])
def test_that_the_card_is_painted_at_every_zoom(canvas: CanvasView, shut: Editor, zoom: float) -> None:
    left, top, right, bottom = frame_box(canvas)
    canvas.camera.zoom_at(zoom)
    canvas.camera.look_at(QPointF((left + right) / 2, (top + bottom) / 2))
    place = canvas.mapFromScene(QPointF((left + right) / 2, (top + bottom) / 2))
    image = canvas.viewport().grab().toImage()
    assert image.pixelColor(place.x(), place.y()) != canvas.layer.inks.canvas


S = StepStatus


@pytest.mark.parametrize(
    ("first", "second", "look", "words"),
    [
        (None, None, Look.IDLE, "2 nodes"),
        (S.COMPLETED, None, Look.IDLE, "1 of 2 done"),
        (S.COMPLETED, S.RUNNING, Look.RUNNING, "1 running · 1 of 2 done"),
        (S.COMPLETED, S.FAILED, Look.FAILED, "1 failed · 1 of 2 done"),
        (S.RUNNING, S.FAILED, Look.FAILED, "2 nodes · 1 failed"),
        (S.PAUSED, S.RUNNING, Look.NEEDS_INPUT, "2 nodes · 1 needs input"),
        (S.COMPLETED, S.SKIPPED, Look.COMPLETED, "1 of 2 done"),
        (S.COMPLETED, S.COMPLETED, Look.COMPLETED, "2 nodes · all completed"),
        (S.SKIPPED, S.SKIPPED, Look.SKIPPED, "2 nodes · skipped"),
    ],
)
def test_that_the_card_has_the_state_of_all_its_steps(
    canvas: CanvasView,
    shut: Editor,
    first: StepStatus | None,
    second: StepStatus | None,
    look: Look,
    words: str,
) -> None:
    steps = {"read": first, "keep": second}
    canvas.apply_run({i: StepState(status=s) for i, s in steps.items() if s is not None}, {})
    frame = canvas.canvas_scene.frames.of("g")
    assert frame is not None
    assert group_state.look_of(canvas.canvas_scene, frame) is look
    assert group_state.words(canvas.canvas_scene, frame) == words
    canvas.grab()


def test_that_folding_nothing_says_so(canvas: CanvasView, editor: Editor) -> None:
    told: list[str] = []
    canvas.message.connect(told.append)
    canvas.grouping.toggle()
    canvas.grouping.fold_all()
    canvas.grouping.delete_chosen()
    canvas.grouping.recolour_chosen("human")
    assert len(told) == 4
    assert editor.undo_stack.count() == 0
