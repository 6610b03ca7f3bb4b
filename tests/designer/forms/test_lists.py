"""Lists and maps: rows that are added, removed and put in another order."""

from __future__ import annotations

from typing import Any

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QApplication, QLabel, QToolButton, QWidget
from pytestqt.qtbot import QtBot

from designer.forms.context import FormContext
from designer.forms.form import SchemaForm
from designer.forms.list_editor import ListEditor, ListItem
from designer.forms.map_editor import MapEditor
from tests.designer.forms.conftest import MakeForm, props

SUMMARISE = props(
    table={"type": "string", "x-input": True},
    values={
        "type": "array",
        "minItems": 1,
        "items": {
            "type": "object",
            "required": ["function"],
            "properties": {
                "function": {"enum": ["mean", "sum"]},
                "column": {"type": "string", "format": "column"},
                "name": {"type": "string", "title": "Name", "maxLength": 5},
            },
        },
    },
)


def editor(form: SchemaForm, name: str) -> ListEditor:
    row = form.row(name)
    assert row is not None
    assert isinstance(row.editor, ListEditor)
    return row.editor


def items(form: SchemaForm, name: str) -> list[ListItem]:
    return editor(form, name)._items


def click(qtbot: QtBot, widget: QWidget) -> None:
    qtbot.mouseClick(widget, Qt.MouseButton.LeftButton)


def test_that_rows_are_added_and_typed_into(make_form: MakeForm, qtbot: QtBot) -> None:
    form = make_form(props(tags={"type": "array", "items": {"type": "string", "title": "Tag"}}))
    add = editor(form, "tags").add_button
    assert add.text() == "Add tag"
    click(qtbot, add)
    qtbot.keyClicks(QApplication.focusWidget(), "one")
    click(qtbot, add)
    qtbot.keyClicks(QApplication.focusWidget(), "two")
    assert form.value() == {"tags": ["one", "two"]}


def test_that_rows_move_by_button_and_by_key(make_form: MakeForm, qtbot: QtBot) -> None:
    form = make_form(props(n={"type": "array", "items": {"type": "integer"}}), {"n": [1, 2, 3]})
    down = next(b for b in items(form, "n")[0].findChildren(QToolButton) if b.toolTip() == "Move down")
    click(qtbot, down)
    assert form.value() == {"n": [2, 1, 3]}
    third = items(form, "n")[2]
    third.focus()
    qtbot.keyClick(QApplication.focusWidget(), Qt.Key.Key_Up, Qt.KeyboardModifier.AltModifier)
    assert form.value() == {"n": [2, 3, 1]}
    qtbot.keyClick(items(form, "n")[0], Qt.Key.Key_Up, Qt.KeyboardModifier.AltModifier)
    assert form.value() == {"n": [2, 3, 1]}


def test_that_a_row_is_removed_and_the_focus_stays_near(make_form: MakeForm, qtbot: QtBot) -> None:
    form = make_form(props(n={"type": "array", "items": {"type": "integer"}}), {"n": [1, 2]})
    click(qtbot, items(form, "n")[0].remove)
    assert form.value() == {"n": [2]}
    click(qtbot, items(form, "n")[0].remove)
    assert form.value() == {"n": []}


def test_that_small_objects_are_compact_rows(make_form: MakeForm, context: FormContext, qtbot: QtBot) -> None:
    value = {"table": "${join.table}", "values": [{"function": "mean", "column": "dep_delay", "extra": 1}]}
    form = make_form(SUMMARISE, value, context=context)
    assert form.value() == value
    record = items(form, "values")[0].record
    assert record is not None
    name = record.rows["name"].editor.focus_target()
    qtbot.keyClicks(name, "delay")
    assert form.value()["values"][0] == {
        "function": "mean",
        "column": "dep_delay",
        "extra": 1,
        "name": "delay",
    }
    qtbot.keyClicks(name, "s")
    assert not form.is_valid()
    assert form.rows()[1].message() == ("error", "Name: Must have at most 5 characters, not 6.")
    assert form.focus_first_error()


def test_that_an_unknown_column_is_warned_about_with_the_nearest(
    make_form: MakeForm, context: FormContext
) -> None:
    value = {"table": "${join.table}", "values": [{"function": "sum", "column": "dep_dely"}]}
    form = make_form(SUMMARISE, value, context=context)
    assert form.rows()[1].message() == ("warning", "The table has no column dep_dely.")
    note = form.rows()[1].findChild(QLabel, "note")
    assert isinstance(note, QLabel)
    assert "Use dep_delay" in note.text()
    note.linkActivated.emit("fix")
    assert form.value()["values"] == [{"function": "sum", "column": "dep_delay"}]
    assert form.rows()[1].message()[0] == "hint"


def test_that_all_columns_are_added_at_once(make_form: MakeForm, context: FormContext, qtbot: QtBot) -> None:
    schema = props(
        table={"type": "string", "x-input": True},
        keep={"type": "array", "items": {"type": "string", "format": "column"}},
    )
    form = make_form(schema, {"table": "${join.table}", "keep": ["carrier"]}, context=context)
    button = editor(form, "keep").add_all_button
    assert button is not None
    click(qtbot, button)
    assert form.value()["keep"] == ["carrier", "dep_delay", "Dep delay"]
    assert not button.isVisible()


def test_that_no_more_rows_than_allowed_can_be_added(make_form: MakeForm) -> None:
    form = make_form(props(n={"type": "array", "maxItems": 1, "items": {"type": "integer"}}), {"n": [1]})
    assert not editor(form, "n").add_button.isEnabled()


def test_that_undo_from_outside_changes_rows_in_place(make_form: MakeForm) -> None:
    form = make_form(props(n={"type": "array", "items": {"type": "integer"}}), {"n": [1, 2, 3]})
    first = items(form, "n")[0]
    form.set_value({"n": [1, 5]})
    assert items(form, "n")[0] is first
    assert form.value() == {"n": [1, 5]}


def test_that_a_list_of_mixed_things_is_edited_as_json(make_form: MakeForm) -> None:
    value: dict[str, Any] = {"values": [{"function": "mean"}, 5]}
    assert make_form(SUMMARISE, value).value() == value


def test_that_groups_in_a_list_keep_their_values(make_form: MakeForm) -> None:
    schema = props(
        steps={"type": "array", "items": props(name={"type": "string"}, inner=props(a={"type": "number"}))}
    )
    value = {"steps": [{"name": "x", "inner": {"a": 1.5}}, {}]}
    assert make_form(schema, value).value() == value


def maps(form: SchemaForm, name: str) -> MapEditor:
    row = form.row(name)
    assert row is not None
    assert isinstance(row.editor, MapEditor)
    return row.editor


def test_that_names_and_values_are_added(make_form: MakeForm, qtbot: QtBot) -> None:
    form = make_form(props(headers={"type": "object", "additionalProperties": {"type": "string"}}))
    click(qtbot, maps(form, "headers").add_button)
    qtbot.keyClicks(QApplication.focusWidget(), "Accept")
    assert form.value() == {"headers": {"Accept": ""}}
    pair = maps(form, "headers")._pairs[0]
    qtbot.keyClicks(pair.field.editor.focus_target(), "12")
    assert form.value() == {"headers": {"Accept": "12"}}


def test_that_values_of_any_type_are_understood_and_named(make_form: MakeForm, qtbot: QtBot) -> None:
    form = make_form(
        props(values={"type": "object", "additionalProperties": True}), {"values": {"a": "x", "b": [1]}}
    )
    assert form.value() == {"values": {"a": "x", "b": [1]}}
    target = maps(form, "values")._pairs[0].field.editor.focus_target()
    qtbot.keyClick(target, Qt.Key.Key_Backspace)
    qtbot.keyClicks(target, "12.5")
    assert form.value() == {"values": {"a": 12.5, "b": [1]}}
    assert target.suffix() == "number"  # type: ignore[attr-defined]  # a line with a suffix


def test_that_a_name_that_stands_twice_is_an_error(make_form: MakeForm, qtbot: QtBot) -> None:
    form = make_form(props(v={"type": "object", "additionalProperties": True}), {"v": {"a": 1, "ab": 2}})
    qtbot.keyClick(maps(form, "v")._pairs[1].name, Qt.Key.Key_Backspace)
    assert form.errors() == [{"pointer": "/v", "message": "The name a stands here twice."}]
