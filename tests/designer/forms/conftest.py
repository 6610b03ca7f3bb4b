"""Forms as a person meets them: on screen, with the keyboard and the mouse."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Protocol

import pytest
from pytestqt.qtbot import QtBot

from designer.forms.context import Column, FormContext, Suggestion
from designer.forms.form import SchemaForm

COLUMNS = (
    Column(name="dep_delay", type="float"),
    Column(name="carrier", type="text"),
    Column(name="Dep delay"),
)


class MakeForm(Protocol):
    def __call__(
        self, schema: dict[str, Any], value: Any = None, *, context: FormContext | None = None
    ) -> SchemaForm: ...


@pytest.fixture
def context() -> FormContext:
    """A node behind one table, with an input that has no value yet."""

    def missing(path: str) -> str:
        return "threshold has no value yet." if path == "input.threshold" else ""

    return FormContext(
        columns=lambda reference: COLUMNS if reference == "${join.table}" else (),
        references=lambda: (
            Suggestion(text="input.threshold", detail="number"),
            Suggestion(text="join.table", detail="table", is_table=True),
            Suggestion(text="join.rows", detail="integer"),
        ),
        describe=lambda path: "3 rows × 2 columns, from Join" if path == "join.table" else "",
        missing=missing,
        allows_expressions=True,
    )


@pytest.fixture
def make_form(qtbot: QtBot) -> Callable[..., SchemaForm]:
    def make(schema: dict[str, Any], value: Any = None, *, context: FormContext | None = None) -> SchemaForm:
        form = SchemaForm(schema, value, context=context)
        qtbot.addWidget(form)
        form.resize(320, 600)
        with qtbot.waitActive(form):
            form.show()
            form.activateWindow()
        return form

    return make


def props(**properties: Any) -> dict[str, Any]:
    """The schema of an object."""
    return {"type": "object", "properties": properties}
