"""Conditions inside a step are decided by the true value of a secret that was handed in, and tell no more."""

from __future__ import annotations

import logging
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path as FilePath
from typing import Any

import pytest

from engine import ActionError, WorkflowEngine
from engine.catalog import Catalog
from engine.expression import Path
from engine.files import codec
from engine.plan.compiler import Compiler
from engine.run.options import RunOptions
from engine.run.secret_conditions import paths_asked
from tests.support.builders import chain, make_workflow, node, wire
from tests.support.compositions import body, each, loop, sub
from tests.support.scripted_actions import RecordingNotifier, ScriptedActions
from tests.support.secret_source import VALUE, FakeSource, engine_on, everything_in

pytestmark = pytest.mark.asyncio

HANDED = {"t": "${secrets.token}"}
IS_IT = f"input.t == '{VALUE}'"


@pytest.fixture
def source() -> FakeSource:
    return FakeSource(token=VALUE)


@pytest.fixture
def path(tmp_path: FilePath) -> FilePath:
    return tmp_path / "runs.db"


def two_ways(condition: str, *, first: str = "echo", otherwise: str = "") -> dict[str, Any]:
    """a leads to yes when the condition holds, to no when it does not."""
    ways = [
        wire("a", "yes", condition=condition),
        wire("a", "no", condition=otherwise or f"not ({condition})"),
    ]
    return body(node("a", first), "yes", "no", connections=ways)


@pytest.mark.parametrize(
    ("condition", "goes"),
    [
        (IS_IT, "yes"),
        ("${input.t} == 'Bearer'", "no"),
        ("${trigger.t} == '•••'", "no"),
        ("len(input.t) == 12 and starts_with(input['t'], 'hunter')", "yes"),
        ("exists(input.t)", "yes"),
        (f"now() > '2020' and {IS_IT}", "yes"),
        ("input.t in ['•••', '']", "no"),
        (f"'{VALUE}' in values(input)", "yes"),
    ],
)
async def test_that_a_condition_inside_is_decided_by_the_value(
    actions: ScriptedActions, path: FilePath, source: FakeSource, condition: str, goes: str
) -> None:
    async with engine_on(actions, path, source) as engine:
        workflow = make_workflow([sub("part", two_ways(condition), inputs=HANDED)])
        state = await engine.wait(await engine.start_workflow(workflow))
    assert (state["status"], actions.calls) == ("COMPLETED", ["a", goes])


async def test_that_it_is_at_every_depth_in_switches_loops_and_items(
    actions: ScriptedActions, path: FilePath, source: FakeSource
) -> None:
    deep = {"t": "${input.t}"}
    choose = body(
        {"id": "way", "type": "flow.switch", "config": {"action": "echo", "service": "test"}},
        "other",
        "right",
        connections=[
            wire("way", "other", condition="input.t == '•••'"),
            wire("way", "right", condition=IS_IT),
        ],
    )
    rounds = loop("rounds", body("round"), until=f"{IS_IT} and index == 2", inputs=deep)
    inside = body(
        sub("choose", choose, inputs=deep), rounds, node("first", condition="input.t == '•••'"),
        node("second", condition=IS_IT),
    )  # fmt: skip
    async with engine_on(actions, path, source) as engine:
        workflow = make_workflow([each("each", inside, [1], inputs=HANDED)])
        state = await engine.wait(await engine.start_workflow(workflow))
    assert state["status"] == "COMPLETED"
    assert sorted(actions.calls) == ["right", "round", "round", "second", "way"]


async def test_that_the_value_is_read_again_after_a_restart(
    actions: ScriptedActions, path: FilePath, source: FakeSource
) -> None:
    workflow = make_workflow([sub("part", two_ways(IS_IT, first="gate"), inputs=HANDED)])
    async with engine_on(actions, path, FakeSource(token="changed since")) as engine:
        execution_id = await engine.start_workflow(workflow)
        await actions.reached["a"].wait()
    actions.gates["a"].set()
    async with engine_on(actions, path, source) as engine:
        await engine.recover()
        assert (await engine.wait(execution_id))["status"] == "COMPLETED"
    assert actions.calls == ["a", "a", "yes"]


async def test_that_a_loop_that_was_interrupted_goes_on_by_the_value(
    actions: ScriptedActions, path: FilePath, source: FakeSource
) -> None:
    rounds = loop("rounds", body(node("r", "gate")), loop_while=f"{IS_IT} and index < 2", inputs={})
    workflow = make_workflow([sub("part", body(rounds), inputs=HANDED)])
    async with engine_on(actions, path, source) as engine:
        execution_id = await engine.start_workflow(workflow)
        await actions.reached["r"].wait()
    actions.gates["r"].set()
    async with engine_on(actions, path, source) as engine:
        await engine.recover()
        assert (await engine.wait(execution_id))["status"] == "COMPLETED"
    assert actions.calls == ["r"] * 3


async def test_that_a_step_asks_for_the_secret_that_its_conditions_need_before_it_begins(
    actions: ScriptedActions, path: FilePath
) -> None:
    """One that was given for the run is gone after a restart, and what has run cannot be decided without."""
    inner = body(
        node("held", "gate"), node("a", condition=IS_IT), "yes",
        connections=["held>a", wire("a", "yes", condition=IS_IT)],
    )  # fmt: skip
    workflow = make_workflow([sub("part", inner, inputs=HANDED)])
    async with engine_on(actions, path, FakeSource()) as engine:
        execution_id = await engine.start_workflow(workflow)
        await engine.wait(execution_id)
        await engine.resume_workflow(execution_id, {"secrets.token": VALUE})
        await actions.reached["held"].wait()
    actions.gates["held"].set()
    for _ in range(2):  # the question outlasts the program too
        async with engine_on(actions, path, FakeSource()) as engine:
            await engine.recover()
            state = await engine.wait(execution_id)
            (asked,) = state["needed"]
            assert (state["reason"], asked["secret"], asked["step_id"]) == (
                "missing_input",
                "token",
                "part/a",
            )
    async with engine_on(actions, path, FakeSource()) as engine:
        await engine.resume_workflow(execution_id, {asked["path"]: VALUE})
        assert (await engine.wait(execution_id))["status"] == "COMPLETED"
    assert actions.calls == ["held", "held", "a", "yes"]


async def test_that_a_question_does_not_make_a_step_run_whose_condition_says_no(
    actions: ScriptedActions, path: FilePath
) -> None:
    inner = body(node("held", "gate"), node("a", condition="input.t == 'x'"), connections=["held>a"])
    workflow = make_workflow([sub("part", inner, inputs=HANDED)])
    async with engine_on(actions, path, FakeSource(token=VALUE)) as engine:
        execution_id = await engine.start_workflow(workflow)
        await actions.reached["held"].wait()
    actions.gates["held"].set()
    async with engine_on(actions, path, FakeSource()) as engine:
        await engine.recover()
        (asked,) = (await engine.wait(execution_id))["needed"]
        await engine.resume_workflow(execution_id, {asked["path"]: VALUE})
        assert (await engine.wait(execution_id))["status"] == "COMPLETED"
        part = await engine.get_workflow_status(f"{execution_id}/part")
    assert (part["steps"]["a"]["status"], actions.calls) == ("SKIPPED", ["held", "held"])


FAULTS = [
    f"int(input.t) > 5 or input.t == '{VALUE[:4]}x'",  # quotes what it cannot read
    "{upper(input.t): 1}['none'] == 1",  # quotes the fields there are
    "input.t > 5",
    "input.t",
    "input.t == 'x' or nothing.here",
    "len(input.t) == 3 or date(input.t) == 'x'",
]


@pytest.mark.parametrize("condition", FAULTS)
@pytest.mark.parametrize("incidents", ["fail", "pause"])
async def test_that_what_goes_wrong_tells_nothing_of_the_value(
    actions: ScriptedActions,
    path: FilePath,
    source: FakeSource,
    caplog: pytest.LogCaptureFixture,
    condition: str,
    incidents: str,
) -> None:
    caplog.set_level(logging.DEBUG)
    told = RecordingNotifier()
    async with engine_on(actions, path, source, notifier=told) as engine:
        workflow = make_workflow([sub("part", two_ways(condition, otherwise="true"), inputs=HANDED)])
        options = RunOptions(incidents="pause" if incidents == "pause" else "fail")
        execution_id = await engine.start_workflow(workflow, options=options)
        state = await engine.wait(execution_id)
        part = await engine.get_workflow_status(f"{execution_id}/part")
        assert state["status"] == ("PAUSED" if incidents == "pause" else "FAILED")
        shown = "".join(map(str, (state, part, told.told, caplog.text)))
        if incidents == "pause":
            with pytest.raises(Exception, match="condition") as raised:
                await engine.try_condition(execution_id, state["needed"][0]["connection_id"], condition)
            causes = [raised.value, raised.value.__cause__, raised.value.__context__]
            shown += "".join(f"{cause!r}" for cause in causes)
    for spelling in (VALUE, VALUE.upper()):
        assert spelling not in shown
        assert spelling.encode() not in everything_in(path.parent)
    assert "t" in shown


async def test_that_a_condition_is_repaired_after_a_restart_with_the_value(
    actions: ScriptedActions, path: FilePath, source: FakeSource
) -> None:
    async with engine_on(actions, path, source) as engine:
        workflow = make_workflow([sub("part", two_ways("input.t", otherwise="false"), inputs=HANDED)])
        execution_id = await engine.start_workflow(workflow, options=RunOptions(incidents="pause"))
        (broken,) = (await engine.wait(execution_id))["needed"]
    async with engine_on(actions, path, source) as engine:
        name = broken["connection_id"]
        assert not await engine.try_condition(execution_id, name, "input.t == '•••'")
        await engine.repair_workflow(execution_id, {name: IS_IT})
        assert (await engine.wait(execution_id))["status"] == "COMPLETED"
    assert actions.calls == ["a", "yes"]


async def test_that_a_repair_that_lacks_the_value_says_so(actions: ScriptedActions, path: FilePath) -> None:
    async with engine_on(actions, path, FakeSource(token=VALUE)) as engine:
        workflow = make_workflow([sub("part", two_ways("input.t", otherwise="false"), inputs=HANDED)])
        execution_id = await engine.start_workflow(workflow, options=RunOptions(incidents="pause"))
        (broken,) = (await engine.wait(execution_id))["needed"]
    async with engine_on(actions, path, FakeSource()) as engine:
        name = broken["connection_id"]
        with pytest.raises(Exception, match="has no value any more"):
            await engine.repair_workflow(execution_id, {name: IS_IT})
        await engine.resume_workflow(execution_id, {"secrets.token": VALUE})
        await engine.repair_workflow(execution_id, {name: IS_IT})
        assert (await engine.wait(execution_id))["status"] == "COMPLETED"


async def test_that_whoever_overrides_how_conditions_are_decided_sees_masks_in_the_state(
    actions: ScriptedActions, path: FilePath, source: FakeSource
) -> None:
    seen: list[str] = []

    class Watching(WorkflowEngine):
        def _evaluate_condition(self, condition: str | None, state: Mapping[str, Any]) -> bool:
            seen.append(str(dict(state)))
            return super()._evaluate_condition(condition, state)

    plain = engine_on(actions, path, source)
    await plain.close()
    engine = Watching(registry=actions.registry, secrets=source)
    async with engine:
        workflow = chain(sub("part", two_ways(IS_IT), inputs=HANDED))
        assert (await engine.wait(await engine.start_workflow(workflow)))["status"] == "COMPLETED"
    assert actions.calls == ["a", "yes"]
    assert len(seen) == 2
    assert "•••" in seen[0]
    assert VALUE not in "".join(seen)


@pytest.mark.parametrize("kind", ["with steps inside", "with a condition behind it"])
async def test_that_a_step_may_ask_before_a_further_attempt(
    actions: ScriptedActions, path: FilePath, kind: str
) -> None:
    """The secret has gone while the step waited to be tried again."""
    retry = {"max_attempts": 2, "retry_on": ["*", "ActionError", "PartFailed"], "initial_interval": 0}
    actions.errors["a"] = [ActionError("no")]
    source = FakeSource(token=VALUE)
    if kind == "with steps inside":
        step = node("a", "fail", parameters={"t": "${input.t}"})
        workflow = make_workflow([sub("part", body(step), inputs=HANDED, retry=retry)])
    else:
        step = node("a", "fail", retry=retry)
        inner = body(step, "yes", connections=[wire("a", "yes", condition=IS_IT)])
        workflow = make_workflow([sub("part", inner, inputs=HANDED)])

    class Forgetful(FakeSource):
        def get(self, name: str) -> str | None:
            return None if actions.count("a") == 1 else super().get(name)

    source = Forgetful(token=VALUE)
    async with engine_on(actions, path, source) as engine:
        execution_id = await engine.start_workflow(workflow)
        state = await engine.wait(execution_id)
        (asked,) = state["needed"]
        assert (state["reason"], asked["secret"]) == ("missing_input", "token")
    actions.calls.append("a")  # from now on it is there again
    async with engine_on(actions, path, source) as engine:
        await engine.recover()
        await engine.resume_workflow(execution_id, {asked["path"]: VALUE})
        assert (await engine.wait(execution_id))["status"] == "COMPLETED"


async def test_that_a_condition_that_cannot_be_read_is_about_nothing() -> None:
    """Whoever makes steps of nodes in their own way may write what no check has seen."""
    plan = Compiler(Catalog.load()).compile(codec.decode(chain("a")))
    step = replace(plan.steps[0], condition="input.t ==")
    assert list(paths_asked(step)) == []
    assert list(paths_asked(replace(step, condition="input.t == 1"))) == [Path.parse("input.t")]
