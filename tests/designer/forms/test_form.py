"""The form: values come back as they were given, faults show where they are, keys do what they should."""

from __future__ import annotations

from typing import Any

import pytest
from PySide6.QtCore import Qt
from PySide6.QtWidgets import QApplication, QLabel, QLineEdit, QWidget
from pytestqt.qtbot import QtBot

from designer.forms.context import FormContext
from designer.forms.field_row import FieldRow
from designer.forms.form import SchemaForm
from designer.forms.judge import Judge
from designer.forms.text_editors import SuffixLineEdit
from engine.catalog import Catalog
from tests.designer.forms.conftest import MakeForm, props

PERSON = {
    **props(
        name={"type": "string", "title": "Name", "minLength": 2},
        age={"type": "integer", "minimum": 0, "maximum": 150, "x-unit": "years"},
        weight={"type": "number"},
        happy={"type": "boolean", "title": "Is happy"},
        size={"enum": ["s", "m", "l"]},
        born={"type": "string", "format": "date"},
        secret={"type": "string", "x-advanced": True},
    ),
    "required": ["name"],
}


def row(form: SchemaForm, name: str) -> FieldRow:
    found = form.row(name)
    assert found is not None
    return found


def field(form: SchemaForm, name: str) -> QWidget:
    return row(form, name).editor.focus_target()


def note(form: SchemaForm, name: str) -> tuple[str, str]:
    """(role, text) of the line that is really shown under a field."""
    label = row(form, name).findChild(QLabel, "note")
    return (label.property("role"), label.text()) if isinstance(label, QLabel) else ("", "")


@pytest.mark.parametrize(
    "value",
    [
        {},
        {"name": "Ann", "age": 31, "weight": 60.50, "happy": True, "size": "m", "born": "2000-01-31"},
        {"name": "Ann", "unknown": {"kept": [1, None]}, "secret": "x"},
        {"name": 5, "age": "many", "weight": [1], "happy": "yes", "size": "xl", "born": {"a": 1}},
        {"name": "line\nbreak", "age": 1.0, "weight": 1},
    ],
)
def test_that_a_value_comes_back_as_it_was_given(make_form: MakeForm, value: dict[str, Any]) -> None:
    form = make_form(PERSON, value)
    form.open_more()
    assert form.value() == value
    assert [type(one) for one in form.value().values()] == [type(one) for one in value.values()]


def test_that_typing_gives_values_of_the_right_type(make_form: MakeForm, qtbot: QtBot) -> None:
    form = make_form(PERSON)
    qtbot.keyClicks(field(form, "name"), "Ann")
    qtbot.keyClicks(field(form, "age"), "31")
    qtbot.keyClicks(field(form, "weight"), "60.5")
    qtbot.mouseClick(
        field(form, "happy"), Qt.MouseButton.LeftButton, pos=field(form, "happy").rect().center()
    )
    assert form.value() == {"name": "Ann", "age": 31, "weight": 60.5, "happy": True}
    assert form.is_valid()


def test_that_every_keystroke_is_told_and_validated(make_form: MakeForm, qtbot: QtBot) -> None:
    form = make_form(PERSON)
    values: list[Any] = []
    form.value_changed.connect(values.append)
    qtbot.keyClicks(field(form, "age"), "200")
    assert values == [{"age": 2}, {"age": 20}, {"age": 200}]
    assert note(form, "age") == ("error", "Must be at most 150, not 200.")
    assert field(form, "age").property("state") == "error"
    qtbot.keyClick(field(form, "age"), Qt.Key.Key_Backspace)
    assert note(form, "age")[1] == ""
    assert field(form, "age").property("state") == ""


def test_that_a_field_not_touched_yet_does_not_complain(make_form: MakeForm) -> None:
    form = make_form(PERSON)
    assert note(form, "name")[1] == ""
    assert form.errors() == [{"pointer": "/name", "message": "A value is needed here."}]


def test_that_the_first_bad_field_gets_the_focus(make_form: MakeForm, qtbot: QtBot) -> None:
    form = make_form({**PERSON, "required": ["weight", "name"]})
    assert form.focus_first_error()
    assert QApplication.focusWidget() is field(form, "name")
    assert note(form, "weight") == ("error", "A value is needed here.")


def test_that_a_bad_value_behind_more_options_is_opened_and_focused(
    make_form: MakeForm, qtbot: QtBot
) -> None:
    form = make_form(props(a={"type": "string"}, b={"type": "integer", "x-advanced": True}), {"b": "x"})
    assert form.row("b") is None
    assert form.focus_first_error()
    assert QApplication.focusWidget() is field(form, "b")


def test_that_validity_is_told_when_it_changes(make_form: MakeForm, qtbot: QtBot) -> None:
    form = make_form(PERSON)
    told: list[bool] = []
    form.validity_changed.connect(told.append)
    qtbot.keyClicks(field(form, "name"), "Ann")
    field(form, "name").clear()  # type: ignore[attr-defined]  # a line edit
    qtbot.keyClicks(field(form, "name"), "x")
    assert told == [True, False]


def test_that_emptying_a_field_takes_its_key_away(make_form: MakeForm, qtbot: QtBot) -> None:
    form = make_form(PERSON, {"name": "Ann", "age": 3})
    qtbot.keyClick(field(form, "age"), Qt.Key.Key_Backspace)
    assert form.value() == {"name": "Ann"}


def test_that_text_which_is_no_number_is_said_and_never_becomes_one(
    make_form: MakeForm, qtbot: QtBot
) -> None:
    form = make_form(PERSON, {"name": "Ann"})
    qtbot.keyClicks(field(form, "weight"), "1,234")
    assert not form.is_valid()
    assert note(form, "weight")[0] == "error"
    assert form.value()["weight"] == "1,234"


def test_that_up_and_down_step_a_number_within_its_limits(make_form: MakeForm, qtbot: QtBot) -> None:
    form = make_form(props(a={"type": "number", "multipleOf": 0.1, "maximum": 0.3}), {"a": 0.1})
    for _ in range(5):
        qtbot.keyClick(field(form, "a"), Qt.Key.Key_Up)
    assert form.value() == {"a": 0.3}


def test_that_tab_walks_the_fields_in_their_order(make_form: MakeForm, qtbot: QtBot) -> None:
    form = make_form(PERSON)
    form.focus_first()
    seen = [QApplication.focusWidget()]
    for _ in range(3):
        qtbot.keyClick(seen[-1], Qt.Key.Key_Tab)
        seen.append(QApplication.focusWidget())
    assert seen == [field(form, name) for name in ("name", "age", "weight", "happy")]


def test_that_labels_are_buddies_and_fields_have_accessible_names(make_form: MakeForm) -> None:
    form = make_form(PERSON)
    label = next(one for one in row(form, "name").findChildren(QLabel) if one.text() == "Name")
    assert label.buddy() is field(form, "name")
    assert field(form, "name").accessibleName() == "Name"
    assert "Needed" in field(form, "name").accessibleDescription()


def test_that_a_value_from_outside_keeps_the_cursor(make_form: MakeForm, qtbot: QtBot) -> None:
    form = make_form(PERSON, {"name": "Annabel", "age": 1})
    line = field(form, "name")
    assert isinstance(line, QLineEdit)
    line.setFocus()
    line.setCursorPosition(2)
    form.set_value({"name": "Annabel", "age": 2})
    assert line.cursorPosition() == 2
    assert form.value()["age"] == 2


def test_that_a_unit_stands_inside_the_field(make_form: MakeForm) -> None:
    line = field(make_form(PERSON), "age")
    assert isinstance(line, SuffixLineEdit)
    assert line.suffix() == "years"


def test_that_an_enum_starts_empty_without_default_and_takes_a_key(make_form: MakeForm, qtbot: QtBot) -> None:
    form = make_form(PERSON, {"name": "Ann"})
    combo = field(form, "size")
    qtbot.keyClick(combo, Qt.Key.Key_Down)
    assert form.value()["size"] == "s"


def test_that_a_default_is_shown_but_not_written(make_form: MakeForm, qtbot: QtBot) -> None:
    form = make_form(props(a={"type": "string", "default": ","}, b={"type": "boolean", "default": True}))
    line = field(form, "a")
    assert isinstance(line, QLineEdit)
    assert line.placeholderText() == ","
    assert form.value() == {}
    qtbot.mouseClick(field(form, "b"), Qt.MouseButton.LeftButton, pos=field(form, "b").rect().center())
    assert form.value() == {"b": False}


def test_that_clearing_a_text_with_a_default_means_the_empty_text(make_form: MakeForm, qtbot: QtBot) -> None:
    form = make_form(props(a={"type": "string", "default": ","}), {"a": ";"})
    qtbot.keyClick(field(form, "a"), Qt.Key.Key_Backspace)
    assert form.value() == {"a": ""}


def test_that_a_schema_that_is_no_schema_still_makes_a_form(make_form: MakeForm) -> None:
    form = make_form(
        {"type": "object", "properties": {"a": {"type": 5, "minimum": "x"}, "b": True}}, {"a": 1}
    )
    assert form.value() == {"a": 1}
    assert form.errors() == []


def test_that_a_schema_that_is_no_object_is_one_field(make_form: MakeForm, qtbot: QtBot) -> None:
    form = make_form({"type": "integer", "title": "Count", "minimum": 3}, 5)
    qtbot.keyClicks(form.rows()[0].editor.focus_target(), "0")
    assert form.value() == 50
    form.set_value(1)
    assert form.errors() == [{"pointer": "", "message": "Must be at least 3, not 1."}]
    assert form.focus_first_error()


def test_that_any_value_can_be_edited_as_json_where_nothing_else_fits(
    make_form: MakeForm, qtbot: QtBot
) -> None:
    form = make_form(props(a={}), {"a": {"x": [1]}})
    text = field(form, "a")
    text.selectAll()  # type: ignore[attr-defined]  # a text edit
    qtbot.keyClicks(text, '{"y": 2')
    assert note(form, "a")[1].startswith("This is not JSON yet: line 1")
    assert form.value() == {"a": {"x": [1]}}
    qtbot.keyClicks(text, "}")
    assert form.value() == {"a": {"y": 2}}
    assert form.is_valid()


def test_that_values_with_references_are_not_judged_yet(make_form: MakeForm, context: FormContext) -> None:
    form = make_form(PERSON, {"name": "Ann", "age": "${join.rows}"}, context=context)
    assert form.errors() == []
    assert form.value()["age"] == "${join.rows}"


def test_that_a_nested_group_is_added_when_it_is_wanted(make_form: MakeForm, qtbot: QtBot) -> None:
    schema = props(auth=props(user={"type": "string"}, port={"type": "integer"}))
    form = make_form(schema)
    button = field(form, "auth")
    qtbot.mouseClick(button, Qt.MouseButton.LeftButton)
    qtbot.keyClicks(QApplication.focusWidget(), "ann")
    assert form.value() == {"auth": {"user": "ann"}}


def test_that_a_recursive_schema_ends(make_form: MakeForm) -> None:
    schema: dict[str, Any] = {
        "$defs": {"tree": {"type": "object", "properties": {"name": {"type": "string"}}}},
        "$ref": "#/$defs/tree",
    }
    schema["$defs"]["tree"]["properties"]["child"] = {"$ref": "#/$defs/tree"}
    value: dict[str, Any] = {"name": "a", "child": {"name": "b", "child": {"name": "c"}}}
    assert make_form(schema, value).value() == value


def test_that_a_choice_shows_the_shape_that_the_value_has(make_form: MakeForm, qtbot: QtBot) -> None:
    schema = props(
        when={
            "oneOf": [
                {"type": "string", "title": "Text"},
                {
                    "title": "Every",
                    "type": "object",
                    "properties": {"n": {"type": "integer", "default": 2}},
                    "required": ["n"],
                },
            ]
        }
    )
    form = make_form(schema, {"when": {"n": 5}})
    combo = field(form, "when")
    assert combo.currentText() == "Every"  # type: ignore[attr-defined]  # a combo box
    qtbot.keyClick(combo, Qt.Key.Key_Up)
    assert form.value() == {"when": ""}
    qtbot.keyClick(combo, Qt.Key.Key_Down)
    assert form.value() == {"when": {"n": 2}}


def test_that_every_node_types_form_gives_back_its_defaults(
    make_form: MakeForm, context: FormContext
) -> None:
    for node_type in Catalog.load().types:
        form = SchemaForm(node_type.parameters, node_type.default_parameters(), context=context)
        assert form.value() == node_type.default_parameters()
        form.deleteLater()


def test_that_a_form_does_not_wait_for_the_validator_but_never_answers_without_it(
    qtbot: QtBot, monkeypatch: pytest.MonkeyPatch
) -> None:
    late = Judge()
    monkeypatch.setattr("designer.forms.form.judge", lambda: late)
    first = SchemaForm(PERSON, {"name": "x"})
    second = SchemaForm(PERSON, {"name": "x"})
    qtbot.addWidget(first)
    qtbot.addWidget(second)
    assert second.errors() == [{"pointer": "/name", "message": "Must have at least 2 characters."}]
    qtbot.waitUntil(lambda: note(first, "name")[0] == "error")
    assert late.is_ready
