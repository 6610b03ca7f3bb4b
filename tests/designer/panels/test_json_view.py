"""Outputs as a tree."""

from __future__ import annotations

import pytest
from PySide6.QtCore import QModelIndex, Qt
from PySide6.QtGui import QContextMenuEvent, QGuiApplication
from PySide6.QtTest import QAbstractItemModelTester
from PySide6.QtWidgets import QMenu

from designer.panels.json_model import JsonModel, reference, summary
from designer.panels.json_view import JsonView

_VALUE = {"user": {"name": "Ada", "first tag": ["a", None]}, "rows": list(range(1000)), "empty": {}}


def test_that_the_model_keeps_the_rules_of_qt(qtbot) -> None:
    model = JsonModel()
    tester = QAbstractItemModelTester(model, QAbstractItemModelTester.FailureReportingMode.Warning, model)
    # The tester would fetch more in the middle of an insertion, which views never do.
    tester.setUseFetchMore(False)
    model.set_value(_VALUE)
    model.fetchMore(QModelIndex())
    user = model.index(0, 0)
    model.fetchMore(user)
    model.fetchMore(model.index(1, 0, user))
    model.fetchMore(model.index(1, 0))
    model.set_value([1, 2])
    model.fetchMore(QModelIndex())
    assert model.rowCount() == 2


def test_that_long_lists_are_made_piece_by_piece(qtbot) -> None:
    model = JsonModel()
    model.set_value(_VALUE)
    model.fetchMore(QModelIndex())
    rows = model.index(1, 0)
    assert model.rowCount(rows) == 0
    model.fetchMore(rows)
    assert model.rowCount(rows) == 200
    assert model.canFetchMore(rows)
    assert not model.hasChildren(model.index(2, 0))


@pytest.mark.parametrize(
    ("value", "text"),
    [
        ({"a": 1}, "{ 1 value }"),
        ([1, 2], "[ 2 items ]"),
        ("text", "text"),
        (None, "null"),
        (True, "true"),
        ("x" * 400, "x" * 300 + "…"),
        ({"$table": "a", "rows": 12, "columns": [{}, {}]}, "Table, 12 rows × 2 columns"),
    ],
)
def test_that_a_value_is_summed_up_in_one_line(value, text: str) -> None:
    assert summary(value) == text


def test_that_references_quote_only_odd_names() -> None:
    assert reference("read", ("rows", 0, "first tag")) == '${read.rows[0]["first tag"]}'


def test_that_value_and_reference_are_copied(qtbot) -> None:
    view = JsonView()
    qtbot.addWidget(view)
    view.set_value("fetch", _VALUE)
    model = view.model()
    user = model.index(0, 0)
    model.fetchMore(user)
    view.setCurrentIndex(model.index(0, 1, user))
    qtbot.keyClick(view, Qt.Key.Key_C, Qt.KeyboardModifier.ControlModifier)
    assert QGuiApplication.clipboard().text() == "Ada"
    with qtbot.waitSignal(view.message) as got:
        qtbot.keyClick(
            view,
            Qt.Key.Key_C,
            Qt.KeyboardModifier.ControlModifier | Qt.KeyboardModifier.ShiftModifier,
        )
    assert QGuiApplication.clipboard().text() == "${fetch.user.name}"
    assert got.args == ["Copied ${fetch.user.name}"]
    view.setCurrentIndex(model.index(2, 0))
    view.copy_value()
    assert QGuiApplication.clipboard().text() == "{}"


def test_that_the_menu_offers_both(qtbot) -> None:
    view = JsonView()
    qtbot.addWidget(view)
    view.resize(400, 200)
    view.show()
    view.set_value("fetch", {"only": {"a": 1}})
    assert view.isExpanded(view.model().index(0, 0))
    view.grab()
    view.setCurrentIndex(view.model().index(0, 0))
    view.contextMenuEvent(
        QContextMenuEvent(QContextMenuEvent.Reason.Keyboard, view.rect().center(), view.rect().center())
    )
    menu = view.findChild(QMenu)
    menu.actions()[1].trigger()
    assert QGuiApplication.clipboard().text() == "${fetch.only}"
    menu.close()
    qtbot.waitUntil(lambda: view.findChild(QMenu) is None)
