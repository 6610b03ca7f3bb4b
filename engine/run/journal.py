"""Facts on their way to the world: appended at once, made durable in groups, and only then shown."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from engine.errors import WorkflowError
from engine.history.events import STATUS_OF_STEP_EVENT, Event, EventDraft, EventType
from engine.history.ran import Pieces, Ran, whole
from engine.history.state import ExecutionState
from engine.history.status import ExecutionStatus
from engine.history.step_state import NOT_RUN, StepState, moved
from engine.store.state_manager import ExecutionStateManager

if TYPE_CHECKING:
    from engine.run.execution import Execution
    from engine.run.vault import RunSecrets

Publish = Callable[["Execution", Pieces], None]


class Journal:
    """The store as the engine writes to it.

    `record` numbers facts and checks that each move is legal; nobody hears of them before `commit`, which
    makes everything recorded so far durable and publishes it in order. A commit that fails keeps its facts
    for the next one. How durable the facts of a run must be is a setting of its workflow.
    """

    def __init__(self, store: ExecutionStateManager, publish: Publish, on_dirty: Callable[[], None]) -> None:
        """on_dirty: called when there is something to commit where there was nothing before."""
        self.store = store
        self._now = store.now
        self._publish = publish
        self._on_dirty = on_dirty
        self._unpublished: Batch = []
        self.begun: Ran | None = None
        """A step that began, and of which nothing else is known yet; nothing else has happened since."""
        self._begun_in: Execution | None = None
        self._is_committing = False
        self.is_dirty = False
        """Whether facts wait to become durable."""

    def begin(self, execution: Execution, step_id: str, attempt: int, data: Mapping[str, Any]) -> None:
        """Record that a step runs, together with what comes of it if that is known before the next commit.

        Most steps of a busy run are over before the loop turns: one append a step costs half of what two do.
        """
        if data:  # its action may change what it is given: it is written down before
            draft = EventDraft(EventType.STEP_RUNNING, step_id, attempt, data, self.store.now())
            self.record(execution, [draft])
            return
        self.begins(execution, step_id, attempt)
        self.has_begun()

    def begins(self, execution: Execution, step_id: str, attempt: int) -> Ran:
        """As `begin`, for whoever then says at once that the step `ran` or `has_begun`."""
        if self.begun is not None:
            self._append_begun()
        ran = self.begun = Ran(step_id, attempt, self._now())
        self._begun_in = execution
        return ran

    def has_begun(self) -> None:
        """The step that began last goes on: that it runs is to become known."""
        if not self.is_dirty and self.begun is not None:
            self.is_dirty = True
            self._on_dirty()

    def ran(self, execution: Execution, ran: Ran) -> None:
        """Record how the step that began last ended."""
        self.begun = self._begun_in = None
        self.announce(execution, self.store.append(execution.id, ran))

    def record(self, execution: Execution, drafts: Sequence[EventDraft]) -> None:
        """Append facts; raises IllegalTransition (our fault) and then takes none of them."""
        begun = self.begun
        if begun is not None:
            if self._begun_in is execution:
                self.begun = self._begun_in = None
                draft = begun.begun
                try:
                    self._append(execution, [draft, *drafts])
                except Exception:
                    self._append(execution, [draft])
                    raise
                return
            self._append_begun()
        self._append(execution, drafts)

    def _append_begun(self) -> None:
        execution, ran = self._begun_in, self.begun
        self.begun = self._begun_in = None
        assert execution is not None
        assert ran is not None
        try:
            self._append(execution, [ran.begun])
        except WorkflowError as error:
            execution.broken(error)

    def _append(self, execution: Execution, drafts: Sequence[EventDraft]) -> None:
        if execution.secrets.masks:
            drafts = [_masked(draft, execution.secrets) for draft in drafts]
        self.announce(execution, self.store.append(execution.id, drafts))

    def announce(self, execution: Execution, events: Sequence[Event]) -> None:
        """Publish facts that the store has taken, once they are durable."""
        unpublished = self._unpublished
        if not self.is_dirty:
            self.is_dirty = True
            self._on_dirty()
        if unpublished and unpublished[-1][0] is execution:
            unpublished[-1][1].append(events)
        else:
            unpublished.append((execution, [events]))

    def steps_of(self, state: ExecutionState) -> Callable[[str], StepState | None]:
        """What is recorded of a step of the run in that state, also before it is published."""

        def step_of(step_id: str) -> StepState | None:
            known = state.steps.get(step_id)
            for execution, pieces in self._unpublished:
                for event in whole(pieces) if execution.id == state.id else ():
                    status = STATUS_OF_STEP_EVENT.get(event.type) if event.step_id == step_id else None
                    if status is not None:
                        known = moved(known or NOT_RUN, status, event)
            begun, run = self.begun, self._begun_in
            if begun is None or run is None or (run.id, begun.step_id) != (state.id, step_id):
                return known
            return known if known is not None else replace(NOT_RUN, started_at=begun.begun_at)

        return step_of

    def show(self, execution: Execution, event: Event) -> None:
        """Publish a transient event in its place among the facts; it is never stored."""
        if self.begun is not None:
            self._append_begun()
        if execution.secrets.masks:
            event = event._replace(data=execution.secrets.mask(event.data))
        if self._unpublished or self._is_committing:
            self._unpublished.append((execution, [[event]]))
            self.is_dirty = True
        else:
            self._publish(execution, [[event]])

    async def commit(self, *, full_sync: bool = False) -> None:
        """Everything recorded before the call is durable and published; raises StoreError. Not reentrant."""
        if self.begun is not None:
            self._append_begun()
        batch, self._unpublished = _by_run(self._unpublished), []
        self.is_dirty = False
        self._is_committing = True
        try:
            is_wanted = full_sync or not batch
            for execution, _ in batch:
                durability = execution.plan.durability
                full_sync = full_sync or durability == "strict"
                is_wanted = is_wanted or durability != "none" or not _may_be_lost(execution)
            if is_wanted:
                await self.store.commit(full_sync=full_sync)
        except BaseException:
            self._unpublished[:0] = batch
            self.is_dirty = bool(self._unpublished)
            raise
        finally:
            self._is_committing = False
        for execution, pieces in batch:
            self._publish(execution, pieces)


def _masked(draft: EventDraft, secrets: RunSecrets) -> EventDraft:
    """The fact without any secret; its text is made anew where it held one."""
    data = secrets.mask(draft.data)
    return draft if data is draft.data else draft._replace(data=data, text=None)


Batch = list[tuple["Execution", list[Sequence[Event]]]]


def _by_run(batch: Batch) -> Batch:
    """What happened, run by run, when runs took turns; a run and its parts stay as they are, one by one."""
    if len(batch) < 2 or any(execution.owner is not None for execution, _ in batch):
        return batch
    together: dict[Execution, list[Sequence[Event]]] = {}
    for execution, pieces in batch:
        if execution in together:
            together[execution] += pieces
        else:
            together[execution] = pieces
    return list(together.items())


def _may_be_lost(execution: Execution) -> bool:
    """Whether facts of a run that asked for no durability need not be written yet: it goes on."""
    if execution.status.is_terminal or execution.status is ExecutionStatus.PAUSED:
        return False
    return not any(execution.plan.steps[number].at_most_once for number in execution.steps.running)
