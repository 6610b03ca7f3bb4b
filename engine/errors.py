"""Every error the engine raises on purpose, in one tree.

    WorkflowError
    ├── DefinitionError            the drawing is wrong: found before anything runs
    │   └── UnknownActionError
    ├── WorkflowFileError          a file that is no workflow
    ├── MissingInputError          a value is not there yet: the run pauses and asks
    ├── FormRequired               a step asks a person: the run pauses and asks
    ├── SchemaValidationError      a value is there and wrong
    ├── ExpressionError            an expression cannot be read or evaluated
    │   └── ConditionError
    ├── NoRouteMatched             an exclusive switch without a matching case
    ├── StepsToRunFirst            one step alone needs results that nobody has yet
    ├── ActionError                a step's work failed in a way the analyst can mend
    │   ├── PartFailed             a step failed because one inside it did
    │   └── LoopLimitExceeded      a loop was not done after all the times it may run
    ├── StepTimeoutError           a step took longer than it may
    ├── ExternalServiceError       something outside answered with a fault, or not at all
    ├── CannotRestart              a run that has ended cannot be taken up again in this way
    ├── ExecutionNotFound
    ├── IllegalTransition          a fault of ours: a status moved where it may not
    └── StoreError                 the journal cannot be read or written
        ├── StoreBusy
        ├── StoreCorrupt
        │   └── RunDamaged
        └── StorageRefused
            ├── StorageFull
            └── AnswerNotKept          what a person gave found no place: the question is still open

``message`` says what happened and where; ``hint`` says what to do and may be empty.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from engine.problem import Problem


STEP_UNCERTAIN = "StepUncertain"
"""What the error of a step is called that may run once, and ran when the program ended."""


class WorkflowError(Exception):
    """The root: catching it catches whatever the engine raises on purpose."""

    def __init__(self, message: str, *, hint: str = "") -> None:
        super().__init__(message)
        self.message = message
        self.hint = hint

    def to_json(self) -> dict[str, Any]:
        """What the journal keeps of this error."""
        described: dict[str, Any] = {"type": type(self).__name__, "message": self.message}
        if self.hint:
            described["hint"] = self.hint
        return described


class DefinitionError(WorkflowError):
    """The workflow cannot run as drawn; ``problems`` lists all that is wrong with it."""

    def __init__(self, message: str, problems: Sequence[Problem] = (), *, hint: str = "") -> None:
        super().__init__(message, hint=hint)
        self.problems = tuple(problems)


class UnknownActionError(DefinitionError):
    """A step names a service and action that no one has registered."""


class WorkflowFileError(WorkflowError):
    """A file could not be read as a workflow; ``line`` counts from 1 where it is known."""

    def __init__(
        self, path: Path | str | None, message: str, *, line: int | None = None, hint: str = ""
    ) -> None:
        super().__init__(message, hint=hint)
        self.path = Path(path) if path is not None else None
        self.line = line


class MissingInputError(WorkflowError):
    """A referenced value is not there: ``missing_var``; ``missing`` lists all such paths of the step."""

    def __init__(
        self, missing_var: str, message: str | None = None, *, missing: Sequence[str] = (), hint: str = ""
    ) -> None:
        super().__init__(message or f"${{{missing_var}}} has no value", hint=hint)
        self.missing_var = str(missing_var)
        self.missing = tuple(map(str, missing)) or (self.missing_var,)

    def to_json(self) -> dict[str, Any]:
        return {**super().to_json(), "missing_var": self.missing_var, "missing": list(self.missing)}


class FormRequired(WorkflowError):
    """A step asks a person: the form's JSON Schema, what to call it, and why it is asked.

    Raises TypeError or ValueError when the schema is no JSON: the journal could not keep the question.
    """

    def __init__(self, schema: Mapping[str, Any], *, title: str, text: str = "") -> None:
        super().__init__(f'"{title}" needs an answer')
        self.schema: dict[str, Any] = json.loads(json.dumps(dict(schema), allow_nan=False))
        self.title = str(title)
        self.text = str(text)


class SchemaValidationError(WorkflowError):
    """A value does not fit its schema; each of ``errors`` is ``{"pointer", "message"}`` (JSON Pointer)."""

    def __init__(
        self, schema_type: str, errors: Sequence[Mapping[str, str]], message: str = "", *, hint: str = ""
    ) -> None:
        listed = [dict(error) for error in errors]
        text = "; ".join(f"{error.get('pointer') or '/'}: {error.get('message', '')}" for error in listed)
        super().__init__(message or f"{schema_type} does not fit its schema: {text}", hint=hint)
        self.schema_type = schema_type
        self.errors = listed

    def to_json(self) -> dict[str, Any]:
        return {**super().to_json(), "schema_type": self.schema_type, "errors": self.errors}


class ExpressionError(WorkflowError):
    """An expression cannot be read or evaluated; ``position`` counts characters of ``source`` from 0."""

    def __init__(
        self, message: str, *, source: str = "", position: int | None = None, hint: str = ""
    ) -> None:
        super().__init__(message, hint=hint)
        self.source = source
        self.position = position


class ConditionError(ExpressionError):
    """The condition of a connection cannot be decided."""


class NoRouteMatched(WorkflowError):
    """None of an exclusive switch's conditions is true and it has no default."""


class StepsToRunFirst(WorkflowError):
    """One step was to run alone and needs results that no run has; ``steps``: their titles by id."""

    def __init__(self, label: str, steps: Mapping[str, str]) -> None:
        names = " and ".join(f'"{title}"' for title in steps.values())
        verb = "has" if len(steps) == 1 else "have"
        super().__init__(
            f'"{label}" needs the result of {names}, which {verb} not run yet',
            hint=f'Run to "{label}" instead: that runs what comes before it, too.',
        )
        self.steps = dict(steps)


class ActionError(WorkflowError):
    """A step's work failed for a reason the analyst can mend (a column, a path, a value).

    column: the one that is not there; wrong: anything else that is not, such as a file or a function; meant:
    what was probably meant by it.
    """

    def __init__(
        self,
        message: str,
        *,
        hint: str = "",
        column: str | None = None,
        wrong: str | None = None,
        meant: str | None = None,
    ) -> None:
        super().__init__(message, hint=hint)
        self.column = column
        self.wrong = wrong
        self.meant = meant

    def to_json(self) -> dict[str, Any]:
        described = super().to_json()
        if self.column is not None and self.meant is not None:
            described |= {"column": self.column, "meant": self.meant}
        if self.wrong is not None and self.meant:
            described |= {"wrong": self.wrong, "meant": self.meant}
        return described


class PartFailed(ActionError):
    """A step failed because one inside it did: ``path`` leads there, ``where`` says it, ``cause`` is why."""

    def __init__(
        self, cause: Mapping[str, Any], *, path: str, where: Sequence[str], execution_id: str
    ) -> None:
        super().__init__(f"{' › '.join(where)}: {cause.get('message', '')}", hint=str(cause.get("hint", "")))
        self.cause = dict(cause)
        self.path = path
        self.where = list(where)
        self.execution_id = execution_id

    @property
    def is_uncertain(self) -> bool:
        """Whether nobody knows if what failed took effect: only a person may have it run again."""
        return bool(self.cause.get("type") == STEP_UNCERTAIN)

    def to_json(self) -> dict[str, Any]:
        told = {"path": self.path, "where": self.where, "execution_id": self.execution_id}
        return {**super().to_json(), **told, "cause": self.cause}


class LoopLimitExceeded(ActionError):
    """A loop was not done after all the times that it may run."""


class StepTimeoutError(WorkflowError):
    """A step ran longer than ``timeout`` seconds: in one attempt, or with ``in_all`` over all of them.

    ``last``: what the last attempt failed with, when there was no time left for another. ``of_rollback``: it
    was not the step that took so long but what undoes it.
    """

    def __init__(
        self,
        step_id: str,
        timeout: float,
        *,
        in_all: bool = False,
        last: BaseException | None = None,
        of_rollback: bool = False,
    ) -> None:
        what = f'The rollback of "{step_id}"' if of_rollback else f'"{step_id}"'
        message = f"{what} took longer than {timeout:g} s"
        if in_all:
            message += " in all its attempts"
        if last is not None:
            message += f"; the last one failed: {last}"
        super().__init__(
            message, hint="Allow more time under Error handling, or make the step's work smaller."
        )
        self.step_id = step_id
        self.timeout = timeout
        self.in_all = in_all
        self.last = last

    def to_json(self) -> dict[str, Any]:
        described = super().to_json()
        if self.last is not None:
            described["last_error"] = {"type": type(self.last).__name__, "message": str(self.last)}
        return described


class ExternalServiceError(WorkflowError):
    """A service outside failed; ``retry_after`` in seconds, as the service asked for it."""

    def __init__(
        self,
        message: str,
        *,
        status: int | None = None,
        retryable: bool = True,
        retry_after: float | None = None,
        hint: str = "",
    ) -> None:
        super().__init__(message, hint=hint)
        self.status = status
        self.retryable = retryable
        self.retry_after = retry_after

    def to_json(self) -> dict[str, Any]:
        described = super().to_json()
        if self.status is not None:
            described["status"] = self.status
        return described


class CannotRestart(WorkflowError):
    """A run that has ended cannot go on from where it was asked to."""


class ExecutionNotFound(WorkflowError):
    """The store holds no execution of that id."""

    def __init__(self, execution_id: str) -> None:
        super().__init__(
            f"There is no run {execution_id!r} in this store", hint="List the runs to see their ids."
        )
        self.execution_id = execution_id


class IllegalTransition(WorkflowError):
    """A status was to move where the table of legal moves has no way: a fault of the engine."""


class StoreError(WorkflowError):
    """The journal could not be read or written; nothing that is not durable has been reported."""


class StoreBusy(StoreError):
    """Another engine holds this store."""


class StoreCorrupt(StoreError):
    """The store's file is damaged."""


class RunDamaged(StoreCorrupt):
    """What is recorded of one run is not what was written; the others are not touched."""


class StorageRefused(StoreError):
    """Where the store keeps its files nothing can be written; what waits for it can be tried again."""


class StorageFull(StorageRefused):
    """The disk that holds the store has no room left."""


class AnswerNotKept(StorageRefused):
    """There is no place for a large answer: nothing was recorded, and the question is still open."""


LONGEST_MESSAGE = 20_000
"""Characters of a message that are kept: whatever an action puts into one, a person has to read it."""


def words_of(error: BaseException) -> str:
    """What an error says, or its name when it says nothing or cannot say it."""
    name = type(error).__name__
    try:
        said = str(error)
    except Exception as fault:  # noqa: BLE001 - step boundary: any class may be raised, and say what it likes
        said = f"{name} (its message cannot be read: {type(fault).__name__})"
    return said or name


def shortened(text: str) -> str:
    """The text, cut where nobody would read on."""
    if len(text) <= LONGEST_MESSAGE:
        return text
    return f"{text[:LONGEST_MESSAGE]}… ({len(text):,} characters in all)"
