"""References and conditions are checked against the drawing."""

from typing import Any

from tests.engine.validation.drawings import CATALOG, found, plain, problems, wires, with_parameters


def test_that_references_are_checked_against_the_drawing() -> None:
    document = {
        "inputs": {"properties": {"threshold": {}}},
        "nodes": [
            *plain("read", "later"),
            {"id": "g", "type": "given", "config": {"parameters": {"n": 1, "text": "x"}}},
            {"id": "o", "type": "open"},
            with_parameters(
                "here",
                {
                    "a": "${raed.x} ${zzzzzz.x} ${here.x} ${later.x} ${read.anything}",
                    "b": "${g.totl} ${g.output.totl} ${g.status} ${g} ${g.output} ${o.b} ${steps.g.zzz}",
                    "c": "${steps.raed.x} ${vars.x} ${trigger} ${steps}",
                    "d": "${input.treshold} ${input.other} ${input.other:-1} ${input}",
                },
            ),
        ],
        "connections": [{"source": source, "target": "here"} for source in ("read", "g", "o")],
    }
    assert [(p.severity, p.code, p.suggestion) for p in problems(document)] == [
        ("error", "reference-unknown", "${read.x}"),
        ("error", "reference-unknown", ""),
        ("error", "reference-self", ""),
        ("error", "reference-not-upstream", 'Connect "later" to "here", directly or through other steps.'),
        ("error", "reference-unknown", "${steps.read.x}"),
        ("warning", "field-unknown", "${g.total}"),
        ("warning", "field-unknown", "${g.output.total}"),
        ("warning", "field-unknown", ""),
        ("warning", "input-unknown", "${input.threshold}"),
        ("warning", "input-unknown", "Add other to the inputs of the workflow."),
    ]
    assert problems(document)[0].message == '"here": a: there is no step raed, which ${raed.x} refers to'


def test_that_upstream_counts_through_other_steps_and_from_any_parameter() -> None:
    document = {
        "nodes": [*plain("a", "b"), with_parameters("c", {"x": {"y~/": ["${a.z}"]}})],
        "connections": wires("ab", "bc"),
    }
    assert found(document) == []
    document["connections"] = wires("ab")
    assert found(document) == [("reference-not-upstream", "/nodes/2/config/parameters/x/y~0~1/0")]


def test_that_only_a_rollback_knows_its_step_and_only_what_follows_an_error_knows_that() -> None:
    words = {"a": "${self.output}", "b": "${error.message}"}
    own = {"action": "undo", "parameters": {**words, "c": "${self.outptu.x} ${self} ${self.zzzzzz}"}}
    given = {"id": "g", "type": "given", "config": {"parameters": {"n": 1, "text": "x"}}}
    given["config"]["rollback"] = {"action": "undo", "parameters": {"id": "${self.output.totl}"}}
    stand_in = {"action": "undo", "parameters": words}
    nodes = [with_parameters("a", words, rollback=own, fallback=stand_in), given]
    assert [(p.code, p.pointer[8:], p.suggestion) for p in problems({"nodes": nodes})] == [
        ("reference-self", "/config/parameters/a", ""),
        ("reference-unknown", "/config/parameters/b", ""),
        ("reference-unknown", "/config/rollback/parameters/c", "${self.output.x}"),
        ("reference-unknown", "/config/rollback/parameters/c", ""),
        ("reference-self", "/config/fallback/parameters/a", ""),
        ("field-unknown", "/config/rollback/parameters/id", "${self.output.total}"),
    ]


def test_that_what_handles_an_error_is_told_how_to_refer_to_it() -> None:
    nodes = [with_parameters("a", {}), with_parameters("handler", {"why": "${error.message}"})]
    wires = [{"id": "c", "source": "a", "target": "handler", "on": "error"}]
    (found,) = problems({"nodes": nodes, "connections": wires})
    assert (found.code, found.suggestion) == ("reference-unknown", "${a.error.message}")


def test_that_a_rollback_may_refer_to_its_own_step() -> None:
    described = {"action": "undo", "parameters": {"id": "${a.id}", "bad": "${"}}
    assert found({"nodes": [with_parameters("a", {}, rollback=described, fallback=described)]}) == [
        ("template-bad", "/nodes/0/config/rollback/parameters/bad"),
        ("template-bad", "/nodes/0/config/fallback/parameters/bad"),
        ("reference-self", "/nodes/0/config/fallback/parameters/id"),
    ]


def test_that_bad_templates_and_expressions_are_placed() -> None:
    parameters = {"table": "${a:-", "condition": "x >"}
    result = problems(
        {"nodes": [{"id": "f", "type": "table.filter", "config": {"parameters": parameters}}]}, CATALOG
    )
    assert [(p.code, p.pointer) for p in result if p.code == "template-bad"] == [
        ("template-bad", "/nodes/0/config/parameters/table"),
        ("template-bad", "/nodes/0/config/parameters/condition"),
    ]
    assert result[-1].message == '"f": condition: a value is expected, but here is the end (character 4)'


def test_that_conditions_are_checked() -> None:
    document = {
        "nodes": plain("a", "b", "c"),
        "connections": [
            {"source": "a", "target": "b", "condition": "x >"},
            {"source": "a", "target": "b", "condition": "nope(1)"},
            {
                "source": "b",
                "target": "c",
                "condition": "${a.x} and ${b.y} and ${c.z} and ${d.q} and ${input.i}",
            },
            {"source": "b", "target": "c", "condition": "  "},
            {"source": "zz", "target": "c", "condition": "x >"},
        ],
    }
    result = problems(document)
    assert [(p.code, p.pointer) for p in result] == [
        ("connection-dangling", "/connections/4/source"),
        ("condition-bad", "/connections/0/condition"),
        ("condition-bad", "/connections/1/condition"),
        ("reference-not-upstream", "/connections/2/condition"),
        ("reference-unknown", "/connections/2/condition"),
    ]
    assert result[1].connection_id == "c1"
    assert result[3].node_id is None


def test_that_circular_defaults_are_found_each_circle_once() -> None:
    properties = {
        "a": {"default": "${input.b}"},
        "b": {"default": "x ${input.c} ${input.plain}"},
        "c": {"default": ["${input.a}"]},
        "self": {"default": "${input.self}"},
        "fine": {"default": "${input.a}"},
        "plain": {"type": "string"},
        "other": {"default": "${vars.x} ${input}"},
        "broken": {"default": "${"},
    }
    result = problems({"inputs": {"properties": properties}})
    assert [(p.code, p.pointer) for p in result] == [
        ("template-bad", "/inputs/properties/broken/default"),
        ("default-circular", "/inputs/properties/a/default"),
        ("default-circular", "/inputs/properties/self/default"),
    ]
    assert result[1].message.endswith("a → b → c → a")


def test_that_plain_names_of_a_condition_can_stand_for_something() -> None:
    given = {"id": "g", "type": "given", "config": {"parameters": {"n": 1, "text": "x"}}}
    document: dict[str, Any] = {"nodes": [given, {"id": "o", "type": "open"}, *plain("later", "t")]}

    def codes(condition: str, source: str = "g") -> list[tuple[str, str]]:
        connection = {"source": source, "target": "t", "condition": condition}
        return [(p.code, p.suggestion) for p in problems({**document, "connections": [connection]})]

    assert codes("total > 1 and g.rows > 1 and input.x and ${g.total} > 0") == []
    assert codes("totla > 1") == [("name-unknown", "total")]
    assert codes("coalesce(totla, 0) > 1") == []
    assert codes("totla? is null") == []
    assert codes("anything > 1", "o") == []
    assert codes("anything > 1", "later") == []
    assert codes("later.x > 1") == [
        ("reference-not-upstream", 'Connect "later" to "g", directly or through other steps.')
    ]
    assert codes("${g.totla} > 1") == [("field-unknown", "${g.total}")]
    assert codes("${later.x:-1} > 1")[0][0] == "reference-not-upstream"


def test_that_a_secret_is_one_named_text_and_a_condition_asks_only_whether_it_is_there() -> None:
    parameters = {"fine": "Bearer ${secrets.token}", "all": "${secrets}", "deep": "${secrets.a.b}"}
    nodes = [with_parameters("a", parameters), *plain("b")]
    wires = [
        {"source": "a", "target": "b", "condition": condition}
        for condition in (
            "exists(secrets.t) and not exists(${secrets.u})",
            "secrets.t == 'x'",
            "${secrets.t}",
        )
    ]
    result = [p for p in problems({"nodes": nodes, "connections": wires}) if p.code != "connection-twice"]
    assert [(p.code, p.pointer, p.suggestion) for p in result] == [
        ("secret-bad", "/nodes/0/config/parameters/all", "${secrets.NAME}"),
        ("secret-bad", "/nodes/0/config/parameters/deep", "${secrets.NAME}"),
        ("secret-bad", "/connections/1/condition", "exists(secrets.NAME)"),
        ("secret-bad", "/connections/2/condition", "exists(secrets.NAME)"),
    ]


def test_that_the_condition_of_a_first_step_is_checked() -> None:
    steps = [{"id": "a", "condition": "x >"}, {"id": "b"}]
    assert found({"steps": steps}) == [("condition-bad", "/nodes/0/config/condition")]
    steps[0]["condition"] = "${later.x} == 1 and ${input.y:-1} == 1"
    assert found({"steps": steps}) == [("reference-unknown", "/nodes/0/config/condition")]
    steps[0]["condition"] = " "
    assert found({"steps": steps}) == []
