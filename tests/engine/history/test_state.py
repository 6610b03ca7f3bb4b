"""The state of a run is what its events say, taken one at a time."""

import copy

import pytest
from hypothesis import given
from hypothesis import strategies as st

from engine.errors import StoreCorrupt
from engine.history.events import Event, EventDraft, EventType
from engine.history.ran import RanEvents
from engine.history.state import ExecutionState, apply, apply_all, apply_pieces
from engine.history.status import ConnectionOutcome, ExecutionStatus, StepStatus
from tests.support.events import (
    asked,
    completed,
    ended,
    failed,
    progressed,
    ran,
    resolved,
    running,
    skipped,
    started,
    supplied,
    waiting,
)

CREATED = EventDraft(
    EventType.EXECUTION_CREATED,
    data={"input_data": {"x": 1}, "workflow_name": "Report", "definition_hash": "h", "base_dir": "/data"},
)


def history(*drafts):
    """Events a second apart, beginning with the creation at 100."""
    return [
        Event("run", "w", number + 1, 100.0 + number, *draft[:4])
        for number, draft in enumerate((CREATED, *drafts))
    ]


def state_after(*drafts):
    return ExecutionState.fold(history(*drafts))


@pytest.mark.parametrize("look", ["steps", "connections"])
def test_that_what_was_put_off_is_there_for_whoever_looks(look):
    state = state_after(started())
    begun = history(started(), running("a"), completed("a", 1), resolved("a>b"))[2:]
    ran_at_once = RanEvents("run", "w", 6, ran("b", 2, "b>c"), 105.0, 106.0)
    apply_pieces(state, [begun, ran_at_once])
    assert state.seq == 8
    assert set(getattr(state, look)) == {"steps": {"a", "b"}, "connections": {"a>b", "b>c"}}[look]
    assert state.seq == 8
    assert state == ExecutionState.fold([*history(started()), *begun, *ran_at_once])
    assert state != "a run"


def test_that_a_new_run_is_pending_with_its_inputs():
    state = state_after()
    assert (state.id, state.workflow_id, state.workflow_name) == ("run", "w", "Report")
    assert (state.status, state.input_data, state.base_dir) == (ExecutionStatus.PENDING, {"x": 1}, "/data")
    assert (state.created_at, state.started_at, state.ended_at, state.seq) == (100.0, None, None, 1)


def test_that_a_history_without_its_beginning_is_damage():
    for events in ([], history(started())[1:]):
        with pytest.raises(StoreCorrupt, match="does not begin"):
            ExecutionState.fold(events)


def test_that_a_step_runs_and_completes():
    state = state_after(started(), running("a"), completed("a", {"n": 1}))
    step = state.steps["a"]
    assert (step.status, step.output, step.attempts) == (StepStatus.COMPLETED, {"n": 1}, 1)
    assert (step.started_at, step.ended_at, step.duration_ms) == (102.0, 103.0, 1000.0)
    assert state.outputs == {"a": {"n": 1}}


def test_that_a_duration_that_was_measured_counts_more_than_the_clock_of_the_journal():
    assert state_after(running("a"), completed("a", duration_ms=3.5)).steps["a"].duration_ms == 3.5


def test_that_a_retry_shows_its_attempt_and_when_it_is_due():
    error = {"type": "ExternalServiceError", "message": "busy"}
    state = state_after(running("a"), waiting("a", 200.0, max_attempts=5, error=error))
    step = state.steps["a"]
    assert (step.status, step.reason, step.waiting_until, step.max_attempts) == (
        StepStatus.WAITING,
        "retry",
        200.0,
        5,
    )
    assert step.error == error
    shown = step.to_dict()
    assert (shown["waiting_until"], shown["max_attempts"]) == (200.0, 5)
    state = state_after(
        running("a"), waiting("a", 200.0, max_attempts=5), running("a", 2), completed("a", 1, 2)
    )
    step = state.steps["a"]
    assert (step.attempts, step.max_attempts, step.waiting_until, step.started_at) == (2, 5, None, 101.0)
    assert step.error is None


def test_that_a_failure_keeps_its_error_and_how_it_was_handled():
    step = state_after(running("a"), failed("a", "no column", handling="tolerated")).steps["a"]
    assert (step.status, step.reason, step.error["message"]) == (StepStatus.FAILED, "tolerated", "no column")
    assert step.ended_at == 102.0


def test_that_a_skipped_step_says_why_and_took_no_time():
    step = state_after(skipped("a", "upstream_failed")).steps["a"]
    assert (step.status, step.reason, step.duration_ms) == (StepStatus.SKIPPED, "upstream_failed", None)


def test_that_a_fallback_is_named():
    assert (
        state_after(running("a"), completed("a", 1, via="fallback")).steps["a"].to_dict()["via"] == "fallback"
    )


def test_that_what_is_needed_is_what_paused_steps_ask_for():
    events = [started(), asked("a", "x", "y"), asked("b", "z")]
    state = state_after(*events)
    assert [item["name"] for item in state.needed] == ["x", "y", "z"]
    assert state.steps["a"].missing == ("input.x", "input.y")
    state = state_after(*events, asked("a", "y"))
    assert [item["name"] for item in state.needed] == ["z", "y"]
    state = state_after(*events, supplied(z=3), running("b"))
    assert [item["name"] for item in state.needed] == ["x", "y"]
    assert state.input_data == {"x": 1, "z": 3}
    state = state_after(*events, ended("CANCELLING"), ended("CANCELLED"))
    assert state.needed == []


def test_that_a_step_that_names_one_missing_value_lists_it():
    draft = EventDraft(EventType.STEP_PAUSED, "a", data={"reason": "missing_input", "missing_var": "input.x"})
    assert state_after(draft).steps["a"].missing == ("input.x",)


def test_that_a_question_can_come_apart_from_the_pause():
    needed = [{"step_id": "a", "path": "input.x", "name": "x"}]
    draft = EventDraft(EventType.INPUT_REQUIRED, "a", data={"needed": needed})
    assert state_after(draft, draft).needed == needed


@pytest.mark.parametrize("way", ["each/0", "each~2/0", "each~2.3/0/inner/1"])
def test_that_what_a_part_asked_is_asked_no_more_whichever_try_it_is_of(way):
    def asks(step_id, *steps):
        needed = [{"step_id": name, "path": f"{name}.output"} for name in steps]
        return EventDraft(EventType.INPUT_REQUIRED, step_id, data={"needed": needed})

    begun = [started(), running("each"), waiting("each", None, reason="child"), running("each~2")]
    state = state_after(*begun, asks("each~2", "each~2"), asks("each", f"{way}/a", f"{way}/b"))
    assert [item["step_id"] for item in state.needed] == ["each~2", f"{way}/a", f"{way}/b"]
    apply_all(state, history(*begun, asks("each", f"{way}/b"))[-1:])
    assert [item["step_id"] for item in state.needed] == ["each~2", f"{way}/b"]


def test_that_a_paused_run_says_why_and_a_resumed_one_no_longer():
    needed = [{"step_id": "a", "path": "input.x"}]
    state = state_after(started(), ended("PAUSED", reason="missing_input", needed=needed))
    assert (state.status, state.reason, state.needed) == (ExecutionStatus.PAUSED, "missing_input", needed)
    resumed = EventDraft(EventType.EXECUTION_RESUMED)
    state = state_after(started(), ended("PAUSED", reason="user"), resumed)
    assert (state.status, state.reason, state.started_at) == (ExecutionStatus.RUNNING, "", 101.0)


def test_that_an_ended_run_has_its_error_and_times():
    error = {"type": "ActionError", "message": "no"}
    shown = state_after(started(), ended("FAILED", error=error)).to_dict()
    assert shown["error"] == error
    assert shown["timings"] == {
        "created_at": 100.0,
        "started_at": 101.0,
        "ended_at": 102.0,
        "duration_ms": 1000.0,
    }


def test_that_connections_keep_what_was_decided():
    state = state_after(resolved("1"), resolved("2", "POISONED"))
    assert state.connections == {"1": ConnectionOutcome.TAKEN, "2": ConnectionOutcome.POISONED}
    assert state.to_dict()["connections"] == {"1": "TAKEN", "2": "POISONED"}


def test_that_a_failed_rollback_ends_the_run():
    rolling = EventDraft(EventType.STEP_ROLLING_BACK, "a")
    state = state_after(
        started(), running("a"), completed("a", 1), ended("ROLLING_BACK"), rolling, ended("ROLLBACK_FAILED")
    )
    assert state.status.is_terminal
    assert state.steps["a"].status is StepStatus.ROLLING_BACK
    assert state.steps["a"].output == 1


def test_that_progress_shows_and_is_kept_by_a_step_that_was_stopped():
    state = state_after(running("a"), progressed("a", 0.41, "4 of 10"))
    assert (state.steps["a"].progress, state.steps["a"].progress_text) == (0.41, "4 of 10")
    cancelled = EventDraft(EventType.STEP_CANCELLED, "a")
    state = state_after(running("a"), progressed("a", 0.41), cancelled)
    assert (state.steps["a"].status, state.steps["a"].progress) == (StepStatus.CANCELLED, 0.41)


def test_that_a_queued_step_is_shown_so_until_it_runs():
    queued = EventDraft(EventType.STEP_QUEUED, "a")
    assert state_after(queued).steps["a"].queued
    assert not state_after(queued, running("a")).steps["a"].queued


def test_that_a_step_state_once_handed_out_never_changes():
    events = history(running("a"), progressed("a", 0.5), completed("a", 1))
    state = ExecutionState.fold(events[:2])
    handed_out = state.steps["a"]
    for event in events[2:]:
        apply(state, event)
    assert handed_out.status is StepStatus.RUNNING
    assert handed_out.progress is None


@given(
    st.lists(
        st.one_of(
            st.builds(running, st.sampled_from("ab"), st.integers(1, 3)),
            st.builds(completed, st.sampled_from("ab"), st.integers(), st.integers(1, 3)),
            st.builds(failed, st.sampled_from("ab")),
            st.builds(waiting, st.sampled_from("ab"), st.just(200.0)),
            st.builds(progressed, st.sampled_from("ab"), st.just(0.5)),
            st.builds(resolved, st.sampled_from("cd")),
        ),
        max_size=12,
    )
)
def test_that_events_taken_together_come_to_the_same_as_one_at_a_time(drafts):
    created, *events = history(*drafts)
    together = ExecutionState.fold([created])
    single = copy.deepcopy(together)
    apply_all(together, events)
    for event in events:
        apply(single, event)
    assert together == single


def test_that_messages_move_nothing():
    log = EventDraft(EventType.STEP_LOG, "a", data={"text": "hello", "level": "info"})
    error = EventDraft(EventType.CONDITION_ERROR, "a", data={"connection_id": "1", "error": {}})
    before, after = state_after(running("a")), state_after(running("a"), log, error)
    assert after.steps == before.steps
    assert after.seq == 4


def test_that_an_event_shows_itself_as_json():
    (_, event) = history(running("a", 2))
    assert event.to_json() == {
        "v": 1,
        "seq": 2,
        "ts": 101.0,
        "execution_id": "run",
        "workflow_id": "w",
        "type": "STEP_RUNNING",
        "step_id": "a",
        "attempt": 2,
        "data": {},
    }
