"""The open workflow: a value that moves from one revision to the next, and whoever watches it.

A person may look inside a node that holds a workflow of its own. What is shown then, and edited, is the inner
workflow; the whole is put together when somebody asks for it (to save, to check, to run), because writing an
inner workflow back into its node takes time in proportion to its size, and an edit must not.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import TypeAlias, TypeVar

from engine.model import Change, Node, Workflow, apply
from engine.model.subworkflows import (
    apply_at,
    blank,
    file_of,
    get,
    is_composite,
    replace_embedded,
    workflow_at,
)

T = TypeVar("T")

Place: TypeAlias = tuple[str, ...]
"""The nodes through which one gets inside, from the outermost; () is the workflow of the file itself."""

Observer: TypeAlias = Callable[[Workflow, Workflow, Sequence[Change]], None]
"""Called with what is shown before and after, and the changes between (empty: all is new)."""

EditObserver: TypeAlias = Callable[[Place, Sequence[Change]], None]
"""Called with the place of an edit and its changes (empty: another workflow is open)."""


class Document:
    """Holds the current workflow; only the editor applies changes to it.

    ``workflow`` is what is shown: the inner workflow at ``place``, or the whole, which is ``root``.
    ``revision`` grows by one with each change and never goes back, not even on undo.
    """

    def __init__(self, workflow: Workflow, path: Path | None = None) -> None:
        self._levels = [workflow]
        self._place: Place = ()
        self._is_behind = False
        self._revision = 0
        self._observers: list[Observer] = []
        self._edit_observers: list[EditObserver] = []
        self._place_observers: list[Callable[[Place], None]] = []
        self.path = path

    @property
    def workflow(self) -> Workflow:
        """What is shown and edited."""
        return self._levels[-1]

    @property
    def root(self) -> Workflow:
        """The whole workflow with every edit in it, however deep."""
        self._catch_up()
        return self._levels[0]

    @property
    def place(self) -> Place:
        """Where the shown workflow stands in the whole."""
        return self._place

    @property
    def holder(self) -> Node | None:
        """The node that holds what is shown; None for the workflow of the file itself."""
        return self._levels[-2].nodes[self._place[-1]] if self._place else None

    @property
    def titles(self) -> tuple[str, ...]:
        """What the nodes on the way inside are called, from the outermost."""
        return tuple(
            level.nodes[node_id].label for level, node_id in zip(self._levels, self._place, strict=False)
        )

    @property
    def revision(self) -> int:
        return self._revision

    def subscribe(self, observer: Observer) -> Callable[[], None]:
        """Call the observer when what is shown has changed; the returned function ends that."""
        return _added(self._observers, observer)

    def subscribe_edits(self, observer: EditObserver) -> Callable[[], None]:
        """Call the observer after every edit, wherever it was made; not when a person looks elsewhere."""
        return _added(self._edit_observers, observer)

    def subscribe_place(self, observer: Callable[[Place], None]) -> Callable[[], None]:
        """Call the observer when a person looks inside a node, or comes back out."""
        return _added(self._place_observers, observer)

    def at(self, place: Place) -> Workflow:
        """The workflow at a place. Raises ``ValueError`` when there is none."""
        return self.workflow if place == self._place else workflow_at(self.root, place)

    def apply(self, changes: Sequence[Change], place: Place | None = None) -> None:
        """Move to the next revision. Raises ``ValueError``, and stays, when a change does not fit.

        place: where the changes belong; to what is shown unless said otherwise.
        """
        place = self._place if place is None else place
        before = self.workflow
        if place == self._place:
            self._levels[-1] = apply(before, changes)
            self._is_behind = bool(place)
        else:
            self._descend(apply_at(self.root, place, changes), self._place)
        self._revision += 1
        if place == self._place:
            self._announce(before, changes)
        elif self.workflow != before:
            self._announce(before, ())
        for observer in tuple(self._edit_observers):
            observer(place, changes)

    def replace(self, workflow: Workflow, path: Path | None = None) -> None:
        """Show another workflow altogether; observers get no changes and look at everything."""
        before, was_inside = self.workflow, self._place
        self._levels, self._place, self._is_behind = [workflow], (), False
        self.path = path
        self._revision += 1
        self._announce(before, ())
        for observer in tuple(self._edit_observers):
            observer((), ())
        if was_inside:
            self._announce_place()

    def go_to(self, place: Place) -> None:
        """Show the workflow at this place. Raises ``ValueError``, and stays, when there is none to show."""
        if place == self._place:
            return
        before = self.workflow
        self._catch_up()
        self._descend(self._levels[0], place, strictly=True)
        self._announce(before, ())
        self._announce_place()

    def _descend(self, root: Workflow, place: Place, *, strictly: bool = False) -> None:
        """Open the levels down to a place; not strictly, as many as there still are."""
        levels = [root]
        for node_id in place:
            try:
                levels.append(_inside(levels[-1], node_id))
            except ValueError:
                if strictly:
                    raise
                break
        was_at = self._place
        self._levels, self._place, self._is_behind = levels, place[: len(levels) - 1], False
        if self._place != was_at and not strictly:
            self._announce_place()

    def _catch_up(self) -> None:
        """Write the inner workflows back into their nodes."""
        if not self._is_behind:
            return
        for depth in range(len(self._place), 0, -1):
            outer = self._levels[depth - 1]
            edit = replace_embedded(outer, self._place[depth - 1], self._levels[depth])
            self._levels[depth - 1] = apply(outer, edit.changes)
        self._is_behind = False

    def _announce(self, before: Workflow, changes: Sequence[Change]) -> None:
        for observer in tuple(self._observers):
            observer(before, self.workflow, changes)

    def _announce_place(self) -> None:
        for observer in tuple(self._place_observers):
            observer(self._place)


def _inside(workflow: Workflow, node_id: str) -> Workflow:
    """What the node holds; a node that holds nothing yet shows an empty workflow."""
    node = workflow.nodes.get(node_id)
    if node is None or not is_composite(node):
        raise ValueError("there is no workflow inside this step")
    if file_of(node) is not None:
        raise ValueError("the workflow inside this step is in a file of its own")
    return get(node) or blank(node)


def _added(observers: list[T], one: T) -> Callable[[], None]:
    """Adds an observer; what is returned takes it away and may be called twice."""
    observers.append(one)

    def unsubscribe() -> None:
        if one in observers:
            observers.remove(one)

    return unsubscribe
