"""Sub-workflows, for_each and loops: what they give, how they fail, and who is told."""

from __future__ import annotations

from typing import Any

import pytest

from engine import ActionError, DefinitionError, WorkflowEngine
from tests.support.builders import make_workflow, node
from tests.support.compositions import body, each, echo_item, loop, sub
from tests.support.fake_clock import FakeClock
from tests.support.scripted_actions import ScriptedActions

pytestmark = pytest.mark.asyncio


async def run(engine: WorkflowEngine, workflow: dict[str, Any], **inputs: Any) -> dict[str, Any]:
    return await engine.wait(await engine.start_workflow(workflow, inputs))


def outcome(state: dict[str, Any]) -> tuple[str, Any]:
    return state["status"], state["error"] and state["error"]["message"]


class TestSubworkflow:
    async def test_that_it_gets_inputs_and_gives_outputs(self, engine: WorkflowEngine) -> None:
        inner = body(
            node("add", "add", parameters={"a": "${input.x}", "b": "${input.y}"}),
            inputs={"properties": {"x": {"type": "number"}, "y": {"type": "number", "default": 10}}},
            outputs={"total": "${add.sum}"},
        )
        workflow = make_workflow(
            [
                sub("part", inner, inputs={"x": "${input.n}"}),
                node("after", parameters={"t": "${part.total}"}),
            ],
            ["part>after"],
        )
        state = await run(engine, workflow, n=5)
        assert outcome(state) == ("COMPLETED", None)
        assert state["outputs"] == {"part": {"total": 15}, "after": {"t": 15}}
        part = await engine.get_workflow_status(state["execution_id"] + "/part")
        assert (part["status"], part["input_data"]) == ("COMPLETED", {"x": 5, "y": 10})

    async def test_that_without_outputs_it_gives_those_of_its_last_steps(
        self, engine: WorkflowEngine
    ) -> None:
        inner = body(node("a"), node("b", parameters={"v": 1}), node("c", parameters={"v": 2}),
                     connections=["a>b"])  # fmt: skip
        state = await run(engine, make_workflow([sub("part", inner)]))
        assert state["outputs"]["part"] == {"b": {"v": 1}, "c": {"v": 2}}


class TestForEach:
    async def test_that_results_come_in_the_order_of_the_items(self, engine: WorkflowEngine) -> None:
        state = await run(engine, make_workflow([each("each", echo_item(), list("abcdefghij"))]))
        assert outcome(state) == ("COMPLETED", None)
        assert state["outputs"]["each"] == [{"got": letter} for letter in "abcdefghij"]

    async def test_that_no_items_give_an_empty_list(
        self, engine: WorkflowEngine, actions: ScriptedActions
    ) -> None:
        state = await run(engine, make_workflow([each("each", echo_item(), [])]))
        assert (outcome(state), state["outputs"]["each"], actions.calls) == (("COMPLETED", None), [], [])


class TestLoop:
    async def test_that_it_repeats_while_its_condition_holds(self, engine: WorkflowEngine) -> None:
        inner = body(node("less", "add", parameters={"a": "${item.left}", "b": -1}),
                     outputs={"left": "${less.sum}", "round": "${index}"})  # fmt: skip
        state = await run(
            engine, make_workflow([loop("again", inner, loop_while="left > 0", initial={"left": 3})])
        )
        assert outcome(state) == ("COMPLETED", None)
        assert state["outputs"]["again"] == {"left": 0, "round": 2}

    async def test_that_a_number_of_times_is_kept(self, engine: WorkflowEngine) -> None:
        inner = body(
            node("count", parameters={"n": "${index}", "before": "${item}"}), outputs="${count.output}"
        )
        state = await run(engine, make_workflow([loop("again", inner, times=3)]))
        assert state["outputs"]["again"] == {"n": 2, "before": {"n": 1, "before": {"n": 0, "before": None}}}

    async def test_that_none_times_gives_the_first_value(self, engine: WorkflowEngine) -> None:
        state = await run(engine, make_workflow([loop("again", body("a"), times=0, initial={"x": 1})]))
        assert state["outputs"]["again"] == {"x": 1}

    async def test_that_until_is_looked_at_after_each_time_and_knows_the_run_around(
        self, engine: WorkflowEngine
    ) -> None:
        inner = body(node("n", parameters={"n": "${index}"}), outputs={"n": "${n.n}"})
        workflow = make_workflow(
            [
                node("limit", parameters={"most": 4}),
                loop("again", inner, until="n >= limit.most or index > 10"),
            ],
            ["limit>again"],
        )
        state = await run(engine, workflow)
        assert state["outputs"]["again"] == {"n": 4}

    async def test_that_a_loop_which_is_never_done_fails(self, engine: WorkflowEngine) -> None:
        inner = body(node("n", parameters={"n": 1}), outputs={"n": "${n.n}"})
        state = await run(engine, make_workflow([loop("again", inner, until="n > 1", max_iterations=3)]))
        assert outcome(state) == ("FAILED", '"again" is not done after 3 rounds')
        assert state["error"]["type"] == "LoopLimitExceeded"

    async def test_that_a_condition_which_cannot_be_decided_says_which(self, engine: WorkflowEngine) -> None:
        state = await run(engine, make_workflow([loop("again", body("a"), loop_while="left > 0")]))
        assert state["status"] == "FAILED"
        assert state["error"]["message"].startswith('"again": condition ')
        assert "set a first value" in state["error"]["hint"]

    @pytest.mark.parametrize("text", ["1", "'text'"])
    async def test_that_the_hint_is_about_what_is_wrong_with_it(
        self, engine: WorkflowEngine, text: str
    ) -> None:
        state = await run(engine, make_workflow([loop("again", body("a"), loop_while=text)]))
        assert state["error"]["hint"].startswith("Compare it")


class TestFailures:
    async def test_that_the_error_says_where_and_why(
        self, engine: WorkflowEngine, actions: ScriptedActions
    ) -> None:
        actions.errors["check"] = [ActionError("no such column", hint="Look again.")]
        inner = body({**node("check", "fail"), "title": "Check it"})
        around = body(sub("deep", inner), name="Around")
        state = await run(engine, make_workflow([each("each", around, ["a"])]))
        assert outcome(state) == ("FAILED", 'item 1 › "deep" › "Check it": no such column')
        error = state["error"]
        assert (error["type"], error["path"], error["step_id"]) == (
            "PartFailed", "each/0/deep/check", "each",
        )  # fmt: skip
        assert error["cause"] == {"type": "ActionError", "message": "no such column", "hint": "Look again."}
        assert error["hint"] == "Look again."
        part = await engine.get_workflow_status(state["execution_id"] + "/each/0/deep")
        assert (part["status"], part["error"]["step_id"]) == ("FAILED", "check")

    async def test_that_an_error_connection_leads_on(
        self, engine: WorkflowEngine, actions: ScriptedActions
    ) -> None:
        actions.errors["a"] = [ActionError("boom")]
        workflow = make_workflow(
            [
                sub("part", body(node("a", "fail"))),
                node("mend", parameters={"why": "${part.error.cause.message}"}),
            ],
            [{"id": "c", "source": "part", "target": "mend", "on": "error"}],
        )
        state = await run(engine, workflow)
        assert (state["status"], state["outputs"]["mend"]) == ("COMPLETED_WITH_ERRORS", {"why": "boom"})

    async def test_that_the_first_failing_item_fails_the_step_and_starts_no_more(
        self, engine: WorkflowEngine, actions: ScriptedActions
    ) -> None:
        actions.errors["a"] = [ActionError("boom")]
        state = await run(
            engine, make_workflow([each("each", body(node("a", "fail")), [1] * 50, concurrency=2)])
        )
        assert outcome(state) == ("FAILED", 'item 1 › "a": boom')
        assert actions.count("a") <= 4

    @pytest.mark.parametrize(
        ("policy", "status"),
        [("continue", "COMPLETED_WITH_ERRORS"), ({"tolerate": 2}, "COMPLETED_WITH_ERRORS"),
         ({"tolerate": 1}, "FAILED")],
    )  # fmt: skip
    async def test_that_failed_items_are_tolerated_and_told(
        self, engine: WorkflowEngine, actions: ScriptedActions, policy: Any, status: str
    ) -> None:
        actions.errors["a"] = [ActionError("one"), ActionError("two")]
        inner = body(node("a", "fail"), outputs="${index}")
        workflow = make_workflow(
            [each("each", inner, [1] * 5, on_item_error=policy, concurrency=1),
             node("after", parameters={"bad": "${each.error.errors?}"})], ["each>after"],
        )  # fmt: skip
        state = await run(engine, workflow)
        assert state["status"] == status
        if status == "FAILED":
            return
        assert state["outputs"]["each"] == [None, None, 2, 3, 4]
        error = state["steps"]["each"]["error"]
        assert (error["type"], error["message"]) == ("ItemsFailed", "2 of 5 items failed")
        assert [(item["index"], item["error"]["cause"]["message"]) for item in error["errors"]] == [
            (0, "one"), (1, "two"),
        ]  # fmt: skip
        assert state["outputs"]["after"]["bad"] == error["errors"]

    async def test_that_an_item_which_does_not_fit_is_not_begun(
        self, engine: WorkflowEngine, actions: ScriptedActions
    ) -> None:
        workflow = make_workflow([each("each", echo_item(), [1, "two", 3], on_item_error="continue",
                                       item_schema={"type": "integer"})])  # fmt: skip
        state = await run(engine, workflow)
        assert state["outputs"]["each"] == [{"got": 1}, None, {"got": 3}]
        assert "The item does not fit" in state["steps"]["each"]["error"]["errors"][0]["error"]["message"]
        assert actions.count("echo") == 2

    async def test_that_inputs_and_outputs_are_held_against_their_schemas(
        self, engine: WorkflowEngine
    ) -> None:
        inner = body(node("a", parameters={"v": "${input.v}"}), outputs="${a.v}",
                     inputs={"properties": {"v": {"type": "string"}}},
                     output_schema={"type": "string", "minLength": 3})  # fmt: skip
        workflow = make_workflow([sub("part", inner, inputs={"v": "${input.v}"})])
        assert (await run(engine, workflow, v="long"))["outputs"] == {"part": "long"}
        short = await run(engine, workflow, v="x")
        assert 'The output of "' in short["error"]["message"]
        wrong = await run(engine, workflow, v=7)
        assert (wrong["status"], wrong["error"]["type"]) == ("FAILED", "SchemaValidationError")

    async def test_that_an_output_without_a_value_fails_the_part(self, engine: WorkflowEngine) -> None:
        inner = body(node("a", parameters={"x": 1}), outputs={"y": "${a.y}"})
        state = await run(engine, make_workflow([sub("part", inner)]))
        assert outcome(state) == ("FAILED", "part: The outputs: ${a.y} has no value")

    @pytest.mark.parametrize("items", [None, {"a": 1}, "text"])
    async def test_that_only_lists_and_tables_are_gone_through(
        self, engine: WorkflowEngine, items: Any
    ) -> None:
        state = await run(engine, make_workflow([each("each", body("a"), "${input.items}")]), items=items)
        assert state["status"] == "FAILED"

    async def test_that_tolerated_failures_inside_show_outside(
        self, engine: WorkflowEngine, actions: ScriptedActions
    ) -> None:
        actions.errors["a"] = [ActionError("boom")]
        inner = body(node("a", "fail", continue_on_error=True), "b", connections=["a>b"])
        state = await run(engine, make_workflow([sub("part", inner)]))
        assert (state["status"], state["steps"]["part"]["status"]) == ("COMPLETED_WITH_ERRORS", "COMPLETED")

    async def test_that_the_fallback_stands_in_and_a_retry_has_parts_of_its_own(
        self, engine: WorkflowEngine, actions: ScriptedActions, clock: FakeClock
    ) -> None:
        actions.errors["a"] = [ActionError("one"), ActionError("two")]
        fallback = {"service": "test", "action": "echo", "parameters": {"why": "${error.message}"}}
        retry = {"max_attempts": 2, "retry_on": ["PartFailed"], "jitter": "none"}
        part = sub("part", body(node("a", "fail")), retry=retry, fallback=fallback)
        execution_id = await engine.start_workflow(make_workflow([part]))
        await clock.until_asked()
        await clock.advance(1)
        state = await engine.wait(execution_id)
        assert state["outputs"] == {"part": {"why": '"a": two'}}
        again = await engine.get_workflow_status(execution_id + "/part~1.2")
        assert again["status"] == "FAILED"

    async def test_that_a_step_which_takes_too_long_ends_with_its_parts(
        self, engine: WorkflowEngine, actions: ScriptedActions, clock: FakeClock
    ) -> None:
        part = each("part", body(node("a", "gate")), [1, 2, 3], timeout=5)
        execution_id = await engine.start_workflow(make_workflow([part]))
        await actions.reached["a"].wait()
        await clock.advance(5)
        state = await engine.wait(execution_id)
        assert state["error"]["type"] == "StepTimeoutError"
        assert actions.running == 0
        parts = await engine.state_manager.list_executions(parts=True)
        assert {part.status.value for part in parts if "/" in part.id} == {"CANCELLED"}


async def test_that_too_many_workflows_inside_each_other_are_refused(engine: WorkflowEngine) -> None:
    def nested(depth: int) -> dict[str, Any]:
        inner = body("a")
        for _ in range(depth - 1):
            inner = body(sub("part", inner))
        return inner

    state = await run(engine, nested(32))
    assert state["status"] == "COMPLETED"
    with pytest.raises(DefinitionError, match="more than 32 workflows stand inside each other"):
        await engine.start_workflow(nested(33))
