"""From drawing to plan."""

from __future__ import annotations

from typing import Any

import pytest

from engine.catalog import Catalog
from engine.errors import DefinitionError
from engine.expression.paths import Path
from engine.plan import compiler
from engine.plan.compiler import Compiler, kahn_order
from engine.plan.parameters import source_of_expressions
from engine.plan.step import JoinMode, Plan, Step
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
