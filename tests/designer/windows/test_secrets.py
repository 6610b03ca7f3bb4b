"""Secrets are kept from the window, used by a run, and asked for where they are missing."""

from __future__ import annotations

from pathlib import Path

import pytest
from PySide6.QtWidgets import QLabel, QLineEdit, QToolButton
from pytestqt.qtbot import QtBot

from designer.dialogs.missing_input import MissingInputDialog
from designer.dialogs.secrets import SecretsDialog
from designer.execution.secret_keeper import secret_users
from engine.files import workflow_file
from engine.history.status import ExecutionStatus
from engine.model.workflow import Connection, Node, Workflow
from engine.secrets.sources import Secrets
from tests.support.desk import Desk
from tests.support.fake_keyring import FakeKeyring


@pytest.fixture
def ring(monkeypatch: pytest.MonkeyPatch) -> FakeKeyring:
    made = FakeKeyring()
    monkeypatch.setattr("engine.secrets.sources._find_keyring", lambda: made)
    return made


def drawn() -> Workflow:
    code = {"code": "result = len(inputs['t'])", "inputs": {"t": "${secrets.token}"}}
    nodes = {
        "start": Node(id="start", type="flow.manual"),
        "count": Node(id="count", type="code.python", title="Count", config={"parameters": code}),
    }
    wire = Connection(id="w", source="start", target="count", condition="exists(secrets.other)")
    return Workflow(id="s", name="S", nodes=nodes, connections={"w": wire})


def test_that_the_users_of_a_secret_are_found_in_steps_and_conditions() -> None:
    assert secret_users(drawn()) == {"token": ["Count"], "other": ["start"]}


@pytest.mark.usefixtures("ring")
def test_that_a_secret_is_added_replaced_and_forgotten_and_its_value_never_shown(
    desk: Desk, qtbot: QtBot, ring: FakeKeyring, tmp_path: Path
) -> None:
    path = tmp_path / "s.workflow.json"
    workflow_file.save(path, drawn())
    desk.open(path)
    window = desk.window
    window.commands["file.secrets"].trigger()
    qtbot.waitUntil(lambda: bool(window.findChildren(SecretsDialog)))
    dialog = window.findChildren(SecretsDialog)[0]

    def words() -> str:
        return " ".join(label.text() for label in dialog.findChildren(QLabel) if label.isVisibleTo(dialog))

    def tool(tip: str) -> QToolButton:
        found = [one for one in dialog.findChildren(QToolButton) if one.toolTip() == tip]
        return next(one for one in found if one.isVisibleTo(dialog))

    qtbot.waitUntil(lambda: "Fake keyring" in words())
    assert "missing, used by Count" in words()
    tool("Give token a value").click()
    assert dialog.name.text() == "token"
    assert not dialog.keep_button.isEnabled()
    dialog.value.setText("hunter2")
    dialog.keep_button.click()
    qtbot.waitUntil(lambda: "missing, used by Count" not in words())
    assert ring.kept["workflow-designer", "token"] == "hunter2"
    dialog.name.setText("token")
    assert dialog.keep_button.text() == "Replace"
    assert "hunter2" not in words() + dialog.value.text()
    dialog.name.setText("no name")
    dialog.value.setText("v")
    dialog.keep_button.click()
    qtbot.waitUntil(lambda: "cannot be the name" in dialog.complaint.text())
    names = [one.text for one in window.inspector._surroundings.references("count")]
    assert "secrets.token" in names
    tool("Forget token").click()
    qtbot.waitUntil(lambda: "missing, used by Count" in words())
    dialog.close_button.click()


def test_that_a_missing_secret_is_asked_for_hidden_and_kept_when_that_is_wanted(
    desk: Desk, qtbot: QtBot, ring: FakeKeyring, tmp_path: Path
) -> None:
    path = tmp_path / "s.workflow.json"
    workflow = drawn()
    wire = Connection(id="w", source="start", target="count")
    workflow_file.save(path, Workflow(id="s", name="S", nodes=dict(workflow.nodes), connections={"w": wire}))
    desk.open(path)
    window, controller = desk.window, desk.window.session.controller
    window.commands["run.run"].trigger()
    qtbot.waitUntil(lambda: bool(window.findChildren(MissingInputDialog)), timeout=15_000)
    dialog = window.findChildren(MissingInputDialog)[0]
    field = dialog.form.findChildren(QLineEdit)[0]
    assert field.echoMode() is QLineEdit.EchoMode.Password
    assert not dialog.as_default.isVisibleTo(dialog)
    assert dialog.keep_secret.isChecked()
    qtbot.keyClicks(field, "hunter2")
    dialog.resume_button.click()
    qtbot.waitUntil(lambda: controller.view.status is ExecutionStatus.COMPLETED, timeout=15_000)
    assert controller.steps["count"].output == {"result": 7}
    assert ring.kept["workflow-designer", "token"] == "hunter2"
    store = tmp_path / "data"
    assert not any(b"hunter2" in one.read_bytes() for one in store.rglob("*") if one.is_file())


def test_that_a_computer_without_a_keyring_asks_for_one_run_only(
    desk: Desk, qtbot: QtBot, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(__import__("sys").modules, "keyring", None)
    assert Secrets(environment={}).get("1 no name") is None
    desk.open()
    window = desk.window
    window.commands["file.secrets"].trigger()
    qtbot.waitUntil(lambda: bool(window.findChildren(SecretsDialog)))
    dialog = window.findChildren(SecretsDialog)[0]
    qtbot.waitUntil(lambda: "not installed" in dialog.where.text())
    assert not dialog.name.isEnabled()
    dialog.close_button.click()
