"""What an action learns from its context, and how it is told to stop."""

from pathlib import Path
from typing import Any

import pytest

from engine.actions.context import StepContext
from engine.errors import FormRequired


class Reports:
    def __init__(self) -> None:
        self.said: list[tuple] = []

    def log(self, text: str, level: str) -> None:
        self.said.append((text, level))

    def progress(self, fraction: float, text: str) -> None:
        self.said.append((fraction, text))

    async def sleep(self, seconds: float) -> None:
        self.said.append(("sleep", seconds))


def make_context(reports: Reports | None = None, **values: Any) -> StepContext:
    described = {"execution_id": "run-1", "step_id": "read", "attempt": 2, "artifacts": None, **values}
    return StepContext(reports=reports or Reports(), **described)


def test_that_the_idempotency_key_is_the_same_for_every_attempt() -> None:
    assert make_context(attempt=1).idempotency_key == make_context(attempt=3).idempotency_key == "run-1:read"


@pytest.mark.parametrize(
    ("execution_id", "place"),
    [
        ("run/each/3", "run/each/3"),
        ("run/each~1.2/3/inner/0", "run/each/3/inner/0"),
        ("run/each/3/inner~1.12", "run/each/3/inner"),
        ("run/each~2/3", "run/each~2/3"),
        ("run/each~2.3/3/in~1.2/0", "run/each~2/3/in/0"),
    ],
)
def test_that_a_further_attempt_of_a_step_around_it_gives_no_other_key(execution_id: str, place: str) -> None:
    assert make_context(execution_id=execution_id).idempotency_key == f"{place}:read"


@pytest.mark.asyncio
async def test_that_a_context_reports_and_keeps_fractions_between_none_and_all() -> None:
    reports = Reports()
    context = make_context(reports)

    context.log("read 3 files")
    context.log("odd", "warning")
    context.progress(1.7, "nearly")
    context.progress(-1)
    await context.sleep(3)

    assert reports.said == [
        ("read 3 files", "info"),
        ("odd", "warning"),
        (1.0, "nearly"),
        (0.0, ""),
        ("sleep", 3),
    ]


def test_that_paths_start_at_the_folder_of_the_workflow(tmp_path: Path) -> None:
    context = make_context(base_dir=tmp_path)

    assert context.resolve_path("data/in.csv") == tmp_path / "data" / "in.csv"
    assert context.resolve_path("/etc/hosts") == Path("/etc/hosts")
    assert make_context().resolve_path("x.csv") == Path.cwd() / "x.csv"


def test_that_cancelling_runs_each_callback_once() -> None:
    context = make_context()
    calls: list[str] = []
    context.on_cancel(lambda: calls.append("interrupt"))

    assert not context.is_cancelled()
    context.cancel()
    context.cancel()

    assert context.is_cancelled()
    assert calls == ["interrupt"]


def test_that_a_callback_set_after_the_cancellation_runs_at_once() -> None:
    context = make_context()
    calls: list[str] = []
    context.cancel()
    context.on_cancel(lambda: calls.append("interrupt"))

    assert calls == ["interrupt"]


def test_that_asking_raises_what_pauses_the_step() -> None:
    with pytest.raises(FormRequired) as asked:
        make_context().ask({"type": "object"}, "Approve?", "It is big.")

    assert (asked.value.schema, asked.value.title, asked.value.text) == (
        {"type": "object"},
        "Approve?",
        "It is big.",
    )
