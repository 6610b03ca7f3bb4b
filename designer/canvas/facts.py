"""What the painter asks of every card it paints, read once: until the node is edited it stays the same."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from designer.document.document import Document
from engine.model.breakpoints import has_breakpoint
from engine.model.pins import is_pinned


@dataclass(frozen=True, slots=True)
class Facts:
    """A node as its card shows it, without its state. ``stops``: runs stop before it."""

    type: str
    label: str
    disabled: bool
    pinned: bool
    stops: bool


class FactsByRow(dict[int, Facts]):
    """Reads a row when it is first asked for: each of these answers is a search in the node's config."""

    def __init__(self, document: Document, ids: Sequence[str]) -> None:
        super().__init__()
        self._document = document
        self._ids = ids

    def __missing__(self, row: int) -> Facts:
        node = self._document.workflow.nodes[self._ids[row]]
        found = Facts(node.type, node.label, node.disabled, is_pinned(node), has_breakpoint(node))
        self[row] = found
        return found

    def forget(self, rows: Iterable[int]) -> None:
        """These nodes were edited."""
        for row in rows:
            self.pop(row, None)
