"""The comments as the canvas shows them: those of the document, and where one is being dragged to."""

from __future__ import annotations

from collections.abc import Iterable

from PySide6.QtCore import QPointF, QRectF

from engine.model.comments import Comment, comments
from engine.model.groups import Group
from engine.model.workflow import Point, Workflow


class Notes:
    """Read anew only when the document's comments changed. ``hidden`` is being edited elsewhere."""

    def __init__(self, workflow: Workflow) -> None:
        self._source = workflow.layout_extra.get("comments")
        self._all = comments(workflow)
        self.moved: dict[str, Comment] = {}
        self._folded: frozenset[str] = frozenset()
        self.hidden = ""

    def follow(self, workflow: Workflow) -> bool:
        """Show the comments of this workflow; whether any changed."""
        source = workflow.layout_extra.get("comments")
        if source is self._source:
            return False
        self._source = source
        self._all = comments(workflow)
        self.moved.clear()
        return True

    def fold(self, groups: Iterable[Group]) -> None:
        """Show no comment that is folded away with one of these groups."""
        self._folded = frozenset(note for group in groups if group.folded for note in group.comments)

    def shift(self, ids: Iterable[str], by: Point) -> None:
        """Show these elsewhere; while they are dragged the document does not know yet."""
        chosen = set(ids)
        self.moved = {comment.id: comment.moved(by) for comment in self._all if comment.id in chosen}

    @property
    def shown(self) -> list[Comment]:
        """The comments that are seen, as they lie now, the lowest first."""
        folded = self._folded
        return [self.moved.get(note.id, note) for note in self._all if note.id not in folded]

    def of(self, ids: Iterable[str]) -> list[Comment]:
        """These comments, seen or folded away."""
        chosen = set(ids)
        return [comment for comment in self._all if comment.id in chosen]

    @property
    def ids(self) -> list[str]:
        return [comment.id for comment in self._all]

    def at(self, place: QPointF) -> Comment | None:
        """The topmost comment at a place."""
        found = [comment for comment in self.shown if box_of(comment).contains(place)]
        return found[-1] if found else None

    def inside(self, area: QRectF) -> list[str]:
        """Ids of the comments that lie wholly in the area."""
        return [comment.id for comment in self.shown if area.contains(box_of(comment))]

    def bounds(self, ids: Iterable[str] | None = None) -> QRectF:
        """A box around these, or around all of them; null for none."""
        chosen = None if ids is None else set(ids)
        area = QRectF()
        for comment in self.shown:
            if chosen is None or comment.id in chosen:
                area = area.united(box_of(comment))
        return area


def box_of(comment: Comment) -> QRectF:
    return QRectF(comment.x, comment.y, comment.width, comment.height)
