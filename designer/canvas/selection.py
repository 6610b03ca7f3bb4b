"""What is selected and what has the keyboard, by id."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import TypeAlias, TypeVar

from PySide6.QtCore import QObject, Signal

T = TypeVar("T")
Bend: TypeAlias = tuple[str, int]
"""A connection's id, and the how manieth of its bends."""


class Selection(QObject):
    """Nodes, wires, comments (``notes``) and bends of wires in the order in which they were chosen.

    ``changed`` comes once a change.
    """

    changed = Signal()

    def __init__(self, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._nodes: dict[str, None] = {}
        self._wires: dict[str, None] = {}
        self._notes: dict[str, None] = {}
        self._bends: dict[Bend, None] = {}
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
    def bends(self) -> list[Bend]:
        return list(self._bends)

    @property
    def is_empty(self) -> bool:
        return not (self._nodes or self._wires or self._notes or self._bends)

    def has_node(self, node_id: str) -> bool:
        return node_id in self._nodes

    def set(
        self,
        nodes: Iterable[str] = (),
        wires: Iterable[str] = (),
        notes: Iterable[str] = (),
        bends: Iterable[Bend] = (),
    ) -> None:
        """Select these and nothing else."""
        chosen, lines = dict.fromkeys(nodes), dict.fromkeys(wires)
        papers, points = dict.fromkeys(notes), dict.fromkeys(bends)
        same = lines == self._wires and papers == self._notes and points == self._bends
        if not same or list(chosen) != list(self._nodes):
            self._nodes, self._wires, self._notes, self._bends = chosen, lines, papers, points
            self.changed.emit()

    def add(
        self,
        nodes: Iterable[str] = (),
        wires: Iterable[str] = (),
        notes: Iterable[str] = (),
        bends: Iterable[Bend] = (),
    ) -> None:
        """Select these too."""
        self.set(
            [*self._nodes, *nodes], [*self._wires, *wires], [*self._notes, *notes], [*self._bends, *bends]
        )

    def toggle(
        self,
        nodes: Iterable[str] = (),
        wires: Iterable[str] = (),
        notes: Iterable[str] = (),
        bends: Iterable[Bend] = (),
    ) -> None:
        """Select those of these that are not selected, and let the others go."""
        self.set(
            _toggled(self._nodes, nodes),
            _toggled(self._wires, wires),
            _toggled(self._notes, notes),
            _toggled(self._bends, bends),
        )

    def keep(self, nodes: Iterable[str], wires: Iterable[str], bends: Iterable[Bend] = ()) -> None:
        """Let go of everything that is not among these: it is not there any more."""
        left, lines, points = set(nodes), set(wires), set(bends)
        if self.focused not in left:
            self.focused = None
        self.set(
            [n for n in self._nodes if n in left],
            [w for w in self._wires if w in lines],
            self._notes,
            [b for b in self._bends if b in points],
        )


def _toggled(held: Mapping[T, None], wanted: Iterable[T]) -> list[T]:
    found = dict(held)
    for item in wanted:
        if item in found:
            del found[item]
        else:
            found[item] = None
    return list(found)
