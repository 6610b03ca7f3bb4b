"""Before a run is stopped that can be undone, and before one is undone that has ended."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Final

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QCheckBox, QLabel, QWidget

from designer.dialogs.base import Dialog

_MOST_LISTED: Final = 8


class StopDialog(Dialog[bool | None]):
    """Whether what was done is undone too; None goes on running."""

    def __init__(self, name: str, parent: QWidget | None = None) -> None:
        super().__init__(
            f"Stop “{name}”?",
            "Steps that run finish, nothing follows. Stop once more to interrupt them.",
            closed=None,
            icon="square",
            tone="paused",
            parent=parent,
        )
        self.undo = QCheckBox("Undo what was done", self)
        self.undo.setToolTip("Steps that say how they are undone, the last one first")
        self.body.addWidget(self.undo)
        self.cancel_button = self.add_button("Go on", self.reject)
        self.stop_button = self.add_button(
            "Stop the run", lambda: self.close_with(self.undo.isChecked()), variant="danger", default=True
        )
        self.stop_button.setFocus()


class UndoDialog(Dialog[Mapping[str, bool] | None]):
    """What will be undone; the answer says of every uncertain step whether it took effect, None is no.

    done: titles in the order in which they are undone. uncertain: (id, title) of steps that were under way
    when the program ended.
    """

    def __init__(
        self,
        done: Sequence[str],
        uncertain: Sequence[tuple[str, str]] = (),
        *,
        again: bool = False,
        parent: QWidget | None = None,
    ) -> None:
        super().__init__(
            "Try again to undo it?" if again else "Undo what the run did?",
            "The last step first, each by the action under its Error handling. What is undone cannot be "
            "taken back.",
            closed=None,
            icon="undo-2",
            tone="paused",
            parent=parent,
        )
        self.list = QLabel(_listed(done), self)
        self.list.setObjectName("undoList")
        self.list.setTextFormat(Qt.TextFormat.PlainText)
        self.list.setWordWrap(True)
        self.list.setVisible(bool(done))
        self.body.addWidget(self.list)
        self.boxes: dict[str, QCheckBox] = {}
        for step_id, title in uncertain:
            why = QLabel(f"The program ended while “{title}” ran: nobody knows whether it took effect.", self)
            why.setProperty("role", "subtitle")
            why.setWordWrap(True)
            self.body.addWidget(why)
            box = self.boxes[step_id] = QCheckBox(f"It did: undo “{title}” too", self)
            self.body.addWidget(box)
        self.cancel_button = self.add_button("Leave it as it is", self.reject)
        self.undo_button = self.add_button(
            "Undo", lambda: self.close_with(self._uncertain()), variant="danger", default=True
        )
        self.undo_button.setFocus()

    def _uncertain(self) -> dict[str, bool]:
        return {step_id: box.isChecked() for step_id, box in self.boxes.items()}


def _listed(titles: Sequence[str]) -> str:
    lines = [f"{number}.  {title}" for number, title in enumerate(titles[:_MOST_LISTED], start=1)]
    if len(titles) > _MOST_LISTED:
        lines.append(f"and {len(titles) - _MOST_LISTED} more")
    return "\n".join(lines)
