"""A part of a workflow from the command line: --to, --from, --only, --based-on, --ignore-pins."""

import json
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner, Result

from engine.cli.commands import commands
from engine.cli.exit_codes import ExitCode

Run = Any


def values(node_id: str, **given: Any) -> dict[str, Any]:
    config = {"parameters": {"values": given}}
    return {"id": node_id, "type": "flow.set_values", "title": node_id.title(), "config": config}


def wires(*pairs: str) -> list[dict[str, str]]:
    return [{"id": pair, "source": pair[0], "target": pair[2]} for pair in pairs]


@pytest.fixture
def file(tmp_path: Path) -> Path:
    document = {
        "id": "parts",
        "nodes": [values("a", v=1), values("b", v="${a.v}"), values("c", v="${b.v}")],
        "connections": wires("a>b", "b>c"),
    }
    path = tmp_path / "parts.workflow.json"
    path.write_text(json.dumps(document), "utf-8")
    return path


@pytest.fixture
def run(file: Path) -> Run:
    def invoke(*arguments: str) -> Result:
        store = str(file.with_name("runs.sqlite"))
        return CliRunner().invoke(
            commands, ["run", str(file), *arguments], env={"WORKFLOW_DESIGNER_STORE": store}
        )

    return invoke


def steps(result: Result) -> dict[str, str]:
    told = json.loads(result.stdout)["steps"]
    return {name: step.get("via") or step["reason"] or step["status"] for name, step in told.items()}


def test_that_a_run_goes_to_a_step_and_no_further(run: Run) -> None:
    result = run("--to", "b", "--json")
    assert result.exit_code == ExitCode.COMPLETED
    assert steps(result)["c"] == "not_selected"
    shown = run("--to", "b").output
    assert "2 of 3 steps, 1 no part of this run" in shown
    assert "○ C" not in shown


def test_that_a_run_starts_at_a_step_with_the_results_of_another(run: Run) -> None:
    base = json.loads(run("--json").stdout)["execution_id"]
    result = run("--from", "b", "--based-on", base, "--json")
    assert steps(result)["a"] == "reused"
    assert json.loads(result.stdout)["steps"]["a"]["reused_from"]["execution_id"] == base
    assert "unchanged: result of" in run("--only", "c").output


def test_that_one_step_alone_says_what_must_run_first(run: Run) -> None:
    result = run("--only", "c")
    assert result.exit_code == ExitCode.USAGE
    assert '"C" needs the result of "B", which has not run yet' in result.output
    assert 'Run to "C" instead' in result.output


def test_that_a_step_that_is_not_there_is_refused(run: Run) -> None:
    result = run("--to", "B")
    assert result.exit_code == ExitCode.INVALID_FILE
    assert 'did you mean "b"?' in result.output


def test_that_pins_can_be_ignored(run: Run, file: Path) -> None:
    document = json.loads(file.read_text("utf-8"))
    document["nodes"][1]["config"]["pin"] = {"output": {"v": 9}}
    file.write_text(json.dumps(document), "utf-8")
    assert json.loads(run("--json").stdout)["outputs"]["c"] == {"v": 9}
    assert "(pinned)" in run().output
    assert json.loads(run("--ignore-pins", "--json").stdout)["outputs"]["c"] == {"v": 1}


def test_that_a_failed_run_is_taken_up_again(tmp_path: Path) -> None:
    def shell(*arguments: str) -> Result:
        environment = {"WORKFLOW_DESIGNER_STORE": str(tmp_path / "runs.sqlite")}
        return CliRunner().invoke(commands, list(arguments), env=environment)

    reader = {
        "id": "b",
        "type": "file.read_csv",
        "title": "B",
        "config": {"parameters": {"path": "data.csv"}},
    }
    document = {"id": "again", "nodes": [values("a", v=1), reader], "connections": wires("a>b")}
    path = tmp_path / "again.workflow.json"
    path.write_text(json.dumps(document), "utf-8")
    failed = shell("run", str(path))
    assert failed.exit_code == ExitCode.FAILED
    assert "Run it again from where it failed with:" in failed.output
    command = failed.output.strip().splitlines()[-1].split()[1:]
    assert command[0] == "retry"
    (tmp_path / "data.csv").write_text("n\n1\n", "utf-8")
    mended = shell(*command, "--json")
    assert mended.exit_code == ExitCode.COMPLETED
    state = json.loads(mended.stdout)
    assert state["run_epoch"] == 2
    assert state["steps"]["a"]["attempts"] == 1
    nothing = shell(*command)
    assert nothing.exit_code == ExitCode.USAGE
    assert "Nothing failed in this run" in nothing.output
    refused = shell(*command, "--happened", "b")
    assert 'It is known how "B" ended' in refused.output
    assert shell(*command, "--from", "b").exit_code == ExitCode.COMPLETED
