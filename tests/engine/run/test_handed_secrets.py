"""Secrets among the inputs of workflows inside a step: there for the actions, and for nobody else."""

from __future__ import annotations

import asyncio
import base64
import logging
from pathlib import Path
from typing import Any
from urllib.parse import quote

import pytest

from engine import StepContext
from engine.errors import ActionError, DefinitionError
from engine.expression.secret_text import join, names_in, plain, secret
from engine.run.handed_secrets import joined, split
from engine.run.options import RunOptions
from tests.support.builders import chain, make_workflow, node
from tests.support.compositions import body, each, loop, sub
from tests.support.scripted_actions import RecordingNotifier, ScriptedActions
from tests.support.secret_source import VALUE, FakeSource, engine_on, everything_in

pytestmark = pytest.mark.asyncio

SPELLINGS = [VALUE, quote(VALUE, safe=""), base64.b64encode(VALUE.encode()).decode()]


@pytest.fixture
def source() -> FakeSource:
    return FakeSource(token=VALUE)


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "runs.db"


def user(node_id: str = "inner", action: str = "echo", **config: Any) -> dict[str, Any]:
    return node(node_id, action, parameters={"t": "${input.t}"}, **config)


HANDED = {"t": "Bearer ${secrets.token}"}


async def test_that_no_trace_is_left_however_deep_it_goes(
    actions: ScriptedActions, path: Path, source: FakeSource, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG)
    told = RecordingNotifier()

    async def tell(params: dict[str, Any], context: StepContext) -> dict[str, Any]:
        actions._note(params, context)
        for spelling in SPELLINGS:
            context.log(f"sent {spelling}")
        await asyncio.sleep(0)
        return {"echo": params, "said": SPELLINGS}

    async def fail(params: dict[str, Any], context: StepContext) -> None:
        raise ActionError(f"no {params['t']}", hint=f"try {VALUE}")

    actions.registry.register("test", "tell", tell)
    actions.registry.register("test", "tell_and_fail", fail)
    deep = sub("deep", body(user("inmost", "tell")), inputs={"t": "${input.t}", "n": "${input.n?}"})
    middle = body(user("inner", "tell"), deep, connections=["inner>deep"], outputs={"got": "${input.t}"})
    failing = each(
        "fails", body(user("bad", "tell_and_fail")), [1, 2], inputs=HANDED, on_item_error="continue"
    )
    workflow = chain(
        sub("part", middle, inputs={**HANDED, "n": {"deep": ["${secrets.token}"]}}),
        failing,
        loop("rounds", body(user("round", "tell")), times=2, inputs=HANDED),
        node("after", parameters={"p": "${part.got}"}),
    )
    async with engine_on(actions, path, source, notifier=told) as engine:
        execution_id = await engine.start_workflow(workflow)
        state = await engine.wait(execution_id)
        listed = await engine.state_manager.list_executions(limit=None, parts=True)
        states = [await engine.get_workflow_status(one.id) for one in listed]
        events = [await engine.state_manager.read_events(one.id) for one in listed]
    assert state["status"] == "COMPLETED_WITH_ERRORS"
    for name in ("inner", "inmost", "round"):
        assert {params["t"] for params in actions.params[name]} == {f"Bearer {VALUE}"}
    assert actions.params["after"] == [{"p": "Bearer •••"}]
    part = next(one for one in states if one["execution_id"].endswith("/part"))
    assert part["input_data"] == {"t": "Bearer •••", "n": {"deep": ["•••"]}}
    shown = "".join(map(str, (state, states, events, told.told, caplog.text)))
    written = everything_in(path.parent)
    for spelling in SPELLINGS:
        assert spelling not in shown
        assert spelling.encode() not in written


async def test_that_parts_read_the_value_again_after_a_restart(
    actions: ScriptedActions, path: Path, source: FakeSource
) -> None:
    inner = body(user("gated", "gate"), user("next"), connections=["gated>next"])
    workflow = make_workflow([each("each", inner, ["a", "b"], inputs=HANDED, concurrency=1)])
    async with engine_on(actions, path, source) as engine:
        execution_id = await engine.start_workflow(workflow)
        await actions.reached["gated"].wait()
    actions.gates["gated"].set()
    async with engine_on(actions, path, FakeSource(token="changed since")) as engine:
        await engine.recover()
        assert (await engine.wait(execution_id))["status"] == "COMPLETED"
    assert [params["t"] for params in actions.params["gated"]] == [
        f"Bearer {VALUE}",
        *["Bearer changed since"] * 2,
    ]
    assert [params["t"] for params in actions.params["next"]] == ["Bearer changed since"] * 2


async def test_that_a_value_that_was_given_for_the_run_is_asked_for_again_after_a_restart(
    actions: ScriptedActions, path: Path
) -> None:
    workflow = make_workflow([sub("part", body(user("gated", "gate")), inputs=HANDED)])
    async with engine_on(actions, path, FakeSource()) as engine:
        execution_id = await engine.start_workflow(workflow)
        (asked,) = (await engine.wait(execution_id))["needed"]
        assert (asked["path"], asked["secret"]) == ("secrets.token", "token")
        await engine.resume_workflow(execution_id, {"secrets.token": VALUE})
        await actions.reached["gated"].wait()
    actions.gates["gated"].set()
    async with engine_on(actions, path, FakeSource()) as engine:
        await engine.recover()
        state = await engine.wait(execution_id)
        assert (state["status"], state["reason"]) == ("PAUSED", "missing_input")
        (asked,) = state["needed"]
        assert asked["secret"] == "token"
        await engine.resume_workflow(execution_id, {asked["path"]: VALUE})
        assert (await engine.wait(execution_id))["status"] == "COMPLETED"
    assert [params["t"] for params in actions.params["gated"]] == [f"Bearer {VALUE}"] * 2
    assert VALUE.encode() not in everything_in(path.parent)


async def test_that_a_rollback_inside_has_it_too(
    actions: ScriptedActions, path: Path, source: FakeSource
) -> None:
    undo = {
        "service": "test",
        "action": "undo",
        "parameters": {"now": "${input.t}", "then": "${self.input.t}"},
    }
    workflow = make_workflow([sub("part", body(user(rollback=undo)), inputs=HANDED)])
    async with engine_on(actions, path, source) as engine:
        execution_id = await engine.start_workflow(workflow)
        await engine.wait(execution_id)
    async with engine_on(actions, path, source) as engine:
        await engine.rollback_workflow(execution_id)
        assert (await engine.wait(execution_id))["status"] == "ROLLED_BACK"
    assert actions.params["undo inner"] == [{"now": f"Bearer {VALUE}", "then": f"Bearer {VALUE}"}]


async def test_that_a_fallback_inside_and_the_context_have_it_and_other_steps_do_not(
    actions: ScriptedActions, path: Path, source: FakeSource
) -> None:
    actions.errors["inner"] = [ActionError("no")]
    fallback = {"service": "test", "action": "echo", "parameters": {"f": "${trigger.t}"}}
    inner = body(node("inner", "fail", fallback=fallback), node("other"), outputs="${inner.output}")
    workflow = make_workflow([sub("part", inner, inputs=HANDED)])
    async with engine_on(actions, path, source) as engine:
        state = await engine.wait(await engine.start_workflow(workflow))
    assert state["outputs"]["part"] == {"f": "Bearer •••"}
    assert actions.params["inner"][1] == {"f": f"Bearer {VALUE}"}
    assert dict(actions.contexts["inner"][0].secrets) == {"token": VALUE}
    assert dict(actions.contexts["other"][0].secrets) == {}


async def test_that_the_inputs_are_checked_as_they_are_and_told_without_the_value(
    actions: ScriptedActions, path: Path, source: FakeSource
) -> None:
    short = {"type": "object", "properties": {"t": {"type": "string", "maxLength": 5}}}
    long = {"type": "object", "properties": {"t": {"type": "string", "minLength": len(f"Bearer {VALUE}")}}}
    async with engine_on(actions, path, source) as engine:
        for schema, status in ((short, "FAILED"), (long, "COMPLETED")):
            workflow = make_workflow([sub("part", body(user(), inputs=schema), inputs=HANDED)])
            state = await engine.wait(await engine.start_workflow(workflow))
            assert (state["status"], VALUE in str(state)) == (status, False)


async def test_that_an_answer_to_another_question_inside_is_not_held_up_by_the_mask(
    actions: ScriptedActions, path: Path, source: FakeSource
) -> None:
    declared = {"properties": {"t": {"type": "string", "minLength": 10}, "n": {"type": "integer"}}}
    asks = node("asks", parameters={"n": "${input.n}", "t": "${input.t}"})
    workflow = make_workflow([sub("part", body(asks, inputs=declared), inputs=HANDED)])
    async with engine_on(actions, path, source) as engine:
        execution_id = await engine.start_workflow(workflow)
        (asked,) = (await engine.wait(execution_id))["needed"]
        await engine.resume_workflow(execution_id, {asked["path"]: 5})
        assert (await engine.wait(execution_id))["status"] == "COMPLETED"
    assert actions.params["asks"] == [{"n": 5, "t": f"Bearer {VALUE}"}]


async def test_that_what_a_trigger_inside_passes_on_is_masked(
    actions: ScriptedActions, path: Path, source: FakeSource
) -> None:
    inner = body(
        {"id": "start", "type": "trigger"}, node("b", parameters={"p": "${start.t}"}), connections=["start>b"]
    )
    workflow = make_workflow([sub("part", inner, inputs=HANDED)])
    async with engine_on(actions, path, source) as engine:
        state = await engine.wait(await engine.start_workflow(workflow))
    assert (state["status"], actions.params["b"]) == ("COMPLETED", [{"p": "Bearer •••"}])


async def test_that_items_that_completed_with_a_secret_are_taken_over(
    actions: ScriptedActions, path: Path, source: FakeSource
) -> None:
    bad = {"b"}

    async def send(params: dict[str, Any], context: StepContext) -> str:
        if params["item"] in bad:
            raise ActionError("no")
        actions._note(params, context)
        return "sent"

    actions.registry.register("test", "send", send)
    inner = body(node("s", "send", parameters={"t": "${input.t}", "item": "${item}"}))
    workflow = make_workflow([each("each", inner, ["a", "b"], inputs=HANDED)])
    async with engine_on(actions, path, source) as engine:
        execution_id = await engine.start_workflow(workflow)
        assert (await engine.wait(execution_id))["status"] == "FAILED"
        bad.clear()
        await engine.retry_from(execution_id)
        assert (await engine.wait(execution_id))["status"] == "COMPLETED"
    sent = f"Bearer {VALUE}"
    assert actions.params["s"] == [{"t": sent, "item": "a"}, {"t": sent, "item": "b"}]


async def test_that_what_is_shown_of_a_step_that_is_held_inside_is_masked(
    actions: ScriptedActions, path: Path, source: FakeSource
) -> None:
    workflow = make_workflow([sub("part", body(user()), inputs=HANDED)])
    async with engine_on(actions, path, source) as engine:
        options = RunOptions(breakpoints=frozenset({"part/inner"}))
        execution_id = await engine.start_workflow(workflow, options=options)
        await engine.wait(execution_id)
        part = await engine.get_workflow_status(f"{execution_id}/part")
        assert VALUE not in str(part)
        assert "token" in str(part["steps"]["inner"]["parameters"])
        await engine.resume_workflow(execution_id)
        assert (await engine.wait(execution_id))["status"] == "COMPLETED"
    assert actions.params["inner"] == [{"t": f"Bearer {VALUE}"}]


@pytest.mark.parametrize(
    "config",
    [{"items": ["${secrets.token}"]}, {"items": [1], "concurrency": "${secrets.token}"}],
)
async def test_that_only_inputs_hand_secrets_on(
    actions: ScriptedActions, path: Path, source: FakeSource, config: dict[str, Any]
) -> None:
    async with engine_on(actions, path, source) as engine:
        with pytest.raises(DefinitionError, match="among the inputs"):
            await engine.start_workflow(make_workflow([each("each", body("a"), **config)]))


async def test_that_the_text_of_a_secret_input_is_only_a_mask_to_conditions_around_the_step(
    actions: ScriptedActions, path: Path, source: FakeSource
) -> None:
    inner = body("a", outputs={"got": "${input.t}"})
    workflow = chain(sub("part", inner, inputs=HANDED), node("b"))
    workflow["connections"][0]["condition"] = "got == 'Bearer •••'"
    async with engine_on(actions, path, source) as engine:
        state = await engine.wait(await engine.start_workflow(workflow))
    assert (state["status"], actions.calls) == ("COMPLETED", ["a", "b"])


async def test_that_what_was_split_is_joined_again() -> None:
    looks_like = {"$secret": "no secret"}
    given: dict[str, Any] = {
        "t": join(["Bearer ", secret("a")]),
        "deep": {"list": [secret("b"), looks_like], "n": 1},
        "plain": looks_like,
    }
    shown, hidden = split(given)
    assert shown == {"t": "Bearer •••", "deep": {"list": ["•••", looks_like], "n": 1}, "plain": looks_like}
    assert hidden.keys() == {"t", "deep"}
    back = joined(shown, hidden)
    assert back == given
    assert [names_in(back[name]) for name in given] == [{"a"}, {"b"}, set()]
    assert type(plain(given["t"])) is str
