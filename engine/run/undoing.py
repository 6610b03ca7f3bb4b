"""What a rollback has to undo and how far it has come: a fold of the journal, and nothing else.

A rollback that goes on after a crash, one that a full disk cut off and one that a person asks for a week
later begin here alike: everything they know is what was recorded.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from math import inf
from typing import Any, Final

from engine.errors import WorkflowError
from engine.expression.paths import MISSING
from engine.history.events import Event, EventDraft, EventType
from engine.history.state import NOT_ROLLED_BACK
from engine.plan.step import Plan, Step
from engine.run.undo_parts import undoes_something

STOPPED: Final = "stopped"
"""Why a run says once more that it rolls back: nothing further is to be undone."""
BY_HAND: Final = "by_hand"
UNDONE: Final = "undone"
NOT_UNDONE: Final = "not_undone"
"""Where an event names the epoch of what was undone, or could not be, of a step that ran in several."""
_FAILED: Final = "RollbackFailed"
# Their outputs came from elsewhere: this run did nothing that could be undone.
_DID_NOTHING: Final = frozenset({"passthrough", "reused", "pinned"})


@dataclass(slots=True, kw_only=True)
class Undo:
    """One completion of a step to undo. `input` and `output` are as journaled (large ones are references).

    epoch: that in which it completed: a step that was run again has done something in each. is_last: of those
    of its step that are left. input, output: MISSING where there is none.
    attempt: of the rollback action, the one begun last in this round; 0 before the first. due_at: when the
    next one may begin, epoch seconds; wait_s: how long that wait was meant to be. crashes: how often in a row
    the program died while it ran.
    is_uncertain: the program died while the step itself ran; only a person knows whether it did anything.
    """

    step: Step
    epoch: int = 1
    is_last: bool = True
    input: Any = MISSING
    output: Any = MISSING
    attempt: int = 0
    is_under_way: bool = False
    begun_at: float | None = None
    due_at: float | None = None
    wait_s: float = inf
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


Key = tuple[str, int]
"""A step and the epoch in which it did what is to be undone."""


class _Fold:
    def __init__(self, plan: Plan, composites: Collection[str], happened: set[str]) -> None:
        self._steps = {
            step.id: step for step in plan.steps if step.rollback or _has_parts_to_undo(step, composites)
        }
        self._inputs: dict[str, Any] = {}
        self._with_parts: set[str] = set()
        self._epoch = 1
        # In the order of completion.
        self._done: dict[Key, Undo] = {}
        self._undone: set[Key] = set()
        self._failed: set[Key] = set()
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
            self._was_cancelled = False
            self._epoch = event.data["epoch"]
            self._run_again(set(event.data["steps"]))

    def _run_again(self, steps: set[str]) -> None:
        """What these did stays done, and is undone too.

        But a composite step is undone once, through its parts of all epochs; and whoever runs a step again of
        which nobody knows whether it took effect means that it did not.
        """
        for key, undo in list(self._done.items()):
            if key[0] in steps and (undo.is_uncertain or undo.step.rollback is None):
                del self._done[key]

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
            case EventType.STEP_RUNNING if "input" in data:
                self._inputs[step.id] = data["input"]
            case EventType.STEP_COMPLETED:
                if data.get("via") not in _DID_NOTHING:
                    self._did(step, data.get("output"))
            case EventType.STEP_FAILED if _is_of_output(data.get("error") or {}):
                # Only its output was refused: whatever it did has happened.
                self._did(step)
            case EventType.STEP_FAILED if step.rollback is None:
                self._did(step)  # other parts of it may have completed
            case EventType.STEP_UNCERTAIN:
                self._did(step, is_uncertain=True)
            case EventType.STEP_WAITING if data.get("reason") == "child":
                self._with_parts.add(step.id)
            case EventType.STEP_CANCELLED if step.id in self._with_parts:
                self._did(step)  # parts of it may have completed before
            case EventType.STEP_CANCELLED:
                for key in [key for key in self._of(step) if self._done[key].is_uncertain]:
                    del self._done[key]  # a person says that it did not happen
            case EventType.STEP_ROLLING_BACK | EventType.STEP_ROLLED_BACK | EventType.STEP_ROLLBACK_FAILED:
                self._take_undo(event, step)

    def _take_undo(self, event: Event, step: Step) -> None:
        data, own = event.data, self._of(step)
        if UNDONE in data:
            self._undone.add((step.id, data[UNDONE]))
        elif NOT_UNDONE in data:
            self._failed.add((step.id, data[NOT_UNDONE]))
        elif event.type is EventType.STEP_ROLLED_BACK:
            self._undone.update(own)
        elif own:  # else written by a program that undid something else
            key = (step.id, data.get("run_epoch", own[-1][1]))
            if event.type is EventType.STEP_ROLLBACK_FAILED:
                self._failed.add(key)
            else:
                self._move(self._done[key], event)

    def _of(self, step: Step) -> list[Key]:
        return [key for key in self._done if key[0] == step.id]

    def _did(self, step: Step, output: Any = MISSING, *, is_uncertain: bool = False) -> None:
        key = (step.id, self._epoch)
        self._done.pop(key, None)
        self._done[key] = Undo(
            step=step,
            epoch=self._epoch,
            input=self._inputs.get(step.id, MISSING),
            output=output,
            is_uncertain=is_uncertain,
        )

    def _move(self, undo: Undo, event: Event) -> None:
        data = event.data
        undo.attempt = data.get("rollback_attempt", 1)
        undo.due_at = data.get("until")
        undo.is_under_way = undo.due_at is None
        wait = (undo.due_at or event.ts) - event.ts
        undo.wait_s = wait if wait > 0 else inf
        undo.begun_at = undo.begun_at or event.ts
        undo.crashes = data.get("crashes", 0)

    def result(self) -> Undoing:
        left = [key for key in reversed(self._done) if key not in self._undone | self._failed]
        uncertain = [key for key in left if self._done[key].is_uncertain and key[0] not in self._happened]
        undos = [self._done[key] for key in left if key not in uncertain]
        for place, undo in enumerate(undos):
            undo.is_last = not any(later.step is undo.step for later in undos[place + 1 :])
        failed = (step_id for step_id, epoch in reversed(self._done) if (step_id, epoch) in self._failed)
        return Undoing(
            undos=undos,
            failed=list(dict.fromkeys(failed)),
            uncertain=[step_id for step_id, _ in uncertain],
            is_stopped=self._is_stopped,
            was_cancelled=self._was_cancelled,
        )


def end_of_undo(
    undo: Undo, left: Undoing, epoch: int, *, words: str = "", error: Mapping[str, Any] | None = None
) -> EventDraft:
    """The fact that something was undone or could not be; the step itself is once nothing of it is left.

    epoch: that of the run.
    """
    step_id, has_failed = undo.step.id, undo.step.id in left.failed
    if undo.is_last and error is None and not has_failed:
        return EventDraft(EventType.STEP_ROLLED_BACK, step_id, data={"reason": words, "error": None})
    told: dict[str, Any] = {} if error is None else {"error": error}
    if has_failed or not undo.is_last or undo.epoch != epoch:
        told[UNDONE if error is None else NOT_UNDONE] = undo.epoch
    event_type = EventType.STEP_ROLLBACK_FAILED if undo.is_last else EventType.STEP_ROLLING_BACK
    return EventDraft(event_type, step_id, data=told)


def _is_of_output(error: Mapping[str, Any]) -> bool:
    """Whether what an action gave was refused, that of the step or that of its fallback."""
    return "output" in (error.get("schema_type"), (error.get("fallback_error") or {}).get("schema_type"))


def stopped() -> WorkflowError:
    """Why a step is not undone when a person has stopped the rollback."""
    return WorkflowError(
        "The rollback was stopped before this step was undone", hint="Roll the run back again to go on."
    )


def crashed_too_often(undo: Undo) -> WorkflowError:
    """Why a step is not undone whose rollback brings the program down."""
    return WorkflowError(
        f'The program died {undo.crashes} times in a row while "{undo.step.label}" was rolled back',
        hint="Undo it by hand, or change what its rollback does in the next version of the workflow.",
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
