"""What callers hand to the engine, in the forms the engine works with."""

from __future__ import annotations

import json
import os
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from engine.errors import CannotRestart, DefinitionError, WorkflowError, WorkflowFileError
from engine.expression.operations import type_name
from engine.files import codec, workflow_file
from engine.model.json_value import Json
from engine.model.workflow import Workflow
from engine.plan.step import Plan

WorkflowLike = Workflow | Mapping[str, Any] | str | Path


def load(workflow: WorkflowLike) -> Workflow:
    """A workflow from whatever form it is given in; raises WorkflowFileError."""
    if isinstance(workflow, Workflow):
        return workflow
    if isinstance(workflow, Mapping):
        return codec.decode(dict(workflow))
    if isinstance(workflow, str | os.PathLike):
        return workflow_file.load(Path(workflow))
    raise WorkflowFileError(
        None, f"A workflow is a Workflow, a dict or the path of a file, not {type(workflow).__name__}"
    )


def base_dir_of(workflow: WorkflowLike, given: Path | str | None) -> str:
    """Where the run's relative paths start: as said, or the workflow file's folder; "" for neither."""
    if given is None and isinstance(workflow, str | Path):
        given = Path(workflow).absolute().parent
    return str(given) if given is not None else ""


def must_be_same(plan: Plan, other: Plan) -> None:
    """Raises DefinitionError when a run would go on with another definition than its own."""
    if plan.definition_hash != other.definition_hash:
        raise DefinitionError(
            "A run goes on with the workflow it was started with, and this is another one",
            hint="Resume it without a workflow, or start the changed workflow anew.",
        )


def must_be_whole(execution_id: str) -> None:
    """Raises CannotRestart for a part of a run: the whole goes on with what it gave."""
    if "/" in execution_id:
        raise CannotRestart(
            "This run is a part of another one", hint="Undo the whole: its parts are undone with it."
        )


def as_json(values: Mapping[str, Any]) -> dict[str, Json]:
    """The values as the journal will give them back; raises WorkflowError when they are no JSON."""
    if not values:
        return {}
    if not isinstance(values, Mapping):
        raise WorkflowError(
            f"Values are given by their names, and this is: {type_name(values)}",
            hint='Give an object such as {"threshold": 60}.',
        )
    try:
        told: dict[str, Json] = json.loads(json.dumps(dict(values), allow_nan=False))
    except (TypeError, ValueError, RecursionError) as error:
        raise WorkflowError(
            f"The values supplied are not JSON: {error}",
            hint="Give text, numbers, lists, objects, true, false or null.",
        ) from error
    return told
