"""What a run asks a person; the window answers with dialogs, a test with a script."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Protocol

from designer.dialogs.missing_input import MissingInputAnswer
from designer.execution.run_view import Question, RunView
from designer.execution.undoable import Undoable
from engine.model.workflow import Workflow


class RunDialogs(Protocol):
    """The questions of `RunController`."""

    async def ask_inputs(self, workflow: Workflow) -> Mapping[str, Any] | None:
        """Values for the workflow's inputs, or None if the person would rather not run."""

    async def ask_missing(self, question: Question, view: RunView, complaint: str) -> MissingInputAnswer:
        """The answer to an open question; `complaint` says why the last answer was refused."""

    def keep_as_default(self, values: Mapping[str, Any]) -> None:
        """Makes the values the defaults of the workflow's inputs."""

    def make_inputs(self, values: Mapping[str, Any]) -> None:
        """Makes what was only referred to inputs of the workflow."""

    async def keep_secrets(self, values: Mapping[str, Any]) -> None:
        """Keeps the secrets among the values on this computer; raises WorkflowError when it cannot."""

    async def ask_stop(self, view: RunView) -> bool | None:
        """Whether what was done is undone when the run is stopped; None to go on running."""

    async def ask_undo(self, found: Undoable) -> Mapping[str, bool] | None:
        """Whether uncertain steps took effect, if the run is to be undone at all."""
