"""Runs with runs inside them, from the command line."""

import json
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner, Result

from engine.cli.commands import commands
from engine.cli.exit_codes import ExitCode


def step(node_id: str, **values: Any) -> dict[str, Any]:
    return {"id": node_id, "type": "flow.set_values", "config": {"parameters": {"values": values}}}


def each(items: list[Any], *nodes: dict[str, Any], **parameters: Any) -> dict[str, Any]:
    inner = {"nodes": list(nodes), "outputs": "${index}"}
    config = {"parameters": {"items": items, **parameters}, "workflow": inner}
    return {"id": "each", "type": "flow.for_each", "title": "Each", "config": config}


@pytest.fixture
def shell(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Any:
    monkeypatch.chdir(tmp_path)

    def invoke(*arguments: str, node: dict[str, Any] | None = None) -> Result:
        if node is not None:
            Path("w.workflow.json").write_text(json.dumps({"id": "w", "name": "W", "nodes": [node]}), "utf-8")
        return CliRunner().invoke(commands, [*arguments, "--store", "runs.sqlite"])

    return invoke


def run_id(shell: Any) -> str:
    listed = json.loads(shell("runs", "--json").stdout)
    assert len(listed) == 1, "parts are no runs of their own"
    return str(listed[0]["execution_id"])


def test_that_parts_are_shown_below_their_step(shell: Any) -> None:
    wait = {"id": "wait", "type": "flow.wait", "config": {"parameters": {"seconds": "${item}"}}}
    node = each([0, "soon"], step("first", x="${item}"), wait, on_item_error="continue")
    result = shell("run", "w.workflow.json", node=node)
    assert result.exit_code == ExitCode.COMPLETED_WITH_ERRORS
    assert "1 of 2 items failed: [0, null]" in result.stdout
    shown = shell("show", run_id(shell)).stdout.splitlines()
    assert [line[:12].rstrip() for line in shown[1:]] == [
        "✓ each", "  ✓ 0", "    ✓ first", "    ✓ wait", "  ✗ 1", "    ✓ first", "    ✗ wait",
    ]  # fmt: skip
    told = json.loads(shell("show", run_id(shell), "--json").stdout)["parts"]["each"]
    assert [(part["execution_id"][-7:], part["status"]) for part in told] == [
        ("/each/0", "COMPLETED"),
        ("/each/1", "FAILED"),
    ]


def test_that_of_many_parts_only_those_are_shown_that_need_a_look(shell: Any) -> None:
    assert shell("run", "w.workflow.json", node=each([*range(12)], step("a"))).exit_code == 0
    assert shell("show", run_id(shell)).stdout.splitlines()[-1] == "  … and 12 more"


def test_that_what_parts_ask_is_answered_by_name(shell: Any) -> None:
    asks = step("a", x="${input.limit}")
    result = shell("run", "w.workflow.json", node=each([1, 2], asks))
    assert result.exit_code == ExitCode.WAITING
    assert result.stdout.count('limit, for "Each"') == 1
    resumed = shell("resume", run_id(shell), "--input", "limit=3")
    assert (resumed.exit_code, "each: [0, 1]" in resumed.stdout) == (0, False)
    assert "[0, 1]" in resumed.stdout


def test_that_a_named_file_is_read_and_one_that_is_not_there_is_named(shell: Any) -> None:
    inner = {"file": "part.workflow.json"}
    node = {"id": "part", "type": "flow.subworkflow", "config": {"workflow": inner}}
    missing = shell("run", "w.workflow.json", node=node)
    assert missing.exit_code == ExitCode.INVALID_FILE
    assert "part.workflow.json" in missing.output
    Path("part.workflow.json").write_text(json.dumps({"nodes": [step("a", x=1)]}), "utf-8")
    found = shell("run", "w.workflow.json", node=node)
    assert (found.exit_code, '{"a": {"x": 1}}' in found.stdout) == (0, True)
