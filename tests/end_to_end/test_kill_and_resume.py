"""A run that waits for a person survives the death of the program."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from engine.files import codec, workflow_file

WORKFLOW = {
    "format": 1,
    "id": "late",
    "name": "Late departures",
    "inputs": {"type": "object", "properties": {"threshold": {"type": "number", "title": "Threshold"}}},
    "nodes": [
        {"id": "start", "type": "flow.manual"},
        {"id": "read", "type": "file.read_csv", "config": {"parameters": {"path": "delays.csv"}}},
        {
            "id": "keep",
            "type": "table.filter",
            "config": {
                "parameters": {"table": "${read.table}", "condition": "delay > ${input.threshold}"},
            },
        },
    ],
    "connections": [
        {"id": "a", "source": "start", "target": "read"},
        {"id": "b", "source": "read", "target": "keep"},
    ],
}
ROOT = Path(__file__).parents[2]


def start(folder: Path, task: str, argument: str) -> subprocess.Popen[str]:
    return subprocess.Popen(
        [sys.executable, "-m", "tests.end_to_end.desk_process", str(folder), task, argument],
        stdout=subprocess.PIPE,
        text=True,
        cwd=ROOT,
        env={**os.environ, "QT_QPA_PLATFORM": "offscreen"},
    )


pytestmark = pytest.mark.skipif(sys.platform == "win32", reason="SIGKILL is POSIX")


def test_that_a_run_that_waits_survives_kill_9_and_is_answered_in_a_new_process(tmp_path: Path) -> None:
    (tmp_path / "delays.csv").write_text("carrier,delay\nAA,10\nBB,70\nCC,90\n", encoding="utf-8")
    file = tmp_path / "late.workflow.json"
    workflow_file.save(file, codec.decode(WORKFLOW))
    with start(tmp_path, "run", str(file)) as first:
        assert first.stdout is not None
        assert first.stdout.readline().strip() == "paused"
        os.kill(first.pid, signal.SIGKILL)
    with start(tmp_path, "resume", "60") as second:
        said, _ = second.communicate(timeout=90)
    lines = said.splitlines()
    assert lines[0] == "A run of Late departures is waiting for you"
    assert "threshold has no value" in lines[1]
    assert lines[2] == "COMPLETED 2 3"
    assert lines[3] == "2"
    assert second.returncode == 0


def test_that_a_run_killed_in_flight_goes_on_when_its_file_is_opened_again(tmp_path: Path) -> None:
    wait = {"id": "wait", "type": "flow.wait", "config": {"parameters": {"seconds": 1}}}
    drawn = {
        "format": 1,
        "id": "slow",
        "name": "Slow",
        "nodes": [{"id": "start", "type": "flow.manual"}, wait],
        "connections": [{"id": "a", "source": "start", "target": "wait"}],
    }
    file = tmp_path / "slow.workflow.json"
    workflow_file.save(file, codec.decode(drawn))
    with start(tmp_path, "start", str(file)) as first:
        assert first.stdout is not None
        assert first.stdout.readline().strip() == "started"
        os.kill(first.pid, signal.SIGKILL)
    with start(tmp_path, "finish", str(file)) as second:
        said, _ = second.communicate(timeout=90)
    assert said.splitlines() == ["COMPLETED 2"]
