"""A switch goes on along one connection: the first whose condition holds."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from engine import SqliteStateManager, WorkflowEngine
from engine.catalog import Catalog
from engine.errors import ConditionError
from engine.history.events import EventType
from engine.history.status import ConnectionOutcome
from engine.plan.compiler import Compiler
from engine.plan.step import Plan, Route
from engine.run import scheduler
from engine.run.settlement import Ended, NoRoute, Progress, Resolved, Settlement
from tests.support.builders import decoded, make_workflow, node, wire
from tests.support.fake_clock import settle
from tests.support.scripted_actions import ScriptedActions

TAKEN, DEAD, POISONED = ConnectionOutcome.TAKEN, ConnectionOutcome.DEAD, ConnectionOutcome.POISONED
SWITCH = {"id": "s", "type": "flow.switch", "title": "Late?"}


def switch_with(*connections: dict[str, Any], **config: Any) -> dict[str, Any]:
    """A switch on an input, with steps behind it that are called as the connections lead."""
    targets = [node(target) for target in dict.fromkeys(each["target"] for each in connections)]
    switch = {**SWITCH, "config": {"parameters": {"value": "${input.value}"}, **config}}
    return make_workflow([switch, *targets], list(connections))


def case(target: str, condition: str | None = None, priority: int = 0, **values: Any) -> dict[str, Any]:
    return wire("s", target, condition=condition, priority=priority, **values)


def leave(
    *connections: dict[str, Any], ended: Ended = Ended.COMPLETED, true: str = "", failing: str = ""
) -> tuple[dict[str, ConnectionOutcome], list[str], Settlement]:
    """How the connections are resolved, and which conditions were asked, when only `true` ones hold."""
    plan = Compiler(Catalog([])).compile(decoded(switch_with(*connections)))
    asked: list[str] = []
    settlement = scheduler.settle(plan, Progress(plan), 0, ended, _decider(plan, asked, true, failing))
    outcomes = {fact.route.id[2:]: fact.outcome for fact in settlement.facts if isinstance(fact, Resolved)}
    return outcomes, asked, settlement


def _decider(plan: Plan, asked: list[str], true: str, failing: str) -> Callable[[Route], bool]:
    def decide(route: Route) -> bool:
        assert route.condition is not None
        asked.append(route.condition)
        if route.condition in failing:
            raise ConditionError("cannot be told")
        return route.condition in true

    return decide


class TestScheduling:
    def test_that_the_first_condition_that_holds_is_taken_and_no_other_is_asked(self) -> None:
        outcomes, asked, settlement = leave(case("a", "x"), case("b", "y"), case("c", "z"), true="yz")
        assert outcomes == {"a": DEAD, "b": TAKEN, "c": DEAD}
        assert asked == ["x", "y"]
        assert len(settlement.ready) == 1

    def test_that_conditions_are_tried_in_order_of_priority(self) -> None:
        outcomes, asked, _ = leave(case("a", "x", 3), case("b", "y", 2), case("c", "z", 1), true="xy")
        assert outcomes == {"a": DEAD, "b": TAKEN, "c": DEAD}
        assert asked == ["z", "y"]

    def test_that_what_has_no_condition_is_for_everything_else_wherever_it_was_drawn(self) -> None:
        assert leave(case("a"), case("b", "x"), true="x")[0] == {"a": DEAD, "b": TAKEN}
        assert leave(case("a"), case("b", "x"))[0] == {"a": TAKEN, "b": DEAD}

    def test_that_what_has_no_condition_and_comes_first_is_always_taken(self) -> None:
        assert leave(case("a"), case("b", "x", 1), true="x")[:2] == ({"a": TAKEN, "b": DEAD}, [])

    def test_that_no_match_fails_the_routing_and_says_what_to_do(self) -> None:
        outcomes, _, settlement = leave(case("a", "x"), case("b", "y"))
        assert outcomes == {"a": POISONED, "b": POISONED}
        assert isinstance(settlement.facts[0], NoRoute)
        error = settlement.facts[0].error
        assert settlement.routing_error is error
        assert (
            error.message
            == '"Late?": none of its 2 conditions holds, and no connection is for everything else'
        )
        assert "without a condition" in error.hint
        assert settlement.ready == []

    def test_that_a_switch_that_leads_nowhere_just_ends(self) -> None:
        outcomes, _, settlement = leave(case("a", on="error"))
        assert (outcomes, settlement.routing_error) == ({"a": DEAD}, None)

    def test_that_a_condition_that_cannot_be_told_leaves_the_cases_after_it_open_to_nobody(self) -> None:
        outcomes, asked, settlement = leave(case("a", "x"), case("b", "y"), case("c"), failing="y")
        assert outcomes == {"a": DEAD, "b": POISONED, "c": POISONED}
        assert asked == ["x", "y"]
        assert isinstance(settlement.routing_error, ConditionError)

    def test_that_a_condition_that_counts_as_false_when_it_cannot_be_told_lets_the_next_try(self) -> None:
        outcomes, _, settlement = leave(
            case("a", "x", on_condition_error="false"), case("b", "y"), true="y", failing="x"
        )
        assert (outcomes, settlement.routing_error) == ({"a": DEAD, "b": TAKEN}, None)

    def test_that_a_failed_switch_goes_on_along_one_of_its_error_connections(self) -> None:
        outcomes, _, settlement = leave(
            case("a", "x"), case("b", on="error", priority=1), case("c", on="always", priority=2),
            ended=Ended.FAILED, true="x",
        )  # fmt: skip
        assert outcomes == {"a": POISONED, "b": TAKEN, "c": DEAD}
        assert settlement.handled

    def test_that_a_failed_switch_without_a_way_on_is_just_a_failure(self) -> None:
        outcomes, _, settlement = leave(case("a", "x", on="error"), ended=Ended.FAILED)
        assert (outcomes, settlement.handled, settlement.routing_error) == ({"a": DEAD}, False, None)

    @pytest.mark.parametrize(
        ("ended", "outcome"), [(Ended.SKIPPED, DEAD), (Ended.SKIPPED_UPSTREAM, POISONED)]
    )
    def test_that_a_skipped_switch_asks_nothing(self, ended: Ended, outcome: ConnectionOutcome) -> None:
        outcomes, asked, _ = leave(case("a", "x"), case("b"), ended=ended, true="x")
        assert (outcomes, asked) == ({"a": outcome, "b": outcome}, [])

    def test_that_only_a_switch_is_exclusive(self) -> None:
        plan = Compiler(Catalog([])).compile(decoded(make_workflow("s a b", [case("a"), case("b")])))
        settlement = scheduler.settle(plan, Progress(plan), 0, Ended.COMPLETED, _decider(plan, [], "", ""))
        assert [fact.outcome for fact in settlement.facts if isinstance(fact, Resolved)] == [TAKEN, TAKEN]


CASES = [case("late", "value > 60"), case("early", "value < 0", 1), case("rest", None, 2)]


@pytest.mark.asyncio
class TestRuns:
    @pytest.fixture
    def built_in(self, actions: ScriptedActions) -> ScriptedActions:
        """The scripted actions, and the switch's own beside them."""
        from engine.actions import flow

        actions.registry.register("flow", "switch", flow.switch)
        return actions

    @pytest.mark.parametrize(("value", "taken"), [(61, "late"), (-1, "early"), (5, "rest")])
    async def test_that_the_value_goes_on_along_one_way(
        self, built_in: ScriptedActions, engine: WorkflowEngine, value: int, taken: str
    ) -> None:
        state = await engine.wait(await engine.start_workflow(switch_with(*CASES), {"value": value}))
        assert state["status"] == "COMPLETED"
        assert state["outputs"]["s"] == {"value": value}
        ran = [step for step in ("late", "early", "rest") if state["steps"][step]["status"] == "COMPLETED"]
        assert ran == [taken]
        assert sum(step["status"] == "SKIPPED" for step in state["steps"].values()) == 2

    async def test_that_the_ways_meet_again(self, built_in: ScriptedActions, engine: WorkflowEngine) -> None:
        workflow = switch_with(*CASES)
        workflow["nodes"].append(node("end"))
        workflow["connections"] += [wire(each, "end") for each in ("late", "early", "rest")]
        state = await engine.wait(await engine.start_workflow(workflow, {"value": 5}))
        assert (state["status"], state["steps"]["end"]["status"]) == ("COMPLETED", "COMPLETED")

    async def test_that_a_run_without_a_way_on_fails_and_names_the_switch(
        self, built_in: ScriptedActions, engine: WorkflowEngine
    ) -> None:
        state = await engine.wait(await engine.start_workflow(switch_with(*CASES[:2]), {"value": 5}))
        assert state["status"] == "FAILED"
        assert state["error"]["type"] == "NoRouteMatched"
        assert '"Late?": none of its 2 conditions holds' in state["error"]["message"]
        assert state["steps"]["s"]["status"] == "COMPLETED"
        assert state["steps"]["late"]["status"] == "SKIPPED"
        assert state["steps"]["late"]["reason"] == "upstream_failed"

    async def test_that_a_run_that_died_without_a_way_on_still_fails_in_the_next_process(
        self, built_in: ScriptedActions, tmp_path: Path
    ) -> None:
        workflow = switch_with(*CASES[:2])
        workflow["nodes"].append(node("slow", "gate"))
        workflow["settings"] = {"on_failure": "continue"}
        path = tmp_path / "runs.db"
        async with WorkflowEngine(
            registry=built_in.registry, state_manager=SqliteStateManager(path)
        ) as engine:
            execution_id = await engine.start_workflow(workflow, {"value": 5})
            await built_in.reached["slow"].wait()
            await settle()
            await engine._runtime.barrier()
            events = [event.type for event in await engine.state_manager.read_events(execution_id)]
            assert EventType.CONDITION_ERROR in events
        built_in.gates["slow"].set()
        async with WorkflowEngine(
            registry=built_in.registry, state_manager=SqliteStateManager(path)
        ) as engine:
            state = await engine.wait(execution_id)
        assert (state["status"], state["error"]["type"]) == ("FAILED", "NoRouteMatched")
        assert state["steps"]["slow"]["status"] == "COMPLETED"
