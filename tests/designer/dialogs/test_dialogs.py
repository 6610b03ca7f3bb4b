"""Dialogs are opened and awaited, close with the answer a person gave, and say what happens."""

from __future__ import annotations

import asyncio
import re
from pathlib import Path
from typing import Any

import pytest
from PySide6.QtCore import QCoreApplication, QEvent, Qt
from PySide6.QtGui import QGuiApplication
from PySide6.QtWidgets import QLabel, QPushButton, QWidget
from pytestqt.qtbot import QtBot

from designer.dialogs.about import AboutDialog
from designer.dialogs.base import Dialog, Scrim, ask, marked_up
from designer.dialogs.message import MessageDialog
from designer.dialogs.missing_input import LATER, MissingInputAnswer, MissingInputDialog
from designer.dialogs.preferences import PreferencesDialog
from designer.dialogs.questions import CloseRunningDialog, RecoveredDialog, UnsavedDialog
from designer.dialogs.run_inputs import RunInputsDialog
from designer.dialogs.undoing import StopDialog, UndoDialog
from designer.settings import Settings
from designer.theme.controller import ThemeController

THRESHOLD: dict[str, Any] = {
    "step_id": "late",
    "path": "input.threshold",
    "name": "threshold",
    "title": "Threshold",
    "last_value": 45,
    "schema": {
        "type": "number",
        "minimum": 0,
        "description": "Delay in minutes above which a departure counts as late.",
        "x-unit": "minutes",
    },
}


def words(label: QLabel) -> str:
    """The text of a label without its markup."""
    return re.sub(r"<[^>]*>", " ", label.text()).replace("\u2060", "").replace("  ", " ").replace(" ,", ",")


def click(qtbot: QtBot, button: QPushButton) -> None:
    qtbot.mouseClick(button, Qt.MouseButton.LeftButton)


def opened(dialog: Dialog[Any], qtbot: QtBot) -> Dialog[Any]:
    qtbot.addWidget(dialog)
    with qtbot.waitActive(dialog):
        dialog.open()
        dialog.activateWindow()
    return dialog


async def soon(condition: Any) -> None:
    """Let Qt and asyncio take turns until the condition holds."""
    for _ in range(500):
        QCoreApplication.processEvents()
        if condition():
            return
        await asyncio.sleep(0)
    raise AssertionError("it never came true")


@pytest.mark.asyncio
async def test_that_asking_waits_for_the_answer_without_a_loop_of_its_own(window: QWidget) -> None:
    dialog = UnsavedDialog("Report", window)
    asked = asyncio.create_task(ask(dialog))
    await soon(dialog.isVisible)
    dialog.save_button.click()
    assert await asked == "save"


@pytest.mark.asyncio
async def test_that_whoever_asks_can_be_cancelled(window: QWidget) -> None:
    dialog = UnsavedDialog("Report", window)
    asked = asyncio.create_task(ask(dialog))
    await soon(dialog.isVisible)
    asked.cancel()
    with pytest.raises(asyncio.CancelledError):
        await asked
    assert not dialog.isVisible()
    assert window.findChild(Scrim) is None or not window.findChild(Scrim).isVisible()


def test_that_the_window_is_dimmed_while_a_dialog_is_open(window: QWidget, qtbot: QtBot) -> None:
    dialog = opened(UnsavedDialog("Report", window), qtbot)
    scrim = window.findChild(Scrim)
    assert scrim is not None
    assert scrim.size() == window.size()
    window.resize(1000, 720)
    assert scrim.size() == window.size()
    assert not window.grab().isNull()
    assert not dialog.grab().isNull()
    dialog.reject()
    QCoreApplication.sendPostedEvents(None, QEvent.Type.DeferredDelete)
    assert window.findChild(Scrim) is None


def test_that_references_are_set_in_mono_and_text_is_escaped() -> None:
    text = marked_up("uses ${input.x} & <b> `code`")
    assert "&amp; &lt;b&gt;" in text
    assert text.count("font-family") == 2
    assert "`" not in text


def missing(window: QWidget, qtbot: QtBot, *needed: dict[str, Any], **more: Any) -> MissingInputDialog:
    dialog = MissingInputDialog(
        needed or (THRESHOLD,), node_title="Delayed departures", done=4, total=9, parent=window, **more
    )
    opened(dialog, qtbot)
    return dialog


def test_that_a_missing_value_is_explained(window: QWidget, qtbot: QtBot) -> None:
    dialog = missing(window, qtbot)
    assert dialog.title_label.text() == "The run needs one value"
    assert words(dialog.text_label) == (
        "“Delayed departures” uses ${input.threshold}, which has no value. "
        "The run is paused and saved; 4 of 9 steps are done."
    )
    row = dialog.form.row("threshold")
    assert row is not None
    assert row.title == "Threshold"
    assert row.message()[1].endswith("counts as late. Last run: 45")
    assert dialog.focusWidget() is row.editor.focus_target()


def test_that_return_resumes_with_what_was_typed(window: QWidget, qtbot: QtBot) -> None:
    dialog = missing(window, qtbot)
    row = dialog.form.row("threshold")
    assert row is not None
    line = row.editor.focus_target()
    line.selectAll()  # type: ignore[attr-defined]  # a line edit
    qtbot.keyClicks(line, "60")
    qtbot.mouseClick(dialog.as_default, Qt.MouseButton.LeftButton, pos=dialog.as_default.rect().center() / 4)
    assert dialog.as_default.isChecked()
    qtbot.keyClick(line, Qt.Key.Key_Return)
    assert not dialog.isVisible()
    assert dialog.answer == MissingInputAnswer(
        decision="resume", values={"threshold": 60}, use_as_default=True
    )


def test_that_a_wrong_value_is_not_taken(window: QWidget, qtbot: QtBot) -> None:
    dialog = missing(window, qtbot, complaint="It was refused.", values={"threshold": -1})
    click(qtbot, dialog.resume_button)
    assert dialog.isVisible()
    row = dialog.form.row("threshold")
    assert row is not None
    assert row.message() == ("error", "Must be at least 0, not -1.")
    assert any(
        label.text() == "It was refused." and label.isVisible() for label in dialog.findChildren(QLabel)
    )


def test_that_escape_means_later_and_stop_means_stop(window: QWidget, qtbot: QtBot) -> None:
    later = missing(window, qtbot)
    qtbot.keyClick(later, Qt.Key.Key_Escape)
    assert later.answer == LATER
    stopped = missing(window, qtbot)
    click(qtbot, stopped.stop_button)
    assert stopped.answer.decision == "stop"
    pressed = missing(window, qtbot)
    click(qtbot, pressed.later_button)
    assert pressed.answer == LATER


def test_that_several_values_and_values_of_steps_are_asked_together(window: QWidget, qtbot: QtBot) -> None:
    total = {"step_id": "late", "path": "check.output.total", "name": "check.output.total", "schema": {}}
    dialog = missing(window, qtbot, THRESHOLD, total)
    assert dialog.title_label.text() == "The run needs two values"
    assert "${input.threshold} and ${check.output.total}, which have no values" in words(dialog.text_label)
    assert not dialog.as_default.isVisible()
    row = dialog.form.row("check.output.total")
    assert row is not None
    qtbot.keyClicks(row.editor.focus_target(), "12")
    click(qtbot, dialog.resume_button)
    assert dialog.answer.values == {"threshold": 45, "check.output.total": 12}


def test_that_a_question_of_a_step_shows_its_own_form(window: QWidget, qtbot: QtBot) -> None:
    asked = {
        "step_id": "ask",
        "path": "ask.output",
        "name": "ask",
        "form": True,
        "title": "Check the figures",
        "text": "Before they are sent.",
        "schema": {
            "type": "object",
            "properties": {"ok": {"type": "boolean"}, "note": {"type": "string", "default": "fine"}},
            "required": ["ok"],
        },
    }
    dialog = missing(window, qtbot, asked)
    assert dialog.title_label.text() == "Check the figures"
    assert "Before they are sent." in words(dialog.text_label)
    click(qtbot, dialog.resume_button)
    assert dialog.isVisible()
    row = dialog.form.row("ok")
    assert row is not None
    row.editor.focus_target().click()  # type: ignore[attr-defined]  # a tick box
    click(qtbot, dialog.resume_button)
    assert dialog.answer.values == {"ask.output": {"ok": True, "note": "fine"}}


def test_that_a_form_without_fields_only_asks_whether_to_go_on(window: QWidget, qtbot: QtBot) -> None:
    needed = {
        "step_id": "ok",
        "path": "ok.output",
        "name": "ok",
        "schema": {},
        "title": "Go on?",
        "form": True,
    }
    dialog = MissingInputDialog([needed], node_title="Approve", parent=window)
    dialog.open()
    qtbot.waitUntil(dialog.resume_button.hasFocus)
    assert not dialog.form.isVisible()
    qtbot.keyClick(dialog.resume_button, Qt.Key.Key_Return)
    assert dialog.answer == MissingInputAnswer(decision="resume", values={"ok.output": {}})


def test_that_a_long_form_scrolls_inside_the_dialog(window: QWidget, qtbot: QtBot) -> None:
    schema = {"type": "object", "properties": {f"field_{n}": {"type": "string"} for n in range(20)}}
    dialog = opened(RunInputsDialog(schema, {}, workflow_name="Report", parent=window), qtbot)
    assert dialog.height() < 700


def test_that_inputs_are_asked_before_a_run(window: QWidget, qtbot: QtBot) -> None:
    schema = {
        "type": "object",
        "properties": {"n": {"type": "integer"}, "mode": {"type": "string", "default": "fast"}},
        "required": ["n"],
    }
    dialog = RunInputsDialog(schema, workflow_name="Report", parent=window)
    opened(dialog, qtbot)
    click(qtbot, dialog.run_button)
    assert dialog.isVisible()
    qtbot.keyClicks(dialog.focusWidget(), "3")
    click(qtbot, dialog.run_button)
    assert dialog.answer == {"n": 3}
    other = RunInputsDialog(schema, parent=window)
    opened(other, qtbot)
    click(qtbot, other.cancel_button)
    assert other.answer is None


@pytest.mark.parametrize(
    ("button", "answer"),
    [("save_button", "save"), ("discard_button", "discard"), ("cancel_button", "cancel")],
)
def test_that_unsaved_changes_are_kept_thrown_away_or_neither(
    window: QWidget, qtbot: QtBot, button: str, answer: str
) -> None:
    dialog = UnsavedDialog("Report", window)
    opened(dialog, qtbot)
    assert "“Report”" in dialog.title_label.text()
    click(qtbot, getattr(dialog, button))
    assert dialog.answer == answer


@pytest.mark.parametrize(
    ("button", "answer"), [("keep_button", "keep"), ("stop_button", "stop"), ("cancel_button", "cancel")]
)
def test_that_a_running_workflow_is_kept_stopped_or_the_window_stays(
    window: QWidget, qtbot: QtBot, button: str, answer: str
) -> None:
    dialog = CloseRunningDialog("Report", done=4, total=9, parent=window)
    opened(dialog, qtbot)
    assert "4 of 9 steps are done" in words(dialog.text_label)
    click(qtbot, getattr(dialog, button))
    assert dialog.answer == answer


@pytest.mark.parametrize(
    ("button", "answer"), [("recover_button", True), ("discard_button", False), ("later_button", None)]
)
def test_that_lost_edits_are_offered_once(
    window: QWidget, qtbot: QtBot, button: str, answer: bool | None
) -> None:
    dialog = RecoveredDialog("Report", edits=1, edited_at=0.0, changed_outside=True, parent=window)
    opened(dialog, qtbot)
    assert "before one edit could be saved" in words(dialog.text_label)
    assert "changed by someone else" in words(dialog.text_label)
    click(qtbot, getattr(dialog, button))
    assert dialog.answer is answer


def test_that_a_message_unfolds_its_details_and_can_do_something(window: QWidget, qtbot: QtBot) -> None:
    dialog = MessageDialog(
        "It failed", "Why.", hint="Do this.", details="trace", action="Mend it", parent=window
    )
    opened(dialog, qtbot)
    before = dialog.height()
    click(qtbot, dialog.more_button)
    qtbot.waitUntil(lambda: dialog.details.isVisible() and dialog.height() > before)
    assert dialog.action_button is not None
    click(qtbot, dialog.action_button)
    assert dialog.answer is True


def test_that_preferences_take_effect_at_once(window: QWidget, qtbot: QtBot, tmp_path: Path) -> None:
    settings = Settings(tmp_path / "settings.ini")
    controller = ThemeController("light")
    dialog = PreferencesDialog(settings, controller, window)
    opened(dialog, qtbot)
    themes = dialog.form.row("theme")
    steps = dialog.form.row("max_concurrent_steps")
    motion = dialog.form.row("reduce_motion")
    assert themes is not None
    assert steps is not None
    assert motion is not None
    qtbot.keyClick(themes.editor.focus_target(), Qt.Key.Key_End)
    assert (settings.theme_mode, controller.mode) == ("dark", "dark")
    motion.editor.focus_target().click()  # type: ignore[attr-defined]  # a tick box
    assert settings.reduce_motion
    guides = dialog.form.row("snap_to_guides")
    assert guides is not None
    assert settings.snap_to_guides
    guides.editor.focus_target().click()  # type: ignore[attr-defined]  # a tick box
    assert not settings.snap_to_guides
    line = steps.editor.focus_target()
    line.selectAll()  # type: ignore[attr-defined]  # a line edit
    qtbot.keyClicks(line, "0")
    assert settings.max_concurrent_steps == 5
    qtbot.keyClick(line, Qt.Key.Key_Backspace)
    qtbot.keyClicks(line, "8")
    assert settings.max_concurrent_steps == 8
    days = dialog.form.row("keep_runs_days")
    assert days is not None
    line = days.editor.focus_target()
    line.selectAll()  # type: ignore[attr-defined]  # a line edit
    qtbot.keyClicks(line, "90")
    assert settings.keep_runs_days == 90
    controller.set_mode("light")


def test_that_about_copies_what_a_report_needs(window: QWidget, qtbot: QtBot) -> None:
    dialog = AboutDialog(window)
    opened(dialog, qtbot)
    click(qtbot, dialog.copy_button)
    assert QGuiApplication.clipboard().text() == dialog.facts
    assert "Python 3" in dialog.facts
    click(qtbot, dialog.close_button)
    assert not dialog.isVisible()


def test_that_stopping_can_undo_what_was_done(qtbot: QtBot) -> None:
    dialog = opened(StopDialog("Orders"), qtbot)
    assert dialog.answer is None
    dialog.undo.setChecked(True)
    click(qtbot, dialog.stop_button)
    assert dialog.answer is True


def test_that_undoing_lists_what_will_be_undone_and_asks_about_what_nobody_knows(qtbot: QtBot) -> None:
    dialog = opened(UndoDialog([f"Step {n}" for n in range(12)], [("pay", "Pay")], again=True), qtbot)
    assert dialog.list.text().splitlines()[0] == "1.  Step 0"
    assert dialog.list.text().splitlines()[-1] == "and 4 more"
    dialog.boxes["pay"].setChecked(True)
    click(qtbot, dialog.undo_button)
    assert dialog.answer == {"pay": True}


@pytest.mark.parametrize(
    ("path", "is_for_all", "key"),
    [
        ("each/3/input.limit", True, "each/input.limit"),
        ("each/3/input.limit", False, "each/3/input.limit"),
        ("part/input.limit", None, "part/input.limit"),
        ("each/3/deep/input.limit", None, "each/3/deep/input.limit"),
    ],
)
def test_that_one_answer_can_be_for_all_items(
    window: QWidget, qtbot: QtBot, path: str, is_for_all: bool | None, key: str
) -> None:
    asked = {"step_id": "each/3/check", "path": path, "name": "limit", "schema": {"type": "number"}}
    dialog = missing(window, qtbot, asked)
    assert "uses ${input.limit}, which has no value" in words(dialog.text_label)
    assert dialog.for_all.isVisible() == (is_for_all is not None)
    if is_for_all is False:
        dialog.for_all.click()
    row = dialog.form.row(path)
    assert row is not None
    qtbot.keyClicks(row.editor.focus_target(), "5")
    click(qtbot, dialog.resume_button)
    assert dialog.answer.values == {key: 5}
