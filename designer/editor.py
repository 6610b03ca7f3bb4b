"""The only writer of the document: every edit is one command on one undo stack."""

from __future__ import annotations

import weakref
import zlib
from collections.abc import Callable, Sequence
from pathlib import Path

from PySide6.QtCore import QObject, Signal
from PySide6.QtGui import QUndoCommand, QUndoStack
from shiboken6 import isValid

from designer.document.document import Document, Place
from engine.model import Change, Edit, Workflow, inverse


class ChangeCommand(QUndoCommand):
    """Applies an edit's changes, and takes them back. Edits of one merge key become one command."""

    def __init__(
        self, document: Document, edit: Edit, place: Place, restored: Callable[[Sequence[Change]], None]
    ) -> None:
        super().__init__(edit.label)
        self._restored = restored
        self._document = document
        self._place = place
        self._merge_key = edit.merge_key
        self._changes: tuple[Change, ...] = edit.changes
        self._inverse = inverse(document.at(place), edit.changes)
        self._is_done = False

    def id(self) -> int:
        """Equal for edits that may merge; -1, Qt's "never", for those that may not."""
        return zlib.crc32(self._merge_key.encode()) & 0x7FFFFFFF if self._merge_key else -1

    def mergeWith(self, other: QUndoCommand) -> bool:
        """Take a later edit of the same merge key into this command."""
        if not isinstance(other, ChangeCommand) or other._merge_key != self._merge_key:
            return False
        if other._place != self._place:
            return False
        self._changes += other._changes
        self._inverse = other._inverse + self._inverse
        return True

    def redo(self) -> None:
        again, self._is_done = self._is_done, True
        if again:  # not the first time: the person sees where it happens
            self._document.go_to(self._place)
        self._document.apply(self._changes, self._place)
        if again:
            self._restored(self._changes)

    def undo(self) -> None:
        self._document.go_to(self._place)
        self._document.apply(self._inverse, self._place)
        self._restored(self._inverse)


class Editor(QObject):
    """Pushes edits, and knows whether the document differs from its file.

    ``edit_refused`` carries the reason, in plain words, when an edit does not fit any more.
    ``place_changed`` follows when a person looks inside a node, or comes back out; ``restored`` carries what
    an undo or a redo has just changed.
    """

    edit_refused = Signal(str)
    document_replaced = Signal()
    place_changed = Signal()
    restored = Signal(object)

    def __init__(self, document: Document, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self.document = document
        self.undo_stack = QUndoStack(self)
        self._seals = 0
        # WORKAROUND: PySide deletes commands twice when a stack goes with a reference cycle that the garbage
        # collector breaks up; so the document, which the commands hold, must not hold the editor.
        told = weakref.WeakMethod(self._tell_place)
        document.subscribe_place(lambda _place: _call(told))

    def __del__(self) -> None:
        # WORKAROUND, for the same: who subscribes to the document may close such a cycle. This is called
        # before anything in it is broken up.
        if isValid(self) and isValid(self.undo_stack):
            self.undo_stack.blockSignals(True)
            self.undo_stack.clear()

    def _tell_place(self) -> None:
        self.place_changed.emit()

    @property
    def workflow(self) -> Workflow:
        return self.document.workflow

    @property
    def root(self) -> Workflow:
        """The whole workflow, of which the one on screen may be a part."""
        return self.document.root

    @property
    def is_edited(self) -> bool:
        """Whether there is anything that a save would write."""
        return not self.undo_stack.isClean()

    def push(self, edit: Edit, place: Place | None = None) -> bool:
        """Do the edit as one step of undo; False, with ``edit_refused``, when it does not fit.

        An edit without changes does nothing and is no step. place: where it belongs, if not to what is shown.
        """
        if not edit.changes:
            return True
        try:
            where = self.document.place if place is None else place
            command = ChangeCommand(self.document, edit, where, self.restored.emit)
        except ValueError as error:
            self.edit_refused.emit(f"That cannot be done: {error}.")
            return False
        if edit.merge_key:
            command._merge_key = f"{edit.merge_key} {self._seals}"
        self.undo_stack.push(command)
        return True

    def seal(self) -> None:
        """Let the next edit be a step of its own even if it would merge: a field was left."""
        self._seals += 1

    def replace(self, workflow: Workflow, path: Path | None = None, *, edited: bool = False) -> None:
        """Open another workflow; the undo history of the former one ends."""
        self.undo_stack.clear()
        if edited:
            self.undo_stack.resetClean()
        self.document.replace(workflow, path)
        self.document_replaced.emit()

    def mark_saved(self, path: Path) -> None:
        """The current revision is what the file holds."""
        self.document.path = path
        self.undo_stack.setClean()


def _call(method: weakref.WeakMethod[Callable[[], None]]) -> None:
    found = method()
    if found is not None:
        found()
