"""Parts of a step that ask, pause, resume and are stopped: what shows in the run around them."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest

from engine import ActionError, SchemaValidationError, WorkflowEngine
from engine.history.events import EventType
from tests.support.builders import make_workflow, node
from tests.support.compositions import body, each, loop, sub
from tests.support.fake_clock import FakeClock, settle
from tests.support.scripted_actions import ScriptedActions

pytestmark = pytest.mark.asyncio

ASKS = body(
    node("a", parameters={"x": "${input.limit}", "i": "${item?}"}),
    inputs={"properties": {"limit": {"type": "number", "title": "Limit"}}},
    outputs={"limit": "${a.x}", "item": "${a.i}"},
)
FORM = {"type": "object", "properties": {"ok": {"type": "boolean"}}, "required": ["ok"]}


async def started(
    engine: WorkflowEngine, workflow: dict[str, Any], **inputs: Any
) -> tuple[str, dict[str, Any]]:
    execution_id = await engine.start_workflow(workflow, inputs)
    return execution_id, await engine.wait(execution_id)


def paths(state: dict[str, Any]) -> list[str]:
    return [item["path"] for item in state["needed"]]


class TestQuestions:
    async def test_that_what_a_part_asks_shows_with_the_way_to_it(self, engine: WorkflowEngine) -> None:
        execution_id, state = await started(engine, make_workflow([sub("out", body(sub("in", ASKS)))]))
        assert (state["status"], state["reason"]) == ("PAUSED", "missing_input")
        (needed,) = state["needed"]
        assert needed == {
            "step_id": "out/in/a", "path": "out/in/input.limit", "name": "limit", "title": "Limit",
            "schema": {"type": "number", "title": "Limit"},
        }  # fmt: skip
        assert (state["steps"]["out"]["status"], state["steps"]["out"]["reason"]) == ("WAITING", "child_asks")
        assert await engine.resume_workflow(execution_id, {"out/in/input.limit": 3})
        state = await engine.wait(execution_id)
        assert state["outputs"]["out"] == {"in": {"limit": 3, "item": None}}
        assert state["needed"] == []

    async def test_that_a_wrong_answer_leaves_everything_paused(self, engine: WorkflowEngine) -> None:
        execution_id, _ = await started(engine, make_workflow([sub("out", ASKS)]))
        with pytest.raises(SchemaValidationError):
            await engine.resume_workflow(execution_id, {"out/input.limit": "many"})
        assert (await engine.wait(execution_id))["status"] == "PAUSED"

    async def test_that_an_answer_for_all_items_holds_for_those_to_come(
        self, engine: WorkflowEngine, actions: ScriptedActions
    ) -> None:
        workflow = make_workflow([each("each", ASKS, [1, 2, 3, 4], concurrency=2)])
        execution_id, state = await started(engine, workflow)
        assert paths(state) == ["each/0/input.limit", "each/1/input.limit"]
        assert await engine.resume_workflow(execution_id, {"each/input.limit": 5})
        state = await engine.wait(execution_id)
        assert state["outputs"]["each"] == [{"limit": 5, "item": item} for item in (1, 2, 3, 4)]

    async def test_that_a_bare_name_goes_to_the_parts_that_ask_for_it(self, engine: WorkflowEngine) -> None:
        execution_id, _ = await started(engine, make_workflow([each("each", ASKS, [1, 2, 3], concurrency=1)]))
        assert await engine.resume_workflow(execution_id, {"limit": 5})
        state = await engine.wait(execution_id)
        assert [given["limit"] for given in state["outputs"]["each"]] == [5, 5, 5]

    async def test_that_one_item_can_be_answered_while_another_still_asks(
        self, engine: WorkflowEngine
    ) -> None:
        execution_id, _ = await started(engine, make_workflow([each("each", ASKS, [1, 2])]))
        await engine.resume_workflow(execution_id, {"each/1/input.limit": 7})
        state = await engine.wait(execution_id)
        assert (state["status"], paths(state)) == ("PAUSED", ["each/0/input.limit"])
        await engine.resume_workflow(execution_id, {"each/0/input.limit": 6})
        state = await engine.wait(execution_id)
        assert [given["limit"] for given in state["outputs"]["each"]] == [6, 7]

    async def test_that_forms_inside_are_filled_in_from_outside(self, engine: WorkflowEngine) -> None:
        inner = body(node("ask", "ask", parameters={"form": FORM}))
        execution_id, state = await started(engine, make_workflow([loop("twice", inner, times=2)]))
        assert (state["reason"], paths(state)) == ("form", ["twice/0/ask.output"])
        await engine.resume_workflow(execution_id, {"twice/0/ask.output.ok": True})
        state = await engine.wait(execution_id)
        assert paths(state) == ["twice/1/ask.output"]
        await engine.resume_workflow(execution_id, {"twice/1/ask.output": {"ok": False}})
        assert (await engine.wait(execution_id))["outputs"]["twice"] == {"ask": {"ok": False}}

    async def test_that_the_question_shows_while_other_steps_still_run(
        self, engine: WorkflowEngine, actions: ScriptedActions
    ) -> None:
        workflow = make_workflow([sub("out", ASKS), node("busy", "gate")])
        execution_id = await engine.start_workflow(workflow)
        await actions.reached["busy"].wait()
        await settle()
        state = await engine.get_workflow_status(execution_id)
        assert (state["status"], paths(state)) == ("RUNNING", ["out/input.limit"])
        assert await engine.resume_workflow(execution_id, {"limit": 1})
        actions.gates["busy"].set()
        assert (await engine.wait(execution_id))["status"] == "COMPLETED"

    async def test_that_resuming_a_part_resumes_the_whole(self, engine: WorkflowEngine) -> None:
        execution_id, _ = await started(engine, make_workflow([each("each", ASKS, [1])]))
        assert await engine.resume_workflow(f"{execution_id}/each/0", {"limit": 2})
        assert (await engine.wait(execution_id))["outputs"]["each"] == [{"limit": 2, "item": 1}]

    async def test_that_a_failing_step_does_not_wait_for_answers(
        self, engine: WorkflowEngine, actions: ScriptedActions
    ) -> None:
        actions.errors["bad"] = [ActionError("boom")]
        workflow = make_workflow([sub("out", ASKS), node("gate", "gate"), node("bad", "fail")], ["gate>bad"])
        execution_id = await engine.start_workflow(workflow)
        await actions.reached["gate"].wait()
        await settle()
        actions.gates["gate"].set()
        state = await engine.wait(execution_id)
        assert (state["status"], state["steps"]["out"]["status"]) == ("FAILED", "CANCELLED")
        assert (await engine.get_workflow_status(f"{execution_id}/out"))["status"] == "CANCELLED"

    async def test_that_a_failed_item_does_not_leave_another_asking(
        self, engine: WorkflowEngine, actions: ScriptedActions
    ) -> None:
        inner = body(node("a", parameters={"x": "${input.x}"}), node("bad", "fail"))
        actions.errors["bad"] = [ActionError("boom")]
        _, state = await started(engine, make_workflow([each("each", inner, [1, 2, 3], concurrency=2)]))
        assert (state["status"], state["error"]["message"]) == ("FAILED", 'item 1 › "bad": boom')


class TestPause:
    async def test_that_pausing_lets_what_runs_finish_and_resuming_goes_on(
        self, engine: WorkflowEngine, actions: ScriptedActions
    ) -> None:
        inner = body(node("a", "gate"), "b", connections=["a>b"])
        execution_id = await engine.start_workflow(
            make_workflow([each("each", inner, [1, 2, 3], concurrency=2)])
        )
        await actions.reached["a"].wait()
        await settle()
        assert await engine.pause_workflow(execution_id)
        await settle()
        assert (await engine.get_workflow_status(execution_id))["status"] == "PAUSING"
        actions.gates["a"].set()
        state = await engine.wait(execution_id)
        assert (state["status"], state["reason"]) == ("PAUSED", "user")
        assert (actions.count("a"), actions.count("b")) == (2, 0)
        part = await engine.get_workflow_status(f"{execution_id}/each/0")
        assert (part["status"], part["reason"]) == ("PAUSED", "user")
        assert await engine.resume_workflow(execution_id)
        state = await engine.wait(execution_id)
        assert (state["status"], actions.count("a"), actions.count("b")) == ("COMPLETED", 3, 3)


class TestCancel:
    @pytest.mark.parametrize("force", [False, True])
    async def test_that_parts_are_cancelled_first(
        self, engine: WorkflowEngine, actions: ScriptedActions, force: bool
    ) -> None:
        inner = body(sub("deep", body(node("a", "gate"), "b", connections=["a>b"])))
        execution_id = await engine.start_workflow(
            make_workflow([each("each", inner, [1, 2], concurrency=2)])
        )
        await actions.reached["a"].wait()
        await settle()
        assert await engine.cancel_workflow(execution_id, force=force)
        if not force:
            assert (await engine.get_workflow_status(execution_id))["status"] == "CANCELLING"
            actions.gates["a"].set()
        state = await engine.wait(execution_id)
        assert (state["status"], state["steps"]["each"]["status"]) == ("CANCELLED", "CANCELLED")
        deep = await engine.get_workflow_status(f"{execution_id}/each/1/deep")
        ended = "CANCELLED" if force else "COMPLETED"
        assert (deep["status"], deep["steps"]["a"]["status"]) == ("CANCELLED", ended)
        assert (actions.count("b"), actions.running) == (0, 0)

    async def test_that_paused_parts_are_cancelled_at_once(self, engine: WorkflowEngine) -> None:
        execution_id, _ = await started(engine, make_workflow([each("each", ASKS, [1, 2, 3])]))
        assert await engine.cancel_workflow(execution_id)
        assert (await engine.wait(execution_id))["status"] == "CANCELLED"
        assert not await engine.cancel_workflow(f"{execution_id}/each/0")

    async def test_that_one_item_can_be_cancelled(self, engine: WorkflowEngine) -> None:
        workflow = make_workflow([each("each", ASKS, [1, 2], on_item_error="continue")])
        execution_id, _ = await started(engine, workflow)
        assert await engine.cancel_workflow(f"{execution_id}/each/0")
        await engine.resume_workflow(execution_id, {"limit": 1})
        state = await engine.wait(execution_id)
        assert state["outputs"]["each"] == [None, {"limit": 1, "item": 2}]
        assert "it was cancelled" in state["steps"]["each"]["error"]["errors"][0]["error"]["message"]

    async def test_that_a_run_which_stops_at_a_failure_stops_its_parts(
        self, engine: WorkflowEngine, actions: ScriptedActions
    ) -> None:
        actions.errors["bad"] = [ActionError("boom")]
        workflow = make_workflow(
            [sub("part", body(node("a", "gate"))), node("first", "gate"), node("bad", "fail")], ["first>bad"],
            settings={"on_failure": "cancel"},
        )  # fmt: skip
        execution_id = await engine.start_workflow(workflow)
        await actions.reached["a"].wait()
        actions.gates["first"].set()
        state = await engine.wait(execution_id)
        assert (state["status"], state["steps"]["part"]["status"]) == ("FAILED", "CANCELLED")


class TestRollback:
    async def test_that_rolling_back_undoes_what_the_parts_did(
        self, engine: WorkflowEngine, actions: ScriptedActions
    ) -> None:
        undo = {"service": "test", "action": "undo", "parameters": {"item": "${item}"}}
        inner = body(
            node("a", rollback=undo), sub("deep", body(node("b", rollback={**undo, "parameters": {}})))
        )
        actions.errors["bad"] = [ActionError("boom")]
        workflow = make_workflow(
            [each("each", inner, [1, 2], concurrency=1), node("bad", "fail")], ["each>bad"],
            settings={"on_failure": {"rollback": True}},
        )  # fmt: skip
        execution_id, state = await started(engine, workflow)
        assert (state["status"], state["steps"]["each"]["status"]) == ("ROLLED_BACK", "ROLLED_BACK")
        assert actions.count("undo a") == 2
        assert actions.count("undo b") == 2
        assert [params["item"] for params in actions.params["undo a"]] == [2, 1]
        part = await engine.get_workflow_status(f"{execution_id}/each/0")
        assert part["status"] == "ROLLED_BACK"

    async def test_that_what_completed_in_a_step_that_failed_is_undone(
        self, engine: WorkflowEngine, actions: ScriptedActions
    ) -> None:
        inner = body(node("a", rollback={"service": "test", "action": "undo"}), node("bad", "fail"),
                     connections=["a>bad"])  # fmt: skip
        actions.errors["bad"] = [ActionError("boom")]
        workflow = make_workflow([sub("part", inner)], settings={"on_failure": {"rollback": True}})
        _, state = await started(engine, workflow)
        assert (state["status"], actions.count("undo a")) == ("ROLLED_BACK", 1)

    async def test_that_cancelling_with_a_rollback_goes_down(
        self, engine: WorkflowEngine, actions: ScriptedActions
    ) -> None:
        inner = body(node("a", rollback={"service": "test", "action": "undo"}), node("b", "gate"),
                     connections=["a>b"])  # fmt: skip
        execution_id = await engine.start_workflow(make_workflow([sub("part", inner)]))
        await actions.reached["b"].wait()
        await engine.cancel_workflow(execution_id, force=True, rollback=True)
        state = await engine.wait(execution_id)
        assert (state["status"], actions.count("undo a")) == ("ROLLED_BACK", 1)
        assert (await engine.get_workflow_status(f"{execution_id}/part"))["status"] == "ROLLED_BACK"


class TestWatching:
    async def test_that_progress_and_parts_can_be_followed(
        self, engine: WorkflowEngine, actions: ScriptedActions
    ) -> None:
        async def slow(params: dict[str, Any], context: Any) -> None:
            await settle()

        actions.registry.register("test", "slow", slow)
        inner = body(node("wait", "slow"))
        execution_id = await engine.start_workflow(
            make_workflow([each("each", inner, [1, 2, 3], concurrency=1)])
        )
        told = [
            (event.data["text"], round(event.data["fraction"], 2))
            async for event in engine.events(execution_id)
            if event.type is EventType.STEP_PROGRESS
        ]
        # None once the step has ended.
        assert told == [("1 of 3", 0.33), ("2 of 3", 0.67)]
        types = [event.type.value async for event in engine.events(f"{execution_id}/each/1")]
        assert types[0] == "EXECUTION_CREATED"
        assert types[-1] == "EXECUTION_COMPLETED"

    async def test_that_parts_are_no_runs_of_their_own_in_lists(self, engine: WorkflowEngine) -> None:
        execution_id, _ = await started(engine, make_workflow([each("each", ASKS, [1, 2])]))
        store = engine.state_manager
        assert [summary.id for summary in await store.list_executions()] == [execution_id]
        assert [summary.id for summary in await store.unfinished()] == [execution_id]
        assert len(await store.list_executions(parts=True)) == 3
        await engine.cancel_workflow(execution_id)
        await engine.wait(execution_id)
        assert (await store.prune(keep=0)).runs == 3

    async def test_that_a_slot_is_free_while_parts_run(self, actions: ScriptedActions) -> None:
        async with WorkflowEngine(1, registry=actions.registry) as engine:
            inner = body(sub("deeper", body(sub("deepest", body("a")))))
            _, state = await started(engine, make_workflow([sub("part", inner), sub("other", inner)]))
            assert state["status"] == "COMPLETED"

    async def test_that_no_more_parts_live_than_run_at_once(
        self, engine: WorkflowEngine, actions: ScriptedActions
    ) -> None:
        living: list[int] = []

        async def count(params: dict[str, Any], context: Any) -> dict[str, Any]:
            living.append(len(engine._runtime._executions))
            await asyncio.sleep(0)
            return {}

        actions.registry.register("test", "count", count)
        workflow = make_workflow([each("each", body(node("a", "count")), list(range(200)), concurrency=3)])
        _, state = await started(engine, workflow)
        assert state["status"] == "COMPLETED"
        # The run itself, three parts, and those whose end has not been told yet.
        assert max(living) <= 1 + 2 * 3


class TestEdges:
    async def test_that_parts_which_end_at_once_do_not_hold_the_loop_up(self, engine: WorkflowEngine) -> None:
        workflow = make_workflow([each("each", body(), [*range(300)], concurrency=200)])
        _, state = await started(engine, workflow)
        assert (state["status"], state["outputs"]["each"]) == ("COMPLETED", [{}] * 300)

    async def test_that_the_time_a_person_takes_is_not_the_steps(
        self, engine: WorkflowEngine, clock: FakeClock
    ) -> None:
        execution_id, _ = await started(engine, make_workflow([each("each", ASKS, [1], timeout=5)]))
        await clock.advance(60)
        assert (await engine.wait(execution_id))["status"] == "PAUSED"
        await engine.resume_workflow(execution_id, {"limit": 2})
        assert (await engine.wait(execution_id))["outputs"]["each"] == [{"limit": 2, "item": 1}]

    async def test_that_a_part_which_cannot_be_undone_is_named(
        self, engine: WorkflowEngine, actions: ScriptedActions
    ) -> None:
        inner = body(node("a", rollback={"service": "test", "action": "undo_badly"}))
        actions.errors["bad"] = [ActionError("boom")]
        workflow = make_workflow(
            [each("each", inner, [1, 2]), node("bad", "fail")], ["each>bad"],
            settings={"on_failure": {"rollback": True}},
        )  # fmt: skip
        _, state = await started(engine, workflow)
        assert (state["status"], state["error"]["not_rolled_back"]) == ("ROLLBACK_FAILED", ["each"])
        assert "each/1, each/0" in state["steps"]["each"]["error"]["message"]

    async def test_that_a_composite_step_can_be_pinned_disabled_and_paused_for_its_own_inputs(
        self, engine: WorkflowEngine, actions: ScriptedActions
    ) -> None:
        pinned, off = each("each", ASKS, [1]), each("off", ASKS, [1])
        pinned["config"]["pin"] = {"output": [7]}
        off["config"]["disabled"] = True
        asking = each("asking", body("a"), "${input.list}")
        execution_id, state = await started(engine, make_workflow([pinned, off, asking]))
        assert (state["outputs"], paths(state)) == ({"each": [7], "off": None}, ["input.list"])
        await engine.resume_workflow(execution_id, {"list": [1]})
        assert (await engine.wait(execution_id))["outputs"]["asking"] == [{"a": {}}]

    async def test_that_a_line_of_log_may_come_after_the_end(
        self, engine: WorkflowEngine, actions: ScriptedActions
    ) -> None:
        faults: list[dict[str, Any]] = []
        asyncio.get_running_loop().set_exception_handler(lambda _, context: faults.append(context))

        async def talk(params: dict[str, Any], context: Any) -> None:
            context.log("just before the end")

        actions.registry.register("test", "talk", talk)
        workflow = make_workflow([sub("part", body(node("a", "talk"))), node("b", "talk")], ["part>b"])
        execution_id, _ = await started(engine, workflow)
        await settle()
        lines = [event.type async for event in engine.events(f"{execution_id}/part")]
        assert (faults, lines[-1]) == ([], EventType.EXECUTION_COMPLETED)


async def test_that_whoever_waits_for_a_run_hears_what_broke_the_engine_in_a_part(
    actions: ScriptedActions, caplog: pytest.LogCaptureFixture
) -> None:
    class Faulty(WorkflowEngine):
        def _check_dependencies(self, step: Any, state: Any) -> bool:
            if step.id == "inmost":
                raise RuntimeError("a fault of ours")
            return super()._check_dependencies(step, state)

    async with Faulty(registry=actions.registry) as engine:
        inner = body(sub("inner", body("inmost")))
        execution_id = await engine.start_workflow(make_workflow([each("each", inner, [1, 2])]))
        with pytest.raises(RuntimeError, match="a fault of ours"):
            await engine.wait(execution_id)
    assert "broke the engine" in caplog.text
