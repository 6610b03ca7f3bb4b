"""Conditions of a part that was handed secrets among its inputs: they are decided by the true values.

Nobody sees more of a value than what follows from the decision. It is put in at the last moment, for the one
evaluation, and where that fails the error is the one that the masked text gives: a message may quote what it
could not use. A step that has such a condition before or after it knows the values before it begins, or asks
for them: a decision that could not be taken afterwards would cost the whole run.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from typing import TYPE_CHECKING, Any

from engine.errors import ConditionError, ExpressionError, MissingInputError
from engine.expression import Missing, Path, Scope
from engine.expression.read_paths import paths_read
from engine.expression.secret_text import names_in
from engine.history.state import ExecutionState
from engine.model.json_value import Json
from engine.plan.step import Step
from engine.run.live_state import LeavingState, scope_of
from engine.run.vault import RunSecrets

if TYPE_CHECKING:
    from engine.run.execution import Execution

HANDED_ROOTS = frozenset({"input", "trigger"})
"""Where a part finds what it was handed."""
Evaluate = Callable[[str, Mapping[str, Any]], bool]


def paths_asked(step: Step) -> Iterator[Path]:
    """Where the conditions of a step may look at something that was handed to the part.

    Those that say whether it runs, whether it goes on for another round, and where it leads.
    """
    rounds = step.body.condition if step.body is not None else None
    texts = [step.condition, rounds and rounds[1], *(route.condition for route in step.outgoing)]
    for text in filter(None, texts):
        try:
            yield from (path for path in paths_read(text) if path.root in HANDED_ROOTS)
        except ExpressionError:
            continue  # reported where the condition is evaluated


def lacking(execution: Execution, step: Step) -> list[str]:
    """The secrets without a value that the conditions of a step are about, as a person is asked for them."""
    if not execution.state.secret_inputs or step.index in execution.steps.nested:
        return []
    names = _names_at(paths_asked(step), execution.steps.live.scope)
    return [f"secrets.{name}" for name in sorted(names.difference(execution.secrets))]


def _names_at(paths: Iterable[Path], scope: Scope) -> frozenset[str]:
    return frozenset().union(*(names_in(scope.reference(path)) for path in paths))


class _Gone(ExpressionError):
    """A secret has no value, so that there is nothing to tell of it."""


def by_values(evaluate: Evaluate, state: ExecutionState, secrets: RunSecrets) -> Evaluate:
    """How the conditions of a run in that state are decided: by the values, if it was handed any."""
    return SecretConditions(evaluate, secrets) if state.secret_inputs else evaluate


class SecretConditions:
    """Evaluates conditions as `evaluate` does, with the values of secrets where their masks stand."""

    def __init__(self, evaluate: Evaluate, secrets: RunSecrets) -> None:
        self._evaluate = evaluate
        self._secrets = secrets

    def __call__(self, condition: str, state: Mapping[str, Any]) -> bool:
        """Raises ConditionError that tells nothing of a value."""
        scope = scope_of(state)
        source = str(state.get("source", ""))
        failed: ConditionError | None = None
        try:
            return self._evaluate(condition, LeavingState(state, _TrueValues(scope, self._secrets), source))
        except ConditionError as error:
            failed = error
        # Outside of the handler: what is raised from here on does not lead back to the error it stands for.
        raise self._told(failed, condition, state)

    def _told(self, failed: ConditionError, condition: str, state: Mapping[str, Any]) -> ConditionError:
        """The error as it may be shown: what the masked text gives in the same place, or only where it is."""
        if isinstance(failed.__cause__, _Gone):
            return failed
        shown: ConditionError | None = None
        try:
            self._evaluate(condition, state)
        except ConditionError as error:
            shown = error if error.position == failed.position else None
        if shown is None:
            place = "" if failed.position is None else f" at character {failed.position + 1}"
            shown = ConditionError(
                f"condition {condition!r}{place}: it cannot be evaluated with the secret it is about",
                source=condition,
                position=failed.position,
                hint="What is wrong is not shown: it could tell the secret.",
            )
        return shown


class _TrueValues:
    """A scope in which what a part was handed has the secrets in it."""

    def __init__(self, scope: Scope, secrets: RunSecrets) -> None:
        self._scope = scope
        self._secrets = secrets

    def name(self, path: Path) -> Json | Missing:
        return self._true(path, self._scope.name(path))

    def reference(self, path: Path) -> Json | Missing:
        return self._true(path, self._scope.reference(path))

    def names(self) -> Iterable[str]:
        return self._scope.names()

    def now(self) -> float:
        return self._scope.now()

    def _true(self, path: Path, value: Json | Missing) -> Json | Missing:
        if path.root not in HANDED_ROOTS or not names_in(value):
            return value
        try:
            revealed: Json = self._secrets.reveal({"": value})[""]
        except MissingInputError as error:
            name = error.missing_var
            raise _Gone(
                f"{name}, which {path} is made of, has no value any more",
                hint="What is given for one run is not kept when the program ends: give it again.",
            ) from None
        return revealed
