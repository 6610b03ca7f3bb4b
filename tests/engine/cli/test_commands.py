"""The commands as a shell sees them: what they print, and the code they end with."""

import asyncio
import json
import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner, Result

from engine.cli import stores
from engine.cli.commands import commands
from engine.cli.exit_codes import ExitCode
from engine.history.status import ExecutionStatus
from engine.store.sqlite import SqliteStateManager

ROOT = Path(__file__).resolve().parents[3]


class Shell:
    """Runs commands in a folder of their own, with a store of their own."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.store = folder / "runs.sqlite"

    def write(self, document: dict[str, Any], name: str = "a.workflow.json") -> Path:
        path = self.folder / name
        path.write_text(json.dumps(document), "utf-8")
        return path

    def run(self, *arguments: object) -> Result:
        environment = {"WORKFLOW_DESIGNER_STORE": str(self.store)}
        return CliRunner().invoke(commands, [str(each) for each in arguments], env=environment)


@pytest.fixture
def shell(tmp_path: Path) -> Shell:
    return Shell(tmp_path)


def node(node_id: str, kind: str, parameters: dict[str, Any] | None = None, **config: Any) -> dict[str, Any]:
    return {
        "id": node_id,
        "type": kind,
        "title": node_id.title(),
        "config": {"parameters": parameters or {}, **config},
    }


def values(node_id: str = "set", **given: Any) -> dict[str, Any]:
    return node(node_id, "flow.set_values", {"values": given})


ASKING = {
    "id": "asking",
    "inputs": {
        "type": "object",
        "properties": {
            "n": {"type": "integer", "title": "Number", "description": "How many.", "examples": [7]}
        },
        "required": ["n"],
    },
    "nodes": [{"id": "start", "type": "flow.manual"}, values(n="${input.n}"), values("last", m="${set.n}")],
    "connections": [{"source": "start", "target": "set"}, {"source": "set", "target": "last"}],
}


def test_that_a_completed_run_prints_its_outputs_and_ends_with_0(shell: Shell) -> None:
    result = shell.run("run", shell.write(ASKING), "--input", "n=5")
    assert result.exit_code == ExitCode.COMPLETED
    assert "Completed: 3 of 3 steps" in result.output
    assert 'Outputs:\n  Last: {"m": 5}' in result.output
    assert '+ Set    {"n": 5}' in result.output or '✓ Set    {"n": 5}' in result.output


def test_that_a_waiting_run_ends_with_3_and_the_command_it_names_goes_on(shell: Shell) -> None:
    result = shell.run("run", shell.write(ASKING))
    assert result.exit_code == ExitCode.WAITING
    assert 'n (Number), for "Set": How many.' in result.output
    words = result.output.splitlines()[-1].split()
    assert words[:2] == ["workflow-designer", "resume"]
    assert words[3:] == ["--input", "n=7", "--store", str(shell.store)]
    resumed = shell.run(*words[1:])
    assert resumed.exit_code == ExitCode.COMPLETED
    assert '{"m": 7}' in resumed.output
    assert "Start" not in resumed.output
    again = shell.run("resume", words[2])
    assert again.exit_code == ExitCode.COMPLETED


def test_that_a_named_store_is_part_of_the_command_to_go_on(shell: Shell) -> None:
    result = shell.run("run", shell.write(ASKING), "--store", shell.folder / "my runs.sqlite")
    assert f"--store '{shell.folder}/my runs.sqlite'" in result.output


def test_that_a_wrong_answer_is_refused_and_the_run_stays(shell: Shell) -> None:
    execution_id = json.loads(shell.run("run", shell.write(ASKING), "--json").stdout)["execution_id"]
    refused = shell.run("resume", execution_id, "--input", "n=many")
    assert refused.exit_code == ExitCode.USAGE
    assert "'many' is not a whole number" in refused.stderr
    still = shell.run("resume", execution_id)
    assert still.exit_code == ExitCode.WAITING


def test_that_a_form_is_asked_for_field_by_field(shell: Shell) -> None:
    form = {
        "type": "object",
        "properties": {"ok": {"type": "boolean"}, "why": {"type": "string"}},
        "required": ["ok"],
    }
    asking = node("ask", "person.ask", {"title": "Approve?", "text": "Look first.", "form": form})
    result = shell.run("run", shell.write({"nodes": [asking]}))
    assert result.exit_code == ExitCode.WAITING
    assert "Look first." in result.output
    words = result.output.splitlines()[-1].split()
    assert words[3:5] == ["--input", "ask.output.ok=true"]
    assert shell.run(*words[1:]).exit_code == ExitCode.COMPLETED


def test_that_a_failed_run_ends_with_1_and_a_tolerated_failure_with_5(shell: Shell) -> None:
    missing = node("read", "file.read_csv", {"path": "absent.csv"})
    failed = shell.run("run", shell.write({"nodes": [missing]}))
    assert failed.exit_code == ExitCode.FAILED
    assert "Failed: 0 of 1 steps, 1 failed" in failed.output
    assert "absent.csv" in failed.output
    missing["config"]["continue_on_error"] = True
    tolerated = shell.run("run", shell.write({"nodes": [missing, values()]}))
    assert tolerated.exit_code == ExitCode.COMPLETED_WITH_ERRORS
    assert "Completed with errors" in tolerated.output


def test_that_paths_are_relative_to_the_file(shell: Shell) -> None:
    (shell.folder / "data.csv").write_text("a,b\n1,2\n")
    result = shell.run("run", shell.write({"nodes": [node("read", "file.read_csv", {"path": "data.csv"})]}))
    assert "1 rows × 2 columns" in result.output or "1 rows ? 2 columns" in result.output
    assert result.exit_code == ExitCode.COMPLETED


@pytest.mark.parametrize(
    ("content", "words"),
    [
        ("{", "ends too early"),
        ('{"nodes": [{"id": "a"}, {"id": "a"}]}', "Two nodes have the id 'a'"),
        ('{"nodes": [{"id": "a", "type": "table.filtr"}]}', "unknown type, table.filtr -> table.filter"),
        ('{"format": 9}', "update to open it"),
    ],
)
def test_that_an_invalid_file_ends_with_4_and_says_why(shell: Shell, content: str, words: str) -> None:
    path = shell.folder / "bad.json"
    path.write_text(content)
    result = shell.run("run", path)
    assert result.exit_code == ExitCode.INVALID_FILE
    assert words in result.stderr
    assert shell.run("run", shell.folder / "absent.json").exit_code == ExitCode.INVALID_FILE


def test_that_a_wrong_command_line_ends_with_2(shell: Shell) -> None:
    path = shell.write(ASKING)
    assert shell.run("run").exit_code == ExitCode.USAGE
    assert shell.run("run", path, "--input", "n").exit_code == ExitCode.USAGE
    assert shell.run("run", path, "--input", "n=x").exit_code == ExitCode.USAGE
    too_small = {**ASKING, "inputs": {"properties": {"n": {"type": "integer", "minimum": 10}}}}
    refused = shell.run("run", shell.write(too_small), "--input", "n=5")
    assert refused.exit_code == ExitCode.USAGE
    assert "must be at least 10" in refused.stderr


def test_that_a_strict_run_does_not_start_without_its_inputs(shell: Shell) -> None:
    result = shell.run("run", shell.write(ASKING), "--strict")
    assert result.exit_code == ExitCode.USAGE
    assert "n must be given" in result.stderr
    assert "--input n=7" in result.stderr
    assert "no runs yet" in shell.run("runs").output
    assert shell.run("run", shell.write(ASKING), "--strict", "--input", "n=1").exit_code == 0


def test_that_json_is_one_document_on_stdout_and_progress_goes_to_stderr(shell: Shell) -> None:
    result = shell.run("run", shell.write(ASKING), "--json")
    document = json.loads(result.stdout)
    assert document["status"] == "PAUSED"
    assert document["exit_code"] == ExitCode.WAITING
    assert document["resume"].startswith("workflow-designer resume ")
    assert document["needed"][0]["path"] == "input.n"
    assert "needs input.n" in result.stderr
    done = json.loads(shell.run("run", shell.write(ASKING), "--json", "--input", "n=1").stdout)
    assert (done["outputs"]["last"], done["resume"]) == ({"m": 1}, None)


def test_that_validate_lists_every_problem(shell: Shell) -> None:
    sound = shell.run("validate", shell.write(ASKING))
    assert (sound.exit_code, sound.output.strip()) == (0, f"{shell.folder}/a.workflow.json: valid")
    bad = {"nodes": [node("f", "table.filter"), {"id": "x", "type": "flow.wiat"}]}
    result = shell.run("validate", shell.write(bad))
    assert result.exit_code == ExitCode.INVALID_FILE
    assert (
        'error: "F" needs a table: Table is not connected  [/nodes/0/config/parameters/table]'
        in result.output
    )
    assert "-> flow.wait" in result.output
    assert "not valid (2 errors, 0 to look at)" in result.output


def test_that_validate_gives_json_for_every_kind_of_fault(shell: Shell) -> None:
    path = shell.folder / "bad.json"
    path.write_text('{\n"nodes": 5}')
    document = json.loads(shell.run("validate", path, "--json").stdout)
    assert document["valid"] is False
    assert (document["problems"][0]["code"], document["problems"][0]["line"]) == ("file-bad", 2)
    path.write_text('{"nodes": [{"id": "a"}, {"id": "a"}]}')
    document = json.loads(shell.run("validate", path, "--json").stdout)
    assert [problem["code"] for problem in document["problems"]] == ["duplicate-id"]
    document = json.loads(shell.run("validate", shell.write(ASKING), "--json").stdout)
    assert document == {"valid": True, "problems": []}


def test_that_runs_are_listed_and_shown(shell: Shell) -> None:
    assert "There are no runs yet." in shell.run("runs", "--store", shell.folder / "new.sqlite").output
    shell.run("run", shell.write({**ASKING, "name": "Asking"}))
    shell.run("run", shell.write(ASKING), "--input", "n=1")
    listed = shell.run("runs").output.splitlines()
    assert len(listed) == 2
    assert "completed" in listed[0]
    assert listed[1].endswith("Asking")
    summaries = json.loads(shell.run("runs", "--json", "--limit", "1").stdout)
    assert [(each["status"], each["store"]) for each in summaries] == [("COMPLETED", str(shell.store))]
    shown = shell.run("show", listed[1].split()[0])
    assert shown.exit_code == 0
    assert "needs input.n" in shown.output
    assert json.loads(shell.run("show", listed[0].split()[0], "--json").stdout)["outputs"]["last"] == {"m": 1}
    unknown = shell.run("show", "nothing")
    assert unknown.exit_code == ExitCode.FAILED
    assert "no run 'nothing'" in unknown.stderr


def test_that_the_error_of_a_failed_run_is_shown(shell: Shell) -> None:
    shell.run("run", shell.write({"nodes": [node("read", "file.read_csv", {"path": "absent.csv"})]}))
    shown = shell.run("show", shell.run("runs").output.split()[0])
    assert shown.exit_code == ExitCode.FAILED
    assert "absent.csv" in shown.output


def test_that_every_status_has_its_code() -> None:
    codes = {status: ExitCode.of_status(status) for status in ExecutionStatus}
    assert codes[ExecutionStatus.CANCELLED] is ExitCode.FAILED
    assert codes[ExecutionStatus.PAUSED] is ExitCode.WAITING
    assert len(set(ExitCode)) == 7


def test_that_the_version_and_help_are_printed(shell: Shell) -> None:
    assert shell.run("--version").output.startswith("workflow-designer ")
    assert "130 interrupted" in shell.run("run", "--help").output


@contextmanager
def held(store: Path) -> Iterator[None]:
    """Another engine has the store open."""
    manager = SqliteStateManager(store)
    with asyncio.Runner() as runner:
        runner.run(manager.open())
        try:
            yield
        finally:
            runner.run(manager.close())


def test_that_a_run_finds_a_free_store_while_another_program_holds_the_usual_one(
    shell: Shell, monkeypatch: pytest.MonkeyPatch
) -> None:
    usual = shell.folder / "data" / "runs.sqlite"
    monkeypatch.setattr(stores, "usual_store", lambda: usual)
    shell.store = Path("")
    path = shell.write(ASKING)

    def invoke(*arguments: object) -> Result:
        return CliRunner().invoke(
            commands, [str(each) for each in arguments], env={"WORKFLOW_DESIGNER_STORE": None}
        )

    first = json.loads(invoke("run", path, "--json").stdout)["execution_id"]
    with held(usual):
        second = json.loads(invoke("run", path, "--json").stdout)["execution_id"]
        assert (shell.folder / "data" / "runs-2.sqlite").exists()
        assert "another program holds" in invoke("runs").output
        assert invoke("show", first).exit_code == ExitCode.FAILED
        assert invoke("resume", second, "--input", "n=1").exit_code == ExitCode.COMPLETED
    assert invoke("resume", first, "--input", "n=1").exit_code == ExitCode.COMPLETED


@pytest.mark.skipif(sys.platform == "win32", reason="signals are a thing of POSIX")
def test_that_ctrl_c_keeps_the_run_for_later(shell: Shell) -> None:
    path = shell.write({"nodes": [node("wait", "flow.wait", {"seconds": 60})]})
    process = subprocess.Popen(
        [sys.executable, "-m", "engine", "run", str(path), "--store", str(shell.store)],
        cwd=ROOT,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        env={**os.environ, "PYTHONUTF8": "1"},
    )
    assert process.stdout is not None
    assert "waits" in process.stdout.readline()
    process.send_signal(signal.SIGINT)
    output, errors = process.communicate(timeout=30)
    assert process.returncode == ExitCode.INTERRUPTED
    assert "Paused: 0 of 1 steps" in output
    assert "workflow-designer resume " in output
    assert "Interrupted" in errors
    assert "paused" in shell.run("runs").output


def test_that_prune_removes_old_runs_and_says_what_it_freed(shell: Shell) -> None:
    empty = CliRunner().invoke(commands, ["prune", "--store", str(shell.store), "--keep", "0"])
    assert (empty.exit_code, empty.output) == (0, "There was nothing to remove.\n")
    file = shell.write({"id": "w", "nodes": [values(text="x" * 70_000)], "connections": []})
    for _ in range(3):
        assert shell.run("run", file).exit_code == 0
    assert shell.run("prune", "--older-than", 1).output == "There was nothing to remove.\n"
    pruned = shell.run("prune", "--keep", 1)
    assert (pruned.exit_code, pruned.output) == (0, "Removed 2 runs and 0 stored results: 0 bytes freed.\n")
    last = shell.run("prune", "--keep", 0)
    assert last.output == "Removed 1 run and 1 stored result: 70.0 kB freed.\n"
    assert json.loads(shell.run("prune", "--json").output) == [
        {"store": str(shell.store), "runs": 0, "results": 0, "bytes": 0}
    ]


def test_that_prune_says_which_store_another_program_holds(shell: Shell) -> None:
    with held(shell.store):
        refused = shell.run("prune", "--keep", 0)
    assert refused.exit_code == ExitCode.FAILED
    assert "another program holds" in refused.output
