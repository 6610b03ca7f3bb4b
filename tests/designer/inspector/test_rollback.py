"""How a step is undone is edited beside its error handling."""

from __future__ import annotations

from typing import Any

import pytest
from pytestqt.qtbot import QtBot

from designer.editor import Editor
from designer.panels.inspector_panel import InspectorPanel
from designer.panels.inspector_rollback import RollbackEditor, fits
from engine.catalog import Catalog
from engine.model.edits import set_config

DELETE = {"service": "http", "action": "request", "parameters": {"url": "u", "method": "DELETE"}}


@pytest.fixture
def rollback(qtbot: QtBot) -> RollbackEditor:
    made = RollbackEditor(Catalog.load(), None)
    qtbot.addWidget(made)
    return made


def heard(made: RollbackEditor) -> list[Any]:
    values: list[Any] = []
    made.changed.connect(values.append)
    return values


def test_that_only_actions_that_can_undo_something_are_offered() -> None:
    offered = {one.id for one in Catalog.load() if fits(one)}
    assert {"http.request", "code.python"} <= offered
    assert not offered & {"flow.manual", "person.ask", "table.filter", "file.write_csv"}


def test_that_choosing_an_action_brings_its_form_and_choosing_none_takes_it_away(
    rollback: RollbackEditor,
) -> None:
    values = heard(rollback)
    assert rollback.choice is not None
    assert rollback.parameters is None
    rollback.choice.value_changed.emit({"what": "http.request"})
    assert rollback.parameters is not None
    rollback.parameters.value_changed.emit({"url": "u"})
    rollback.choice.value_changed.emit({"what": "http.request"})  # the same again changes nothing
    rollback.choice.value_changed.emit({"what": ""})
    service = {"service": "http", "action": "request"}
    assert values == [service, {**service, "parameters": {"url": "u"}}, None]
    assert rollback.parameters is None


def test_that_tries_keep_what_the_form_does_not_show(rollback: RollbackEditor) -> None:
    rollback.set_value({**DELETE, "retry": {"max_attempts": 2, "backoff": 3}, "timeout": {"total": 9}})
    assert rollback.tries is not None
    assert rollback.tries.value() == {"attempts": 2}
    values = heard(rollback)
    rollback.tries.value_changed.emit({"timeout": 4})
    assert values == [{**DELETE, "retry": {"backoff": 3}, "timeout": {"total": 9, "attempt": 4}}]
    rollback.set_value({**DELETE, "retry": 5, "timeout": 7})
    assert rollback.tries.value() == {"attempts": 5, "timeout": 7}


def test_that_an_action_nobody_knows_is_shown_and_kept(rollback: RollbackEditor) -> None:
    rollback.set_value({"action": "odd", "parameters": {"a": 1}})
    assert rollback.choice is not None
    assert rollback.parameters is not None
    assert rollback.choice.value() == {"what": "default.odd"}
    assert rollback.parameters.value() == {"a": 1}


def test_that_the_inspector_edits_it_and_undo_brings_it_back(panel: InspectorPanel, editor: Editor) -> None:
    panel.show_selection(["late"], [])
    page: Any = panel.page
    page.tabs.setCurrentIndex(1)
    page.rollback.choice.value_changed.emit({"what": "http.request"})
    assert editor.workflow.nodes["late"].config["rollback"] == {"service": "http", "action": "request"}
    editor.undo_stack.undo()
    assert "rollback" not in editor.workflow.nodes["late"].config
    assert page.rollback.parameters is None
    editor.push(set_config(editor.workflow, "late", rollback=DELETE))
    assert page.rollback.parameters.value() == DELETE["parameters"]
    panel.show_selection(["start"], [])
    start: Any = panel.page
    start.tabs.setCurrentIndex(1)
    assert start.rollback is None


def test_that_a_rollback_completes_what_its_step_was_given_and_gave(panel: InspectorPanel) -> None:
    panel.show_selection(["late"], [])
    names = [one.text for one in panel.page._surroundings.undo_names("late")]  # type: ignore[attr-defined]
    assert {"self.output.table", "self.input.condition", "error.message", "input.threshold"} <= set(names)
