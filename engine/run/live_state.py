"""The values of a running execution, as its references and conditions see them."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from engine.expression import MISSING, Missing, Path, Scope
from engine.expression.paths import descend, output_path
from engine.expression.scope import RunScope
from engine.history.state import ExecutionState
from engine.history.status import StepStatus
from engine.history.step_state import UNDOING, StepState
from engine.model.json_value import Json

KnownStep = Callable[[str], "StepState | None"]


class SuppliedScope(RunScope):
    """A scope in which a person may have supplied, by its full path, what a step should have delivered."""

    __slots__ = ("_known", "_left", "_supplied", "duration_ms")

    def __init__(
        self,
        *,
        input_data: Mapping[str, Json],
        known: KnownStep,
        left: str = "",
        **values: Any,
    ) -> None:
        """known: steps as they are recorded; left: the one that ends now, which is not recorded yet."""
        super().__init__(input_data=input_data, **values)
        self._supplied = input_data
        self._known = known
        self._left = left
        self.duration_ms = 0.0  # of the step that ends now

    def _time_of(self, step_id: str, field: str) -> Json | Missing:
        """When a step began, when it ended and how long its last attempt took."""
        known = self._known(step_id)
        if known is None:
            return MISSING
        if known.ended_at is None and field != "started_at":
            if self._left != step_id:
                return MISSING
            return self.now() if field == "ended_at" else self.duration_ms
        value: Json = getattr(known, field)
        return MISSING if value is None else value

    def _otherwise(self, path: Path) -> Json | Missing:
        """What was supplied under this path, however it is spelt, or within what was."""
        supplied, named = self._supplied, output_path(path)
        for end in range(len(named.parts), 0, -1):
            key = str(Path(named.root, named.parts[:end]))
            if key in supplied:
                return descend(supplied[key], named.parts[end:])
        return supplied.get(str(path), MISSING)


class LiveState(dict[str, Any]):
    """`{"input_data", "steps", "outputs"}` of one execution, kept up to date as it runs.

    The engine's seams are handed this dict; its scopes read it without copying, whatever its size.
    """

    __slots__ = ("_clock", "_known", "_roots", "duration_ms", "scope")

    def __init__(
        self,
        input_data: dict[str, Json],
        roots: Mapping[str, Json],
        now: Callable[[], float],
        known: KnownStep,
    ) -> None:
        super().__init__(input_data=input_data, steps={}, outputs={})
        self._roots = {"trigger": input_data, **roots}
        self._clock = now
        self._known = known
        self.duration_ms = 0.0  # of the step that is being settled
        self.scope = self._make_scope()

    @classmethod
    def of_execution(
        cls,
        state: ExecutionState,
        roots: Mapping[str, Json],
        now: Callable[[], float],
        known: KnownStep,
    ) -> LiveState:
        """The values of an execution as its journal tells them; known: its steps at any time."""
        live = cls(dict(state.input_data), roots, now, known)
        for step_id, step in state.steps.items():
            if step.status is StepStatus.COMPLETED:
                live.completed(step_id, step.output, step.attempts, step.error)
            elif step.status in UNDOING and step.output is not None:
                # Its result is still what the rollbacks of the steps before it may refer to.
                live.completed(step_id, step.output, step.attempts)
                live["steps"][step_id]["status"] = step.status.value
            elif step.status.is_terminal:
                live.ended(step_id, step.status, error=step.error, attempts=step.attempts)
        return live

    def completed(
        self, step_id: str, output: Json, attempts: int, error: Mapping[str, Any] | None = None
    ) -> None:
        """error: what the step completed in spite of."""
        self["steps"][step_id] = {
            "status": "COMPLETED",
            "output": output,
            "error": error,
            "attempts": attempts,
        }
        self["outputs"][step_id] = output

    def ended(
        self, step_id: str, status: StepStatus, *, error: Mapping[str, Any] | None = None, attempts: int = 0
    ) -> None:
        """A step came to an end without an output."""
        self["steps"][step_id] = {"status": status.value, "error": error, "attempts": attempts}

    def supply(self, inputs: Mapping[str, Json]) -> None:
        self["input_data"].update(inputs)

    def fired(self, output: Json) -> None:
        """What the trigger delivered is `${trigger}` from now on."""
        self._roots["trigger"] = output
        self.scope = self._make_scope()

    def with_roots(self, roots: Mapping[str, Json]) -> SuppliedScope:
        """A scope that also knows these roots, for a rollback or a fallback."""
        return self._make_scope(roots)

    def leaving(self, step_id: str) -> LeavingState:
        """The state as the conditions of a step's outgoing connections see it."""
        error = self["steps"].get(step_id, {}).get("error")
        roots = None if error is None else {"error": error}
        scope = self._make_scope(roots, self["outputs"].get(step_id, MISSING), left=step_id)
        scope.duration_ms = self.duration_ms
        return LeavingState(self, scope, step_id)

    def looking(self, fields: Json, roots: Mapping[str, Json]) -> LeavingState:
        """The state as a loop's condition sees it: plain names mean first what the last part gave."""
        return LeavingState(self, self._make_scope(roots, fields), "")

    def _make_scope(
        self,
        roots: Mapping[str, Json] | None = None,
        fields: Json | Missing = MISSING,
        left: str = "",
    ) -> SuppliedScope:
        return SuppliedScope(
            input_data=self["input_data"],
            known=self._known,
            left=left,
            steps=self["steps"],
            fields=fields,
            roots={**self._roots, **(roots or {})},
            clock=self._clock,
        )


class LeavingState(dict[str, Any]):
    """A LiveState in which plain names mean first the output fields of the step just left (`source`)."""

    __slots__ = ("scope",)

    def __init__(self, state: Mapping[str, Any], scope: Scope, source: str) -> None:
        super().__init__(state, source=source)
        self.scope = scope


def scope_of(state: Mapping[str, Any]) -> Scope:
    """The scope of a live state at no cost, or of a plain dict in the seed's form."""
    if isinstance(state, (LiveState, LeavingState)):
        return state.scope
    source = state.get("source")
    return RunScope.of_state(state, source if isinstance(source, str) else None)
