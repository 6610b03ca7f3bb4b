"""Unchanged steps are not run again: when a result is used once more, and when it is not."""

from __future__ import annotations

import os
import time
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest
import pytest_asyncio

from engine import ActionRegistry, MemoryStateManager, RunOptions, SqliteStateManager, WorkflowEngine
from engine.actions.context import StepContext
from engine.errors import ActionError
from engine.run.reuse import Reuse
from tests.support.builders import chain, decoded, node
from tests.support.journal_rules import check_journal

pytestmark = pytest.mark.asyncio


class Actions:
    """Actions that make promises, and a list of those that really ran."""

    def __init__(self, version: str = "1") -> None:
        self.registry = ActionRegistry()
        self.calls: list[str] = []
        self.fails: set[str] = set()
        promise = self.registry.action
        promise("test", "pure", pure=True, idempotent=True, version=version)(self.work)
        promise("test", "unversioned", pure=True, idempotent=True)(self.work)
        promise("test", "external", effects="external", pure=True, version=version)(self.work)
        promise("test", "impure", version=version)(self.work)
        promise("test", "read", effects="reads", version=version, files=("path",))(self.read)
        promise("test", "undo")(self.undo)

    async def work(self, params: dict[str, Any], context: StepContext) -> dict[str, Any]:
        self.calls.append(context.step_id)
        if context.step_id in self.fails:
            raise ActionError("no")
        return dict(params)

    async def read(self, params: dict[str, Any], context: StepContext) -> dict[str, Any]:
        self.calls.append(context.step_id)
        return {"text": context.resolve_path(params["path"]).read_text("utf-8")}

    async def undo(self, params: dict[str, Any], context: StepContext) -> None:
        self.calls.append(f"undo {context.step_id}")


@pytest.fixture
def done() -> Actions:
    return Actions()


@pytest_asyncio.fixture(params=["memory", "sqlite"])
async def engine(
    done: Actions, tmp_path: Path, request: pytest.FixtureRequest
) -> AsyncIterator[WorkflowEngine]:
    store = MemoryStateManager() if request.param == "memory" else SqliteStateManager(tmp_path / "runs.db")
    async with WorkflowEngine(registry=done.registry, state_manager=store) as made:
        yield made


async def run(engine: WorkflowEngine, workflow: Any, inputs: Any = None, **options: Any) -> dict[str, Any]:
    base_dir = options.pop("base_dir", None)
    execution_id = await engine.start_workflow(
        workflow, inputs, base_dir=base_dir, options=RunOptions(**options)
    )
    state = await engine.wait(execution_id)
    check_journal(await engine.state_manager.read_events(execution_id))
    return state


def pure(**parameters: Any) -> dict[str, Any]:
    return chain(node("a", "pure", parameters=parameters), node("b", "pure", parameters={"x": "${a}"}))


async def test_that_unchanged_steps_are_not_run_again(engine: WorkflowEngine, done: Actions) -> None:
    first = await run(engine, pure(n=1))
    second = await run(engine, pure(n=1))
    third = await run(engine, pure(n=1))
    assert done.calls == ["a", "b"]
    assert second["outputs"] == third["outputs"] == first["outputs"]
    told = third["steps"]["b"]
    assert told["via"] == "reused"
    assert told["reused_from"] == {
        "execution_id": first["execution_id"],
        "at": first["steps"]["b"]["ended_at"],
        "unchanged": True,
    }


async def test_that_a_changed_parameter_runs_the_step_and_what_gets_another_input(
    engine: WorkflowEngine, done: Actions
) -> None:
    workflow = chain(
        node("a", "pure", parameters={"n": "${input.n}"}),
        node("b", "pure", parameters={"odd": "${a.n}"}),
        node("c", "pure", parameters={"same": 1}),
    )
    await run(engine, workflow, {"n": 1})
    done.calls.clear()
    await run(engine, workflow, {"n": 2})
    assert done.calls == ["a", "b"]
    done.calls.clear()
    await run(engine, workflow, {"n": 1})
    assert done.calls == []


async def test_that_each_step_has_results_of_its_own(engine: WorkflowEngine, done: Actions) -> None:
    alike = chain(node("a", "pure", parameters={"n": 1}), node("b", "pure", parameters={"n": 1}))
    await run(engine, alike)
    await run(engine, {**alike, "id": "other"})
    assert done.calls == ["a", "b", "a", "b"]


@pytest.mark.parametrize("action", ["unversioned", "external", "impure"])
async def test_that_nothing_is_reused_without_the_promise(
    engine: WorkflowEngine, done: Actions, action: str
) -> None:
    for _ in range(2):
        await run(engine, chain(node("a", action, parameters={"n": 1})))
    assert done.calls == ["a", "a"]


async def test_that_reuse_can_be_switched_off_for_one_run(engine: WorkflowEngine, done: Actions) -> None:
    await run(engine, pure(n=1))
    state = await run(engine, pure(n=1), reuse=False)
    assert done.calls == ["a", "b", "a", "b"]
    newest = await run(engine, pure(n=1))
    assert newest["steps"]["a"]["reused_from"]["execution_id"] == state["execution_id"]


async def test_that_the_step_one_runs_from_really_runs(engine: WorkflowEngine, done: Actions) -> None:
    first = await run(engine, pure(n=1))
    done.calls.clear()
    await run(engine, pure(n=1), start="a", based_on=first["execution_id"])
    assert done.calls == ["a"]
    done.calls.clear()
    await engine.retry_from(first["execution_id"], "b")
    await engine.wait(first["execution_id"])
    assert done.calls == ["b"]


@pytest.mark.parametrize("formula", ["now()", "today() - opened", "year( now ( ))"])
async def test_that_what_depends_on_the_time_of_day_is_not_reused(
    engine: WorkflowEngine, done: Actions, formula: str
) -> None:
    for _ in range(2):
        await run(engine, chain(node("a", "pure", parameters={"formula": formula})))
    assert done.calls == ["a", "a"]


async def test_that_a_failed_step_has_no_result_to_reuse(engine: WorkflowEngine, done: Actions) -> None:
    done.fails.add("b")
    workflow = pure(n=1)
    for retry in workflow["nodes"]:
        retry["config"]["retry"] = {"max_attempts": 1}
    assert (await run(engine, workflow))["status"] == "FAILED"
    done.fails.clear()
    state = await run(engine, workflow)
    assert done.calls == ["a", "b", "b"]
    assert state["steps"]["a"]["via"] == "reused"


async def test_that_a_result_that_was_rolled_back_is_not_used_again(
    engine: WorkflowEngine, done: Actions
) -> None:
    done.fails.add("b")
    workflow = chain(
        node("a", "pure", rollback={"service": "test", "action": "undo"}),
        node("b", "impure", retry={"max_attempts": 1}),
        settings={"on_failure": {"mode": "drain", "rollback": True}},
    )
    assert (await run(engine, workflow))["status"] == "ROLLED_BACK"
    done.fails.clear()
    await run(engine, workflow)
    assert done.calls == ["a", "b", "undo a", "a", "b"]


async def test_that_a_result_that_does_not_fit_any_more_is_made_anew(
    engine: WorkflowEngine, done: Actions
) -> None:
    await run(engine, chain(node("a", "pure", parameters={"n": 1})))
    schema = {"type": "object", "properties": {"n": {"type": "string"}}}
    state = await run(engine, chain(node("a", "pure", parameters={"n": 1}, output_schema=schema)))
    assert done.calls[:2] == ["a", "a"]
    assert state["status"] == "FAILED"


async def test_that_large_results_come_back_whole_and_are_made_anew_when_lost(
    engine: WorkflowEngine, done: Actions
) -> None:
    workflow = chain(node("a", "pure", parameters={"text": "x" * 200_000}))
    first = await run(engine, workflow)
    assert (await run(engine, workflow))["outputs"] == first["outputs"]
    assert done.calls == ["a"]
    for file in engine.state_manager.artifacts.root.glob("??/*"):
        file.write_text("damaged")
    await run(engine, workflow)
    assert done.calls == ["a", "a"]
    for file in engine.state_manager.artifacts.root.glob("??/*"):
        file.unlink()
    await run(engine, workflow)
    assert done.calls == ["a", "a", "a"]


def reading(path: str) -> dict[str, Any]:
    return chain(node("a", "read", parameters={"path": path}))


def write(path: Path, text: str, age_s: float = 60.0) -> None:
    path.write_text(text, "utf-8")
    moment = time.time() - age_s
    os.utime(path, (moment, moment))


async def test_that_a_file_is_read_again_when_it_has_changed(
    engine: WorkflowEngine, done: Actions, tmp_path: Path
) -> None:
    file = tmp_path / "in.txt"
    write(file, "one", 60)
    await run(engine, reading("in.txt"), base_dir=tmp_path)
    assert (await run(engine, reading("in.txt"), base_dir=tmp_path))["steps"]["a"]["via"] == "reused"
    write(file, "two", 50)
    state = await run(engine, reading("in.txt"), base_dir=tmp_path)
    assert state["outputs"] == {"a": {"text": "two"}}
    assert done.calls == ["a", "a"]


async def test_that_a_young_file_counts_by_its_content(
    engine: WorkflowEngine, done: Actions, tmp_path: Path
) -> None:
    file = tmp_path / "in.txt"
    write(file, "one", 0)
    changed_at = file.stat()
    await run(engine, reading(str(file)))
    await run(engine, reading(str(file)))
    assert done.calls == ["a"]
    file.write_text("two", "utf-8")
    os.utime(file, ns=(changed_at.st_atime_ns, changed_at.st_mtime_ns))
    state = await run(engine, reading(str(file)))
    assert state["outputs"] == {"a": {"text": "two"}}


async def test_that_a_file_that_changes_while_it_is_read_is_read_again(
    engine: WorkflowEngine, done: Actions, tmp_path: Path
) -> None:
    file = tmp_path / "in.txt"
    write(file, "one")
    before = file.stat()

    async def read(params: dict[str, Any], context: StepContext) -> dict[str, Any]:
        done.calls.append(context.step_id)
        text = file.read_text("utf-8")
        write(file, "two", 0)
        return {"text": text}

    done.registry.action("test", "read", effects="reads", version="1", files=("path",))(read)
    await run(engine, reading(str(file)))
    file.write_text("one", "utf-8")
    os.utime(file, ns=(before.st_atime_ns, before.st_mtime_ns))
    await run(engine, reading(str(file)))
    assert done.calls == ["a", "a"]


async def test_that_a_pattern_counts_every_file_it_matches(
    engine: WorkflowEngine, done: Actions, tmp_path: Path
) -> None:
    reuse = Reuse(engine.state_manager, done.registry, engine._runtime._clock)
    step = engine._compiler.compile(decoded(reading("*.txt"))).steps[0]
    options = reuse.of(step)
    assert options is not None
    for name in ("one", "two"):
        write(tmp_path / f"{name}.txt", name)
    both = await reuse.key("w", step, options, {"path": "*.txt"}, tmp_path)
    assert both is not None
    assert [Path(stamp[0]).stem for stamp in both.files] == ["one", "two"]
    (tmp_path / "two.txt").unlink()
    one = await reuse.key("w", step, options, {"path": "*.txt"}, tmp_path)
    assert one is not None
    assert one.text != both.text
    assert not await reuse.still(both)
    assert await reuse.key("w", step, options, {"path": "nowhere.txt"}, tmp_path) is None
    assert await reuse.key("w", step, options, {"path": 5}, tmp_path) is None
    assert await reuse.key("w", step, options, {"path": object()}, tmp_path) is None
    assert (await reuse.key("w", step, options, {}, tmp_path)).files == ()  # type: ignore[union-attr]


async def test_that_another_version_of_an_action_runs_again(tmp_path: Path) -> None:
    ran: list[str] = []
    for version in ("1", "1", "2"):
        done = Actions(version)
        store = SqliteStateManager(tmp_path / "runs.db")
        async with WorkflowEngine(registry=done.registry, state_manager=store) as engine:
            await run(engine, pure(n=1))
        ran.append("".join(done.calls))
    assert ran == ["ab", "", "ab"]


async def test_that_a_pruned_result_is_made_anew_and_a_used_one_stays(tmp_path: Path) -> None:
    done = Actions()
    large = chain(node("a", "pure", parameters={"text": "y" * 200_000}))
    store = SqliteStateManager(tmp_path / "runs.db")
    async with WorkflowEngine(registry=done.registry, state_manager=store) as engine:
        await run(engine, large)
        second = await run(engine, large)
        assert (await store.prune(keep=1)).runs == 1
        third = await run(engine, large)
        assert done.calls == ["a"]
        assert third["steps"]["a"]["reused_from"] == second["steps"]["a"]["reused_from"]
        await store.prune(keep=0)
        await run(engine, large)
        assert done.calls == ["a", "a"]


async def test_that_a_step_under_way_in_a_crash_finds_what_another_run_made(tmp_path: Path) -> None:
    done = Actions()
    path = tmp_path / "runs.db"
    async with WorkflowEngine(registry=done.registry, state_manager=SqliteStateManager(path)) as engine:
        first = await run(engine, pure(n=1))
        plan = engine._compiler.compile(decoded(pure(n=1)))
        second = await engine.state_manager.create_execution("w", definition_hash=plan.definition_hash)
        await engine.state_manager.update_execution_status(second, "RUNNING")
        await engine.state_manager.update_step_status(second, "a", "RUNNING")
    async with WorkflowEngine(registry=done.registry, state_manager=SqliteStateManager(path)) as engine:
        await engine.recover()
        state = await engine.wait(second)
    assert done.calls == ["a", "b"]
    assert state["outputs"] == first["outputs"]
