"""The engine's methods that run a part of a workflow, and those that take up again what has ended."""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from pathlib import Path

from engine.history.events import Event, EventDraft
from engine.history.state import ExecutionState
from engine.model.json_value import Json
from engine.plan.step import Plan
from engine.run.given import WorkflowLike
from engine.run.options import RunOptions
from engine.run.restart import check_uncertain, restart, restart_after
from engine.run.runtime import Runtime


class PartialRuns:
    """What `WorkflowEngine` offers besides whole runs that are started once."""

    cancellation_requests: set[str]
    _runtime: Runtime
    _must_be_open: Callable[[], None]

    @abstractmethod
    async def start_workflow(
        self,
        workflow: WorkflowLike,
        input_data: Mapping[str, Json] | None = None,
        background_tasks: None = None,
        *,
        base_dir: Path | str | None = None,
        options: RunOptions | None = None,
    ) -> str: ...

    async def run_to(
        self,
        workflow: WorkflowLike,
        node: str,
        input_data: Mapping[str, Json] | None = None,
        *,
        base_dir: Path | str | None = None,
        options: RunOptions | None = None,
    ) -> str:
        """Run the node and what it needs; every other step is SKIPPED(not_selected)."""
        options = replace(options or RunOptions(), to=node)
        return await self.start_workflow(workflow, input_data, base_dir=base_dir, options=options)

    async def run_from(
        self,
        workflow: WorkflowLike,
        node: str,
        input_data: Mapping[str, Json] | None = None,
        *,
        based_on: str = "",
        base_dir: Path | str | None = None,
        options: RunOptions | None = None,
    ) -> str:
        """Run the node and everything after it, with the results of an earlier run for all that is before.

        based_on: that run; without one, the latest of the workflow that has ended. Its inputs count where
        none are given. A step whose result it does not have is run.
        """
        options = replace(options or RunOptions(), start=node, based_on=based_on)
        return await self.start_workflow(workflow, input_data, base_dir=base_dir, options=options)

    async def run_only(
        self,
        workflow: WorkflowLike,
        node: str,
        input_data: Mapping[str, Json] | None = None,
        *,
        based_on: str = "",
        base_dir: Path | str | None = None,
        options: RunOptions | None = None,
    ) -> str:
        """Run one node, whatever the conditions before it say, with the results of an earlier run.

        Raises StepsToRunFirst, naming them, when it refers to results that no earlier run has.
        """
        options = replace(options or RunOptions(), only=node, based_on=based_on)
        return await self.start_workflow(workflow, input_data, base_dir=base_dir, options=options)

    async def retry_from(self, execution_id: str, step: str = "") -> None:
        """Take up a run that has ended: the step and all that follows run again, what was before is kept.

        Without a step, from wherever it failed. It stays the same run, under a new `run_epoch` that is part
        of the idempotency keys from then on. Raises CannotRestart, and nothing has changed.
        """
        self._must_be_open()
        await self._runtime.restart(
            execution_id, lambda plan, state, events: restart(plan, state, events, step)
        )
        self.cancellation_requests.discard(execution_id)

    async def resolve_uncertain(
        self, execution_id: str, step: str, *, happened: bool, output: Json = None
    ) -> None:
        """Say whether an UNCERTAIN step took effect: go on after it with this output, or run it again."""
        self._must_be_open()

        def draft(plan: Plan, state: ExecutionState, events: Sequence[Event]) -> EventDraft:
            if happened:
                return restart_after(plan, state, step, output if output is not None else {})
            again = restart(plan, state, events, step)
            check_uncertain(plan, state, step)
            return again

        await self._runtime.restart(execution_id, draft)
        self.cancellation_requests.discard(execution_id)
