"""What a run left on the canvas, by id, so that it survives a rebuild of the rows and an undo."""

from __future__ import annotations

import time
from collections.abc import Mapping, Sequence

from designer.canvas import looks
from designer.canvas.looks import Flow, Look
from designer.canvas.staleness import outdated
from engine.history.state import StepState
from engine.history.status import ConnectionOutcome
from engine.model import Change, Workflow
from engine.problem import Problem

_FLOWS = {
    ConnectionOutcome.TAKEN: Flow.TAKEN,
    ConnectionOutcome.DEAD: Flow.DEAD,
    ConnectionOutcome.POISONED: Flow.POISONED,
}


class Marks:
    """States of steps, outcomes of wires, stale results and problems. ``since``: when motion began."""

    def __init__(self) -> None:
        self.steps: dict[str, StepState] = {}
        self.outcomes: dict[str, str] = {}
        self.since: dict[str, float] = {}
        self.stale: set[str] = set()
        self.problems: Mapping[str, Problem] = {}

    def take(self, steps: Mapping[str, StepState], outcomes: Mapping[str, str]) -> None:
        """Take what changed since the last batch."""
        now = time.monotonic()
        self.steps.update(steps)
        self.outcomes.update(outcomes)
        self.stale.difference_update(steps)
        for node_id, step in steps.items():
            if looks.look_of(step) in looks.MOVING:
                self.since.setdefault(node_id, now)
            else:
                self.since.pop(node_id, None)

    def forget_run(self) -> None:
        """As if nothing had run."""
        self.steps.clear()
        self.outcomes.clear()
        self.since.clear()
        self.stale.clear()

    def look(self, node_id: str) -> Look:
        if node_id in self.stale:
            return Look.STALE
        step = self.steps.get(node_id)
        return Look.IDLE if step is None else looks.look_of(step)

    def text(self, node_id: str) -> str:
        """What the state says on the card's second line; "" leaves the parameters there."""
        if node_id in self.stale:
            return "Result is out of date"
        step = self.steps.get(node_id)
        return "" if step is None else looks.status_text(step)

    def flow(self, wire_id: str) -> Flow:
        """What was decided about a wire."""
        outcome = self.outcomes.get(wire_id)
        return Flow.PLAIN if not outcome else _FLOWS[ConnectionOutcome(outcome)]

    def row_label(self, node_id: str) -> str:
        """ "336,776 × 19" under the card of a step that gave a table."""
        step = self.steps.get(node_id)
        return "" if step is None or step.output is None else looks.row_label(step.output)

    def mark_stale(self, before: Workflow, after: Workflow, changes: Sequence[Change]) -> set[str]:
        """Mark the results that these edits put out of date; gives those that were marked."""
        if not self.steps:
            return set()
        fresh = {
            node_id
            for node_id in outdated(before, after, changes) & self.steps.keys()
            if self.look(node_id) in (Look.COMPLETED, Look.REUSED)
        }
        self.stale |= fresh
        return fresh
