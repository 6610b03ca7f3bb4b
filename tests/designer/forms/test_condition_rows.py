"""Conditions as rows and back: what rows cannot say stays an expression."""

from __future__ import annotations

import pytest

from designer.forms.condition_rows import OPERATORS, Row, operators_for, read_rows, sentence, write_rows
from engine.expression.parser import parse


@pytest.mark.parametrize(
    ("source", "rows"),
    [
        ("rows > 30", [Row(left="rows", operator=">", right="30")]),
        ("worst.delay >= -1.5", [Row(left="worst.delay", operator=">=", right="-1.5")]),
        ('carrier == "UA"', [Row(left="carrier", operator="==", right="UA")]),
        ('code == "12"', [Row(left="code", operator="==", right='"12"')]),
        ("a == null", [Row(left="a", operator="null")]),
        ("a != null", [Row(left="a", operator="value")]),
        ("done", [Row(left="done", operator="true")]),
        ("not done", [Row(left="done", operator="false")]),
        ('"x" in tags', [Row(left="tags", operator="contains", right="x")]),
        ('"x" not in tags', [Row(left="tags", operator="lacks", right="x")]),
        ("a < ${input.limit}", [Row(left="a", operator="<", right="${input.limit}")]),
        ("${check.rows} == 0", [Row(left="${check.rows}", operator="==", right="0")]),
        ("items[0].n == true", [Row(left="items[0].n", operator="==", right="true")]),
        ('a == ""', [Row(left="a", operator="==", right='""')]),
    ],
)
def test_that_a_test_is_read_as_a_row_and_written_back_the_same(source: str, rows: list[Row]) -> None:
    read = read_rows(source)
    assert read == ("all", tuple(rows))
    assert parse(write_rows(rows, "all")) == parse(source)


def test_that_and_is_all_and_or_is_any() -> None:
    all_of = read_rows("a > 1 and b > 2")
    any_of = read_rows("a > 1 or b > 2 or c")
    assert all_of is not None
    assert any_of is not None
    assert (all_of[0], len(all_of[1])) == ("all", 2)
    assert (any_of[0], len(any_of[1])) == ("any", 3)
    assert write_rows(any_of[1], "any") == "a > 1 or b > 2 or c"


@pytest.mark.parametrize(
    "source",
    [
        "a > b",
        "a + 1 > 2",
        "(a or b) and c",
        "1 < a < 3",
        "len(a) > 2",
        "a >",
        "not (a and b)",
        '"${x}" == a',
    ],
)
def test_that_what_rows_cannot_say_stays_an_expression(source: str) -> None:
    assert read_rows(source) is None


def test_that_no_condition_is_no_row() -> None:
    assert read_rows("  ") == ("all", ())
    assert write_rows([Row()], "all") == ""


def test_that_a_row_says_what_it_still_needs() -> None:
    assert "which value" in Row(right="1").fault()
    assert "compare with" in Row(left="a").fault()
    assert "must be a name" in Row(left="a + 1", right="1").fault()
    assert Row(left="a)", right="1").fault()
    assert Row(left="a", operator="null").fault() == ""


def test_that_operators_suit_the_type() -> None:
    numbers = [operator.key for operator in operators_for("float")]
    assert ">" in numbers
    assert "contains" not in numbers
    assert "contains" in [operator.key for operator in operators_for("text")]
    assert operators_for("") == OPERATORS


def test_that_messages_are_sentences() -> None:
    assert sentence("must be at least 1") == "Must be at least 1."
    assert sentence("") == ""
