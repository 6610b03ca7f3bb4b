"""Runs a sweep as its command does, for the tests that look at its figures."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parents[2]


def figures_of(name: str, *options: str) -> dict[str, Any]:
    """The figures of a sweep, which forks and so needs a process without threads to start from."""
    command = [sys.executable, "-m", f"tests.sweeps.{name}", "--json", *options]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)
    assert done.stdout, done.stderr
    figures: dict[str, Any] = json.loads(done.stdout)
    return figures
