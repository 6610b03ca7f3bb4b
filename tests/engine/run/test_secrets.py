"""Secrets reach the action and nothing else."""

from __future__ import annotations

import asyncio
import base64
import logging
from pathlib import Path
from typing import Any
from urllib.parse import quote

import pytest

from engine import SqliteStateManager, WorkflowEngine
from engine.errors import DefinitionError, ExternalServiceError, SchemaValidationError
from tests.support.builders import chain, make_workflow, node, wire
from tests.support.compositions import body, sub
from tests.support.fake_clock import FakeClock, FixedRng
from tests.support.scripted_actions import RecordingNotifier, ScriptedActions
from tests.support.secret_source import VALUE, FakeSource, engine_on, everything_in

pytestmark = pytest.mark.asyncio


@pytest.fixture
def source() -> FakeSource:
    return FakeSource(token=VALUE)


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "runs.db"


SPELLINGS = [
    VALUE,
    quote(VALUE, safe=""),
    base64.b64encode(VALUE.encode()).decode(),
    base64.b64encode(f"user:{VALUE}".encode()).decode(),
]


async def test_that_no_trace_of_a_secret_is_left_whatever_echoes_it(
    actions: ScriptedActions, path: Path, source: FakeSource, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG)
    told = RecordingNotifier()
    seen: list[Any] = []

    async def tell_all(params: dict[str, Any], context: Any) -> dict[str, Any]:
        seen.append(params)
        for spelling in SPELLINGS:
            context.log(f"sent {spelling}")
            context.progress(0.5, f"at {spelling}")
        await asyncio.sleep(0)
        return {"echo": params, "headers": [*SPELLINGS, {VALUE: VALUE}], "big": VALUE * 10_000}

    async def fail(params: dict[str, Any], context: Any) -> None:
        try:
            raise ValueError(f"inner {VALUE}")
        except ValueError as error:
            raise ExternalServiceError(f"no {params['t']}", hint=f"try {VALUE}", status=400) from error

    actions.registry.register("test", "tell", tell_all)
    actions.registry.register("test", "tell_and_fail", fail)
    parameters = {"h": {"Authorization": "Bearer ${secrets.token}"}, "all": ["${secrets.token}"]}
    undo = {"service": "test", "action": "tell", "parameters": {"again": "${self.input.h}"}}
    workflow = chain(
        node("tells", "tell", parameters=parameters, rollback=undo),
        node("uses", parameters={"was": "${tells.echo.all}"}),
        node("fails", "tell_and_fail", parameters={"t": "${secrets.token}"}),
        settings={"on_failure": {"rollback": True}},
    )
    async with engine_on(actions, path, source, notifier=told) as engine:
        execution_id = await engine.start_workflow(workflow)
        state = await engine.wait(execution_id)
        events = [event async for event in engine.events(execution_id)]
    assert seen[0] == {"h": {"Authorization": f"Bearer {VALUE}"}, "all": [VALUE]}
    assert seen[1] == {"again": {"Authorization": f"Bearer {VALUE}"}}
    assert actions.params["uses"] == [{"was": ["•••"]}]
    assert state["status"] == "ROLLED_BACK"
    assert state["error"]["message"] == "no •••"
    written = everything_in(path.parent)
    shown = "".join(map(str, (state, events, told.told, caplog.text)))
    for spelling in SPELLINGS:
        assert spelling.encode() not in written
        assert spelling not in shown
    assert b"$secret" in written  # the parameters that its rollback will look at, with the name


async def test_that_secrets_are_read_again_after_a_restart_and_for_every_attempt(
    actions: ScriptedActions, path: Path, source: FakeSource
) -> None:
    workflow = chain(node("slow", "gate", parameters={"t": "${secrets.token}"}))
    async with engine_on(actions, path, source) as engine:
        execution_id = await engine.start_workflow(workflow)
        await actions.reached["slow"].wait()
    actions.gates["slow"].set()
    source = FakeSource(token="changed since")
    async with engine_on(actions, path, source) as engine:
        await engine.recover()
        assert (await engine.wait(execution_id))["status"] == "COMPLETED"
    assert [params["t"] for params in actions.params["slow"]] == [VALUE, "changed since"]


async def test_that_an_undo_after_a_restart_has_the_secret_it_was_run_with_by_name(
    actions: ScriptedActions, path: Path, source: FakeSource
) -> None:
    look_alike = {"$secret": "other"}
    undo = {
        "service": "test",
        "action": "undo",
        "parameters": {"t": "${self.input.t}", "l": "${self.input.l}", "s": "got ${self.input.t}"},
    }
    parameters = {"t": "Bearer ${secrets.token}", "l": "${input.l}"}
    workflow = chain(node("a", parameters=parameters, rollback=undo))
    source.values = {"token": VALUE, "other": "not to be had"}
    async with engine_on(actions, path, source) as engine:
        execution_id = await engine.start_workflow(workflow, {"l": look_alike})
        await engine.wait(execution_id)
    async with engine_on(actions, path, source) as engine:
        await engine.rollback_workflow(execution_id)
        assert (await engine.wait(execution_id))["status"] == "ROLLED_BACK"
    # What only looks like one of ours stays what it was.
    assert actions.params["undo a"] == [{"t": f"Bearer {VALUE}", "l": look_alike, "s": f"got Bearer {VALUE}"}]


async def test_that_a_missing_secret_is_asked_for_and_the_answer_is_not_written_down(
    actions: ScriptedActions, path: Path
) -> None:
    workflow = chain(node("a", parameters={"t": "Bearer ${secrets.token}", "n": "${input.n}"}))
    async with engine_on(actions, path, FakeSource()) as engine:
        execution_id = await engine.start_workflow(workflow)
        state = await engine.wait(execution_id)
        assert (state["status"], state["reason"]) == ("PAUSED", "missing_input")
        asked = {item["path"]: item for item in state["needed"]}
        assert asked["secrets.token"]["schema"]["format"] == "password"
        assert asked["secrets.token"]["secret"] == "token"
        with pytest.raises(SchemaValidationError):
            await engine.resume_workflow(execution_id, {"secrets.token": ""})
        await engine.resume_workflow(execution_id, {"secrets.token": VALUE, "n": 1})
        state = await engine.wait(execution_id)
    assert (state["status"], actions.params["a"]) == ("COMPLETED", [{"t": f"Bearer {VALUE}", "n": 1}])
    assert state["input_data"] == {"n": 1}
    assert VALUE.encode() not in everything_in(path.parent)


async def test_that_a_keyring_that_cannot_be_read_makes_the_step_ask(
    actions: ScriptedActions, path: Path, source: FakeSource, caplog: pytest.LogCaptureFixture
) -> None:
    source.values = None
    async with engine_on(actions, path, source) as engine:
        execution_id = await engine.start_workflow(chain(node("a", parameters={"t": "${secrets.token}"})))
        assert (await engine.wait(execution_id))["status"] == "PAUSED"
    assert "the keyring is locked" in caplog.text


async def test_that_a_condition_may_ask_whether_a_secret_is_there_and_nothing_else(
    actions: ScriptedActions, path: Path, source: FakeSource
) -> None:
    def workflow(first: str, second: str) -> dict[str, Any]:
        wires = [wire("a", "b", condition=first), wire("a", "c", condition=second)]
        return make_workflow("a b c", wires)

    async with engine_on(actions, path, source) as engine:
        for asks in (("exists(secrets.token)", "exists(secrets.no)"), ("exists(${secrets.token})", "false")):
            state = await engine.wait(await engine.start_workflow(workflow(*asks)))
            assert [state["steps"][name]["status"] for name in "bc"] == ["COMPLETED", "SKIPPED"]
        for leak in (f"secrets.token == '{VALUE}'", "len(${secrets.token}) > 3", "exists(secrets)"):
            with pytest.raises(DefinitionError, match="whether a secret is there"):
                await engine.start_workflow(workflow(leak, "true"))


async def test_that_a_fallback_and_the_context_have_secrets_too(
    actions: ScriptedActions, path: Path, source: FakeSource
) -> None:
    actions.errors["a"] = [RuntimeError(f"boom {VALUE}")]
    fallback = {"service": "test", "action": "echo", "parameters": {"t": "${secrets.token}"}}
    workflow = chain(node("a", "fail", parameters={"u": "${secrets.token}"}, fallback=fallback))
    async with engine_on(actions, path, source) as engine:
        state = await engine.wait(await engine.start_workflow(workflow))
    assert (state["status"], state["outputs"]) == ("COMPLETED", {"a": {"t": "•••"}})
    assert actions.params["a"] == [{"u": VALUE}, {"t": VALUE}]
    assert dict(actions.contexts["a"][0].secrets) == {"token": VALUE}


async def test_that_a_value_that_does_not_fit_its_schema_is_not_shown(
    actions: ScriptedActions, path: Path, source: FakeSource
) -> None:
    schema = {"properties": {"t": {"type": "string", "maxLength": 3}}}
    workflow = chain(node("a", parameters={"t": "${secrets.token}"}, input_schema=schema))
    async with engine_on(actions, path, source) as engine:
        state = await engine.wait(await engine.start_workflow(workflow))
    assert state["status"] == "FAILED"
    assert VALUE not in str(state)


async def test_that_a_run_cancelled_while_its_secrets_are_read_ends(
    actions: ScriptedActions, path: Path, source: FakeSource
) -> None:
    import threading

    reading, go_on = threading.Event(), threading.Event()

    def slow(name: str) -> str:
        reading.set()
        go_on.wait(10)
        return VALUE

    source.get = slow  # type: ignore[method-assign]
    async with engine_on(actions, path, source) as engine:
        execution_id = await engine.start_workflow(
            chain(node("a", parameters={"t": "${secrets.token}"}), "b")
        )
        await asyncio.to_thread(reading.wait, 10)
        await engine.cancel_workflow(execution_id)
        go_on.set()
        state = await engine.wait(execution_id)
    assert (state["status"], actions.calls) == ("CANCELLED", [])


async def test_that_actions_in_threads_and_processes_get_the_values(path: Path, source: FakeSource) -> None:
    code = "print('sent', inputs['t'])\nresult = [len(inputs['t']), inputs['t']]"
    parameters = {"code": code, "inputs": {"t": "${secrets.token}"}}
    workflow = make_workflow([{"id": "p", "type": "code.python", "config": {"parameters": parameters}}])
    async with WorkflowEngine(state_manager=SqliteStateManager(path), secrets=source) as engine:
        execution_id = await engine.start_workflow(workflow)
        lines: list[str] = []

        async def follow() -> None:
            async for event in engine.events(execution_id):
                if event.type == "STEP_LOG":
                    lines.append(event.data["text"])

        following = asyncio.create_task(follow())
        state = await engine.wait(execution_id)
        await following
    assert state["outputs"]["p"]["result"] == [len(VALUE), "•••"]
    assert lines == ["sent •••"]


async def test_that_a_sub_workflow_refers_to_secrets_itself_and_one_question_is_for_the_whole_run(
    actions: ScriptedActions, path: Path
) -> None:
    body = make_workflow([node("inner", parameters={"t": "${secrets.token}"})])
    sub = {"id": "sub", "type": "flow.subworkflow", "config": {"workflow": body}}
    after = node("after", parameters={"t": "${secrets.token}"})
    workflow = make_workflow([sub, after], [wire("sub", "after")])
    async with engine_on(actions, path, FakeSource()) as engine:
        execution_id = await engine.start_workflow(workflow)
        state = await engine.wait(execution_id)
        (asked,) = state["needed"]
        assert asked["secret"] == "token"
        await engine.resume_workflow(execution_id, {asked["path"]: VALUE})
        state = await engine.wait(execution_id)
    assert (state["status"], actions.params["inner"]) == ("COMPLETED", [{"t": VALUE}])
    assert actions.params["after"] == [{"t": VALUE}]
    assert VALUE.encode() not in everything_in(path.parent)


async def test_that_an_embedding_program_can_mask_its_own_log(
    actions: ScriptedActions, path: Path, source: FakeSource
) -> None:
    async with engine_on(actions, path, source) as engine:
        assert engine.mask(f"sent {VALUE}") == f"sent {VALUE}"  # nobody has read it yet
        await engine.wait(await engine.start_workflow(chain(node("a", parameters={"t": "${secrets.token}"}))))
        assert engine.mask(f"sent {VALUE}") == "sent •••"


@pytest.mark.parametrize("size", ["small", "large"])
async def test_that_what_a_step_gives_without_an_action_is_masked_too(
    actions: ScriptedActions, path: Path, source: FakeSource, size: str
) -> None:
    """A pinned result, a form, what a part or a disabled step passes on: outputs are outputs."""
    held = f"{'x' * 70_000 if size == 'large' else ''} {VALUE}"
    use = node("use", parameters={"t": "${secrets.token}"})
    pinned = node("pinned", pin={"output": {"p": held}})
    inner = body(node("form", "ask", parameters={"form": {}}), outputs={"got": "${form.output.t}"})
    workflow = chain(use, pinned, node("passed", disabled=True), sub("part", inner))
    async with engine_on(actions, path, source) as engine:
        execution_id = await engine.start_workflow(workflow)
        await engine.wait(execution_id)
        await engine.resume_workflow(execution_id, {"part/form.output": {"t": held}})
        state = await engine.wait(execution_id)
        events = await engine.state_manager.read_events(execution_id)
    assert state["status"] == "COMPLETED"
    shown = held.replace(VALUE, "•••")
    assert state["outputs"]["pinned"] == state["outputs"]["passed"] == {"p": shown}
    assert state["outputs"]["part"] == {"got": shown}
    assert VALUE not in str(events)
    # The pinned value itself stands in the workflow, where its author put it, and nowhere else.
    assert everything_in(path.parent / "runs.db.artifacts").count(VALUE.encode()) == 0


async def test_that_the_time_a_person_took_is_not_the_steps_after_a_crash_either(
    actions: ScriptedActions, tmp_path: Path
) -> None:
    """Between two tries the step lacks a secret, which comes a day later; then the program dies."""

    async def works(params: dict[str, Any], context: Any) -> None:
        if context.attempt == 1:
            raise ConnectionError("busy")
        actions.reached["works"].set()
        await actions.gates["works"].wait()

    actions.registry.register("test", "works", works)
    source, clock, path = FakeSource(k="first value"), FakeClock(), tmp_path / "runs.db"

    def engine() -> WorkflowEngine:
        store = SqliteStateManager(path, now=clock.now)
        return WorkflowEngine(
            registry=actions.registry, state_manager=store, clock=clock, rng=FixedRng(), secrets=source
        )

    parameters = {"k": "${secrets.k}"}
    retry = {"max_attempts": 3, "initial_interval": 1, "jitter": "none"}
    step = node("a", "works", parameters=parameters, retry=retry, timeout={"total": 10})
    async with engine() as first:
        execution_id = await first.start_workflow(chain(step))
        await clock.until_asked(1)
        source.values = {}
        await clock.advance(1)
        assert (await first.wait(execution_id))["reason"] == "missing_input"
        await clock.advance(24 * 3_600)
        source.values = {"k": "second value"}
        await first.resume_workflow(execution_id)
        await actions.reached["works"].wait()
        await first._runtime.barrier()
    actions.reached["works"].clear()
    async with engine() as second:
        await second.recover()
        await actions.reached["works"].wait()
        assert clock.delays == [10.0]
        actions.gates["works"].set()
        assert (await second.wait(execution_id))["status"] == "COMPLETED"
