"""Run an analyst's own Python code in a process of its own.

The process protects the program -- code that hangs, crashes or fills its memory is ended and nothing else
is harmed -- but not the computer: the code has the rights of whoever runs the workflow.
"""

from __future__ import annotations

import asyncio
import re
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

from engine.actions import code_worker
from engine.actions.duck import arriving, connect
from engine.actions.registry import handler
from engine.actions.sql import text_literal
from engine.backends.process import ProcessFailed, run_in_process
from engine.errors import ActionError

if TYPE_CHECKING:
    from engine.actions.context import StepContext

_WORKER = Path(code_worker.__file__)


@handler(effects="external")
async def python(params: Mapping[str, Any], context: StepContext) -> dict[str, Any]:
    """Run the code; what it sets as result is handed on, rows as a table."""
    code = str(params.get("code") or "")
    if not code.strip():
        raise ActionError("There is no code", hint="Write Python that sets result.")
    table = arriving(params, "table", context) if params.get("table") not in (None, "") else None
    output = context.artifacts.temporary(".parquet")
    payload = {
        "code": code,
        "inputs": params.get("inputs") or {},
        "table": str(table.path) if table else None,
        "output": str(output),
    }
    try:
        reply = await run_in_process(
            f"{_WORKER}:run",
            payload,
            timeout=float(params.get("timeout") or 300),
            step_id=context.step_id,
            on_line=context.log,
            cwd=context.base_dir,
        )
        if not reply["table"]:
            return {"result": reply["result"]}
        adopted = await asyncio.to_thread(_adopt, output, context)
        return {"result": reply["result"], "table": adopted, "rows": adopted["rows"]}
    except ProcessFailed as error:
        raise _in_the_code(error, code) from error
    finally:
        output.unlink(missing_ok=True)


def _adopt(path: Path, context: StepContext) -> dict[str, Any]:
    """The rows that the code wrote, with their types brought to the contract's."""
    with connect(context) as duck:
        return duck.write(f"SELECT * FROM read_parquet({text_literal(str(path))})")


def _in_the_code(error: ProcessFailed, code: str) -> ProcessFailed:
    """The fault with its line in the analyst's code."""
    lines = re.findall(rf'"?{re.escape(code_worker.FILENAME)}"?, line (\d+)', error.traceback)
    if not lines:
        return error
    number = int(lines[-1])
    source = code.splitlines()[number - 1].strip() if 0 < number <= len(code.splitlines()) else ""
    return ProcessFailed(
        f"Line {number}: {error.message}",
        error_type=error.error_type,
        traceback=error.traceback,
        hint=f"The line is: {source}" if source else error.hint,
    )
