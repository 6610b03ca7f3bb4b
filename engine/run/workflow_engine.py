"""The engine as programs use it: start, watch, answer, pause and cancel workflows.

Thin on purpose. What happens is decided in the pure modules beside it (scheduler, retry, questions) and kept
moving by the runtime. The methods that begin with an underscore are seams: the engine calls each of them for
every step or workflow, so that a subclass may override one.
"""

from __future__ import annotations

import logging
import re
from collections import OrderedDict
from collections.abc import AsyncGenerator, Callable, Mapping
from functools import partial
from pathlib import Path
from types import TracebackType
from typing import Any, Protocol, Self, cast

from engine.actions.registry import ActionRegistry
from engine.catalog import Catalog
from engine.errors import DefinitionError, RunDamaged, StoreError, WorkflowError
from engine.expression.templates import Inspected
from engine.files.inclusion import with_files
from engine.history.events import Event
from engine.history.statistics import WorkflowStatistics, statistics
from engine.history.status import ExecutionStatus
from engine.model.json_value import Json
from engine.model.workflow import Workflow
from engine.plan.compiler import Compiler
from engine.plan.step import Plan
from engine.run.begin import heard
from engine.run.called_off import go_on_without
from engine.run.clock import Clock, Rng, SystemClock, system_rng
from engine.run.converted import converted
from engine.run.garbage import uncollected
from engine.run.given import WorkflowLike, as_json, base_dir_of, load, must_be_same, must_be_whole
from engine.run.held_runs import HeldRuns
from engine.run.input_defaults import with_defaults
from engine.run.observers import Analytics, Notifier, Observers
from engine.run.options import PLAIN, RunOptions
from engine.run.part_answers import sort, to_the_whole
from engine.run.partial_runs import PartialRuns
from engine.run.questions import check_input
from engine.run.recorded import prepare
from engine.run.room import find_place_for
from engine.run.runtime import Runtime
from engine.run.seams import EngineSeams, is_overridden
from engine.run.set_aside import set_aside
from engine.run.slots import Slots
from engine.run.stops import must_be_steps
from engine.run.vault import without_secrets
from engine.secrets.sources import Secrets, SecretSource
from engine.store.mirror import StatusKeeper, as_store
from engine.store.state_manager import ExecutionStateManager, ExecutionSummary
from engine.store.times import times_of_runs
from engine.validation import check

_log = logging.getLogger(__name__)

DEFAULT_CONCURRENT_STEPS = 5
MAX_PREPARED = 32
# An end that is recorded but not yet durable counts: nothing can come after it any more.
_OVER = frozenset(status for status in ExecutionStatus if status.is_terminal) | {ExecutionStatus.ROLLING_BACK}
_ENDING = _OVER | {ExecutionStatus.CANCELLING}


class BackgroundTasks(Protocol):
    """Whoever runs the execution for us, such as a web framework's background tasks."""

    def add_task(self, function: Callable[..., Any], /, *args: Any) -> Any: ...


class WorkflowEngine(PartialRuns, HeldRuns, EngineSeams):
    """Runs workflows durably, many at a time, `max_concurrent_steps` steps at once.

    Belongs to one event loop. Owns its state manager from the first call on: `close` (or `async with`) ends
    both; what is still running then can be recovered by another engine on the same store. Without a state
    manager, runs last as long as the process: pass a SqliteStateManager to keep them. An object with only
    the six coroutines of the original engine's store is told of every change, and no more than that.
    """

    def __init__(
        self,
        max_concurrent_steps: int = DEFAULT_CONCURRENT_STEPS,
        *,
        state_manager: ExecutionStateManager | StatusKeeper | None = None,
        notifier: Notifier | None = None,
        analytics: Analytics | None = None,
        registry: ActionRegistry | None = None,
        clock: Clock | None = None,
        rng: Rng | None = None,
        catalog: Catalog | None = None,
        secrets: SecretSource | None = None,
    ) -> None:
        """secrets: what `${secrets.NAME}` stands for; the environment and the system's keyring by default."""
        if type(max_concurrent_steps) is not int or max_concurrent_steps < 1:
            raise ValueError(
                f"max_concurrent_steps must be a whole number of at least 1, not {max_concurrent_steps!r}"
            )
        self.max_concurrent_steps = max_concurrent_steps
        self.semaphore = Slots(max_concurrent_steps)
        self.var_pattern = re.compile(r"(?<!\$)\$\{([^{}]+)\}")
        self.cancellation_requests: set[str] = set()
        store = as_store(state_manager)
        # Whoever asks for it gets back what they gave, also where the engine works with a store around it.
        self.state_manager = store if state_manager is None else cast("ExecutionStateManager", state_manager)
        self.catalog = catalog if catalog is not None else Catalog.load()
        super().__init__(
            registry if registry is not None else ActionRegistry.default(), Compiler(self.catalog)
        )
        self.notifier = notifier
        self.analytics = analytics
        self._prepared: OrderedDict[str, Plan] = OrderedDict()
        self._is_closed = False
        self._runtime = Runtime(
            seams=self,
            store=store,
            registry=self.registry,
            compiler=self._compiler,
            observers=Observers(notifier, analytics),
            semaphore=self.semaphore,
            limit=max_concurrent_steps,
            clock=clock if clock is not None else SystemClock(),
            rng=rng if rng is not None else system_rng(),
            secrets=secrets if secrets is not None else Secrets(),
        )

    async def start_workflow(
        self,
        workflow: WorkflowLike,
        input_data: Mapping[str, Json] | None = None,
        background_tasks: BackgroundTasks | None = None,
        *,
        base_dir: Path | str | None = None,
        options: RunOptions | None = None,
    ) -> str:
        """The id of a new execution, durable on return, which runs in the background.

        base_dir: where relative paths start; the folder of a workflow given as a path, unless said otherwise.
        options: how the run is to go, if not from its start to its end without a stop.
        Raises DefinitionError with every problem, or SchemaValidationError for a value that does not fit.
        """
        if background_tasks is not None and not callable(getattr(background_tasks, "add_task", None)):
            raise TypeError(f"background_tasks needs a method add_task, which {background_tasks!r} has not")
        folder = base_dir_of(workflow, base_dir)
        drawn, plan = self._drawn(workflow, folder)
        given = as_json(input_data or {})
        options = options or PLAIN
        if options.is_partial:
            options, given = await prepare(self._runtime.store, plan, options, given)
        if plan.workflow.inputs:
            given = with_defaults(plan.workflow, given)
        check_input(plan, given)
        must_be_steps(plan, options.breakpoints)
        is_plain = background_tasks is None and not is_overridden(self, WorkflowEngine, "_run_execution")
        execution_id = await self._runtime.create(plan, given, folder, options, begins=is_plain)
        if background_tasks is not None:
            background_tasks.add_task(self._run_execution, execution_id, drawn)
        elif not is_plain:
            find = partial(self._runtime.find, start=False)
            running = heard(find, execution_id, self._run_execution(execution_id, drawn))
            self._runtime.spawn(running, f"run {execution_id}")
        return execution_id

    def prepare_workflow(self, workflow: WorkflowLike, *, base_dir: Path | str | None = None) -> None:
        """Check and plan a workflow, so that a start of it has nothing long to do; makes no execution.

        Raises DefinitionError with every problem.
        """
        self._drawn(workflow, base_dir_of(workflow, base_dir))

    async def get_workflow_status(self, execution_id: str) -> dict[str, Any]:
        """The durable state as plain JSON; raises ExecutionNotFound."""
        self._must_be_open()
        return await self._runtime.state(execution_id)

    async def wait(self, execution_id: str) -> dict[str, Any]:
        """The state once the execution has ended or is PAUSED; observers have been told by then.

        While the store refuses (a full disk), executions are shown as PAUSED for `storage_error`: what their
        state shows besides is durable, what happened since is not, and resuming one tries again.
        """
        self._must_be_open()
        execution = await self._runtime.find(execution_id, start=False)
        if execution is not None:
            await execution.rest()
        await self._runtime.drain_observers()
        return await self._runtime.state(execution_id)

    async def pause_workflow(self, execution_id: str) -> bool:
        """Start nothing new; PAUSED once what runs has finished. False when it is ending or has ended."""
        self._must_be_open()
        execution = await self._runtime.find(execution_id)
        if execution is None or execution.status in _ENDING:
            return False
        if execution.status is ExecutionStatus.RUNNING:
            execution.pause()
            await self._runtime.barrier()
        return execution.status in (ExecutionStatus.PAUSING, ExecutionStatus.PAUSED)

    async def resume_workflow(
        self,
        execution_id: str,
        new_inputs: Mapping[str, Json] | None = None,
        workflow: WorkflowLike | None = None,
    ) -> bool:
        """Go on, with what was missing; works as soon as one step is paused. False when it has ended.

        new_inputs: by the input's name, or by a full path such as `check.output.total`; what is given for
        `secrets.NAME` is kept in memory, for this run. Raises SchemaValidationError when a value does not
        fit, and AnswerNotKept when a large one finds no place; the execution then stays paused.
        workflow: for callers that keep no definitions; an execution always goes on with the definition it
        was started with, so another one is refused with DefinitionError.
        One that is paused because its store refused goes on once the store works, as far as the next stop;
        else StoreError again.
        """
        self._must_be_open()
        execution = await self._runtime.find(execution_id)
        waited = self._runtime.waits_for_store(execution_id)
        if waited:
            await self._runtime.try_store_again()
            execution = await self._runtime.find(execution_id)
            if execution is None:
                return True  # what waited to be written was its end
            is_held = execution.status is ExecutionStatus.PAUSED and execution.reason == "breakpoint"
            if is_held and not new_inputs:
                return True  # it stands where somebody wants to look, as it did before the store refused
        if execution is None or execution.status in _ENDING:
            return waited and execution is not None and not execution.status.is_terminal
        if workflow is not None:
            folder = base_dir_of(workflow, execution.base_dir)
            must_be_same(execution.plan, self._compiler.compile(with_files(load(workflow), folder)))
        told, secrets = without_secrets(as_json(new_inputs or {}))
        execution.secrets.give(secrets)
        execution, answers = to_the_whole(execution, told)
        supplied = sort(execution, answers).masked(execution.secrets.mask)
        find_place_for(self._runtime.store.artifacts, supplied)
        execution.resume(supplied)
        await self._runtime.barrier()
        return True

    async def cancel_workflow(
        self, execution_id: str, *, force: bool = False, rollback: bool = False
    ) -> bool:
        """End the execution: running steps finish and nothing follows. False when it has ended already.

        force: running steps are cancelled too, and abandoned if they do not listen within 5 s.
        rollback: completed steps are undone afterwards, the last one first. A rollback that is under way
        ends after the step it is at; what is left can be undone later.
        """
        self._must_be_open()
        execution = await self._runtime.find(execution_id, start=False)
        if execution is not None and execution.status is ExecutionStatus.ROLLING_BACK:
            await self._runtime.rollbacks.stop(execution, force=force)
            return True
        if execution is None or execution.status in _OVER:
            return False
        owner = execution.owner
        execution.cancel(rollback=rollback)
        if owner is not None:
            go_on_without(owner)
        await self._runtime.barrier()
        self.cancellation_requests.add(execution_id)
        if force:
            execution.stop_running()
        if force and not rollback:
            await self._runtime.rollbacks.stop(execution, force=True)
        return True

    async def rollback_workflow(
        self, execution_id: str, *, uncertain: Mapping[str, bool] | None = None
    ) -> bool:
        """Undo what a run did: its completed steps that have a rollback, the last one first.

        One that has ended, however, begins to roll back; rollbacks that failed are tried again. One that has
        not is cancelled first. False when there is nothing left to undo. uncertain: of steps of which nobody
        knows whether they took effect (UNCERTAIN), whether they did. A part that has ended: CannotRestart.
        """
        self._must_be_open()
        execution = await self._runtime.find(execution_id, start=False)
        if execution is None:
            must_be_whole(execution_id)
            return await self._runtime.reopen_to_roll_back(execution_id, uncertain or {})
        if execution.status in _OVER:
            return execution.status is ExecutionStatus.ROLLING_BACK
        return await self.cancel_workflow(execution_id, rollback=True)

    def events(self, execution_id: str, after: int = 0) -> AsyncGenerator[Event, None]:
        """Every event with a seq greater than `after`, then those to come, until the execution has ended."""
        self._must_be_open()
        return self._runtime.streams.follow(execution_id, after)

    async def statistics(
        self, workflow_id: str, *, version: str = "", limit: int = 200
    ) -> WorkflowStatistics:
        """How often the workflow ran, how its latest runs ended, how long they and their steps took.

        version: the hash of a definition, to look at the runs of that one only.
        """
        self._must_be_open()
        runs = await times_of_runs(self._runtime.store, workflow_id, limit=limit)
        return statistics(workflow_id, runs, version)

    def mask(self, text: str) -> str:
        """The text without any secret that a run of this engine was given: for logs of one's own."""
        return self._runtime.vault.masker.mask(text)

    async def recover(self) -> list[str]:
        """Go on with every execution that an earlier process left unfinished; returns their ids.

        PAUSED ones stay paused. One whose record is damaged is QUARANTINED, with what is wrong; one that
        cannot be brought back for another reason is logged and left as it is.
        """
        self._must_be_open()
        await self._runtime.store.open()
        recovered: list[str] = []
        unfinished: list[ExecutionSummary] = await self._runtime.store.unfinished()
        for summary in reversed(unfinished):
            try:
                await self._runtime.find(summary.id)
            except RunDamaged as error:
                await set_aside(self._runtime.store, summary, error)
            except WorkflowError:
                _log.exception("Run %s of %r could not be recovered", summary.id, summary.workflow_name)
            else:
                recovered.append(summary.id)
        await self._runtime.barrier()
        return recovered

    async def close(self) -> None:
        """End the engine and its store; nothing it started is left behind. What ran can be recovered."""
        if not self._is_closed:
            self._is_closed = True
            try:
                await self._runtime.close()
            finally:
                self._places.close()

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self.close()

    # -- seams (the pure ones stand in EngineSeams) ------------------------------------------------------

    async def _run_execution(self, execution_id: str, workflow: WorkflowLike) -> None:
        """Start an execution that was created, and return when it has ended or is PAUSED."""
        execution = await self._runtime.find(execution_id)
        if execution is not None:
            await execution.rest()

    # -- helpers --------------------------------------------------------------------------------------

    def _drawn(self, workflow: WorkflowLike, folder: str) -> tuple[Workflow, Plan]:
        """The workflow with the files that it names read into it, and its checked plan."""
        self._must_be_open()
        if isinstance(workflow, Workflow) and (known := self._known(workflow)) is not None:
            return workflow, known
        with uncollected():
            drawn = load(workflow)
            if self._compiler.find(drawn) is None:
                drawn = with_files(drawn, folder)
            return drawn, self._prepare(drawn)

    def _known(self, workflow: Workflow) -> Plan | None:
        """The plan of a workflow that has been prepared before."""
        plan = self._compiler.find(workflow)
        return None if plan is None else self._prepared.get(plan.definition_hash)

    def _prepare(self, workflow: Workflow) -> Plan:
        """The checked plan of a workflow; raises DefinitionError with all that is wrong with it."""
        known = self._known(workflow)
        if known is not None:
            return known
        inspected = Inspected()
        problems = [each for each in check(workflow, self.catalog, self.registry, inspected) if each.is_error]
        if problems:
            raise DefinitionError("; ".join(problem.message for problem in problems), problems)
        plan = converted(self._compiler.compile(workflow, inspected), self)
        if _log.isEnabledFor(logging.DEBUG):
            graph = self._build_execution_graph(workflow)
            _log.debug(
                "Prepared %s: %d steps, %d connections, conditional: %s",
                workflow.id,
                len(graph["nodes"]),
                len(graph["connections"]),
                self._has_conditional_connections(workflow),
            )
        self._prepared[plan.definition_hash] = plan
        if len(self._prepared) > MAX_PREPARED:
            self._prepared.popitem(last=False)
        return plan

    def _must_be_open(self) -> None:
        if self._is_closed:
            raise StoreError("The engine is closed", hint="Make a new one on the same store.")
