"""What a step would get that is held before it begins."""

from __future__ import annotations

import json
from collections.abc import Iterator

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QFrame, QGridLayout, QLabel, QVBoxLayout, QWidget

from designer.panels.inspector_page import label
from engine.history.status import StepStatus
from engine.history.step_state import StepState
from engine.model.json_value import Json

_LONGEST = 300


class HeldCard(QFrame):
    """The parameters with everything filled in; hidden while the step is not held."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setProperty("role", "card")
        self.setObjectName("heldCard")
        self._column = QVBoxLayout(self)
        self._column.setContentsMargins(12, 10, 12, 12)
        self._column.setSpacing(6)
        self._column.addWidget(label("Stopped before this step", "field", self))
        self.hint = label("", "hint", self)
        self._column.addWidget(self.hint)
        self._table: QWidget | None = None
        self.hide()

    def show_step(self, step: StepState | None) -> None:
        """Show what a held step would get."""
        held = step is not None and step.status is StepStatus.PAUSED and step.reason == "breakpoint"
        self.setVisible(held)
        if self._table is not None:
            self._column.removeWidget(self._table)
            self._table.hide()
            self._table.deleteLater()
            self._table = None
        if not held or step is None:
            return
        parameters = dict(step.parameters or {})
        self.hint.setText("It would get these values now:" if parameters else "It needs no values.")
        if parameters:
            self._table = self._make_table(parameters)
            self._column.addWidget(self._table)

    def values(self) -> dict[str, str]:
        """What is shown, by the parameter's name."""
        if self._table is None:
            return {}
        texts = [one.text() for one in self._table.findChildren(QLabel)]
        return dict(zip(texts[::2], texts[1::2], strict=True))

    def _make_table(self, parameters: dict[str, Json]) -> QWidget:
        table = QWidget(self)
        grid = QGridLayout(table)
        grid.setContentsMargins(0, 2, 0, 0)
        grid.setHorizontalSpacing(12)
        grid.setVerticalSpacing(4)
        grid.setColumnStretch(1, 1)
        for row, (name, value) in enumerate(_flat(parameters)):
            left = label(name, "subtitle", table)
            left.setWordWrap(False)
            grid.addWidget(left, row, 0, Qt.AlignmentFlag.AlignTop)
            text = _text(value)
            right = label(text, "mono", table)
            right.setWordWrap(True)
            right.setTextInteractionFlags(Qt.TextInteractionFlag.TextSelectableByMouse)
            right.setAccessibleName(f"{name}: {text}")
            grid.addWidget(right, row, 1)
        return table


def _flat(parameters: dict[str, Json]) -> Iterator[tuple[str, Json]]:
    """The parameters, with the entries of plain objects each on a line of its own."""
    for name, value in parameters.items():
        if isinstance(value, dict) and value and not any(key.startswith("$") for key in value):
            yield from ((f"{name}.{key}", item) for key, item in value.items())
        else:
            yield name, value


def _text(value: Json) -> str:
    """The value in a few lines; a secret stays one, a table is told by its size."""
    if isinstance(value, dict):
        if set(value) == {"$secret"}:
            return f"••••• ({value['$secret']})"
        parts = value.get("$secret_text")
        if isinstance(parts, list):
            return "".join(part if isinstance(part, str) else "•••••" for part in parts)
        columns = value.get("columns")
        if "$table" in value and isinstance(columns, list):
            return f"table, {value.get('rows', '?'):,} rows × {len(columns)} columns"
    text = value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)
    return text if len(text) <= _LONGEST else text[: _LONGEST - 1] + "…"
