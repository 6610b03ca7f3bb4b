"""What the original engine's tests expect, row by row; ENGINE decides where the two differ."""

from __future__ import annotations

import json
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any

from engine import DefinitionError, ExecutionNotFound, MemoryStateManager, WorkflowEngine
from engine.catalog import Catalog
from engine.errors import ExpressionError, StorageFull, WorkflowError
from engine.expression import RunScope, Template, compile_condition, compile_expression
from engine.files import codec
from engine.json_schema.validators import validate
from engine.plan.compiler import compile_plan
from engine.validation import check
from engine.validation.drawing import Drawing
from tests.conformance.running import statuses
from tests.conformance.tally import Tally
from tests.support.builders import chain, make_workflow, node
from tests.support.scripted_actions import ScriptedActions

MEANT = {
    "C05": "a condition must give true or false",
    "C06": "a condition must give true or false",
    "C07": "a condition must give true or false",
    "C27": "a condition must give true or false",
    "C42": "there is no power operator",
    "G15": "a connection without an end is an error, not ignored",
    "G28": "the nodes of a definition are its nodes, not a reference to another one",
    "E24": "an unknown action is found before anything runs, fallback or not",
    "E47": "a store that cannot write stops the run; nothing is reported that is not durable",
}
LEFT_OUT = {"E54": "sub-workflows within a drawing"}


def _scope(given: dict[str, Any]) -> RunScope:
    steps = {step: {"output": output} for step, output in given.get("outputs", {}).items()}
    return RunScope(input_data=given.get("input", {}), steps=steps)


def condition_fault(row: dict[str, Any]) -> str | None:
    given, expected = row["given"], row["expected"]
    if "expressions" in given:
        return _expressions_fault(given["expressions"], expected)
    try:
        found = not given["condition"] or compile_condition(given["condition"]).evaluate(_scope(given))
    except ExpressionError as error:
        return None if str(expected).startswith("blocked") else error.message
    return None if found is expected else f"{found}"


def _expressions_fault(sources: list[str], expected: Any) -> str | None:
    for number, source in enumerate(sources):
        x: Any = [1, 2, 3] if source == "x[1:3]" else {"k": 99}
        try:
            found = compile_expression(source).evaluate(RunScope(roots={"x": x}))
        except ExpressionError as error:
            if isinstance(expected, list):
                return f"{source}: {error.message}"
            continue
        if not isinstance(expected, list) or found != expected[number]:
            return f"{source}: {found}"
    return None


def template_fault(row: dict[str, Any]) -> str | None:
    given, expected = row["given"], row["expected"]
    found = Template.parse(given["parameters"]).resolve(_scope(given).reference)
    wanted = given["parameters"] if expected == "unchanged" else expected
    return None if found == wanted else f"{found}"


def schema_fault(row: dict[str, Any]) -> str | None:
    given = row["given"]
    value = given["output"] if "output" in given else given["params"]
    faults = [validate(given[key], value) for key in ("input_schema", "output_schema") if key in given]
    return None if any(faults) is ("error" in row["expected"]) else f"{faults}"


def load_fault(row: dict[str, Any]) -> str | None:
    given, expected = row["given"], row["expected"]
    try:
        workflow = codec.decode(given)
    except WorkflowError as error:
        return error.message
    codes = [problem.code for problem in check(workflow, {}) if problem.is_error]
    if expected == "error: cycle":
        return None if codes == ["cycle"] else f"{codes}"
    if codes:
        return f"{codes}"
    drawing = Drawing(workflow, {}, None)
    order = [drawing.ids[index] for index in drawing.order]
    if isinstance(expected, list) and order != expected:
        return f"{order}"
    steps = compile_plan(workflow, Catalog.load(), "", "").steps
    for step in steps:
        given_config = workflow.nodes[step.id].config
        own = "manual_trigger" if step.is_trigger else "default"
        if (step.service, step.action) != (
            given_config.get("service", "default"),
            given_config.get("action", own),
        ):
            return f"{step.service}.{step.action}"
    kept = [dict(workflow.nodes[one["id"]].config) == one.get("config", {}) for one in given["nodes"]]
    return None if all(kept) and len(kept) == len(workflow.nodes) else "nodes or their config are not kept"


class Broken:
    """An observer that always fails."""

    def notify_workflow_status(self, *args: Any, **values: Any) -> None:
        raise RuntimeError("no network")

    async def track_step_execution(self, **values: Any) -> None:
        raise RuntimeError("no network")

    track_workflow_execution = track_step_execution


class FullStore(MemoryStateManager):
    """A store that takes the run and then nothing more."""

    commits = 0

    async def commit(self, *, full_sync: bool = False) -> None:
        self.commits += 1
        if self.commits > 1:
            raise StorageFull("There is no room left on the disk")


class Theatre:
    """One engine with scripted actions; the rows of area `execute` play in it."""

    def __init__(self, observer: Any = None, store: MemoryStateManager | None = None) -> None:
        self.actions = ScriptedActions()
        self.engine = WorkflowEngine(
            registry=self.actions.registry,
            state_manager=store or MemoryStateManager(),
            notifier=observer,
            analytics=observer,
        )

    async def run(self, workflow: Any, inputs: dict[str, Any] | None = None) -> dict[str, Any]:
        return await self.engine.wait(await self.engine.start_workflow(workflow, inputs or {}))

    def failing(self, step_id: str, times: int = 1, **config: Any) -> dict[str, Any]:
        self.actions.errors[step_id] = [ConnectionError("boom") for _ in range(times)]
        return node(step_id, "fail", **config)


async def _sequence(at: Theatre) -> bool:
    state = await at.run(chain("a", "b"))
    return state["status"] == "COMPLETED" and at.actions.calls == ["a", "b"]


async def _unaffected_by_its_store(at: Theatre) -> bool:
    try:
        return await _sequence(at)
    except StorageFull:
        return False


async def _failure_stops(at: Theatre) -> bool:
    state = await at.run(chain(at.failing("a"), "b"))
    return state["status"] == "FAILED" and at.actions.calls == ["a"]


async def _continue_on_error(at: Theatre) -> bool:
    state = await at.run(chain(at.failing("a", continue_on_error=True), "b"))
    return state["status"] == "COMPLETED_WITH_ERRORS" and at.actions.calls == ["a", "b"]


async def _fallback_of_unknown(at: Theatre) -> bool:
    fallback = {"service": "test", "action": "echo"}
    try:
        await at.run(make_workflow([node("a", "nothing", service="nobody", fallback=fallback)]))
    except DefinitionError:
        return False
    return True


async def _retry_exhausted(at: Theatre) -> bool:
    retry = {"max_attempts": 3, "initial_interval": 0}
    state = await at.run(make_workflow([at.failing("a", 3, retry=retry)]))
    return state["error"]["message"] == "boom" and at.actions.count("a") == 3


PAUSING = chain("s1", node("s2", parameters={"v": "${input.missing}"}), "s3")


async def _missing_pauses(at: Theatre) -> bool:
    state = await at.run(PAUSING)
    named = [one["path"] for one in state["needed"]] == ["input.missing"]
    return state["status"] == "PAUSED" and named and at.actions.calls == ["s1"]


async def _resume_goes_on(at: Theatre) -> bool:
    execution_id = await at.engine.start_workflow(PAUSING, {})
    await at.engine.wait(execution_id)
    await at.engine.resume_workflow(execution_id, {"missing": 1})
    state = await at.engine.wait(execution_id)
    return state["status"] == "COMPLETED" and at.actions.calls == ["s1", "s2", "s3"]


async def _unknown_run(at: Theatre) -> bool:
    try:
        await at.engine.resume_workflow("no such run")
    except ExecutionNotFound:
        return True
    return False


async def _cancel(at: Theatre, times: int = 1) -> bool:
    execution_id = await at.engine.start_workflow(chain(node("a", "gate"), "b", "c"))
    await at.actions.reached["a"].wait()
    for _ in range(times):
        await at.engine.cancel_workflow(execution_id)
    at.actions.gates["a"].set()
    state = await at.engine.wait(execution_id)
    return state["status"] == "CANCELLED" and at.actions.calls == ["a"]


async def _life_cycle(at: Theatre) -> bool:
    execution_id = await at.engine.start_workflow(make_workflow([node("a", "gate")]))
    seen = [(await at.engine.get_workflow_status(execution_id))["status"]]
    await at.actions.reached["a"].wait()
    seen.append((await at.engine.get_workflow_status(execution_id))["status"])
    at.actions.gates["a"].set()
    seen.append((await at.engine.wait(execution_id))["status"])
    return seen == ["PENDING", "RUNNING", "COMPLETED"]


async def _step_condition(at: Theatre) -> bool:
    state = await at.run(make_workflow([node("a", condition="${input.flag}==true")]), {"flag": False})
    return statuses(state) == {"a": "SKIPPED"} and state["steps"]["a"]["reason"] == "condition"


EXECUTE: dict[str, Callable[[Theatre], Awaitable[bool]]] = {
    "E01": _sequence,
    "E13": _failure_stops,
    "E14": _continue_on_error,
    "E24": _fallback_of_unknown,
    "E26": _retry_exhausted,
    "E28": _missing_pauses,
    "E31": _resume_goes_on,
    "E32": _resume_goes_on,
    "E34": _unknown_run,
    "E35": _cancel,
    "E38": lambda at: _cancel(at, 2),
    "E42": _life_cycle,
    "E46": _sequence,
    "E47": _unaffected_by_its_store,
    "E52": _step_condition,
}


async def execute_fault(row: dict[str, Any]) -> str | None:
    theatre = Theatre(
        observer=Broken() if row["id"] == "E46" else None,
        store=FullStore() if row["id"] == "E47" else None,
    )
    async with theatre.engine:
        return None if await EXECUTE[row["id"]](theatre) else f"{theatre.actions.calls}"


async def tally_atom(folder: Path) -> Tally:
    """Every row of the table."""
    tally = Tally("atom_semantics")
    judges = {
        "condition": condition_fault,
        "template": template_fault,
        "schema": schema_fault,
        "load": load_fault,
    }
    for row in json.loads((folder / "table.json").read_text("utf-8")):
        if row["id"] in LEFT_OUT:
            tally.leave_out(LEFT_OUT[row["id"]])
            continue
        judge = judges.get(row["area"])
        fault = judge(row) if judge else await execute_fault(row)
        tally.judge(row["id"], fault, on_purpose=MEANT.get(row["id"]))
    return tally
