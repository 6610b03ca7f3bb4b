"""No expression and no data can make one evaluation large or long."""

import time
from typing import Any

import pytest

from engine.errors import ExpressionError
from engine.expression import RunScope, compile_expression

SCOPE = RunScope(
    input_data={"big": [1] * 600_000, "text": "x" * 900_000, "huge": "x" * 1_100_000},
    fields={"items": ["a", "b"]},
)


def refusal(source: str) -> ExpressionError:
    with pytest.raises(ExpressionError) as caught:
        compile_expression(source).evaluate(SCOPE)
    return caught.value


@pytest.mark.parametrize(
    "source",
    [
        "input.text + input.text",
        "trim(input.huge)",
        "upper(input.text + input.text[:200000])",
        "sum(input.big)",
        "1 in input.big",
        "input.big + input.big",
        "input.big[1:]",
        "str(input.big)",
        "input.big == [1] + input.big",
        "max(input.big)",
        "[input.big] == [input.big[:]]",
    ],
)  # fmt: skip
def test_that_work_on_large_data_is_bounded(source: str) -> None:
    started = time.perf_counter()
    refusal(source)
    assert time.perf_counter() - started < 10  # milliseconds; without a bound, for ever


def test_that_whole_numbers_are_limited_to_ten_thousand_bits() -> None:
    scope = RunScope(input_data={"n": 2**5001})
    for source in ("${input.n} * ${input.n}", "sum([${input.n} * 2, ${input.n}]) * ${input.n}"):
        with pytest.raises(ExpressionError, match="10,000 bits"):
            compile_expression(source).evaluate(scope)
    with pytest.raises(ExpressionError, match="not a finite number"):
        compile_expression("sum(${input.n}, 0.5)").evaluate(scope)
    huge = RunScope(input_data={"n": 1 << 20_000})
    for source in (
        "${input.n} + 1",
        "${input.n} / 3",
        "float(${input.n})",
        "sum(${input.n}, 0.5)",
        "str(${input.n})",
    ):
        with pytest.raises(ExpressionError):
            compile_expression(source).evaluate(huge)
    assert compile_expression("${input.n} > 1").evaluate(huge) is True


def test_that_infinite_data_is_refused_where_it_would_break() -> None:
    scope = RunScope(input_data={"x": float("inf")})
    for source in ("int(${input.x})", "round(${input.x})", "float(${input.x})"):
        with pytest.raises(ExpressionError, match="finite"):
            compile_expression(source).evaluate(scope)


def test_that_long_texts_are_not_converted() -> None:
    scope = RunScope(input_data={"x": "1" * 5000, "p": "a" * 2000, "deep": _deep(5000)})
    for source in (
        "int(${input.x})",
        "float(${input.x})",
        "bool(${input.x})",
        "matches('a', ${input.p})",
        "str(${input.deep})",
    ):
        with pytest.raises(ExpressionError):
            compile_expression(source).evaluate(scope)


def _deep(levels: int) -> list[Any]:
    value: list[Any] = []
    for _ in range(levels):
        value = [value]
    return value


def test_that_one_evaluation_stops_after_fifty_milliseconds(monkeypatch: pytest.MonkeyPatch) -> None:
    ticks = iter([0.0, 0.01, 0.06])
    monkeypatch.setattr("engine.expression.operations.time.perf_counter", lambda: next(ticks))
    assert "50 ms" in refusal("1 in items or 2 in items or 3 in items").message


def test_that_a_hostile_pattern_takes_linear_time() -> None:
    scope = RunScope(input_data={"x": "a" * 5000 + "b"})
    compile_expression("matches('warm', 'up')").evaluate(scope)
    started = time.perf_counter()
    assert compile_expression("matches(${input.x}, '^(a+)+$')").evaluate(scope) is False
    assert time.perf_counter() - started < 10  # milliseconds; without a bound, for ever
