"""The engine as programs use it: start, watch, answer, pause and cancel workflows.

Thin on purpose. What happens is decided in the pure modules beside it (scheduler, retry, questions) and kept
moving by the runtime. The methods that begin with an underscore are seams: the engine calls each of them for
every step or workflow, so that a subclass may override one.
"""

from __future__ import annotations

import asyncio
import logging
import re
from collections import Counter, OrderedDict
from collections.abc import AsyncIterator, Callable, Mapping
from itertools import compress
from pathlib import Path
from types import TracebackType
from typing import Any, Protocol, Self, cast

from engine.actions.registry import ActionRegistry
from engine.catalog import Catalog
from engine.errors import DefinitionError, StoreError, WorkflowError
from engine.expression import Template, compile_condition
from engine.history.events import Event
from engine.history.status import ExecutionStatus, StepStatus
from engine.model.json_value import Json
from engine.model.workflow import Connection, Node, Workflow
from engine.plan.compiler import Compiler
from engine.plan.parameters import Parameters
from engine.plan.step import JoinMode, Plan, Step
from engine.run.clock import Clock, Rng, SystemClock, system_rng
from engine.run.given import WorkflowLike, as_json, base_dir_of, load, must_be_same
from engine.run.live_state import scope_of
from engine.run.observers import Analytics, Notifier, Observers
from engine.run.places import Places
from engine.run.questions import check_input, sort_answers
from engine.run.runtime import Runtime
from engine.run.schemas import SchemaGate
from engine.run.step_runner import CURRENT
from engine.store.mirror import StatusKeeper, as_store
from engine.store.state_manager import ExecutionStateManager, ExecutionSummary
from engine.validation import check

_log = logging.getLogger(__name__)

DEFAULT_CONCURRENT_STEPS = 5
MAX_PREPARED = 32
_SETTLED = frozenset(status.value for status in StepStatus if status.is_terminal)
# An end that is recorded but not yet durable counts: nothing can come after it any more.
_OVER = frozenset(status for status in ExecutionStatus if status.is_terminal) | {ExecutionStatus.ROLLING_BACK}
_ENDING = _OVER | {ExecutionStatus.CANCELLING}


class BackgroundTasks(Protocol):
    """Whoever runs the execution for us, such as a web framework's background tasks."""

    def add_task(self, function: Callable[..., Any], /, *args: Any) -> Any: ...


class WorkflowEngine:
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
    ) -> None:
        if max_concurrent_steps < 1:
            raise ValueError(f"max_concurrent_steps must be at least 1, not {max_concurrent_steps}")
        self.max_concurrent_steps = max_concurrent_steps
        self.semaphore = asyncio.Semaphore(max_concurrent_steps)
        self.var_pattern = re.compile(r"(?<!\$)\$\{([^{}]+)\}")
        self.cancellation_requests: set[str] = set()
        store = as_store(state_manager)
        # Whoever asks for it gets back what they gave, also where the engine works with a store around it.
        self.state_manager = store if state_manager is None else cast("ExecutionStateManager", state_manager)
        self.registry = registry if registry is not None else ActionRegistry.default()
        self.catalog = catalog if catalog is not None else Catalog.load()
        self.notifier = notifier
        self.analytics = analytics
        self._compiler = Compiler(self.catalog)
        self._prepared: OrderedDict[str, Plan] = OrderedDict()
        self._schemas = SchemaGate()
        self._places = Places()
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
        )

    async def start_workflow(
        self,
        workflow: WorkflowLike,
        input_data: Mapping[str, Json] | None = None,
        background_tasks: BackgroundTasks | None = None,
        *,
        base_dir: Path | str | None = None,
    ) -> str:
        """The id of a new execution, durable on return, which runs in the background.

        base_dir: where relative paths start; the folder of a workflow given as a path, unless said otherwise.
        Raises DefinitionError with every problem, or SchemaValidationError for a value that does not fit.
        """
        self._must_be_open()
        drawn = load(workflow)
        plan = self._prepare(drawn)
        given = as_json(input_data or {})
        check_input(plan, given)
        execution_id = await self._runtime.create(plan, given, base_dir_of(workflow, base_dir))
        if background_tasks is not None:
            background_tasks.add_task(self._run_execution, execution_id, drawn)
        else:
            self._runtime.spawn(self._run_execution(execution_id, drawn), f"run {execution_id}")
        return execution_id

    async def get_workflow_status(self, execution_id: str) -> dict[str, Any]:
        """The durable state as plain JSON; raises ExecutionNotFound."""
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

        new_inputs: by the input's name, or by a full path such as `check.output.total`. Raises
        SchemaValidationError when a value does not fit, and the execution stays paused.
        workflow: for callers that keep no definitions; an execution always goes on with the definition it
        was started with, so another one is refused with DefinitionError.
        One that is paused because its store refused goes on once the store works; else StoreError again.
        """
        self._must_be_open()
        execution = await self._runtime.find(execution_id)
        if self._runtime.waits_for_store(execution_id):
            await self._runtime.barrier()
            execution = await self._runtime.find(execution_id)
            if execution is None:
                return True  # what waited to be written was its end
        if execution is None or execution.status in _ENDING:
            return False
        if workflow is not None:
            must_be_same(execution.plan, self._compiler.compile(load(workflow)))
        answers = as_json(new_inputs or {})
        steps = execution.steps
        paused = [steps.activities[number] for number in sorted(steps.paused)]
        execution.resume(sort_answers(execution.plan, steps.live["input_data"], paused, answers))
        await self._runtime.barrier()
        return True

    async def cancel_workflow(
        self, execution_id: str, *, force: bool = False, rollback: bool = False
    ) -> bool:
        """End the execution: running steps finish and nothing follows. False when it has ended already.

        force: running steps are cancelled too, and abandoned if they do not listen within 5 s.
        rollback: completed steps are undone afterwards, the last one first.
        """
        self._must_be_open()
        execution = await self._runtime.find(execution_id, start=False)
        if execution is None or execution.status in _OVER:
            return False
        execution.cancel(rollback=rollback)
        await self._runtime.barrier()
        self.cancellation_requests.add(execution_id)
        if force:
            execution.stop_running()
        return True

    async def events(self, execution_id: str, after: int = 0) -> AsyncIterator[Event]:
        """Every event with a seq greater than `after`, then those to come, until the execution has ended."""
        await self._runtime.store.open()
        async for event in self._runtime.streams.follow(execution_id, after):
            yield event

    async def recover(self) -> list[str]:
        """Go on with every execution that an earlier process left unfinished; returns their ids.

        PAUSED ones stay paused. One that cannot be brought back is logged and left as it is.
        """
        self._must_be_open()
        await self._runtime.store.open()
        recovered: list[str] = []
        unfinished: list[ExecutionSummary] = await self._runtime.store.unfinished()
        for summary in reversed(unfinished):
            try:
                await self._runtime.find(summary.id)
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
            await self._runtime.close()
            self._places.close()

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self.close()

    # -- seams ----------------------------------------------------------------------------------------

    def _convert_nodes_to_steps(self, workflow: WorkflowLike) -> list[Step]:
        """The workflow's nodes as steps, in topological order."""
        return list(self._compiler.compile(load(workflow)).in_order())

    def _build_execution_graph(self, workflow: WorkflowLike) -> dict[str, Any]:
        """`nodes`, `connections`, `adjacency` and `reverse_adjacency` (node id -> neighbours, each once)."""
        drawn = load(workflow)
        nodes: dict[str, Node] = dict(drawn.nodes)
        connections: list[Connection] = [
            connection
            for connection in drawn.connections.values()
            if connection.source in nodes and connection.target in nodes
        ]
        after: dict[str, dict[str, None]] = {node_id: {} for node_id in nodes}
        before: dict[str, dict[str, None]] = {node_id: {} for node_id in nodes}
        for connection in connections:
            after[connection.source][connection.target] = None
            before[connection.target][connection.source] = None
        return {
            "nodes": nodes,
            "connections": connections,
            "adjacency": {node_id: list(targets) for node_id, targets in after.items()},
            "reverse_adjacency": {node_id: list(sources) for node_id, sources in before.items()},
        }

    def _has_conditional_connections(self, workflow: WorkflowLike) -> bool:
        """Whether any connection carries a condition."""
        return any(connection.condition for connection in load(workflow).connections.values())

    def _evaluate_condition(self, condition: str | None, state: Mapping[str, Any]) -> bool:
        """Whether the condition holds; none always does. Raises ConditionError, never guesses."""
        if condition is None or not condition.strip():
            return True
        return compile_condition(condition).evaluate(scope_of(state))

    def _resolve_parameters(self, parameters: Mapping[str, Json], state: Mapping[str, Any]) -> dict[str, Any]:
        """The parameters with their references filled in; raises MissingInputError naming all that lack."""
        compiled = parameters if isinstance(parameters, Parameters) else None
        template = compiled.template if compiled is not None else Template.parse(dict(parameters))
        resolved = template.resolve(scope_of(state).reference)
        assert isinstance(resolved, dict)
        return resolved

    def _validate_input_schema(self, step: Step | Mapping[str, Any], params: Mapping[str, Any]) -> None:
        """Raises SchemaValidationError ("input") unless the resolved parameters fit; no schema takes all."""
        schema = _schema(step, "input_schema")
        if schema:
            self._schemas.check("input", _label(step), schema, params)

    def _validate_output_schema(self, step: Step | Mapping[str, Any], output: Any) -> None:
        """Raises SchemaValidationError ("output") unless the output fits; no schema takes all."""
        schema = _schema(step, "output_schema")
        if schema:
            self._schemas.check("output", _label(step), schema, output)

    def _check_dependencies(self, step: Step, state: Mapping[str, Any]) -> bool:
        """Whether what the step waits for has been settled; a step for which it is not is skipped."""
        if not step.depends_on:
            return True
        steps = state.get("steps") or {}
        settled = [step_id in steps and steps[step_id]["status"] in _SETTLED for step_id in step.depends_on]
        if step.join.mode not in (JoinMode.ANY, JoinMode.N_OF):
            return all(settled)
        # The join counts connections, of which several may come from the same step.
        counts = Counter(route.source for route in step.incoming)
        weights = counts.values() if len(counts) == len(settled) else [1] * len(settled)
        return sum(compress(weights, settled)) >= min(step.join.count, sum(weights))

    async def _execute_step(self, step: Step, params: dict[str, Any]) -> Any:
        """Call the step's action, wherever it runs, and return what it returns."""
        action = self.registry.get(step.service, step.action)
        context = CURRENT.get()
        if context is None:
            raise RuntimeError("_execute_step is called by the engine, which sets the step's context")
        return await self._places.call(action, params, context)

    async def _run_execution(self, execution_id: str, workflow: WorkflowLike) -> None:
        """Start an execution that was created, and return when it has ended or is PAUSED."""
        execution = await self._runtime.find(execution_id)
        if execution is not None:
            await execution.rest()

    # -- helpers --------------------------------------------------------------------------------------

    def _prepare(self, workflow: Workflow) -> Plan:
        """The checked plan of a workflow; raises DefinitionError with all that is wrong with it."""
        plan = self._compiler.find(workflow)
        if plan is not None and plan.definition_hash in self._prepared:
            return self._prepared[plan.definition_hash]
        problems = [
            problem for problem in check(workflow, self.catalog, self.registry) if problem.severity == "error"
        ]
        if problems:
            raise DefinitionError("; ".join(problem.message for problem in problems), problems)
        plan = self._compiler.compile(workflow).with_steps(self._convert_nodes_to_steps(workflow))
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


def _schema(step: Step | Mapping[str, Any], key: str) -> Mapping[str, Any]:
    schema: Mapping[str, Any] | None = getattr(step, key) if isinstance(step, Step) else step.get(key)
    return schema or {}


def _label(step: Step | Mapping[str, Any]) -> str:
    return step.label if isinstance(step, Step) else str(step.get("title") or step.get("id") or "step")
