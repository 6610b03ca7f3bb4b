"""`stats`: figures over the runs of a workflow."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Sequence
from pathlib import Path

from engine.cli import stores
from engine.cli.exit_codes import ExitCode
from engine.cli.words import moment, say, seconds
from engine.errors import StoreBusy
from engine.files import workflow_file
from engine.history.statistics import RunStatistics, RunTimes, Spread, WorkflowStatistics, statistics
from engine.store.times import times_of_runs


def stats(workflow: str, store: Path | None, *, version: str, limit: int, as_json: bool) -> ExitCode:
    """Figures over the runs of the store, or of all usual ones."""
    path = Path(workflow)
    workflow_id = workflow_file.load(path).id if path.is_file() else workflow
    runs, busy = asyncio.run(_times(workflow_id, store, limit))
    runs.sort(key=lambda run: run.created_at, reverse=True)
    found = statistics(workflow_id, runs[:limit], version)
    if as_json:
        say(json.dumps(found.to_json(), ensure_ascii=False))
    else:
        for line in _lines(found):
            say(line)
    for held in busy:
        say(f"Not counted: the runs in {held}, which another program holds (is the designer open?)")
    return ExitCode.COMPLETED


async def _times(workflow_id: str, store: Path | None, limit: int) -> tuple[list[RunTimes], list[Path]]:
    runs: list[RunTimes] = []
    busy: list[Path] = []
    for path in [store] if store is not None else list(stores.existing()):
        try:
            async with stores.free_store(path) as (manager, _):
                runs += await times_of_runs(manager, workflow_id, limit=limit)
        except StoreBusy:
            busy.append(path)
    return runs, busy


def _lines(found: WorkflowStatistics) -> list[str]:
    total = found.total
    if not total.runs:
        return [f"There are no runs of {found.workflow_id}."]
    lines = [f"{found.workflow_id}: {_run_words(total)}"]
    if len(found.versions) > 1:
        lines += [f"  version {one.definition_hash[:12]}: {_run_words(one)}" for one in found.versions]
    rows = [("step", "runs", "success", "retries", "active p50", "p95", "waiting p50", "queue p50")]
    rows += [
        (
            step.step_id,
            str(step.runs),
            _share(step.success_rate),
            str(step.retries),
            _took(step.active_ms.p50),
            _took(step.active_ms.p95),
            _took(step.waiting_ms.p50),
            _took(step.queue_ms.p50),
        )
        for step in found.steps
    ]
    return [*lines, *_table(rows)]


def _run_words(runs: RunStatistics) -> str:
    count = f"{runs.runs} {'run' if runs.runs == 1 else 'runs'}"
    words = [count, f"{_share(runs.success_rate)} succeeded", f"active {_spread(runs.active_ms)}"]
    if runs.waiting_ms.p95:
        words.append(f"waiting {_spread(runs.waiting_ms)}")
    return ", ".join([*words, f"last {moment(runs.last_run_at)}"])


def _spread(times: Spread) -> str:
    return f"{_took(times.p50)} (p95 {_took(times.p95)})"


def _took(milliseconds: float | None) -> str:
    return "-" if milliseconds is None else seconds(milliseconds / 1000)


def _share(rate: float | None) -> str:
    return "-" if rate is None else f"{rate:.0%}"


def _table(rows: Sequence[tuple[str, ...]]) -> list[str]:
    widths = [max(len(row[column]) for row in rows) for column in range(len(rows[0]))]
    return [
        "  ".join(
            cell.ljust(width) if column == 0 else cell.rjust(width)
            for column, (cell, width) in enumerate(zip(row, widths, strict=True))
        ).rstrip()
        for row in rows
    ]
