"""Parquet and JSON: every type comes in under its name, and what is no table says so."""

import json
from pathlib import Path
from typing import Any

import duckdb
import pytest

from engine.actions.file_read import read_json, read_parquet
from engine.errors import ActionError
from tests.support.corpora import corpus
from tests.support.step_context import Bench, names, types


def refusal(action: Any, bench: Bench, **params: Any) -> ActionError:
    with pytest.raises(ActionError) as caught:
        action(params, bench.context)
    return caught.value


def parquet(path: Path, select: str) -> None:
    with duckdb.connect() as connection:
        connection.execute(f"COPY ({select}) TO '{path}' (FORMAT parquet)")


class TestParquet:
    def test_that_every_type_is_stored_in_one_form(self, bench: Bench) -> None:
        parquet(
            bench.folder / "t.parquet",
            """SELECT 1::TINYINT i8, 2::UINTEGER u32, 1.5::FLOAT f, true b, 'a' t, uuid() u,
            DATE '2026-01-01' d,
            TIMESTAMPTZ '2026-01-01 12:00:00+02' z, TIME '10:00' c, 1.25::DECIMAL(9, 2) p, INTERVAL 1 DAY i,
            'ab'::BLOB bin, {'a': 1} s, [1, 2] l,
            '{"k": 1}'::JSON j""",
        )
        output = read_parquet({"path": "t.parquet"}, bench.context)
        assert list(types(output["table"]).values()) == [
            "int", "int", "float", "bool", "text", "text", "date", "datetime", "time", "decimal", "duration",
            "binary", "json", "json", "json",
        ]  # fmt: skip
        row = bench.rows(output["table"])[0]
        assert str(row[7]) == "2026-01-01 10:00:00"
        assert row[12:] == ('{"a":1}', "[1,2]", '{"k": 1}')

    def test_that_some_columns_can_be_chosen(self, bench: Bench) -> None:
        parquet(bench.folder / "t.parquet", "SELECT 1 AS a, 2 AS b, 3 AS c")
        output = read_parquet({"path": "t.parquet", "columns": ["c", "a"]}, bench.context)
        assert bench.rows(output["table"]) == [(3, 1)]
        assert "No column 'z'" in refusal(read_parquet, bench, path="t.parquet", columns=["z"]).message

    def test_that_a_pattern_reads_several_files(self, bench: Bench) -> None:
        for n in (2, 1):
            parquet(bench.folder / f"{n}.parquet", f"SELECT {n} AS n")
        assert bench.rows(read_parquet({"path": "*.parquet"}, bench.context)["table"]) == [(1,), (2,)]

    def test_that_brackets_in_a_folder_are_no_pattern(self, bench: Bench) -> None:
        (bench.folder / "a[1]").mkdir()
        parquet(bench.folder / "t.parquet", "SELECT 1 AS n")
        (bench.folder / "t.parquet").rename(bench.folder / "a[1]" / "t.parquet")
        assert read_parquet({"path": "a[1]/t.parquet"}, bench.context)["rows"] == 1

    def test_that_other_files_are_refused(self, bench: Bench) -> None:
        (bench.folder / "t.parquet").write_text("a,b\n1,2\n")
        assert refusal(read_parquet, bench, path="t.parquet").message == "'t.parquet' is not a Parquet file"
        (bench.folder / "u.parquet").write_bytes(b"PAR1 and then nothing")
        assert refusal(read_parquet, bench, path="u.parquet").message


class TestJson:
    def read(self, bench: Bench, content: str | bytes, **params: Any) -> dict[str, Any]:
        data = content.encode() if isinstance(content, str) else content
        (bench.folder / "in.json").write_bytes(data)
        return read_json({"path": "in.json", **params}, bench.context)

    @pytest.mark.parametrize(
        ("content", "params"),
        [
            ('[{"a": 1, "b": "x"}, {"a": 2}]', {}),
            ('{"a": 1, "b": "x"}\n{"a": 2}\n', {}),
            ('{"a": 1, "b": "x"}\n{"a": 2}\n', {"format": "lines"}),
            ('{"data": {"items": [{"a": 1, "b": "x"}, {"a": 2}]}}', {"records": "data.items"}),
            ('\ufeff[{"a": 1, "b": "x"}, {"a": 2}]', {}),
        ],
    )
    def test_that_records_become_rows(self, bench: Bench, content: str, params: dict[str, Any]) -> None:
        output = self.read(bench, content, **params)
        assert names(output["table"]) == ["a", "b"]
        assert bench.rows(output["table"]) == [(1, "x"), (2, None)]

    def test_that_nested_values_stay_json(self, bench: Bench) -> None:
        output = self.read(bench, '[{"who": {"name": "Anna", "tags": ["x"]}, "n": [1, 2]}]')
        assert types(output["table"]) == {"who": "json", "n": "json"}
        assert json.loads(bench.rows(output["table"])[0][0]) == {"name": "Anna", "tags": ["x"]}

    def test_that_other_encodings_are_read(self, bench: Bench) -> None:
        assert bench.rows(self.read(bench, '[{"a": "é"}]'.encode("utf-16"))["table"]) == [("é",)]

    def test_that_an_empty_list_is_an_empty_table(self, bench: Bench) -> None:
        assert self.read(bench, '{"items": []}', records="items")["rows"] == 0

    @pytest.mark.parametrize(
        ("content", "params", "message"),
        [
            ("", {}, "'in.json' is empty"),
            ("[{", {}, "'in.json' cannot be read as JSON"),
            ('{"a": {"b": 1}}', {"records": "a.b"}, "There is no list at 'a.b' in 'in.json'"),
            ('{"a": 1}', {"records": "x"}, "There is no list at 'x'"),
        ],
    )
    def test_that_what_is_no_list_of_records_says_so(
        self, bench: Bench, content: str, params: dict[str, Any], message: str
    ) -> None:
        with pytest.raises(ActionError) as caught:
            self.read(bench, content, **params)
        assert message in caught.value.message
        assert caught.value.hint

    def test_that_real_documents_are_read(self, bench: Bench) -> None:
        for path in sorted(corpus("tabular").glob("csvkit/*.json")):
            output = read_json({"path": str(path)}, bench.context)
            assert output["rows"] == len(bench.rows(output["table"])), path.name
