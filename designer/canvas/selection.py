"""What is selected and what has the keyboard, by id."""

from __future__ import annotations

from collections.abc import Iterable

from PySide6.QtCore import QObject, Signal


class Selection(QObject):
    """Nodes, wires and comments (``notes``) in the order in which they were chosen.

    ``changed`` comes once a change.
    """

    changed = Signal()

    def __init__(self, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._nodes: dict[str, None] = {}
        self._wires: dict[str, None] = {}
        self._notes: dict[str, None] = {}
        self.focused: str | None = None

    @property
    def nodes(self) -> list[str]:
        return list(self._nodes)

    @property
    def wires(self) -> list[str]:
        return list(self._wires)

    @property
    def notes(self) -> list[str]:
        return list(self._notes)

    @property
    def is_empty(self) -> bool:
        return not self._nodes and not self._wires and not self._notes

    def has_node(self, node_id: str) -> bool:
        return node_id in self._nodes

    def set(self, nodes: Iterable[str] = (), wires: Iterable[str] = (), notes: Iterable[str] = ()) -> None:
        """Select these and nothing else."""
        chosen, lines, papers = dict.fromkeys(nodes), dict.fromkeys(wires), dict.fromkeys(notes)
        same = lines == self._wires and papers == self._notes
        if not same or list(chosen) != list(self._nodes):
            self._nodes, self._wires, self._notes = chosen, lines, papers
            self.changed.emit()

    def add(self, nodes: Iterable[str] = (), wires: Iterable[str] = (), notes: Iterable[str] = ()) -> None:
        """Select these too."""
        self.set([*self._nodes, *nodes], [*self._wires, *wires], [*self._notes, *notes])

    def toggle(self, nodes: Iterable[str] = (), wires: Iterable[str] = (), notes: Iterable[str] = ()) -> None:
        """Select those of these that are not selected, and let the others go."""
        chosen, lines, papers = dict(self._nodes), dict(self._wires), dict(self._notes)
        for held, wanted in ((chosen, nodes), (lines, wires), (papers, notes)):
            for item in wanted:
                if item in held:
                    del held[item]
                else:
                    held[item] = None
        self.set(chosen, lines, papers)

    def keep(self, nodes: Iterable[str], wires: Iterable[str]) -> None:
        """Let go of everything that is not among these: it is not there any more."""
        left, lines = set(nodes), set(wires)
        if self.focused not in left:
            self.focused = None
        self.set([n for n in self._nodes if n in left], [w for w in self._wires if w in lines], self._notes)
