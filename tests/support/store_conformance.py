"""What every store must do; each store's test module runs this class over it."""

import asyncio

import pytest

from engine.errors import ActionError, ExecutionNotFound, IllegalTransition, RunDamaged, StoreError
from engine.history.events import EventType
from engine.history.state import ExecutionState, apply
from engine.history.status import ConnectionOutcome, ExecutionStatus, StepStatus
from engine.store.definitions import save_text
from engine.store.state_manager import agreeing
from tests.support.events import (
    asked,
    completed,
    ended,
    failed,
    progressed,
    resolved,
    running,
    skipped,
    started,
    supplied,
    waiting,
)

LARGE = ["a row of some length, again and again"] * 4_000


class TickingTime:
    """A clock that moves by a quarter of a second each time it is read."""

    def __init__(self, start: float = 1_763_860_000.0) -> None:
        self.time = start

    def __call__(self) -> float:
        self.time += 0.25
        return self.time


class StoreConformance:
    """Subclasses give a fixture ``store``: a manager made with ``now=TickingTime()``, closed afterwards."""

    # -- one fact at a time, without an engine ------------------------------------------------

    @pytest.mark.asyncio
    async def test_that_a_new_execution_is_pending_and_knows_its_inputs(self, store):
        execution_id = await store.create_execution("report", {"threshold": 60})
        state = await store.get_execution_state(execution_id)
        assert state["status"] == "PENDING"
        assert state["workflow_id"] == "report"
        assert state["input_data"] == {"threshold": 60}
        assert (state["steps"], state["outputs"], state["error"], state["needed"]) == ({}, {}, None, [])
        assert state["timings"]["created_at"] == 1_763_860_000.25

    @pytest.mark.asyncio
    async def test_that_ids_are_distinct_and_a_given_one_is_kept(self, store):
        ids = {await store.create_execution("w", {}) for _ in range(20)}
        assert len(ids) == 20
        assert await store.create_execution("w", {}, execution_id="parent/child") == "parent/child"
        with pytest.raises(StoreError, match="parent/child"):
            await store.create_execution("w", {}, execution_id="parent/child")

    @pytest.mark.asyncio
    async def test_that_an_execution_moves_through_its_life(self, store):
        execution_id = await store.create_execution("w", {})
        assert await store.update_execution_status(execution_id, "RUNNING") is True
        assert await store.update_execution_status(execution_id, ExecutionStatus.COMPLETED) is True
        state = await store.get_execution_state(execution_id)
        assert state["status"] == "COMPLETED"
        assert state["timings"]["duration_ms"] == 250.0

    @pytest.mark.asyncio
    async def test_that_asking_for_the_status_it_has_is_no_move(self, store):
        execution_id = await store.create_execution("w", {})
        await store.update_execution_status(execution_id, "RUNNING")
        before = await store.read_events(execution_id)
        assert await store.update_execution_status(execution_id, "RUNNING") is False
        assert await store.read_events(execution_id) == before

    @pytest.mark.asyncio
    async def test_that_a_paused_execution_resumes(self, store):
        execution_id = await store.create_execution("w", {})
        for status in ("RUNNING", "PAUSING", "PAUSED", "RUNNING"):
            await store.update_execution_status(execution_id, status)
        types = [event.type for event in await store.read_events(execution_id)]
        assert types[1] is EventType.EXECUTION_STARTED
        assert types[-1] is EventType.EXECUTION_RESUMED

    @pytest.mark.asyncio
    @pytest.mark.parametrize("error", ["boom", ValueError("boom"), ActionError("boom"), {"message": "boom"}])
    async def test_that_an_error_is_kept_with_its_type_and_message(self, store, error):
        execution_id = await store.create_execution("w", {})
        await store.update_execution_status(execution_id, "RUNNING")
        await store.update_step_status(execution_id, "a", "RUNNING")
        await store.update_step_status(execution_id, "a", "FAILED", error=error)
        await store.update_execution_status(execution_id, "FAILED", error=error)
        state = await store.get_execution_state(execution_id)
        assert state["error"]["message"] == "boom"
        assert state["error"]["type"]
        assert state["steps"]["a"]["error"] == state["error"]

    @pytest.mark.asyncio
    async def test_that_a_completed_step_delivers_its_output(self, store):
        execution_id = await store.create_execution("w", {})
        await store.update_step_status(execution_id, "a", "RUNNING")
        assert await store.get_step_output(execution_id, "a") is None
        await store.update_step_status(execution_id, "a", "COMPLETED", output={"total": 3, "é": [1.5, None]})
        assert await store.get_step_output(execution_id, "a") == {"total": 3, "é": [1.5, None]}
        assert await store.get_step_output(execution_id, "never ran") is None
        state = await store.get_execution_state(execution_id)
        assert state["steps"]["a"]["status"] == "COMPLETED"
        assert state["outputs"] == {"a": {"total": 3, "é": [1.5, None]}}

    @pytest.mark.asyncio
    @pytest.mark.parametrize("output", [None, 0, False, "", "text", [1, 2], 3.25])
    async def test_that_any_json_can_be_an_output(self, store, output):
        execution_id = await store.create_execution("w", {})
        await store.update_step_status(execution_id, "a", "RUNNING")
        await store.update_step_status(execution_id, "a", "COMPLETED", output=output)
        assert await store.get_step_output(execution_id, "a") == output

    @pytest.mark.asyncio
    async def test_that_a_late_writer_loses(self, store):
        execution_id = await store.create_execution("w", {})
        await store.update_step_status(execution_id, "a", "RUNNING")
        await store.update_step_status(execution_id, "a", "COMPLETED", output=1)
        with pytest.raises(IllegalTransition):
            await store.update_step_status(execution_id, "a", "FAILED", error="too late")
        with pytest.raises(IllegalTransition):
            await store.update_execution_status(execution_id, "COMPLETED")
        with pytest.raises(IllegalTransition, match="is PENDING and cannot become COMPLETED"):
            store.append(execution_id, [ended()])
        assert await store.get_step_output(execution_id, "a") == 1

    @pytest.mark.asyncio
    async def test_that_a_state_that_was_read_before_the_run_went_on_contradicts_nothing(self, store):
        execution_id = await store.create_execution("w", {})
        state = await store.load_state(execution_id)
        assert agreeing(store, state) is state
        store.append(execution_id, [started()])
        assert agreeing(store, state) is state
        state.seq += 1
        with pytest.raises(RunDamaged, match="contradict its journal"):
            agreeing(store, state)

    @pytest.mark.asyncio
    async def test_that_inputs_are_merged(self, store):
        execution_id = await store.create_execution("w", {"a": 1, "b": 2})
        await store.update_execution_inputs(execution_id, {"b": 3, "c": 4})
        state = await store.get_execution_state(execution_id)
        assert state["input_data"] == {"a": 1, "b": 3, "c": 4}

    @pytest.mark.asyncio
    async def test_that_an_unknown_execution_is_named(self, store):
        for call in (
            store.get_execution_state("nobody"),
            store.update_execution_status("nobody", "RUNNING"),
            store.update_step_status("nobody", "a", "RUNNING"),
            store.update_execution_inputs("nobody", {}),
            store.get_step_output("nobody", "a"),
            store.read_events("nobody"),
        ):
            with pytest.raises(ExecutionNotFound, match="nobody"):
                await call
        with pytest.raises(ExecutionNotFound, match="nobody"):
            store.append("nobody", [started()])

    @pytest.mark.asyncio
    async def test_that_of_two_racing_writers_one_wins(self, store):
        execution_id = await store.create_execution("w", {})
        await store.update_step_status(execution_id, "a", "RUNNING")
        outcomes = await asyncio.gather(
            store.update_step_status(execution_id, "a", "COMPLETED", output="first"),
            store.update_step_status(execution_id, "a", "FAILED", error="second"),
            return_exceptions=True,
        )
        assert sorted(type(outcome).__name__ for outcome in outcomes) == ["IllegalTransition", "bool"]

    # -- the engine's way in ------------------------------------------------------------------

    @pytest.mark.asyncio
    async def test_that_events_are_numbered_densely_and_read_back_equal(self, store):
        execution_id = await store.create_execution("w", {"x": 1})
        published = store.append(execution_id, [started(), running("a")])
        published += store.append(execution_id, [completed("a", {"n": 1}), resolved("a-b"), running("b")])
        await store.commit()
        events = await store.read_events(execution_id)
        assert [event.seq for event in events] == [1, 2, 3, 4, 5, 6]
        assert events[1:] == published
        assert await store.read_events(execution_id, after=4) == events[4:]
        assert await store.read_events(execution_id, after=6) == []
        assert await store.read_events(execution_id, after=-3) == events

    @pytest.mark.asyncio
    async def test_that_two_executions_count_apart(self, store):
        first, second = [await store.create_execution("w", {}) for _ in range(2)]
        for execution_id in (first, second, first, second):
            store.append(execution_id, [supplied(n=1)])
        await store.commit()
        for execution_id in (first, second):
            assert [event.seq for event in await store.read_events(execution_id)] == [1, 2, 3]

    @pytest.mark.asyncio
    async def test_that_drafts_are_taken_together_or_not_at_all(self, store):
        execution_id = await store.create_execution("w", {})
        with pytest.raises(IllegalTransition):
            store.append(execution_id, [running("a"), completed("a", 1), completed("a", 2)])
        with pytest.raises((TypeError, ValueError)):
            store.append(execution_id, [running("a"), completed("a", {"when": object()})])
        with pytest.raises(ValueError, match="JSON"):
            store.append(execution_id, [running("a"), completed("a", float("nan"))])
        events = store.append(execution_id, [running("a"), completed("a", 3)])
        await store.commit(full_sync=True)
        assert [event.seq for event in events] == [2, 3]
        assert await store.get_step_output(execution_id, "a") == 3

    @pytest.mark.asyncio
    async def test_that_what_happens_to_a_step_names_it(self, store):
        execution_id = await store.create_execution("w", {})
        store.append(execution_id, [started()])
        with pytest.raises(ValueError, match="needs a step_id"):
            store.append(execution_id, [running(None)])
        await store.commit()
        assert len(await store.read_events(execution_id)) == 2

    @pytest.mark.asyncio
    async def test_that_progress_is_published_but_not_journaled(self, store):
        execution_id = await store.create_execution("w", {})
        store.append(execution_id, [running("a")])
        (event,) = store.append(execution_id, [progressed("a", 0.5, "half")])
        assert (event.seq, event.data["fraction"]) == (2, 0.5)
        await store.commit()
        assert len(await store.read_events(execution_id)) == 2

    @pytest.mark.asyncio
    async def test_that_many_commits_at_once_all_return(self, store):
        ids = [await store.create_execution("w", {}) for _ in range(10)]

        async def run(execution_id, full_sync):
            for number in range(5):
                store.append(execution_id, [running(f"s{number}"), completed(f"s{number}", number)])
                await store.commit(full_sync=full_sync)

        await asyncio.gather(*(run(execution_id, n % 5 == 0) for n, execution_id in enumerate(ids)))
        for execution_id in ids:
            state = await store.load_state(execution_id)
            assert state.outputs == {f"s{number}": number for number in range(5)}

    @pytest.mark.asyncio
    async def test_that_one_who_gives_up_waiting_stops_no_other(self, store):
        execution_id = await store.create_execution("w", {})
        store.append(execution_id, [started()])
        first, second = asyncio.create_task(store.commit()), asyncio.create_task(store.commit())
        await asyncio.sleep(0)
        first.cancel()
        await second
        assert len(await store.read_events(execution_id)) == 2

    @pytest.mark.asyncio
    async def test_that_a_state_is_loaded_as_it_was_folded_live(self, store):
        execution_id = await store.create_execution("w", {"x": 1}, workflow_name="Report", base_dir="/data")
        live = ExecutionState.fold(await store.read_events(execution_id))
        for drafts in (
            [started(), running("a")],
            [waiting("a", 1_763_860_100.5, max_attempts=3)],
            [running("a", 2)],
            [
                completed("a", {"n": 1}, 2, duration_ms=12.5),
                resolved("1"),
                resolved("2", "DEAD"),
                skipped("b"),
            ],
            [asked("c", "threshold", "region")],
            [ended("PAUSED", reason="missing_input")],
        ):
            for event in store.append(execution_id, drafts):
                apply(live, event)
        await store.commit()
        loaded = await store.load_state(execution_id)
        assert loaded == live
        assert loaded.steps["a"].attempts == 2
        assert loaded.steps["c"].missing == ("input.threshold", "input.region")
        assert loaded.connections == {"1": ConnectionOutcome.TAKEN, "2": ConnectionOutcome.DEAD}
        assert [item["name"] for item in loaded.needed] == ["threshold", "region"]

    # -- definitions and lists ----------------------------------------------------------------

    @pytest.mark.asyncio
    async def test_that_a_definition_is_found_by_its_hash(self, store):
        await store.save_definition("abc", {"name": "Report", "nodes": {"é": {"x": 1.5}}})
        await store.save_definition("abc", {"name": "Report", "nodes": {"é": {"x": 1.5}}})
        assert await store.load_definition("abc") == {"name": "Report", "nodes": {"é": {"x": 1.5}}}
        text = '{\n  "name": "naïve \\ud800",\n  "nodes": {"é": {"x": 1.5}}\n}\n'
        await save_text(store, "def", text)
        await save_text(store, "def", text)
        assert await store.load_definition("def") == {"name": "naïve \ud800", "nodes": {"é": {"x": 1.5}}}
        with pytest.raises(StoreError, match="unknown"):
            await store.load_definition("unknown")

    @pytest.mark.asyncio
    async def test_that_executions_are_listed_newest_first(self, store):
        ids = [
            await store.create_execution(f"w{n}", {}, workflow_name=f"Name {n}", definition_hash="h")
            for n in range(5)
        ]
        await store.update_execution_status(ids[1], "RUNNING")
        await store.update_execution_status(ids[1], "FAILED", error="boom")
        listed = await store.list_executions()
        assert [summary.id for summary in listed] == ids[::-1]
        assert [summary.id for summary in await store.list_executions(limit=2)] == [ids[4], ids[3]]
        (failed_one,) = await store.list_executions(statuses=[ExecutionStatus.FAILED])
        assert failed_one.workflow_id == "w1"
        assert failed_one.workflow_name == "Name 1"
        assert failed_one.definition_hash == "h"
        assert failed_one.error == {"type": "Error", "message": "boom"}
        assert failed_one.ended_at - failed_one.started_at == 0.25
        assert await store.list_executions(statuses=[]) == []

    @pytest.mark.asyncio
    async def test_that_unfinished_executions_are_those_that_can_go_on(self, store):
        pending, paused, done = [await store.create_execution("w", {}) for _ in range(3)]
        store.append(paused, [started(), asked("a", "x"), ended("PAUSED", reason="missing_input")])
        store.append(done, [started(), ended()])
        await store.commit()
        unfinished = await store.unfinished()
        assert [(found.id, found.reason) for found in unfinished] == [
            (paused, "missing_input"),
            (pending, ""),
        ]

    # -- large outputs ------------------------------------------------------------------------

    @pytest.mark.asyncio
    async def test_that_a_large_output_is_kept_out_of_line_and_read_back(self, store):
        execution_id = await store.create_execution("w", {})
        (_, event) = store.append(execution_id, [running("a"), completed("a", LARGE)])
        assert event.data["output"].keys() == {"$artifact", "bytes", "preview"}
        assert event.data["output"]["preview"] == [*LARGE[:5], "…"]
        assert await store.get_step_output(execution_id, "a") == LARGE
        assert (await store.get_execution_state(execution_id))["outputs"] == {"a": LARGE}
        assert (await store.load_state(execution_id)).steps["a"].output == event.data["output"]

    @pytest.mark.asyncio
    async def test_that_the_small_parts_of_a_large_object_stay_in_place(self, store):
        execution_id = await store.create_execution("w", {})
        table = {"$table": "0" * 64, "rows": 3, "columns": [], "bytes": 10}
        (_, event) = store.append(
            execution_id, [running("a"), completed("a", {"table": table, "rows": 3, "all": LARGE})]
        )
        output = event.data["output"]
        assert (output["table"], output["rows"]) == (table, 3)
        assert store.artifacts.expand(output) == {"table": table, "rows": 3, "all": LARGE}

    @pytest.mark.asyncio
    async def test_that_statuses_after_a_failed_step_are_kept(self, store):
        execution_id = await store.create_execution("w", {})
        store.append(
            execution_id,
            [started(), running("a"), failed("a", handling="tolerated"), ended("COMPLETED_WITH_ERRORS")],
        )
        state = await store.load_state(execution_id)
        assert state.status is ExecutionStatus.COMPLETED_WITH_ERRORS
        assert state.steps["a"].status is StepStatus.FAILED
        assert state.steps["a"].reason == "tolerated"
