"""What each line of the outline says, worded when it is painted or read out."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from PySide6.QtCore import Qt

from designer.editor import Editor
from designer.panels import outline_sentences as wording
from designer.panels.outline_rows import Row, Tree
from engine.model.comments import Comment
from engine.model.groups import Group
from engine.model.node_type import NodeTypes
from engine.model.workflow import Connection, Node, Workflow

TITLE, DETAIL, STATE, LOOK, DIMMED = (int(Qt.ItemDataRole.UserRole) + place for place in range(5))
"""The parts of a painted line: both its rows of text, the state in short and the theme's key for it."""

_Role = Qt.ItemDataRole
_SHOWN = (_Role.DisplayRole, _Role.ToolTipRole)

State = tuple[str, str, str]
"""A state in full, in short, and the theme's key for it; ("", "", "") for none."""


def _no_state(_id: str) -> State:
    return "", "", ""


class Lines:
    """Answers for a row by role; None for a row whose node or connection has just gone."""

    def __init__(self, editor: Editor, types: NodeTypes) -> None:
        self._editor = editor
        self._types = types
        self.state_of: Callable[[str], State] = _no_state
        self.outcome_of: Callable[[str], State] = _no_state

    @property
    def _workflow(self) -> Workflow:
        return self._editor.workflow

    def about(self, tree: Tree, row: Row, role: int) -> Any:
        """What a row says under a role of Qt's, or one of this module's."""
        match row.kind:
            case "node":
                node = self._workflow.nodes.get(row.id)
                return None if node is None else self._about_node(tree, node, role)
            case "wire":
                wire = self._workflow.connections.get(row.id)
                return None if wire is None else self._about_wire(tree, wire, role)
            case "group":
                group = tree.contents.groups.get(row.id)
                return None if group is None else _about_group(group, tree.contents.sizes[group.id], role)
            case "note":
                note = tree.contents.notes.get(row.id)
                return None if note is None else _about_note(note, role)
            case "root":
                return None

    def _about_node(self, tree: Tree, node: Node, role: int) -> Any:
        if role == _Role.EditRole:
            return node.label
        if role == DIMMED:
            return node.disabled
        if role in (STATE, LOOK):
            return self.state_of(node.id)[1 if role == STATE else 2]
        node_type, number = self._types.get(node.type), tree.contents.numbers.get(node.id, 0)
        if role == TITLE:
            return f"{number}. {node.label}"
        if role not in (*_SHOWN, DETAIL, _Role.AccessibleTextRole):
            return None
        spoken = role == _Role.AccessibleTextRole
        ways = wording.ways_on(tree.ways(node.id), node_type, tree.contents.numbers, spoken=spoken)
        if role == DETAIL:
            parts = ["switched off" if node.disabled else "", wording.what_it_does(node, node_type), ways]
            return "; ".join(filter(None, parts))
        text = wording.step_sentence(number, node, node_type, ways)
        return ". ".join(filter(None, (text, self.state_of(node.id)[0]))) if spoken else text

    def _about_wire(self, tree: Tree, wire: Connection, role: int) -> Any:
        if role == _Role.EditRole:
            return wire.condition or ""
        if role in (STATE, LOOK):
            return self.outcome_of(wire.id)[1 if role == STATE else 2]
        source, target = (self._workflow.nodes.get(end) for end in (wire.source, wire.target))
        if source is None or target is None:
            return None
        words = wording.terms(wire, self._types.get(source.type))
        number = tree.contents.numbers.get(target.id, 0)
        if role in _SHOWN:
            return f"{words} → {number}. {target.label}"
        if role == _Role.AccessibleTextRole:
            text = f"{words} step {number}, {target.label}"
            return ", ".join(filter(None, (text, self.outcome_of(wire.id)[0])))
        if role == TITLE:
            return words
        return f"→ {number}. {target.label}" if role == DETAIL else None


def _about_note(note: Comment, role: int) -> Any:
    lines = wording.plain_lines(note.text)
    if role in (*_SHOWN, _Role.AccessibleTextRole):
        return f"Comment: {' '.join(lines)}"
    if role == TITLE:
        return lines[0] if lines else "Comment"
    if role == DETAIL:
        return " ".join(("Comment.", *lines[1:])) if lines[1:] else "Comment"
    return True if role == DIMMED else None


def _about_group(group: Group, size: int, role: int) -> Any:
    words = f"group of {size} step{'' if size == 1 else 's'}"
    if role in (*_SHOWN, _Role.AccessibleTextRole):
        return f"{group.title}: {words}"
    if role in (_Role.EditRole, TITLE):
        return group.title
    return words.capitalize() if role == DETAIL else None
