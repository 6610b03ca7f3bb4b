"""CSV files come in and go out whole: encodings, ragged lines, types, appending."""

import json
import stat
import sys
from pathlib import Path
from typing import Any

import pytest

from engine.actions.file_csv import read_csv, write_csv
from engine.errors import ActionError
from tests.support.corpora import corpus
from tests.support.step_context import Bench, names, types

RAGGED = "a,b,c\n1,2,3\n4,5\n6,7,8,9\n10,11,12\n"


def refusal(action: Any, bench: Bench, **params: Any) -> ActionError:
    with pytest.raises(ActionError) as caught:
        action(params, bench.context)
    return caught.value


def read(bench: Bench, content: str | bytes, **params: Any) -> dict[str, Any]:
    data = content.encode() if isinstance(content, str) else content
    (bench.folder / "in.csv").write_bytes(data)
    return read_csv({"path": "in.csv", **params}, bench.context)


def read_or_fault(bench: Bench, path: Path) -> dict[str, Any] | ActionError:
    try:
        return read_csv({"path": str(path)}, bench.context)
    except ActionError as error:
        return error


class TestRead:
    def test_that_types_and_delimiter_are_found(self, bench: Bench) -> None:
        output = read(bench, "id;name;day;rate\n01;Anna;2026-01-02;1.5\n02;Bo;2026-01-03;\n")
        assert types(output["table"]) == {"id": "text", "name": "text", "day": "date", "rate": "float"}
        assert (output["rows"], output["delimiter"], output["encoding"]) == (2, ";", "utf-8")
        assert bench.rows(output["table"])[1][3] is None

    @pytest.mark.parametrize(
        ("encoding", "params", "used"),
        [("utf-8", {}, "utf-8"), ("utf-8-sig", {}, "utf-8"), ("utf-16", {}, "utf-16"),
        ("utf-16-le", {}, "utf-16-le"),
         ("utf-16-be", {}, "utf-16-be"), ("cp1252", {}, "cp1252"),
         ("latin-1", {"encoding": "latin-1"}, "latin-1"),
         ("cp1251", {"encoding": "cp1251"}, "cp1251")],
    )  # fmt: skip
    def test_that_letters_survive_their_encoding(
        self, bench: Bench, encoding: str, params: dict[str, Any], used: str
    ) -> None:
        letters = "Привет" if encoding == "cp1251" else "Zoë Ångström"
        output = read(bench, f"name,n\n{letters},1\nplain words here,2\n".encode(encoding), **params)
        assert bench.rows(output["table"])[0] == (letters, 1)
        assert output["encoding"] == used

    def test_that_ragged_lines_are_left_out_and_reported(self, bench: Bench) -> None:
        output = read(bench, RAGGED)
        assert [row[0] for row in bench.rows(output["table"])] == [1, 10]
        assert output["rejected_rows"] == 2
        assert bench.rows(output["rejected"])[0] == (
            "in.csv", 3, None, "it has 2 columns instead of 3", "4,5",
        )  # fmt: skip
        level, text = bench.reports.logged[0]
        assert level == "warning"
        assert text == (
            "2 lines do not fit the table and were left out; line 3 of in.csv: it has 2 columns instead of 3"
        )

    def test_that_a_value_of_another_type_far_below_is_reported(
        self, bench: Bench, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr("engine.actions.file_csv._SNIFF_WHOLE_BYTES", 1000)  # as if the file were large
        monkeypatch.setattr("engine.actions.file_csv._SNIFF_ROWS", 2048)
        output = read(bench, "n,m\n" + "".join(f"{n},{n}\n" for n in range(20_000)) + "x,1\n")
        assert (output["rows"], output["rejected_rows"]) == (20_000, 1)
        assert bench.rows(output["rejected"]) == [
            ("in.csv", 20_002, "n", "'x' cannot be read as a whole number", "x,1")
        ]

    def test_that_ragged_lines_can_stop_the_run(self, bench: Bench) -> None:
        error = refusal(lambda params, context: read(bench, RAGGED, **params), bench, bad_lines="fail")
        assert "2 lines do not fit the table: line 3 of in.csv" in error.message

    def test_that_short_lines_can_be_filled(self, bench: Bench) -> None:
        output = read(bench, "a,b,c\n1,2,3\n4,5\n", bad_lines="fill")
        assert bench.rows(output["table"]) == [(1, 2, 3), (4, 5, None)]

    @pytest.mark.parametrize(
        ("content", "params", "first"),
        [
            ("a,b\n1,2\n", {"header": "no"}, ("a", "b")),
            ("1,2\n3,4\n", {"header": "yes"}, (3, 4)),
            ("Report\n\na,b\n1,2\n", {"skip_lines": 2, "header": "yes"}, (1, 2)),
            ("a;b\n1,5;2\n", {"decimal": ",", "delimiter": ";"}, (1.5, 2)),
            ("a,b\nNA,-\n3,4\n", {"empty_text": ["NA", "-"]}, (None, None)),
            ("a,b\n007,1e3\n", {"all_text": True}, ("007", "1e3")),
            ("a|b\n1|2\n", {"delimiter": "|"}, (1, 2)),
        ],
    )
    def test_that_a_setting_is_followed(
        self, bench: Bench, content: str, params: dict[str, Any], first: tuple[Any, ...]
    ) -> None:
        assert bench.rows(read(bench, content, **params)["table"])[0] == first

    def test_that_dates_are_read_as_described(self, bench: Bench) -> None:
        output = read(
            bench, "day\n31.12.2026\n01.02.2026\n", date_format="%d.%m.%Y", header="yes", delimiter=","
        )
        assert types(output["table"]) == {"day": "date"}

    def test_that_a_pattern_reads_several_files_in_order_of_name(self, bench: Bench) -> None:
        for name, text in (("b.csv", "x,y\n3,4\n"), ("a.csv", "x,y\n1,2\n")):
            (bench.folder / name).write_text(text)
        output = read_csv({"path": "*.csv"}, bench.context)
        assert bench.rows(output["table"]) == [(1, 2), (3, 4)]

    def test_that_a_name_with_brackets_is_no_pattern(self, bench: Bench) -> None:
        (bench.folder / "[x].csv").write_text("a,b\n1,2\n")
        assert read_csv({"path": "[x].csv"}, bench.context)["rows"] == 1

    @pytest.mark.parametrize(
        ("path", "message"),
        [
            ("", "No file is chosen"), ("orders.cvs", "Did you mean 'orders.csv'?"),
            ("zzz", "There is no file 'zzz'"),
            ("gone/a.csv", "There is no folder"), ("folder", "is a folder"),
            ("*.txt", "No file matches '*.txt'"),
            ("empty.csv", "'empty.csv' is empty"), ("a\0b", "no file name may have"),
        ],
    )  # fmt: skip
    def test_that_a_bad_path_says_what_is_there(self, bench: Bench, path: str, message: str) -> None:
        (bench.folder / "orders.csv").write_text("a,b\n1,2\n")
        (bench.folder / "empty.csv").touch()
        (bench.folder / "folder").mkdir()
        assert message in refusal(read_csv, bench, path=path).message

    def test_that_a_wrong_encoding_is_refused(self, bench: Bench) -> None:
        (bench.folder / "in.csv").write_bytes(b"a,b\n\x81\x8d,2\n")
        assert (
            "is not written in cp1252" in refusal(read_csv, bench, path="in.csv", encoding="cp1252").message
        )

    @pytest.mark.parametrize(
        "name", ["comma_in_quotes", "escaped_quotes", "newlines", "quotes_and_newlines", "simple", "utf8"]
    )
    def test_that_a_spectrum_of_quotes_reads_as_expected(self, bench: Bench, name: str) -> None:
        folder = corpus("tabular") / "csv-spectrum"
        output = read_csv(
            {"path": str(folder / f"{name}.csv"), "all_text": True, "header": "yes"}, bench.context
        )
        expected = json.loads((folder / f"{name}.json").read_text(encoding="utf-8"))
        columns = names(output["table"])
        found = [dict(zip(columns, row, strict=True)) for row in bench.rows(output["table"])]
        assert [{k: v or "" for k, v in row.items()} for row in found] == [
            {k: v.replace("\r\n", "\n") for k, v in row.items()} for row in expected
        ]

    def test_that_nasty_files_are_read_or_refused_with_a_hint(self, bench: Bench) -> None:
        for path in sorted(corpus("tabular").glob("*/*.csv")):
            outcome = read_or_fault(bench, path)
            if isinstance(outcome, ActionError):
                assert outcome.hint, path.name
            else:
                assert outcome["rows"] == len(bench.rows(outcome["table"])), path.name


class TestWrite:
    def written(self, bench: Bench, select: str, **params: Any) -> bytes:
        output = write_csv({"table": bench.table(select), "path": "out/t.csv", **params}, bench.context)
        target = Path(output["path"])
        assert output["bytes"] == target.stat().st_size
        assert [entry.name for entry in target.parent.iterdir()] == ["t.csv"]
        return target.read_bytes()

    @pytest.mark.parametrize(
        ("params", "expected"),
        [
            ({}, b'n,t\n1.5,"a,b"\n2.25,\xc3\xa9\n'),
            ({"delimiter": ";", "decimal": ","}, b"n;t\n1,5;a,b\n2,25;\xc3\xa9\n"),
            ({"header": False, "delimiter": "\t"}, b"1.5\ta,b\n2.25\t\xc3\xa9\n"),
            ({"encoding": "utf-8-sig"}, b'\xef\xbb\xbfn,t\n1.5,"a,b"\n2.25,\xc3\xa9\n'),
            ({"encoding": "cp1252"}, b'n,t\n1.5,"a,b"\n2.25,\xe9\n'),
        ],
    )
    def test_that_rows_are_written_as_asked(
        self, bench: Bench, params: dict[str, Any], expected: bytes
    ) -> None:
        select = "SELECT unnest([1.5, 2.25])::DOUBLE AS n, unnest(['a,b', 'é']) AS t"
        assert self.written(bench, select, **params) == expected

    def test_that_a_table_comes_back_as_it_went(self, bench: Bench) -> None:
        table = bench.table(
            "SELECT i, 'x' || i AS t, DATE '2026-01-01' + i::INTEGER AS d FROM range(1000) r(i)"
        )
        write_csv({"table": table, "path": "t.csv", "encoding": "utf-16"}, bench.context)
        again = read_csv({"path": "t.csv"}, bench.context)
        assert bench.rows(again["table"]) == bench.rows(table)

    @pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16", "cp1252"])
    def test_that_rows_are_appended_below_the_same_columns(self, bench: Bench, encoding: str) -> None:
        for n in (1, 2):
            self.written(bench, f"SELECT {n} AS n, 'é' AS t", mode="append", encoding=encoding)
        again = read_csv({"path": "out/t.csv", "encoding": encoding, "header": "yes"}, bench.context)
        assert bench.rows(again["table"]) == [(1, "é"), (2, "é")]

    def test_that_appending_ends_an_unfinished_line_first(self, bench: Bench) -> None:
        (bench.folder / "t.csv").write_text("n\n1")
        write_csv({"table": bench.table("SELECT 2 AS n"), "path": "t.csv", "mode": "append"}, bench.context)
        assert (bench.folder / "t.csv").read_text() == "n\n1\n2\n"

    def test_that_other_columns_are_not_appended(self, bench: Bench) -> None:
        (bench.folder / "t.csv").write_text("a,b\n1,2\n")
        error = refusal(write_csv, bench, table=bench.table("SELECT 1 AS n"), path="t.csv", mode="append")
        assert error.message == "'t.csv' has other columns: a, b"
        assert (bench.folder / "t.csv").read_text() == "a,b\n1,2\n"

    def test_that_an_existing_file_is_kept_if_told_so(self, bench: Bench) -> None:
        (bench.folder / "t.csv").write_text("precious")
        error = refusal(write_csv, bench, table=bench.table("SELECT 1 AS n"), path="t.csv", mode="new")
        assert "exists already" in error.message
        assert (bench.folder / "t.csv").read_text() == "precious"

    def test_that_a_letter_that_does_not_exist_in_the_encoding_is_named(self, bench: Bench) -> None:
        table = bench.table("SELECT '日本' AS t")
        error = refusal(write_csv, bench, table=table, path="t.csv", encoding="cp1252")
        assert "'日' cannot be written in cp1252" in error.message
        assert list(bench.folder.glob("*t.csv*")) == []

    def test_that_a_path_that_cannot_be_written_says_why(self, bench: Bench) -> None:
        (bench.folder / "file").touch()
        (bench.folder / "folder").mkdir()
        table = bench.table("SELECT 1 AS n")
        assert "is not a folder" in refusal(write_csv, bench, table=table, path="file/t.csv").message
        assert "is a folder" in refusal(write_csv, bench, table=table, path="folder").message

    @pytest.mark.skipif(sys.platform == "win32", reason="read-only folders differ there")
    def test_that_a_write_protected_file_is_not_replaced(
        self, bench: Bench, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        target = bench.folder / "t.csv"
        target.write_text("old")
        target.chmod(stat.S_IREAD)
        monkeypatch.setattr("os.access", lambda path, mode: False)  # the tests may run as root
        error = refusal(write_csv, bench, table=bench.table("SELECT 1 AS n"), path="t.csv")
        assert "write-protected" in error.message
        assert target.read_text() == "old"
