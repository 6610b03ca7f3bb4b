"""What the outline says about a step and about a way on from it. Pure; no Qt.

Two spellings: written ("then → 3"), and spoken ("then step 3"), for those who hear it.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence

from engine.catalog import sentence
from engine.model.node_type import NodeType
from engine.model.workflow import Connection, Node

Numbers = Mapping[str, int]
# At the beginning of a line what makes it a heading, a quotation or an item; anywhere what sets words off.
_MARKS = re.compile(r"^\s*(?:#{1,6}\s+|>\s?|[-*+]\s+)|(?<!\w)[*_`~]{1,3}(?=\S)|(?<=\S)[*_`~]{1,3}(?!\w)")
_LINK = re.compile(r"!?\[([^\]]*)\]\([^)]*\)")


def what_it_does(node: Node, node_type: NodeType | None) -> str:
    """The step's parameters as a sentence without full stop; its type's name if that says nothing new."""
    if node_type is None:
        return f"A node of the type “{node.type}”, which is not installed"
    text = " ".join(sentence(node_type, node.parameters).split()).rstrip(".")
    return node_type.title if not text or text.casefold() == node.label.casefold() else text


def is_named_by_type(node: Node, node_type: NodeType | None) -> bool:
    """Whether the title is what every node of the type begins with: "Filter rows", "Filter rows 2"."""
    if node_type is None or not node.label.startswith(node_type.title):
        return False
    rest = node.label[len(node_type.title) :].strip()
    return not rest or rest.isdigit()


def step_sentence(number: int, node: Node, node_type: NodeType | None, ways: str) -> str:
    """ "2. Keep large: Keep rows where amount > 100; then → 3"."""
    what = what_it_does(node, node_type)
    if is_named_by_type(node, node_type):
        text = f"{number}. {what}"
    elif node_type is not None and what == node_type.title:
        text = f"{number}. {node.label} ({what})"
    else:
        text = f"{number}. {node.label}: {what}"
    if node.disabled:
        text += ", switched off"
    return f"{text}; {ways}" if ways else text


def ways_on(
    connections: Sequence[Connection], node_type: NodeType | None, numbers: Numbers, *, spoken: bool = False
) -> str:
    """ "then → 3 and 4; if rows == 0 → 5; on error → 6"; ways under the same terms are named once."""
    gathered: dict[str, list[str]] = {}
    for each in connections:
        number = numbers.get(each.target)
        if number is not None:
            gathered.setdefault(terms(each, node_type), []).append(str(number))
    parts = []
    for words, targets in gathered.items():
        if spoken:
            parts.append(f"{words} {_listed([f'step {number}' for number in targets])}")
        else:
            parts.append(f"{words} → {_listed(targets)}")
    return "; ".join(parts)


def terms(connection: Connection, node_type: NodeType | None) -> str:
    """When a connection is taken: "then", "if rows == 0", "on error", "in any case, if rows == 0"."""
    condition = " ".join((connection.condition or "").split())
    start = {"error": "on error", "always": "in any case"}.get(connection.on, "")
    port = _port(connection, node_type)
    if port:
        start = f"{start}, from {port}" if start else f"from {port}"
    if condition:
        return f"{start}, if {condition}" if start else f"if {condition}"
    return start or "then"


def _port(connection: Connection, node_type: NodeType | None) -> str:
    """The name of the output that a connection leaves by; "" where there is only one."""
    if node_type is None or len(node_type.outputs) < 2 or connection.source_port is None:
        return ""
    titles = {port.name: port.title or port.name for port in node_type.outputs}
    return titles.get(connection.source_port, connection.source_port)


def plain_lines(text: str) -> list[str]:
    """The lines of a comment as they are read out: without the marks of Markdown, and without empty ones."""
    lines = (_LINK.sub(r"\1", _MARKS.sub("", line)).strip() for line in text.splitlines())
    return [line for line in lines if line]


def _listed(words: Sequence[str]) -> str:
    if len(words) < 2:
        return "".join(words)
    return f"{', '.join(words[:-1])} and {words[-1]}"
