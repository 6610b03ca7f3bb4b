"""The window with larger text: as the system has it or a person chose, and no word is cut."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
import shiboken6
from PySide6.QtCore import QCoreApplication, QEvent, QObject, QSettings, Qt
from PySide6.QtGui import QFont, QFontDatabase
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QAbstractButton, QComboBox, QDialog, QLineEdit, QWidget
from pytestqt.qtbot import QtBot

from designer.dialogs.preferences import PreferencesDialog
from designer.settings import Settings
from designer.theme import fonts, text_size
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
        while made:
            made.pop().close()
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
        if tab == "History":  # its figures come from the store, a moment later
            qtbot.waitUntil(window.bottom.history.statistics.isVisible)
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
    monkeypatch.setattr(QFontDatabase, "systemFont", lambda _which: font)
    monkeypatch.setattr("sys.platform", "linux")
    assert text_size.adopt(text_size.LIKE_THE_SYSTEM) == expected


def test_that_a_chosen_size_wins_and_keeps_within_its_limits(tmp_path: Path) -> None:
    settings = Settings(tmp_path / "settings.ini")
    assert settings.text_size == text_size.LIKE_THE_SYSTEM
    settings.text_size = 500
    assert settings.text_size == 200
    settings.text_size = 90
    assert text_size.adopt(settings.text_size) == 0.9


def _choose_size(desk: Desk, qtbot: QtBot, percent: int) -> PreferencesDialog:
    """Choose a text size in the preferences with the keyboard, as a person does."""
    desk.window.commands["file.preferences"].trigger()
    dialog = _dialog(desk, qtbot)
    assert isinstance(dialog, PreferencesDialog)
    box = next(each for each in dialog.findChildren(QComboBox) if each.findText("150 %") >= 0)
    box.setFocus()
    way = box.findText(f"{percent} %") - box.currentIndex()
    for _ in range(abs(way)):
        QTest.keyClick(box, Qt.Key.Key_Down if way > 0 else Qt.Key.Key_Up)
    return dialog


def _measures(window: QWidget) -> dict[str, list[tuple[object, ...]]]:
    """What every widget of a window says about its size, by where it is."""
    found: dict[str, list[tuple[object, ...]]] = {}
    for widget in window.findChildren(QWidget):
        names: list[str] = []
        here: QWidget | None = widget
        while here is not None and here is not window:
            names.append(f"{type(here).__name__}#{here.objectName()}")
            here = here.parentWidget()
        said = (
            widget.font().pixelSize(),
            widget.minimumWidth(),
            widget.maximumSize().toTuple(),
            # Of what holds others it depends on what was laid out last.
            widget.sizeHint().toTuple() if isinstance(widget, QLineEdit | QAbstractButton) else None,
        )
        found.setdefault("/".join(reversed(names)), []).append(said)
    return {place: sorted(said, key=str) for place, said in found.items()}


def test_that_another_text_size_takes_effect_at_once(desk_at: MakeDesk, tmp_path: Path, qtbot: QtBot) -> None:
    """The window looks as if it had been opened with that size."""

    def fill(desk: Desk) -> None:
        desk.open()
        spin(desk.window.session.files.load(file))
        desk.window.canvas.select(["delayed"])
        for tab in (*range(4), 0):
            desk.window.inspector.show_tab(tab)
        desk.window.docks.reveal(desk.window.docks.outline)
        desk.window.canvas.set_zoom(1.0)
        desk.window.canvas.camera.finish()
        QTest.qWait(20)

    example = next(each for each in examples() if each.folder == "flight-delay-report")
    file = copy_example(example, tmp_path)
    desk = desk_at(100)
    fill(desk)
    zoom = desk.window.canvas.camera.zoom
    dialog = _choose_size(desk, qtbot, 150)
    assert_no_word_is_cut(qtbot, dialog)
    dialog.reject()
    assert_no_word_is_cut(qtbot, desk.window)
    assert desk.window.canvas.camera.zoom == pytest.approx(zoom * 1.5)
    live = _measures(desk.window)
    again = desk_at(150)
    fill(again)
    fresh = _measures(again.window)
    differing = {
        place: (live.get(place), said)
        for place, said in fresh.items()
        if place in live and live[place] != said and "Banner" not in place  # as wide as there is room
    }
    assert not differing
    assert len(fresh.keys() & live.keys()) > 100


def test_that_the_preferences_and_open_dialogs_shrink_again(desk_at: MakeDesk, qtbot: QtBot) -> None:
    desk = desk_at(200)
    desk.open()
    dialog = _choose_size(desk, qtbot, 100)
    assert text_size.scale() == 1.0
    assert dialog.maximumWidth() < 600
    assert_no_word_is_cut(qtbot, dialog)
    dialog.reject()
    assert fonts.body().pixelSize() == 13
    assert desk.window.top_bar.height() == 44


def _set_system_text(desk: Desk, monkeypatch: pytest.MonkeyPatch, points: float) -> None:
    """The system's own text gets another size, and Qt tells the windows."""
    font = QFont()
    font.setPointSizeF(points)
    monkeypatch.setattr(QFontDatabase, "systemFont", lambda _which: font)
    monkeypatch.setattr("sys.platform", "linux")
    for workplace in desk.program.workplaces:
        QCoreApplication.sendEvent(workplace.window.windowHandle(), QEvent(QEvent.Type.ThemeChange))


def test_that_another_text_size_of_the_system_takes_effect_at_once(
    desk_at: MakeDesk, qtbot: QtBot, monkeypatch: pytest.MonkeyPatch
) -> None:
    desk = desk_at(text_size.LIKE_THE_SYSTEM)
    desk.open()
    desk.program.open_window()
    qtbot.waitUntil(lambda: len(desk.program.workplaces) == 2)
    windows = [workplace.window for workplace in desk.program.workplaces]
    qtbot.waitUntil(windows[1].isVisible)
    zoom = windows[0].canvas.camera.zoom
    changes: list[object] = []
    desk.program.theme.theme_changed.connect(changes.append)
    _set_system_text(desk, monkeypatch, 16.5)
    qtbot.waitUntil(lambda: text_size.scale() == 1.5)
    assert [window.top_bar.height() for window in windows] == [66, 66]
    assert fonts.body().pixelSize() == 20
    assert windows[0].canvas.camera.zoom == pytest.approx(zoom * 1.5)
    assert_no_word_is_cut(qtbot, windows[0])
    _set_system_text(desk, monkeypatch, 11.0)
    qtbot.waitUntil(lambda: text_size.scale() == 1.0)
    assert [window.top_bar.height() for window in windows] == [44, 44]
    assert len(changes) == 2  # once each, however many windows are told


def test_that_a_chosen_text_size_stays_when_the_system_has_another(
    desk_at: MakeDesk, qtbot: QtBot, monkeypatch: pytest.MonkeyPatch
) -> None:
    desk = desk_at(120)
    desk.open()
    _set_system_text(desk, monkeypatch, 16.5)
    assert desk.program.theme._later.isActive()
    qtbot.waitUntil(lambda: not desk.program.theme._later.isActive())
    assert text_size.scale() == 1.2


def test_that_what_is_gone_is_not_told_of_another_size(qtbot: QtBot) -> None:
    told: list[str] = []
    owner, other = QObject(), QObject()
    text_size.keep(owner, lambda it: told.append(it.objectName()))
    text_size.keep(other, lambda it: told.append("other"))
    owner.setObjectName("owner")
    shiboken6.delete(other)
    told.clear()
    text_size.renew()
    assert [each for each in told if each in ("owner", "other")] == ["owner"]
