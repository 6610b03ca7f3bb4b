"""A condition that a run could not evaluate, to be repaired while the run waits. The window stays usable."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Literal

from PySide6.QtCore import Qt, Signal
from PySide6.QtWidgets import QCheckBox, QFrame, QGridLayout, QLabel, QWidget

from designer.dialogs.base import Dialog
from designer.forms.context import FormContext
from designer.forms.form import SchemaForm
from designer.forms.pick_editors import CalmComboBox
from designer.theme import theme as themes
from engine.model.json_value import Json

MAX_VALUES = 8
_LONGEST = 60
_KEY = "condition"


@dataclass(frozen=True, slots=True, kw_only=True)
class Way:
    """A connection whose condition can be repaired: its id, where it leads, and the condition it has."""

    connection_id: str
    target: str
    condition: str


@dataclass(frozen=True, slots=True, kw_only=True)
class ConditionFix:
    """What the person decided: a condition for a connection, and whether the drawing gets it too."""

    decision: Literal["repair", "later", "stop"]
    connection_id: str = ""
    condition: str = ""
    change_workflow: bool = True


LATER = ConditionFix(decision="later")


class FixConditionDialog(Dialog[ConditionFix]):
    """Shows what is wrong, the values at hand, and whether the new text holds. Closing it means Later.

    It does not decide: `try_wanted` asks whether a text can be used, `show_verdict` is the answer, and
    `decided` is what the buttons mean. It stays open until it is closed.
    """

    dims = False
    try_wanted = Signal(str, str)
    decided = Signal(object)

    def __init__(
        self,
        *,
        source: str,
        problem: str,
        ways: Sequence[Way],
        output: Json,
        context: Callable[[str], FormContext],
        can_change_workflow: bool = True,
        of_step: bool = False,
        parent: QWidget | None = None,
    ) -> None:
        """of_step: the condition is the step's own and says whether it runs, not where to go from it."""
        title = f"Does “{source}” run?" if of_step else f"Where to go from “{source}”?"
        so_far = "has not begun" if of_step else "has ended and does not run again"
        super().__init__(
            title,
            f"{problem} The run is paused and saved; “{source}” {so_far}.",
            closed=LATER,
            icon="triangle-alert",
            tone="paused",
            parent=parent,
        )
        self.setWindowModality(Qt.WindowModality.NonModal)
        self._ways = list(ways)
        self._context = context
        self.way = CalmComboBox(self)
        self.way.addItems([f"The connection to {way.target}" for way in self._ways])
        self.way.setAccessibleName("Which connection to change")
        self.way.setVisible(len(self._ways) > 1)
        self.way.activated.connect(self._on_way_chosen)
        self.body.addWidget(self.way)
        self.form = self._make_form()
        self.body.addWidget(self.form)
        self.verdict = QLabel(self)
        self.verdict.setObjectName("verdict")
        self.verdict.setWordWrap(True)
        self.body.addWidget(self.verdict)
        if values := _values(output):
            self.body.addWidget(self._make_values(source, values))
        self.change_workflow = QCheckBox("Change the workflow too", self)
        self.change_workflow.setToolTip("Otherwise only this run has the new condition")
        self.change_workflow.setChecked(can_change_workflow)
        self.change_workflow.setVisible(can_change_workflow)
        self.body.addWidget(self.change_workflow)
        self.stop_button = self.add_button("Stop run", self._on_stop, variant="danger", left=True)
        self.later_button = self.add_button("Later", self.reject)
        self.repair_button = self.add_button("Resume run", self._on_repair, variant="primary", default=True)
        self.form.focus_first()
        self.show_verdict("", "")

    @property
    def connection_id(self) -> str:
        """The connection that is being repaired."""
        return self._ways[self.way.currentIndex()].connection_id

    @property
    def condition(self) -> str:
        """The text as it stands now."""
        value = self.form.value()
        text = value.get(_KEY) if isinstance(value, Mapping) else None
        return text.strip() if isinstance(text, str) else ""

    def start(self) -> None:
        """Show the dialog beside the window's work, and try the text that is there."""
        self.show()
        self._try()

    def show_verdict(self, words: str, fault: str) -> None:
        """What the text would mean now, or what is wrong with it."""
        theme = themes.current()
        colour = theme.status["failed"] if fault else theme.status["success"]
        self.verdict.setText(fault or words)
        self.verdict.setStyleSheet(f"color: {colour}")
        self.verdict.setVisible(bool(fault or words))
        self.repair_button.setEnabled(bool(words) and not fault)

    def done(self, result: int) -> None:
        super().done(result)
        if not result:
            self.decided.emit(LATER)

    def _make_form(self) -> SchemaForm:
        way = self._ways[self.way.currentIndex()]
        title = f"Go on to {way.target} if" if way.target else "It runs if"
        schema: dict[str, Any] = {
            "type": "object",
            "properties": {_KEY: {"type": "string", "format": "condition", "title": title}},
        }
        form = SchemaForm(
            schema, {_KEY: way.condition}, context=self._context(way.connection_id), parent=self
        )
        form.value_changed.connect(lambda _value: self._try())
        return form

    def _on_way_chosen(self) -> None:
        old, self.form = self.form, self._make_form()
        self.body.replaceWidget(old, self.form)
        old.hide()
        old.deleteLater()
        self._try()

    def _make_values(self, source: str, values: Sequence[tuple[str, str]]) -> QFrame:
        """What the step before gave: the names that the condition may use."""
        card = QFrame(self)
        card.setProperty("role", "card")
        grid = QGridLayout(card)
        grid.setContentsMargins(12, 10, 12, 10)
        grid.setHorizontalSpacing(12)
        grid.setVerticalSpacing(4)
        grid.setColumnStretch(1, 1)
        title = QLabel(f"What “{source}” gave", card)
        title.setProperty("role", "field")
        grid.addWidget(title, 0, 0, 1, 2)
        for row, (name, value) in enumerate(values, start=1):
            left, right = QLabel(name, card), QLabel(value, card)
            left.setProperty("role", "mono")
            right.setProperty("role", "subtitle")
            for label in (left, right):
                label.setTextInteractionFlags(Qt.TextInteractionFlag.TextSelectableByMouse)
            grid.addWidget(left, row, 0)
            grid.addWidget(right, row, 1)
        return card

    def _try(self) -> None:
        self.repair_button.setEnabled(False)
        self.try_wanted.emit(self.connection_id, self.condition)

    def _on_repair(self) -> None:
        answer = ConditionFix(
            decision="repair",
            connection_id=self.connection_id,
            condition=self.condition,
            change_workflow=self.change_workflow.isChecked(),
        )
        self.answer = answer
        self.decided.emit(answer)

    def _on_stop(self) -> None:
        self.decided.emit(ConditionFix(decision="stop"))
        self.accept()


def _values(output: Json) -> list[tuple[str, str]]:
    """The fields of an output, each in a few characters."""
    fields = dict(output) if isinstance(output, Mapping) else {"output": output}
    if output is None:
        return []
    shown = [(name, _short(value)) for name, value in list(fields.items())[:MAX_VALUES]]
    more = len(fields) - len(shown)
    return [*shown, ("…", f"{more} more")] if more > 0 else shown


def _short(value: Json) -> str:
    if isinstance(value, Mapping) and "$table" in value:
        rows = value.get("rows")
        return f"table, {rows:,} rows" if isinstance(rows, int) else "table"
    text = json.dumps(value, ensure_ascii=False)
    return text if len(text) <= _LONGEST else text[: _LONGEST - 1] + "…"
