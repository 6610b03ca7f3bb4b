"""Runs a function in a process of its own, which a timeout or a cancellation really kills."""

from __future__ import annotations

import asyncio
import contextlib
import json
import os
import signal
import struct
import sys
from asyncio.subprocess import DEVNULL, PIPE, Process
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

from engine.errors import ActionError, StepTimeoutError
from engine.model.json_value import Json

_WORKER = Path(__file__).with_name("process_worker.py")
_HEADER = struct.Struct(">Q")
MAX_LINE = 64 * 1024
EXIT_S = 1.0
MAX_REPLY = 256 * 1024 * 1024


class ProcessFailed(ActionError):
    """The code raised, or its process ended without an answer; `traceback` is the code's own, if any."""

    def __init__(self, message: str, *, error_type: str = "", traceback: str = "", hint: str = "") -> None:
        super().__init__(message, hint=hint)
        self.error_type = error_type
        self.traceback = traceback


async def run_in_process(
    target: str,
    payload: Json,
    *,
    timeout: float | None = None,  # noqa: ASYNC109 - the agreed signature; it kills, which the caller cannot
    step_id: str = "",
    on_line: Callable[[str], None] | None = None,
    path: Sequence[str] = (),
    cwd: Path | None = None,
    env: Mapping[str, str] | None = None,
) -> Any:
    """What `function(payload)` returns, where target is "module:function" or "/path/to/file.py:function".

    The interpreter is isolated (`-I`): no user site, no PYTHON* variables, no current folder on the path;
    `path` adds folders. What the code prints arrives line by line at `on_line`. Payload and result are JSON.
    Raises ProcessFailed when the code raises, StepTimeoutError after `timeout` seconds. However this ends,
    the process and whatever it started are gone.
    """
    process = await asyncio.create_subprocess_exec(
        sys.executable,
        "-I",
        str(_WORKER),
        stdin=PIPE,
        stdout=PIPE,
        stderr=PIPE if on_line else DEVNULL,
        cwd=cwd,
        env=dict(env) if env is not None else None,
        limit=MAX_LINE,
        start_new_session=os.name == "posix",
    )
    lines = None
    if process.stderr is not None and on_line is not None:
        lines = asyncio.create_task(_read_lines(process.stderr, on_line), name="lines of a step's process")
    try:
        async with asyncio.timeout(timeout):
            reply = await _exchange(process, {"target": target, "payload": payload, "path": [*path]})
            await _wait_shortly(process)
    except TimeoutError:
        raise StepTimeoutError(step_id or target, timeout or 0.0) from None
    finally:
        await _end(process, lines)
    return _result(reply, process)


async def _exchange(process: Process, request: dict[str, Any]) -> dict[str, Any] | None:
    """The worker's answer, or None when it died before it gave one."""
    assert process.stdin is not None
    assert process.stdout is not None
    encoded = json.dumps(request, allow_nan=False).encode()
    try:
        process.stdin.write(_HEADER.pack(len(encoded)) + encoded)
        await process.stdin.drain()
        (size,) = _HEADER.unpack(await process.stdout.readexactly(_HEADER.size))
        if size > MAX_REPLY:
            raise ActionError(
                f"The code's result is {size:,} bytes of JSON",
                hint="Hand large data on as a table or a file.",
            )
        answer: dict[str, Any] = json.loads(await process.stdout.readexactly(size))
    except (asyncio.IncompleteReadError, ConnectionError):
        return None
    return answer


async def _read_lines(stream: asyncio.StreamReader, on_line: Callable[[str], None]) -> None:
    while True:
        try:
            line = await stream.readline()
        except ValueError:  # a line without end: what was read of it has been dropped
            on_line("(a line too long to show)")
            continue
        if not line:
            return
        on_line(line.decode("utf-8", "replace").rstrip("\r\n"))


async def _wait_shortly(process: Process) -> None:
    """Let a process that has answered flush what it printed and end by itself."""
    try:
        async with asyncio.timeout(EXIT_S):
            await process.wait()
    except TimeoutError:
        pass  # a thread of the code's holds it up; it is about to be killed


async def _end(process: Process, lines: asyncio.Task[None] | None) -> None:
    """Kill what still runs, with all it started, and wait for it even if we are cancelled meanwhile."""
    if os.name == "posix":
        # The group outlives its leader as long as the code's own child processes run.
        with contextlib.suppress(ProcessLookupError):
            os.killpg(process.pid, signal.SIGKILL)
    elif process.returncode is None:
        process.kill()
    ending = [asyncio.ensure_future(process.wait()), *([lines] if lines else [])]
    try:
        await asyncio.wait(ending)
    except asyncio.CancelledError:
        await asyncio.wait(ending)
        raise


def _result(reply: dict[str, Any] | None, process: Process) -> Any:
    if reply is None:
        code = process.returncode
        how = f"signal {-code}" if code is not None and code < 0 else f"exit code {code}"
        raise ProcessFailed(f"The code's process ended without a result ({how})", error_type="ProcessEnded")
    error = reply.get("error")
    if error is not None:
        raise ProcessFailed(
            f"{error['type']}: {error['message']}" if error["message"] else error["type"],
            error_type=error["type"],
            traceback=error["traceback"],
        )
    return reply["result"]
