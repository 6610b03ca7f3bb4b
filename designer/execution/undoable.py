"""What of a run can be undone, as far as the window can tell. No Qt here."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

from engine.history.status import StepStatus
from engine.history.step_state import StepState
from engine.model.workflow import Workflow

# Their results came from elsewhere: the run did nothing there.
_DID_NOTHING: Final = frozenset({"passthrough", "reused", "pinned"})
_DONE: Final = frozenset({StepStatus.COMPLETED, StepStatus.ROLLBACK_FAILED})


@dataclass(frozen=True, slots=True, kw_only=True)
class Undoable:
    """Ids of steps: `done` those to be undone, the last one first, `uncertain` those that only a person
    knows about; `has_failed` when an earlier rollback could not undo all."""

    done: tuple[str, ...] = ()
    uncertain: tuple[str, ...] = ()
    has_failed: bool = False

    def __bool__(self) -> bool:
        return bool(self.done or self.uncertain)


def can_be_undone(workflow: Workflow) -> bool:
    """Whether any step says how it is undone."""
    return any(node.config.get("rollback") for node in workflow.nodes.values())


def undoable(workflow: Workflow, steps: Mapping[str, StepState]) -> Undoable:
    """What these steps have done that the workflow says how to undo."""
    known = {
        node_id: steps[node_id]
        for node_id, node in workflow.nodes.items()
        if node.config.get("rollback") and node_id in steps and steps[node_id].via not in _DID_NOTHING
    }
    done = [node_id for node_id, step in known.items() if step.status in _DONE]
    done.sort(key=lambda node_id: known[node_id].ended_at or 0.0, reverse=True)
    return Undoable(
        done=tuple(done),
        uncertain=tuple(one for one, step in known.items() if step.status is StepStatus.UNCERTAIN),
        has_failed=any(step.status is StepStatus.ROLLBACK_FAILED for step in known.values()),
    )
