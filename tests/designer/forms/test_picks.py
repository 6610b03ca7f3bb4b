"""Code, paths, dates and long texts in a form."""

from __future__ import annotations

from pathlib import Path

import pytest
from PySide6.QtCore import QDate, Qt
from PySide6.QtGui import QKeySequence
from PySide6.QtWidgets import (
    QApplication,
    QCalendarWidget,
    QFileDialog,
    QLineEdit,
    QPlainTextEdit,
    QToolButton,
)
from pytestqt.qtbot import QtBot

from designer.forms.code_edit import CodeEdit
from designer.forms.context import FormContext
from designer.forms.pick_editors import DateEditor, PathEditor, relative_path
from tests.designer.forms.conftest import MakeForm, props
from tests.designer.forms.test_form import field, note, row


def test_that_code_is_typed_with_four_spaces(make_form: MakeForm, qtbot: QtBot) -> None:
    form = make_form(props(code={"type": "string", "format": "code"}), {"code": ""})
    code = field(form, "code")
    assert isinstance(code, CodeEdit)
    code.setFocus()
    qtbot.keyClicks(code, "if a:")
    qtbot.keyClick(code, Qt.Key.Key_Return)
    qtbot.keyClicks(code, "b = 'x' # c 12")
    qtbot.keyClick(code, Qt.Key.Key_Return)
    qtbot.keyClick(code, Qt.Key.Key_Backtab)
    qtbot.keyClicks(code, "d")
    qtbot.keyClick(code, Qt.Key.Key_Tab)
    assert form.value() == {"code": "if a:\n    b = 'x' # c 12\nd   "}
    code.selectAll()
    qtbot.keyClick(code, Qt.Key.Key_Tab)
    assert form.value()["code"].startswith("    if a:")
    qtbot.keyClick(code, Qt.Key.Key_Backtab)
    assert form.value()["code"].startswith("if a:")


def test_that_a_path_is_chosen_beside_the_workflow(make_form: MakeForm, qtbot: QtBot, tmp_path: Path) -> None:
    (tmp_path / "data").mkdir()
    (tmp_path / "data" / "a.csv").write_text("x")
    schema = props(path={"type": "string", "format": "path-open", "x-file-filter": "CSV (*.csv)"})
    form = make_form(schema, {"path": "data/a.csv"}, context=FormContext(base_dir=tmp_path))
    editor = row(form, "path").editor
    assert isinstance(editor, PathEditor)
    qtbot.mouseClick(editor.browse, Qt.MouseButton.LeftButton)
    dialog = QApplication.activeModalWidget()
    assert isinstance(dialog, QFileDialog)
    assert dialog.directory().path() == str(tmp_path / "data")
    dialog.filesSelected.emit([str(tmp_path / "b.csv")])
    dialog.close()
    assert form.value() == {"path": "b.csv"}


def test_that_paths_far_away_stay_whole(tmp_path: Path) -> None:
    assert relative_path(tmp_path / "a" / "b", tmp_path / "c") == "../a/b"
    assert relative_path(Path("/usr/x"), tmp_path / "a" / "b" / "c").startswith("/")
    assert relative_path(Path("/usr/x"), None) == "/usr/x"


@pytest.mark.parametrize(
    ("kind", "before", "after"),
    [
        ("date", "", "2026-03-05"),
        ("date-time", "2025-01-01T08:30:00Z", "2026-03-05T08:30:00Z"),
        ("date-time", "", "2026-03-05T00:00:00Z"),
    ],
)
def test_that_a_day_is_chosen_from_the_calendar(
    make_form: MakeForm, qtbot: QtBot, kind: str, before: str, after: str
) -> None:
    form = make_form(props(day={"type": "string", "format": kind}), {"day": before} if before else {})
    editor = row(form, "day").editor
    assert isinstance(editor, DateEditor)
    button = editor.findChild(QToolButton)
    assert isinstance(button, QToolButton)
    qtbot.mouseClick(button, Qt.MouseButton.LeftButton)
    calendar = editor.findChild(QCalendarWidget)
    assert isinstance(calendar, QCalendarWidget)
    calendar.clicked.emit(QDate(2026, 3, 5))
    assert form.value() == {"day": after}


def test_that_a_wrong_date_is_said(make_form: MakeForm, qtbot: QtBot) -> None:
    form = make_form(props(day={"type": "string", "format": "date"}))
    qtbot.keyClicks(field(form, "day"), "2026-02-30")
    assert note(form, "day")[0] == "error"


def test_that_tab_leaves_a_long_text(make_form: MakeForm, qtbot: QtBot) -> None:
    schema = props(a={"type": "string", "format": "multiline"}, b={"type": "string"})
    form = make_form(schema, {"a": "x\ny"})
    text = field(form, "a")
    assert isinstance(text, QPlainTextEdit)
    text.setFocus()
    qtbot.keyClick(text, Qt.Key.Key_Tab)
    assert QApplication.focusWidget() is field(form, "b")
    qtbot.keySequence(text, QKeySequence.StandardKey.SelectAll)
    qtbot.keyClicks(text, "z")
    assert form.value() == {"a": "z"}


def test_that_a_secret_is_not_readable_on_screen(make_form: MakeForm) -> None:
    line = field(make_form(props(a={"type": "string", "x-secret": True}), {"a": "abc"}), "a")
    assert isinstance(line, QLineEdit)
    assert line.echoMode() is QLineEdit.EchoMode.Password
