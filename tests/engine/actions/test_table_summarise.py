"""Groups come in order of appearance, missing values do not count, and types are checked."""

from typing import Any

import pytest

from engine.actions.table_summarise import summarise
from engine.errors import ActionError
from tests.support.step_context import Bench, names, types

SALES = """SELECT * FROM (VALUES ('north', 10, 1.0), ('south', 20, NULL), ('north', 30, 3.0), (NULL, 40, 4.0),
    ('south', 60, 6.0)) t(region, amount, rate)"""


@pytest.mark.parametrize(
    ("function", "column", "expected"),
    [
        ("count", "", [2, 2, 1]), ("count_values", "rate", [2, 1, 1]),
        ("count_distinct", "amount", [2, 2, 1]),
        ("sum", "amount", [40, 80, 40]), ("mean", "rate", [2.0, 6.0, 4.0]),
        ("median", "amount", [20.0, 40.0, 40.0]),
        ("min", "amount", [10, 20, 40]), ("max", "amount", [30, 60, 40]), ("first", "rate", [1.0, 6.0, 4.0]),
        ("last", "amount", [30, 60, 40]), ("percentile_90", "amount", [28.0, 56.0, 40.0]),
        ("text_list", "amount", ["10, 30", "20, 60", "40"]),
    ],
)  # fmt: skip
def test_that_each_function_gives_its_value_per_group(
    bench: Bench, function: str, column: str, expected: list[Any]
) -> None:
    line = {"function": function, "column": column, "name": "result"}
    output = summarise({"table": bench.table(SALES), "group": ["region"], "values": [line]}, bench.context)
    assert bench.rows(output["table"]) == list(zip(["north", "south", None], expected, strict=True))
    assert (output["rows"], output["rows_in"]) == (3, 5)


def test_that_without_groups_the_whole_table_is_one_row(bench: Bench) -> None:
    lines = [
        {"function": "sum", "column": "amount"},
        {"function": "std", "column": "amount"},
        {"function": "count"},
    ]
    output = summarise({"table": bench.table(SALES), "values": lines}, bench.context)
    assert names(output["table"]) == ["sum_amount", "std_amount", "rows"]
    assert types(output["table"])["sum_amount"] == "int"
    assert bench.rows(output["table"])[0][0] == 160


def test_that_a_sum_of_fractions_has_no_noise(bench: Bench) -> None:
    table = bench.table("SELECT unnest([0.1, 0.2, 0.3])::DOUBLE AS x")
    output = summarise({"table": table, "values": [{"function": "sum", "column": "x"}]}, bench.context)
    assert bench.rows(output["table"]) == [(0.6,)]


def test_that_groups_alone_give_the_different_values(bench: Bench) -> None:
    output = summarise({"table": bench.table(SALES), "group": ["region"], "values": []}, bench.context)
    assert bench.rows(output["table"]) == [("north",), ("south",), (None,)]


def test_that_results_without_names_get_different_ones(bench: Bench) -> None:
    lines = [{"function": "count"}, {"function": "count"}]
    output = summarise({"table": bench.table(SALES), "values": lines}, bench.context)
    assert names(output["table"]) == ["rows", "rows_2"]


@pytest.mark.parametrize(
    ("params", "message"),
    [
        ({"values": []}, "nothing to calculate"),
        ({"values": [{"function": "mean"}]}, "'mean' has no column"),
        ({"values": [{"function": "mode", "column": "amount"}]}, "There is no function 'mode'"),
        (
            {"values": [{"function": "sum", "column": "region"}]},
            "'sum' needs numbers, but 'region' holds text",
        ),
        ({"values": [{"function": "sum", "column": "amont"}]}, "No column 'amont'. Did you mean 'amount'?"),
        (
            {"group": ["Region"], "values": [{"function": "count"}]},
            "No column 'Region'. Did you mean 'region'?",
        ),
        ({"values": [{"function": "count", "name": "n"}, {"function": "count", "name": "N"}]}, "Two results"),
    ],
)
def test_that_a_bad_parameter_says_why(bench: Bench, params: dict[str, Any], message: str) -> None:
    with pytest.raises(ActionError) as caught:
        summarise({"table": bench.table(SALES), **params}, bench.context)
    assert message in caught.value.message
