"""The order in which a workflow is read, kept up from edit to edit instead of found anew.

The order comes from a stack: what is ready lies on it, the first way on uppermost. Up to the first step that
an edit touches, everything is taken from the stack as before; and once all that it touches has been taken and
the stack is as high as it was at the same point before, the rest follows as before. Only what lies between is
read again: all of it at worst, a handful of steps as a rule.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Mapping, Sequence
from itertools import count

from engine.model.changes import (
    Change,
    ConnectionAdded,
    ConnectionChanged,
    ConnectionRemoved,
    NodeAdded,
    NodeRemoved,
)
from engine.model.reading_order import sorted_nodes
from engine.model.workflow import Connection, Node, Workflow

_MANY = 200
"""More changes at once than this are no longer followed one by one."""
_FAR = 100
"""When so many steps have been read again without an end, all of them are: each of them is cheaper so."""


class KeptOrder:
    """``names`` is always what ``reading_order`` says of the workflow that was read or followed last.

    ``leaving`` lists the connections that leave each node, in the file's order; those whose ends are missing
    are among them.
    """

    def __init__(self, workflow: Workflow) -> None:
        self.read(workflow)

    def read(self, workflow: Workflow) -> None:
        """Take another workflow; O(nodes + connections)."""
        self.names, self._free = sorted_nodes(workflow)
        self._place = dict(zip(self.names, count()))
        self._nodes: Mapping[str, Node] = workflow.nodes
        self.leaving: dict[str, list[Connection]] = {}
        self._arriving: dict[str, list[str]] = {}
        for wire in workflow.connections.values():
            self.leaving.setdefault(wire.source, []).append(wire)
            self._arriving.setdefault(wire.target, []).append(wire.source)
        self._roots = {name for name in self.names if not self._before(name)}

    def sources_of(self, node_id: str) -> Sequence[str]:
        """Where connections to this node come from, be it there or missing."""
        return self._arriving.get(node_id, ())

    def follow(self, before: Workflow, after: Workflow, changes: Sequence[Change]) -> None:
        """Go over to the workflow after these changes."""
        came = {each.node.id for each in changes if isinstance(each, NodeAdded)}
        went = {each.node_id for each in changes if isinstance(each, NodeRemoved)}
        if came & went or len(changes) > _MANY:  # the same name at another place of the file; or much is new
            self.read(after)
            return
        sources, targets = self._rewire(after, rewired(before, changes))
        self._nodes = after.nodes
        for name in came | went:
            sources.update(self.sources_of(name))
            targets.update(wire.target for wire in self.leaving.get(name, ()))
        if came or went or sources:
            fresh = self._new_roots(targets | came)
            self._roots -= went
            if not _Reading(self, came, went, sources, targets, fresh).run():
                self.names, self._free = sorted_nodes(after)
            self._place = dict(zip(self.names, count()))

    def _rewire(self, after: Workflow, sources: Collection[str]) -> tuple[set[str], set[str]]:
        """Bring what leaves these up to date; those that lead elsewhere now, and what they lead to or did."""
        now: dict[str, list[Connection]] = {source: [] for source in sources}
        if sources:
            for wire in after.connections.values():
                if wire.source in now:
                    now[wire.source].append(wire)
        changed: set[str] = set()
        touched: set[str] = set()
        for source, wires in now.items():
            old = [wire.target for wire in self.leaving.pop(source, ())]
            new = [wire.target for wire in wires]
            if wires:
                self.leaving[source] = wires
            if old == new:
                continue
            changed.add(source)
            for target in (Counter(new) - Counter(old)).elements():
                self._arriving.setdefault(target, []).append(source)
                touched.add(target)
            for target in (Counter(old) - Counter(new)).elements():
                self._arriving[target].remove(source)
                touched.add(target)
        return changed, touched

    def _before(self, name: str) -> list[str]:
        return [each for each in self._arriving.get(name, ()) if each in self._nodes]

    def _new_roots(self, names: Collection[str]) -> set[str]:
        """Which of these have nothing before them now that had something, or were not there."""
        fresh = set()
        for name in names:
            if name in self._nodes and not self._before(name):
                if name not in self._roots:
                    fresh.add(name)
            else:
                self._roots.discard(name)
        return fresh


class _Reading:
    """Reads again what one edit makes uncertain."""

    def __init__(
        self,
        kept: KeptOrder,
        came: set[str],
        went: set[str],
        sources: set[str],
        targets: set[str],
        fresh: set[str],
    ) -> None:
        self._kept, self._came, self._went, self._fresh = kept, came, went, fresh
        self._place, self._nodes, self._end = kept._place, kept._nodes, kept._free
        self._never = len(kept.names)
        """A place for what has none."""
        self._fresh_before: dict[str | None, list[str]] = {}  # this old root; at the end: None
        if fresh:
            self._sort_in()
        self._start = self._first(sources, targets)
        self._open = {name for name in sources | targets | came if name in self._nodes}
        self._waits: dict[str, int] = {}
        self._read: list[str] = []
        self._farthest = -1

    def _sort_in(self) -> None:
        """Roots are taken in the file's order: those before each one that is there already."""
        following, roots = None, self._kept._roots
        for name in reversed(list(self._nodes)):
            if name in self._fresh:
                self._fresh_before.setdefault(following, []).append(name)
            elif name in roots:
                following = name
        roots |= self._fresh

    def _first(self, sources: set[str], targets: set[str]) -> int:
        """Before which place nothing can have become different."""
        place, first = self._place, self._end
        for name in sources | targets | self._went:
            first = min(first, place.get(name, first))
        for name in (targets | self._came) & self._nodes.keys():
            ahead = self._kept._before(name)
            if ahead:  # it is taken some time after the last of these
                first = min(first, max(place.get(each, self._never) for each in ahead))
        for root in self._fresh_before:
            if root is not None:
                first = min(first, place[root])
        return first

    def run(self) -> bool:
        """Read, and hand over the new order; False when that is too much."""
        kept, at = self._kept, self._start
        names = kept.names
        while True:
            root = names[at] if at < self._end else None
            new_ones = self._fresh_before.pop(root, None)
            if new_ones is not None:
                if not self._take(new_ones):
                    return False
                continue
            if root is None:
                self._finish()
                return True
            if self._was_ready(root):
                if self._is_as_before(at):
                    kept.names = names[: self._start] + self._read + names[at:]
                    kept._free += len(self._came) - len(self._went)
                    return True
                if not self._take([root]):
                    return False
            at += 1

    def _was_ready(self, name: str) -> bool:
        """Whether it lay on the stack at the start already."""
        return (
            name in self._nodes
            and name not in self._fresh
            and all(self._place.get(each, self._never) < self._start for each in self._kept._before(name))
        )

    def _take(self, stack: list[str]) -> bool:
        """Read these from the last on, each with what it makes ready; False when that is too much."""
        kept, waits, place = self._kept, self._waits, self._place
        while stack:
            if len(self._read) > _FAR:
                return False
            name = stack.pop()
            self._read.append(name)
            self._open.discard(name)
            if name not in self._came:
                self._farthest = max(self._farthest, place[name])
            for wire in reversed(kept.leaving.get(name, ())):
                target = wire.target
                if target not in self._nodes:
                    continue
                left = waits.get(target, 0) or sum(
                    place.get(each, self._never) >= self._start for each in kept._before(target)
                )
                waits[target] = left - 1
                if left == 1:
                    stack.append(target)
        return True

    def _is_as_before(self, at: int) -> bool:
        """Whether from here on, an old root being next, everything is read in the old order."""
        if self._open or self._farthest >= at:
            return False
        if any(self._place[name] >= at for name in self._went):
            return False
        return len(self._read) - len(self._came) == at - self._start - len(self._went)

    def _finish(self) -> None:
        """Nothing is ready any more: what is left lies on circles, or behind them."""
        kept = self._kept
        kept.names = kept.names[: self._start] + self._read
        kept._free = len(kept.names)
        if kept._free < len(self._nodes):
            read = set(kept.names)
            kept.names += [name for name in self._nodes if name not in read]


def rewired(before: Workflow, changes: Sequence[Change]) -> set[str]:
    """The nodes from which connections came or went."""
    found: set[str] = set()
    for change in changes:
        match change:
            case ConnectionAdded(connection=wire) | ConnectionChanged(connection=wire):
                was = before.connections.get(wire.id)
                found |= {wire.source} if was is None else {wire.source, was.source}
            case ConnectionRemoved(connection_id=wire_id):
                was = before.connections.get(wire_id)  # None: it came within the same edit, and was counted
                found |= {was.source} if was is not None else set()
            case _:
                pass
    return found
