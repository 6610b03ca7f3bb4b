"""A join keeps the left order, says what did not match, and warns before rows multiply."""

from typing import Any

import pytest

from engine.actions.table_join import join
from engine.errors import ActionError
from tests.support.step_context import Bench, names

LEFT = (
    "SELECT * FROM (VALUES (3, 'c', 'x'), (1, 'a', 'y'), (NULL, 'n', 'z'), (9, 'q', 'w')) t(id, code, note)"
)
RIGHT = """SELECT * FROM (VALUES (1, 'one', 'A '), (3, 'three', 'C'), (4, 'four', 'D'), (NULL, 'none', 'N'))
    t(id, name, note)"""


@pytest.fixture
def tables(bench: Bench) -> dict[str, Any]:
    return {"left": bench.table(LEFT), "right": bench.table(RIGHT), "keys": [{"left": "id"}]}


def refusal(bench: Bench, **params: Any) -> ActionError:
    with pytest.raises(ActionError) as caught:
        join(params, bench.context)
    return caught.value


@pytest.mark.parametrize(
    ("kind", "columns", "rows"),
    [
        ("inner", ["id", "code", "note", "name", "note_right"],
         [(3, "c", "x", "three", "C"), (1, "a", "y", "one", "A ")]),
        ("left", ["id", "code", "note", "name", "note_right"],
         [(3, "c", "x", "three", "C"), (1, "a", "y", "one", "A "), (None, "n", "z", None, None),
          (9, "q", "w", None, None)]),
        ("right", ["id", "code", "note", "name", "note_right"],
         [(3, "c", "x", "three", "C"), (1, "a", "y", "one", "A "), (4, None, None, "four", "D"),
          (None, None, None, "none", "N")]),
        ("full", ["id", "code", "note", "name", "note_right"],
         [(3, "c", "x", "three", "C"), (1, "a", "y", "one", "A "), (None, "n", "z", None, None),
          (9, "q", "w", None, None), (4, None, None, "four", "D"), (None, None, None, "none", "N")]),
        ("semi", ["id", "code", "note"], [(3, "c", "x"), (1, "a", "y")]),
        ("anti", ["id", "code", "note"], [(None, "n", "z"), (9, "q", "w")]),
    ],
)  # fmt: skip
def test_that_each_join_keeps_its_rows_in_order(
    bench: Bench, tables: dict[str, Any], kind: str, columns: list[str], rows: list[Any]
) -> None:
    output = join({**tables, "type": kind}, bench.context)
    assert names(output["table"]) == columns
    assert bench.rows(output["table"]) == rows
    assert (output["matched"], output["unmatched_left"], output["unmatched_right"]) == (2, 2, 2)


def test_that_keys_may_have_different_names_and_case(bench: Bench, tables: dict[str, Any]) -> None:
    params = {**tables, "keys": [{"left": "code", "right": "note"}], "suffix": " (names)"}
    assert join(params, bench.context)["rows"] == 0
    output = join({**params, "ignore_case": True, "trim": True}, bench.context)
    assert [row[1] for row in bench.rows(output["table"])] == ["c", "a", "n"]
    assert names(output["table"]) == ["id", "code", "note", "id (names)", "name", "note (names)"]


def test_that_a_join_without_any_match_warns(bench: Bench, tables: dict[str, Any]) -> None:
    output = join({**tables, "keys": [{"left": "code", "right": "name"}]}, bench.context)
    assert "No row of the left table found a match" in output["warnings"][0]
    assert bench.reports.logged[0][0] == "warning"


class TestRepeatedKeys:
    def tables(self, bench: Bench) -> dict[str, Any]:
        twice = bench.table("SELECT unnest(['k', 'k', 'm']) AS id, unnest([1, 2, 3]) AS v")
        return {"left": twice, "right": twice, "keys": [{"left": "id"}]}

    def test_that_they_warn(self, bench: Bench) -> None:
        output = join(self.tables(bench), bench.context)
        assert output["rows"] == 5
        assert output["warnings"] == ["1 keys repeat in both tables, for example 'k': rows are multiplied"]

    def test_that_they_stop_the_run_if_told_so(self, bench: Bench) -> None:
        error = refusal(bench, **self.tables(bench), many_to_many="fail")
        assert "keys repeat in both tables" in error.message

    def test_that_they_are_allowed_if_told_so(self, bench: Bench) -> None:
        assert join({**self.tables(bench), "many_to_many": "allow"}, bench.context)["warnings"] == []

    def test_that_keys_repeated_on_one_side_are_usual(self, bench: Bench) -> None:
        params = self.tables(bench)
        params["left"] = bench.table("SELECT unnest(['k', 'm']) AS id")
        assert join(params, bench.context)["warnings"] == []


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"keys": []}, "There is no key to join on"),
        ({"keys": [{"left": "idd"}]}, "No column 'idd' in the left table. Did you mean 'id'?"),
        ({"keys": [{"left": "code"}]}, "No column 'code' in the right table"),
        ({"keys": [{"left": "id", "right": "name"}]}, "'id' and 'name' do not match: a number and text"),
        ({"type": "sideways"}, "There is no join 'sideways'"),
        ({"right": None}, "No table arrives at 'right'"),
    ],
)
def test_that_a_bad_parameter_says_why(
    bench: Bench, tables: dict[str, Any], changes: dict[str, Any], message: str
) -> None:
    assert message in refusal(bench, **{**tables, **changes}).message
