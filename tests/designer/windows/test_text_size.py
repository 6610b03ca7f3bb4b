"""The window with larger text: as the system has it or a person chose, and no word is cut."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from PySide6.QtCore import QSettings
from PySide6.QtGui import QFont, QGuiApplication
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QDialog
from pytestqt.qtbot import QtBot

from designer.dialogs.preferences import PreferencesDialog
from designer.settings import Settings
from designer.theme import ThemeController, fonts, text_size
from designer.theme.stylesheet import build
from designer.theme.theme import light
from designer.windows.examples import copy_example, examples
from tests.support.cut_text import assert_no_word_is_cut
from tests.support.desk import Desk
from tests.support.qt_loop import qt_loop, spin

MakeDesk = Callable[[int], Desk]


@pytest.fixture(autouse=True)
def _as_designed_afterwards() -> Iterator[None]:
    yield
    text_size.adopt(100)


@pytest.fixture
def desk_at(qapp, tmp_path: Path) -> Iterator[MakeDesk]:
    """A program that starts with this text size in its settings."""
    made: list[Desk] = []

    def make(percent: int) -> Desk:
        kept = QSettings(str(tmp_path / "settings.ini"), QSettings.Format.IniFormat)
        kept.setValue("text_size", percent)
        kept.sync()
        made.append(Desk(tmp_path))
        made[0].window.resize(1600, 1000)
        return made[0]

    with qt_loop(qapp):
        yield make
        for desk in made:
            desk.close()


def _dialog(desk: Desk, qtbot: QtBot) -> QDialog:
    def shown() -> list[QDialog]:
        return [each for each in desk.window.findChildren(QDialog) if each.isVisible()]

    qtbot.waitUntil(lambda: bool(shown()), timeout=15_000)
    QTest.qWait(50)
    return shown()[0]


@pytest.mark.parametrize("percent", [100, 150, 200])
def test_that_no_word_of_the_window_is_cut(
    desk_at: MakeDesk, tmp_path: Path, qtbot: QtBot, percent: int
) -> None:
    desk = desk_at(percent)
    desk.open()
    window = desk.window
    QTest.qWait(50)
    assert_no_word_is_cut(qtbot, window)
    example = next(each for each in examples() if each.folder == "flight-delay-report")
    spin(window.session.files.load(copy_example(example, tmp_path)))
    window.commands["run.run"].trigger()
    dialog = _dialog(desk, qtbot)
    assert_no_word_is_cut(qtbot, dialog)
    dialog.reject()
    for node in list(window.session.editor.workflow.nodes.values())[:6]:
        window.canvas.select([node.id])
        for tab in range(4):
            window.inspector.show_tab(tab)
            QTest.qWait(20)
            assert_no_word_is_cut(qtbot, window)
    for tab in ("Timeline", "Problems", "Log", "History"):
        window.bottom.show_tab(tab)
        QTest.qWait(20)
        assert_no_word_is_cut(qtbot, window)


@pytest.mark.parametrize("percent", [100, 150, 200])
@pytest.mark.parametrize("action", ["file.preferences", "help.shortcuts", "help.about"])
def test_that_no_word_of_a_dialog_is_cut(desk_at: MakeDesk, qtbot: QtBot, percent: int, action: str) -> None:
    desk = desk_at(percent)
    desk.open()
    desk.window.commands[action].trigger()
    dialog = _dialog(desk, qtbot)
    assert_no_word_is_cut(qtbot, dialog)
    assert dialog.height() <= desk.window.height()
    dialog.reject()


def test_that_the_drawing_is_shown_larger_as_a_whole(desk_at: MakeDesk) -> None:
    desk = desk_at(150)
    desk.open()
    canvas = desk.window.canvas
    canvas.add_node_at_centre("table.sort")
    canvas.set_zoom(1.0)
    assert canvas.camera.zoom == 1.5
    assert canvas.overlays.zoom_bar.level.text() == "100 %"
    canvas.frame_all()
    assert canvas.camera.zoom == 1.5
    assert canvas.layer.inks.title.pixelSize() == 14


def test_that_fonts_and_what_holds_a_line_grow_with_the_text() -> None:
    text_size.adopt(150)
    assert fonts.body().pixelSize() == 20
    assert fonts.sans(12, drawn=True).pixelSize() == 12
    assert text_size.length(28) == 42
    assert "QWidget { color: #" in build(light())
    assert "font-size: 20px; }" in build(light())


@pytest.mark.parametrize(("points", "expected"), [(9.0, 1.0), (11.0, 1.0), (16.5, 1.5), (40.0, 2.0)])
def test_that_large_text_of_the_system_is_taken_over(
    monkeypatch: pytest.MonkeyPatch, points: float, expected: float
) -> None:
    font = QFont()
    font.setPointSizeF(points)
    monkeypatch.setattr(QGuiApplication, "font", lambda: font)
    monkeypatch.setattr("sys.platform", "linux")
    assert text_size.adopt(text_size.LIKE_THE_SYSTEM) == expected


def test_that_a_chosen_size_wins_and_keeps_within_its_limits(tmp_path: Path) -> None:
    settings = Settings(tmp_path / "settings.ini")
    assert settings.text_size == text_size.LIKE_THE_SYSTEM
    settings.text_size = 500
    assert settings.text_size == 200
    settings.text_size = 90
    assert text_size.adopt(settings.text_size) == 0.9


def test_that_the_text_size_is_chosen_in_the_preferences(qtbot: QtBot, tmp_path: Path) -> None:
    settings = Settings(tmp_path / "settings.ini")
    dialog = PreferencesDialog(settings, ThemeController("light"))
    qtbot.addWidget(dialog)
    dialog.form.value_changed.emit({**dialog.form.value(), "text_size": 150})
    assert settings.text_size == 150
