"""Filter, choose columns, add columns, sort: with good input and bad."""

from functools import partial
from typing import Any

import pytest

from engine.actions import table as actions
from engine.actions.duck import rows_of
from engine.errors import ActionError, StoreCorrupt
from engine.store.artifacts import ArtifactStore
from tests.support.step_context import Bench, expression, names, types

PEOPLE = """SELECT * FROM (VALUES
    ('Anna', 31, 1.5, DATE '2026-01-02'), ('bob', 25, NULL, DATE '2026-01-01'),
    ('Cleo', NULL, 2.5, NULL), ('anna', 31, 0.5, DATE '2025-12-31'))
    AS t(name, age, score, joined)"""


@pytest.fixture
def people(bench: Bench) -> dict[str, Any]:
    return bench.table(PEOPLE)


def refusal(action: Any, bench: Bench, **params: Any) -> ActionError:
    with pytest.raises(ActionError) as caught:
        action(params, bench.context)
    return caught.value


class TestFilter:
    def kept(self, bench: Bench, table: dict[str, Any], **params: Any) -> list[str]:
        output = actions.filter_rows({"table": table, **params}, bench.context)
        assert output["rows"] == output["table"]["rows"] == table["rows"] - output["removed"]
        return [row[0] for row in bench.rows(output["table"])]

    def test_that_rows_that_meet_the_condition_stay_in_order(
        self, bench: Bench, people: dict[str, Any]
    ) -> None:
        condition = expression("age > ${input.least}", input_least=30)
        assert self.kept(bench, people, condition=condition) == ["Anna", "anna"]

    @pytest.mark.parametrize(
        ("column", "operator", "value", "expected"),
        [
            ("age", "=", "31", ["Anna", "anna"]), ("age", "!=", 31, ["bob"]),
            ("age", ">=", "25.5", ["Anna", "anna"]),
            ("age", "<", "31", ["bob"]), ("age", "<=", "31", ["Anna", "bob", "anna"]),
            ("score", ">", "1", ["Anna", "Cleo"]),
            ("name", "contains", "nn", ["Anna", "anna"]), ("name", "not_contains", "nn", ["bob", "Cleo"]),
            ("name", "starts_with", "A", ["Anna"]), ("name", "ends_with", "b", ["bob"]),
            ("name", "in", "bob; Cleo", ["bob", "Cleo"]),
            ("name", "not_in", ["bob", "Cleo"], ["Anna", "anna"]),
            ("age", "in", "25; 30", ["bob"]), ("age", "between", "20; 30", ["bob"]),
            ("joined", "between", "2026-01-01; 2026-01-31", ["Anna", "bob"]),
            ("joined", "=", "2025-12-31", ["anna"]),
            ("age", "is_empty", None, ["Cleo"]), ("age", "is_not_empty", "", ["Anna", "bob", "anna"]),
            ("name", "is_empty", None, []), ("age", "contains", "3", ["Anna", "anna"]), ("name", "in", 5, []),
        ],
    )  # fmt: skip
    def test_that_a_test_keeps_what_it_says(
        self,
        bench: Bench,
        people: dict[str, Any],
        column: str,
        operator: str,
        value: Any,
        expected: list[str],
    ) -> None:
        rule = {"column": column, "operator": operator, "value": value}
        assert self.kept(bench, people, rules=[rule]) == expected

    def test_that_all_or_any_of_the_tests_must_hold(self, bench: Bench, people: dict[str, Any]) -> None:
        rules = [
            {"column": "age", "operator": "=", "value": "31"},
            {"column": "name", "operator": "=", "value": "bob"},
        ]
        assert self.kept(bench, people, rules=rules) == []
        assert self.kept(bench, people, rules=rules, match="any") == ["Anna", "bob", "anna"]

    def test_that_condition_and_tests_must_both_hold(self, bench: Bench, people: dict[str, Any]) -> None:
        rules = [{"column": "score", "operator": "<", "value": "1"}]
        assert self.kept(bench, people, condition="age == 31", rules=rules) == ["anna"]

    def test_that_the_other_rows_include_those_without_an_answer(
        self, bench: Bench, people: dict[str, Any]
    ) -> None:
        assert self.kept(bench, people, condition="age == 31", keep="others") == ["bob", "Cleo"]

    def test_that_a_yes_or_no_column_understands_words(self, bench: Bench) -> None:
        table = bench.table("SELECT * FROM (VALUES ('a', true), ('b', false)) t(name, ok)")
        assert self.kept(bench, table, rules=[{"column": "ok", "operator": "=", "value": "Yes"}]) == ["a"]
        error = refusal(actions.filter_rows, bench, table=table, rules=[{"column": "ok", "value": "maybe"}])
        assert error.message == "'maybe' is not yes or no, but the column 'ok' holds yes or no"

    @pytest.mark.parametrize(
        ("params", "message"),
        [
            ({}, "nothing to filter by"),
            ({"condition": "agee > 3"}, "No column 'agee'. Did you mean 'age'?"),
            ({"rules": [{"column": "Age", "value": "3"}]}, "No column 'Age'. Did you mean 'age'?"),
            ({"rules": [{"column": "", "value": "3"}]}, "A column is not chosen"),
            ({"rules": [{"column": "age", "operator": "="}]}, "The test on 'age' has no value"),
            ({"rules": [{"column": "age", "operator": ">", "value": "x"}]}, "'x' is not a whole number"),
            (
                {"rules": [{"column": "age", "operator": "between", "value": "1"}]},
                "needs two values, but has 1",
            ),
            ({"rules": [{"column": "age", "operator": "like", "value": "1"}]}, "There is no test 'like'"),
            ({"rules": [{"column": "joined", "operator": ">", "value": "soon"}]}, "'soon' is not a date"),
        ],
    )
    def test_that_a_bad_parameter_says_why(
        self, bench: Bench, people: dict[str, Any], params: dict[str, Any], message: str
    ) -> None:
        assert message in refusal(actions.filter_rows, bench, table=people, **params).message

    def test_that_a_value_that_cannot_be_converted_is_named(
        self, bench: Bench, people: dict[str, Any]
    ) -> None:
        error = refusal(actions.filter_rows, bench, table=people, condition="float(name) > 3")
        assert error.message == "'Anna' cannot be read as a number"


class TestArrivingTables:
    @pytest.mark.parametrize(
        ("value", "message"),
        [(None, "No table arrives"), ("", "No table arrives"), (5, "needs a table but gets 5"),
         ([1], "gets a list"), ({"rows": 3}, "gets an object")],
    )  # fmt: skip
    def test_that_anything_else_is_refused(self, bench: Bench, value: Any, message: str) -> None:
        assert message in refusal(actions.sort, bench, table=value, by=[{"column": "a"}]).message

    def test_that_lost_rows_are_reported(self, bench: Bench, people: dict[str, Any]) -> None:
        bench.artifacts.path(people).unlink()
        with pytest.raises(StoreCorrupt, match="missing"):
            actions.sort({"table": people, "by": [{"column": "name"}]}, bench.context)

    def test_that_rows_that_changed_since_they_were_written_are_refused(
        self, bench: Bench, people: dict[str, Any]
    ) -> None:
        path = bench.artifacts.path(people)
        content = path.read_bytes()
        path.write_bytes(content[:30] + bytes([content[30] ^ 1]) + content[31:])
        later = ArtifactStore(bench.artifacts.root)  # another process, which did not write them itself
        for read in (later.checked, partial(rows_of, later, first=0, count=1)):
            with pytest.raises(StoreCorrupt, match="damaged") as caught:
                read(people)
            assert caught.value.hint
        path.write_bytes(content)
        assert later.checked(people) == path
        assert rows_of(later, people, 0, 1)

    def test_that_a_cancelled_step_does_not_start(self, bench: Bench, people: dict[str, Any]) -> None:
        bench.context.cancel()
        assert "stopped" in refusal(actions.sort, bench, table=people, by=[{"column": "name"}]).message


class TestChooseColumns:
    def chosen(self, bench: Bench, table: dict[str, Any], **params: Any) -> dict[str, Any]:
        output = actions.choose_columns({"table": table, **params}, bench.context)
        assert output["columns"] == len(output["table"]["columns"])
        result: dict[str, Any] = output["table"]
        return result

    @pytest.mark.parametrize(
        ("mode", "expected"),
        [
            ("keep", ["score", "name"]),
            ("drop", ["age", "joined"]),
            ("first", ["score", "name", "age", "joined"]),
        ],
    )
    def test_that_columns_are_kept_dropped_or_moved(
        self, bench: Bench, people: dict[str, Any], mode: str, expected: list[str]
    ) -> None:
        assert names(self.chosen(bench, people, mode=mode, columns=["score", "name"])) == expected

    def test_that_no_columns_named_keeps_all(self, bench: Bench, people: dict[str, Any]) -> None:
        assert names(self.chosen(bench, people)) == ["name", "age", "score", "joined"]

    def test_that_columns_are_renamed_and_converted(self, bench: Bench, people: dict[str, Any]) -> None:
        table = self.chosen(
            bench, people, columns=["age", "score"], rename=[{"column": "age", "name": "Years"}],
            types=[{"column": "age", "type": "text"}, {"column": "score", "type": "int"}],
        )  # fmt: skip
        assert types(table) == {"Years": "text", "score": "int"}
        assert bench.rows(table) == [("31", 1), ("25", None), (None, 2), ("31", 0)]

    def test_that_two_columns_may_swap_their_names(self, bench: Bench, people: dict[str, Any]) -> None:
        swap = [{"column": "age", "name": "score"}, {"column": "score", "name": "age"}]
        table = self.chosen(bench, people, columns=["age", "score"], rename=swap)
        assert names(table) == ["score", "age"]
        assert bench.rows(table)[0] == (31, 1.5)

    def test_that_bad_values_stop_the_step_or_become_empty(
        self, bench: Bench, people: dict[str, Any]
    ) -> None:
        to_int = [{"column": "name", "type": "int"}]
        error = refusal(actions.choose_columns, bench, table=people, types=to_int)
        assert error.message == "'Anna' cannot be read as a number"
        table = self.chosen(bench, people, columns=["name"], types=to_int, on_bad_value="empty")
        assert bench.rows(table) == [(None,)] * 4

    def test_that_unknown_columns_stop_the_step_or_are_ignored(
        self, bench: Bench, people: dict[str, Any]
    ) -> None:
        error = refusal(actions.choose_columns, bench, table=people, columns=["nam"])
        assert (error.message, error.hint) == ("No column 'nam'. Did you mean 'name'?", "Use 'name'.")
        table = self.chosen(
            bench, people, columns=["nam", "age"], unknown="ignore",
            rename=[{"column": "zip", "name": "z"}], types=[{"column": "zip", "type": "int"}],
        )  # fmt: skip
        assert names(table) == ["age"]

    @pytest.mark.parametrize(
        ("params", "message"),
        [
            ({"mode": "drop", "columns": ["name", "age", "score", "joined"]}, "No column is left"),
            ({"rename": [{"column": "age", "name": "Name"}]}, "'name' and 'age' would both be called 'Name'"),
            ({"rename": [{"column": "age", "name": " "}]}, "The new name of 'age' is empty"),
            ({"types": [{"column": "age", "type": "colour"}]}, "There is no type 'colour'"),
            ({"types": [{"column": "ages", "type": "int"}]}, "No column 'ages'"),
        ],
    )
    def test_that_a_bad_parameter_says_why(
        self, bench: Bench, people: dict[str, Any], params: dict[str, Any], message: str
    ) -> None:
        assert message in refusal(actions.choose_columns, bench, table=people, **params).message


class TestFormula:
    def test_that_columns_are_added_and_replaced_in_place(self, bench: Bench, people: dict[str, Any]) -> None:
        output = actions.formula(
            {"table": people, "columns": [
                {"column": "double", "expression": expression("age * 2")},
                {"column": "age", "expression": "double + 1"},
                {"column": "label", "expression": "name + ' ' + str(age)", "type": "auto"},
                {"column": "none", "expression": "null"},
                {"column": "short", "expression": "score", "type": "int"},
            ]},
            bench.context,
        )  # fmt: skip
        assert names(output["table"]) == [
            "name",
            "age",
            "score",
            "joined",
            "double",
            "label",
            "none",
            "short",
        ]
        assert types(output["table"])["none"] == "text"
        first = dict(zip(names(output["table"]), bench.rows(output["table"])[0], strict=True))
        assert (first["age"], first["double"], first["label"], first["short"]) == (63, 62, "Anna 63", 1)

    def test_that_faulty_values_can_become_empty(self, bench: Bench) -> None:
        table = bench.table("SELECT unnest(['3', 'x', '5']) AS t")
        lines = [{"column": "n", "expression": "int(t) * 2"}]
        output = actions.formula({"table": table, "columns": lines, "on_bad_value": "empty"}, bench.context)
        assert [row[1] for row in bench.rows(output["table"])] == [6, None, 10]
        assert "'x' cannot be read" in refusal(actions.formula, bench, table=table, columns=lines).message

    def test_that_a_missing_constant_makes_the_result_missing(self, bench: Bench) -> None:
        lines = [{"column": "n", "expression": expression("1 + ${input.more}", input_more=None)}]
        output = actions.formula({"table": bench.table("SELECT 1 AS a"), "columns": lines}, bench.context)
        assert bench.rows(output["table"]) == [(1, None)]

    @pytest.mark.parametrize(
        ("columns", "message"),
        [
            ([], "There is no formula"),
            ([{"column": "", "expression": "1"}], "no column name"),
            ([{"column": "Age", "expression": "1"}], "There is a column 'age' already"),
            ([{"column": "b", "expression": "c + 1"}, {"column": "c", "expression": "1"}], "No column 'c'"),
            ([{"column": "b", "expression": "age +"}], "cannot be read"),
        ],
    )
    def test_that_a_bad_formula_says_why(
        self, bench: Bench, people: dict[str, Any], columns: list[Any], message: str
    ) -> None:
        assert message in refusal(actions.formula, bench, table=people, columns=columns).message

    def test_that_numbers_that_do_not_fit_are_an_error(self, bench: Bench) -> None:
        table = bench.table("SELECT 9223372036854775807::BIGINT AS n")
        lines = [{"column": "m", "expression": "n * 10"}]
        assert "too large" in refusal(actions.formula, bench, table=table, columns=lines).message


class TestSort:
    def sorted_names(self, bench: Bench, table: dict[str, Any], **params: Any) -> list[str]:
        return [
            row[0] for row in bench.rows(actions.sort({"table": table, **params}, bench.context)["table"])
        ]

    @pytest.mark.parametrize(
        ("params", "expected"),
        [
            ({"by": [{"column": "age"}]}, ["bob", "Anna", "anna", "Cleo"]),
            ({"by": [{"column": "age", "direction": "desc"}]}, ["Anna", "anna", "bob", "Cleo"]),
            ({"by": [{"column": "age", "nulls": "first"}]}, ["Cleo", "bob", "Anna", "anna"]),
            ({"by": [{"column": "age"}, {"column": "score"}]}, ["bob", "anna", "Anna", "Cleo"]),
            ({"by": [{"column": "name"}]}, ["Anna", "Cleo", "anna", "bob"]),
            ({"by": [{"column": "name"}], "ignore_case": True}, ["Anna", "anna", "bob", "Cleo"]),
            ({"by": [{"column": "age", "direction": "desc"}], "limit": 2}, ["Anna", "anna"]),
        ],
    )
    def test_that_rows_come_in_order(
        self, bench: Bench, people: dict[str, Any], params: dict[str, Any], expected: list[str]
    ) -> None:
        assert self.sorted_names(bench, people, **params) == expected

    def test_that_equal_rows_keep_their_order_in_a_large_table(self, bench: Bench) -> None:
        table = bench.table("SELECT i, i % 3 AS k FROM range(300000) t(i)")
        output = actions.sort({"table": table, "by": [{"column": "k"}]}, bench.context)
        found = [row[0] for row in bench.rows(output["table"])]
        assert found == [*range(0, 300000, 3), *range(1, 300000, 3), *range(2, 300000, 3)]

    def test_that_a_column_named_like_the_row_number_is_no_harm(self, bench: Bench) -> None:
        table = bench.table("SELECT unnest([2, 1]) AS file_row_number")
        output = actions.sort({"table": table, "by": [{"column": "file_row_number"}]}, bench.context)
        assert bench.rows(output["table"]) == [(1,), (2,)]

    def test_that_a_bad_parameter_says_why(self, bench: Bench, people: dict[str, Any]) -> None:
        assert "no column to sort by" in refusal(actions.sort, bench, table=people, by=[]).message
        assert "No column 'nme'" in refusal(actions.sort, bench, table=people, by=[{"column": "nme"}]).message


def test_that_a_filter_keeps_the_order_of_a_large_table(bench: Bench) -> None:
    table = bench.table("SELECT i, i::INTEGER AS small FROM range(500000) t(i)")
    output = actions.filter_rows({"table": table, "condition": "i % 2 == 1"}, bench.context)
    assert [row[0] for row in bench.rows(output["table"])] == list(range(1, 500000, 2))
