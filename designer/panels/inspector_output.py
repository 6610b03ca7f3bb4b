"""What a step gives to later steps, and what it gave in the last run."""

from __future__ import annotations

import json
from collections.abc import Mapping
from datetime import datetime

from PySide6.QtCore import Qt
from PySide6.QtGui import QGuiApplication
from PySide6.QtWidgets import QFrame, QHBoxLayout, QLabel, QProgressBar, QVBoxLayout, QWidget

from designer.editor import Editor
from designer.forms.pick_editors import quiet_tool
from designer.panels.inspector_context import Surroundings, is_table, size
from designer.panels.inspector_page import Body, label
from designer.panels.inspector_pin import PinCard
from designer.panels.texts import duration, status_word
from engine.history.step_state import StepState

_MAX_SHOWN = 60


class OutputTab(Body):
    """A card with the last result, and the references under which the next steps find each part of it."""

    def __init__(
        self, node_id: str, editor: Editor, surroundings: Surroundings, parent: QWidget | None = None
    ) -> None:
        super().__init__(parent)
        self._node_id = node_id
        self._surroundings = surroundings
        self.pin = PinCard(node_id, editor, surroundings, self)
        self.column.addWidget(self.pin)
        self._content: QWidget | None = None
        self.refresh()

    def refresh(self) -> None:
        """Show the present state of the run, and what is pinned."""
        self.pin.refresh()
        if self._content is not None:
            self.column.removeWidget(self._content)
            self._content.hide()
            self._content.deleteLater()
        self._content = QWidget(self)
        column = QVBoxLayout(self._content)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(14)
        column.addWidget(self._last_result())
        outputs = self._surroundings.outputs(self._node_id)
        if outputs:
            column.addWidget(label("What later steps can use", "section", self))
        for one in outputs:
            column.addWidget(self._reference(f"{self._node_id}.{one.text}", one.text, one.detail))
        self.column.addWidget(self._content)

    def _last_result(self) -> QFrame:
        card = QFrame(self)
        card.setProperty("role", "card")
        column = QVBoxLayout(card)
        column.setContentsMargins(12, 10, 12, 10)
        column.setSpacing(6)
        step = self._surroundings.steps.get(self._node_id)
        if step is None or (step.started_at is None and step.output is None and step.error is None):
            column.addWidget(label("Not run yet", "field", self))
            column.addWidget(label("Run the workflow to see what this step gives.", "hint", self))
            return card
        column.addLayout(_pair("Last run", status_word(step.status.value, step.reason), self))
        if way := _way(step):
            column.addLayout(_pair(*way, self))
        elif step.duration_ms is not None:
            column.addLayout(_pair("Took", duration(step.duration_ms / 1000), self))
        if step.attempts > 1:
            column.addLayout(_pair("Attempts", str(step.attempts), self))
        if step.error is not None:
            column.addWidget(label(_error_text(step), "error", self))
        for name, value in step.output.items() if isinstance(step.output, Mapping) else ():
            column.addLayout(_pair(name, summary(value), self))
        return card

    def _reference(self, path: str, name: str, detail: str) -> QWidget:
        row = QWidget(self)
        line = QHBoxLayout(row)
        line.setContentsMargins(0, 0, 0, 0)
        line.setSpacing(6)
        words = QVBoxLayout()
        words.setSpacing(1)
        text = label(f"${{{path}}}", "mono", row)
        words.addWidget(text)
        described = self._described(name) or detail
        if described:
            words.addWidget(label(described, "hint", row))
        line.addLayout(words, 1)
        copy = quiet_tool("copy", f"Copy ${{{path}}}", row, size=14)
        copy.clicked.connect(lambda: QGuiApplication.clipboard().setText(f"${{{path}}}"))
        line.addWidget(copy)
        return row

    def _described(self, name: str) -> str:
        node_type = self._surroundings.type_of(self._node_id)
        properties = node_type.output_schema.get("properties") if node_type is not None else None
        schema = properties.get(name) if isinstance(properties, Mapping) else None
        text = schema.get("description", "") if isinstance(schema, Mapping) else ""
        return text if isinstance(text, str) else ""


class ResultCard(QFrame):
    """How many of the rows that came in the last run let through; hidden for steps that remove none."""

    def __init__(self, title: str, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setProperty("role", "card")
        column = QVBoxLayout(self)
        column.setContentsMargins(12, 10, 12, 12)
        column.setSpacing(7)
        column.addWidget(label("Last run", "field", self))
        line = QHBoxLayout()
        line.addWidget(label(title, "subtitle", self), 1)
        self.number = label("", "field", self)
        self.number.setAlignment(Qt.AlignmentFlag.AlignRight)
        line.addWidget(self.number, 1)
        column.addLayout(line)
        self._bar = QProgressBar(self)
        self._bar.setRange(0, 1000)
        self._bar.setTextVisible(False)
        self._bar.setAccessibleName(title)
        column.addWidget(self._bar)

    def show_step(self, step: StepState | None) -> None:
        """Show a step's last output, if it counts rows in and rows out."""
        output = step.output if step is not None and isinstance(step.output, Mapping) else {}
        rows, rows_in = output.get("rows"), output.get("rows_in")
        self.hide()
        if "removed" not in output:
            return
        if isinstance(rows, int) and isinstance(rows_in, int) and 0 <= rows <= rows_in > 0:
            self.show()
            share = rows / rows_in
            self.number.setText(f"{rows:,} ({share:.1%})".replace("%", " %"))
            self._bar.setValue(round(share * 1000))


def summary(value: object) -> str:
    """A value in a few words."""
    if is_table(value) and isinstance(value, Mapping):
        columns = value.get("columns", ())
        return size(int(value.get("rows", 0)), len(columns) if isinstance(columns, list | tuple) else 0)
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, int):
        return f"{value:,}"
    if isinstance(value, list):
        return f"{len(value):,} entries"
    text = value if isinstance(value, str) else json.dumps(value, ensure_ascii=False, default=str)
    return text if len(text) <= _MAX_SHOWN else text[: _MAX_SHOWN - 1] + "…"


def _way(step: StepState) -> tuple[str, str] | None:
    """Where a result came from that the step did not give just now: what it is called, and what it is."""
    if step.via == "pinned":
        return "Result", "pinned"
    made = (step.reused_from or {}) if step.via == "reused" else {}
    if made.get("at") is None:
        return None
    name = "Unchanged since" if made.get("unchanged") else "Result of"
    return name, f"{datetime.fromtimestamp(made['at']).astimezone():%d %B, %H:%M}".lstrip("0")


def _error_text(step: StepState) -> str:
    error = step.error or {}
    hint = error.get("hint")
    return f"{error.get('message', 'It failed.')}{f' {hint}' if hint else ''}"


def _pair(name: str, value: str, parent: QWidget) -> QHBoxLayout:
    line = QHBoxLayout()
    line.setSpacing(12)
    left = QLabel(name, parent)
    left.setProperty("role", "subtitle")
    line.addWidget(left)
    right = label(value, "field", parent)
    right.setToolTip(value)
    right.setAlignment(Qt.AlignmentFlag.AlignRight)
    line.addWidget(right, 1)
    return line
