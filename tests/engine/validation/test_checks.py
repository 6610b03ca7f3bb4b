"""Everything that is wrong with a workflow is found at once, each with its place and a way out."""

import time
from typing import Any

import pytest

from engine.files import codec
from engine.model.workflow import Node, Workflow
from engine.validation import check
from engine.validation.checks import errors
from tests.engine.validation.drawings import CATALOG, PLAIN, found, plain, problems, wires, with_parameters


def test_that_a_sound_workflow_has_no_problems() -> None:
    document = {
        "inputs": {"type": "object", "properties": {"t": {"type": "number", "default": 3}}},
        "settings": {"on_failure": {"mode": "continue"}},
        "nodes": [
            {"id": "s", "type": "flow.manual"},
            {
                "id": "r",
                "type": "file.read_csv",
                "config": {"parameters": {"path": "${input.t}.csv"}, "retry": 3},
            },
            {
                "id": "f",
                "type": "table.filter",
                "config": {
                    "parameters": {
                        "table": "${r.table}",
                        "condition": "x > ${input.t} and ${s.output?} != 1",
                    },
                    "timeout": {"attempt": 5, "total": 60},
                    "join": {"mode": "n_of", "k": 1},
                },
            },
        ],
        "connections": [
            *wires("sr"),
            {"source": "r", "target": "f", "condition": "rows > 0 and ${r.output.rows} > 1"},
        ],
    }
    assert problems(document, CATALOG) == []


def test_that_an_empty_workflow_is_sound() -> None:
    assert problems({}) == []


def test_that_all_problems_are_found_at_once_errors_first() -> None:
    result = problems(
        {
            "nodes": [*plain("a", "b"), {"id": "c", "type": "plian"}, {"id": "s", "type": "start"}],
            "connections": wires("ab", "ba", "as", "zb"),
        }
    )
    assert [problem.code for problem in result] == [
        "connection-into-trigger", "connection-dangling", "cycle", "unknown-type",
        "unreachable", "unreachable", "unreachable",
    ]  # fmt: skip
    assert len(errors(result)) == 4


def test_that_cycles_are_named_in_order_one_for_each_knot() -> None:
    result = problems(
        {"nodes": plain("v", "w", "a", "b", "c", "x"), "connections": wires("vw", "ca", "ab", "bc", "xx")}
    )
    assert [problem.message for problem in result] == [
        'These steps wait for each other: "a" → "b" → "c" → "a"',
        'These steps wait for each other: "x" → "x"',
    ]
    assert result[0].node_id == "a"


def test_that_a_long_cycle_is_cut_in_the_message() -> None:
    ids = [f"n{i}" for i in range(30)]
    result = problems(
        {
            "nodes": [{"id": i, "type": "plain"} for i in ids],
            "connections": [{"source": a, "target": b} for a, b in zip(ids, ids[1:] + ids[:1], strict=True)],
        }
    )
    assert result[0].message.endswith("→ ... (30 nodes)")


def test_that_nodes_behind_a_cycle_are_not_blamed() -> None:
    document = {
        "nodes": [*plain("a", "b"), with_parameters("c", {"p": "${a.x} ${c2.x}"})],
        "connections": wires("ab", "ba", "bc"),
    }
    assert [code for code, _ in found(document)] == ["cycle", "reference-unknown"]


def test_that_dangling_connections_suggest_the_nearest_node() -> None:
    result = problems(
        {"nodes": plain("read", "b"), "connections": [{"source": "raed", "target": "b"}, {"target": "b"}]}
    )
    assert [(p.pointer, p.suggestion) for p in result] == [
        ("/connections/0/source", "read"),
        ("/connections/1/source", ""),
    ]


def test_that_the_same_connection_twice_is_a_warning_and_another_condition_is_not() -> None:
    a_to_b = {"source": "a", "target": "b"}
    assert found({"nodes": plain("a", "b"), "connections": [a_to_b, a_to_b]}) == [
        ("connection-twice", "/connections/1")
    ]
    assert found({"nodes": plain("a", "b"), "connections": [a_to_b, {**a_to_b, "on": "error"}]}) == []


def test_that_ids_are_their_keys_and_no_roots() -> None:
    workflow = Workflow(
        id="w", nodes={"a": Node(id="b", type="plain"), "input": Node(id="input", type="plain")}
    )
    assert [problem.code for problem in check(workflow, PLAIN)] == ["id-bad", "id-reserved"]


@pytest.mark.parametrize("kind", ["trigger", "start"])
def test_that_nodes_without_a_way_from_the_trigger_are_warned_about(kind: str) -> None:
    nodes = [
        {"id": "s", "type": kind},
        *plain("a", "b", "c"),
        {"id": "d", "type": "plain", "config": {"disabled": True}},
    ]
    assert found({"nodes": nodes, "connections": wires("sa", "ac")}) == [("unreachable", "/nodes/2")]


def test_that_unknown_types_suggest_the_nearest() -> None:
    result = problems({"nodes": [{"id": "a", "type": "table.filtre"}]}, CATALOG)
    assert [(p.code, p.suggestion) for p in result] == [("unknown-type", "table.filter")]
    own_action = {"id": "a", "type": "mine", "config": {"service": "s", "action": "a"}}
    assert found({"nodes": [own_action, {"id": "b", "type": "action"}]}) == []


def test_that_unknown_actions_are_found_in_every_role() -> None:
    node = {
        "id": "a",
        "type": "action",
        "config": {
            "service": "test", "action": "ad",
            "rollback": {"action": "undo"},
            "fallback": {"service": "other", "action": "add"},
        },
    }  # fmt: skip
    nodes = [node, {"id": "t", "type": "trigger"}, {"id": "d"}]
    assert found({"nodes": nodes}, actions={("test", "add")}) == [
        ("unknown-action", "/nodes/0/config/action"),
        ("unknown-action", "/nodes/0/config/rollback/action"),
        ("unknown-action", "/nodes/0/config/fallback/action"),
        ("unknown-action", "/nodes/2/config/action"),
        ("unreachable", "/nodes/0"),
        ("unreachable", "/nodes/2"),
    ]
    assert problems({"nodes": nodes}, actions={("test", "add")})[0].suggestion == "test.add"

    class Only:
        def __contains__(self, key: object) -> bool:
            return False

    assert problems({"nodes": [node]}, actions=Only())[0].suggestion == ""


def given(parameters: Any, **config: Any) -> dict[str, Any]:
    return {
        "nodes": [{"id": "g", "title": "G", "type": "given", "config": {"parameters": parameters, **config}}]
    }


def test_that_missing_and_bad_parameters_are_found() -> None:
    result = problems(given({"items": [], "text": ""}))
    assert [(p.code, p.message) for p in result] == [
        ("parameter-missing", '"G": Number is required'),
        ("parameter-bad", '"G": items must have at least one entry'),
    ]
    assert found(given({"n": "x", "text": "t", "items": [1, "y"]})) == [
        ("parameter-bad", "/nodes/0/config/parameters/n"),
        ("parameter-bad", "/nodes/0/config/parameters/items/1"),
    ]
    assert (
        problems(given({"n": 1, "text": "", "items": ["y"]}))[0].message
        == '"G": items (0) must be a whole number, not text'
    )
    assert found(given({"n": 1})) == [("parameter-missing", "/nodes/0/config/parameters/text")]


def test_that_a_parameter_with_a_reference_is_not_judged() -> None:
    assert found(given({"n": "${input.n}", "text": "", "items": ["${input.n}"]})) == []
    assert found(given({"n": 1, "text": "", "choice": [["${input.n}"]], "items": []})) == [
        ("parameter-bad", "/nodes/0/config/parameters/items")
    ]
    assert found(given({"n": {"a": ["x", "${input.q}"]}, "text": ""})) == []


def test_that_disabled_nodes_and_nodes_with_another_action_are_not_judged() -> None:
    assert found(given({}, disabled=True)) == []
    assert found(given({}, action="other")) == []


def test_that_a_table_that_is_not_connected_says_so() -> None:
    result = problems(
        {"nodes": [{"id": "f", "type": "table.filter", "config": {"parameters": {"table": ""}}}]}, CATALOG
    )
    assert result[0].message == '"f" needs a table: Table is not connected'
    assert "Draw a connection" in result[0].suggestion


@pytest.mark.parametrize(
    ("config", "code"),
    [
        ({"retry": 0}, "retry-bad"),
        ({"retry": {"max_attempts": "x"}}, "retry-bad"),
        ({"retry": {"jitter": "some"}}, "retry-bad"),
        ({"timeout": -1}, "timeout-bad"),
        ({"timeout": {"attempt": 0}}, "timeout-bad"),
        ({"retry": {"respect_retry_after": "no"}}, "retry-bad"),
        ({"join": "most"}, "join-bad"),
        ({"join": {"mode": "n_of"}}, "join-bad"),
        ({"join": "n_of"}, "join-bad"),
        ({"join": {"mode": "n_of", "n": True}}, "join-bad"),
        ({"input_schema": {"type": "strnig"}}, "schema-bad"),
        ({"output_schema": {"minimum": "x"}}, "schema-bad"),
    ],
)
def test_that_bad_policies_are_found(config: dict[str, Any], code: str) -> None:
    key = next(iter(config))
    assert found({"nodes": [with_parameters("a", {}, **config)]}) == [(code, f"/nodes/0/config/{key}")]


@pytest.mark.parametrize(
    ("config", "pointer", "suggestion", "words"),
    [
        (
            {"retry": {"max_attemps": 3}},
            "/nodes/0/config/retry/max_attemps",
            "max_attempts",
            '"a": retry: unknown key `max_attemps`, did you mean `max_attempts`?',
        ),
        (
            {"timeout": {"totl": 3}},
            "/nodes/0/config/timeout/totl",
            "total",
            '"a": timeout: unknown key `totl`, did you mean `total`?',
        ),
        (
            {"timeout": {"zz/z": 1, "attempt": 2}},
            "/nodes/0/config/timeout/zz~1z",
            "",
            '"a": timeout: unknown key `zz/z`, there are attempt, total',
        ),
    ],
)
def test_that_a_key_nothing_reads_is_found(
    config: dict[str, Any], pointer: str, suggestion: str, words: str
) -> None:
    (problem,) = problems({"nodes": [with_parameters("a", {}, **config)]})
    assert (problem.node_id, problem.pointer) == ("a", pointer)
    assert (problem.suggestion, problem.message) == (suggestion, words)
    assert problem.is_error


def test_that_every_bad_key_and_value_is_found_at_once() -> None:
    config = {"retry": {"max_attemps": 3, "jitter": "some", "backof": 2}, "timeout": {"total": 0}}
    assert found({"nodes": [with_parameters("a", {}, **config)]}) == [
        ("retry-bad", "/nodes/0/config/retry/max_attemps"),
        ("retry-bad", "/nodes/0/config/retry/backof"),
        ("retry-bad", "/nodes/0/config/retry"),
        ("timeout-bad", "/nodes/0/config/timeout"),
    ]


@pytest.mark.parametrize(
    ("on_failure", "pointer", "suggestion"),
    [
        ({"mode": "drain", "roll_back": True}, "/settings/on_failure/roll_back", "rollback"),
        ({"mode": "drian"}, "/settings/on_failure", "drain"),
        ({"rollback": "yes"}, "/settings/on_failure/rollback", ""),
    ],
)
def test_that_what_a_failure_means_is_spelt_right(on_failure: Any, pointer: str, suggestion: str) -> None:
    (problem,) = problems({"settings": {"on_failure": on_failure}})
    assert (problem.code, problem.pointer, problem.suggestion) == ("settings-bad", pointer, suggestion)


def test_that_what_an_undecidable_condition_means_is_spelt_right() -> None:
    nodes = plain("a", "b")
    wire = {"id": "w", "source": "a", "target": "b", "condition": "x > 1"}
    (problem,) = problems({"nodes": nodes, "connections": [{**wire, "on_condition_error": "flase"}]})
    assert (problem.node_id, problem.connection_id) == ("a", "w")
    assert (problem.pointer, problem.suggestion) == ("/connections/0/on_condition_error", "false")
    assert found({"nodes": nodes, "connections": [wire], "settings": {"on_condition_error": "ignore"}}) == [
        ("settings-bad", "/settings/on_condition_error")
    ]
    for policy in ("fail", "false", "true", False, True):
        assert found({"nodes": nodes, "connections": [{**wire, "on_condition_error": policy}]}) == []


def test_that_good_policies_pass() -> None:
    config = {
        "retry": {"max_attempts": 3},
        "timeout": None,
        "join": None,
        "input_schema": {},
        "output_schema": {"type": "object"},
    }
    assert found({"nodes": [with_parameters("a", {}, **config)]}) == []
    assert found({"nodes": [with_parameters("a", {}, join={"mode": "any"})]}) == []


def test_that_what_may_run_once_and_is_tried_again_is_a_contradiction() -> None:
    def found(**config: Any) -> list[tuple[str, str, str | None]]:
        node = {"id": "a", "type": "given", "config": {"parameters": {"n": 1, "text": "x"}, **config}}
        return [(p.severity, p.code, p.pointer) for p in problems({"nodes": [node]})]

    told = [("warning", "delivery-repeated", "/nodes/0/config/delivery")]
    assert found(delivery="at_most_once", retry=3) == told
    assert found(delivery="at_most_once", retry={"max_attempts": 2}) == told
    assert found(delivery="at_most_once", retry={"initial_interval": 5}) == []
    assert found(delivery="at_most_once") == found(delivery="at_least_once", retry=3) == []
    assert [code for _, code, _ in found(delivery="at_most_once", retry=0)] == ["retry-bad"]


def test_that_the_workflows_inputs_and_settings_are_checked() -> None:
    assert found({"inputs": {"properties": {"a": {"type": "nmber"}}}}) == [
        ("schema-bad", "/inputs/properties/a/type")
    ]
    assert found({"settings": {"on_failure": {"mode": "explode"}}}) == [
        ("settings-bad", "/settings/on_failure")
    ]
    assert found({"settings": {"on_failure": "cancel"}}) == []


def test_that_a_problem_is_plain_json() -> None:
    problem = problems({"nodes": [with_parameters("a", {"p": "${"})]})[0]
    assert problem.to_json()["node_id"] == "a"
    assert set(problem.to_json()) == {
        "severity",
        "code",
        "message",
        "node_id",
        "connection_id",
        "pointer",
        "suggestion",
    }


@pytest.mark.no_cover  # load, not lines
def test_that_ten_thousand_nodes_are_checked_in_linear_time() -> None:
    count = 10_000
    nodes: list[dict[str, Any]] = [
        {"id": "n0", "type": "file.read_csv", "config": {"parameters": {"path": "a.csv"}}}
    ]
    for index in range(1, count):
        parameters = {"table": f"${{n{index - 1}.table}}", "condition": "x > ${input.t} and ${n0.rows} > 1"}
        nodes.append({"id": f"n{index}", "type": "table.filter", "config": {"parameters": parameters}})
    connections = [
        {"source": f"n{i}", "target": f"n{i + 1}", "condition": "rows > 0"} for i in range(count - 1)
    ]
    workflow = codec.decode({"nodes": nodes, "connections": connections})
    started = time.process_time()
    assert check(workflow, CATALOG) == []
    # Generous for a busy machine; quadratic work would take minutes.
    assert time.process_time() - started < 30
