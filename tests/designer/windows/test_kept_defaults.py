"""What a person answers can be kept as a default, for inputs the workflow has and has not yet."""

from __future__ import annotations

import pytest

from engine.model.edits import set_workflow
from engine.model.json_value import Json
from tests.support.desk import Desk


@pytest.mark.parametrize(
    ("value", "kind"), [(60, "number"), (0.5, "number"), ("Oslo", "string"), (True, "boolean")]
)
def test_that_an_answer_kept_as_default_makes_an_input_of_a_name_that_was_none(
    desk: Desk, value: Json, kind: str
) -> None:
    desk.open()
    editor = desk.window.session.editor
    desk.person.keep_as_default({"limit": value})
    assert editor.workflow.input_properties["limit"] == {"type": kind, "default": value}
    editor.undo_stack.undo()
    assert "limit" not in editor.workflow.input_properties


def test_that_the_default_of_an_input_changes_nothing_else_about_it(desk: Desk) -> None:
    desk.open()
    editor = desk.window.session.editor
    declared: Json = {"type": "object", "properties": {"limit": {"type": "integer", "title": "Most"}}}
    editor.push(set_workflow(editor.workflow, inputs=declared))
    desk.person.keep_as_default({"input.limit": 5})
    assert editor.workflow.input_properties["limit"] == {"type": "integer", "title": "Most", "default": 5}


def test_that_a_field_inside_an_input_gets_no_default_of_its_own(desk: Desk) -> None:
    desk.open()
    desk.person.keep_as_default({"input.customer.name": "Ada"})
    assert not desk.window.session.editor.workflow.input_properties
