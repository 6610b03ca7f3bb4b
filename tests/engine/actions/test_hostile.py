"""Whatever is written as an expression, a name or a text gives a result or a fault in plain words."""

import json
from collections.abc import Iterator
from itertools import product
from typing import Any
from xml.etree import ElementTree

import duckdb
import pytest

from engine.actions import chart, file_csv, file_excel, table, table_summarise
from engine.actions.duck import connect
from engine.actions.file_read import read_json
from engine.actions.row_expression import compile_row
from engine.actions.row_functions import FUNCTIONS
from engine.actions.sql import Bindings, ColumnType
from engine.errors import ActionError
from tests.support.corpora import corpus
from tests.support.step_context import Bench, names

COLUMNS: dict[str, ColumnType] = {
    "a": "int",
    "t": "text",
    "d": "date",
    "x": "float",
    "j": "json",
    "b": "bool",
}
ROW = """SELECT 1::BIGINT a, 'x' t, DATE '2026-01-01' d, 1.5::DOUBLE x, '{"k": 1}'::JSON j, true b"""
PARTS = ("a", "t", "d", "x", "j", "b", "1", "'q'", "null", "2.5", "true", "[1]", "j.k", "t[0]", "t[1:]")
OPERATORS = ("+", "-", "*", "/", "//", "%", "==", "!=", "<", ">=", "in", "not in", "and", "or")


def expressions() -> Iterator[str]:
    for left, operator, right in product(PARTS, OPERATORS, PARTS):
        yield f"{left} {operator} {right}"
    for name in FUNCTIONS:
        yield f"{name}()"
        yield from (f"{name}({part})" for part in PARTS)
        yield from (f"{name}({first}, {second})" for first, second in product(PARTS, PARTS))
    yield from (f"{a} if {test} else {b}" for a, test, b in product(PARTS, ("b", "a", "null"), PARTS))


def accepted(bench: Bench, sources: list[str]) -> int:
    """How many of the expressions compile; the database must take each that does."""
    bindings = Bindings()
    pieces = [piece for source in sources if (piece := compiled(source, bindings))]
    with connect(bench.context) as duck:
        for first in range(0, len(pieces), 100):
            batch = ", ".join(f"{piece} AS c{n}" for n, piece in enumerate(pieces[first : first + 100]))
            duck.columns(f"SELECT {batch} FROM ({ROW})", bindings.values)
    return len(pieces)


def compiled(source: str, bindings: Bindings) -> str:
    try:
        return compile_row({"$expression": source, "values": {}}, COLUMNS, bindings).text
    except ActionError:
        return ""


def test_that_what_compiles_is_accepted_by_the_database(bench: Bench) -> None:
    assert accepted(bench, list(expressions())) > 1000


def test_that_hostile_expressions_are_refused_or_harmless(bench: Bench) -> None:
    content = (corpus("hostile_expressions") / "expressions.json").read_text(encoding="utf-8")
    accepted(bench, texts(json.loads(content)))


def texts(value: Any) -> list[str]:
    if isinstance(value, str):
        return [value]
    members = value.values() if isinstance(value, dict) else value if isinstance(value, list) else ()
    return [text for member in members for text in texts(member)]


@pytest.fixture
def naughty() -> list[str]:
    listed = json.loads((corpus("naughty_strings") / "blns.json").read_text(encoding="utf-8"))
    return [text for text in listed if isinstance(text, str) and text.strip()]


class TestNaughtyStrings:
    def test_that_values_survive_files(self, bench: Bench, naughty: list[str]) -> None:
        (bench.folder / "in.json").write_text(json.dumps([{"t": text} for text in naughty]), encoding="utf-8")
        given = read_json({"path": "in.json"}, bench.context)["table"]
        file_csv.write_csv({"table": given, "path": "t.csv"}, bench.context)
        file_excel.write_excel({"table": given, "path": "t.xlsx"}, bench.context)
        options = {"path": "t.csv", "all_text": True, "header": "yes", "delimiter": ","}
        for again in (
            file_csv.read_csv(options, bench.context),
            file_excel.read_excel({"path": "t.xlsx"}, bench.context),
        ):
            assert [row[0] for row in bench.rows(again["table"])] == naughty

    def test_that_columns_may_have_any_name(self, bench: Bench, naughty: list[str]) -> None:
        row = {name: number for number, name in enumerate(dict.fromkeys(naughty[:60]))}
        (bench.folder / "in.json").write_text(json.dumps([row]), encoding="utf-8")
        given = read_json({"path": "in.json"}, bench.context)["table"]
        for name in names(given):
            rules = [{"column": name, "operator": ">=", "value": "0"}]
            assert table.filter_rows({"table": given, "rules": rules}, bench.context)["rows"] == 1
            lines = [{"function": "sum", "column": name}]
            summed = table_summarise.summarise(
                {"table": given, "group": [name], "values": lines}, bench.context
            )
            assert summed["rows"] == 1

    def test_that_a_chart_of_them_is_a_valid_picture(self, bench: Bench, naughty: list[str]) -> None:
        rows = [{"name": text, "v": number} for number, text in enumerate(naughty[:180])]
        (bench.folder / "in.json").write_text(json.dumps(rows), encoding="utf-8")
        given = read_json({"path": "in.json"}, bench.context)["table"]
        for path in ("c.svg", "c.png"):
            params = {"table": given, "x": "name", "y": ["v"], "title": naughty[0], "path": path}
            assert chart.bar_line(params, bench.context)["bytes"] > 1000
        ElementTree.fromstring((bench.folder / "c.svg").read_text(encoding="utf-8"))


def test_that_duckdb_errors_never_leave_an_action(bench: Bench) -> None:
    broken = bench.table("SELECT 1 AS a")
    bench.artifacts.path(broken).write_bytes(b"PAR1 damaged PAR1")
    with pytest.raises(ActionError) as caught:
        table.sort({"table": broken, "by": [{"column": "a"}]}, bench.context)
    assert isinstance(caught.value.__cause__, duckdb.Error)
