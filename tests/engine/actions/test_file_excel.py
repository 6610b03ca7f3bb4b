"""Excel workbooks: types come back, sizes and names are checked, text never becomes a formula."""

import datetime as dt
import zipfile
from typing import Any

import pytest
import xlsxwriter

from engine.actions.duck import arriving
from engine.actions.file_excel import _check_size, read_excel, write_excel
from engine.errors import ActionError
from tests.support.corpora import corpus
from tests.support.step_context import Bench, names, types


def refusal(action: Any, bench: Bench, **params: Any) -> ActionError:
    with pytest.raises(ActionError) as caught:
        action(params, bench.context)
    return caught.value


EMPTY_FIRST = {"sheet2": "Sheet2"}
"""Workbooks of the outside material whose first sheet is empty."""


@pytest.fixture
def workbook(bench: Bench) -> str:
    with xlsxwriter.Workbook(str(bench.folder / "in.xlsx")) as book:
        first = book.add_worksheet("Orders")
        for row, cells in enumerate(
            [("id", "rate", "name"), (1, 1.5, "Anna"), (None, None, None), (3, 2, None)]
        ):
            for column, cell in enumerate(cells):
                if cell is not None:
                    first.write(row, column, cell)
        second = book.add_worksheet("Offset")
        for row, cells in enumerate([("a", "b"), (1, 2), (3, 4), (5, 6)]):
            second.write_row(row + 2, 1, cells)
        book.add_worksheet("Empty")
    return "in.xlsx"


class TestRead:
    def test_that_whole_numbers_come_back_whole(self, bench: Bench, workbook: str) -> None:
        output = read_excel({"path": workbook}, bench.context)
        assert types(output["table"]) == {"id": "int", "rate": "float", "name": "text"}
        assert bench.rows(output["table"]) == [(1, 1.5, "Anna"), (3, 2.0, None)]
        assert (output["sheet"], output["sheets"]) == ("Orders", ["Orders", "Offset", "Empty"])

    @pytest.mark.parametrize(
        ("params", "columns", "rows"),
        [
            ({"skip_empty": False}, ["id", "rate", "name"], 3),
            ({"all_text": True}, ["id", "rate", "name"], 2),
            ({"sheet": "Offset", "range": "B3:C5"}, ["a", "b"], 2),
            ({"sheet": "Offset", "range": "C3:C6"}, ["b"], 3),
            ({"sheet": "Offset", "header_row": 3}, ["a", "b"], 3),
        ],
    )
    def test_that_the_cells_asked_for_are_read(
        self, bench: Bench, workbook: str, params: dict[str, Any], columns: list[str], rows: int
    ) -> None:
        output = read_excel({"path": workbook, **params}, bench.context)
        assert [name for name in names(output["table"]) if "UNNAMED" not in name] == columns
        assert output["rows"] == rows

    def test_that_cells_without_names_are_numbered(self, bench: Bench, workbook: str) -> None:
        output = read_excel(
            {"path": workbook, "sheet": "Offset", "range": "B4:C6", "header_row": 0}, bench.context
        )
        assert bench.rows(output["table"]) == [(1, 2), (3, 4), (5, 6)]

    @pytest.mark.parametrize(
        ("params", "message", "hint"),
        [
            (
                {"sheet": "Ordres"},
                "'in.xlsx' has no sheet 'Ordres'",
                "Its sheets are: 'Orders', 'Offset', 'Empty'.",
            ),
            ({"range": "B3"}, "'B3' is not a range of cells", "B3:F200"),
            ({"sheet": "Empty"}, "The sheet is empty", ""),
            ({"path": "no.xlsx"}, "Did you mean 'in.xlsx'?", ""),
            ({"path": "fake.xlsx"}, "'fake.xlsx' cannot be read as a workbook", "save it as .xlsx"),
        ],
    )
    def test_that_a_bad_parameter_says_why(
        self, bench: Bench, workbook: str, params: dict[str, Any], message: str, hint: str
    ) -> None:
        (bench.folder / "fake.xlsx").write_text("not a workbook")
        error = refusal(read_excel, bench, **{"path": workbook, **params})
        assert message in error.message
        assert hint in error.hint

    def test_that_workbooks_of_other_programs_are_read(self, bench: Bench) -> None:
        for path in sorted(corpus("tabular").glob("*/*.xls*")):
            output = read_excel({"path": str(path), "sheet": EMPTY_FIRST.get(path.stem, "")}, bench.context)
            assert output["rows"] == len(bench.rows(output["table"])), path.name


class TestWrite:
    EVERY_TYPE = """SELECT 1::BIGINT AS n, 2.5::DOUBLE AS x, 'Zoë' AS t, true AS b, DATE '2026-03-01' AS d,
        TIMESTAMP '2026-03-01 14:30:00' AS at, 19.99::DECIMAL(10, 2) AS price, NULL::BIGINT AS nothing"""

    def test_that_a_table_comes_back_as_it_went(self, bench: Bench) -> None:
        table = bench.table(self.EVERY_TYPE)
        output = write_excel({"table": table, "path": "out/t.xlsx", "sheet": "Figures"}, bench.context)
        assert output["bytes"] == (bench.folder / "out/t.xlsx").stat().st_size
        again = read_excel({"path": "out/t.xlsx"}, bench.context)
        assert again["sheets"] == ["Figures"]
        assert bench.rows(again["table"]) == [
            (1, 2.5, "Zoë", True, dt.date(2026, 3, 1), dt.datetime(2026, 3, 1, 14, 30), 19.99, None)
        ]

    def test_that_text_never_becomes_a_formula_or_link(self, bench: Bench) -> None:
        table = bench.table("SELECT unnest(['=1+1', '@cmd', 'http://x.y', '-5']) AS t")
        write_excel({"table": table, "path": "t.xlsx"}, bench.context)
        sheet = zipfile.ZipFile(bench.folder / "t.xlsx").read("xl/worksheets/sheet1.xml").decode()
        assert "<f>" not in sheet
        assert "hyperlink" not in sheet
        assert "=1+1" in sheet

    def test_that_values_excel_cannot_hold_are_written_as_text(self, bench: Bench) -> None:
        table = bench.table("""SELECT 9007199254740993::BIGINT AS n, 'inf'::DOUBLE AS x,
            DATE '1850-01-01' AS d,
            TIME '10:30:00' AS c, INTERVAL 2 DAY AS i, '{"a": 1}'::JSON AS j, 'ab'::BLOB AS b""")
        write_excel({"table": table, "path": "t.xlsx"}, bench.context)
        row = bench.rows(read_excel({"path": "t.xlsx", "all_text": True}, bench.context)["table"])[0]
        assert row[:3] == ("9007199254740993", "inf", "1850-01-01")
        assert row[4:] == ("2 days", '{"a": 1}', "6162")

    def test_that_a_cell_that_is_too_long_is_cut_and_reported(self, bench: Bench) -> None:
        write_excel({"table": bench.table("SELECT repeat('x', 40000) AS t"), "path": "t.xlsx"}, bench.context)
        level, text = bench.reports.logged[0]
        assert (level, text[:33]) == ("warning", "1 cells were cut to 32,767 charac")

    @pytest.mark.parametrize("style", ["filled", "bold", "plain"])
    def test_that_header_and_view_follow_the_settings(self, bench: Bench, style: str) -> None:
        write_excel(
            {"table": bench.table("SELECT 1 AS n"), "path": "t.xlsx", "header_style": style,
             "freeze_header": style == "bold", "filter_buttons": style == "bold"},
            bench.context,
        )  # fmt: skip
        sheet = zipfile.ZipFile(bench.folder / "t.xlsx").read("xl/worksheets/sheet1.xml").decode()
        assert ("<pane" in sheet, "<autoFilter" in sheet) == (style == "bold", style == "bold")

    @pytest.mark.parametrize(
        ("params", "message"),
        [
            ({"path": "t.xls"}, "'t.xls' does not end with .xlsx"),
            ({"path": ""}, "No file is chosen"),
            ({"sheet": "a/b"}, "'a/b' cannot be the name of a sheet"),
            ({"sheet": "x" * 32}, "cannot be the name of a sheet"),
            ({"path": "there.xlsx", "mode": "new"}, "'there.xlsx' exists already"),
            ({"table": 3}, "needs a table"),
        ],
    )
    def test_that_a_bad_parameter_says_why(self, bench: Bench, params: dict[str, Any], message: str) -> None:
        (bench.folder / "there.xlsx").write_text("precious")
        table = bench.table("SELECT 1 AS n")
        assert message in refusal(write_excel, bench, **{"table": table, "path": "t.xlsx", **params}).message
        assert (bench.folder / "there.xlsx").read_text() == "precious"
        assert not (bench.folder / "t.xlsx").exists()

    @pytest.mark.parametrize(
        ("select", "message"),
        [
            ("SELECT i FROM range(1048576) t(i)", "1,048,576 rows, but a sheet holds 1,048,575"),
            ("SELECT " + ", ".join(f"1 AS c{n}" for n in range(16_385)), "16,385 columns"),
        ],
    )
    def test_that_a_table_larger_than_a_sheet_is_refused_at_once(
        self, bench: Bench, select: str, message: str
    ) -> None:
        table = arriving({"table": bench.table(select)}, "table", bench.context)
        with pytest.raises(ActionError, match=message):
            _check_size(table)

    def test_that_it_stops_when_it_is_cancelled(self, bench: Bench) -> None:
        table = bench.table("SELECT i FROM range(20000) t(i)")
        bench.reports.progress = lambda fraction, text: bench.context.cancel()  # type: ignore[method-assign]  # a fake
        error = refusal(write_excel, bench, table=table, path="t.xlsx")
        assert error.message == "The step was stopped"
        assert list(bench.folder.glob("*.xlsx*")) == []
