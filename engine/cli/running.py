"""`run`, `resume` and `retry`: drive the engine until the run ends, waits for a person or is interrupted."""

from __future__ import annotations

import asyncio
import contextlib
import signal
import sys
from collections.abc import Awaitable, Callable, Collection, Iterator, Mapping, Sequence
from contextlib import AbstractAsyncContextManager
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final, TypeAlias

from engine.cli import report, stores
from engine.cli.exit_codes import ExitCode
from engine.cli.inputs import InputError, read_inputs
from engine.cli.progress import Progress, progress_for
from engine.cli.words import say
from engine.files import codec, workflow_file
from engine.history import state as history
from engine.history.events import EventType
from engine.history.state import ExecutionState
from engine.history.status import ExecutionStatus
from engine.model.workflow import Workflow
from engine.run.options import RunOptions

if TYPE_CHECKING:
    from engine.run.workflow_engine import WorkflowEngine
    from engine.store.sqlite import SqliteStateManager

TICK_S: Final = 0.25
PAUSE_GRACE_S: Final = 10.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Options:
    """What the command line says besides the workflow."""

    inputs: Sequence[str] = ()
    input_file: str | None = None
    as_json: bool = False
    store: Path | None = None
    strict: bool = False
    part: RunOptions = field(default_factory=RunOptions)


def run(file: Path, options: Options) -> ExitCode:
    """Run the workflow in the file."""
    workflow = workflow_file.load(file)
    schemas = workflow.input_properties
    values = read_inputs(options.inputs, options.input_file, schemas)
    if options.strict and (missing := _missing_inputs(workflow, values)):
        raise InputError(
            f"--strict: {', '.join(missing)} must be given",
            hint=" ".join(f"--input {name}={report.example(schemas.get(name, {}))}" for name in missing),
        )

    base_dir = file.resolve().parent

    async def start(engine: WorkflowEngine) -> tuple[str, int | None]:
        return await engine.start_workflow(workflow, values, base_dir=base_dir, options=options.part), 0

    base = options.part.based_on
    store = stores.store_of(base, options.store) if base else stores.free_store(options.store)
    return asyncio.run(Session(options, store).drive(start))


def resume(
    execution_id: str, options: Options, *, conditions: Sequence[str] = (), by_step: bool = False
) -> ExitCode:
    """Go on with a run that waits, was paused, or was under way when its program ended.

    conditions: `connection=text` in place of those that cannot be evaluated. by_step: let one step begin, and
    hold every other.
    """
    repairs = dict(_repair(text) for text in conditions)

    async def go_on(engine: WorkflowEngine) -> tuple[str, int | None]:
        before = await engine.state_manager.load_state(execution_id)
        if before.status.is_terminal:
            return execution_id, None
        definition = await engine.state_manager.load_definition(before.definition_hash)
        schemas = {**codec.decode(definition).input_properties, **_asked(before.needed)}
        values = read_inputs(options.inputs, options.input_file, schemas)
        if repairs:
            await engine.repair_workflow(execution_id, repairs)
        if values or not (by_step or repairs):
            await engine.resume_workflow(execution_id, values)
        if by_step:
            await engine.step_workflow(execution_id)
        return execution_id, before.seq

    return asyncio.run(Session(options, stores.store_of(execution_id, options.store)).drive(go_on))


def retry(execution_id: str, options: Options, *, step: str, happened: str) -> ExitCode:
    """Take up a run that has ended: from a step, from where it failed, or after a step that did happen."""

    async def again(engine: WorkflowEngine) -> tuple[str, int | None]:
        before = await engine.state_manager.load_state(execution_id)
        if happened:
            await engine.resolve_uncertain(execution_id, happened, happened=True)
        else:
            await engine.retry_from(execution_id, step)
        return execution_id, before.seq

    return asyncio.run(Session(options, stores.store_of(execution_id, options.store)).drive(again))


def _missing_inputs(workflow: Workflow, values: Mapping[str, Any]) -> list[str]:
    required = workflow.inputs.get("required")
    declared = workflow.input_properties
    names = required if isinstance(required, list) else []
    return [
        str(name) for name in names if name not in values and "default" not in declared.get(str(name), {})
    ]


def _repair(text: str) -> tuple[str, str]:
    """The connection, and the condition that is to be its own."""
    connection_id, equals, condition = text.partition("=")
    if not equals or not connection_id.strip():
        raise InputError(f"--condition {text}: write connection=condition")
    return connection_id.strip(), condition


def _asked(needed: Sequence[Mapping[str, Any]]) -> dict[str, Mapping[str, Any]]:
    """The schemas of what a paused run asks for, by every name that an answer may use."""
    schemas: dict[str, Mapping[str, Any]] = {}
    for item in needed:
        schema = item.get("schema")
        if not isinstance(schema, Mapping):
            continue
        path = str(item.get("path", ""))
        schemas |= {path: schema, str(item.get("name", "")): schema}
        properties = schema.get("properties")
        if item.get("form") and isinstance(properties, Mapping):
            schemas |= {f"{path}.{name}": field for name, field in properties.items()}
    return schemas


_STANDS_STILL = (EventType.EXECUTION_PAUSED, EventType.STORAGE_REFUSED)
Begin: TypeAlias = "Callable[[WorkflowEngine], Awaitable[tuple[str, int | None]]]"
"""Starts or resumes; gives the execution's id and the last event that is old, None if nothing will follow."""


class Session:
    """One engine over one store, for one execution."""

    def __init__(
        self, options: Options, store: AbstractAsyncContextManager[tuple[SqliteStateManager, Path]]
    ) -> None:
        self._options = options
        self._store = store
        self._interrupts = 0
        self._is_interrupted = asyncio.Event()

    async def drive(self, begin: Begin, goals: Collection[ExecutionStatus] = ()) -> ExitCode:
        """Begin, show the progress, and report how it ended; any of the `goals` is a success."""
        from engine.run.workflow_engine import WorkflowEngine

        async with self._store as (manager, path), WorkflowEngine(state_manager=manager) as engine:
            with _on_interrupt(self._interrupt):
                execution_id, after = await begin(engine)
                state = await self._follow(engine, execution_id, after)
                if self._interrupts and not state.status.is_terminal:
                    state = await self._pause(engine, execution_id, state)
            definition = await manager.load_definition(state.definition_hash)
            shown = await manager.get_execution_state(execution_id)
            chosen = path if self._options.store is not None else None
            return report.finish(
                shown,
                codec.decode(definition),
                as_json=self._options.as_json,
                store=chosen,
                interrupted=bool(self._interrupts),
                goals=goals,
            )

    async def _follow(self, engine: WorkflowEngine, execution_id: str, after: int | None) -> ExecutionState:
        """Fold and show every event until the execution rests or someone presses Ctrl+C."""
        state = await engine.state_manager.load_state(execution_id)
        if after is None:
            return state
        workflow = codec.decode(await engine.state_manager.load_definition(state.definition_hash))
        titles = {node.id: node.label for node in workflow.nodes.values()}
        stream = sys.stderr if self._options.as_json else sys.stdout
        progress = progress_for(titles, stream)
        if after == 0:
            state = ExecutionState(id=execution_id, workflow_id=state.workflow_id)
        else:
            state = ExecutionState.fold(
                event for event in await engine.state_manager.read_events(execution_id) if event.seq <= after
            )
        try:
            await self._watch(engine, state, after, progress)
        finally:
            progress.close(state)
        return state

    async def _watch(
        self, engine: WorkflowEngine, state: ExecutionState, after: int, progress: Progress
    ) -> None:
        async def fold() -> None:
            async for event in engine.events(state.id, after):
                history.apply(state, event)
                progress.show(event, state)
                if state.status.is_terminal or event.type in _STANDS_STILL:
                    return

        folding = asyncio.create_task(fold(), name=f"follow {state.id}")
        interrupted = asyncio.create_task(self._is_interrupted.wait(), name="Ctrl+C")
        try:
            while not folding.done() and not interrupted.done():
                await asyncio.wait(
                    (folding, interrupted), timeout=TICK_S, return_when=asyncio.FIRST_COMPLETED
                )
                progress.tick(state)
            if folding.done():
                folding.result()
        finally:
            for task in (folding, interrupted):
                task.cancel()
            await asyncio.gather(folding, interrupted, return_exceptions=True)

    async def _pause(
        self, engine: WorkflowEngine, execution_id: str, state: ExecutionState
    ) -> ExecutionState:
        """Let what runs finish and be recorded, for a while; a second Ctrl+C does not wait."""
        say("Interrupted: steps that run are finishing. Press Ctrl+C again to leave them.", sys.stderr)
        self._is_interrupted.clear()
        await engine.pause_workflow(execution_id)
        resting = asyncio.create_task(engine.wait(execution_id), name="rest")
        again = asyncio.create_task(self._is_interrupted.wait(), name="Ctrl+C again")
        try:
            await asyncio.wait((resting, again), timeout=PAUSE_GRACE_S, return_when=asyncio.FIRST_COMPLETED)
        finally:
            for task in (resting, again):
                task.cancel()
            await asyncio.gather(resting, again, return_exceptions=True)
        return await engine.state_manager.load_state(execution_id)

    def _interrupt(self) -> None:
        self._interrupts += 1
        self._is_interrupted.set()


@contextlib.contextmanager
def _on_interrupt(call: Callable[[], None]) -> Iterator[None]:
    """Ctrl+C and a polite kill call instead of raising somewhere inside the engine."""
    loop = asyncio.get_running_loop()
    numbers = (signal.SIGINT, signal.SIGTERM)
    try:
        for number in numbers:
            loop.add_signal_handler(number, call)
    except (NotImplementedError, RuntimeError, ValueError):
        # Windows, or not the main thread: KeyboardInterrupt ends the command; the run is durable anyway.
        yield
        return
    try:
        yield
    finally:
        for number in numbers:
            loop.remove_signal_handler(number)
