"""References in parameters."""

from typing import Any

import pytest

from engine.errors import ExpressionError, MissingInputError
from engine.expression import MISSING, Path, RunScope, Template

SCOPE = RunScope(
    input_data={
        "a": 1,
        "name": "Ann",
        "none": None,
        "list": [1, {"x": 2}],
        "trick": "${input.a}",
        "float": 1.5,
    },
    steps={"A": {"status": "COMPLETED", "output": {"x": 5, "status": "mine"}}, "B": {"status": "SKIPPED"}},
)


def resolve(value: Any, schema: Any = None) -> Any:
    return Template.parse(value, schema).resolve(SCOPE.reference)


@pytest.mark.parametrize(
    ("template", "expected"),
    [
        ("plain", "plain"),
        ("", ""),
        (42, 42),
        (None, None),
        ("${input.a}", 1),
        ("${input.list}", [1, {"x": 2}]),
        ("${input.none}", None),
        ("${ input.a }", 1),
        ("a=${input.a}, ${input.name}!", "a=1, Ann!"),
        ("${input.a}${input.a}", "11"),
        ("${input.list} ${input.none} ${input.float}", '[1,{"x":2}] null 1.5'),
        ("${input.list[-1].x}", 2),
        ("${input.list.0}", 1),
        ("${A.x} ${A.output.x} ${steps.A.output.x}", "5 5 5"),
        ("${A.status}", "COMPLETED"),
        ("${A.output.status}", "mine"),
        ("${A}", {"x": 5, "status": "mine"}),
        ("$${input.a}", "${input.a}"),
        ("$$${input.a}", "$${input.a}"),
        ("cost $5 $ {x} $", "cost $5 $ {x} $"),
        ("${input.absent?}", None),
        ("<${input.absent?}>", "<null>"),
        ("${input.absent:-text with spaces}", "text with spaces"),
        ("${input.absent:-}", ""),
        ("${input.absent:-[1, 2]}", [1, 2]),
        ('${input.absent:-{"a": {"b": 1}}}', {"a": {"b": 1}}),
        ("${input.absent:-NaN}", "NaN"),
        ("${input.absent:-1e999}", "1e999"),
        ("${input.absent:-[1e400]}", "[1e400]"),
        ("${input.absent:-1.5e3}", 1500.0),
        ("${input.absent:-12px}", "12px"),
        ("${input.a:-7}", 1),
        ("${input.none:-7}", None),
        ("$${", "${"),
        ("${input.trick}", "${input.a}"),
        ("x ${input.trick}", "x ${input.a}"),
        (["${input.a}", {"k": "${A.x}", "${input.a}": [True]}], [1, {"k": 5, "${input.a}": [True]}]),
    ],
)
def test_that_a_template_resolves_to(template: Any, expected: Any) -> None:
    assert resolve(template) == expected
    assert type(resolve(template)) is type(expected)


def test_that_all_missing_values_are_named_once_in_order() -> None:
    with pytest.raises(MissingInputError) as caught:
        resolve({"a": "${input.zz} ${B.output.n}", "b": ["${input.zz}", "${input.a}", "${nowhere}"]})
    assert caught.value.missing_var == "input.zz"
    assert caught.value.missing == ("input.zz", "B.output.n", "nowhere")
    assert "input.zz" in str(caught.value)


def test_that_resolving_builds_new_containers_and_leaves_the_template_alone() -> None:
    value = {"list": [1, {"x": "y"}]}
    template = Template.parse(value)
    first = template.resolve(SCOPE.reference)
    first["list"][1]["x"] = "changed"  # type: ignore[index, call-overload]
    assert template.resolve(SCOPE.reference) == {"list": [1, {"x": "y"}]}
    assert value == {"list": [1, {"x": "y"}]}


def test_that_what_one_step_does_to_its_parameters_no_other_sees() -> None:
    given = {"rows": [[1, 2], {"n": [3]}]}
    template = Template.parse("${input.all}")
    first: Any = template.resolve(RunScope(input_data={"all": given}).reference)
    first["rows"][0].append("changed")
    first["rows"][1]["n"].append("changed")
    assert given == {"rows": [[1, 2], {"n": [3]}]}
    rows: Any = Template.parse("${input.all.rows}").resolve(RunScope(input_data={"all": given}).reference)
    rows[0].append("changed")
    assert given == {"rows": [[1, 2], {"n": [3]}]}


def test_that_references_and_where_they_stand_are_known() -> None:
    template = Template.parse({"a/b": ["x ${input.a} ${A.x:-1}"], "c~": "${input.a}"})
    assert template.references == (Path("input", ("a",)), Path("A", ("x",)))
    assert [(str(use.path), use.default, use.pointer) for use in template.uses] == [
        ("input.a", MISSING, "/a~1b/0"),
        ("A.x", 1, "/a~1b/0"),
        ("input.a", MISSING, "/c~0"),
    ]


SCHEMA = {
    "properties": {
        "where": {"type": "string", "format": "expression"},
        "when": {"format": "condition"},
        "columns": {"items": {"properties": {"formula": {"format": "expression"}, "name": {}}}},
        "odd": True,
    }
}


def test_that_an_expression_is_bound_not_filled_in() -> None:
    assert resolve({"where": "dep_delay > ${input.a} and name == ${input.trick}"}, SCHEMA) == {
        "where": {
            "$expression": "dep_delay > ${input.a} and name == ${input.trick}",
            "values": {"input.a": 1, "input.trick": "${input.a}"},
        }
    }
    assert resolve(
        {"columns": [{"formula": "${A.x:-1} + x", "name": "${input.name}"}], "odd": "x"}, SCHEMA
    ) == {
        "columns": [{"formula": {"$expression": "${A.x:-1} + x", "values": {"A.x": 5}}, "name": "Ann"}],
        "odd": "x",
    }
    assert resolve({"when": "${input.q:-4} > x"}, SCHEMA)["when"]["values"] == {"input.q": 4}
    assert resolve({"where": "  ", "when": 5}, SCHEMA) == {"where": "  ", "when": 5}


def test_that_a_missing_value_of_an_expression_is_missing() -> None:
    with pytest.raises(MissingInputError, match=r"input\.zz"):
        resolve({"where": "x > ${input.zz}"}, SCHEMA)


def test_that_faults_are_all_found_with_their_place() -> None:
    template, faults = Template.inspect({"a": "${", "where": "x >", "ok": "${input.a}"}, SCHEMA)
    assert [(fault.pointer, fault.error.position) for fault in faults] == [("/a", 2), ("/where", 3)]
    assert template.resolve(SCOPE.reference) == {"a": "${", "where": "x >", "ok": 1}
    with pytest.raises(ExpressionError, match="must start with a name"):
        Template.parse(["${1}"])
    with pytest.raises(ExpressionError, match="two different defaults"):
        Template.parse({"where": "${a:-1} + ${a:-2}"}, SCHEMA)


def test_that_a_key_that_is_no_text_is_refused() -> None:
    with pytest.raises(ExpressionError, match="the key 5 must be text"):
        Template.parse({5: "x"})  # type: ignore[dict-item]


def test_that_depth_is_limited() -> None:
    value: Any = "${input.a}"
    for _ in range(99):
        value = [value]
    assert "1" in str(resolve(value))
    with pytest.raises(ExpressionError, match="nested deeper than 100 levels"):
        Template.parse([value])


@pytest.mark.parametrize(
    "inner",
    ["a", "a.b", "a-b.c-d.e", "ü.é_1", "steps.x.output.y", "a.0", "a.b.0.c", "a[0].b", 'a["b c"]', "a?"],
)
def test_that_a_reference_alone_is_what_it_is_among_other_text(inner: str) -> None:
    alone, faults = Template.inspect(f"${{{inner}}}")
    among, others = Template.inspect(f"x${{{inner}}}")
    assert len(alone.uses) == 1
    assert (alone.uses, faults) == (among.uses, others)


@pytest.mark.parametrize(
    "text", ["${a..b}", "${a.}", "${.a}", "${a-}", "${-a}", "${a.b-}", "${1}", "${a.1b}", "${}"]
)
def test_that_what_is_no_path_is_a_fault_alone_and_among_other_text(text: str) -> None:
    alone, among = Template.inspect(text)[1], Template.inspect(f"x{text}")[1]
    assert [fault.error.message for fault in alone] == [fault.error.message for fault in among]
    assert len(alone) == 1
