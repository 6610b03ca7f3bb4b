"""The engine through its public door: the ten classes of the original plan."""

from __future__ import annotations

import asyncio
import json
from pathlib import Path
from typing import Any, ClassVar

import pytest

from engine import (
    ActionRegistry,
    DefinitionError,
    ExecutionNotFound,
    ExternalServiceError,
    MemoryStateManager,
    MissingInputError,
    SchemaValidationError,
    SqliteStateManager,
    StepTimeoutError,
    WorkflowEngine,
)
from engine.errors import ConditionError, StoreError
from tests.support.builders import chain, make_workflow, node, threshold_inputs, wire
from tests.support.fake_clock import FakeClock, settle
from tests.support.scripted_actions import RecordingAnalytics, RecordingNotifier, ScriptedActions

pytestmark = pytest.mark.asyncio


async def run(engine: WorkflowEngine, workflow: Any, inputs: dict[str, Any] | None = None) -> dict[str, Any]:
    return await engine.wait(await engine.start_workflow(workflow, inputs or {}))


def statuses(state: dict[str, Any]) -> dict[str, str]:
    return {step_id: step["status"] for step_id, step in state["steps"].items()}


class TestInitialization:
    async def test_that_five_steps_run_at_once_unless_said_otherwise(self) -> None:
        engine = WorkflowEngine()
        assert engine.max_concurrent_steps == 5
        assert isinstance(engine.semaphore, asyncio.Semaphore)
        assert engine.semaphore._value == 5
        await engine.close()

    async def test_that_the_number_of_steps_at_once_can_be_set(self) -> None:
        async with WorkflowEngine(2) as engine:
            assert (engine.max_concurrent_steps, engine.semaphore._value) == (2, 2)

    @pytest.mark.parametrize("number", [0, -1, 2.5, "5", None, True, float("nan")])
    async def test_that_what_is_no_number_of_steps_is_refused(self, number: Any) -> None:
        with pytest.raises(ValueError, match="a whole number of at least 1"):
            WorkflowEngine(number)

    async def test_that_the_pattern_finds_references(self, engine: WorkflowEngine) -> None:
        found = engine.var_pattern.findall("${input.name} and ${a.b[0]}, not $${this} or {that}")
        assert found == ["input.name", "a.b[0]"]

    async def test_that_nothing_is_to_be_cancelled_at_first(self, engine: WorkflowEngine) -> None:
        assert engine.cancellation_requests == set()

    async def test_that_stores_registry_and_observers_are_those_given(self, actions: ScriptedActions) -> None:
        store, notifier, analytics = MemoryStateManager(), RecordingNotifier(), RecordingAnalytics()
        async with WorkflowEngine(
            state_manager=store, registry=actions.registry, notifier=notifier, analytics=analytics
        ) as engine:
            assert engine.state_manager is store
            assert engine.registry is actions.registry
            assert (engine.notifier, engine.analytics) == (notifier, analytics)

    async def test_that_an_engine_without_a_registry_has_the_built_in_actions(self) -> None:
        async with WorkflowEngine() as engine:
            assert ("flow", "set_values") in engine.registry


class TestExecutionLifecycle:
    async def test_that_a_run_goes_from_pending_to_running_to_completed(
        self, engine: WorkflowEngine, actions: ScriptedActions
    ) -> None:
        execution_id = await engine.start_workflow(make_workflow([node("a", "gate")]), {"x": 1})
        assert (await engine.get_workflow_status(execution_id))["status"] == "PENDING"
        await actions.reached["a"].wait()
        await settle()
        running = await engine.get_workflow_status(execution_id)
        assert (running["status"], statuses(running)) == ("RUNNING", {"a": "RUNNING"})
        actions.gates["a"].set()
        state = await engine.wait(execution_id)
        assert (state["status"], state["input_data"], state["error"]) == ("COMPLETED", {"x": 1}, None)
        assert state["outputs"] == {"a": {"passed": True}}

    async def test_that_background_tasks_run_the_execution_when_they_are_given(
        self, engine: WorkflowEngine, actions: ScriptedActions
    ) -> None:
        class Tasks:
            def __init__(self) -> None:
                self.added: list[tuple[Any, ...]] = []

            def add_task(self, function: Any, *args: Any) -> None:
                self.added.append((function, *args))

        tasks = Tasks()
        execution_id = await engine.start_workflow(make_workflow("a"), {}, tasks)
        await settle()
        assert actions.calls == []
        ((function, *args),) = tasks.added
        await function(*args)
        assert (await engine.get_workflow_status(execution_id))["status"] == "COMPLETED"

    async def test_that_every_change_is_notified_in_order(
        self, engine: WorkflowEngine, notifier: RecordingNotifier
    ) -> None:
        await run(engine, chain("a", "b"), {"user_id": "ann"})
        assert notifier.statuses == [
            "RUNNING", "STEP_RUNNING", "STEP_COMPLETED", "STEP_RUNNING", "STEP_COMPLETED", "COMPLETED",
        ]  # fmt: skip
        assert notifier.users == {"ann"}
        assert [data["step_id"] for status, data in notifier.told if status == "STEP_COMPLETED"] == ["a", "b"]

    async def test_that_an_observer_that_fails_does_not_touch_the_run(
        self, actions: ScriptedActions, caplog: pytest.LogCaptureFixture
    ) -> None:
        class Broken:
            def notify_workflow_status(self, *args: Any, **values: Any) -> None:
                raise RuntimeError("no network")

            async def track_step_execution(self, **values: Any) -> None:
                raise RuntimeError("no network")

            track_workflow_execution = track_step_execution

        broken = Broken()
        async with WorkflowEngine(registry=actions.registry, notifier=broken, analytics=broken) as engine:
            assert (await run(engine, chain("a", "b")))["status"] == "COMPLETED"
        assert "An observer of the run failed" in caplog.text

    async def test_that_an_observer_that_cancels_itself_is_told_the_rest(
        self, actions: ScriptedActions
    ) -> None:
        told: list[str] = []

        class Cancelled:
            async def notify_workflow_status(self, user: Any, run: str, status: str, data: Any) -> None:
                told.append(status)
                raise asyncio.CancelledError

        async with WorkflowEngine(registry=actions.registry, notifier=Cancelled()) as engine:
            assert (await run(engine, make_workflow("a")))["status"] == "COMPLETED"
        assert told == ["RUNNING", "STEP_RUNNING", "STEP_COMPLETED", "COMPLETED"]

    async def test_that_events_are_dense_and_replay_from_any_point(self, engine: WorkflowEngine) -> None:
        execution_id = await engine.start_workflow(chain("a", "b"), {})
        live = [event async for event in engine.events(execution_id)]
        assert [event.seq for event in live] == list(range(1, len(live) + 1))
        assert (live[0].type, live[-1].type) == ("EXECUTION_CREATED", "EXECUTION_COMPLETED")
        assert [event async for event in engine.events(execution_id, after=4)] == live[4:]

    async def test_that_an_unknown_run_is_named(self, engine: WorkflowEngine) -> None:
        for ask in (engine.get_workflow_status, engine.wait, engine.pause_workflow, engine.resume_workflow):
            with pytest.raises(ExecutionNotFound, match="nothing-like-it"):
                await ask("nothing-like-it")

    async def test_that_an_empty_workflow_completes(self, engine: WorkflowEngine) -> None:
        assert (await run(engine, make_workflow([])))["status"] == "COMPLETED"

    async def test_that_a_file_runs_with_its_folder_as_base(
        self, engine: WorkflowEngine, actions: ScriptedActions, tmp_path: Path
    ) -> None:
        file = tmp_path / "w.workflow.json"
        file.write_text(json.dumps({"format": 1, **make_workflow("a")}))
        assert (await run(engine, file))["status"] == "COMPLETED"
        assert actions.contexts["a"][0].resolve_path("in.csv") == tmp_path / "in.csv"

    async def test_that_closing_leaves_no_task_behind(self, actions: ScriptedActions) -> None:
        before = asyncio.all_tasks()
        engine = WorkflowEngine(registry=actions.registry)
        await engine.start_workflow(make_workflow([node("a", "gate"), node("b", "gate")]), {})
        await actions.reached["b"].wait()
        await engine.close()
        await engine.close()
        assert asyncio.all_tasks() == before

    async def test_that_a_closed_engine_does_not_open_its_store_again(self, tmp_path: Path) -> None:
        engine = WorkflowEngine(state_manager=SqliteStateManager(tmp_path / "runs.db"))
        execution_id = await engine.start_workflow(make_workflow([]))
        await engine.wait(execution_id)
        await engine.close()
        for ask in (
            lambda: engine.get_workflow_status(execution_id),
            lambda: engine.statistics("w"),
            lambda: anext(engine.events(execution_id)),
        ):
            with pytest.raises(StoreError, match="The engine is closed"):
                await ask()
        async with SqliteStateManager(tmp_path / "runs.db") as another:
            assert await another.get_execution_state(execution_id)


class TestStepOrchestration:
    async def test_that_steps_run_in_sequence(self, engine: WorkflowEngine, actions: ScriptedActions) -> None:
        state = await run(engine, chain("a", "b", "c"))
        assert actions.calls == ["a", "b", "c"]
        assert statuses(state) == {"a": "COMPLETED", "b": "COMPLETED", "c": "COMPLETED"}

    async def test_that_independent_steps_run_at_the_same_time(
        self, engine: WorkflowEngine, actions: ScriptedActions
    ) -> None:
        actions.parties = 3  # each waits for all: only parallel steps can leave
        workflow = make_workflow([node(step_id, "meet") for step_id in "abc"])
        async with asyncio.timeout(5):
            assert (await run(engine, workflow))["status"] == "COMPLETED"

    async def test_that_no_more_steps_run_at_once_than_allowed(self, actions: ScriptedActions) -> None:
        async with WorkflowEngine(2, registry=actions.registry) as engine:
            names = [f"s{number}" for number in range(6)]
            execution_id = await engine.start_workflow(make_workflow([node(name, "gate") for name in names]))
            await settle()
            assert actions.calls == names[:2]
            for name in names:
                actions.gates[name].set()
            assert (await engine.wait(execution_id))["status"] == "COMPLETED"
        assert actions.most_running == 2
        assert engine.semaphore._value == 2

    async def test_that_a_step_starts_as_soon_as_its_own_inputs_are_there(
        self, engine: WorkflowEngine, actions: ScriptedActions
    ) -> None:
        workflow = make_workflow([node("slow", "gate"), node("quick"), node("next")], ["quick>next"])
        execution_id = await engine.start_workflow(workflow)
        await settle()
        assert actions.count("next") == 1  # there are no waves: `slow` still runs
        actions.gates["slow"].set()
        assert (await engine.wait(execution_id))["status"] == "COMPLETED"

    async def test_that_a_join_waits_for_all_its_sources(
        self, engine: WorkflowEngine, actions: ScriptedActions
    ) -> None:
        workflow = make_workflow([node("a", "gate"), node("b"), node("end")], ["a>end", "b>end"])
        execution_id = await engine.start_workflow(workflow)
        await settle()
        assert "end" not in actions.calls
        actions.gates["a"].set()
        await engine.wait(execution_id)
        assert actions.calls[-1] == "end"

    async def test_that_a_failure_stops_what_depends_on_it(
        self, engine: WorkflowEngine, actions: ScriptedActions
    ) -> None:
        actions.errors["a"] = [RuntimeError("boom")]
        state = await run(engine, chain(node("a", "fail"), "b", "c"))
        assert state["status"] == "FAILED"
        assert statuses(state) == {"a": "FAILED", "b": "SKIPPED", "c": "SKIPPED"}
        assert state["steps"]["b"]["reason"] == "upstream_failed"
        assert actions.calls == ["a"]

    async def test_that_continue_on_error_goes_on(
        self, engine: WorkflowEngine, actions: ScriptedActions
    ) -> None:
        actions.errors["a"] = [RuntimeError("boom")]
        state = await run(engine, chain(node("a", "fail", continue_on_error=True), "b"))
        assert state["status"] == "COMPLETED_WITH_ERRORS"
        assert statuses(state) == {"a": "FAILED", "b": "COMPLETED"}
        assert state["steps"]["a"]["reason"] == "tolerated"

    async def test_that_a_step_that_takes_too_long_fails(
        self, engine: WorkflowEngine, actions: ScriptedActions, clock: FakeClock
    ) -> None:
        execution_id = await engine.start_workflow(make_workflow([node("a", "gate", timeout=60)]))
        await clock.until_asked()
        await clock.advance(59)
        assert (await engine.get_workflow_status(execution_id))["status"] == "RUNNING"
        await clock.advance(1)
        state = await engine.wait(execution_id)
        assert (state["status"], state["error"]["type"]) == ("FAILED", StepTimeoutError.__name__)
        assert "60 s" in state["error"]["message"]

    async def test_that_a_plain_function_runs_in_a_thread(self, engine: WorkflowEngine) -> None:
        import threading

        engine.registry.action("test", "thread")(lambda params, context: threading.current_thread().name)
        state = await run(engine, make_workflow([node("a", "thread")]))
        assert state["outputs"]["a"] != threading.current_thread().name

    async def test_that_steps_with_an_order_run_in_that_order(
        self, engine: WorkflowEngine, actions: ScriptedActions
    ) -> None:
        steps = [
            {"id": "second", "service": "test", "action": "echo", "sequence_order": 2},
            {"id": "first", "service": "test", "action": "echo", "sequence_order": 1},
        ]
        assert (await run(engine, {"id": "w", "steps": steps}))["status"] == "COMPLETED"
        assert actions.calls == ["first", "second"]

    async def test_that_a_subclass_can_override_how_a_step_is_executed(
        self, actions: ScriptedActions
    ) -> None:
        class Dry(WorkflowEngine):
            async def _execute_step(self, step: Any, params: dict[str, Any]) -> Any:
                return {"dry": step.id}

        async with Dry(registry=actions.registry) as engine:
            state = await run(engine, chain("a", "b"))
        assert state["outputs"] == {"a": {"dry": "a"}, "b": {"dry": "b"}}
        assert actions.calls == []


class TestParameterResolution:
    STATE: ClassVar = {
        "input_data": {"name": "Ann", "user": {"tags": ["x", "y"]}, "none": None},
        "steps": {"s": {"status": "COMPLETED", "output": {"rows": [1, 2, 3], "deep": {"er": {"v": 7}}}}},
        "outputs": {},
    }

    @pytest.mark.parametrize(
        ("drawn", "resolved"),
        [
            ("${input.name}", "Ann"),
            ("${s.output.deep.er.v}", 7),
            ("${s.deep.er.v}", 7),
            ("${s.rows[0]}", 1),
            ("${s.rows[-1]}", 3),
            ("${input.user.tags}", ["x", "y"]),
            ("Hi ${input.name}, ${s.rows[1]} of ${s.rows}", "Hi Ann, 2 of [1,2,3]"),
            ("no reference", "no reference"),
            ("$${input.name}", "${input.name}"),
            ("${input.none}", None),
            ("${input.gone?}", None),
            ("${input.gone:-5}", 5),
            ("", ""),
            ({"in": ["${input.name}", {"side": "${s.rows[0]}"}]}, {"in": ["Ann", {"side": 1}]}),
            ({"${input.name}": 1}, {"${input.name}": 1}),
        ],
    )
    async def test_that_references_become_values(
        self, engine: WorkflowEngine, drawn: Any, resolved: Any
    ) -> None:
        assert engine._resolve_parameters({"p": drawn}, self.STATE) == {"p": resolved}

    async def test_that_no_parameters_are_no_parameters(self, engine: WorkflowEngine) -> None:
        assert engine._resolve_parameters({}, self.STATE) == {}

    async def test_that_the_short_form_of_a_state_is_taken_too(self, engine: WorkflowEngine) -> None:
        state = {"step1": {"output": {"result": 42}}}
        assert engine._resolve_parameters({"v": "${step1.output.result}"}, state) == {"v": 42}

    @pytest.mark.parametrize("path", ["input.gone", "s.output.gone", "s.rows[3]", "nobody.x"])
    async def test_that_a_missing_value_is_named(self, engine: WorkflowEngine, path: str) -> None:
        with pytest.raises(MissingInputError) as caught:
            engine._resolve_parameters({"p": f"${{{path}}}"}, self.STATE)
        assert caught.value.missing_var == path
        assert path in str(caught.value)

    async def test_that_all_missing_values_are_named(self, engine: WorkflowEngine) -> None:
        with pytest.raises(MissingInputError) as caught:
            engine._resolve_parameters({"p": "${input.a}", "q": ["${input.b}"]}, self.STATE)
        assert caught.value.missing == ("input.a", "input.b")

    async def test_that_resolved_text_is_never_resolved_again(self, engine: WorkflowEngine) -> None:
        state = {"input_data": {"a": "${input.b}", "b": "secret"}, "steps": {}, "outputs": {}}
        assert engine._resolve_parameters({"p": "${input.a}"}, state) == {"p": "${input.b}"}

    async def test_that_a_step_gets_the_output_of_an_earlier_one(self, engine: WorkflowEngine) -> None:
        first = node("one", "add", parameters={"a": "${input.x}", "b": 2})
        second = node("two", "add", parameters={"a": "${one.sum}", "b": "${one.output.sum}"})
        state = await run(engine, chain(first, second), {"x": 1})
        assert state["outputs"] == {"one": {"sum": 3}, "two": {"sum": 6}}

    @pytest.mark.parametrize("text", ["${nobody.x}", "${b.x}"])
    async def test_that_references_to_no_step_before_are_found_before_the_run(
        self, engine: WorkflowEngine, actions: ScriptedActions, text: str
    ) -> None:
        workflow = chain(node("a", parameters={"p": text}), node("b", parameters={"p": "${a.p}"}))
        with pytest.raises(DefinitionError) as caught:
            await engine.start_workflow(workflow, {})
        assert any(problem.node_id == "a" for problem in caught.value.problems)
        assert actions.calls == []


class TestGraphConversion:
    async def test_that_a_chain_keeps_its_order(self, engine: WorkflowEngine) -> None:
        steps = engine._convert_nodes_to_steps(make_workflow("c a b", ["a>b", "b>c"]))
        assert [step.id for step in steps] == ["a", "b", "c"]
        assert [step.sequence_order for step in steps] == [1, 2, 3]
        assert [step.depends_on for step in steps] == [(), ("a",), ("b",)]

    async def test_that_branches_come_between_their_start_and_their_end(self, engine: WorkflowEngine) -> None:
        workflow = make_workflow(
            "end left right start", ["start>left", "start>right", "left>end", "right>end"]
        )
        order = [step.id for step in engine._convert_nodes_to_steps(workflow)]
        assert order == ["start", "left", "right", "end"]

    async def test_that_nodes_without_connections_are_all_kept(self, engine: WorkflowEngine) -> None:
        assert [s.id for s in engine._convert_nodes_to_steps(make_workflow("b a"))] == ["b", "a"]

    async def test_that_config_is_kept(self, engine: WorkflowEngine) -> None:
        config = {
            "parameters": {"p": 1}, "continue_on_error": True, "timeout": 30, "retry": {"max_attempts": 4},
            "output_schema": {"type": "object"}, "join": {"mode": "n_of", "k": 1},
        }  # fmt: skip
        (step,) = engine._convert_nodes_to_steps(
            make_workflow([node("x", "send", service="slack", **config)])
        )
        assert (step.service, step.action, dict(step.parameters)) == ("slack", "send", {"p": 1})
        assert (step.continue_on_error, step.timeouts.attempt, step.retry.max_attempts) == (True, 30, 4)
        assert (step.output_schema, step.join.count) == ({"type": "object"}, 1)

    async def test_that_a_node_without_config_has_defaults(self, engine: WorkflowEngine) -> None:
        (step,) = engine._convert_nodes_to_steps({"id": "w", "nodes": [{"id": "a"}], "connections": []})
        assert (step.service, step.action, step.continue_on_error) == ("default", "default", False)
        assert (step.timeouts.attempt, step.input_schema, step.output_schema) == (None, {}, {})

    async def test_that_a_trigger_is_one(self, engine: WorkflowEngine) -> None:
        workflow = {"id": "w", "nodes": [{"id": "t", "type": "trigger"}], "connections": []}
        (step,) = engine._convert_nodes_to_steps(workflow)
        assert (step.is_trigger, step.action) == (True, "manual_trigger")

    async def test_that_the_graph_names_neighbours_both_ways(self, engine: WorkflowEngine) -> None:
        graph = engine._build_execution_graph(make_workflow("a b c", ["a>b", "a>c"]))
        assert list(graph["nodes"]) == ["a", "b", "c"]
        assert len(graph["connections"]) == 2
        assert graph["adjacency"] == {"a": ["b", "c"], "b": [], "c": []}
        assert graph["reverse_adjacency"] == {"a": [], "b": ["a"], "c": ["a"]}

    async def test_that_conditional_connections_are_seen(self, engine: WorkflowEngine) -> None:
        plain = make_workflow("a b", ["a>b"])
        conditional = make_workflow("a b", [wire("a", "b", condition="n > 1")])
        assert not engine._has_conditional_connections(plain)
        assert engine._has_conditional_connections(conditional)

    async def test_that_a_cycle_is_refused_and_named(self, engine: WorkflowEngine) -> None:
        cyclic = make_workflow("free a b", ["a>b", "b>a"])
        with pytest.raises(DefinitionError, match=r"circle: (a -> b -> a|b -> a -> b)"):
            engine._convert_nodes_to_steps(cyclic)
        with pytest.raises(DefinitionError):
            await engine.start_workflow(cyclic, {})

    async def test_that_an_unknown_action_is_found_before_anything_runs(
        self, engine: WorkflowEngine, actions: ScriptedActions
    ) -> None:
        with pytest.raises(DefinitionError, match="fly"):
            await engine.start_workflow(chain("a", node("b", "fly")), {})
        assert actions.calls == []

    async def test_that_only_the_trigger_that_fired_starts(
        self, engine: WorkflowEngine, actions: ScriptedActions
    ) -> None:
        triggers = [{"id": "first", "type": "trigger"}, {"id": "other", "type": "trigger"}]
        workflow = make_workflow([*triggers, node("a"), node("b")], ["first>a", "other>b"])
        state = await run(engine, workflow, {"n": 1})
        assert statuses(state) == {
            "first": "COMPLETED", "other": "SKIPPED", "a": "COMPLETED", "b": "SKIPPED",
        }  # fmt: skip
        assert state["outputs"]["first"] == {"n": 1}
        assert state["steps"]["other"]["reason"] == "disabled"


class TestConditionalExecution:
    FORK = make_workflow(
        [node("check", parameters={"n": "${input.n}"}), node("big"), node("small"), node("end")],
        [
            wire("check", "big", condition="n > 10"),
            wire("check", "small", condition="not (n > 10)"),
            "big>end",
            "small>end",
        ],
    )

    @pytest.mark.parametrize(("n", "ran", "skipped"), [(11, "big", "small"), (10, "small", "big")])
    async def test_that_the_true_branch_runs_and_the_other_is_skipped(
        self, engine: WorkflowEngine, actions: ScriptedActions, n: int, ran: str, skipped: str
    ) -> None:
        state = await run(engine, self.FORK, {"n": n})
        assert actions.calls == ["check", ran, "end"]  # the join does not wait for the dead branch
        assert (state["status"], state["steps"][skipped]["reason"]) == ("COMPLETED", "condition")
        assert state["connections"][f"check>{ran}"] == "TAKEN"
        assert state["connections"][f"check>{skipped}"] == "DEAD"
        assert state["connections"][f"{skipped}>end"] == "DEAD"

    async def test_that_all_branches_skipped_is_completed(self, engine: WorkflowEngine) -> None:
        workflow = make_workflow("a b c", [wire("a", "b", condition="false"), "b>c"])
        state = await run(engine, workflow)
        assert state["status"] == "COMPLETED"
        assert statuses(state) == {"a": "COMPLETED", "b": "SKIPPED", "c": "SKIPPED"}

    @pytest.mark.parametrize(
        ("condition", "holds"),
        [
            ("result == 'success'", True),
            ("${check.output.count} > 5 and not input.dry_run", True),
            ("user.name in ['a', 'b']", True),
            ("1 < count <= 5", False),
            ("${input.text} == 'x'", False),
            ("exists(nothing.here)", False),
            ("", True),
            (None, True),
        ],
    )
    async def test_that_conditions_decide(
        self, engine: WorkflowEngine, condition: str | None, holds: bool
    ) -> None:
        output = {"result": "success", "count": 6, "user": {"name": "a"}}
        state = {
            "input_data": {"dry_run": False, "text": 'x" or "x'},
            "steps": {"check": {"status": "COMPLETED", "output": output}},
            "outputs": {"check": output},
            "source": "check",
        }
        assert engine._evaluate_condition(condition, state) is holds

    async def test_that_a_condition_that_cannot_be_decided_is_an_error_with_its_place(
        self, engine: WorkflowEngine, actions: ScriptedActions
    ) -> None:
        workflow = chain(node("a", parameters={"n": "text"}), "b")
        workflow["connections"][0]["condition"] = "n > 5"
        state = await run(engine, workflow)
        assert (state["status"], state["error"]["type"]) == ("FAILED", ConditionError.__name__)
        assert 'from "a" to "b"' in state["error"]["message"]
        assert statuses(state) == {"a": "COMPLETED", "b": "SKIPPED"}
        assert state["connections"] == {"a>b": "POISONED"}

    @pytest.mark.parametrize(("policy", "after"), [("false", "SKIPPED"), ("true", "COMPLETED")])
    async def test_that_settings_say_what_an_undecidable_condition_counts_as(
        self, engine: WorkflowEngine, policy: str, after: str
    ) -> None:
        workflow = make_workflow("a b", [wire("a", "b", condition="gone > 5")])
        workflow["settings"] = {"on_condition_error": policy}
        state = await run(engine, workflow)
        assert (state["status"], state["steps"]["b"]["status"]) == ("COMPLETED", after)

    async def test_that_code_in_data_stays_data(self, engine: WorkflowEngine) -> None:
        with pytest.raises(ConditionError):
            engine._evaluate_condition("__import__('os').system('true')", {"input_data": {}})

    @pytest.mark.parametrize(("flag", "status"), [(True, "COMPLETED"), (False, "SKIPPED")])
    async def test_that_a_step_of_its_own_condition_is_skipped(
        self, engine: WorkflowEngine, flag: bool, status: str
    ) -> None:
        state = await run(engine, make_workflow([node("a", condition="input.flag == true")]), {"flag": flag})
        assert state["steps"]["a"]["status"] == status

    @pytest.mark.parametrize(
        ("disabled", "status", "after"), [(True, "COMPLETED", {"n": 7}), ("skip", "SKIPPED", None)]
    )
    async def test_that_a_disabled_step_passes_on_or_skips(
        self, engine: WorkflowEngine, actions: ScriptedActions, disabled: Any, status: str, after: Any
    ) -> None:
        workflow = chain(node("a", parameters={"n": 7}), node("b", disabled=disabled), "c")
        state = await run(engine, workflow)
        assert "b" not in actions.calls
        assert (state["steps"]["b"]["status"], state["outputs"].get("b")) == (status, after)


class TestErrorHandling:
    async def test_that_the_exception_stands_in_the_state(
        self, engine: WorkflowEngine, actions: ScriptedActions
    ) -> None:
        actions.errors["a"] = [RuntimeError("the disk is full")]
        state = await run(engine, make_workflow([node("a", "fail")]))
        expected = {"type": "RuntimeError", "message": "the disk is full"}
        assert state["steps"]["a"]["error"] == expected
        assert state["error"] == {**expected, "step_id": "a"}

    async def test_that_a_failed_attempt_is_tried_again_after_a_growing_wait(
        self, engine: WorkflowEngine, actions: ScriptedActions, clock: FakeClock
    ) -> None:
        actions.errors["a"] = [ConnectionError("1"), ConnectionError("2")]
        retry = {"max_attempts": 3, "initial_interval": 10, "backoff": 3, "jitter": "none"}
        execution_id = await engine.start_workflow(make_workflow([node("a", "fail", retry=retry)]))
        await clock.until_asked()
        waiting = (await engine.get_workflow_status(execution_id))["steps"]["a"]
        assert (waiting["status"], waiting["waiting_until"]) == ("WAITING", clock.now() + 10)
        assert clock.delays == [10]
        await clock.advance(10)
        assert clock.delays == [30]
        await clock.advance(30)
        state = await engine.wait(execution_id)
        assert (state["status"], state["steps"]["a"]["attempts"]) == ("COMPLETED", 3)
        assert len({context.idempotency_key for context in actions.contexts["a"]}) == 1
        assert [context.attempt for context in actions.contexts["a"]] == [1, 2, 3]

    async def test_that_the_last_error_counts_when_all_attempts_fail(
        self, engine: WorkflowEngine, actions: ScriptedActions
    ) -> None:
        actions.errors["a"] = [ConnectionError("1"), ConnectionError("2"), ConnectionError("3")]
        retry = {"max_attempts": 2, "initial_interval": 0}
        execution_id = await engine.start_workflow(make_workflow([node("a", "fail", retry=retry)]))
        await settle()
        await engine._runtime._clock.advance(0)
        state = await engine.wait(execution_id)
        assert (state["status"], state["error"]["message"]) == ("FAILED", "2")

    @pytest.mark.parametrize(
        ("error", "tries"),
        [
            (ValueError("x"), 1),
            (ExternalServiceError("x", status=404), 1),
            (ExternalServiceError("x", status=503), 2),
        ],
    )
    async def test_that_only_what_may_pass_is_tried_again(
        self, engine: WorkflowEngine, actions: ScriptedActions, clock: FakeClock, error: Exception, tries: int
    ) -> None:
        actions.errors["a"] = [error]
        retry = {"max_attempts": 3, "initial_interval": 1}
        execution_id = await engine.start_workflow(make_workflow([node("a", "fail", retry=retry)]))
        await settle()
        await clock.advance(100)
        await engine.wait(execution_id)
        assert actions.count("a") == tries

    async def test_that_a_slot_is_free_while_a_step_waits_to_be_tried_again(
        self, actions: ScriptedActions, clock: FakeClock
    ) -> None:
        actions.errors["a"] = [ConnectionError("down")]
        workflow = make_workflow([node("a", "fail", retry={"max_attempts": 2}), node("b")])
        async with WorkflowEngine(1, registry=actions.registry, clock=clock) as engine:
            execution_id = await engine.start_workflow(workflow)
            await clock.until_asked()
            await settle()
            assert actions.calls == ["a", "b"]
            await clock.advance(60)
            assert (await engine.wait(execution_id))["status"] == "COMPLETED"

    async def test_that_an_error_connection_leads_on(
        self, engine: WorkflowEngine, actions: ScriptedActions
    ) -> None:
        actions.errors["a"] = [RuntimeError("boom")]
        nodes = [node("a", "fail"), node("good"), node("mend", parameters={"why": "${a.error.message}"})]
        state = await run(engine, make_workflow(nodes, ["a>good", wire("a", "mend", on="error")]))
        assert state["status"] == "COMPLETED_WITH_ERRORS"
        assert state["outputs"] == {"mend": {"why": "boom"}}
        assert state["steps"]["a"]["reason"] == "error_connection"

    @pytest.mark.parametrize(
        ("mode", "status"), [("drain", "SKIPPED"), ("continue", "COMPLETED"), ("cancel", "SKIPPED")]
    )
    async def test_that_settings_say_what_a_failure_means_for_other_branches(
        self, engine: WorkflowEngine, actions: ScriptedActions, mode: str, status: str
    ) -> None:
        actions.errors["bad"] = [RuntimeError("boom")]
        nodes = [node("slow", "gate"), node("bad", "fail"), node("after")]
        workflow = make_workflow(nodes, ["slow>after"], settings={"on_failure": {"mode": mode}})
        execution_id = await engine.start_workflow(workflow)
        await actions.reached["slow"].wait()
        await settle()
        actions.gates["slow"].set()
        state = await engine.wait(execution_id)
        assert (state["status"], state["steps"]["after"]["status"]) == ("FAILED", status)
        assert state["steps"]["slow"]["status"] == ("CANCELLED" if mode == "cancel" else "COMPLETED")

    async def test_that_a_fallback_takes_the_place_of_a_step_that_keeps_failing(
        self, engine: WorkflowEngine, actions: ScriptedActions
    ) -> None:
        actions.errors["a"] = [RuntimeError("boom")]
        fallback = {"service": "test", "action": "echo", "parameters": {"because": "${error.message}"}}
        state = await run(engine, make_workflow([node("a", "fail", fallback=fallback)]))
        assert state["status"] == "COMPLETED"
        assert (state["outputs"]["a"], state["steps"]["a"]["via"]) == ({"because": "boom"}, "fallback")

    async def test_that_a_rollback_undoes_completed_steps_the_last_first(
        self, engine: WorkflowEngine, actions: ScriptedActions
    ) -> None:
        undo = {"service": "test", "action": "undo", "parameters": {"was": "${self.output.n}"}}
        actions.errors["c"] = [RuntimeError("boom")]
        a, b = (node(name, parameters={"n": name}, rollback=undo) for name in "ab")
        workflow = chain(
            a, b, node("c", "fail"), settings={"on_failure": {"mode": "drain", "rollback": True}}
        )
        state = await run(engine, workflow)
        assert state["status"] == "ROLLED_BACK"
        assert actions.calls == ["a", "b", "c", "undo b", "undo a"]
        assert actions.params["undo a"] == [{"was": "a"}]
        assert statuses(state) == {"a": "ROLLED_BACK", "b": "ROLLED_BACK", "c": "FAILED"}
        assert state["error"]["message"] == "boom"

    async def test_that_a_rollback_goes_on_past_one_that_fails(
        self, engine: WorkflowEngine, actions: ScriptedActions
    ) -> None:
        actions.errors["c"] = [RuntimeError("boom")]
        a = node("a", rollback={"service": "test", "action": "undo"})
        b = node("b", rollback={"service": "test", "action": "undo_badly"})
        workflow = chain(a, b, node("c", "fail"), settings={"on_failure": {"rollback": True}})
        state = await run(engine, workflow)
        assert (state["status"], state["error"]["not_rolled_back"]) == ("ROLLBACK_FAILED", ["b"])
        assert statuses(state) == {"a": "ROLLED_BACK", "b": "ROLLBACK_FAILED", "c": "FAILED"}

    async def test_that_analytics_hear_of_durations_and_errors(
        self, engine: WorkflowEngine, actions: ScriptedActions, analytics: RecordingAnalytics
    ) -> None:
        actions.errors["b"] = [RuntimeError("boom")]
        state = await run(engine, chain("a", node("b", "fail")))
        run_id = state["execution_id"]
        assert [(step["step_id"], step["status"], step["error"]) for step in analytics.steps] == [
            ("a", "COMPLETED", None), ("b", "FAILED", "boom"),
        ]  # fmt: skip
        assert all(step["duration_ms"] >= 0 and step["execution_id"] == run_id for step in analytics.steps)
        ((tracked),) = analytics.workflows
        assert (tracked["status"], tracked["workflow_id"]) == ("FAILED", "w")

    async def test_that_an_output_that_is_no_json_fails_the_step(self, engine: WorkflowEngine) -> None:
        async def odd(params: dict[str, Any], context: Any) -> Any:
            return {"a set": {1, 2}}

        engine.registry.register("test", "odd", odd)
        state = await run(engine, make_workflow([node("a", "odd")]))
        assert state["status"] == "FAILED"
        assert "JSON" in state["error"]["message"]


class TestCancellation:
    async def test_that_running_steps_finish_and_nothing_follows(
        self, engine: WorkflowEngine, actions: ScriptedActions
    ) -> None:
        execution_id = await engine.start_workflow(chain(node("a", "gate"), "b"))
        await actions.reached["a"].wait()
        assert await engine.cancel_workflow(execution_id) is True
        assert execution_id in engine.cancellation_requests
        assert (await engine.get_workflow_status(execution_id))["status"] == "CANCELLING"
        actions.gates["a"].set()
        state = await engine.wait(execution_id)
        assert state["status"] == "CANCELLED"
        assert statuses(state) == {"a": "COMPLETED", "b": "SKIPPED"}
        assert state["steps"]["b"]["reason"] == "cancelled"

    async def test_that_force_cancels_running_steps(
        self, engine: WorkflowEngine, actions: ScriptedActions
    ) -> None:
        execution_id = await engine.start_workflow(chain(node("a", "gate"), "b"))
        await actions.reached["a"].wait()
        assert await engine.cancel_workflow(execution_id, force=True)
        state = await engine.wait(execution_id)
        assert (state["status"], state["steps"]["a"]["status"]) == ("CANCELLED", "CANCELLED")
        assert actions.contexts["a"][0].is_cancelled()
        assert engine.semaphore._value == 5

    async def test_that_a_step_that_does_not_listen_is_left_behind_after_five_seconds(
        self, engine: WorkflowEngine, clock: FakeClock
    ) -> None:
        let_go, started = asyncio.Event(), asyncio.Event()

        async def deaf(params: dict[str, Any], context: Any) -> str:
            started.set()
            while not let_go.is_set():
                try:
                    await let_go.wait()
                except asyncio.CancelledError:
                    continue
            return "too late"

        engine.registry.register("test", "deaf", deaf)
        execution_id = await engine.start_workflow(make_workflow([node("a", "deaf")]))
        await started.wait()
        await engine.cancel_workflow(execution_id, force=True)
        await clock.advance(4.9)
        assert (await engine.get_workflow_status(execution_id))["status"] == "CANCELLING"
        await clock.advance(0.2)
        state = await engine.wait(execution_id)
        assert (state["status"], state["steps"]["a"]["output"]) == ("CANCELLED", None)
        let_go.set()
        await settle()
        assert engine.semaphore._value == 5
        assert (await engine.get_workflow_status(execution_id))["steps"]["a"]["status"] == "CANCELLED"

    async def test_that_waiting_and_paused_steps_are_cancelled(
        self, engine: WorkflowEngine, actions: ScriptedActions, clock: FakeClock
    ) -> None:
        actions.errors["retried"] = [ConnectionError("down")]
        nodes = [node("retried", "fail", retry=2), node("asks", parameters={"p": "${input.gone}"})]
        execution_id = await engine.start_workflow(make_workflow(nodes))
        await clock.until_asked()
        await engine.cancel_workflow(execution_id)
        state = await engine.wait(execution_id)
        assert statuses(state) == {"retried": "CANCELLED", "asks": "CANCELLED"}
        assert clock.delays == []

    async def test_that_cancelling_what_has_ended_says_so(self, engine: WorkflowEngine) -> None:
        execution_id = (await run(engine, make_workflow("a")))["execution_id"]
        assert await engine.cancel_workflow(execution_id) is False
        assert (await engine.get_workflow_status(execution_id))["status"] == "COMPLETED"

    async def test_that_cancelling_twice_is_cancelling_once(
        self, engine: WorkflowEngine, actions: ScriptedActions
    ) -> None:
        execution_id = await engine.start_workflow(make_workflow([node("a", "gate")]))
        await actions.reached["a"].wait()
        await engine.cancel_workflow(execution_id)
        await engine.cancel_workflow(execution_id)
        actions.gates["a"].set()
        await engine.wait(execution_id)
        types = [event.type async for event in engine.events(execution_id)]
        assert types.count("EXECUTION_CANCELLING") == types.count("EXECUTION_CANCELLED") == 1

    async def test_that_a_run_can_be_cancelled_before_it_starts(
        self, engine: WorkflowEngine, actions: ScriptedActions
    ) -> None:
        execution_id = await engine.start_workflow(make_workflow("a"))
        await engine.cancel_workflow(execution_id)
        assert (await engine.wait(execution_id))["status"] == "CANCELLED"
        await settle()
        assert actions.calls == []

    async def test_that_cancelling_can_roll_back(
        self, engine: WorkflowEngine, actions: ScriptedActions
    ) -> None:
        first = node("a", rollback={"service": "test", "action": "undo"})
        execution_id = await engine.start_workflow(chain(first, node("b", "gate")))
        await actions.reached["b"].wait()
        await engine.cancel_workflow(execution_id, force=True, rollback=True)
        assert (await engine.wait(execution_id))["status"] == "ROLLED_BACK"
        assert actions.calls == ["a", "b", "undo a"]


class TestPauseResume:
    ASKING = chain(
        "before", node("asks", parameters={"limit": "${input.threshold}"}), "after", inputs=threshold_inputs()
    )

    async def test_that_a_missing_input_pauses_and_names_what_is_missing(
        self, engine: WorkflowEngine, actions: ScriptedActions, notifier: RecordingNotifier
    ) -> None:
        state = await run(engine, self.ASKING)
        assert (state["status"], state["reason"]) == ("PAUSED", "missing_input")
        assert statuses(state) == {"before": "COMPLETED", "asks": "PAUSED", "after": "PENDING"}
        (needed,) = state["needed"]
        assert (needed["step_id"], needed["path"], needed["name"]) == ("asks", "input.threshold", "threshold")
        assert (needed["schema"]["type"], needed["title"]) == ("number", "Delay threshold")
        assert [d["missing_var"] for s, d in notifier.told if s in ("STEP_PAUSED", "PAUSED")] == [
            "input.threshold", "input.threshold",
        ]  # fmt: skip
        assert actions.calls == ["before"]

    async def test_that_the_answer_lets_it_go_on_and_nothing_is_done_twice(
        self, engine: WorkflowEngine, actions: ScriptedActions
    ) -> None:
        execution_id = (await run(engine, self.ASKING))["execution_id"]
        assert await engine.resume_workflow(execution_id, {"threshold": 60}) is True
        state = await engine.wait(execution_id)
        assert (state["status"], state["outputs"]["asks"]) == ("COMPLETED", {"limit": 60})
        assert actions.calls == ["before", "asks", "after"]
        assert state["input_data"] == {"threshold": 60}

    @pytest.mark.parametrize("wrong", ["sixty", -1, None])
    async def test_that_a_wrong_answer_is_refused_and_the_run_stays_paused(
        self, engine: WorkflowEngine, wrong: Any
    ) -> None:
        execution_id = (await run(engine, self.ASKING))["execution_id"]
        with pytest.raises(SchemaValidationError) as caught:
            await engine.resume_workflow(execution_id, {"threshold": wrong})
        assert caught.value.errors[0]["pointer"] == "/threshold"
        assert (await engine.get_workflow_status(execution_id))["status"] == "PAUSED"

    async def test_that_what_is_still_missing_is_asked_for_again(self, engine: WorkflowEngine) -> None:
        asks = node("asks", parameters={"a": "${input.a}", "b": "${input.b}"})
        state = await run(engine, make_workflow([asks]))
        assert [item["name"] for item in state["needed"]] == ["a", "b"]
        await engine.resume_workflow(state["execution_id"], {"a": 1})
        state = await engine.wait(state["execution_id"])
        assert (state["status"], [item["name"] for item in state["needed"]]) == ("PAUSED", ["b"])

    async def test_that_other_branches_go_on_meanwhile_and_a_paused_step_can_be_answered_at_once(
        self, engine: WorkflowEngine, actions: ScriptedActions
    ) -> None:
        nodes = [node("asks", parameters={"p": "${input.gone}"}), node("slow", "gate")]
        execution_id = await engine.start_workflow(make_workflow(nodes))
        await actions.reached["slow"].wait()
        await settle()
        state = await engine.get_workflow_status(execution_id)
        assert (state["status"], state["steps"]["asks"]["status"]) == ("RUNNING", "PAUSED")
        assert await engine.resume_workflow(execution_id, {"gone": 1})
        await settle()
        assert actions.calls == ["slow", "asks"]
        actions.gates["slow"].set()
        assert (await engine.wait(execution_id))["status"] == "COMPLETED"

    async def test_that_a_value_a_step_should_have_delivered_can_be_supplied(
        self, engine: WorkflowEngine
    ) -> None:
        workflow = chain(node("check"), node("uses", parameters={"t": "${check.output.total}"}))
        state = await run(engine, workflow)
        assert state["needed"][0]["path"] == "check.output.total"
        await engine.resume_workflow(state["execution_id"], {"check.output.total": 5})
        assert (await engine.wait(state["execution_id"]))["outputs"]["uses"] == {"t": 5}

    async def test_that_a_form_pauses_and_its_answer_is_the_output(self, engine: WorkflowEngine) -> None:
        form = {"type": "object", "properties": {"yes": {"type": "boolean"}}, "required": ["yes"]}
        workflow = chain(
            node("ask", "ask", parameters={"form": form}), node("b", parameters={"y": "${ask.yes}"})
        )
        state = await run(engine, workflow)
        assert (state["status"], state["reason"]) == ("PAUSED", "form")
        (needed,) = state["needed"]
        assert (needed["path"], needed["schema"]) == ("ask.output", form)
        with pytest.raises(SchemaValidationError):
            await engine.resume_workflow(state["execution_id"], {"ask.output": {"yes": "perhaps"}})
        await engine.resume_workflow(state["execution_id"], {"ask.output": {"yes": True}})
        state = await engine.wait(state["execution_id"])
        assert (state["status"], state["outputs"]["b"]) == ("COMPLETED", {"y": True})

    async def test_that_a_pause_lets_running_steps_finish_and_starts_nothing(
        self, engine: WorkflowEngine, actions: ScriptedActions
    ) -> None:
        execution_id = await engine.start_workflow(chain(node("a", "gate"), "b"))
        await actions.reached["a"].wait()
        assert await engine.pause_workflow(execution_id)
        assert (await engine.get_workflow_status(execution_id))["status"] == "PAUSING"
        actions.gates["a"].set()
        state = await engine.wait(execution_id)
        assert (state["status"], state["reason"]) == ("PAUSED", "user")
        assert statuses(state) == {"a": "COMPLETED", "b": "PENDING"}
        assert await engine.pause_workflow(execution_id)  # being there already is no fault
        assert await engine.resume_workflow(execution_id)
        assert (await engine.wait(execution_id))["status"] == "COMPLETED"
        assert actions.calls == ["a", "b"]

    async def test_that_pausing_what_has_ended_says_so(self, engine: WorkflowEngine) -> None:
        execution_id = (await run(engine, make_workflow("a")))["execution_id"]
        assert await engine.pause_workflow(execution_id) is False
        assert await engine.resume_workflow(execution_id) is False

    async def test_that_another_workflow_cannot_take_over_a_paused_run(self, engine: WorkflowEngine) -> None:
        execution_id = (await run(engine, self.ASKING))["execution_id"]
        with pytest.raises(DefinitionError, match="another"):
            await engine.resume_workflow(execution_id, {"threshold": 1}, make_workflow("a"))
        assert await engine.resume_workflow(execution_id, {"threshold": 1}, self.ASKING)

    async def test_that_a_paused_run_is_restored_from_disk_by_a_new_engine(
        self, actions: ScriptedActions, tmp_path: Path
    ) -> None:
        path = tmp_path / "runs.db"
        async with WorkflowEngine(
            registry=actions.registry, state_manager=SqliteStateManager(path)
        ) as engine:
            execution_id = (await run(engine, self.ASKING))["execution_id"]
        async with WorkflowEngine(
            registry=actions.registry, state_manager=SqliteStateManager(path)
        ) as engine:
            assert await engine.recover() == [execution_id]
            assert (await engine.get_workflow_status(execution_id))["status"] == "PAUSED"
            assert await engine.resume_workflow(execution_id, {"threshold": 60})
            assert (await engine.wait(execution_id))["status"] == "COMPLETED"
        assert actions.calls == ["before", "asks", "after"]


class TestSchemaValidation:
    SCHEMA: ClassVar = {
        "type": "object",
        "properties": {
            "n": {"type": "integer"},
            "user": {"type": "object", "properties": {"age": {"type": "number", "minimum": 0}}},
            "tags": {"type": "array", "items": {"type": "string"}},
        },
        "required": ["n"],
    }

    @pytest.mark.parametrize(
        ("value", "pointer"),
        [
            ({"n": "one"}, "/n"),
            ({}, "/n"),
            ({"n": 1, "user": {"age": -1}}, "/user/age"),
            ({"n": 1, "tags": ["a", 2]}, "/tags/1"),
            ({"n": True}, "/n"),
        ],
    )
    async def test_that_a_wrong_value_is_pointed_at(
        self, engine: WorkflowEngine, value: dict[str, Any], pointer: str
    ) -> None:
        for schema_type, validate in (
            ("input", engine._validate_input_schema), ("output", engine._validate_output_schema),
        ):  # fmt: skip
            with pytest.raises(SchemaValidationError) as caught:
                validate({"id": "s", f"{schema_type}_schema": self.SCHEMA}, value)
            assert caught.value.schema_type == schema_type
            assert [error["pointer"] for error in caught.value.errors] == [pointer]

    async def test_that_a_right_value_passes(self, engine: WorkflowEngine) -> None:
        value = {"n": 1, "user": {"age": 3.5}, "tags": ["a"], "more": None}
        engine._validate_input_schema({"input_schema": self.SCHEMA}, value)
        engine._validate_output_schema({"output_schema": self.SCHEMA}, value)

    @pytest.mark.parametrize("step", [{}, {"input_schema": {}, "output_schema": {}}, {"input_schema": None}])
    async def test_that_without_a_schema_everything_passes(
        self, engine: WorkflowEngine, step: dict[str, Any]
    ) -> None:
        engine._validate_input_schema(step, {"any": 1})
        engine._validate_output_schema(step, ["thing"])

    async def test_that_wrong_parameters_fail_the_step_before_its_action_runs(
        self, engine: WorkflowEngine, actions: ScriptedActions
    ) -> None:
        workflow = make_workflow(
            [node("a", parameters={"n": "${input.x}"}, input_schema=self.SCHEMA, retry=3)]
        )
        state = await run(engine, workflow, {"x": "one"})
        assert (state["status"], state["error"]["schema_type"]) == ("FAILED", "input")
        assert state["error"]["errors"][0]["pointer"] == "/n"
        assert actions.calls == []

    async def test_that_a_wrong_output_fails_the_step_and_is_not_kept(self, engine: WorkflowEngine) -> None:
        workflow = chain(node("a", parameters={"n": "x"}, output_schema=self.SCHEMA), "b")
        state = await run(engine, workflow)
        assert (state["error"]["type"], state["error"]["schema_type"]) == ("SchemaValidationError", "output")
        assert statuses(state) == {"a": "FAILED", "b": "SKIPPED"}
        assert state["outputs"] == {}

    async def test_that_a_wrong_input_is_refused_before_the_run_exists(self, engine: WorkflowEngine) -> None:
        workflow = make_workflow("a", inputs=threshold_inputs())
        with pytest.raises(SchemaValidationError) as caught:
            await engine.start_workflow(workflow, {"threshold": "sixty"})
        assert caught.value.schema_type == "input"
        assert await engine.state_manager.list_executions() == []

    async def test_that_an_absent_required_input_is_no_error_until_it_is_needed(
        self, engine: WorkflowEngine
    ) -> None:
        assert (await run(engine, make_workflow("a", inputs=threshold_inputs())))["status"] == "COMPLETED"


async def test_that_two_registries_do_not_share_actions(actions: ScriptedActions) -> None:
    assert ("test", "echo") not in ActionRegistry.default()


async def test_that_a_workflow_changed_where_it_stands_runs_as_changed(engine: WorkflowEngine) -> None:
    document = make_workflow([node("a", parameters={"value": "${input.x}"})])
    assert (await run(engine, document, {"x": 1}))["steps"]["a"]["output"] == {"value": 1}
    document["nodes"][0]["config"]["parameters"]["value"] = "${input.y}"
    assert (await run(engine, document, {"y": 2}))["steps"]["a"]["output"] == {"value": 2}
    document["nodes"][0]["config"]["parameters"]["value"] = "${nowhere.y}"
    with pytest.raises(DefinitionError, match="no step nowhere"):
        await engine.start_workflow(document)
