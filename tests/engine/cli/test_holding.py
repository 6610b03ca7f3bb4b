"""Stopping before steps from the command line: run --break, run --step, resume --step."""

import json
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner, Result

from engine.cli.commands import commands
from engine.cli.exit_codes import ExitCode

Cli = Any


@pytest.fixture
def file(tmp_path: Path) -> Path:
    def values(node_id: str, **given: Any) -> dict[str, Any]:
        config = {"parameters": {"values": given}}
        return {"id": node_id, "type": "flow.set_values", "title": node_id.title(), "config": config}

    document = {
        "id": "held",
        "nodes": [values("a", v=1), values("b", v="${a.v}", text="x" * 900), values("c", v="${b.v}")],
        "connections": [{"id": p, "source": p[0], "target": p[2]} for p in ("a>b", "b>c")],
    }
    path = tmp_path / "held.workflow.json"
    path.write_text(json.dumps(document), "utf-8")
    return path


@pytest.fixture
def cli(file: Path) -> Cli:
    def invoke(*arguments: str) -> Result:
        store = str(file.with_name("runs.sqlite"))
        return CliRunner().invoke(commands, arguments, env={"WORKFLOW_DESIGNER_STORE": store})

    return invoke


def test_that_a_run_stops_before_a_step_shows_what_it_gets_and_is_resumed(cli: Cli, file: Path) -> None:
    stopped = cli("run", str(file), "--break", "b", "--break", "c")
    assert stopped.exit_code == ExitCode.WAITING
    assert 'Stopped before "B"\n  values: {"v": 1, "text": "xxx' in stopped.output
    assert max(map(len, stopped.output.splitlines())) < 220
    execution_id = stopped.output.split("(run ")[1].split(")")[0]
    again = cli("resume", execution_id)
    assert (again.exit_code, 'Stopped before "C"' in again.output) == (ExitCode.WAITING, True)
    assert cli("resume", execution_id).exit_code == ExitCode.COMPLETED


def test_that_a_run_goes_one_step_at_a_time(cli: Cli, file: Path) -> None:
    told = json.loads(cli("run", str(file), "--step", "--json").stdout)
    for done in range(3):
        assert (told["status"], len(told["outputs"])) == ("PAUSED", done)
        told = json.loads(cli("resume", told["execution_id"], "--step", "--json").stdout)
    assert told["status"] == "COMPLETED"


def test_that_a_broken_condition_is_repaired(cli: Cli, file: Path) -> None:
    document = json.loads(file.read_text("utf-8"))
    document["connections"][0]["condition"] = "v < 'x'"
    file.write_text(json.dumps(document), "utf-8")
    assert cli("run", str(file)).exit_code == ExitCode.FAILED
    waiting = cli("run", str(file), "--incidents", "pause")
    assert waiting.exit_code == ExitCode.WAITING
    assert "\nWaiting for a condition to be repaired: 1 of 3 steps" in waiting.output
    assert "    v < 'x'\nGo on with:" in waiting.output
    assert "--condition 'a>b=CONDITION'" in waiting.output
    execution_id = waiting.output.split("(run ")[1].split(")")[0]
    bad = cli("resume", execution_id, "--condition", "a>b=v <")
    assert bad.exit_code == ExitCode.USAGE
    assert cli("resume", execution_id, "--condition", "a>b").exit_code == ExitCode.USAGE
    told = json.loads(cli("resume", execution_id, "--condition", "a>b=v == 1", "--json").stdout)
    assert (told["status"], len(told["outputs"])) == ("COMPLETED", 3)


def test_that_the_condition_of_a_step_itself_is_repaired(cli: Cli, file: Path) -> None:
    document = json.loads(file.read_text("utf-8"))
    node = next(one for one in document["nodes"] if one["id"] == "b")
    node.setdefault("config", {})["condition"] = "a.v < 'x'"
    file.write_text(json.dumps(document), "utf-8")
    assert cli("run", str(file)).exit_code == ExitCode.FAILED
    waiting = cli("run", str(file), "--incidents", "pause")
    assert waiting.exit_code == ExitCode.WAITING
    assert "    a.v < 'x'\nGo on with:" in waiting.output
    assert "--condition b.condition=CONDITION" in waiting.output
    execution_id = waiting.output.split("(run ")[1].split(")")[0]
    assert "waits for its condition to be repaired" in cli("show", execution_id).output
    told = json.loads(cli("resume", execution_id, "--condition", "b.condition=a.v == 2", "--json").stdout)
    assert (told["status"], told["steps"]["b"]["status"]) == ("COMPLETED", "SKIPPED")


def test_that_a_breakpoint_before_no_step_is_refused(cli: Cli, file: Path) -> None:
    refused = cli("run", str(file), "--break", "bb")
    assert refused.exit_code == ExitCode.INVALID_FILE
    assert "There is no step 'bb' to stop before\nDid you mean b?" in refused.output
