"""The smallest window: everything is there, nothing is cut, nothing lies over something else."""

from __future__ import annotations

from pathlib import Path

import pytest
from PySide6.QtCore import QPoint, QPointF, QRect, Qt
from PySide6.QtWidgets import QTabBar, QWidget
from pytestqt.qtbot import QtBot

from designer.panels.elided_label import ElidedLabel
from designer.panels.inspector_node import NodePage
from designer.windows.banner import Notice
from designer.windows.examples import examples
from designer.windows.main_window import SMALLEST_SIZE
from designer.windows.stage import StartHint
from tests.support.desk import Desk


@pytest.fixture
def small(desk: Desk, qtbot: QtBot) -> Desk:
    desk.open()
    desk.window.resize(*SMALLEST_SIZE)
    qtbot.waitUntil(lambda: desk.window.size().toTuple() == SMALLEST_SIZE)
    return desk


def place(widget: QWidget, desk: Desk) -> QRect:
    return QRect(widget.mapTo(desk.window, QPoint(0, 0)), widget.size())


def is_whole(tabs: QTabBar) -> bool:
    return all(tabs.rect().contains(tabs.tabRect(index)) for index in range(tabs.count()))


def test_that_no_panel_lies_over_another(small: Desk) -> None:
    window = small.window
    parts = [window.palette_panel, window.stage, window.inspector, window.bottom]
    places = [place(part, small) for part in parts]
    assert all(window.rect().contains(one) for one in places)
    assert not any(a.intersects(b) for i, a in enumerate(places) for b in places[i + 1 :])


def test_that_no_tab_is_out_of_sight(small: Desk, qtbot: QtBot) -> None:
    window = small.window
    window.canvas.add_node_at_centre("table.filter")
    page = window.inspector.findChild(NodePage)
    assert page is not None
    qtbot.waitUntil(lambda: is_whole(page.tabs) and is_whole(window.bottom.tabs))
    window.resize(1600, 1000)
    window.docks.inspector.widget().setMinimumWidth(352)
    qtbot.waitUntil(lambda: page.tabs.tabText(1) == "Error handling")


def test_that_the_start_hint_stays_on_the_canvas(small: Desk) -> None:
    stage = small.window.stage
    assert stage.hint is not None
    assert stage.rect().contains(stage.hint.geometry())


def test_that_a_long_notice_leaves_its_button_in_sight(small: Desk) -> None:
    stage = small.window.stage
    stage.banner.post(Notice(key="long", text="word " * 60, button="Provide…", act=lambda: None))
    stage.arrange_banner()
    assert stage.rect().contains(stage.banner.geometry())
    assert stage.banner.text == "word " * 60


def test_that_a_long_name_leaves_room_for_the_buttons(small: Desk) -> None:
    bar = small.window.top_bar
    bar.show_document("A very long name of a workflow, indeed " * 5, is_edited=True, tooltip="")
    assert small.window.width() == SMALLEST_SIZE[0]
    assert bar.minimumSizeHint().width() <= SMALLEST_SIZE[0]


def test_that_what_is_in_the_middle_of_the_canvas_stays_there(desk: Desk, qtbot: QtBot) -> None:
    desk.open()
    canvas = desk.window.canvas
    canvas.add_node_at_centre("flow.wait")
    before = canvas.camera.centre
    desk.window.resize(*SMALLEST_SIZE)
    qtbot.waitUntil(lambda: desk.window.size().toTuple() == SMALLEST_SIZE)
    apart: QPointF = canvas.camera.centre - before
    assert apart.manhattanLength() <= 4


def test_that_the_hint_offers_files_in_pairs_and_cuts_long_names(qtbot: QtBot) -> None:
    parent = QWidget()
    qtbot.addWidget(parent)
    recent = [Path(f"/data/{letter}{'x' * 90}.workflow.json") for letter in "abcde"]
    hint = StartHint(examples(), recent, parent)
    parent.show()
    hint.fit(900, 900)
    assert hint.width() == 440
    assert hint.height() < 460
    hint.fit(900, 200)
    assert hint.height() < 200


def test_that_an_elided_label_keeps_its_whole_text(qtbot: QtBot) -> None:
    label = ElidedLabel(Qt.TextElideMode.ElideLeft)
    qtbot.addWidget(label)
    label.setText("Filter rows · table · 2 rows × 3 columns")
    label.resize(120, 20)
    label.show()
    assert label.shown.startswith("…")
    assert label.shown.endswith("columns")
    assert label.text().startswith("Filter rows")
