"""A step whose work is executions of their own: its parts.

While parts live, the step is WAITING(child) and holds no slot. Every move is one indivisible synchronous
call, as in `engine.run.steps`: a part tells its composite when it comes to rest, and the composite starts the
next part, waits on, or hands the step back to the dispatcher, which collects what the parts gave.

A part is durable from its creation, and so is its end with its output, so nothing but what lives is kept
here: the memory of a step is that of the parts that are under way, however many there are in all.
"""

from __future__ import annotations

import asyncio
from abc import ABC, abstractmethod
from collections.abc import Iterable, Mapping
from typing import TYPE_CHECKING, Any, NamedTuple

from engine.errors import (
    PartFailed,
    StepTimeoutError,
    WorkflowError,
)
from engine.expression import MISSING, Missing
from engine.history.events import EventDraft, EventType
from engine.history.status import ExecutionStatus
from engine.model.json_value import Json
from engine.run.living_parts import LivingParts, part_error
from engine.run.parts_time import PartsTime

if TYPE_CHECKING:
    from engine.plan.body import Body
    from engine.run.activity import Activity
    from engine.run.composer import Composer
    from engine.run.earlier_parts import Before, EarlierPart
    from engine.run.execution import Execution
    from engine.run.questions import Supplied
    from engine.store.state_manager import PartSummary

# So many parts are started in one go; one that ends at once must not keep the loop from turning.
BURST = 64
AGAIN = "~"
"""What follows in the id of a part names the try of the step; that of the first has none."""
SUCCEEDED = frozenset({ExecutionStatus.COMPLETED, ExecutionStatus.COMPLETED_WITH_ERRORS})


class Part(NamedTuple):
    """A part that is to be started: its number, and what `${item}` is in it. refused: why it cannot run.

    earlier: one of an earlier try that completed, and need not run again if it was given the same.
    """

    number: int | None
    item: Json | Missing = MISSING
    refused: WorkflowError | None = None
    earlier: EarlierPart | None = None


class Composite(LivingParts, ABC):
    """One composite step that has begun, and those of its parts that live."""

    def __init__(
        self,
        composer: Composer,
        execution: Execution,
        activity: Activity,
        body: Body,
        params: Mapping[str, Any],
    ) -> None:
        super().__init__(execution)
        self.composer = composer
        self.activity = activity
        self.time = PartsTime(activity, composer.clock, self.expire)
        self.body = body
        self.params = params
        self.prefix = prefix_of(execution.id, execution.epoch, activity.step.id, activity.attempt)
        self.before: list[str] | None = None
        self.inputs: dict[str, Json] | None = None
        self.earlier: Before | None = None
        self.is_remembering = False
        self.failure: WorkflowError | None = None
        self.with_errors = False
        self.is_over = False
        self._is_cancelled = False
        self._is_filling = False
        self._is_telling = False
        self._needed: list[dict[str, Any]] = []

    # -- what the kinds of step differ in ---------------------------------------------------------------

    limit = 1
    """So many parts may live at once."""

    @abstractmethod
    def has_more(self) -> bool:
        """Whether there are parts that have not been started."""

    @abstractmethod
    def next_part(self) -> Part | None:
        """The next part; None when there is none, or not yet. Raises WorkflowError when nobody can say."""

    @abstractmethod
    def took(self, number: int | None, output: Json) -> None:
        """A part has completed."""

    @abstractmethod
    def lost(self, number: int | None, error: PartFailed) -> None:
        """A part has failed."""

    @abstractmethod
    async def result(self) -> tuple[Json, dict[str, Any]]:
        """The output of the step, and what else its completion tells."""

    def progress(self) -> dict[str, Any] | None:
        """How far the step is, as STEP_PROGRESS tells it."""
        return None

    async def found(self, parts: list[PartSummary]) -> None:
        """After a restart: these parts were started before. Those that have not ended are in `parts`."""
        # First those that failed: because of them others may have been cancelled.
        for part in sorted(parts, key=lambda part: part.status is ExecutionStatus.CANCELLED):
            if part.status in SUCCEEDED:
                self.with_errors |= part.status is ExecutionStatus.COMPLETED_WITH_ERRORS
                self.took(part.number, part.output)
            elif part.status.is_terminal and not self._is_dropped(part.status):
                self.lost(part.number, self.error_of(part.id, part.number, part.error, part.status))

    # -- what they have in common -------------------------------------------------------------------------

    def wake(self) -> None:
        """After a restart: everything is in its place, go on."""
        if self._is_cancelled or self.execution.status is ExecutionStatus.CANCELLING:
            self.cancel(rollback=self.execution.wants_rollback)  # while quiet: it ends below, not here
        self.is_quiet = False
        self.fill()

    def fill(self) -> None:
        """Start as many parts as there may be, and see what follows."""
        if self._is_filling or self.is_quiet or self.is_over:
            return
        self._is_filling = True
        started = 0
        try:
            while self._may_start() and len(self.parts) < self.limit and started < BURST:
                if self.is_remembering:
                    break
                part = self.next_part()
                if part is None:
                    break
                self.composer.start(self, part)
                started += 1
        except WorkflowError as error:
            self.fail(error)
        finally:
            self._is_filling = False
        if started == BURST and len(self.parts) < self.limit:
            self.is_quiet = True  # until the loop has turned
            asyncio.get_running_loop().call_soon(self._fill_on)
            return
        self._settle()

    @property
    def is_loading(self) -> bool:
        """Whether the next part cannot be made yet: earlier tries are being looked at."""
        return self.is_remembering and self.failure is None

    def fail(self, error: WorkflowError) -> None:
        """The step as a whole has failed: no part is started any more, those that run come to their end."""
        if self.failure is None:
            self.failure = error

    def moved(self, part: Execution) -> None:
        """A part has gone to another status."""
        if not part.status.is_terminal:
            if not self.is_quiet and part.status is not ExecutionStatus.CANCELLING:
                self._settle()
            return
        number = part.number
        if self.parts.get(number) is not part:
            return
        del self.parts[number]
        part.owner = None
        if part.status in SUCCEEDED:
            self.with_errors |= part.status is ExecutionStatus.COMPLETED_WITH_ERRORS
            self.took(number, part.output)
        elif not self._is_cancelled and not self._is_dropped(part.status):
            self.lost(number, self.error_of(part.id, number, part.error, part.status))
        self._tell()
        self.fill()

    def cancel(self, *, rollback: bool) -> bool:
        """Every part is cancelled, and then the step; whether that is still to come."""
        if self.is_over:
            return False
        self._is_cancelled = True
        self.each_quietly(lambda part: part.cancel(rollback=rollback))
        self.is_over = not self.parts and not self.is_quiet and not self.is_loading
        return not self.is_over

    def stop_running(self) -> None:
        """What runs in the parts is cancelled too."""
        self.each_quietly(lambda part: part.stop_running())
        if not self.parts:
            self.fill()

    def expire(self, limit: float, in_all: bool) -> None:
        """The time of the step is over, unless it waits for a person: that time is not its own."""
        if self.is_blocked:
            return
        last = self.activity.last_error if in_all else None
        self.fail(StepTimeoutError(self.activity.step.id, limit, in_all=in_all, last=last))
        self.each_quietly(lambda part: part.cancel(rollback=False))
        self.stop_running()
        self.fill()

    def error_of(
        self, part_id: str, number: int | None, error: Mapping[str, Any] | None, status: ExecutionStatus
    ) -> PartFailed:
        """Why a part did not complete, and where."""
        called = "" if number is None else self.called(number)
        return part_error(self.execution, self.body.plan, part_id, called, error, status)

    def called(self, number: int) -> str:
        """What a person calls a part."""
        return f"item {number + 1}"

    def _is_dropped(self, status: ExecutionStatus) -> bool:
        """Whether a part was cancelled because the step has failed already: that is no failure of its own."""
        return self.failure is not None and status is ExecutionStatus.CANCELLED

    def _may_start(self) -> bool:
        return (
            self.failure is None
            and not self._is_cancelled
            and self.execution.status is ExecutionStatus.RUNNING
        )

    def _fill_on(self) -> None:
        self.is_quiet = False
        self.fill()

    def _settle(self) -> None:
        """What follows from where the parts are now."""
        if self.is_quiet or self._is_filling or self.is_over:
            return
        if self.failure is not None:
            # No answer could save the step.
            paused = [part for part in self.parts.values() if part.status is ExecutionStatus.PAUSED]
            self.each_quietly(lambda part: part.cancel(rollback=False), paused)
        execution, step = self.execution, self.activity.step
        if not self.parts and not self.is_loading:
            if self._is_cancelled:
                self.is_over = True
                execution.steps.cancel(self.activity)
                execution.advance()
                return
            if self.failure is not None or not self.has_more():
                self.is_over = True
                self.activity.cancel_timer()
                self._ask([])
                execution.due(step.index)
                return
        self.time.look(is_blocked=self.is_blocked)
        self._ask(self.needed())
        execution.advance()

    def _ask(self, needed: list[dict[str, Any]]) -> None:
        """Show at once what parts wait for, also while others go on."""
        if needed != self._needed:
            self._needed = needed
            draft = EventDraft(EventType.INPUT_REQUIRED, self.activity.step.id, data={"needed": needed})
            self.execution.record([draft])

    def _tell(self) -> None:
        """Say how far the step is, at most once in a turn of the loop."""
        if not self._is_telling and self.progress() is not None:
            self._is_telling = True
            asyncio.get_running_loop().call_soon(self._say)

    def _say(self) -> None:
        self._is_telling = False
        told = self.progress()
        if told is not None and not self.is_over and not self.execution.status.is_terminal:
            self.execution.tell(self.activity, EventType.STEP_PROGRESS, told)


def prefix_of(execution_id: str, epoch: int, step_id: str, attempt: int) -> str:
    """The id of an only part, and the beginning of those of others; a further try has parts of its own."""
    tried = [epoch, attempt] if attempt > 1 else [epoch]
    again = "" if tried == [1] else AGAIN + ".".join(map(str, tried))
    return f"{execution_id}/{step_id}{again}"


def hold(composites: Iterable[Composite]) -> None:
    """The run goes on with all of them at once: none may pause it again before the others went on."""
    for composite in composites:
        composite.is_quiet = True


def resume_all(composites: Iterable[Composite], supplied: Supplied) -> None:
    """All of these, which are held, go on."""
    resumed = list(composites)
    for composite in resumed:
        composite.is_quiet, composite.inputs = True, None
    for composite in resumed:
        composite.resume(supplied)
    for composite in resumed:
        composite.is_quiet = False
        composite.fill()
