"""Copy and paste as JSON text: between windows, into a mail, and back.

The text is a small workflow file of its own, so that what is pasted is read by the same strict
reader as a file, and a whole workflow file pastes too.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterable

from engine.errors import WorkflowFileError
from engine.files import codec
from engine.model import Workflow
from engine.model.comments import Comment, comments
from engine.model.fragment import Fragment, take
from engine.model.groups import groups
from engine.model.json_value import Json

_ID = "clipboard"
_QUOTE_MARK = re.compile(r"^(?:>[ \u00a0]?)+", re.MULTILINE)


def to_text(workflow: Workflow, node_ids: Iterable[str], notes: Iterable[Comment] = ()) -> str:
    """The nodes with the wires among and into them, their groups, and comments; empty text for nothing."""
    fragment = take(workflow, node_ids)
    written: list[Json] = [note.to_json() for note in notes]
    framed: list[Json] = [group.to_json() for group in fragment.groups]
    if not fragment.nodes and not written:
        return ""
    connections = (*fragment.connections, *fragment.incoming)
    piece = Workflow(
        id=_ID,
        name=workflow.name,
        nodes={node.id: node for node in fragment.nodes},
        connections={connection.id: connection for connection in connections},
        layout=fragment.layout,
        layout_extra={
            key: entries for key, entries in (("comments", written), ("groups", framed)) if entries
        },
    )
    return codec.encode(piece)


def from_text(text: str) -> Fragment:
    """Read what was copied. Raises ``WorkflowFileError`` in plain words when the text is something else."""
    if not seems_to_hold_nodes(text):
        raise WorkflowFileError(None, "The clipboard holds no nodes.", hint="Copy some nodes first.")
    piece = codec.decode(_without_mail(text))
    notes = comments(piece)
    if not piece.nodes and not notes:
        raise WorkflowFileError(None, "The copied text holds no nodes.", hint="Copy some nodes first.")
    wires = piece.connections.values()
    return Fragment(
        nodes=tuple(piece.nodes.values()),
        connections=tuple(c for c in wires if c.source in piece.nodes and c.target in piece.nodes),
        incoming=tuple(c for c in wires if c.source not in piece.nodes and c.target in piece.nodes),
        layout=piece.layout,
        comments=notes,
        groups=groups(piece),
    )


def seems_to_hold_nodes(text: str) -> bool:
    """Whether it is worth offering to paste this."""
    return "{" in text and ('"nodes"' in text or '"steps"' in text)


def _without_mail(text: str) -> str:
    """The JSON object in a text, without what a mail puts around it and before its lines."""
    unquoted = _QUOTE_MARK.sub("", text)
    if unquoted != text:
        text = unquoted.replace("\u00a0", " ")
    begin = text.find("{")
    try:
        _, length = json.JSONDecoder().raw_decode(text[begin:])
    except ValueError:
        return text[begin:]  # the strict reader says what is wrong, and where
    return text[begin : begin + length]
