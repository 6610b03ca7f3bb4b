"""What expressions mean: every operator and function, their errors, and the limits."""

from concurrent.futures import ThreadPoolExecutor
from enum import StrEnum
from typing import Any

import pytest

from engine.errors import ConditionError, ExpressionError
from engine.expression import RunScope, compile_condition, compile_expression
from engine.expression.functions import FUNCTIONS

SCOPE = RunScope(
    input_data={
        "dry_run": False,
        "limit": 5,
        "none": None,
        "big": [1] * 600_000,
        "text": "x" * 900_000,
        "huge": "x" * 1_100_000,
    },
    steps={
        "check": {
            "status": "COMPLETED",
            "output": {"count": 7, "user": {"name": "Ann"}, "rows": [1, 2, 3], "status": "inner", "a b": 1},
        },
        "count": {"status": "COMPLETED", "output": 99},
        "skipped": {"status": "SKIPPED", "output": None},
        "plain": {"output": {"status": "approved"}},
        "nothing": {"status": "COMPLETED", "output": None},
    },
    fields={"result": "success", "count": 8, "input2": None, "items": ["a", "b"]},
    roots={"vars": {"v": 1}},
    clock=lambda: 0.0,
)


def value(source: str) -> Any:
    return compile_expression(source).evaluate(SCOPE)


def refusal(source: str) -> ExpressionError:
    with pytest.raises(ExpressionError) as caught:
        value(source)
    return caught.value


@pytest.mark.parametrize(
    ("source", "expected"),
    [
        ("1 + 2 * 3 - 4 / 2", 5.0),
        ("7 // 2 + 7 % 4", 6),
        ("-7 // 2", -4),
        ("-(3) + +2", -1),
        ("'a' + 'b'", "ab"),
        ("[1] + [2]", [1, 2]),
        ("1 < 2 < 3", True),
        ("1 < 3 < 2", False),
        ("3 < 1 < nothing_here", False),
        ("1 == 1.0 == true", True),
        ("'1' == 1", False),
        ("1 != 2", True),
        ("'a' <= 'b'", True),
        ("2 >= 2.0", True),
        ("[1, {'a': [2]}] == [1, {'a': [2]}]", True),
        ("[1, {'a': [2]}] == [1, {'a': [3]}]", False),
        ("[1] == [1, 2]", False),
        ("{'a': 1} == {'b': 1}", False),
        ("[[1]] == [{}]", False),
        ("[1] == {}", False),
        ("[1] != null", True),
        ("null is null", True),
        ("'b' in 'abc'", True),
        ("2 in [1, 2]", True),
        ("[1] in [[1]]", True),
        ("{} in [1]", False),
        ("'a' in {'a': 1}", True),
        ("1 in {'a': 1}", False),
        ("5 not in [1, 2]", True),
        ("not 0", True),
        ("1 and 2", 2),
        ("0 and nothing_here", 0),
        ("1 or nothing_here", 1),
        ("false or 0 or 'x'", "x"),
        ("1 if true else nothing_here", 1),
        ("nothing_here if false else 2", 2),
        ("[1, limit_ if false else 2]", [1, 2]),
        ("{'a': 1, 'b': count}", {"a": 1, "b": 8}),
        ("[1, 2, 3][-1]", 3),
        ("[1, 2, 3][1:]", [2, 3]),
        ("[1, 2, 3][:-1]", [1, 2]),
        ("'hello'[1:3]", "el"),
        ("'hello'[0]", "h"),
        ("{'a': 1}.a", 1),
        ("{'a': 1}['a']", 1),
        ("items[count - 7]", "b"),
        ("{'x': [5]}['x'].0", 5),
    ],
)
def test_that_operators_give(source: str, expected: object) -> None:
    assert value(source) == expected
    assert type(value(source)) is type(expected)


@pytest.mark.parametrize(
    ("source", "expected"),
    [
        ("result", "success"),
        ("count", 8),
        ("check.count", 7),
        ("check.output.count", 7),
        ("check['output']['a b']", 1),
        ("check.status", "COMPLETED"),
        ("plain.status", "approved"),
        ("steps.check.output.user.name", "Ann"),
        ("${steps.check.rows[-1]}", 3),
        ("${check}", {"count": 7, "user": {"name": "Ann"}, "rows": [1, 2, 3], "status": "inner", "a b": 1}),
        ("${count}", 99),
        ("nothing", None),
        ("input.limit", 5),
        ("input.none", None),
        ("vars.v", 1),
        ("input2", None),
        ("check.user.name[0]", "A"),
    ],
)
def test_that_names_mean_fields_then_steps_then_roots(source: str, expected: object) -> None:
    assert value(source) == expected


@pytest.mark.parametrize(
    ("source", "expected"),
    [
        ("exists(result)", True),
        ("exists(input.none)", True),
        ("exists(input.absent)", False),
        ("exists(skipped)", False),
        ("exists(${steps.skipped.output})", False),
        ("exists(${steps})", False),
        ("exists(${steps[0]})", False),
        ("exists(${absent.x:-1})", True),
        ("exists([1][3])", False),
        ("exists({'a': 1}.b)", False),
        ("exists(absent.x.y[0])", False),
        ("exists(items[count])", False),
        ("exists(items.x[0])", False),
        ("exists(absent[count])", False),
        ("coalesce(absent, input.none, 3)", 3),
        ("coalesce(absent, input.none)", None),
        ("coalesce(absent.x, 0) > 1", False),
        ("absent.x?", None),
        ("absent.x? is null", True),
        ("result?", "success"),
        ("${input.absent?}", None),
        ("${input.absent:-5} + 1", 6),
        ("${input.limit:-6} + 1", 6),
    ],
)
def test_that_missing_paths_can_be_asked_for(source: str, expected: object) -> None:
    assert value(source) == expected


@pytest.mark.parametrize(
    ("source", "expected"),
    [
        ("len('abc') + len([1]) + len({'a': 1})", 5),
        ("lower('AB') + upper('ab') + trim(' x ')", "abABx"),
        ("contains('abc', 'b') and contains([1], 1)", True),
        ("starts_with('abc', 'ab') and ends_with('abc', 'bc')", True),
        (r"matches('order 12', '\d+$')", True),
        (r"matches('order', '^\d')", False),
        ("int('12') + int(3.9) + int(true)", 16),
        ("int(' -7 ')", -7),
        ("float('1.5') + float(2) + float(true)", 4.5),
        ("float('1e3')", 1000.0),
        ("str(1) + str(true) + str(null) + str('x') + str([1, {'a': 2}])", '1truenullx[1,{"a":2}]'),
        ("str([1.5, 'text', []])", '[1.5,"text",[]]'),
        ("bool('yes') and bool(1) and bool(true) and not bool('False') and not bool('')", True),
        ("round(2.5)", 2),
        ("round(2.567, 1)", 2.6),
        ("round(1234, -2)", 1200),
        ("min([3, 1]) + max(1, 2.5)", 3.5),
        ("min('b', 'a')", "a"),
        ("sum([1, 2.5]) + sum(1, 2) + sum([])", 6.5),
        ("abs(-3)", 3),
        ("now()", "1970-01-01T00:00:00+00:00"),
        ("date('2026-03-31')", "2026-03-31"),
        ("date(' 2026-03-31T23:00:00+02:00 ')", "2026-03-31"),
        ("date(2026, 3, 31) < date('2026-04-01')", True),
        ("keys({'a': 1, 'b': 2})", ["a", "b"]),
        ("values({'a': 1, 'b': 2})", [1, 2]),
    ],
)
def test_that_functions_give(source: str, expected: object) -> None:
    assert value(source) == expected


@pytest.mark.parametrize(
    ("source", "position", "words"),
    [
        ("absent", 0, "there is no absent"),
        ("1 + absent.x", 4, "there is no absent"),
        ("check.user.nme", 10, "no field 'nme'"),
        ("check.rows[9]", 10, "no item 9: the list has 3"),
        ("result[9]", 6, "no item 9: the text has 7"),
        ("check.rows.x", 10, "list has no field 'x'"),
        ("input.none.x", 10, "null has no field 'x'"),
        ("input.limit[0]", 11, "number has no field 0"),
        ("items[count]", 5, "no item 8"),
        ("items[true]", 5, "an index must be a whole number or a text, not true/false"),
        ("items[1.5]", 5, "an index must be a whole number or a text, not number"),
        ("{'a': 1}.b", 8, "no field 'b'"),
        ("(count + 1).x", 11, "number has no field 'x'"),
        ("1 if ${input.absent} else 2", 5, "${input.absent} has no value"),
        ("${input.absent}[0]", 0, "${input.absent} has no value"),
        ("skipped.x", 0, "skipped has given nothing"),
        ("1 < '2'", 0, "< cannot order number and text"),
        ("null < 2", 0, "< cannot order null and number"),
        ("true < 2", 0, "cannot order true/false and number"),
        ("[1] > [0]", 0, "cannot order list and list"),
        ("0 < 1 < 'a'", 0, "cannot order number and text"),
        ("1 + '2'", 2, "+ cannot combine number and text"),
        ("'a' * 3", 4, "* cannot combine text and number"),
        ("'%s' % 3", 5, "% cannot combine text and number"),
        ("true + 1", 5, "cannot combine true/false and number"),
        ("[1] * 3", 4, "cannot combine list and number"),
        ("null + 1", 5, "cannot combine null and number"),
        ("{} + 1", 3, "cannot combine object and number"),
        ("1 / 0", 2, "division by zero"),
        ("1 // 0", 2, "division by zero"),
        ("1 % 0", 2, "division by zero"),
        ("1e308 * 10", 6, "not a finite number"),
        ("1e308 + 1e308", 6, "not a finite number"),
        ("1e300 // 1e-300", 6, "finite"),
        ("-'a'", 0, "- needs a number, not text"),
        ("+null", 0, "+ needs a number, not null"),
        ("1 in 2", 0, "in needs a text, a list or an object on its right, not number"),
        ("1 in 'a'", 0, "a text can contain a text, not number"),
        ("1 not in null", 0, "not null"),
        ("5[0:1]", 1, "number cannot be sliced"),
        ("'a'['x':]", 3, "an index must be a whole number, not text"),
        ("'a'[:true]", 3, "an index must be a whole number, not true/false"),
        ("{1: 2}", 1, "the key of a field must be text"),
        ("nope(1)", 0, "there is no function nope"),
        ("len()", 0, "len(x) does not take 0 values"),
        ("len(1, 2)", 0, "does not take 2 values"),
        ("exists(1 + 1)", 9, "exists() needs a name"),
        ("len(1)", 0, "len() needs a text, a list or an object"),
        ("lower(1)", 0, "lower() needs a text, not number"),
        ("upper(null)", 0, "upper() needs a text"),
        ("trim([])", 0, "trim() needs a text, not list"),
        ("starts_with('a', 1)", 0, "starts_with() needs a text"),
        ("ends_with(1, 'a')", 0, "ends_with() needs a text"),
        ("matches(1, 'a')", 0, "matches() needs a text"),
        ("matches('a', '(')", 0, "cannot use the pattern"),
        (r"matches('a', '(a)\1')", 0, "cannot use the pattern"),
        ("int('1.5')", 0, "cannot read '1.5' as a whole number"),
        ("int('٣')", 0, "cannot read"),
        ("int(null)", 0, "int() needs a number, not null"),
        ("float('nan')", 0, "cannot read 'nan' as a number"),
        ("float('1e999')", 0, "not a finite number"),
        ("float([])", 0, "float() needs a number, not list"),
        ("bool('maybe')", 0, "cannot read 'maybe'"),
        ("bool(null)", 0, "not null"),
        ("round('a')", 0, "round() needs a number"),
        ("round(1, 1000)", 0, "digits"),
        ("round(1, true)", 0, "digits"),
        ("abs('a')", 0, "abs() needs a number"),
        ("sum('ab')", 0, "needs a list or several values"),
        ("sum(['a'])", 0, "sum() needs a number"),
        ("sum(1e308, 1e308)", 0, "not a finite number"),
        ("min([])", 0, "empty list"),
        ("max([1, 'a'])", 0, "not number and text"),
        ("max([true])", 0, "all numbers or all texts, not true/false"),
        ("date('31.3.2026')", 0, "cannot read '31.3.2026' as a date"),
        ("date('not a date at all, but long')", 0, "as a date"),
        ("date(2026, 13, 1)", 0, "cannot read"),
        ("date(2026, 3)", 0, "year, month and day"),
        ("date(1.5)", 0, "date() needs a text"),
        ("keys([])", 0, "keys() needs an object, not list"),
        ("values('a')", 0, "values() needs an object"),
    ],
)
def test_that_a_fault_says_what_and_where(source: str, position: int, words: str) -> None:
    error = refusal(source)
    assert words in error.message
    assert (error.position, error.source) == (position, source)


@pytest.mark.parametrize(
    ("source", "hint"),
    [
        ("rseult", "Did you mean result?"),
        ("RESULT", "Did you mean result?"),
        ("zzzz", "There are: result, count, input2, items, check, skipped, plain, nothing, ...."),
        ("check.user.nme", "Did you mean name?"),
        ("lenn(1)", "Did you mean len?"),
        ("{}.a", ""),
        ("null > 1", "Test it with exists(...), or give a default: coalesce(..., 0)."),
        ("'1' > 1", "Convert one side with float(...) or str(...)."),
        ("'1' + 1", "Convert with str(...) or float(...)."),
    ],
)
def test_that_a_fault_hints_at_the_way_out(source: str, hint: str) -> None:
    assert refusal(source).hint == hint


def test_that_a_condition_gives_true_or_false_and_nothing_else() -> None:
    assert compile_condition("result == 'success'").evaluate(SCOPE) is True
    assert compile_condition("count > 8").evaluate(SCOPE) is False
    for source, kind in (
        ("5", "number"),
        ("None", "null"),
        ("result", "text"),
        ("items", "list"),
        ("{}", "object"),
    ):
        with pytest.raises(ConditionError, match=f"must give true or false, but gives {kind}"):
            compile_condition(source).evaluate(SCOPE)


def test_that_a_condition_error_names_the_condition_the_place_and_the_types() -> None:
    with pytest.raises(ConditionError) as caught:
        compile_condition("count > 5 and count > 'x'").evaluate(SCOPE)
    error = caught.value
    assert (
        error.message
        == "condition \"count > 5 and count > 'x'\" at character 15: > cannot order number and text"
    )
    assert (error.position, error.source) == (14, "count > 5 and count > 'x'")
    with pytest.raises(ConditionError, match="at character 8: a value is expected"):
        compile_condition("count >")
    with pytest.raises(ConditionError, match=r"^condition '.*…': the expression is longer"):
        compile_condition("a" * 5000)


def test_that_compiled_expressions_are_cached_and_know_their_source() -> None:
    assert compile_expression("a + 1") is compile_expression("a + 1")
    assert compile_expression("a + 1").source == "a + 1"
    assert compile_condition("a > 1") is compile_condition("a > 1")
    assert compile_condition("a > 1").source == "a > 1"


def test_that_the_special_functions_are_never_called_from_the_table() -> None:
    for name in ("exists", "coalesce", "now"):
        with pytest.raises(AssertionError):
            FUNCTIONS[name].call([], None)  # type: ignore[arg-type]


def test_that_a_scope_can_be_made_of_the_engines_state() -> None:
    state = {
        "input_data": {"x": 1},
        "steps": {"a": {"status": "COMPLETED", "output": None, "error": None}},
        "outputs": {"a": {"n": 2}, "b": 3},
        "trigger": {"at": "noon"},
    }
    scope = RunScope.of_state(state, source="a")
    assert compile_expression("n + ${b} + ${input.x} + a.n").evaluate(scope) == 8
    assert compile_expression("trigger.at").evaluate(scope) == "noon"
    assert compile_expression("a.status").evaluate(scope) == "COMPLETED"
    short = RunScope.of_state({"step1": {"output": {"n": 4}}, "step2": 5})
    assert compile_expression("${step1.output.n} + step2").evaluate(short) == 9
    assert compile_expression("exists(n)").evaluate(RunScope.of_state({}, source="x")) is False
    assert RunScope().now() > 0


class Level(StrEnum):
    LOW = "low"
    HIGH = "high"


@pytest.mark.parametrize(
    ("source", "expected"),
    [
        ("levels == ['low', 'high']", True),
        ("levels == ['low', 'low']", False),
        ("{'l': levels} == {'l': ['low', 'high']}", True),
    ],
)
def test_that_texts_of_a_class_of_their_own_are_equal_to_the_same_text(source: str, expected: bool) -> None:
    scope = RunScope(fields={"levels": [Level.LOW, Level.HIGH]})
    assert compile_expression(source).evaluate(scope) is expected


def test_that_patterns_are_looked_for_in_any_thread() -> None:
    with ThreadPoolExecutor(2) as threads:
        for _ in range(2):
            assert list(threads.map(value, ["matches('order 12', '\\d$')", "matches('order', '\\d$')"])) == [
                True,
                False,
            ]
