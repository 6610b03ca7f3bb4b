"""Asks for a workflow's inputs before a run starts."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from PySide6.QtWidgets import QWidget

from designer.dialogs.base import Dialog
from designer.dialogs.missing_input import scrolled
from designer.forms.context import FormContext
from designer.forms.form import SchemaForm
from engine.model.json_value import Json


class RunInputsDialog(Dialog[Mapping[str, Json] | None]):
    """A form of the workflow's inputs, filled with `values`; None when the person would rather not run.

    Only inputs that are there are given to the run; the others have their default, or are asked for when a
    step needs them.
    """

    def __init__(
        self,
        schema: Mapping[str, Any],
        values: Mapping[str, Json] | None = None,
        *,
        workflow_name: str = "",
        base_dir: Path | None = None,
        parent: QWidget | None = None,
    ) -> None:
        name = f"“{workflow_name}” asks" if workflow_name else "The workflow asks"
        super().__init__(
            "Inputs of this run",
            f"{name} for these values each time.",
            closed=None,
            icon="play",
            parent=parent,
        )
        self.form = SchemaForm(
            schema, dict(values or {}), context=FormContext(base_dir=base_dir), parent=self
        )
        self.body.addWidget(scrolled(self.form))
        self.cancel_button = self.add_button("Cancel", self.reject)
        self.run_button = self.add_button("Run", self._on_run, variant="primary", default=True)
        self.form.focus_first()

    def _on_run(self) -> None:
        if not self.form.focus_first_error():
            self.close_with(self.form.value())
