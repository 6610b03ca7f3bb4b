"""From drawing to plan."""

from __future__ import annotations

import re
from typing import Any

import pytest

from engine.catalog import Catalog
from engine.errors import DefinitionError
from engine.expression import Template
from engine.expression.paths import Path
from engine.expression.templates import Inspected
from engine.model.embedded import MAX_DEPTH
from engine.plan import compiler
from engine.plan.body import inner_plans
from engine.plan.compiler import Compiler, kahn_order
from engine.plan.parameters import source_of_expressions
from engine.plan.step import JoinMode, Plan, Step
from engine.validation import check
from tests.support.builders import chain, decoded, make_workflow, node, wire


def compile_(document: dict[str, Any]) -> Plan:
    return Compiler(Catalog.load()).compile(decoded(document))


def only_step(**config: Any) -> Step:
    return compile_(make_workflow([node("a", **config)])).steps[0]


def test_that_equal_definitions_share_a_plan_and_changed_ones_do_not() -> None:
    shared = Compiler(Catalog.load())
    first = shared.compile(decoded(chain("a", "b")))
    assert shared.compile(decoded(chain("a", "b"))) is first
    assert shared.compile(decoded(chain("a", "c"))) is not first


def test_that_only_the_latest_plans_are_remembered(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(compiler, "MAX_CACHED_PLANS", 2)
    shared = Compiler(Catalog.load())
    workflows = [decoded(chain(name)) for name in "abc"]
    plans = [shared.compile(workflow) for workflow in workflows]
    assert shared.find(workflows[0]) is None
    assert shared.find(workflows[2]) is plans[2]


def test_that_connections_are_in_order_of_priority() -> None:
    plan = compile_(make_workflow("a b c", [wire("a", "b", priority=2), wire("a", "c", priority=1)]))
    assert [route.id for route in plan.step("a").outgoing] == ["a>c", "a>b"]


def test_that_topological_order_is_stable_and_short_on_a_cycle() -> None:
    assert kahn_order(4, [(3, 0), (0, 1), (2, 1)]) == (2, 3, 0, 1)
    assert kahn_order(3, [(1, 2), (2, 1)]) == (0,)


@pytest.mark.parametrize(
    ("join", "mode", "count"),
    [
        (None, JoinMode.MERGE, 1),
        ("any", JoinMode.ANY, 1),
        ({"mode": "always"}, JoinMode.ALWAYS, 1),
        ({"mode": "n_of", "k": 2}, JoinMode.N_OF, 2),
    ],
)
def test_that_join_policies_are_read(join: Any, mode: JoinMode, count: int) -> None:
    plan = compile_(make_workflow([node("a"), node("b"), node("c", join=join)], ["a>c", "b>c"]))
    assert (plan.step("c").join.mode, plan.step("c").join.count) == (mode, count)


@pytest.mark.parametrize(
    "config",
    [
        {"join": {"mode": "n_of", "k": 3}},
        {"join": {"mode": "n_of"}},
        {"join": "sometimes"},
        {"retry": {"max_attempts": 0}},
        {"timeout": -1},
        {"parameters": {"p": "${input."}},
    ],
)
def test_that_config_that_cannot_be_read_names_its_node(config: dict[str, Any]) -> None:
    with pytest.raises(DefinitionError, match='"a"'):
        only_step(**config)


def test_that_a_connection_to_nowhere_carries_nothing() -> None:
    plan = compile_(make_workflow("a b", ["a>b", "a>gone", "gone>b"]))
    assert [route.id for route in plan.routes] == ["a>b"]
    assert plan.step("b").depends_on == ("a",)


def test_that_an_unknown_durability_is_refused() -> None:
    with pytest.raises(DefinitionError, match="durability"):
        compile_(make_workflow("a", settings={"durability": "forever"}))


def test_that_secrets_are_found_in_parameters_calls_and_conditions() -> None:
    call = {"service": "s", "action": "a", "parameters": {"p": "x ${secrets.called}"}}
    nodes = [
        node("a", parameters={"p": ["${secrets.own}"]}, condition="exists(secrets.asked)", fallback=call),
        node("b", parameters={"p": "${secrets}"}),
    ]
    plan = compile_(make_workflow(nodes, [wire("a", "b", condition="exists(${secrets.routed})")]))
    assert plan.step("a").secrets == {"own", "called", "asked", "routed"}
    assert plan.step("b").secrets == frozenset()


def test_that_a_condition_nobody_can_read_is_no_reason_to_refuse_the_plan_for_its_secrets() -> None:
    """It is reported where it is evaluated, with the connection it belongs to."""
    plan = compile_(make_workflow("a b", [wire("a", "b", condition="exists(secrets.x")]))
    assert plan.step("a").secrets == frozenset()
    assert plan.routes[0].condition == "exists(secrets.x"


def composite(body: Any, kind: str = "flow.subworkflow", **config: Any) -> dict[str, Any]:
    return {"id": "c", "type": kind, "title": "Inside", "config": {"workflow": body, **config}}


@pytest.mark.parametrize(
    ("described", "said"),
    [
        (composite(None), '"Inside" holds no steps'),
        (composite({"file": "other.workflow.json"}), "in other.workflow.json has not been read"),
        (composite({"nodes": 5}), '"Inside": '),
        (composite(make_workflow("a", outputs={"x": "${a."})), '"Inside": '),
        (composite(make_workflow("a b", ["a>b", "b>a"])), 'Inside "Inside": These nodes lead in a circle'),
        (composite(make_workflow("a"), "flow.loop"), "in one way, not none"),
        (
            composite(make_workflow("a"), "flow.loop", parameters={"times": 2, "while": "index < 3"}),
            "in one way, not two",
        ),
        (composite(make_workflow("a"), "flow.loop", parameters={"until": "index <"}), '"Inside": '),
    ],
)
def test_that_what_is_wrong_inside_a_node_names_it(described: dict[str, Any], said: str) -> None:
    with pytest.raises(DefinitionError, match=re.escape(said)):
        compile_(make_workflow([described]))


def test_that_workflows_stand_in_each_other_to_a_depth_and_no_deeper() -> None:
    def nested(depth: int) -> dict[str, Any]:
        held = make_workflow("a")
        for _ in range(depth - 1):
            held = make_workflow([composite(held)])
        return held

    compile_(nested(MAX_DEPTH))
    with pytest.raises(DefinitionError, match=f"more than {MAX_DEPTH} workflows"):
        compile_(nested(MAX_DEPTH + 1))


@pytest.mark.parametrize(
    ("parameters", "condition"),
    [
        ({"times": 3}, None),
        ({"while": " index < 3 "}, (True, "index < 3")),
        ({"until": "done", "while": "  "}, (False, "done")),
    ],
)
def test_that_how_a_loop_repeats_is_read(
    parameters: dict[str, Any], condition: tuple[bool, str] | None
) -> None:
    plan = compile_(make_workflow([composite(make_workflow("a"), "flow.loop", parameters=parameters)]))
    body = plan.steps[0].body
    assert body is not None
    assert body.condition == condition


@pytest.mark.parametrize("mode", [{"mode": "explode"}, "explode"])
def test_that_an_unknown_failure_mode_is_refused(mode: Any) -> None:
    with pytest.raises(DefinitionError, match="on_failure"):
        compile_(make_workflow("a", settings={"on_failure": mode}))


def test_that_what_disables_a_step_is_read() -> None:
    read = [only_step(disabled=value).disabled for value in (None, False, True, "skip")]
    assert read == ["", "", "passthrough", "skip"]


def test_that_the_condition_policy_comes_from_the_connection_or_the_settings() -> None:
    wires = [wire("a", "b", condition="x"), wire("a", "c", condition="x", on_condition_error="true")]
    plan = compile_(make_workflow("a b c", wires, settings={"on_condition_error": False}))
    assert [route.on_condition_error for route in plan.routes] == ["false", "true"]


def test_that_a_nodes_type_gives_its_action_and_the_schema_of_its_parameters() -> None:
    described = {
        "id": "f",
        "type": "table.filter",
        "config": {"parameters": {"condition": "delay > ${input.n}"}},
    }
    step = compile_({"id": "w", "nodes": [described], "connections": []}).steps[0]
    assert (step.service, step.action) == ("table", "filter")
    resolved = step.parameters.template.resolve(lambda path: 60 if path == Path.parse("input.n") else None)
    assert resolved == {"condition": {"$expression": "delay > ${input.n}", "values": {"input.n": 60}}}
    assert source_of_expressions([resolved]) == [{"condition": "delay > ${input.n}"}]


def test_that_a_fallback_service_of_the_older_form_is_a_fallback() -> None:
    step = only_step(fallback_service="other", parameters={"p": 1})
    assert step.fallback is not None
    assert (step.fallback.service, step.fallback.action, dict(step.fallback.parameters)) == (
        "other", "echo", {"p": 1},
    )  # fmt: skip


def test_that_steps_can_be_replaced_by_a_subclass_only_where_they_differ() -> None:
    from dataclasses import replace

    plan = compile_(chain("a", "b"))
    assert plan.with_steps(list(plan.steps)) is plan
    changed = plan.with_steps([replace(plan.steps[0], title="Other")])
    assert [step.label for step in changed.steps] == ["Other", "b"]


def test_that_no_template_is_read_again_that_the_check_has_read(monkeypatch: pytest.MonkeyPatch) -> None:
    inner = make_workflow([node("b", parameters={"m": "${item}"})])
    each = {
        "id": "each",
        "type": "flow.for_each",
        "config": {"parameters": {"items": [1]}, "workflow": inner},
    }
    filtered = {"id": "f", "type": "table.filter", "config": {"parameters": {"condition": "n > ${a.n}"}}}
    undone = node(
        "a", parameters={"n": "${input.n}"}, rollback={"action": "undo", "parameters": {"k": "${a.n}"}}
    )
    workflow = decoded(chain(undone, each, filtered))
    plain = compile_(chain(undone, each, filtered))
    inspected = Inspected()
    check(workflow, Catalog.load(), None, inspected)

    def read_again(value: Any, schema: Any = None) -> Any:
        raise AssertionError(f"read again: {value}")

    monkeypatch.setattr(Template, "inspect", read_again)
    plan = Compiler(Catalog.load()).compile(workflow, inspected)
    for one, same in ((plan, plain), *zip(inner_plans(plan), inner_plans(plain), strict=True)):
        for step, other in zip(one.steps, same.steps, strict=True):
            assert step.parameters.template.uses == other.parameters.template.uses
