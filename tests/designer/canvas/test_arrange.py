"""Tidy up, align and distribute on the canvas: one step of undo each, and what is seen on the way."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from dataclasses import replace
from typing import Any

import pytest
from PySide6.QtCore import Qt
from PySide6.QtTest import QTest
from pytestqt.qtbot import QtBot

from designer import long_work
from designer.canvas import arrange, layout
from designer.canvas.geometry import Floats
from designer.canvas.view import CanvasView
from designer.editor import Editor
from designer.settings import Settings
from engine.model import edits
from tests.designer.canvas.conftest import Hand

TANGLED = {"start": (64.0, 300.0), "read": (0.0, 0.0), "keep": (96.0, 32.0), "write": (704.0, 192.0)}


@pytest.fixture
def tangled(canvas: CanvasView, editor: Editor) -> Editor:
    editor.replace(replace(editor.workflow, layout=TANGLED))
    return editor


@pytest.fixture
def moving(canvas: CanvasView, settings: Settings) -> Iterator[CanvasView]:
    settings.reduce_motion = False
    yield canvas
    canvas.arrange.finish()


def test_that_tidying_up_is_one_step_of_undo(canvas: CanvasView, tangled: Editor) -> None:
    canvas.arrange.tidy()
    places = tangled.workflow.layout
    assert places["start"] == (0.0, 0.0)
    assert places["read"] == (368.0, 0.0)
    assert places["keep"] == (736.0, 0.0)
    assert tangled.undo_stack.undoText() == "Tidy up"
    assert canvas.canvas_scene.xy[0].tolist() == [0.0, 0.0]
    tangled.undo_stack.undo()
    assert tangled.workflow.layout == TANGLED
    canvas.arrange.tidy()
    canvas.arrange.tidy()
    assert tangled.undo_stack.count() == 1  # nothing left to do


def test_that_only_the_selection_is_tidied_and_lies_on_nothing_else(
    canvas: CanvasView, tangled: Editor
) -> None:
    canvas.select(["read", "keep"])
    canvas.arrange.tidy()
    places = tangled.workflow.layout
    assert places["start"] == TANGLED["start"]
    assert places["write"] == TANGLED["write"]
    assert places["keep"][0] == places["read"][0] + 368
    assert places["keep"][1] == places["read"][1]


def test_that_nodes_glide_and_the_document_knows_at_once(
    moving: CanvasView, tangled: Editor, qtbot: QtBot
) -> None:
    moving.arrange.tidy()
    assert tangled.workflow.layout["keep"] == (736.0, 0.0)
    xy = moving.canvas_scene.xy
    qtbot.waitUntil(lambda: TANGLED["keep"][0] < xy[2, 0] < 736.0)
    qtbot.waitUntil(lambda: xy[2].tolist() == [736.0, 0.0])


def test_that_an_undo_under_way_wins(moving: CanvasView, tangled: Editor, qtbot: QtBot) -> None:
    moving.arrange.tidy()
    tangled.undo_stack.undo()
    assert [tuple(place) for place in moving.canvas_scene.xy.tolist()] == list(TANGLED.values())
    moving.arrange.tidy()
    tangled.push(edits.delete(tangled.workflow, moving.catalog, ["read"]))
    assert moving.canvas_scene.xy[0].tolist() == [0.0, 0.0]


def test_that_a_press_ends_the_movement(moving: CanvasView, tangled: Editor, hand: Hand) -> None:
    moving.arrange.tidy()
    hand.press((2000.0, 900.0))
    assert moving.canvas_scene.xy[2].tolist() == [736.0, 0.0]
    hand.release((2000.0, 900.0))


def test_that_a_large_drawing_is_laid_out_beside_the_work(
    canvas: CanvasView, tangled: Editor, qtbot: QtBot, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(arrange, "AT_ONCE", 2)
    monkeypatch.setattr(long_work, "SHOW_AFTER_MS", 0)
    told: list[str] = []
    works = canvas.works
    works.changed.connect(lambda: told.append(works.shown.words) if works.shown else None)
    gate, tidy = threading.Event(), layout.tidy
    monkeypatch.setattr(layout, "tidy", lambda *of: tidy(*of) if gate.wait(10) else None)
    canvas.arrange.tidy()
    qtbot.waitUntil(lambda: bool(told))
    assert told == ["Tidying up 4 nodes…"]
    gate.set()
    assert canvas.arrange.is_working
    canvas.arrange.tidy()  # once is enough
    qtbot.waitUntil(lambda: not canvas.arrange.is_working)
    assert tangled.workflow.layout["keep"] == (736.0, 0.0)


def test_that_escape_gives_up_laying_out_a_large_drawing(
    canvas: CanvasView, tangled: Editor, qtbot: QtBot, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(arrange, "AT_ONCE", 2)
    canvas.arrange.tidy()
    QTest.keyClick(canvas, Qt.Key.Key_Escape)
    assert not canvas.arrange.is_working
    canvas.arrange.tidy()  # the one that was given up is out of the way
    assert canvas.arrange.is_working
    qtbot.waitUntil(lambda: not canvas.arrange.is_working)
    assert tangled.workflow.layout["keep"] == (736.0, 0.0)
    canvas.arrange.tidy()
    canvas.arrange.cancel()
    qtbot.waitUntil(lambda: canvas.arrange._worker is None)
    assert tangled.workflow.layout["keep"] == (736.0, 0.0)


def test_that_an_edit_meanwhile_is_not_overwritten(
    canvas: CanvasView, tangled: Editor, qtbot: QtBot, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(arrange, "AT_ONCE", 2)
    canvas.arrange.tidy()
    tangled.push(edits.rename(tangled.workflow, "read", "Other"))
    qtbot.waitUntil(lambda: not canvas.arrange.is_working)
    assert tangled.workflow.layout == TANGLED


def test_that_a_drawing_that_shrinks_meanwhile_is_left_alone(
    canvas: CanvasView, tangled: Editor, qtbot: QtBot, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(arrange, "AT_ONCE", 2)
    gate, tidy = threading.Event(), layout.tidy

    def after_the_edit(*given: Any) -> Floats:
        gate.wait(10)
        return tidy(*given)

    monkeypatch.setattr(layout, "tidy", after_the_edit)
    canvas.arrange.tidy()
    tangled.push(edits.delete(tangled.workflow, canvas.canvas_scene.catalog, ["read", "keep"]))
    left = tangled.workflow.layout
    gate.set()
    with qtbot.waitSignal(canvas.message) as told:
        qtbot.waitUntil(lambda: not canvas.arrange.is_working)
    assert told.args == ["The drawing changed meanwhile: tidy up again."]
    assert tangled.workflow.layout == left


def test_that_the_edit_of_a_large_drawing_is_worded_beside_the_window(
    canvas: CanvasView, tangled: Editor, qtbot: QtBot, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(arrange, "AT_ONCE", 2)
    threads: list[str] = []
    move = edits.move

    def noted(*of: Any) -> edits.Edit:
        threads.append(threading.current_thread().name)
        return move(*of)

    monkeypatch.setattr(edits, "move", noted)
    canvas.arrange.tidy()
    qtbot.waitUntil(lambda: not canvas.arrange.is_working)
    assert tangled.workflow.layout["keep"] == (736.0, 0.0)
    assert [name.split("_")[0] for name in threads] == ["tidy"]


def test_that_very_many_cards_do_not_glide(
    moving: CanvasView, tangled: Editor, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(arrange, "MOST_GLIDING", 2)
    moving.arrange.tidy()
    assert not moving.motion.is_running("glide")
    assert tangled.workflow.layout["keep"] == (736.0, 0.0)
    assert moving.canvas_scene.xy[moving.canvas_scene.row_of["keep"]].tolist() == [736.0, 0.0]
    tangled.undo_stack.undo()
    monkeypatch.setattr(arrange, "MOST_GLIDING", 4)
    moving.arrange.tidy()
    assert moving.motion.is_running("glide")


def test_that_align_and_distribute_say_what_they_need(canvas: CanvasView, qtbot: QtBot) -> None:
    canvas.select(["read"])
    with qtbot.waitSignal(canvas.message) as told:
        canvas.arrange.align("left")
    assert told.args == ["Select two or more nodes to align them."]
    with qtbot.waitSignal(canvas.message) as told:
        canvas.arrange.distribute("vertically")
    assert told.args == ["Select three or more nodes to distribute them."]
