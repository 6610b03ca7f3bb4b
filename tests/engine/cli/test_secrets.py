"""Secrets from a shell: set, listed by name, used, forgotten."""

from __future__ import annotations

import json
import sys
from pathlib import Path
from types import SimpleNamespace

import pytest
from click.testing import CliRunner

from engine.cli.commands import commands
from tests.engine.cli.test_commands import Shell, node
from tests.support.fake_keyring import FakeKeyring


@pytest.fixture
def ring(monkeypatch: pytest.MonkeyPatch) -> FakeKeyring:
    made = FakeKeyring()
    monkeypatch.setitem(sys.modules, "keyring", SimpleNamespace(get_keyring=lambda: made))
    return made


@pytest.fixture
def shell(tmp_path: Path) -> Shell:
    return Shell(tmp_path)


def test_that_a_secret_is_read_from_standard_input_and_only_its_name_is_shown(
    shell: Shell, ring: FakeKeyring, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("WORKFLOW_SECRET_OTHER", "outside")
    assert "no secrets yet" not in shell.run("secrets", "list").output
    done = CliRunner().invoke(commands, ["secrets", "set", "token"], input="hunter2\n")
    assert (done.exit_code, ring.kept["workflow-designer", "token"]) == (0, "hunter2")
    listed = shell.run("secrets", "list")
    assert "token" in listed.output
    assert "WORKFLOW_SECRET_OTHER" in listed.output
    assert "hunter2" not in done.output + listed.output
    assert json.loads(shell.run("secrets", "list", "--json").stdout) == {
        "keyring": ["token"],
        "environment": ["OTHER"],
        "keyring_name": "Fake keyring",
    }
    assert shell.run("secrets", "delete", "token").exit_code == 0
    assert shell.run("secrets", "delete", "token").exit_code == 1


def test_that_a_run_that_lacks_a_secret_says_how_to_keep_it_and_goes_on_with_it(
    shell: Shell, ring: FakeKeyring
) -> None:
    says = node("says", "code.python", {"code": "result = len(inputs['t'])", "inputs": {"t": "${secrets.t}"}})
    file = shell.write(
        {
            "id": "w",
            "nodes": [node("start", "flow.manual"), says],
            "connections": [{"source": "start", "target": "says"}],
        }
    )
    waiting = shell.run("run", file)
    assert (waiting.exit_code, "workflow-designer secrets set t" in waiting.output) == (3, True)
    assert "--input" not in waiting.output
    run_id = json.loads(shell.run("run", file, "--json").stdout)["execution_id"]
    CliRunner().invoke(commands, ["secrets", "set", "t"], input="hunter2")
    done = shell.run("resume", run_id, "--json")
    assert (done.exit_code, json.loads(done.stdout)["outputs"]["says"]) == (0, {"result": 7})


def test_that_a_computer_without_a_keyring_says_what_to_do(
    shell: Shell, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(sys.modules, "keyring", None)
    refused = shell.run("secrets", "set", "t")
    assert (refused.exit_code, "WORKFLOW_SECRET_" in refused.output) == (1, True)
    assert "not installed" in shell.run("secrets", "list").output
