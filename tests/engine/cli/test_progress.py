"""What is shown while a run goes on."""

import io
from pathlib import Path
from typing import Any

import pytest

from engine.cli.progress import Lines, LiveTable, Progress, Silence, progress_for
from engine.cli.words import moment, output_words, say, seconds, shorten, step_words
from engine.history.events import Event, EventType
from engine.history.state import ExecutionState, apply
from engine.history.status import StepStatus
from engine.history.step_state import StepState

TITLES = {"a": "Read", "b": "Filter"}


class Terminal(io.StringIO):
    encoding = "utf-8"

    def isatty(self) -> bool:
        return True


def play(progress: Progress, events: list[tuple[EventType, str | None, dict[str, Any]]]) -> ExecutionState:
    state = ExecutionState(id="e", workflow_id="w")
    for number, (kind, step_id, data) in enumerate(events, 1):
        event = Event("e", "w", number, 1000.0 + number, kind, step_id, 1, data)
        apply(state, event)
        progress.show(event, state)
    progress.tick(state)
    progress.close(state)
    return state


EVENTS: list[tuple[EventType, str | None, dict[str, Any]]] = [
    (EventType.EXECUTION_STARTED, None, {}),
    (EventType.STEP_RUNNING, "a", {}),
    (EventType.STEP_LOG, "a", {"text": "[3] lines\nleft out", "level": "warning"}),
    (EventType.STEP_PROGRESS, "a", {"fraction": 0.5, "text": ""}),
    (EventType.STEP_COMPLETED, "a", {"output": {"n": 1}, "duration_ms": 1500}),
    (EventType.STEP_RUNNING, "b", {}),
    (
        EventType.STEP_FAILED,
        "b",
        {"error": {"message": "No column x.", "hint": "There is y."}, "handling": "unhandled"},
    ),
    (EventType.EXECUTION_FAILED, None, {"error": {"message": "No column x."}}),
]


def test_that_lines_tell_each_step_once_when_it_ends() -> None:
    stream = Terminal()
    play(Lines(TITLES, stream), EVENTS)
    assert stream.getvalue().splitlines() == [
        "  Read    [3] lines left out",
        '✓ Read    {"n": 1}  1.50 s',
        "✗ Filter  No column x. There is y.  1.00 s",
    ]


def test_that_a_stream_without_unicode_gets_plain_signs() -> None:
    stream = io.TextIOWrapper(io.BytesIO(), encoding="ascii")
    play(Lines(TITLES, stream), EVENTS)
    say("→", stream)
    stream.seek(0)
    assert stream.read().splitlines()[1:] == [
        '+ Read    {"n": 1}  1.50 s',
        "x Filter  No column x. There is y.  1.00 s",
        "?",
    ]


def test_that_a_terminal_gets_a_table_with_every_step() -> None:
    stream = Terminal()
    progress = progress_for(TITLES, stream)
    assert isinstance(progress, LiveTable)
    play(progress, EVENTS)
    text = stream.getvalue()
    assert "Read: [3] lines" in text
    assert "No column x." in text
    assert "2 of 2 steps" in text
    assert isinstance(progress_for(TITLES, io.StringIO()), Lines)


def test_that_a_large_workflow_shows_what_is_under_way_and_what_came_last() -> None:
    titles = {f"n{i}": f"Step {i}" for i in range(100)}
    table = LiveTable(titles, Terminal())
    state = ExecutionState(id="e", workflow_id="w")
    for i in range(60):
        state.steps[f"n{i}"] = StepState(status=StepStatus.COMPLETED)
    state.steps["n60"] = StepState(status=StepStatus.RUNNING, started_at=0.0)
    rows = table._rows(state)
    assert rows[-1] == "n60"
    assert len(rows) == 30
    table.close(state)


def test_that_silence_is_silent() -> None:
    assert play(Silence(), EVENTS).status.value == "FAILED"


@pytest.mark.parametrize(
    ("step", "words"),
    [
        (StepState(), "pending"),
        (StepState(status=StepStatus.RUNNING), "running"),
        (StepState(status=StepStatus.RUNNING, progress=0.25), "25%"),
        (StepState(status=StepStatus.RUNNING, progress=0.25, progress_text="3 of 12"), "3 of 12"),
        (StepState(status=StepStatus.WAITING, reason="timer"), "waits"),
        (StepState(status=StepStatus.WAITING, reason="retry", attempts=1, error={"message": "503"}),
         "waits again, attempt 2: 503"),
        (StepState(status=StepStatus.PAUSED, missing=("input.a", "input.b")), "needs input.a, input.b"),
        (StepState(status=StepStatus.PAUSED, reason="form"), "waits for an answer"),
        (StepState(status=StepStatus.PAUSED, reason="breakpoint"), "stopped before it began"),
        (StepState(status=StepStatus.FAILED), "failed"),
        (StepState(status=StepStatus.FAILED, error={"type": "KeyError"}), "KeyError"),
        (StepState(status=StepStatus.SKIPPED, reason="condition"), "skipped: its condition was not met"),
        (StepState(status=StepStatus.SKIPPED, reason="other"), "skipped: other"),
        (StepState(status=StepStatus.ROLLED_BACK), "rolled back"),
        (StepState(status=StepStatus.COMPLETED, output=1, via="fallback"), "1 (by its fallback)"),
    ],
)  # fmt: skip
def test_that_a_step_is_put_into_words(step: StepState, words: str) -> None:
    assert step_words(step) == words


@pytest.mark.parametrize(
    ("output", "words"),
    [
        (None, ""),
        ({}, ""),
        ({"started_at": "2026"}, ""),
        ({"$table": "x", "rows": 12345, "columns": [{}, {}]}, "12,345 rows × 2 columns"),
        ({"table": {"$table": "x"}}, "a table"),
        ({"value": {"$table": "x", "rows": 2, "columns": []}, "rows": 2}, "2 rows × 0 columns"),
        ({"path": "/x.csv", "rows": 2}, "/x.csv (2 rows)"),
        ({"path": "/x.png"}, "/x.png"),
        ({"table": 5}, '{"table": 5}'),
        ("x" * 500, '"' + "x" * 158 + "…"),
    ],
)
def test_that_an_output_is_put_into_words(output: Any, words: str) -> None:
    assert output_words(output) == words


def test_that_a_path_below_the_current_folder_is_short(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    assert output_words({"path": str(tmp_path / "output" / "a.png")}) == str(Path("output") / "a.png")


def test_that_durations_and_moments_read_well_at_any_size() -> None:
    assert [seconds(value) for value in (0.004, 12.34, 125, 7300)] == [
        "0.00 s",
        "12.3 s",
        "2 min 05 s",
        "2 h 01 min",
    ]
    assert moment(None) == ""
    assert len(moment(0.0)) == 19
    assert shorten("a\n b") == "a b"
