"""What a run left on the canvas, by id, so that it survives a rebuild of the rows and an undo."""

from __future__ import annotations

import time
from collections.abc import Mapping, Sequence

from designer.canvas import looks
from designer.canvas.looks import Flow, Look
from engine.history.status import ConnectionOutcome, StepStatus
from engine.history.step_state import StepState
from engine.model import Change, Workflow
from engine.model.changes import NodeChanged, NodesMoved, WorkflowChanged
from engine.model.staleness import Made, Ways, decides_nothing, stale
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
        self.stale: dict[str, str] = {}
        """Why each result that is out of date is."""
        self._made: dict[str, Made] = {}
        self._made_before: dict[str, Made] = {}
        self._noted: dict[str, StepState] = {}
        self._ways = Ways()
        self._older: set[str] = set()
        """Whose result was not made by the run on show from the drawing it began with."""
        self._run = 0
        self._drawing: Workflow | None = None
        self._same: Workflow | None = None
        """A drawing from which the same results follow as from the one that the run on show began with."""
        self.problems: Mapping[str, Problem] = {}
        self.problem_counts: Mapping[str, int] = {}
        """How many there are, of those with more than one."""
        self.incidents: Mapping[str, str] = {}
        """What each step says that cannot be left before a person has repaired a condition."""
        self.broken: frozenset[str] = frozenset()
        """The connections whose conditions are to be repaired."""

    def take(self, steps: Mapping[str, StepState], outcomes: Mapping[str, str]) -> None:
        """Take what changed since the last batch."""
        now = time.monotonic()
        self.steps.update(steps)
        self.outcomes.update(outcomes)
        for node_id, step in steps.items():
            self._note_result(node_id, step)
            if looks.look_of(step) in looks.MOVING:
                self.since.setdefault(node_id, now)
            else:
                self.since.pop(node_id, None)

    @property
    def knows_drawing(self) -> bool:
        """Whether it has been said what the run on show was made from."""
        return self._drawing is not None

    def begin_run(self, drawing: Workflow) -> None:
        """What comes from now on is made from this drawing."""
        self._run += 1
        self._drawing = self._same = drawing
        self._older = set(self._made)

    def forget_run(self) -> None:
        """As if nothing had run; results that are taken over into the next run keep their age."""
        self._made_before, self._made = self._made or self._made_before, {}
        self._older.clear()
        self._drawing = self._same = None
        self.steps.clear()
        self.outcomes.clear()
        self.since.clear()
        self.stale.clear()
        self.incidents, self.broken = {}, frozenset()

    def look(self, node_id: str) -> Look:
        if node_id in self.incidents:
            return Look.NEEDS_INPUT
        if node_id in self.stale:
            return Look.STALE
        step = self.steps.get(node_id)
        return Look.IDLE if step is None else looks.look_of(step)

    def text(self, node_id: str) -> str:
        """What the state says on the card's second line; "" leaves the parameters there."""
        if node_id in self.incidents:
            return self.incidents[node_id]
        if node_id in self.stale:
            return "Result is out of date"
        step = self.steps.get(node_id)
        return "" if step is None else looks.card_text(step)

    def flow(self, wire_id: str) -> Flow:
        """What was decided about a wire."""
        outcome = self.outcomes.get(wire_id)
        if wire_id in self.broken and not outcome:
            return Flow.BROKEN
        return Flow.PLAIN if not outcome else _FLOWS[ConnectionOutcome(outcome)]

    def row_label(self, node_id: str) -> str:
        """ "336,776 × 19" under the card of a step that gave a table."""
        step = self.steps.get(node_id)
        return "" if step is None or step.output is None else looks.row_label(step.output)

    def find_stale(self, now: Workflow) -> set[str]:
        """Find out anew which results are out of date; gives those whose mark came, went or says else."""
        before = self.stale
        if not before and (not self._made or (not self._older and self._same is now)):
            return set()
        self.stale = stale(now, self._made, self._ways)
        return {i for i in before.keys() | self.stale.keys() if before.get(i) != self.stale.get(i)}

    def keep_their_age(self, before: Workflow, after: Workflow, changes: Sequence[Change]) -> bool:
        """Whether an edit leaves every result as up to date, or as out of date, as it was.

        To ask is much cheaper than to find out which results are: moves, titles and notes decide none.
        """
        if not changes or before.connections is not after.connections:
            return False
        for change in changes:
            if isinstance(change, NodeChanged):
                was = before.nodes[change.node.id]
                # A title stands in the reasons of what is out of date.
                if not decides_nothing(was, change.node) or (self.stale and was.label != change.node.label):
                    return False
            elif not isinstance(change, NodesMoved | WorkflowChanged):
                return False
        if self._same is before:
            self._same = after
        return True

    def _note_result(self, node_id: str, step: StepState) -> None:
        """Remember what a result was made from; one that was taken over is as old as it was."""
        if step.status is not StepStatus.COMPLETED:
            self._made.pop(node_id, None)
            self._older.discard(node_id)
            return
        old = self._made.get(node_id) or self._made_before.get(node_id)
        is_same = old is not None and old.output == step.output
        taken = step.via == "reused" and not (step.reused_from or {}).get("unchanged")
        if old is not None and is_same and (taken or self._noted.get(node_id) is step):
            self._made[node_id] = old
        else:
            assert self._drawing is not None
            changed = old.changed if old is not None and is_same else self._run
            self._made[node_id] = Made(
                workflow=self._drawing, output=step.output, run=self._run, changed=changed
            )
        if self._made[node_id].run == self._run and self._made[node_id].workflow is self._drawing:
            self._older.discard(node_id)
        else:
            self._older.add(node_id)
        self._noted[node_id] = step
