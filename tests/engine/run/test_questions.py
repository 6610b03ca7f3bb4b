"""What a paused run asks, and where the answers go."""

from __future__ import annotations

from typing import Any

import pytest

from engine import WorkflowEngine
from engine.errors import SchemaValidationError, WorkflowError
from tests.support.builders import chain, make_workflow, node
from tests.support.compositions import body, sub
from tests.support.scripted_actions import ScriptedActions

pytestmark = pytest.mark.asyncio

USER = {
    "type": "object",
    "properties": {
        "user": {
            "type": "object",
            "properties": {"name": {"type": "string", "title": "Your name", "default": "Ann"}, "age": {}},
        }
    },
}


async def paused(engine: WorkflowEngine, workflow: dict[str, Any], inputs: Any = None) -> dict[str, Any]:
    state = await engine.wait(await engine.start_workflow(workflow, inputs))
    assert state["status"] == "PAUSED"
    return state


async def test_that_a_value_inside_an_input_has_the_schema_of_its_place(engine: WorkflowEngine) -> None:
    workflow = make_workflow([node("a", parameters={"n": "${input.user.name}"})], inputs=USER)
    state = await paused(engine, workflow, {"user": {"age": 5}})
    (needed,) = state["needed"]
    assert (needed["name"], needed["title"], needed["last_value"]) == ("user.name", "Your name", "Ann")
    await engine.resume_workflow(state["execution_id"], {"input.user.name": "Bo"})
    state = await engine.wait(state["execution_id"])
    assert state["input_data"] == {"user": {"age": 5, "name": "Bo"}}
    assert state["outputs"]["a"] == {"n": "Bo"}


async def test_that_a_step_value_is_held_against_the_schema_of_that_step(engine: WorkflowEngine) -> None:
    schema = {"type": "object", "properties": {"total": {"type": "integer", "title": "Total"}}}
    workflow = chain(node("check", output_schema=schema), node("uses", parameters={"t": "${check.total}"}))
    state = await paused(engine, workflow)
    assert (state["needed"][0]["path"], state["needed"][0]["title"]) == ("check.total", "Total")
    with pytest.raises(SchemaValidationError) as caught:
        await engine.resume_workflow(state["execution_id"], {"check.total": "many"})
    assert caught.value.errors[0]["pointer"] == "/check.total"
    await engine.resume_workflow(state["execution_id"], {"check.output.total": 5})
    assert (await engine.wait(state["execution_id"]))["outputs"]["uses"] == {"t": 5}


async def test_that_a_list_item_can_be_asked_for(engine: WorkflowEngine) -> None:
    inputs = {"type": "object", "properties": {"rows": {"type": "array", "items": {"type": "number"}}}}
    workflow = make_workflow([node("a", parameters={"n": "${input.rows[2]}"})], inputs=inputs)
    state = await paused(engine, workflow, {"rows": [1]})
    assert state["needed"][0]["schema"] == {"type": "number"}
    await engine.resume_workflow(state["execution_id"], {"rows": [1, 2, 3]})
    assert (await engine.wait(state["execution_id"]))["outputs"]["a"] == {"n": 3}


async def test_that_fields_of_a_form_may_come_one_by_one(engine: WorkflowEngine) -> None:
    form = {"type": "object", "properties": {"a": {}, "b": {}}, "required": ["a", "b"]}
    workflow = make_workflow([node("ask", "ask", parameters={"form": form})])
    state = await paused(engine, workflow)
    with pytest.raises(SchemaValidationError):
        await engine.resume_workflow(state["execution_id"], {"ask.output.a": 1})
    await engine.resume_workflow(state["execution_id"], {"ask.output.a": 1, "ask.b": 2})
    assert (await engine.wait(state["execution_id"]))["outputs"]["ask"] == {"a": 1, "b": 2}


async def test_that_two_forms_can_be_answered_together_or_apart(engine: WorkflowEngine) -> None:
    form = {"type": "object", "properties": {"a": {}}}
    asks = [node(name, "ask", parameters={"form": form}) for name in ("one", "two", "three")]
    state = await paused(engine, make_workflow(asks))
    await engine.resume_workflow(state["execution_id"], {"one": {"a": 1}, "three.output": {"a": 3}})
    state = await engine.wait(state["execution_id"])
    assert (state["status"], [item["step_id"] for item in state["needed"]]) == ("PAUSED", ["two"])
    await engine.resume_workflow(state["execution_id"], {"two": {"a": 2}})
    state = await engine.wait(state["execution_id"])
    assert (state["status"], state["outputs"]) == (
        "COMPLETED", {"one": {"a": 1}, "two": {"a": 2}, "three": {"a": 3}},
    )  # fmt: skip


async def test_that_an_answer_that_is_no_json_is_refused(engine: WorkflowEngine) -> None:
    state = await paused(engine, make_workflow([node("a", parameters={"n": "${input.x}"})]))
    with pytest.raises(WorkflowError, match="not JSON"):
        await engine.resume_workflow(state["execution_id"], {"x": {1, 2}})  # type: ignore[dict-item]


async def test_that_an_input_with_an_odd_name_can_be_supplied(engine: WorkflowEngine) -> None:
    state = await paused(engine, make_workflow([node("a", parameters={"n": '${input["odd name"]}'})]))
    await engine.resume_workflow(state["execution_id"], {"odd name": 1})
    assert (await engine.wait(state["execution_id"]))["outputs"]["a"] == {"n": 1}


@pytest.mark.parametrize("place", ["run", "part"])
async def test_that_a_form_without_fields_is_answered_too(
    engine: WorkflowEngine, actions: ScriptedActions, place: str
) -> None:
    """All that is asked is whether to go on."""
    asks = node("asks", "ask", parameters={"form": {}})
    workflow = make_workflow([sub("part", body(asks)) if place == "part" else asks])
    execution_id = await engine.start_workflow(workflow)
    state = await engine.wait(execution_id)
    assert (state["reason"], state["needed"][0]["schema"]) == ("form", {})
    path = state["needed"][0]["path"]
    await engine.resume_workflow(execution_id)
    assert (await engine.wait(execution_id))["reason"] == "form", "nobody has answered"
    await engine.resume_workflow(execution_id, {path: {}})
    assert (await engine.wait(execution_id))["status"] == "COMPLETED"
    assert actions.calls == ["asks"]
