"""The grammar: what can be written, what it means, and what every refusal points at."""

import pytest

from engine.errors import ExpressionError
from engine.expression import syntax
from engine.expression.parser import parse
from engine.expression.paths import MISSING, Path


def refusal(source: str) -> ExpressionError:
    with pytest.raises(ExpressionError) as caught:
        parse(source)
    return caught.value


@pytest.mark.parametrize(
    ("source", "value"),
    [
        ("1", 1),
        ("1_000", 1000),
        ("0x1F", 31),
        ("1.5", 1.5),
        (".5", 0.5),
        ("1.", 1.0),
        ("1e3", 1000.0),
        ("-2", -2),
        ("0", 0),
        ("00", 0),
        ("true", True),
        ("False", False),
        ("null", None),
        ("None", None),
        ("'a'", "a"),
        ('"it\'s"', "it's"),
        (r"'\n\t\\\''", "\n\t\\'"),
        (r"'\d+'", r"\d+"),
        (r"'\u00e9\x41\U0001F600'", "éA😀"),
        (r"'\ud83d\ude00'", "😀"),
        ("(7)", 7),
    ],
)
def test_that_a_literal_keeps_its_value(source: str, value: object) -> None:
    tree = parse(source).tree
    assert isinstance(tree, syntax.Literal)
    assert tree.value == value
    assert type(tree.value) is type(value)


def test_that_and_binds_tighter_than_or_and_chains_are_flat() -> None:
    tree = parse("a or b and c or d").tree
    assert isinstance(tree, syntax.BoolOp)
    assert tree.operator == "or"
    assert [type(operand) for operand in tree.operands] == [syntax.Name, syntax.BoolOp, syntax.Name]


def test_that_arithmetic_associates_to_the_left_and_products_bind_tighter() -> None:
    tree = parse("1 - 2 - 3 * 4").tree
    assert isinstance(tree, syntax.Binary)
    assert isinstance(tree.left, syntax.Binary)
    assert tree.left.operator == "-"
    assert isinstance(tree.right, syntax.Binary)
    assert tree.right.operator == "*"


def test_that_comparisons_chain() -> None:
    tree = parse("1 < x <= 3").tree
    assert isinstance(tree, syntax.Compare)
    assert [operator for operator, _ in tree.rest] == ["<", "<="]


@pytest.mark.parametrize(
    ("source", "operator"), [("x is null", "=="), ("x is not None", "!="), ("x not in y", "not in")]
)
def test_that_two_word_comparisons_are_read(source: str, operator: str) -> None:
    tree = parse(source).tree
    assert isinstance(tree, syntax.Compare)
    assert tree.rest[0][0] == operator


def test_that_a_reference_keeps_its_path_and_default() -> None:
    tree = parse("${ input.rows[-1]['a b'].0 :-{\"x\": [1]} }").tree
    assert isinstance(tree, syntax.Reference)
    assert tree.path == Path("input", ("rows", -1, "a b", 0))
    assert tree.default == {"x": [1]}
    assert parse("${a}").tree.default is MISSING  # type: ignore[union-attr]
    assert parse("${a?}").tree.default is None  # type: ignore[union-attr]


def test_that_names_and_references_are_listed_once_in_order() -> None:
    expression = parse("b + a + b > ${x.y} + ${z} + ${x.y}")
    assert expression.names == ("b", "a")
    assert expression.references == (Path("x", ("y",)), Path("z"))


def test_that_postfixes_are_read() -> None:
    assert isinstance(parse("a.in.b[0]").tree, syntax.Index)
    assert isinstance(parse("a.0").tree, syntax.Index)
    assert isinstance(parse("a.b?").tree, syntax.Optional)
    tree = parse("a[1:-1]").tree
    assert isinstance(tree, syntax.Slice)
    assert parse("a[:]").tree == syntax.Slice(
        value=syntax.Name(name="a", position=0), lower=None, upper=None, position=1
    )


def test_that_containers_calls_and_ternaries_are_read() -> None:
    tree = parse("f([1, 2,], (), (1,), {'k': v,}) if not a else -b").tree
    assert isinstance(tree, syntax.Conditional)
    assert [type(node).__name__ for node in syntax.walk(tree)] == [
        "Conditional", "Call", "ListExpr", "Literal", "Literal", "ListExpr", "ListExpr", "Literal",
        "DictExpr", "Literal", "Name", "Unary", "Name", "Unary", "Name",
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("source", "position", "words"),
    [
        ("", 0, "empty"),
        ("  ", 2, "empty"),
        ("1 +", 3, "a value is expected"),
        ("a b", 2, "operator"),
        ("x = 1", 2, "write =="),
        ("x ! y", 2, "write not"),
        ("a && b", 2, "write and"),
        ("a || b", 2, "write or"),
        ("a <> b", 2, "write !="),
        ("2 ** 3", 2, "powers"),
        ("1 << 3", 2, "not available"),
        ("a # why", 2, "comments"),
        ("$a", 0, "${name}"),
        ("a ¬ b", 2, "does not belong"),
        ("x is 1", 5, "null only"),
        ("a.", 2, "name of a field"),
        ("a.b()", 3, "functions of the table"),
        ("'a'.upper()", 9, "functions of the table"),
        ("f(x=1)", 3, "write =="),
        ("f(x", 3, ") is expected"),
        ("[1, 2", 5, "] is expected"),
        ("{1}", 2, ": is expected"),
        ("{'a': 1", 7, "} is expected"),
        ("a[1", 3, "] is expected"),
        ("a[1:2", 5, "] is expected"),
        ("1 if 2", 6, "else is expected"),
        ("a not b", 6, "in is expected"),
        ("[x for x in y]", 3, "] is expected"),
        ("lambda: 1", 6, "operator"),
        ("(x := 1)", 3, "not available"),
        ("f'{x}'", 1, "operator"),
        ("'''a'''", 2, "operator"),
        ("'abc", 0, "not closed"),
        ("'a\nb'", 0, "not closed"),
        (r"'\ud800'", 0, "no character"),
        ("1abc", 0, "start with a digit"),
        ("1_", 0, "start with a digit"),
        ("012", 0, "start with 0"),
        ("9" * 4000, 0, "too large"),
        ("9" * 3011, 0, "too large"),
        ("0x" + "f" * 3000, 0, "too large"),
        ("1e999", 0, "too large"),
        ("a." + "1" * 30, 1, "too large"),
        ("1?", 1, "? can only follow"),
        ("and", 0, "a value is expected"),
        ("${}", 2, "must start with a name"),
        ("${a", 0, "not closed"),
        ("${a b}", 4, "does not belong"),
        ("${a:-", 0, "not closed"),
        ("${a:-${b}}", 5, "another reference"),
        ("${a['b}", 4, "not closed"),
        ("${a['b'}", 4, "not closed"),
        (r"${a['\ud800']}", 4, "no character"),
        ("${a[" + "1" * 30 + "]}", 3, "too large"),
        ("${a:-" + "[" * 3000 + "}", 5, "too deeply"),
    ],
)  # fmt: skip
def test_that_a_fault_is_refused_with_its_position(source: str, position: int, words: str) -> None:
    error = refusal(source)
    assert words in error.message
    assert error.position == position
    assert error.source == source


@pytest.mark.parametrize(
    "source",
    ["(" * 60 + "1" + ")" * 60, "-" * 60 + "x", "not " * 60 + "x", "a" + ".b" * 60, "1" + "+1" * 60,
     "[" * 2000, "f(" * 1000, "a if b else " * 100 + "c", "{1:" * 500],
)  # fmt: skip
def test_that_depth_is_limited(source: str) -> None:
    assert "nested deeper than 50 levels" in refusal(source).message


def test_that_flat_chains_are_not_deep() -> None:
    parse(" and ".join(["a"] * 500))
    parse("x in [" + ", ".join(["1"] * 900) + "]")


def test_that_the_source_is_limited_to_four_kilobytes() -> None:
    parse("'" + "a" * 4094 + "'")
    assert "longer than 4096 bytes" in refusal("'" + "a" * 4095 + "'").message
    assert "longer than 4096 bytes" in refusal("'" + "é" * 2050 + "'").message


def test_that_parsing_is_cached_by_source() -> None:
    assert parse("a + 1") is parse("a + 1")
