"""`validate`, `runs` and `show`: looking without running."""

from __future__ import annotations

import asyncio
import json
import sys
from pathlib import Path
from typing import Any

from engine.catalog import Catalog
from engine.cli import stores, within
from engine.cli.exit_codes import ExitCode
from engine.cli.words import error_words, moment, say, shorten, writes_unicode
from engine.errors import DefinitionError, StoreBusy, WorkflowFileError
from engine.files import workflow_file
from engine.files.inclusion import with_files
from engine.history.state import ExecutionState
from engine.history.status import ExecutionStatus
from engine.store.state_manager import ExecutionSummary
from engine.validation import Problem, check


def validate(file: Path, *, as_json: bool) -> ExitCode:
    """Every problem of the workflow in the file; valid means that there is no error."""
    problems, line = _problems(file)
    is_valid = not any(problem.is_error for problem in problems)
    if as_json:
        listed = [{**problem.to_json(), **({"line": line} if line else {})} for problem in problems]
        say(json.dumps({"valid": is_valid, "problems": listed}, ensure_ascii=False))
    else:
        for problem in problems:
            say(
                f"{problem.severity}: {problem.message}"
                + (f"  [{problem.pointer}]" if problem.pointer else "")
            )
            if problem.suggestion:
                say(f"  -> {problem.suggestion}")
        errors = sum(problem.is_error for problem in problems)
        counts = f"{errors} {'error' if errors == 1 else 'errors'}, {len(problems) - errors} to look at"
        say(f"{file}: {'valid' if is_valid else 'not valid'}" + (f" ({counts})" if problems else ""))
    return ExitCode.COMPLETED if is_valid else ExitCode.INVALID_FILE


def _problems(file: Path) -> tuple[list[Problem], int | None]:
    from engine.actions.registry import ActionRegistry

    try:
        workflow = with_files(workflow_file.load(file), file.resolve().parent)
    except WorkflowFileError as error:
        problem = Problem(severity="error", code="file-bad", message=error.message, suggestion=error.hint)
        return [problem], error.line
    except DefinitionError as error:
        return list(error.problems), None
    return check(workflow, Catalog.load(), ActionRegistry.default()), None


def runs(store: Path | None, *, limit: int, as_json: bool) -> ExitCode:
    """The runs of the store, or of all usual stores, newest first."""
    found, busy = asyncio.run(_list(store, limit))
    if as_json:
        say(json.dumps([_summary_json(summary, path) for summary, path in found], ensure_ascii=False))
    else:
        for summary, _ in found:
            name = shorten(summary.workflow_name or summary.workflow_id, 40)
            status = summary.status.value.lower().replace("_", " ")
            say(f"{summary.id}  {moment(summary.created_at)}  {status:<22}  {name}")
        if not found:
            say("There are no runs yet.")
    for path in busy:
        say(f"Not shown: the runs in {path}, which another program holds (is the designer open?)")
    return ExitCode.COMPLETED


async def _list(store: Path | None, limit: int) -> tuple[list[tuple[ExecutionSummary, Path]], list[Path]]:
    found: list[tuple[ExecutionSummary, Path]] = []
    busy: list[Path] = []
    for path in [store] if store is not None else list(stores.existing()):
        try:
            async with stores.free_store(path) as (manager, _):
                found += [(summary, path) for summary in await manager.list_executions(limit=limit)]
        except StoreBusy:
            busy.append(path)
    found.sort(key=lambda pair: pair[0].created_at, reverse=True)
    return found[:limit], busy


def _summary_json(summary: ExecutionSummary, path: Path) -> dict[str, Any]:
    return {
        "execution_id": summary.id,
        "workflow_id": summary.workflow_id,
        "workflow_name": summary.workflow_name,
        "status": summary.status.value,
        "reason": summary.reason,
        "created_at": summary.created_at,
        "ended_at": summary.ended_at,
        "store": str(path),
    }


def show(execution_id: str, store: Path | None, *, as_json: bool) -> ExitCode:
    """Where a run is, step by step; the exit code is that of its status."""
    unicode = writes_unicode(sys.stdout)
    state, shown, lines = asyncio.run(_load(execution_id, store, unicode=unicode))
    if as_json:
        say(json.dumps(shown, ensure_ascii=False, default=str))
    else:
        status = state.status.value.lower().replace("_", " ")
        say(f"{state.workflow_name or state.workflow_id}: {status}, created {moment(state.created_at)}")
        for line in lines:
            say(line)
        if state.error:
            say(error_words(state.error))
    return _code(state.status)


async def _load(
    execution_id: str, store: Path | None, *, unicode: bool
) -> tuple[ExecutionState, dict[str, Any], list[str]]:
    async with stores.store_of(execution_id, store) as (manager, _):
        state = await manager.load_state(execution_id)
        shown = await manager.get_execution_state(execution_id)
        if parts := await within.parts_json(manager, state):
            shown["parts"] = parts
        return state, shown, await within.step_lines(manager, state, unicode=unicode)


def _code(status: ExecutionStatus) -> ExitCode:
    return ExitCode.COMPLETED if not status.is_terminal else ExitCode.of_status(status)
