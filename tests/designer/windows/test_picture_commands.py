"""Export, copy and print the drawing from the window, and open a picture again."""

from __future__ import annotations

from pathlib import Path

import pytest
from PySide6.QtCore import QMimeData, QPoint, QPointF, Qt, QUrl
from PySide6.QtGui import QDragEnterEvent, QDropEvent, QGuiApplication, QImage
from PySide6.QtPrintSupport import QPrinter
from PySide6.QtWidgets import QComboBox
from pytestqt.qtbot import QtBot

from designer.dialogs.export_picture import ExportPictureDialog
from designer.dialogs.message import MessageDialog
from designer.document import picture_file
from designer.windows.picture_wiring import OWN_PICTURE
from engine.files import codec
from engine.history.status import StepStatus
from engine.history.step_state import StepState
from tests.designer.canvas.conftest import small_workflow
from tests.support.desk import Desk
from tests.support.qt_loop import spin


@pytest.fixture
def drawn(desk: Desk) -> Desk:
    desk.open()
    desk.window.session.editor.replace(small_workflow())
    return desk


def dialog(desk: Desk, qtbot: QtBot) -> ExportPictureDialog:
    def shown() -> list[ExportPictureDialog]:
        return [one for one in desk.window.findChildren(ExportPictureDialog) if one.isVisible()]

    qtbot.waitUntil(lambda: bool(shown()))
    return shown()[0]


def export(
    desk: Desk, qtbot: QtBot, monkeypatch: pytest.MonkeyPatch, path: Path, **values: object
) -> list[Path]:
    """Choose these values in the dialog, then this file; the names that were suggested."""
    suggested: list[Path] = []

    async def choose(suggestion: Path, _kind: str) -> Path:
        suggested.append(suggestion)
        return path

    monkeypatch.setattr(desk.person, "ask_picture_path", choose)
    desk.window.commands["file.export_picture"].trigger()
    asked = dialog(desk, qtbot)
    asked.form.set_value({**asked.form.value(), **values})
    qtbot.mouseClick(asked.export_button, Qt.MouseButton.LeftButton)
    return suggested


def test_that_a_picture_is_exported_as_it_was_chosen_and_the_choice_is_remembered(
    drawn: Desk, qtbot: QtBot, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = drawn.folder / "drawing.svg"
    suggested = export(drawn, qtbot, monkeypatch, path, kind="svg", colours="dark")
    qtbot.waitUntil(path.exists)
    assert "Keep large" in path.read_text()
    assert [one.name for one in suggested] == ["Small.svg"]
    drawn.window.commands["file.export_picture"].trigger()
    again = dialog(drawn, qtbot)
    assert again.choice().kind == "svg"
    assert again.choice().colours == "dark"
    again.reject()


def test_that_only_what_makes_sense_is_asked(drawn: Desk, qtbot: QtBot) -> None:
    commands = drawn.window.commands
    commands["file.export_picture"].trigger()
    asked = dialog(drawn, qtbot)
    assert {"part", "states"}.isdisjoint(asked.form.value())
    asked.reject()
    qtbot.waitUntil(lambda: not asked.isVisible())
    drawn.window.canvas.select(["read"])
    drawn.window.canvas.apply_run({"read": StepState(status=StepStatus.COMPLETED)}, {})
    commands["file.export_picture"].trigger()
    asked = dialog(drawn, qtbot)
    assert {"part", "states"} <= asked.form.value().keys()
    before = asked.picture.pixmap().toImage()
    row = asked.form.row("part")
    assert row is not None
    (part,) = row.findChildren(QComboBox)
    qtbot.keyClick(part, Qt.Key.Key_Down)
    qtbot.waitUntil(lambda: asked.picture.pixmap().toImage() != before)
    assert asked.choice().selection
    asked.reject()


def test_that_a_picture_that_cannot_be_saved_says_why(
    drawn: Desk, qtbot: QtBot, monkeypatch: pytest.MonkeyPatch
) -> None:
    export(drawn, qtbot, monkeypatch, drawn.folder / "nowhere" / "a.png")
    qtbot.waitUntil(lambda: any(one.isVisible() for one in drawn.window.findChildren(MessageDialog)))
    said = next(one for one in drawn.window.findChildren(MessageDialog) if one.isVisible())
    said.reject()


def test_that_a_picture_on_the_clipboard_is_seen_by_others_and_carries_the_selection(
    drawn: Desk, qtbot: QtBot
) -> None:
    drawn.window.canvas.select(["read", "keep"])
    drawn.window.commands["file.copy_picture"].trigger()
    qtbot.waitUntil(lambda: QGuiApplication.clipboard().mimeData().hasFormat(OWN_PICTURE))
    mime = QGuiApplication.clipboard().mimeData()
    assert mime.hasImage()
    text = picture_file.extract(bytes(mime.data("image/png").data()))
    assert text is not None
    assert list(codec.decode(text).nodes) == ["read", "keep"]


def test_that_an_exported_picture_is_opened_again_as_a_new_document(
    drawn: Desk, qtbot: QtBot, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = drawn.folder / "drawing.png"
    export(drawn, qtbot, monkeypatch, path, kind="png")
    qtbot.waitUntil(path.exists)
    workflow = drawn.window.session.editor.workflow
    assert spin(drawn.window.session.files.load(path))
    editor = drawn.window.session.editor
    assert editor.workflow == workflow
    assert editor.document.path is None
    assert editor.is_edited
    assert path not in drawn.window.session.settings.recent_files


def test_that_a_picture_is_opened_by_dropping_it_on_the_window(
    drawn: Desk, qtbot: QtBot, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = drawn.folder / "drawing.png"
    export(drawn, qtbot, monkeypatch, path, kind="png")
    qtbot.waitUntil(path.exists)
    drawn.window.session.editor.replace(small_workflow())
    plain = drawn.folder / "plain.png"
    QImage(4, 4, QImage.Format.Format_RGB32).save(str(plain))
    for file, is_taken in ((plain, False), (path, True)):
        mime = QMimeData()
        mime.setUrls([QUrl.fromLocalFile(str(file))])
        copy, left = Qt.DropAction.CopyAction, Qt.MouseButton.LeftButton
        none = Qt.KeyboardModifier.NoModifier
        enter = QDragEnterEvent(QPoint(9, 9), copy, mime, left, none)
        enter.ignore()
        drawn.window.dragEnterEvent(enter)
        assert enter.isAccepted() is is_taken
        drawn.window.dropEvent(QDropEvent(QPointF(9, 9), copy, mime, left, none))
    qtbot.waitUntil(lambda: drawn.window.session.editor.is_edited)


def test_that_the_drawing_is_printed_on_one_page(drawn: Desk, qtbot: QtBot) -> None:
    path = drawn.folder / "page.pdf"
    printer = QPrinter(QPrinter.PrinterMode.HighResolution)
    printer.setOutputFormat(QPrinter.OutputFormat.PdfFormat)
    printer.setOutputFileName(str(path))
    spin(drawn.window.picture_wiring.print_on(printer))
    assert path.read_bytes().count(b"/Type /Page\n") == 1
