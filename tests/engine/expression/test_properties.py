"""Whatever is typed: a value or an ExpressionError with a place in the text, and nothing else."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

from engine.errors import ExpressionError, MissingInputError
from engine.expression import FUNCTIONS, RunScope, Template, compile_expression, parse

TOKENS = [
    *(
        "a",
        "b",
        "x.y",
        "items",
        "${input.a}",
        "${input.z:-3}",
        "${",
        "}",
        "'t'",
        '"q"',
        "1",
        "2.5",
        ".0",
        "[",
        "]",
    ),
    *(
        "(",
        ")",
        "{",
        ":",
        ",",
        ".",
        "?",
        "+",
        "-",
        "*",
        "//",
        "%",
        "==",
        "<",
        "in ",
        "not ",
        " and ",
        " is null",
    ),
    *(
        " if ",
        " else ",
        "true",
        "null",
        "len(",
        "str(",
        "max(",
        "round(",
        "exists(",
        "date(",
        "\\",
        "é",
        "\n",
    ),
]
SCOPE = RunScope(
    input_data={"a": 5}, fields={"a": 1, "b": "t", "x": {"y": [1, None]}, "items": [3, {"m": 1}]}
)
SOURCES = st.one_of(st.text(max_size=40), st.lists(st.sampled_from(TOKENS), max_size=14).map("".join))
JSON = st.recursive(
    st.none()
    | st.booleans()
    | st.integers()
    | st.floats(allow_nan=False, allow_infinity=False)
    | st.text(max_size=20),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=8), inner, max_size=4),
    max_leaves=12,
)


def refusal(work: Callable[[], object]) -> ExpressionError | MissingInputError | None:
    try:
        work()
    except (ExpressionError, MissingInputError) as error:
        return error
    return None


@settings(max_examples=300, deadline=None)
@given(SOURCES)
def test_that_any_text_is_evaluated_or_refused_with_a_place_in_it(source: str) -> None:
    error = refusal(lambda: compile_expression(source).evaluate(SCOPE))
    assert error is None or error.message
    assert not isinstance(error, ExpressionError) or 0 <= (error.position or 0) <= len(source)


@settings(max_examples=200, deadline=None)
@given(SOURCES)
def test_that_any_text_is_a_template_or_refused(source: str) -> None:
    error = refusal(lambda: Template.parse({"key": source}).resolve(SCOPE.reference))
    assert error is None or error.message


@settings(max_examples=200, deadline=None)
@given(JSON)
def test_that_a_value_passes_through_a_reference_unchanged_and_is_never_read_as_a_template(
    value: Any,
) -> None:
    scope = RunScope(input_data={"v": value})
    assert Template.parse(["${input.v}"]).resolve(scope.reference) == [value]
    assert compile_expression("${input.v} == ${input.v}").evaluate(scope) is True


@settings(max_examples=200, deadline=None)
@given(st.text(max_size=40))
def test_that_a_text_with_its_references_escaped_resolves_to_itself(text: str) -> None:
    assert Template.parse(text.replace("${", "$${")).resolve(SCOPE.reference) == text


@settings(max_examples=100, deadline=None)
@given(SOURCES)
def test_that_parsing_gives_the_same_tree_every_time(source: str) -> None:
    try:
        tree = parse.__wrapped__(source).tree
    except ExpressionError:
        return
    assert parse.__wrapped__(source).tree == tree


def test_that_every_function_is_documented() -> None:
    text = (Path(__file__).parents[3] / "docs" / "expressions.md").read_text("utf-8")
    for function in FUNCTIONS.values():
        assert f"| `{function.signature}` | {function.summary} |" in text
