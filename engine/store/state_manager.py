"""The durable store of executions, as the engine and the outside world see it.

The engine's way in is ``append`` and ``commit``: ``append`` is synchronous, checks every move
against the tables of legal transitions and hands back numbered events; ``commit`` returns when
everything appended so far is durable. Publish an event only after its commit. The six coroutines
below do the same one fact at a time and can be used without an engine.
"""

from __future__ import annotations

import asyncio
from abc import abstractmethod
from collections.abc import Awaitable, Callable, Collection, Mapping, Sequence
from dataclasses import dataclass
from types import TracebackType
from typing import Any, Protocol, Self

from engine.errors import (
    LONGEST_MESSAGE,
    ExecutionNotFound,
    RunDamaged,
    StoreCorrupt,
    StoreError,
    WorkflowError,
    shortened,
    words_of,
)
from engine.history.events import (
    STEP_EVENT_OF_STATUS,
    Event,
    EventDraft,
    EventType,
)
from engine.history.state import ExecutionState
from engine.history.status import ExecutionStatus, StepStatus, check_execution_move, check_step_move
from engine.store.artifacts import ArtifactStore
from engine.store.json_text import encode
from engine.store.parts import GIVING, TAKEN_FROM, KeepsParts, PartSummary, part_number, part_summary
from engine.store.results import ResultKeeper
from engine.store.retention import Pruned, choose
from engine.store.shown import with_large_outputs
from engine.store.waiting import KeepsTimes

__all__ = [
    "GIVING",
    "TAKEN_FROM",
    "EventDraft",
    "ExecutionStateManager",
    "ExecutionSummary",
    "PartSummary",
    "part_number",
    "part_summary",
]


@dataclass(frozen=True, slots=True, kw_only=True)
class ExecutionSummary:
    """One line of the list of runs; times in epoch seconds (UTC), ``None`` when it did not happen yet."""

    id: str
    workflow_id: str
    workflow_name: str
    definition_hash: str
    status: ExecutionStatus
    reason: str
    error: Mapping[str, Any] | None
    created_at: float
    started_at: float | None
    ended_at: float | None


class Standing(Protocol):
    """Where the tracked executions are after everything appended."""

    def execution_status(self, execution_id: str) -> ExecutionStatus:
        """The status of an execution."""
        ...

    def step_status(self, execution_id: str, step_id: str) -> StepStatus:
        """The status of a step; PENDING for one that nothing happened to."""
        ...

    def agrees_with(self, state: ExecutionState) -> bool:
        """Whether an execution stands where the fold of its journal says, as far as that goes."""
        ...

    def is_at_rest(self) -> bool:
        """Whether no step of any of them is under way, nor will be by itself."""
        ...


class ExecutionStateManager(KeepsParts, KeepsTimes, ResultKeeper):
    """Keeps executions: memory and SQLite behave alike, and pass one conformance suite.

    Belongs to one event loop. Opens itself at first use; ``close`` (or ``async with``) ends it.
    """

    artifacts: ArtifactStore
    was_interrupted = False
    """Whether the program that had the store before died instead of closing it."""
    commits_at_once = False
    """Whether what is appended is as durable as it will ever be, so that nothing has to wait for a commit."""
    _new_id: Callable[[], str]
    _now: Callable[[], float]
    _ledger: Standing

    @abstractmethod
    async def open(self) -> None:
        """Ready to use afterwards; opening twice does nothing. Raises ``StoreBusy`` or ``StoreCorrupt``."""

    @abstractmethod
    async def close(self) -> None:
        """Everything appended is durable and nothing is held any more; closing twice does nothing."""

    @abstractmethod
    def append(self, execution_id: str, drafts: Sequence[EventDraft]) -> Sequence[Event]:
        """Give ``drafts`` their numbers and times, or raise ``IllegalTransition`` and take none of them.

        The execution must have been created or loaded through this object (``ExecutionNotFound``).
        An output over the inline limit comes back in the event as a reference to an artifact.
        """

    def now(self) -> float:
        """The time as it stands in events, in epoch seconds."""
        return self._now()

    @abstractmethod
    async def commit(self, *, full_sync: bool = False) -> None:
        """Everything appended so far is durable; concurrent callers share one transaction.

        Survives the death of the process; with ``full_sync`` also the loss of power. Raises
        ``StorageFull`` or ``StoreError``; what was appended is kept and the next commit tries again.
        """

    @abstractmethod
    async def read_events(self, execution_id: str, after: int = 0) -> list[Event]:
        """The durable events with a ``seq`` greater than ``after``, in order."""

    @abstractmethod
    async def save_definition(self, definition_hash: str, definition: Mapping[str, Any]) -> None:
        """Keep a workflow's JSON under its content hash; durable with the next commit."""

    @abstractmethod
    async def load_definition(self, definition_hash: str) -> dict[str, Any]:
        """The JSON saved under that hash; raises ``StoreError`` when there is none."""

    @abstractmethod
    async def list_executions(
        self,
        *,
        statuses: Collection[ExecutionStatus] | None = None,
        limit: int | None = 100,
        parts: bool = False,
    ) -> list[ExecutionSummary]:
        """Executions, newest first, without replaying any of them; with ``parts`` those inside others too."""

    async def load_state(self, execution_id: str) -> ExecutionState:
        """The execution folded from its journal; afterwards ``append`` knows it.

        Reads everything: for a list of executions use ``list_executions``.
        """
        await self.open()
        await self._track(execution_id)
        await self.commit()
        return agreeing(self, state_of(execution_id, await self.read_events(execution_id)))

    async def unfinished(self) -> list[ExecutionSummary]:
        """Every execution that has not ended, newest first: what a new process may go on with."""
        active = [status for status in ExecutionStatus if not status.is_terminal]
        return await self.list_executions(statuses=active, limit=None)

    async def prune(self, *, keep: int | None = None, older_than: float | None = None) -> Pruned:
        """Remove runs that have ended, and every stored result that nothing refers to any more.

        keep: the newest that stay. older_than: seconds since their end that they stay. With both, a run goes
        only when neither keeps it; with none, no run goes. Unfinished runs and what they refer to stay.
        Interrupted at any point, what is left over goes at the next call.
        """
        await self.open()
        async with self._pruning:
            await self.commit()
            chosen = choose(
                await self.list_executions(limit=None, parts=True),
                keep=keep,
                older_than=older_than,
                now=self._now(),
            )
            removed = await self._remove(chosen)
            # What is written from here on claims what it refers to; what was written before is read below.
            self.artifacts.begin_sweep(forget=self._ledger.is_at_rest())
            await self.commit()
            names = await self._stored_names()
            results, size = await asyncio.to_thread(self.artifacts.sweep, names)
        return Pruned(runs=removed, results=results, bytes=size)

    async def create_execution(
        self,
        workflow_id: str,
        input_data: Mapping[str, Any] | None = None,
        *,
        execution_id: str | None = None,
        definition_hash: str = "",
        workflow_name: str = "",
        base_dir: str = "",
        options: Mapping[str, Any] | None = None,
    ) -> str:
        """A new PENDING execution, durable when its id is returned; `options` say how it is to go."""
        await self.open()
        new_id = execution_id or self._new_id()
        created = {
            "definition_hash": definition_hash,
            "input_data": dict(input_data or {}),
            "workflow_name": workflow_name,
            "base_dir": base_dir,
        }
        if options:
            created["options"] = dict(options)
        durable = await self._insert(new_id, workflow_id, created, is_fresh=execution_id is None)
        try:
            await durable
        except StoreError:
            # It waits to be written like all the rest, but nobody was given its id: it is not to begin.
            self.append(new_id, CALLED_OFF)
            raise
        return new_id

    async def get_execution_state(self, execution_id: str) -> dict[str, Any]:
        """The state as ``get_workflow_status`` shows it, with large outputs loaded back."""
        state = await self.load_state(execution_id)
        return await with_large_outputs(state.to_dict(), self.artifacts)

    async def update_execution_status(
        self,
        execution_id: str,
        status: ExecutionStatus | str,
        error: Mapping[str, Any] | BaseException | str | None = None,
    ) -> bool:
        """Move the execution; False when it is there already, ``IllegalTransition`` when it may not go."""
        await self._track(execution_id)
        before, after = self._ledger.execution_status(execution_id), ExecutionStatus(status)
        if before is after:
            return False
        check_execution_move(execution_id, before, after)
        if after is ExecutionStatus.RUNNING:
            started = before is ExecutionStatus.PENDING
            event_type = EventType.EXECUTION_STARTED if started else EventType.EXECUTION_RESUMED
        else:
            event_type = EventType(f"EXECUTION_{after}")
        data = {} if error is None else {"error": error_to_json(error)}
        self.append(execution_id, [EventDraft(event_type, data=data)])
        await self.commit()
        return True

    async def update_step_status(
        self,
        execution_id: str,
        step_id: str,
        status: StepStatus | str,
        output: Any = None,
        error: Mapping[str, Any] | BaseException | str | None = None,
    ) -> bool:
        """Move one step; False when it is there already, ``IllegalTransition`` when it may not go."""
        await self._track(execution_id)
        before, after = self._ledger.step_status(execution_id, step_id), StepStatus(status)
        if before is after:
            return False
        check_step_move(step_id, before, after)
        data: dict[str, Any] = {}
        if after is StepStatus.COMPLETED:
            data["output"] = output
        if error is not None:
            data["error"] = error_to_json(error)
        self.append(execution_id, [EventDraft(STEP_EVENT_OF_STATUS[after], step_id, data=data)])
        await self.commit()
        return True

    async def update_execution_inputs(self, execution_id: str, new_inputs: Mapping[str, Any]) -> None:
        """Merge ``new_inputs`` into the execution's inputs; those given before keep their place."""
        await self._track(execution_id)
        self.append(execution_id, [EventDraft(EventType.INPUTS_SUPPLIED, data={"inputs": dict(new_inputs)})])
        await self.commit()

    async def get_step_output(self, execution_id: str, step_id: str) -> Any:
        """What the step delivered, large or not; ``None`` when it has not completed."""
        await self._track(execution_id)
        await self.commit()
        return await self.artifacts.expand_async(await self._read_output(execution_id, step_id))

    async def __aenter__(self) -> Self:
        await self.open()
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self.close()

    @abstractmethod
    async def _remove(self, execution_ids: Sequence[str]) -> int:
        """Forget these executions, for good on return; those that went on meanwhile stay. How many went."""

    @abstractmethod
    async def _stored_names(self) -> set[str]:
        """The names of stored results in everything that is durable."""

    @abstractmethod
    async def _read_output(self, execution_id: str, step_id: str) -> Any:
        """The durable output as journaled (large parts are references), or ``None``."""

    @abstractmethod
    async def _insert(
        self, execution_id: str, workflow_id: str, data: Mapping[str, Any], *, is_fresh: bool
    ) -> Awaitable[None]:
        """Append EXECUTION_CREATED; ``StoreError`` when the id is taken, which a fresh one cannot be.

        What is returned makes it durable, together with what others create at the same moment.
        """

    @abstractmethod
    async def _track(self, execution_id: str) -> None:
        """Make ``append`` know the execution; raises ``ExecutionNotFound``."""


def state_of(execution_id: str, events: Sequence[Event]) -> ExecutionState:
    """The fold of the whole journal of a run; RunDamaged when it makes no sense."""
    try:
        return ExecutionState.fold(events)
    except (LookupError, TypeError, ValueError, AssertionError, StoreCorrupt) as error:
        raise damaged(execution_id, f"an event of it makes no sense ({error!r})") from error


def has_ended(store: ExecutionStateManager, execution_id: str) -> bool:
    """Whether the execution is known to have ended, and well recorded, without reading its journal."""
    try:
        status = store._ledger.execution_status(execution_id)
    except ExecutionNotFound:
        return False
    return status.is_terminal and status is not ExecutionStatus.QUARANTINED


def agreeing(store: ExecutionStateManager, state: ExecutionState) -> ExecutionState:
    """The state of a run that `store` knows; RunDamaged when what it knows contradicts the journal."""
    if not store._ledger.agrees_with(state):
        raise damaged(state.id, "its row and those of its steps contradict its journal")
    return state


def damaged(execution_id: str, detail: str) -> RunDamaged:
    """The error for a run whose record is not what was written."""
    return RunDamaged(
        f"The record of run {execution_id} is damaged: {detail}",
        hint="This run cannot go on; the others are not touched. Keep a copy of the store's file, which "
        "may be mended, and start the workflow anew.",
    )


CALLED_OFF = (EventDraft(EventType.EXECUTION_CANCELLING), EventDraft(EventType.EXECUTION_CANCELLED))


def error_to_json(error: Mapping[str, Any] | BaseException | str) -> dict[str, Any]:
    """An error as the journal keeps it: at least ``type`` and ``message``, and always JSON."""
    if isinstance(error, WorkflowError):
        described = error.to_json()
    elif isinstance(error, BaseException):
        described = {"type": type(error).__name__, "message": words_of(error)}
    elif isinstance(error, str):
        described = {"type": "Error", "message": error}
    else:
        described = {"type": "Error", "message": "", **error}
    for key in ("message", "hint"):
        if isinstance(told := described.get(key), str) and len(told) > LONGEST_MESSAGE:
            described[key] = shortened(told)
    try:
        encode(described)
    except (TypeError, ValueError):
        # An action may raise our errors with whatever it likes in them; no run may hang because of it.
        return {str(key): str(value) for key, value in described.items()}
    return described
