"""A row expression means the same for every row, and its faults are found before a row is read."""

import datetime as dt
import math
from typing import Any

import duckdb
import pytest

from engine.actions.row_expression import compile_condition, compile_row
from engine.actions.sql import Bindings, ColumnType
from engine.errors import ActionError
from tests.support.step_context import expression

COLUMNS: dict[str, ColumnType] = {
    "n": "int", "x": "float", "name": "text", "ok": "bool", "day": "date", "at": "datetime",
    "clock": "time", "price": "decimal", "doc": "json", "nothing": "int", "Dep delay": "int", "a.b": "int",
}  # fmt: skip
ROW = """SELECT 7::BIGINT n, 2.5::DOUBLE x, 'Anna' AS name, true ok, DATE '2026-03-01' AS day,
    TIMESTAMP '2026-03-01 14:30:00' AS at, TIME '09:15:00' AS clock, 19.90::DECIMAL(38, 10) price,
    '{"who": {"name": "Bo", "age": 30}, "tags": ["a", "b"]}'::JSON doc, NULL::BIGINT nothing,
    5::BIGINT "Dep delay", 9::BIGINT "a.b" """


def value_of(source: str, **values: Any) -> Any:
    bindings = Bindings()
    fragment = compile_row(expression(source, **values), COLUMNS, bindings)
    with duckdb.connect() as connection:
        row = connection.execute(f"SELECT {fragment.text} FROM ({ROW})", bindings.values).fetchone()
    assert row is not None
    return row[0]


def refusal(source: str, **values: Any) -> ActionError:
    with pytest.raises(ActionError) as caught:
        compile_row(expression(source, **values), COLUMNS, Bindings())
    return caught.value


@pytest.mark.parametrize(
    ("source", "expected"),
    [
        ("n + 1", 8), ("n - x", 4.5), ("n * 2", 14), ("n / 2", 3.5), ("-n", -7), ("+x", 2.5),
        ("n // 2", 3), ("-n // 2", -4), ("n % 4", 3), ("-n % 4", 1), ("x // 2", 1.0), ("x % 2", 0.5),
        ("n / 0", None), ("n % 0", None), ("n // 0", None), ("n + nothing", None), ("n + null", None),
        ("name + '!'", "Anna!"), ("'x' + str(n)", "x7"),
        ("n > 5", True), ("n == 7.0", True), ("1 < n <= 7", True), ("n != 7", False), ("price < x", False),
        ("nothing > 1", None), ("nothing == null", True), ("n != null", True), ("null == n", False),
        ("n is null", False),
        ("ok and n > 5", True), ("not ok", False), ("ok or nothing > 1", True), ("ok and nothing > 1", None),
        ("name in ['Bo', 'Anna']", True), ("n not in [1, 2]", True), ("'nn' in name", True),
        ("n in []", False),
        ("nothing in [1, null]", True),
        ("'big' if n > 5 else 'small'", "big"), ("1 if ok else x", 1.0),
        ("day == '2026-03-01'", True), ("day > '2026-02-28T23:00'", True), ("at > day", True),
        ("at >= '2026-03-01T14:00'", True), ("clock < '10:00'", True),
        ("column('Dep delay') * 2", 10), ("column('a.b')", 9),
        ("doc.who.name == 'Bo'", True), ("doc.who.age > 20", True), ("doc.tags[1] == 'b'", True),
        ("doc['who']['name'] == 'Bo'", True), ("int(doc.who.age) + 1", 31),
        ("name[0]", "A"), ("name[-1]", "a"), ("name[1:3]", "nn"), ("name[:-1]", "Ann"), ("name[-2:]", "na"),
        ("name[9]", None), ("name[0] + name[n - 7]", "AA"),
        ("len(name)", 4), ("lower(name)", "anna"), ("upper(name)", "ANNA"), ("trim('  a ')", "a"),
        ("contains(name, 'nn')", True), ("starts_with(name, 'An')", True), ("ends_with(name, 'x')", False),
        ("matches(name, 'A.*')", True), ("matches(name, 'nn')", False), ("replace(name, 'n', 'm')", "Amma"),
        ("left(name, 2)", "An"), ("right(name, 2)", "na"),
        ("int('3')", 3), ("int(' 3.0 ')", 3), ("int(2.9)", 2), ("int(-2.9)", -2), ("float('2.5')", 2.5),
        ("str(n)", "7"), ("bool('true')", True), ("round(x)", 3), ("round(3.14159, 2)", 3.14),
        ("abs(-n)", 7), ("floor(x)", 2), ("ceil(x)", 3), ("sqrt(16)", 4.0), ("sqrt(-1)", None),
        ("log(0)", None),
        ("exp(0)", 1.0), ("min(n, x)", 2.5), ("max(n, 3)", 7), ("sum(n, 1, 2)", 10),
        ("coalesce(nothing, n)", 7), ("coalesce(nothing, x)", 2.5), ("exists(nothing)", False),
        ("is_empty(nothing)", True), ("is_empty('  ')", True), ("is_empty(name)", False),
        ("year(day)", 2026), ("month(at)", 3), ("day(at)", 1), ("hour(at)", 14), ("minute(at)", 30),
        ("second(at)", 0), ("hour(day)", 0), ("hour(clock)", 9), ("weekday(day)", 7),
        ("date(at) == day", True), ("date('2026-03-01') == day", True), ("date(2026, 3, 1) == day", True),
        ("date('01.03.2026', '%d.%m.%Y') == day", True), ("datetime('2026-03-01T14:30') == at", True),
        ("datetime('01.03.2026 14', '%d.%m.%Y %H') < at", True),
        ("add_days(day, 1)", dt.date(2026, 3, 2)), ("add_days(at, -1)", dt.datetime(2026, 2, 28, 14, 30)),
        ("days_between(day, '2026-03-11')", 10), ("hours_between(day, at)", 14),
        ("format_date(day, '%d.%m.%Y')", "01.03.2026"), ("year(null)", None), ("len(null)", None),
        ("add_days(null, 1)", None), ("null in name", None), ("name?", "Anna"), ("true", True), ("2.5", 2.5),
    ],
)  # fmt: skip
def test_that_an_expression_has_its_value(source: str, expected: Any) -> None:
    found = value_of(source)
    assert type(found) is type(expected)
    assert found == expected if not isinstance(expected, float) else math.isclose(found, expected)


@pytest.mark.parametrize(
    ("source", "values", "expected"),
    [
        ("n > ${input.limit}", {"input_limit": 6}, True),
        ("name == ${input.who}", {"input_who": "'; DROP TABLE x; --"}, False),
        ("name in ${input.names}", {"input_names": ["Anna"]}, True),
        ("${input.word} in 'Annabel'", {"input_word": "bel"}, True),
        ("day == ${input.day}", {"input_day": "2026-03-01"}, True),
        ("n == ${input.gone}", {"input_gone": None}, False),
        ("n + ${input.gone:-3}", {}, 10),
        ("ok == ${input.flag}", {"input_flag": True}, True),
    ],
)
def test_that_a_reference_is_a_bound_value(source: str, values: dict[str, Any], expected: Any) -> None:
    assert value_of(source, **values) == expected


@pytest.mark.parametrize(
    ("source", "message", "hint"),
    [
        ("nn > 3", "No column 'nn'. Did you mean 'n'?", "Use 'n'."),
        ("dep_delay > 3", "No column 'dep_delay'. Did you mean 'Dep delay'?", "Use 'Dep delay'."),
        ("zebra > 3", "No column 'zebra'", "The columns are: n, x,"),
        ("column('Dep dela')", "No column 'Dep dela'. Did you mean 'Dep delay'?", ""),
        ("column(n)", "takes the name of one column", ""),
        ("name > 3", "text and a number cannot be compared", "float(...)"),
        ("day > 3", "a date and a number cannot be compared", ""),
        ("day == 'yesterday'", "'yesterday' is not a date", "2026-12-31"),
        ("at == 'noon'", "'noon' is not a date and time", ""),
        ("clock == 'noon'", "'noon' is not a time of day", "18:00"),
        ("name * 2", "'*' needs a number, but gets text", "float(...)"),
        ("-name", "'-' needs a number", ""),
        ("day - day", "cannot be subtracted", "days_between"),
        ("name + 1", "needs text, but gets a whole number", "str(...)"),
        ("n and ok", "'and' needs a condition, but gets a whole number", "comparison"),
        ("not name", "'not' needs a condition", ""),
        ("1 if n else 2", "'if' needs a condition", ""),
        ("1 if ok else 'a'", "must give one type", ""),
        ("uper(name)", "There is no function 'uper'", "Use upper(...)."),
        ("frobnicate(name)", "There is no function 'frobnicate'", "There are: abs"),
        ("date(name, name)", "The pattern of a date is not written out", "%d.%m.%Y"),
        ("format_date(day, 3)", "The pattern of a date is not written out", ""),
        ("len()", "takes 1 value, but has 0", ""),
        ("date(1, 2, 3, 4)", "takes 1 to 3 values, but has 4", ""),
        ("max(1)", "at least 2 values", ""),
        ("len(n)", "len(...) needs text", ""),
        ("year(n)", "needs a date", "date(...)"),
        ("a.b > 3", 'written column("a.b")', 'Use column("a.b").'),
        ("input.limit > 3", "'input.limit' is not a column", "${input.limit}"),
        ("n.size", "takes a part of a JSON column", ""),
        ("[1, 2]", "A list can only stand behind 'in'", ""),
        ("n >", "cannot be read", ""),
        ("n > ${input.limit}", "${input.limit} has no value", ""),
        ("99999999999999999999 > n", "too large", "1e20"),
    ],
)
def test_that_a_fault_says_what_and_what_to_do(source: str, message: str, hint: str) -> None:
    error = refusal(source)
    assert message in error.message
    assert hint in error.hint


def test_that_a_list_is_no_single_value() -> None:
    assert "list cannot be used" in refusal("n == ${input.many}", input_many=[1]).message


def test_that_a_condition_must_be_one() -> None:
    with pytest.raises(ActionError, match="needs a condition"):
        compile_condition("n + 1", COLUMNS, Bindings())


def test_that_now_and_today_are_moments() -> None:
    assert value_of("now() > at") in (True, False)
    assert isinstance(value_of("today()"), dt.date)


def test_that_a_missing_column_carries_its_name_for_a_fix() -> None:
    assert refusal("Dep_delay > 1").column == "Dep_delay"


def test_that_a_value_alone_is_a_constant() -> None:
    assert compile_row(3, COLUMNS, Bindings()).type == "int"
