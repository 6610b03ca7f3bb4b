"""The cards that edit a workflow's inputs."""

from __future__ import annotations

from typing import Any

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QLineEdit, QToolButton
from pytestqt.qtbot import QtBot

from designer.forms.form import SchemaForm
from designer.forms.object_editor import ObjectEditor
from designer.forms.schema_editor import InputCard, InputsEditor
from tests.designer.forms.conftest import MakeForm, props
from tests.designer.forms.test_form import row

FORM = props(inputs={"type": "object", "format": "schema", "title": "Inputs"})
INPUTS: dict[str, Any] = {
    "type": "object",
    "properties": {
        "threshold": {"type": "number", "x-unit": "minutes"},
        "day": {"type": "string", "format": "date"},
    },
}


def inputs(form: SchemaForm) -> InputsEditor:
    editor = row(form, "inputs").editor
    assert isinstance(editor, InputsEditor)
    return editor


def detail(card: InputCard, name: str) -> Any:
    assert isinstance(card.details, ObjectEditor)
    found = card.details.row(name)
    assert found is not None
    return found.editor.focus_target()


def test_that_inputs_come_back_as_they_were(make_form: MakeForm) -> None:
    form = make_form(FORM, {"inputs": INPUTS})
    assert form.value() == {"inputs": INPUTS}
    assert "minutes" not in inputs(form).cards[0].more.text()


def test_that_an_input_is_added_named_and_given_a_default(make_form: MakeForm, qtbot: QtBot) -> None:
    form = make_form(FORM)
    qtbot.mouseClick(inputs(form).add_button, Qt.MouseButton.LeftButton)
    card = inputs(form).cards[0]
    qtbot.keyClicks(card.name, "limit")
    card.kind.setFocus()
    qtbot.keyClick(card.kind, Qt.Key.Key_N)
    qtbot.keyClicks(detail(card, "title"), "Limit")
    qtbot.keyClicks(detail(card, "default"), "60")
    assert form.value() == {
        "inputs": {
            "type": "object",
            "properties": {"limit": {"type": "number", "title": "Limit", "default": 60}},
        }
    }
    assert card.more.text() == "Details"
    card.more.setChecked(False)
    assert card.more.text() == "Details: Limit, default 60"


def test_that_two_inputs_cannot_have_one_name(make_form: MakeForm, qtbot: QtBot) -> None:
    form = make_form(FORM, {"inputs": INPUTS})
    name = inputs(form).cards[1].name
    name.selectAll()
    qtbot.keyClicks(name, "threshold")
    assert form.errors()[0]["message"] == "There are two inputs with the name threshold."
    assert form.value() != {}
    assert name.property("state") == "error"
    qtbot.keyClicks(name, "2")
    assert form.is_valid()
    assert list(form.value()["inputs"]["properties"]) == ["threshold", "threshold2"]


def test_that_inputs_move_and_go(make_form: MakeForm, qtbot: QtBot) -> None:
    form = make_form(FORM, {"inputs": INPUTS})
    card = inputs(form).cards[0]
    buttons = {button.toolTip(): button for button in card.findChildren(QToolButton)}
    qtbot.mouseClick(buttons["Move down"], Qt.MouseButton.LeftButton)
    assert list(form.value()["inputs"]["properties"]) == ["day", "threshold"]
    qtbot.mouseClick(buttons["Remove this input"], Qt.MouseButton.LeftButton)
    assert list(form.value()["inputs"]["properties"]) == ["day"]


def test_that_undo_is_shown_in_the_open_card(make_form: MakeForm) -> None:
    form = make_form(FORM, {"inputs": INPUTS})
    card = inputs(form).cards[0]
    card.more.setChecked(True)
    changed = {
        "type": "object",
        "properties": {**INPUTS["properties"], "threshold": {"type": "number", "default": 7}},
    }
    form.set_value({"inputs": changed})
    assert inputs(form).cards[0] is card
    line = detail(card, "default")
    assert isinstance(line, QLineEdit)
    assert line.text() == "7"
    form.set_value({})
    assert inputs(form).cards == []
