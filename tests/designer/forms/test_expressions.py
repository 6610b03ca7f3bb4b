"""Expressions in fields: tokens, faults, completion, references by fx, tables, code, paths, dates."""

from __future__ import annotations

from typing import Any

import pytest
from PySide6.QtCore import Qt
from PySide6.QtWidgets import (
    QApplication,
    QLabel,
    QLineEdit,
    QToolButton,
)
from pytestqt.qtbot import QtBot

from designer.forms.condition_editor import ConditionEditor
from designer.forms.context import FormContext
from designer.forms.expression_editors import ROW_FUNCTIONS, ExpressionEditor, column_source
from designer.forms.form import SchemaForm
from designer.forms.token_edit import TokenEdit, reference_spans
from engine.actions.row_functions import FUNCTIONS
from engine.catalog import Catalog
from tests.designer.forms.conftest import MakeForm, props
from tests.designer.forms.test_form import field, note, row

FILTER = props(
    table={"type": ["string", "object"], "x-input": True},
    where={"type": "string", "format": "expression", "title": "Keep rows where"},
    limit={"type": "integer", "minimum": 1},
    name={"type": "string", "maxLength": 4},
)
FILLED = {"table": "${join.table}", "where": "dep_delay > 60"}


def tokens(form: SchemaForm, name: str) -> TokenEdit:
    target = field(form, name)
    assert isinstance(target, TokenEdit)
    return target


def popup_texts(edit: TokenEdit) -> list[str]:
    completer = edit._completer
    assert completer is not None
    model = completer.completionModel()
    return [str(model.index(row, 0).data()) for row in range(model.rowCount())]


def test_that_references_are_found_even_while_they_are_typed() -> None:
    found = [(span.start, span.end, span.path) for span in reference_spans("a ${input.x} b ${in")]
    assert found == [(2, 12, "input.x"), (15, 19, "")]


def test_that_a_fault_is_said_under_the_field_in_words(
    make_form: MakeForm, context: FormContext, qtbot: QtBot
) -> None:
    form = make_form(FILTER, FILLED, context=context)
    edit = tokens(form, "where")
    edit.moveCursor(edit.textCursor().MoveOperation.End)
    qtbot.keyClicks(edit, " &&")
    assert note(form, "where") == ("error", "Write and instead of &&.")
    assert edit.property("state") == "error"
    assert edit.extraSelections()
    assert form.errors()[0]["pointer"] == "/where"


def test_that_an_input_without_a_value_is_a_warning_not_an_error(
    make_form: MakeForm, context: FormContext, qtbot: QtBot
) -> None:
    form = make_form(FILTER, {**FILLED, "where": "dep_delay > ${input.threshold}"}, context=context)
    assert note(form, "where") == ("warning", "threshold has no value yet.")
    assert tokens(form, "where").property("state") == "warning"
    assert form.is_valid()
    assert not form.grab().isNull()  # the tokens are painted without a warning of Qt


def test_that_columns_are_completed_as_one_types(
    make_form: MakeForm, context: FormContext, qtbot: QtBot
) -> None:
    form = make_form(FILTER, {"table": "${join.table}"}, context=context)
    edit = tokens(form, "where")
    edit.setFocus()
    qtbot.keyClicks(edit, "dep")
    assert popup_texts(edit)[:2] == ["dep_delay", 'column("Dep delay")']
    popup = edit._completer.popup()  # type: ignore[union-attr]  # made by typing
    assert popup is not None
    assert popup.isVisible()
    qtbot.keyClick(popup, Qt.Key.Key_Return)
    assert edit.text() == "dep_delay"
    assert form.value()["where"] == "dep_delay"


def test_that_inputs_are_completed_inside_a_reference(
    make_form: MakeForm, context: FormContext, qtbot: QtBot
) -> None:
    form = make_form(FILTER, {"table": "${join.table}"}, context=context)
    edit = tokens(form, "where")
    edit.setFocus()
    qtbot.keyClicks(edit, "dep_delay > ${thr")
    assert popup_texts(edit) == ["input.threshold"]
    popup = edit._completer.popup()  # type: ignore[union-attr]  # made by typing
    assert popup is not None
    qtbot.keyClick(popup, Qt.Key.Key_Return)
    assert edit.text() == "dep_delay > ${input.threshold}"


def test_that_everything_is_offered_on_ctrl_space_and_hidden_on_escape(
    make_form: MakeForm, context: FormContext, qtbot: QtBot
) -> None:
    form = make_form(FILTER, {"table": "${join.table}"}, context=context)
    edit = tokens(form, "where")
    edit.setFocus()
    qtbot.keyClick(edit, Qt.Key.Key_Space, Qt.KeyboardModifier.ControlModifier)
    assert "carrier" in popup_texts(edit)
    assert "${join.rows}" in popup_texts(edit)
    popup = edit._completer.popup()  # type: ignore[union-attr]  # made by the key
    assert popup is not None
    qtbot.keyClick(popup, Qt.Key.Key_Escape)
    assert not popup.isVisible()


def test_that_offered_functions_exist() -> None:
    assert set(ROW_FUNCTIONS) - {"column", "coalesce"} <= set(FUNCTIONS) | {"column"}


def test_that_a_pasted_line_break_becomes_a_space(
    make_form: MakeForm, context: FormContext, qtbot: QtBot
) -> None:
    form = make_form(FILTER, {"table": "${join.table}"}, context=context)
    QApplication.clipboard().setText("a >\n1")
    edit = tokens(form, "where")
    edit.setFocus()
    edit.paste()
    assert form.value()["where"] == "a > 1"


@pytest.mark.parametrize(("name", "source"), [("a", "a"), ("a b", 'column("a b")'), ("and", 'column("and")')])
def test_that_odd_column_names_are_quoted(name: str, source: str) -> None:
    assert column_source(name) == source


def test_that_any_field_can_be_switched_to_a_reference_and_back(
    make_form: MakeForm, context: FormContext, qtbot: QtBot
) -> None:
    form = make_form(FILTER, {**FILLED, "limit": 5}, context=context)
    button = row(form, "limit").findChild(QToolButton, "fx")
    assert isinstance(button, QToolButton)
    qtbot.mouseClick(button, Qt.MouseButton.LeftButton)
    edit = tokens(form, "limit")
    qtbot.keyClicks(edit, "${join.rows}")
    assert form.value()["limit"] == "${join.rows}"
    assert form.is_valid()
    qtbot.mouseClick(button, Qt.MouseButton.LeftButton)
    assert isinstance(field(form, "limit"), QLineEdit)
    assert "limit" not in form.value()


def test_that_a_number_written_in_an_expression_field_is_a_number(
    make_form: MakeForm, context: FormContext, qtbot: QtBot
) -> None:
    form = make_form(FILTER, FILLED, context=context)
    line = field(form, "limit")
    line.setFocus()
    qtbot.keyClick(line, Qt.Key.Key_Equal, Qt.KeyboardModifier.ControlModifier)
    qtbot.keyClicks(tokens(form, "limit"), "12")
    assert form.value()["limit"] == 12


def test_that_typing_a_reference_into_a_text_field_turns_it_into_tokens(
    make_form: MakeForm, context: FormContext, qtbot: QtBot
) -> None:
    form = make_form(FILTER, FILLED, context=context)
    line = field(form, "name")
    line.setFocus()
    qtbot.keyClicks(line, "x${")
    edit = tokens(form, "name")
    assert edit.hasFocus()
    qtbot.keyClicks(edit, "join.rows}")
    assert form.value()["name"] == "x${join.rows}"


def test_that_expressions_are_off_where_plain_values_are_asked(make_form: MakeForm, qtbot: QtBot) -> None:
    form = make_form(props(a={"type": "integer"}), {"a": 1})
    assert row(form, "a").findChild(QToolButton, "fx") is None
    qtbot.keyClick(field(form, "a"), Qt.Key.Key_Equal, Qt.KeyboardModifier.ControlModifier)
    assert isinstance(field(form, "a"), QLineEdit)


def test_that_a_wired_table_shows_its_path_and_its_size(
    make_form: MakeForm, context: FormContext, qtbot: QtBot
) -> None:
    form = make_form(FILTER, FILLED, context=context)
    line = field(form, "table")
    assert isinstance(line, QLineEdit)
    assert line.text() == "join.table"
    assert note(form, "table") == ("hint", "3 rows × 2 columns, from Join")
    line.selectAll()
    qtbot.keyClicks(line, "other.table")
    assert form.value()["table"] == "${other.table}"
    line.clear()
    qtbot.keyClicks(line, "1 2")
    assert note(form, "table")[0] == "error"


def test_that_tables_are_offered_for_a_table(make_form: MakeForm, context: FormContext, qtbot: QtBot) -> None:
    form = make_form(FILTER, {}, context=context)
    line = field(form, "table")
    line.setFocus()
    qtbot.keyClick(line, Qt.Key.Key_Down)
    completer = line.completer()  # type: ignore[attr-defined]  # a line edit
    model = completer.completionModel()
    assert [model.index(one, 0).data() for one in range(model.rowCount())] == ["join.table"]
    popup = completer.popup()
    popup.setCurrentIndex(model.index(0, 0))
    qtbot.keyClick(popup, Qt.Key.Key_Return)
    assert form.value() == {"table": "${join.table}"}


CONDITION = props(when={"type": "string", "format": "condition"})


def conditions(form: SchemaForm) -> ConditionEditor:
    editor = row(form, "when").editor
    assert isinstance(editor, ConditionEditor)
    return editor


def test_that_an_empty_condition_shows_one_row(
    make_form: MakeForm, context: FormContext, qtbot: QtBot
) -> None:
    form = make_form(CONDITION, {}, context=context)
    editor = conditions(form)
    assert len(editor.row_widgets) == 1
    assert not editor.match.isVisible()
    first = editor.row_widgets[0]
    qtbot.keyClicks(first.left, "join.rows")
    assert not form.is_valid()
    qtbot.keyClicks(first.right, "30")
    assert form.value() == {"when": "join.rows > 30"}
    assert first.right.suffix() == "number"


def test_that_operators_suit_the_value_and_empty_needs_none(
    make_form: MakeForm, context: FormContext, qtbot: QtBot
) -> None:
    form = make_form(CONDITION, {"when": "join.rows == 5"}, context=context)
    first = conditions(form).row_widgets[0]
    titles = [first.operator.itemText(index) for index in range(first.operator.count())]
    assert "is greater than" in titles
    assert "contains" not in titles
    first.operator.setFocus()
    qtbot.keyClick(first.operator, Qt.Key.Key_End)
    assert form.value() == {"when": "join.rows != null"}
    assert not first.right.isVisible()


def test_that_a_second_test_combines_by_all_or_any(
    make_form: MakeForm, context: FormContext, qtbot: QtBot
) -> None:
    form = make_form(CONDITION, {"when": "a > 1"}, context=context)
    editor = conditions(form)
    qtbot.mouseClick(editor.add_button, Qt.MouseButton.LeftButton)
    second = editor.row_widgets[1]
    qtbot.keyClicks(second.left, "b")
    qtbot.keyClicks(second.right, "x")
    assert form.value() == {"when": 'a > 1 and b > "x"'}
    editor.match.setFocus()
    qtbot.keyClick(editor.match, Qt.Key.Key_Down)
    assert form.value() == {"when": 'a > 1 or b > "x"'}
    qtbot.mouseClick(editor.row_widgets[0].remove, Qt.MouseButton.LeftButton)
    assert form.value() == {"when": 'b > "x"'}
    qtbot.mouseClick(editor.row_widgets[0].remove, Qt.MouseButton.LeftButton)
    assert form.value() == {}


def test_that_what_rows_cannot_say_is_an_expression(
    make_form: MakeForm, context: FormContext, qtbot: QtBot
) -> None:
    form = make_form(CONDITION, {"when": "a > b"}, context=context)
    editor = conditions(form)
    assert editor.is_expression
    assert not editor.switch_button.isVisible()
    qtbot.keyClick(editor.expression.edit, Qt.Key.Key_End)
    for _ in range(3):
        qtbot.keyClick(editor.expression.edit, Qt.Key.Key_Backspace)
    qtbot.keyClicks(editor.expression.edit, " 7")
    assert form.value() == {"when": "a > 7"} or form.value() == {"when": "a  7"}
    form.set_value({"when": "a > 7"})
    qtbot.mouseClick(editor.switch_button, Qt.MouseButton.LeftButton)
    assert not editor.is_expression
    assert editor.row_widgets[0].row().right == "7"
    qtbot.mouseClick(editor.switch_button, Qt.MouseButton.LeftButton)
    assert editor.is_expression
    assert form.value() == {"when": "a > 7"}


def test_that_refreshing_shows_a_value_that_has_come(make_form: MakeForm) -> None:
    known: set[str] = set()
    context = FormContext(
        missing=lambda path: "" if path in known else f"{path} has no value yet.", allows_expressions=True
    )
    schema: dict[str, Any] = props(a={"type": "string", "format": "expression"})
    form = make_form(schema, {"a": "x > ${input.y}"}, context=context)
    assert isinstance(row(form, "a").editor, ExpressionEditor)
    assert note(form, "a")[0] == "warning"
    known.add("input.y")
    form.refresh()
    assert note(form, "a")[1] == ""


def test_that_a_misspelt_column_in_an_expression_is_mended_by_a_click(
    make_form: MakeForm, context: FormContext, qtbot: QtBot
) -> None:
    where = "dep_dely > 60 and carrierx == 'UA' and dep_dely < 90"
    form = make_form(FILTER, {**FILLED, "where": where}, context=context)
    assert row(form, "where").message() == ("warning", "The table has no column dep_dely.")
    label = row(form, "where").findChild(QLabel, "note")
    assert isinstance(label, QLabel)
    label.linkActivated.emit("fix")
    assert form.value()["where"] == "dep_delay > 60 and carrierx == 'UA' and dep_delay < 90"
    label.linkActivated.emit("fix")
    assert form.value()["where"] == "dep_delay > 60 and carrier == 'UA' and dep_delay < 90"
    assert row(form, "where").message()[0] == "hint"


def test_that_a_column_made_in_the_same_form_is_known(make_form: MakeForm, context: FormContext) -> None:
    schema = Catalog.load().get("table.formula")
    assert schema is not None
    rows = [
        {"column": "late", "expression": "dep_delay"},
        {"column": "b", "expression": "late + missing"},
    ]
    form = make_form(dict(schema.parameters), {"table": "${join.table}", "columns": rows}, context=context)
    assert row(form, "columns").message() == ("warning", "The table has no column missing.")
