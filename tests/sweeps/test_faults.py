"""A disk that refuses at any write costs a run nothing: a sample of the sweep.

The whole sweep: `python -m tests.sweeps.faults`, or `pytest -m slow -s tests/sweeps/test_faults.py`.
"""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

ROOT = Path(__file__).resolve().parents[2]

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="forks, and looks at /proc")


def sweep(*options: str) -> dict[str, Any]:
    """The figures of a sweep, which forks and so needs a process without threads to start from."""
    command = [sys.executable, "-m", "tests.sweeps.faults", "--json", *options]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)
    assert done.stdout, done.stderr
    figures: dict[str, Any] = json.loads(done.stdout)
    return figures


def test_that_runs_outlive_a_disk_that_refuses_now_and_then() -> None:
    figures = sweep("--sample")
    assert figures["violations"] == []
    assert figures["runs"] > 0
    assert set(figures["faults"]) == {"SQLITE_FULL", "SQLITE_IOERR_WRITE", "SQLITE_BUSY"}


@pytest.mark.slow
def test_that_runs_outlive_a_disk_that_refuses_at_any_write(capsys: pytest.CaptureFixture[str]) -> None:
    figures = sweep()
    with capsys.disabled():
        print(json.dumps(figures, indent=2))
    assert figures["violations"] == []
    assert figures["runs"] >= 1_000
