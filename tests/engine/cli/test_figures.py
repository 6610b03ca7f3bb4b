"""Figures over the runs of a workflow, from a shell."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from tests.engine.cli.test_commands import Shell, held, node, values


@pytest.fixture
def shell(tmp_path: Path) -> Shell:
    return Shell(tmp_path)


def test_that_runs_are_counted_by_version_and_step(shell: Shell) -> None:
    def document(n: int) -> dict:
        connections = [{"source": "start", "target": "set"}]
        return {"id": "w", "nodes": [node("start", "flow.manual"), values(n=n)], "connections": connections}

    assert shell.run("stats", "w").output == "There are no runs of w.\n"
    for n in (1, 1, 2):
        file = shell.write(document(n))
        shell.run("run", file)
    shown = shell.run("stats", file)
    assert "w: 3 runs, 100% succeeded, active" in shown.output
    assert shown.output.count("  version ") == 2
    row = next(line for line in shown.output.splitlines() if line.startswith("set "))
    assert row.split()[1:4] == ["3", "100%", "0"]
    told = json.loads(shell.run("stats", "w", "--json").stdout)
    assert (told["total"]["runs"], [one["runs"] for one in told["versions"]]) == (3, [1, 2])
    version = told["versions"][1]["definition_hash"]
    assert json.loads(shell.run("stats", "w", "--json", "--version", version).stdout)["total"]["runs"] == 2
    assert json.loads(shell.run("stats", "w", "--json", "--limit", 1).stdout)["total"]["runs"] == 1
    with held(shell.store):
        assert "another program holds" in shell.run("stats", "w").output
