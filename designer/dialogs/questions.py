"""Short questions: unsaved changes, a run that goes on, a doubtful step, edits found after a crash."""

from __future__ import annotations

from datetime import datetime
from typing import Literal

from PySide6.QtWidgets import QWidget

from designer.dialogs.base import Dialog

Unsaved = Literal["save", "discard", "cancel"]
Closing = Literal["keep", "stop", "cancel"]


class UnsavedDialog(Dialog[Unsaved]):
    """Before changes would be lost. Closing it means Cancel."""

    def __init__(self, name: str, parent: QWidget | None = None) -> None:
        super().__init__(
            f"Save the changes to “{name}”?",
            "They are lost if you do not save them.",
            closed="cancel",
            icon="save",
            parent=parent,
        )
        self.discard_button = self.add_button(
            "Don't save", lambda: self.close_with("discard"), variant="danger", left=True
        )
        self.cancel_button = self.add_button("Cancel", self.reject)
        self.save_button = self.add_button(
            "Save", lambda: self.close_with("save"), variant="primary", default=True
        )
        self.save_button.setFocus()


class CloseRunningDialog(Dialog[Closing]):
    """When the window closes while a run goes on. Closing it means Cancel."""

    def __init__(self, name: str, *, done: int = 0, total: int = 0, parent: QWidget | None = None) -> None:
        progress = f" {done} of {total} steps are done." if total else ""
        super().__init__(
            f"“{name}” is still running",
            f"It can be paused and go on from here the next time you open the program.{progress}",
            closed="cancel",
            icon="circle-play",
            parent=parent,
        )
        self.stop_button = self.add_button(
            "Stop the run", lambda: self.close_with("stop"), variant="danger", left=True
        )
        self.cancel_button = self.add_button("Cancel", self.reject)
        self.keep_button = self.add_button(
            "Pause and close", lambda: self.close_with("keep"), variant="primary", default=True
        )
        self.keep_button.setFocus()


class HappenedDialog(Dialog[bool | None]):
    """A step was under way when the program ended: True goes on after it, False runs it again, None waits."""

    def __init__(self, title: str, parent: QWidget | None = None) -> None:
        super().__init__(
            f"Did “{title}” happen?",
            "The program ended while it ran, and it must not run twice. Look whether it took effect: the run "
            "then goes on after it, or runs it again.",
            closed=None,
            icon="circle-question-mark",
            tone="paused",
            parent=parent,
        )
        self.later_button = self.add_button("Decide later", self.reject, left=True)
        self.again_button = self.add_button("No, run it again", lambda: self.close_with(False))
        self.happened_button = self.add_button(
            "Yes, go on after it", lambda: self.close_with(True), variant="primary", default=True
        )
        self.happened_button.setFocus()


class RecoveredDialog(Dialog[bool | None]):
    """Edits that were never saved: True takes them, False throws them away, None decides later."""

    def __init__(
        self,
        name: str,
        *,
        edits: int,
        edited_at: float,
        changed_outside: bool = False,
        parent: QWidget | None = None,
    ) -> None:
        when = datetime.fromtimestamp(edited_at).astimezone().strftime("%d %B %Y, %H:%M").lstrip("0")
        count = "one edit" if edits == 1 else f"{edits:,} edits"
        outside = (
            " The file was changed by someone else since; taking the edits shows the workflow as it was here."
            if changed_outside
            else ""
        )
        super().__init__(
            f"Recover “{name}”?",
            f"The program ended before {count} could be saved, the last on {when}.{outside}",
            closed=None,
            icon="rotate-ccw",
            tone="paused",
            parent=parent,
        )
        self.discard_button = self.add_button(
            "Discard the edits", lambda: self.close_with(False), variant="danger", left=True
        )
        self.later_button = self.add_button("Decide later", self.reject)
        self.recover_button = self.add_button(
            "Recover", lambda: self.close_with(True), variant="primary", default=True
        )
        self.recover_button.setFocus()
