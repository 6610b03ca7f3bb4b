"""Makes the parts of composite steps: executions of their own in the same store, and brings them back.

The id of a part is that of its parent, a slash and the step's id, and for those of a for_each or loop
another slash and the number: what is started twice is the same part. Parts are created by a synchronous
append, in one transaction with whatever led to them, so no crash can come between.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from engine.errors import MissingInputError, SchemaValidationError, WorkflowError
from engine.expression import MISSING, Path
from engine.expression.secret_text import from_journal, plain
from engine.history.events import Event, EventType
from engine.history.state import ExecutionState, apply
from engine.history.status import ExecutionStatus, StepStatus
from engine.json_schema.validators import validator
from engine.model.json_value import Json
from engine.run.activity import Activity
from engine.run.clock import Clock
from engine.run.composite import Composite, Part
from engine.run.composite_kinds import ForEach, Loop, Subworkflow
from engine.run.earlier_parts import given_to, left_before, may_have_left, take_over
from engine.run.handed_secrets import drafted, read_handed, split
from engine.run.input_defaults import with_defaults
from engine.run.items import Fetched, read_rows
from engine.run.options import RunOptions
from engine.run.partial import trigger_of
from engine.run.parts_time import counted_from
from engine.run.questions import check_input, put
from engine.run.schemas import SchemaGate
from engine.store.state_manager import ExecutionStateManager, PartSummary, error_to_json

if TYPE_CHECKING:
    from engine.plan.step import Plan, Step
    from engine.run.execution import Execution

_KINDS = {"subworkflow": Subworkflow, "for_each": ForEach, "loop": Loop}
_SHORT_TEXT = 1_000
Enter = Callable[["Plan", ExecutionState, ExecutionState], "Execution"]
Bring = Callable[["Plan", ExecutionState], Awaitable["Execution"]]
Prepare = Callable[["Execution"], Awaitable[None]]
Announce = Callable[["Execution", Event], None]
Spawn = Callable[[Any, str], None]


class Composer:
    """What all composite steps of an engine have in common; the runtime owns it."""

    def __init__(
        self,
        *,
        store: ExecutionStateManager,
        clock: Clock,
        enter: Enter,
        bring: Bring,
        prepare: Prepare,
        announce: Announce,
        spawn: Spawn,
    ) -> None:
        """enter: makes a living execution of a state. bring: also reads its large results back.

        prepare: reads what it takes to put its steps where the journal left them. announce: tells of a
        creation once it is durable.
        """
        self._store = store
        self.clock = clock
        self._enter = enter
        self._bring = bring
        self._prepare = prepare
        self._announce = announce
        self._spawn = spawn
        self._gate = SchemaGate()

    # -- while it runs --------------------------------------------------------------------------------

    def begin(self, execution: Execution, activity: Activity, params: dict[str, Any]) -> None:
        """The step waits for its parts from now on. Raises what is wrong with its parameters."""
        composite = self._make(execution, activity, params)
        check_input(composite.body.plan, execution.secrets.reveal(self._inputs(composite)))
        told, mark = drafted(params, activity.step)
        data = {"reason": "child", "params": self._store.artifacts.pack(told), **mark}
        execution.steps.waits_for_parts(composite, data)
        composite.time.since = activity.started_at
        composite.time.begin()
        composite.fill()

    async def finish(self, composite: Composite) -> tuple[Json, dict[str, Any]]:
        """What the step gives, and what else its completion tells. Raises why it has failed."""
        if composite.failure is not None:
            raise composite.failure
        output, more = await composite.result()
        return output, more | {"with_errors": True} if composite.with_errors else more

    def start(self, composite: Composite, wanted: Part) -> None:
        """Make the part and set it going."""
        parent, body = composite.execution, composite.body
        created: dict[str, Any] = {
            "definition_hash": body.plan.definition_hash,
            "workflow_name": body.plan.workflow.name,
            "base_dir": parent.state.base_dir,
            "parent": parent.id,
        }
        given = self._inputs(composite)
        shown, secret = split(given) if composite.activity.step.secrets else (given, {})
        created["input_data"] = self._packed(shown)
        if secret:
            created["secret_inputs"] = self._packed(secret)
        own: dict[str, Json] = {}
        if wanted.item is not MISSING:
            own = {"item": wanted.item, "index": wanted.number}
            created["scope"] = {"item": self._packed(wanted.item), "index": wanted.number}
        earlier = None
        options = _handed_on(parent, composite.activity.step.id)
        if composite.earlier is not None:
            asked = given_to(created)
            earlier = wanted.earlier if wanted.earlier is not None and wanted.earlier.given == asked else None
            kept: Any = composite.earlier.kept(wanted.number, asked)
            if kept and earlier is None:
                options = {**options, "taken": kept}
        if options:
            created["options"] = options
        part_id = composite.prefix if wanted.number is None else f"{composite.prefix}/{wanted.number}"
        event = self._store.create_part(part_id, body.plan.workflow.id, created)
        state = ExecutionState(id=part_id, workflow_id=body.plan.workflow.id)
        apply(state, event)
        part = self._enter(body.plan, state, replace(state, input_data=given, scope=own))
        self._adopt(composite, part, wanted.number)
        self._announce(part, event)
        if wanted.refused is None:
            if earlier is not None:
                take_over(part, earlier)
            else:
                part.start(trigger_of(part.plan, part.part))
        else:
            part.error = error_to_json(wanted.refused)
            part.move(EventType.EXECUTION_STARTED)
            part.advance()

    def outcome(self, part: Execution) -> Json:
        """What a part gives that has come to its end. Raises when it cannot give it."""
        assert part.owner is not None
        body, live = part.owner.body, part.steps.live
        if body.outputs is None:
            output: Json = {each: live["outputs"][each] for each in body.lasts if each in live["outputs"]}
        else:
            try:
                output = plain(body.outputs.resolve(live.scope.reference))
            except MissingInputError as error:
                raise MissingInputError(
                    error.missing_var,
                    f"The outputs: {error.message}",
                    missing=error.missing,
                    hint="Write ? behind the path where it may be missing, as in ${step.output?}.",
                ) from error
        if body.output_schema:
            self._gate.check("output", part.plan.workflow.name, body.output_schema, output)
        return output

    def refusal(self, composite: Composite, item: Json) -> SchemaValidationError | None:
        """Why an item does not fit the step's schema for them."""
        schema = composite.body.item_schema
        errors = validator(schema).errors(item) if schema else []
        if not errors:
            return None
        listed = "; ".join(f"{error['pointer'] or '/'} {error['message']}" for error in errors)
        return SchemaValidationError("input", errors, f"The item does not fit: {listed}")

    async def parts_of(self, composite: Composite) -> list[PartSummary]:
        """All parts of the step, with what came of them."""
        return await self._store.parts_of(composite.prefix)

    async def expanded(self, value: Json) -> Json:
        """The value with its large parts read back."""
        return await self._store.artifacts.expand_async(value)  # type: ignore[no-any-return]

    def table_reader(self, composite: Composite) -> Callable[[int, int, Fetched], None]:
        """How a step reads the rows of the table that it goes through."""

        def fetch(first: int, count: int, fetched: Fetched) -> None:
            table = composite.params["items"]
            self._spawn(self._fetch(composite, table, first, count, fetched), "read rows")

        return fetch

    # -- after a restart ----------------------------------------------------------------------------------

    async def load(self, execution: Execution, events: Sequence[Event]) -> None:
        """Bring back the composite steps of a run that is not yet in its place, with their parts.

        They stay quiet until `wake`: nothing may follow from a part before everything is where it was.
        """
        await read_handed(execution)
        begun: dict[str, Event] = {}
        for event in events:
            if event.type is EventType.STEP_WAITING and event.data.get("reason") == "child":
                begun[event.step_id or ""] = event
            elif event.type is EventType.EXECUTION_RESTARTED:
                for step_id in event.data["steps"]:
                    begun.pop(step_id, None)
        for step_id, event in begun.items():
            known = execution.state.steps.get(step_id)
            step = execution.plan.step(step_id)
            is_open = known is not None and known.status in (StepStatus.WAITING, StepStatus.RUNNING)
            if is_open and known is not None and known.attempts == event.attempt and known.reason != "retry":
                since = counted_from(event, events)
                await self._load(execution, step, event, known.started_at, since)

    async def _load(
        self, execution: Execution, step: Step, event: Event, started: float | None, since: float
    ) -> None:
        params = await self.expanded(event.data["params"])
        if event.data.get("has_secrets"):
            params = from_journal(params)
        assert isinstance(params, dict)
        first = started if since == event.ts else since
        activity = Activity(step, attempt=event.attempt, first_started_at=first)
        activity.started_at = started or event.ts
        composite = self._make(execution, activity, params)
        composite.time.since, composite.is_quiet = since, True
        execution.steps.place_composite(composite)
        found = await self.parts_of(composite)
        await composite.found(found)
        for summary in found:
            if not summary.status.is_terminal:
                state = await self._store.load_state(summary.id)
                part = await self._bring(composite.body.plan, state)
                self._adopt(composite, part, summary.number)
                await self._prepare(part)

    def wake(self, execution: Execution) -> None:
        """Everything is where it was: let the composite steps go on."""
        for composite in list(execution.steps.nested.values()):
            for part in list(composite.parts.values()):
                self.wake(part)
                if execution.status.is_terminal:
                    part.owner = None
                    if part.status not in (ExecutionStatus.CANCELLING, ExecutionStatus.ROLLING_BACK):
                        part.cancel(rollback=False)
                elif part.status is ExecutionStatus.PENDING:
                    part.start(trigger_of(part.plan, part.part))
            if execution.status.is_terminal:
                execution.steps.nested.clear()
                continue
            composite.time.begin()
            composite.wake()

    # -- helpers ------------------------------------------------------------------------------------------

    def _make(self, execution: Execution, activity: Activity, params: dict[str, Any]) -> Composite:
        body = activity.step.body
        assert body is not None
        composite: Composite = _KINDS[body.kind](self, execution, activity, body, params)
        if may_have_left(composite):
            # After a retry, or when the run was taken up again: what is not to be done once more?
            composite.is_remembering = True
            self._spawn(self._remember(composite), "look for earlier parts")
        return composite

    def _adopt(self, composite: Composite, part: Execution, number: int | None) -> None:
        part.owner, part.number = composite, number
        composite.parts[number] = part

    def _inputs(self, composite: Composite) -> dict[str, Json]:
        """What the parts are given: as drawn, as a person answered, or by default."""
        if composite.inputs is None:
            drawn = composite.params.get("inputs")
            given: dict[str, Json] = dict(drawn) if isinstance(drawn, dict) else {}
            start = f"{composite.activity.step.id}/input."
            for key, value in composite.execution.steps.live["input_data"].items():
                if key.startswith(start):
                    put(given, {}, Path.parse(f"input.{key[len(start) :]}"), value)
            composite.inputs = with_defaults(composite.body.plan.workflow, given)
        return composite.inputs

    def _packed(self, value: Json) -> Json:
        """The value with what is too large for the journal moved out."""
        if value is None or isinstance(value, bool | int | float):
            return value
        if isinstance(value, str) and len(value) < _SHORT_TEXT:
            return value
        packed: Json = self._store.artifacts.pack(value)
        return packed

    async def _remember(self, composite: Composite) -> None:
        try:
            composite.earlier = await left_before(self._store, composite)
        except WorkflowError as error:
            composite.fail(error)
        composite.is_remembering = False
        composite.fill()

    async def _fetch(
        self, composite: Composite, table: Mapping[str, Any], first: int, count: int, fetched: Fetched
    ) -> None:
        try:
            rows = await asyncio.to_thread(read_rows, self._store.artifacts, table, first, count)
        except WorkflowError as error:
            fetched(error)
        else:
            fetched([*rows])


def _handed_on(parent: Execution, step_id: str) -> dict[str, Json]:
    """What holds for the parts of a run as for the run itself."""
    options = parent.options
    return RunOptions(
        breakpoints=parent.stops.within(step_id),
        step_by_step=parent.stops.by_step,
        reuse=options.reuse,
        pins=options.pins,
        incidents=options.incidents,
    ).to_json()
