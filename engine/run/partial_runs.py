"""The engine's methods that run a part of a workflow, and those that take up again what has ended."""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path

from engine.model.json_value import Json
from engine.run.given import WorkflowLike
from engine.run.options import RunOptions


class PartialRuns:
    """What `WorkflowEngine` offers besides whole runs; all of it ends in `start_workflow`."""

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
