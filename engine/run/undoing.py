"""What a rollback has to undo and how far it has come: a fold of the journal, and nothing else.

A rollback that goes on after a crash, one that a full disk cut off and one that a person asks for a week
later begin here alike: everything they know is what was recorded.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Final

from engine.expression.paths import MISSING
from engine.history.events import Event, EventType
from engine.history.state import NOT_ROLLED_BACK
from engine.plan.step import Plan, Step
from engine.run.undo_parts import undoes_something

STOPPED: Final = "stopped"
"""Why a run says once more that it rolls back: nothing further is to be undone."""
BY_HAND: Final = "by_hand"
_FAILED: Final = "RollbackFailed"
# Their outputs came from elsewhere: this run did nothing that could be undone.
_DID_NOTHING: Final = frozenset({"passthrough", "reused", "pinned"})


@dataclass(slots=True, kw_only=True)
class Undo:
    """One step to undo. `input` and `output` are as journaled (large ones are references), or MISSING.

    attempt: of the rollback action, the one begun last in this round; 0 before the first. due_at: when the
    next one may begin, epoch seconds. crashes: how often in a row the program died while it ran.
    is_uncertain: the program died while the step itself ran; only a person knows whether it did anything.
    """

    step: Step
    input: Any = MISSING
    output: Any = MISSING
    attempt: int = 0
    is_under_way: bool = False
    begun_at: float | None = None
    due_at: float | None = None
    crashes: int = 0
    is_uncertain: bool = False


@dataclass(slots=True, kw_only=True)
class Undoing:
    """`undos` in the order in which they are to be done, those of this round that failed in `failed`.

    uncertain: steps with a rollback of which nobody has said yet whether they took effect.
    """

    undos: list[Undo] = field(default_factory=list)
    failed: list[str] = field(default_factory=list)
    uncertain: list[str] = field(default_factory=list)
    is_stopped: bool = False
    was_cancelled: bool = False


def undoing(
    plan: Plan, events: Iterable[Event], composites: Collection[str] = (), *, happened: Collection[str] = ()
) -> Undoing:
    """What is left to undo after these events.

    composites: types of steps whose child runs are undone in place of a rollback of their own. happened:
    uncertain steps of which a person says, beyond what is recorded, that they took effect.
    """
    fold = _Fold(plan, composites, set(happened))
    for event in events:
        fold.take(event)
    return fold.result()


class _Fold:
    def __init__(self, plan: Plan, composites: Collection[str], happened: set[str]) -> None:
        self._steps = {
            step.id: step for step in plan.steps if step.rollback or _has_parts_to_undo(step, composites)
        }
        self._inputs: dict[str, Any] = {}
        # In the order of completion.
        self._done: dict[str, Undo] = {}
        self._undone: set[str] = set()
        self._failed: set[str] = set()
        self._happened = happened
        self._is_stopped = self._was_cancelled = False

    def take(self, event: Event) -> None:
        step = self._steps.get(event.step_id or "")
        if step is not None:
            self._take_step(event, step)
        elif event.type is EventType.EXECUTION_CANCELLING:
            self._was_cancelled = True
        elif event.type is EventType.EXECUTION_ROLLING_BACK:
            self._begin_round(event.data)
        elif event.type is EventType.EXECUTION_RESTARTED:
            # What runs again has not been done yet; what it did before, its next completion stands for.
            self._was_cancelled = False
            for step_id in event.data["steps"]:
                self._done.pop(step_id, None)

    def _begin_round(self, data: Mapping[str, Any]) -> None:
        self._is_stopped = data.get("reason") == STOPPED
        if self._is_stopped:
            return
        self._happened.update(data.get("happened", ()))
        self._failed.clear()
        for undo in self._done.values():
            undo.attempt, undo.is_under_way, undo.begun_at, undo.due_at = 0, False, None, None
            undo.crashes = 0

    def _take_step(self, event: Event, step: Step) -> None:
        data = event.data
        match event.type:
            case EventType.STEP_RUNNING:
                self._undone.discard(step.id)
                if "input" in data:
                    self._inputs[step.id] = data["input"]
            case EventType.STEP_COMPLETED:
                if data.get("via") not in _DID_NOTHING:
                    self._did(step, data.get("output"))
            case EventType.STEP_FAILED if (data.get("error") or {}).get("schema_type") == "output":
                # Only its output was refused: whatever it did has happened.
                self._did(step)
            case EventType.STEP_FAILED if step.rollback is None:
                self._did(step)  # other parts of it may have completed
            case EventType.STEP_UNCERTAIN:
                self._did(step, is_uncertain=True)
            case EventType.STEP_CANCELLED:
                self._done.pop(step.id, None)
            case EventType.STEP_ROLLING_BACK:
                self._move(step.id, event)
            case EventType.STEP_ROLLED_BACK:
                self._undone.add(step.id)
            case EventType.STEP_ROLLBACK_FAILED:
                self._failed.add(step.id)

    def _did(self, step: Step, output: Any = MISSING, *, is_uncertain: bool = False) -> None:
        self._done.pop(step.id, None)
        given = self._inputs.get(step.id, MISSING)
        self._done[step.id] = Undo(step=step, input=given, output=output, is_uncertain=is_uncertain)

    def _move(self, step_id: str, event: Event) -> None:
        undo = self._done.get(step_id)
        if undo is None:
            return  # written by a program that undid something else
        data = event.data
        undo.attempt = data.get("rollback_attempt", 1)
        undo.due_at = data.get("until")
        undo.is_under_way = undo.due_at is None
        undo.begun_at = undo.begun_at or event.ts
        undo.crashes = data.get("crashes", 0)

    def result(self) -> Undoing:
        left = [step_id for step_id in reversed(self._done) if step_id not in self._undone | self._failed]
        uncertain = [
            step_id for step_id in left if self._done[step_id].is_uncertain and step_id not in self._happened
        ]
        return Undoing(
            undos=[self._done[step_id] for step_id in left if step_id not in uncertain],
            failed=[step_id for step_id in reversed(self._done) if step_id in self._failed],
            uncertain=uncertain,
            is_stopped=self._is_stopped,
            was_cancelled=self._was_cancelled,
        )


def _has_parts_to_undo(step: Step, composites: Collection[str]) -> bool:
    return step.type in composites and (step.body is None or undoes_something(step.body.plan))


def original_error(error: Mapping[str, Any] | None) -> dict[str, Any] | None:
    """Why the run ended, without what an earlier rollback said."""
    if error is None or error.get("type") == _FAILED:
        return None
    return {key: value for key, value in error.items() if key != NOT_ROLLED_BACK}


def why(left: Undoing) -> dict[str, Any]:
    """What `${error}` is in a run that did not fail."""
    if left.was_cancelled:
        return {"type": "Cancelled", "message": "The run was stopped"}
    return {"type": "RolledBack", "message": "The run was rolled back by hand"}


def words_of(step: Step, result: Any) -> str:
    """What was undone, for the step's card: as the rollback action tells it, or by its name."""
    said = result.get("result") if isinstance(result, Mapping) else result
    if isinstance(said, str) and said.strip():
        return said.strip()
    rows = result.get("rows") if isinstance(result, Mapping) else None
    if isinstance(rows, int) and not isinstance(rows, bool):
        return f"Rolled back {rows:,} {'row' if rows == 1 else 'rows'}"
    call = step.rollback
    return f"Undone by {call.action.replace('_', ' ')}" if call is not None else "Rolled back"


def summary(remaining: Sequence[str]) -> dict[str, Any]:
    """The error of a run that had none before its rollback failed."""
    return {
        "type": _FAILED,
        "message": f"These steps could not be rolled back: {', '.join(remaining)}",
        "hint": "The steps' errors say what went wrong. Mend it and roll back again, or undo them by hand.",
    }
