"""A disk that refuses at any write costs a run nothing: a sample of the sweep.

The whole sweep: `python -m tests.sweeps.faults`, or `pytest -m slow -s tests/sweeps/test_faults.py`.
"""

from __future__ import annotations

import json
import sys

import pytest

from tests.sweeps.running import figures_of

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="forks, and looks at /proc")


def test_that_runs_outlive_a_disk_that_refuses_now_and_then() -> None:
    figures = figures_of("faults", "--sample")
    assert figures["violations"] == []
    assert figures["runs"] > 0
    faults = {"SQLITE_FULL", "SQLITE_IOERR_WRITE", "SQLITE_BUSY", "SQLITE_IOERR_FSYNC"}
    assert set(figures["faults"]) == faults


@pytest.mark.slow
def test_that_runs_outlive_a_disk_that_refuses_at_any_write(capsys: pytest.CaptureFixture[str]) -> None:
    figures = figures_of("faults")
    with capsys.disabled():
        print(json.dumps(figures, indent=2))
    assert figures["violations"] == []
    assert figures["runs"] >= 1_000
