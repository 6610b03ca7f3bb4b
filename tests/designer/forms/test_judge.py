"""The forms' validator is loaded beside the window, and not before it is painted."""

from __future__ import annotations

from pytestqt.qtbot import QtBot

from designer.forms.judge import Judge


def test_that_a_judge_who_is_held_begins_when_released(qtbot: QtBot) -> None:
    judge = Judge()
    judge.hold()
    judge.prepare()
    assert judge._thread is None
    with qtbot.waitSignal(judge.ready):
        judge.release()
    assert judge.is_ready


def test_that_a_judge_whom_nobody_asks_loads_nothing(qtbot: QtBot) -> None:
    judge = Judge()
    judge.hold()
    judge.release()
    assert judge._thread is None
    with qtbot.waitSignal(judge.ready):
        judge.prepare()


def test_that_several_requests_are_one(qtbot: QtBot) -> None:
    judge = Judge()
    with qtbot.waitSignal(judge.ready):
        judge.prepare()
        thread = judge._thread
        judge.prepare()
    judge.release()
    assert judge._thread is thread
