"""Python's collector works while the person rests, and then it finds everything."""

from __future__ import annotations

import gc
import weakref
from collections.abc import Callable, Iterator

import pytest
from PySide6.QtCore import Qt
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QWidget
from pytestqt.qtbot import QtBot
from shiboken6 import isValid

from designer import collecting
from designer.collecting import AWAY_S, LONG_AWAY_S, REST_S, SOON_S, Collecting, spare_collecting
from engine.run import garbage
from tests.designer.windows.test_two_windows import ADD
from tests.support.desk import Desk


class Knot:
    """Refers to itself, so that only the collector frees it."""

    def __init__(self) -> None:
        self.own = self


class Person:
    """Time, and whether a run is on the screen."""

    now = 1_000.0
    is_running = False

    def rest(self, seconds: float) -> None:
        self.now += seconds


@pytest.fixture
def person() -> Person:
    return Person()


@pytest.fixture
def collector(qtbot: QtBot, person: Person) -> Iterator[Collecting]:
    thresholds = gc.get_threshold()
    spare_collecting()
    made = Collecting(lambda: person.is_running, lambda: person.now)
    made.begin()
    yield made
    made.end()
    gc.set_threshold(*thresholds)
    assert not gc.get_freeze_count()


def work() -> None:
    """As much as makes the collector look at the youngest objects."""
    kept = [[] for _ in range(2 * collecting.YOUNG)]
    del kept


def age() -> weakref.ref[Knot]:
    """A knot that was alive when the young were looked through, and has been dropped since."""
    held = Knot()
    work()
    gc.collect(1)
    return weakref.ref(held)


def test_that_old_objects_are_never_looked_through_by_themselves(collector: Collecting) -> None:
    before = gc.get_stats()[2]["collections"]
    kept = [[[]] for _ in range(20)]
    for _ in range(20):
        kept.append([[] for _ in range(collecting.YOUNG)])
    assert gc.get_stats()[0]["collections"] > 0
    assert gc.get_stats()[2]["collections"] == before


def test_that_what_was_dropped_is_freed_when_the_person_rests(collector: Collecting, person: Person) -> None:
    dropped = age()
    person.rest(REST_S / 2)
    collector.look()
    assert dropped() is not None
    person.rest(REST_S)
    collector.look()
    assert dropped() is None


def test_that_what_takes_long_to_look_through_waits_until_the_person_is_away(
    collector: Collecting, person: Person, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(collecting, "MANY", 0)
    dropped = age()
    person.rest(REST_S)
    collector.look()
    assert dropped() is not None
    person.rest(AWAY_S)
    collector.look()
    assert dropped() is None


def test_that_a_look_that_took_long_is_not_taken_again(
    collector: Collecting, person: Person, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(collecting, "SHORT_S", 0.0)
    age()
    gc.unfreeze()
    person.rest(REST_S)
    collector.look()
    assert gc.get_freeze_count()


def test_that_nothing_is_done_where_nothing_has_happened(collector: Collecting, person: Person) -> None:
    person.rest(AWAY_S)
    collector.look()
    looks = gc.get_stats()[2]["collections"]
    for _ in range(5):
        person.rest(AWAY_S)
        collector.look()
    assert gc.get_stats()[2]["collections"] == looks


def test_that_a_run_is_disturbed_only_when_the_person_is_away_for_long(
    collector: Collecting, person: Person
) -> None:
    person.is_running = True
    dropped = age()
    person.rest(AWAY_S)
    collector.look()
    assert dropped() is not None
    person.rest(LONG_AWAY_S)
    collector.look()
    assert dropped() is None


def test_that_a_key_a_movement_and_another_window_are_no_rest(
    collector: Collecting, person: Person, qtbot: QtBot
) -> None:
    window, other = QWidget(), QWidget()
    for each in (window, other):
        qtbot.addWidget(each)
        each.show()
        each.activateWindow()
        qtbot.waitUntil(each.isActiveWindow)
    dropped = age()
    acts: tuple[Callable[[], object], ...] = (
        lambda: QTest.keyClick(other.windowHandle(), Qt.Key.Key_A),
        lambda: QTest.mouseMove(other.windowHandle(), other.rect().center()),
        lambda: QTest.mouseClick(other.windowHandle(), Qt.MouseButton.LeftButton),
        window.activateWindow,
    )
    for act in acts:
        person.rest(REST_S)
        act()
        qtbot.waitUntil(lambda: collector._moved_at == person.now)
        collector.look()
        assert dropped() is not None
    person.rest(REST_S)
    collector.look()
    assert dropped() is None


def test_that_the_engine_puts_aside_and_the_window_puts_back(collector: Collecting, person: Person) -> None:
    gc.unfreeze()
    held = Knot()
    dropped = weakref.ref(held)
    person.is_running = True
    garbage.begins(0.0)
    gc.collect(0)
    garbage.turn(garbage.BACK_S + 1.0)
    assert gc.get_freeze_count()
    garbage.ends()
    assert gc.get_freeze_count()
    person.is_running = False
    del held
    work()
    person.rest(AWAY_S)
    collector.look()
    assert dropped() is None


def test_that_a_closed_window_leaves_nothing_once_the_person_rests(desk: Desk, qtbot: QtBot) -> None:
    desk.open()
    program, person = desk.program, Person()
    program.collecting._clock = lambda: person.now
    desk.window.commands["file.new_window"].trigger()
    qtbot.waitUntil(lambda: len(program.workplaces) == 2)
    other = program.workplaces[-1]
    qtbot.waitUntil(other.window.isVisible)
    other.session.editor.push(ADD)
    other.session.editor.undo_stack.setClean()
    left = weakref.ref(other.session.editor), weakref.ref(other.session.editor.document)
    gc.freeze()
    window = weakref.ref(other.window)
    other.window.close()
    del other
    qtbot.waitUntil(lambda: len(program.workplaces) == 1 and program.collecting._soon)
    person.rest(SOON_S)
    qtbot.waitUntil(lambda: window() is None or not isValid(window()))
    program.collecting.look()
    assert [each() is None for each in (*left, window)] == [True, True, True]
    desk.window.commands["view.theme"].trigger()  # nobody calls what is gone
