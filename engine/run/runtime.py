"""The living executions of one engine, and what binds them to store, dispatcher and those who watch."""

from __future__ import annotations

import asyncio
import logging
from collections import OrderedDict
from collections.abc import Callable, Coroutine, Mapping, Sequence
from typing import Any, cast

from engine.actions.registry import ActionRegistry
from engine.errors import CannotRestart, StoreError, WorkflowError
from engine.files import codec
from engine.history.events import Event, EventDraft, EventType
from engine.history.ran import Pieces, whole
from engine.history.state import ExecutionState
from engine.history.status import ExecutionStatus, can_move
from engine.history.step_state import StepState
from engine.model.json_value import Json
from engine.plan.body import inner_plans
from engine.plan.compiler import Compiler
from engine.plan.step import Plan
from engine.run import handed_secrets, recovery
from engine.run.attempts import Attempts
from engine.run.begin import begin, begin_soon, logged
from engine.run.clock import Clock, Rng
from engine.run.composer import Composer
from engine.run.converted import converted
from engine.run.dispatcher import GRACE_S, Dispatcher
from engine.run.execution import Execution
from engine.run.fast_path import FastPath
from engine.run.garbage import uncollected
from engine.run.journal import Journal
from engine.run.live_state import LiveState
from engine.run.observers import Observers
from engine.run.options import RunOptions
from engine.run.reuse import Reuse
from engine.run.rollback import Rollbacks
from engine.run.seams import Seams, conditions_of
from engine.run.secret_conditions import by_values
from engine.run.set_aside import runs_of
from engine.run.slots import Slots
from engine.run.step_runner import StepRunner
from engine.run.storage_trouble import StorageTrouble
from engine.run.stream import EventStreams
from engine.run.undo_parts import PartsOfSteps
from engine.run.vault import Vault
from engine.secrets.sources import SecretSource
from engine.store.definitions import save_text
from engine.store.shown import with_large_outputs
from engine.store.state_manager import (
    CALLED_OFF,
    ExecutionStateManager,
    agreeing,
    has_ended,
    state_of,
)

_log = logging.getLogger(__name__)

MakeDraft = Callable[[Plan, ExecutionState, Sequence[Event]], EventDraft]

MAX_SAVED_DEFINITIONS = 256
# After these a rollback begins; or goes on, which the store had cut off.
_ROLLS_BACK = frozenset({EventType.EXECUTION_ROLLING_BACK, EventType.STORAGE_WORKS})


class Runtime:
    """Owns everything that moves; the engine's public methods are thin over it."""

    def __init__(
        self,
        *,
        seams: Seams,
        store: ExecutionStateManager,
        registry: ActionRegistry,
        compiler: Compiler,
        observers: Observers,
        semaphore: Slots,
        limit: int,
        clock: Clock,
        rng: Rng,
        secrets: SecretSource,
    ) -> None:
        self.store = store
        self.vault = Vault(secrets)
        self._trouble = StorageTrouble(self._publish)
        self.streams = EventStreams(store.read_events, self._trouble.sign)
        self._seams = seams
        self._compiler = compiler
        self._observers = observers
        self._semaphore = semaphore
        self._clock = clock
        self._executions: dict[str, Execution] = {}
        self._loading = asyncio.Lock()
        self._brought: list[tuple[Execution, Sequence[Event]]] = []
        self._saved: OrderedDict[str, None] = OrderedDict()
        self._tasks: set[asyncio.Task[None]] = set()
        self._dispatcher = Dispatcher(limit=limit, semaphore=semaphore, clock=clock)
        self.composer = Composer(
            store=store,
            clock=clock,
            enter=self._enter,
            bring=self._bring,
            prepare=self._prepare,
            announce=lambda part, event: self._journal.announce(part, [event]),
            spawn=self.spawn,
        )
        attempts = Attempts(
            seams=seams,
            dispatcher=self._dispatcher,
            clock=clock,
            semaphore=semaphore,
            artifacts=store.artifacts,
        )
        self._runner = StepRunner(
            seams=seams,
            registry=registry,
            clock=clock,
            rng=rng,
            dispatcher=self._dispatcher,
            attempts=attempts,
            artifacts=store.artifacts,
            composer=self.composer,
            reuse=Reuse(store, registry, clock),
        )
        self._journal = Journal(store, self._publish, self._dispatcher.ask_for_flush)
        self.rollbacks = Rollbacks(
            seams=seams,
            registry=registry,
            store=store,
            barrier=self._dispatcher.barrier,
            clock=clock,
            rng=rng,
            semaphore=semaphore,
            spawn=self.spawn,
        )
        self.rollbacks.children = PartsOfSteps(self)
        self._fast_path = FastPath(
            seams=seams,
            registry=registry,
            clock=clock,
            semaphore=semaphore,
            journal=self._journal,
            attempts=attempts,
        )
        self._dispatcher.attach(
            self._runner.run,
            self._fast_path.run,
            self._journal,
            self._trouble,
            lambda: list(self._executions.values()),
        )

    async def create(
        self, plan: Plan, given: Mapping[str, Json], base_dir: str, options: RunOptions, *, begins: bool
    ) -> str:
        """A new execution, durable with its definition when its id is returned; `begins`: by itself."""
        await self.store.open()
        if plan.definition_hash not in self._saved:
            for each in (*inner_plans(plan), plan):
                await save_text(self.store, each.definition_hash, each.definition)
            self._saved[plan.definition_hash] = None
            if len(self._saved) > MAX_SAVED_DEFINITIONS:
                self._saved.popitem(last=False)
        execution_id = await self.store.create_execution(
            plan.workflow.id,
            given,
            definition_hash=plan.definition_hash,
            workflow_name=plan.workflow.name,
            base_dir=base_dir,
            options=options.to_json(),
        )
        if plan.durability == "strict":
            try:
                await self.store.commit(full_sync=True)
            except StoreError:
                self.store.append(execution_id, CALLED_OFF)  # nobody is given its id: it is not to begin
                raise
        state = ExecutionState.fold(await self.store.read_events(execution_id))
        self._enter(plan, state, state)
        if begins:
            begin_soon(self._executions, execution_id)
        return execution_id

    async def find(self, execution_id: str, *, start: bool = True) -> Execution | None:
        """The living execution, brought back from its journal if need be; None when it has ended.

        start: whether one that was created and never started begins now. Raises ExecutionNotFound.
        """
        found = self._executions.get(execution_id)
        if found is None:
            async with self._loading:
                with uncollected():
                    found = self._executions.get(execution_id) or await self._revive(execution_id)
        if start and found is not None:
            begin(found)
        return found

    async def restart(self, execution_id: str, draft: MakeDraft) -> None:
        """Take up an execution that has ended; `draft` says how, from its plan, state and events."""
        await self.store.open()
        async with self._loading:
            if execution_id in self._executions:
                raise CannotRestart("The run has not ended", hint="Wait for its end, or stop it first.")
            state = await self.store.load_state(execution_id)
            if state.parent:
                raise CannotRestart(
                    "This run is a part of another one",
                    hint="Take up the whole, from the step it is a part of.",
                )
            plan = await self._plan_of(state)
            events = await self.store.read_events(execution_id)
            told = self.store.append(execution_id, [draft(plan, state, events)])
            await self.store.commit()
            with uncollected():
                execution = await self._revive(execution_id, plan)
        assert execution is not None
        self.streams.publish(execution_id, told)
        self._observers.tell(execution.state, told)
        await self.barrier()

    async def reopen_to_roll_back(self, execution_id: str, uncertain: Mapping[str, bool]) -> bool:
        """Undo what a run did that has ended; False when there is nothing left to undo. Durable on return.

        uncertain: of steps of which nobody knew whether they took effect, whether they did.
        """
        async with self._loading:
            state = await self.store.load_state(execution_id)
            if not can_move(state.status, ExecutionStatus.ROLLING_BACK) or not state.status.is_terminal:
                return False
            execution = await self._load(state)
            try:
                drafts = await self.rollbacks.drafts_to_begin(execution, uncertain)
            except BaseException:
                del self._executions[execution_id]
                raise
            if not drafts:
                del self._executions[execution_id]
                return False
            execution.record(drafts)
            execution.status = ExecutionStatus.ROLLING_BACK
        await self.barrier()
        return True

    async def state(self, execution_id: str) -> dict[str, Any]:
        """What `get_workflow_status` returns; only what is durable."""
        execution = self._executions.get(execution_id)
        if execution is None:
            await self.store.open()
            return await self.store.get_execution_state(execution_id)
        shown = execution.state.to_dict()
        shown["steps"] = {
            **{step.id: StepState().to_dict() for step in execution.plan.steps},
            **shown["steps"],
        }
        return await with_large_outputs(shown, self.store.artifacts)

    async def barrier(self) -> None:
        """Everything recorded so far is durable and published."""
        await self._dispatcher.barrier()

    async def try_store_again(self) -> None:
        """What waits for the store goes on if it works again; else StoreError."""
        self._trouble.try_again()
        await self.barrier()

    def waits_for_store(self, execution_id: str) -> bool:
        """Whether the run stands still because the store refused something."""
        return execution_id in self._trouble

    async def drain_observers(self) -> None:
        """Give the notifier and analytics a moment to hear of what has been published."""
        try:
            async with asyncio.timeout(GRACE_S):
                await self._observers.drain()
        except TimeoutError:
            _log.warning("An observer of the runs is slow; not waiting for it any longer")

    def spawn(self, coroutine: Coroutine[Any, Any, None], name: str) -> None:
        """Run something that nobody awaits; `close` ends it, and what goes wrong in it is logged."""
        task = asyncio.create_task(logged(coroutine, name), name=name)
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)
        # A task that is cancelled before its first turn never enters the coroutine.
        task.add_done_callback(lambda _: coroutine.close())

    async def close(self) -> None:
        """Stop without ending anything: what runs is left to be recovered. Nothing is left behind."""
        await self._dispatcher.close()
        for task in self._tasks:
            task.cancel()
        if self._tasks:
            await asyncio.wait(self._tasks)
        await self.rollbacks.close()
        for execution in self._executions.values():
            execution.steps.forget_timers()
            execution.broken(WorkflowError("The engine was closed while the run was under way"))
        self._executions.clear()
        self.streams.close()
        await self._observers.close(GRACE_S)
        await self.store.close()

    async def _revive(self, execution_id: str, plan: Plan | None = None) -> Execution | None:
        if has_ended(self.store, execution_id):
            return None
        await self.store.open()
        await self.store.commit()
        events = await self.store.read_events(execution_id)
        if (state := agreeing(self.store, state_of(execution_id, events))).status.is_terminal:
            return None
        if state.parent and state.parent not in self._executions:
            await self._revive(state.parent)
        if execution_id in self._executions:
            return self._executions[execution_id]  # it came back with the run that it is a part of
        execution = await self._bring(plan or await self._plan_of(state), state)
        try:
            await self._prepare(execution, events)
            for each in runs_of(self._executions, execution_id) if self.store.was_interrupted else ():
                if each.status is ExecutionStatus.PENDING:
                    recovery.suspect(each, [step.index for step in each.plan.steps if not step.incoming])
            for each, told in self._brought:
                is_undone = each.status is ExecutionStatus.ROLLING_BACK
                recovery.restore(each, told, self._clock, crashed=self.store.was_interrupted)
                if is_undone:
                    self.rollbacks.begin(each, crashed=self.store.was_interrupted)
        except BaseException:
            for fallen in runs_of(self._executions, execution_id):
                self._dispatcher.withdraw(fallen)
                fallen.steps.forget_timers()
                del self._executions[fallen.id]
            raise
        finally:
            self._brought.clear()
        self.composer.wake(execution)
        return execution

    async def _prepare(self, execution: Execution, events: Sequence[Event] | None = None) -> None:
        """Read what it takes to go on with an execution, and with its parts, before a step of any goes on.

        events: the journal, when it has been read already.
        """
        if execution.status is not ExecutionStatus.PENDING:
            if events is None:
                events = await self.store.read_events(execution.id)
            await self.composer.load(execution, events)
            self._brought.append((execution, events))

    async def _plan_of(self, state: ExecutionState) -> Plan:
        with uncollected():
            drawn = codec.decode(await self.store.load_definition(state.definition_hash))
            return converted(self._compiler.compile(drawn), self._seams)

    async def _load(self, state: ExecutionState) -> Execution:
        """The execution in that state, with the definition it was started with."""
        return await self._bring(await self._plan_of(state), state)

    async def _bring(self, plan: Plan, state: ExecutionState) -> Execution:
        return self._enter(plan, state, await recovery.load_outputs(state, self.store.artifacts))

    def _enter(self, plan: Plan, state: ExecutionState, full: ExecutionState) -> Execution:
        """full: the state with its large outputs, for references; `state` holds what is shown."""
        secrets = self.vault.of_run(state.id)
        roots: dict[str, Json] = {
            "execution": {"id": state.id, "workflow_id": state.workflow_id, "started_at": state.started_at},
            "vars": plan.workflow.settings.get("vars") or {},
            **full.scope,
            "secrets": cast("Json", secrets),  # looked into by name only
        }
        execution = Execution(
            plan=handed_secrets.plan_of_part(plan, full),
            state=state,
            live=LiveState.of_execution(full, roots, self._clock.now, self._journal.steps_of(state)),
            journal=self._journal,
            work=self._dispatcher,
            evaluate=by_values(conditions_of(self._seams), full, secrets),
            secrets=secrets,
        )
        execution.fast_actions = self._fast_path.actions_of(execution)
        self._executions[state.id] = execution
        return execution

    def _publish(self, execution: Execution, pieces: Pieces) -> None:
        execution.published(pieces)
        if self.streams.has_readers(execution.id) or not self._observers.is_idle:
            events = whole(pieces)
            self.streams.publish(execution.id, events)
            self._observers.tell(execution.state, events)
        if execution.state.status is ExecutionStatus.RUNNING:
            return
        if execution.state.status.is_terminal:
            self._executions.pop(execution.id, None)
            execution.steps.let_go()
            self.vault.forget(execution.id)
        elif execution.status is ExecutionStatus.ROLLING_BACK and any(
            event.type in _ROLLS_BACK for event in whole(pieces)
        ):
            self.rollbacks.begin(execution)
