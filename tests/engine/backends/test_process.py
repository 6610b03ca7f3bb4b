"""Code in a process of its own."""

from __future__ import annotations

import asyncio
import os
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from engine.backends.process import ProcessFailed, run_in_process
from engine.errors import StepTimeoutError

pytestmark = pytest.mark.asyncio

CODE = """
import os, subprocess, sys, time

def double(payload):
    print("doubling", payload["n"])
    print("no newline", end="")
    return {"n": payload["n"] * 2, "pid": os.getpid(), "isolated": sys.flags.isolated}

def fail(payload):
    raise ValueError("not like this")

def leave(payload):
    os._exit(3)

def odd(payload):
    return {1, 2}

def hang(payload):
    with open(payload["pid_file"] + ".part", "w") as file:
        child = subprocess.Popen([sys.executable, "-c", "import time; time.sleep(600)"])
        file.write(f"{os.getpid()} {child.pid}")
    os.rename(payload["pid_file"] + ".part", payload["pid_file"])
    time.sleep(600)

def loud(payload):
    print("x" * 200_000)
    return 1
"""


@pytest.fixture
def code(tmp_path: Path) -> Path:
    path = tmp_path / "code.py"
    path.write_text(CODE)
    return path


async def test_that_a_function_runs_isolated_and_what_it_prints_arrives(code: Path) -> None:
    lines: list[str] = []
    result = await run_in_process(f"{code}:double", {"n": 21}, on_line=lines.append)
    assert (result["n"], result["isolated"]) == (42, 1)
    assert result["pid"] != os.getpid()
    assert lines == ["doubling 21", "no newline"]


async def test_that_a_module_on_a_given_path_is_found(code: Path) -> None:
    assert (await run_in_process("code:double", {"n": 1}, path=[str(code.parent)]))["n"] == 2


async def test_that_the_codes_own_error_is_told(code: Path) -> None:
    with pytest.raises(ProcessFailed, match="ValueError: not like this") as caught:
        await run_in_process(f"{code}:fail", None)
    assert caught.value.error_type == "ValueError"
    assert 'raise ValueError("not like this")' in caught.value.traceback


@pytest.mark.parametrize(("name", "message"), [("leave", "exit code 3"), ("odd", "JSON"), ("gone", "gone")])
async def test_that_code_without_a_result_is_a_failure(code: Path, name: str, message: str) -> None:
    with pytest.raises(ProcessFailed, match=message):
        await run_in_process(f"{code}:{name}", None)


async def test_that_a_line_without_end_is_not_kept(code: Path) -> None:
    lines: list[str] = []
    assert await run_in_process(f"{code}:loud", None, on_line=lines.append) == 1
    assert sum(map(len, lines)) < 200_000


def _pids(pid_file: Path) -> list[int]:
    """The process and its child, once the code has written them down."""
    _until(pid_file.exists)
    return [int(pid) for pid in pid_file.read_text().split()]


def _gone(pid: int) -> bool:
    """Whether the process ends; a zombie that nobody reaps counts as ended."""

    def has_ended() -> bool:
        try:
            return Path(f"/proc/{pid}/stat").read_text().split()[2] == "Z"
        except FileNotFoundError:
            return True

    return _until(has_ended)


def _until(holds: Callable[[], bool]) -> bool:
    deadline = time.monotonic() + 20
    while not holds() and time.monotonic() < deadline:
        time.sleep(0.01)
    return holds()


@pytest.mark.skipif(not Path("/proc/self/stat").exists(), reason="looks at /proc")
async def test_that_a_timeout_kills_the_process_and_what_it_started(code: Path, tmp_path: Path) -> None:
    pid_file = tmp_path / "pids"
    payload: Any = {"pid_file": str(pid_file)}
    with pytest.raises(StepTimeoutError):
        await run_in_process(f"{code}:hang", payload, timeout=3)
    for pid in await asyncio.to_thread(_pids, pid_file):
        assert await asyncio.to_thread(_gone, pid)


@pytest.mark.skipif(not Path("/proc/self/stat").exists(), reason="looks at /proc")
async def test_that_a_cancellation_kills_it_too(code: Path, tmp_path: Path) -> None:
    pid_file = tmp_path / "pids"
    running = asyncio.create_task(run_in_process(f"{code}:hang", {"pid_file": str(pid_file)}))
    pids = await asyncio.to_thread(_pids, pid_file)
    running.cancel()
    with pytest.raises(asyncio.CancelledError):
        await running
    for pid in pids:
        assert await asyncio.to_thread(_gone, pid)


@pytest.mark.skipif(not Path("/proc/self/stat").exists(), reason="looks at /proc")
async def test_that_code_does_not_outlive_the_program(code: Path, tmp_path: Path) -> None:
    pid_file = tmp_path / "pids"
    program = (
        "import asyncio, sys\n"
        "from engine.backends.process import run_in_process\n"
        "asyncio.run(run_in_process(sys.argv[1], {'pid_file': sys.argv[2]}))\n"
    )
    engine = await asyncio.create_subprocess_exec(
        sys.executable, "-c", program, f"{code}:hang", str(pid_file), cwd=Path(__file__).parents[3]
    )
    pids = await asyncio.to_thread(_pids, pid_file)
    engine.kill()
    await engine.wait()
    for pid in pids:
        assert await asyncio.to_thread(_gone, pid)
