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
_NODES = re.compile(r"""["\u201c-\u201f](?:nodes|steps)["\u201c-\u201f]""")
_STRAIGHT = str.maketrans(dict.fromkeys("\u201c\u201d\u201e\u201f", '"'))
_STRING = re.compile(r'"(?:[^"\\]|\\.)*"', re.DOTALL)
_BREAK = re.compile(r" ?\r?\n")
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
    try:
        piece = codec.decode(_without_mail(text))
    except WorkflowFileError as error:
        message = f"The copied text cannot be pasted. {error.message}"
        raise WorkflowFileError(error.path, message, hint=error.hint) from None
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
    return "{" in text and _NODES.search(text) is not None


def _without_mail(text: str) -> str:
    """The JSON object in a text, without what a mail puts around it, before its lines and into them."""
    unquoted = _QUOTE_MARK.sub("", text)
    plain = unquoted.replace("\u00a0", " ") if unquoted != text else text
    typed = unquoted.replace("\u00a0", " ").translate(_STRAIGHT)
    for reading in (plain, typed, _STRING.sub(_unwrapped, plain), _STRING.sub(_unwrapped, typed)):
        begin = reading.find("{")
        try:
            _, length = json.JSONDecoder().raw_decode(reading[begin:])
        except ValueError:
            continue
        return reading[begin : begin + length]
    return plain[plain.find("{") :]  # the strict reader says what is wrong, and where


def _unwrapped(string: re.Match[str]) -> str:
    """A text between quotation marks that was broken into lines, in one line again."""
    return _BREAK.sub(" ", string[0])
