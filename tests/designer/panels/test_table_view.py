"""The virtual table: model, header, copying, widths and order."""

from __future__ import annotations

import pytest
from PySide6.QtCore import QEvent, Qt
from PySide6.QtGui import QContextMenuEvent, QGuiApplication
from PySide6.QtTest import QAbstractItemModelTester
from PySide6.QtWidgets import QMenu, QTableView

from designer.panels.table_model import MAX_SHOWN_ROWS, TableModel
from designer.panels.table_source import MAX_COPIED_CELLS, PAGE_ROWS, TableSource
from designer.panels.table_view import TableView
from designer.panels.tables import Table, TableColumn, cell_text, tables_in


@pytest.fixture
def view(qtbot, source: TableSource) -> TableView:
    made = TableView(source)
    qtbot.addWidget(made)
    made.resize(900, 300)
    return made


def _show(qtbot, view: TableView, table: Table) -> TableModel:
    model = view.table_model
    model.set_table(table)
    view.show()
    qtbot.waitUntil(lambda: model.cell(0, 0).is_loaded)
    return model


def test_that_the_model_keeps_the_rules_of_qt(qtbot, source, make_table) -> None:
    model = TableModel(source)
    tester = QAbstractItemModelTester(model, QAbstractItemModelTester.FailureReportingMode.Warning, model)
    model.set_table(make_table(300))
    model.data(model.index(0, 0))
    qtbot.waitUntil(lambda: model.cell(0, 0).is_loaded)
    model.sort_by(0)
    qtbot.waitUntil(lambda: not model.is_sorting)
    model.set_table(None)
    assert tester.model() is model


def test_that_a_cell_is_a_placeholder_until_its_page_arrives(qtbot, source, make_table) -> None:
    model = TableModel(source)
    model.set_table(make_table(300))
    assert not model.cell(0, 0).is_loaded
    with qtbot.waitSignal(model.page_arrived):
        pass
    assert model.cell(299, 0).text == "…"
    assert [model.cell(1, column).text for column in range(4)] == ["1", "0.5", "AA", "false"]


def test_that_null_differs_from_a_text_that_says_null(qtbot, source, make_table) -> None:
    model = TableModel(source)
    model.set_table(
        make_table(1, query="select null::varchar as a, 'null' as b", columns=(("a", "text"), ("b", "text")))
    )
    model.cell(0, 0)
    qtbot.waitUntil(lambda: model.cell(0, 0).is_loaded)
    assert model.cell(0, 0).is_null
    assert not model.cell(0, 1).is_null


def test_that_only_a_bounded_number_of_pages_is_kept(qtbot, source, make_table) -> None:
    model = TableModel(source)
    model.set_table(
        make_table(
            PAGE_ROWS * 80, query=f"select i as n from range({PAGE_ROWS * 80}) r(i)", columns=(("n", "int"),)
        )
    )
    for block in range(80):
        model.cell(block * PAGE_ROWS, 0)
        qtbot.waitUntil(lambda at=block: model.cell(at * PAGE_ROWS, 0).is_loaded)
    assert len(model._pages) == 64
    assert not model.cell(0, 0).is_loaded


def test_that_numbers_stand_on_the_right_and_rows_are_numbered(qtbot, view, make_table) -> None:
    model = _show(qtbot, view, make_table(100))
    right = Qt.AlignmentFlag.AlignRight
    assert model.data(model.index(0, 0), Qt.ItemDataRole.TextAlignmentRole) & right
    assert not model.data(model.index(0, 2), Qt.ItemDataRole.TextAlignmentRole) & right
    assert model.headerData(41, Qt.Orientation.Vertical) == "42"
    assert model.headerData(1, Qt.Orientation.Horizontal) == "delay"


def test_that_columns_on_screen_get_their_histograms_without_being_asked(qtbot, view, make_table) -> None:
    model = _show(qtbot, view, make_table(100))
    qtbot.waitUntil(lambda: model.profile(0) is not None and model.profile(2) is not None)
    view.grab()
    tip = model.headerData(1, Qt.Orientation.Horizontal, Qt.ItemDataRole.ToolTipRole)
    assert "10.0% null" in tip


def test_that_a_column_becomes_as_wide_as_its_values(qtbot, view, make_table) -> None:
    table = make_table(
        3, query="select 'a rather long text in a cell' as a, 1 as b", columns=(("a", "text"), ("b", "int"))
    )
    _show(qtbot, view, table)
    view.grab()
    assert view.columnWidth(0) > view.columnWidth(1) + 50


def test_that_only_long_cells_have_a_tooltip(qtbot, view, make_table) -> None:
    long = "a rather long text in a cell"
    table = make_table(1, query=f"select '{long}' as a, 1 as b", columns=(("a", "text"), ("b", "int")))
    model = _show(qtbot, view, table)
    assert model.index(0, 0).data(Qt.ItemDataRole.ToolTipRole) == long
    assert model.index(0, 1).data(Qt.ItemDataRole.ToolTipRole) is None


def test_that_clicking_a_header_sorts_up_then_down_then_not(qtbot, view, make_table) -> None:
    model = _show(qtbot, view, make_table(50))
    header = view.horizontalHeader()
    header.sectionClicked.emit(0)
    assert model.is_sorting
    qtbot.waitUntil(lambda: not model.is_sorting)
    header.sectionClicked.emit(0)
    qtbot.waitUntil(lambda: not model.is_sorting and model.cell(0, 0).text == "49")
    view.grab()
    header.sectionClicked.emit(0)
    qtbot.waitUntil(lambda: model.cell(0, 0).text == "0")
    assert model.sort_column == -1


def test_that_a_sort_that_fails_says_so_and_the_rows_stay(qtbot, view, make_table) -> None:
    table = make_table(50)
    model = _show(qtbot, view, table)
    table.path.unlink()
    with qtbot.waitSignal(view.message) as got:
        model.sort_by(0)
    assert got.args[0].startswith("That did not work")
    assert (model.sort_column, model.is_sorting) == (-1, False)


def test_that_selected_cells_are_copied_as_lines_of_tabs(qtbot, view, make_table) -> None:
    _show(qtbot, view, make_table(50))
    view.setCurrentIndex(view.table_model.index(1, 0))
    view.selectionModel().select(view.table_model.index(2, 1), view.selectionModel().SelectionFlag.Select)
    with qtbot.waitSignal(view.message) as got:
        qtbot.keyClick(view, Qt.Key.Key_C, Qt.KeyboardModifier.ControlModifier)
    assert QGuiApplication.clipboard().text() == "1\t0.5\n2\t1.0"
    assert got.args == ["Copied 2 rows"]


def test_that_copying_a_whole_large_table_is_refused_with_a_way_out(qtbot, view, make_table) -> None:
    rows = MAX_COPIED_CELLS + 1
    _show(
        qtbot, view, make_table(rows, query=f"select i as n from range({rows}) r(i)", columns=(("n", "int"),))
    )
    view.selectAll()
    with qtbot.waitSignal(view.message) as got:
        view.copy_selection()
    assert "Write CSV" in got.args[0]


def test_that_the_menu_offers_copying(qtbot, view, make_table) -> None:
    _show(qtbot, view, make_table(5))
    view.selectRow(0)
    view.contextMenuEvent(
        QContextMenuEvent(
            QContextMenuEvent.Reason.Mouse, view.rect().center(), view.mapToGlobal(view.rect().center())
        )
    )
    menu = view.findChild(QMenu)
    texts = [action.text() for action in menu.actions() if action.text()]
    assert texts == ["Copy", "Copy with column names", "Sort by id"]
    with qtbot.waitSignal(view.message):
        menu.actions()[1].trigger()
    assert QGuiApplication.clipboard().text().startswith("id\t")
    menu.actions()[-1].trigger()
    assert view.table_model.sort_column == 0
    assert view._sort_text(0) == "Sort the other way round"
    menu.close()
    qtbot.waitUntil(lambda: view.findChild(QMenu) is None)


def test_that_ten_million_rows_can_be_reached_at_once(qtbot, view, make_table) -> None:
    table = make_table(10_000_000, query="select i as n from range(10000000) r(i)", columns=(("n", "int"),))
    model = _show(qtbot, view, table)
    view.scrollToBottom()
    view.grab()
    qtbot.waitUntil(lambda: model.cell(9_999_999, 0).text == "9999999")
    assert len(model._pages) <= 4


def test_that_more_rows_than_a_view_can_hold_are_cut(source, tmp_path) -> None:
    model = TableModel(source)
    columns = (TableColumn(name="a", kind="int"),)
    model.set_table(Table(key="huge", path=tmp_path / "x", rows=10**9, columns=columns))
    assert model.rowCount() == MAX_SHOWN_ROWS


def test_that_showing_the_same_table_again_keeps_its_pages(qtbot, view, make_table) -> None:
    table = make_table(50)
    model = _show(qtbot, view, table)
    model.set_table(table)
    assert model.cell(0, 0).is_loaded


def test_that_a_file_shorter_than_it_says_shows_placeholders(qtbot, source, make_table) -> None:
    table = make_table(5)
    model = TableModel(source)
    model.set_table(Table(key="short", path=table.path, rows=10, columns=table.columns))
    model.cell(0, 0)
    qtbot.waitUntil(lambda: model.cell(0, 0).is_loaded)
    assert not model.cell(9, 0).is_loaded


def test_that_tables_are_found_anywhere_in_an_output() -> None:
    reference = {"$table": "a" * 64, "rows": 1, "columns": []}
    assert list(tables_in({"kept": reference, "n": 1, "more": [reference]})) == [
        (("kept",), reference),
        (("more", 0), reference),
    ]


@pytest.mark.parametrize(
    ("value", "text"),
    [(None, "null"), (True, "true"), (1400, "1400"), (0.1 + 0.2, "0.3"), (1e300, "1e+300"), ("a\nb", "a⏎b")],
)
def test_that_cells_are_written_shortly(value: object, text: str) -> None:
    assert cell_text(value) == text


def test_that_the_view_is_a_table_for_assistive_software(view) -> None:
    assert isinstance(view, QTableView)
    assert view.accessibleName() == "Table"
    assert view.event(QEvent(QEvent.Type.StyleChange)) in (True, False)
