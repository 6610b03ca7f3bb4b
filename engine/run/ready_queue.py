"""Steps that may run, in the order in which they will: by priority, then by who became ready first."""

from __future__ import annotations

from collections import deque
from collections.abc import Sequence
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from engine.run.execution import Execution

Entry = tuple["Execution", int]
"""An execution and the number of one of its steps."""


class ReadyQueue:
    """A line for each priority: nearly every workflow has one only, and a heap costs ten times as much.

    size: how many steps wait; asked for before every step, so it is no method.
    """

    __slots__ = ("_first", "_lines", "size")

    def __init__(self) -> None:
        self._lines: dict[int, deque[Entry]] = {}  # in the order of priorities
        self._first: deque[Entry] = deque()  # the line whose turn it is, unless it is empty
        self.size = 0

    def add(self, execution: Execution, steps: Sequence[int]) -> None:
        """Put these steps behind the others of their priority."""
        drawn = execution.plan.steps
        for step in steps:
            line = self._lines.get(drawn[step].priority)
            if line is None:
                line = self._open(drawn[step].priority)
            line.append((execution, step))
        self.size += len(steps)
        if len(self._lines) > 1:
            self._first = next((line for line in self._lines.values() if line), self._first)

    def pop(self) -> Entry:
        """The next one; there has to be one."""
        self.size -= 1
        if not self._first:
            self._first = next(line for line in self._lines.values() if line)
        return self._first.popleft()

    def withdraw(self, execution: Execution) -> list[int]:
        """Take out the steps of this execution; returns them in their order."""
        withdrawn: list[int] = []
        for line in self._lines.values():
            kept = [entry for entry in line if entry[0] is not execution]
            if len(kept) < len(line):
                withdrawn += [step for owner, step in line if owner is execution]
                line.clear()
                line.extend(kept)
        self.size -= len(withdrawn)
        return withdrawn

    def _open(self, priority: int) -> deque[Entry]:
        line: deque[Entry] = deque()
        self._lines[priority] = line
        self._lines = dict(sorted(self._lines.items()))
        if len(self._lines) == 1:
            self._first = line
        return line
