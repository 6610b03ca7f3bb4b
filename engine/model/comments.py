"""Comments on the canvas: Markdown beside the nodes. They are layout, so no run ever sees them.

They live in the file under ``layout.comments``; entries that this version cannot read stay as they are.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from typing import Any

from engine.model.changes import WorkflowChanged
from engine.model.edits import Edit, free_id
from engine.model.json_value import Json
from engine.model.workflow import Point, Workflow

_KEY = "comments"
_OWN = ("id", "text", "x", "y", "width", "height")


@dataclass(frozen=True, slots=True, kw_only=True)
class Comment:
    """A box of text; lengths in scene pixels. ``extra`` keeps keys that this version does not know."""

    id: str
    text: str
    x: float
    y: float
    width: float
    height: float
    extra: Mapping[str, Json] = field(default_factory=dict)

    def moved(self, by: Point) -> Comment:
        return replace(self, x=self.x + by[0], y=self.y + by[1])

    def to_json(self) -> dict[str, Json]:
        own: dict[str, Json] = {key: getattr(self, key) for key in _OWN}
        return {**own, **self.extra}


def comments(workflow: Workflow) -> tuple[Comment, ...]:
    """The workflow's comments, the lowest first."""
    found: dict[str, Comment] = {}
    for entry in _entries(workflow):
        comment = _read(entry)
        if comment is not None:
            found.setdefault(comment.id, comment)
    return tuple(found.values())


def set_comments(workflow: Workflow, these: Iterable[Comment], label: str, *, merge_key: str = "") -> Edit:
    """Add comments, or replace those of the same ids."""
    given = {comment.id: comment.to_json() for comment in these}
    entries: list[Json] = []
    for entry in _entries(workflow):
        comment = _read(entry)
        entries.append(entry if comment is None else given.pop(comment.id, entry))
    return Edit(label=label, changes=(_changed(workflow, [*entries, *given.values()]),), merge_key=merge_key)


def remove_comments(workflow: Workflow, ids: Iterable[str]) -> Edit:
    """Take comments away; an edit without changes when none of them is there."""
    gone = set(ids)
    entries = _entries(workflow)
    kept = [entry for entry in entries if (found := _read(entry)) is None or found.id not in gone]
    if len(kept) == len(entries):
        return Edit(label="Delete comment", changes=())
    label = (
        "Delete comment" if len(entries) - len(kept) == 1 else f"Delete {len(entries) - len(kept)} comments"
    )
    return Edit(label=label, changes=(_changed(workflow, kept),))


def copies(workflow: Workflow, these: Iterable[Comment], by: Point) -> list[Comment]:
    """The comments under ids that the workflow does not have, moved."""
    taken = {comment.id for comment in comments(workflow)}
    made = []
    for comment in these:
        new = replace(comment.moved(by), id=free_id(taken, comment.id, fallback="comment"))
        taken.add(new.id)
        made.append(new)
    return made


def _entries(workflow: Workflow) -> list[Json]:
    entries = workflow.layout_extra.get(_KEY)
    return entries if isinstance(entries, list) else []


def _changed(workflow: Workflow, entries: list[Json]) -> WorkflowChanged:
    extra = {key: value for key, value in workflow.layout_extra.items() if key != _KEY}
    if entries:
        extra[_KEY] = entries
    return WorkflowChanged(values={"layout_extra": extra})


def _read(entry: Json) -> Comment | None:
    """The comment that an entry of the file says; None for anything else."""
    if not isinstance(entry, dict):
        return None
    numbers: dict[str, Any] = {key: entry.get(key) for key in ("x", "y", "width", "height")}
    for value in numbers.values():
        if isinstance(value, bool) or not isinstance(value, int | float) or abs(value) > 1e6:
            return None
    comment_id, text = entry.get("id"), entry.get("text")
    if not isinstance(comment_id, str) or not isinstance(text, str):
        return None
    sizes = {key: float(value) for key, value in numbers.items()}
    extra = {key: value for key, value in entry.items() if key not in _OWN}
    return Comment(id=comment_id, text=text, extra=extra, **sizes)
