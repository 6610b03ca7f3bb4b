"""The inspector: forms of what is selected, edits as single steps of undo, undo back into the same field."""

from __future__ import annotations

from typing import Any

from PySide6.QtCore import Qt
from PySide6.QtGui import QGuiApplication
from PySide6.QtWidgets import QApplication, QLabel, QLineEdit, QToolButton, QWidget
from pytestqt.qtbot import QtBot

from designer.editor import Editor
from designer.forms.condition_editor import ConditionEditor
from designer.forms.form import SchemaForm
from designer.forms.schema_editor import InputsEditor
from designer.forms.token_edit import TokenEdit
from designer.panels.inspector_node import NodePage
from designer.panels.inspector_others import ConnectionPage, ManyPage, WorkflowPage
from designer.panels.inspector_panel import InspectorPanel
from designer.theme import theme as themes
from designer.theme.controller import ThemeController
from engine.catalog import Catalog
from engine.history.status import StepStatus
from engine.history.step_state import StepState
from engine.model import edits
from tests.designer.inspector.conftest import TABLE, ran


def node_page(panel: InspectorPanel, node_id: str) -> NodePage:
    panel.show_selection([node_id], [])
    assert isinstance(panel.page, NodePage)
    return panel.page


def target(form: SchemaForm | None, name: str) -> Any:
    assert form is not None
    row = form.row(name)
    assert row is not None
    return row.editor.focus_target()


def message(form: SchemaForm | None, name: str) -> tuple[str, str]:
    assert form is not None
    row = form.row(name)
    assert row is not None
    return row.message()


def texts(widget: QWidget) -> list[str]:
    return [label.text() for label in widget.findChildren(QLabel) if label.isVisibleTo(widget)]


def test_that_a_node_shows_its_title_and_type(panel: InspectorPanel) -> None:
    page = node_page(panel, "late")
    assert texts(page.header)[1:] == ["Delayed departures", "Filter rows ·", "table.filter"]
    assert [page.tabs.tabText(one) for one in range(4)] == ["Parameters", "Error handling", "Output", "Notes"]


def test_that_typing_is_one_step_of_undo_and_undo_returns_to_the_field(
    panel: InspectorPanel, editor: Editor, qtbot: QtBot
) -> None:
    page = node_page(panel, "read")
    line = target(page.parameters, "path")
    assert isinstance(line, QLineEdit)
    line.setFocus()
    line.end(False)
    qtbot.keyClicks(line, ".gz")
    assert editor.workflow.nodes["read"].parameters["path"] == "flights.csv.gz"
    assert editor.undo_stack.count() == 1
    editor.undo_stack.undo()
    assert line.text() == "flights.csv"
    assert QApplication.focusWidget() is line
    assert panel.page is page
    editor.undo_stack.redo()
    assert line.text() == "flights.csv.gz"


def test_that_leaving_a_field_ends_the_step_of_undo(
    panel: InspectorPanel, editor: Editor, qtbot: QtBot
) -> None:
    page = node_page(panel, "late")
    edit = target(page.parameters, "condition")
    assert isinstance(edit, TokenEdit)
    edit.setFocus()
    qtbot.keyClick(edit, Qt.Key.Key_End)
    qtbot.keyClicks(edit, "0")
    target(page.parameters, "table").setFocus()
    edit.setFocus()
    qtbot.keyClicks(edit, "0")
    qtbot.keyClicks(edit, "1")
    assert editor.undo_stack.count() == 2


def test_that_an_input_without_a_value_is_explained_until_it_has_a_default(
    panel: InspectorPanel, editor: Editor
) -> None:
    page = node_page(panel, "late")
    parameters = {**editor.workflow.nodes["late"].parameters, "condition": "dep_delay > ${input.threshold}"}
    editor.push(edits.set_parameters(editor.workflow, "late", parameters))
    assert message(page.parameters, "condition") == (
        "warning",
        "threshold has no value yet. Give it when the run asks, or set a default.",
    )
    editor.push(edits.set_input_default(editor.workflow, "threshold", 60))
    assert message(page.parameters, "condition")[0] == "hint"


def test_that_references_which_cannot_work_are_warned_about(panel: InspectorPanel, editor: Editor) -> None:
    page = node_page(panel, "late")
    for source, word in (("${input.nope}", "no input nope"), ("${save.rows}", "does not run before")):
        parameters = {**editor.workflow.nodes["late"].parameters, "condition": f"dep_delay > {source}"}
        editor.push(edits.set_parameters(editor.workflow, "late", parameters))
        role, text = message(page.parameters, "condition")
        assert role == "warning"
        assert word in text


def test_that_a_run_tells_the_table_that_flows_in_and_its_columns(
    panel: InspectorPanel, qtbot: QtBot
) -> None:
    page = node_page(panel, "late")
    assert message(page.parameters, "table") == ("hint", "From Read flights")
    panel.apply_run({"read": ran({"table": TABLE, "rows": 336776})})
    assert message(page.parameters, "table") == ("hint", "336,776 rows × 2 columns, from Read flights")
    edit = target(page.parameters, "condition")
    edit.setFocus()
    edit.selectAll()
    qtbot.keyClicks(edit, "carr")
    completer = edit._completer
    assert completer.currentCompletion() == "carrier"
    completer.popup().hide()
    panel.clear_run()
    assert message(page.parameters, "table") == ("hint", "From Read flights")


def test_that_columns_can_be_known_before_a_run(panel: InspectorPanel) -> None:
    from designer.forms.context import Column

    asked: list[Any] = []

    def columns_of(node_id: str, reference: Any) -> list[Column]:
        asked.append((node_id, reference))
        return [Column(name="a")]

    panel.set_upstream_columns(columns_of)
    page = node_page(panel, "late")
    assert page.parameters is not None
    row = page.parameters.row("condition")
    assert row is not None
    assert [one.name for one in row.scope.columns_for(row.schema)] == ["a"]
    assert set(asked) == {("late", "${read.table}")}


def test_that_the_condition_of_the_incoming_connection_is_at_hand(
    panel: InspectorPanel, editor: Editor, qtbot: QtBot
) -> None:
    page = node_page(panel, "late")
    assert message(page.conditions, "c2") == ("hint", "The connection from Read flights has no condition.")
    edit = target(page.conditions, "c2")
    edit.setFocus()
    qtbot.keyClicks(edit, "rows > 5")
    assert editor.workflow.connections["c2"].condition == "rows > 5"
    assert message(page.conditions, "c2") == ("hint", "Checked when Read flights has ended.")
    editor.undo_stack.undo()
    assert edit.text() == ""


def test_that_error_handling_is_written_as_the_engine_reads_it(
    panel: InspectorPanel, editor: Editor, qtbot: QtBot
) -> None:
    page = node_page(panel, "read")
    panel.show_tab(1)
    assert page.policy is not None
    qtbot.keyClicks(target(page.policy, "attempts"), "3")
    qtbot.keyClicks(target(page.policy, "wait"), "2.5")
    qtbot.keyClicks(target(page.policy, "timeout"), "30")
    target(page.policy, "continue_on_error").click()
    config = editor.workflow.nodes["read"].config
    assert config["retry"] == {"max_attempts": 3, "initial_interval": 2.5}
    assert config["timeout"] == 30
    assert config["continue_on_error"] is True
    qtbot.keyClick(target(page.policy, "timeout"), Qt.Key.Key_Backspace)
    qtbot.keyClick(target(page.policy, "timeout"), Qt.Key.Key_Backspace)
    assert "timeout" not in editor.workflow.nodes["read"].config
    for _ in range(editor.undo_stack.count()):
        editor.undo_stack.undo()
    assert page.policy.value() == {}


def test_that_a_wrong_retry_is_not_written(panel: InspectorPanel, editor: Editor, qtbot: QtBot) -> None:
    page = node_page(panel, "read")
    panel.show_tab(1)
    qtbot.keyClicks(target(page.policy, "attempts"), "0")
    assert message(page.policy, "attempts")[0] == "error"
    assert "retry" not in editor.workflow.nodes["read"].config


def test_that_the_output_lists_references_and_the_last_result(panel: InspectorPanel, qtbot: QtBot) -> None:
    page = node_page(panel, "read")
    panel.show_tab(2)
    assert page.output is not None
    assert "Not run yet" in texts(page.output)
    assert "${read.table}" in texts(page.output)
    panel.apply_run({"read": ran({"table": TABLE, "rows": 336776, "note": "x" * 200}, attempts=2)})
    shown = texts(page.output)
    assert {"Completed", "830 ms", "336,776 rows × 2 columns", "336,776", "2"} <= set(shown)
    copy = next(one for one in page.output.findChildren(QToolButton) if "${read.table}" in one.toolTip())
    qtbot.mouseClick(copy, Qt.MouseButton.LeftButton)
    assert QGuiApplication.clipboard().text() == "${read.table}"


def test_that_an_error_is_shown_with_what_to_do(panel: InspectorPanel) -> None:
    page = node_page(panel, "read")
    panel.show_tab(2)
    error = {"type": "ActionError", "message": "No file flights.csv.", "hint": "Choose another."}
    panel.apply_run({"read": StepState(status=StepStatus.FAILED, error=error, started_at=1.0)})
    assert "No file flights.csv. Choose another." in texts(page.output or page)


def test_that_title_and_notes_are_edited(panel: InspectorPanel, editor: Editor, qtbot: QtBot) -> None:
    page = node_page(panel, "read")
    panel.show_tab(3)
    qtbot.keyClicks(target(page.notes, "title"), " 2013")
    qtbot.keyClicks(target(page.notes, "notes"), "from the airport")
    changed = editor.workflow.nodes["read"]
    assert (changed.title, changed.notes) == ("Read flights 2013", "from the airport")
    assert "Read flights 2013" in texts(page.header)
    assert editor.undo_stack.count() == 2


def test_that_the_open_tab_stays_from_node_to_node(panel: InspectorPanel) -> None:
    node_page(panel, "read")
    panel.show_tab(3)
    assert node_page(panel, "late").tabs.currentIndex() == 3


def test_that_a_node_of_an_unknown_type_keeps_its_parameters(
    panel: InspectorPanel, editor: Editor, qtbot: QtBot
) -> None:
    page = node_page(panel, "odd")
    assert "Unknown type ·" in texts(page.header)
    assert page.parameters is not None
    assert page.parameters.value() == {"a": 1}


def test_that_a_trigger_without_parameters_says_what_it_does(panel: InspectorPanel) -> None:
    page = node_page(panel, "start")
    assert page.parameters is None
    assert any("start yourself" in text for text in texts(page.stack))


def test_that_a_connection_shows_its_condition_as_rows(
    panel: InspectorPanel, editor: Editor, qtbot: QtBot
) -> None:
    panel.show_selection([], ["c3"])
    page = panel.page
    assert isinstance(page, ConnectionPage)
    assert "Delayed departures → Save" in texts(page.header)
    row = page.form.row("condition")
    assert row is not None
    assert isinstance(row.editor, ConditionEditor)
    first = row.editor.row_widgets[0]
    assert (first.left.text(), first.right.text()) == ("rows", "0")
    first.right.setFocus()
    first.right.selectAll()
    qtbot.keyClicks(first.right, "5")
    assert editor.workflow.connections["c3"].condition == "rows > 5"
    qtbot.keyClick(target(page.form, "on"), Qt.Key.Key_Down)
    assert editor.workflow.connections["c3"].on == "error"
    panel.apply_run({}, {"c3": "DEAD"})
    assert "In the last run it was not taken." in texts(page)


def test_that_only_a_connection_that_leaves_a_switch_has_an_order(
    panel: InspectorPanel, editor: Editor, qtbot: QtBot
) -> None:
    panel.show_selection([], ["c3"])
    assert isinstance(panel.page, ConnectionPage)
    assert panel.page.form.row("priority") is None
    assert not [text for text in texts(panel.page) if text.startswith("Tried as")]
    types = Catalog.load()
    switch = types.get("flow.switch")
    assert switch is not None
    edit, _ = edits.add_node(editor.workflow, switch, (0.0, 0.0))
    editor.push(edit)
    editor.push(edits.connect(editor.workflow, types, "late", "switch"))
    assert editor.workflow.nodes["switch"].parameters["value"] == "${late.table}"
    editor.push(edits.connect(editor.workflow, types, "switch", "odd", condition="rows > 1"))
    first = list(editor.workflow.connections)[-1]
    editor.push(edits.connect(editor.workflow, types, "switch", "save", condition="rows > 2"))
    panel.show_selection([], [first])
    page = panel.page
    assert isinstance(page, ConnectionPage)
    assert "Tried as number 1 of 2." in texts(page)
    field = target(page.form, "priority")
    field.setFocus()
    qtbot.keyClick(field, Qt.Key.Key_A, Qt.KeyboardModifier.ControlModifier)
    qtbot.keyClicks(field, "5")
    assert editor.workflow.connections[first].priority == 5
    assert "Tried as number 2 of 2." in texts(page)
    editor.push(edits.set_condition(editor.workflow, first, condition=None))
    assert editor.workflow.connections[first].priority == 5
    assert "Tried as number 2 of 2, for everything else." in texts(page)
    editor.undo_stack.undo()
    editor.undo_stack.undo()
    assert editor.workflow.connections[first].priority == 0


def test_that_several_are_counted_switched_off_and_deleted(
    panel: InspectorPanel, editor: Editor, qtbot: QtBot
) -> None:
    panel.show_selection(["read", "late"], ["c2"])
    page = panel.page
    assert isinstance(page, ManyPage)
    assert "2 nodes and 1 connection" in texts(page.header)
    qtbot.mouseClick(page.disable_button, Qt.MouseButton.LeftButton)
    assert editor.workflow.nodes["read"].disabled
    assert page.disable_button.text() == "Switch on"
    qtbot.mouseClick(page.delete_button, Qt.MouseButton.LeftButton)
    assert "read" not in editor.workflow.nodes
    assert isinstance(panel.page, WorkflowPage)


def test_that_nothing_selected_shows_the_workflow_and_its_inputs(
    panel: InspectorPanel, editor: Editor, qtbot: QtBot
) -> None:
    page = panel.page
    assert isinstance(page, WorkflowPage)
    assert "Workflow of 5 steps" in texts(page.header)
    qtbot.keyClicks(target(page.form, "name"), "!")
    assert editor.workflow.name == "Flights!"
    row = page.form.row("inputs")
    assert row is not None
    assert isinstance(row.editor, InputsEditor)
    qtbot.mouseClick(row.editor.add_button, Qt.MouseButton.LeftButton)
    qtbot.keyClicks(QApplication.focusWidget(), "month")
    assert list(editor.workflow.input_properties) == ["threshold", "month"]
    while editor.undo_stack.canUndo():
        editor.undo_stack.undo()
    assert [card.name.text() for card in row.editor.cards] == ["threshold"]


def test_that_the_page_goes_when_its_node_goes(panel: InspectorPanel, editor: Editor) -> None:
    node_page(panel, "save")
    editor.push(edits.delete(editor.workflow, panel._surroundings.types, ["save"], []))
    assert isinstance(panel.page, WorkflowPage)
    panel.show_selection(["save"], [])
    assert isinstance(panel.page, WorkflowPage)


def test_that_another_document_starts_anew(panel: InspectorPanel, editor: Editor) -> None:
    node_page(panel, "late")
    panel.apply_run({"read": ran({"table": TABLE})})
    editor.replace(edits_free(editor))
    assert isinstance(panel.page, WorkflowPage)
    assert panel._surroundings.steps == {}


def edits_free(editor: Editor) -> Any:
    from dataclasses import replace

    return replace(editor.workflow, name="Other")


def test_that_the_theme_is_taken_over(panel: InspectorPanel, qtbot: QtBot) -> None:
    page = node_page(panel, "late")
    controller = ThemeController("light")
    controller.set_mode("dark")
    assert themes.current().is_dark
    qtbot.waitUntil(lambda: panel.page is not page)
    controller.set_mode("light")


def test_that_rows_kept_in_the_last_run_are_shown_with_the_parameters(panel: InspectorPanel) -> None:
    page = node_page(panel, "late")
    assert page.result is not None
    assert not page.result.isVisible()
    panel.apply_run({"late": ran({"table": TABLE, "rows": 26581, "rows_in": 336776, "removed": 310195})})
    assert page.result.isVisibleTo(page)
    assert {"Rows kept", "26,581 (7.9 %)"} <= set(texts(page.result))


def test_that_entering_the_inspector_goes_to_the_first_field(panel: InspectorPanel, qtbot: QtBot) -> None:
    page = node_page(panel, "late")
    panel.setFocus()
    assert QApplication.focusWidget() is target(page.parameters, "table")
