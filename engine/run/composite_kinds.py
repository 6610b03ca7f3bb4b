"""The kinds of composite steps: one sub-workflow, one part for each item, one round after the other."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from engine.errors import ConditionError, LoopLimitExceeded, PartFailed
from engine.expression import Missing
from engine.expression.read_paths import paths_read
from engine.model.json_value import Json
from engine.run.composite import SUCCEEDED, Composite, Part
from engine.run.items import Items

if TYPE_CHECKING:
    from engine.store.state_manager import PartSummary

DEFAULT_CONCURRENCY = 4
DEFAULT_ITERATIONS = 100


class Subworkflow(Composite):
    """One part, whose output is the step's."""

    _has_begun = False
    _output: Json = None

    def has_more(self) -> bool:
        return not self._has_begun

    def next_part(self) -> Part | None:
        if self._has_begun:
            return None
        self._has_begun = True
        return Part(None)

    def took(self, number: int | None, output: Json) -> None:
        self._output = output

    def lost(self, number: int | None, error: PartFailed) -> None:
        self.fail(error)

    async def found(self, parts: list[PartSummary]) -> None:
        self._has_begun = bool(parts)
        await super().found(parts)

    async def result(self) -> tuple[Json, dict[str, Any]]:
        return await self.composer.expanded(self._output), {}


class ForEach(Composite):
    """One part for each item, some at a time, in their order."""

    def __init__(self, *given: Any) -> None:
        super().__init__(*given)
        policy = self.params.get("on_item_error", "fail")
        tolerated = policy.get("tolerate") if isinstance(policy, Mapping) else None
        self._tolerated = None if policy == "continue" else int(tolerated or 0)
        self._items = Items(self.params.get("items"), self.composer.table_reader(self), self.fill, self.fail)
        self.limit = int(self.params.get("concurrency") or DEFAULT_CONCURRENCY)
        self._next = self._done = self._failed = 0
        self._first: tuple[int, PartFailed] | None = None

    @property
    def is_loading(self) -> bool:
        return super().is_loading or (self._items.is_loading and self.failure is None)

    def has_more(self) -> bool:
        return self._next < self._items.count

    def next_part(self) -> Part | None:
        if not self.has_more():
            return None
        item = self._items.take(self._next)
        if isinstance(item, Missing):
            return None
        number, self._next = self._next, self._next + 1
        earlier = self.earlier.whole.get(number) if self.earlier is not None else None
        return Part(number, item, self.composer.refusal(self, item), earlier)

    def took(self, number: int | None, output: Json) -> None:
        self._done += 1

    def lost(self, number: int | None, error: PartFailed) -> None:
        self._failed += 1
        self.with_errors = True
        if self._first is None or (number or 0) < self._first[0]:
            self._first = (number or 0, error)
        is_own = self.failure is None or isinstance(self.failure, PartFailed)
        if self._tolerated is not None and self._failed > self._tolerated and is_own:
            self.failure = self._first[1]

    async def found(self, parts: list[PartSummary]) -> None:
        self._next = max((part.number or 0 for part in parts), default=-1) + 1
        await super().found(parts)

    def progress(self) -> dict[str, Any]:
        done, count = self._done + self._failed, self._items.count
        return {"fraction": done / (count or 1), "text": f"{done} of {count}"}

    async def result(self) -> tuple[Json, dict[str, Any]]:
        """The outputs in the order of the items; one that failed gives null, and stands among the errors."""
        outputs: list[Json] = [None] * self._items.count
        errors: list[Json] = []
        for part in await self.composer.parts_of(self):
            number = part.number or 0
            if part.status in SUCCEEDED:
                outputs[number] = part.output
            else:
                error = self.error_of(part.id, number, part.error, part.status)
                errors.append({"index": number, "error": error.to_json()})
        more: dict[str, Any] = {}
        if errors:
            items = "item" if len(outputs) == 1 else "items"
            message = f"{len(errors)} of {len(outputs)} {items} failed"
            more["error"] = {"type": "ItemsFailed", "message": message, "errors": errors}
        return await self.composer.expanded(outputs), more


class Loop(Composite):
    """One part after the other; each knows what the one before gave."""

    def __init__(self, *given: Any) -> None:
        super().__init__(*given)
        self._times: int | None = self.params.get("times")
        self._most = int(self.params.get("max_iterations") or DEFAULT_ITERATIONS)
        self._last: Json = self.params.get("initial")
        self._index = 0
        self._is_done = False

    def has_more(self) -> bool:
        return not self._is_done

    def next_part(self) -> Part | None:
        if self._is_done or not self._goes_on():
            self._is_done = True
            return None
        if self._index >= self._most:
            raise LoopLimitExceeded(
                f'"{self.activity.step.label}" is not done after {self._most} rounds',
                hint="Allow more of them, or see why its condition does not change.",
            )
        number, self._index = self._index, self._index + 1
        return Part(number, self._last)

    def took(self, number: int | None, output: Json) -> None:
        self._last = output

    def lost(self, number: int | None, error: PartFailed) -> None:
        self.fail(error)

    async def found(self, parts: list[PartSummary]) -> None:
        if parts:
            self._index = (parts[-1].number or 0) + 1
            last = parts[-1]
            await super().found([last._replace(output=await self.composer.expanded(last.output))])

    def progress(self) -> dict[str, Any]:
        if self._times is None:
            return {"fraction": None, "text": f"round {self._index}"}
        return {"fraction": self._index / (self._times or 1), "text": f"{self._index} of {self._times}"}

    async def result(self) -> tuple[Json, dict[str, Any]]:
        return self._last, {}

    def called(self, number: int) -> str:
        return f"round {number + 1}"

    def _goes_on(self) -> bool:
        if self.body.condition is None:
            return self._index < (self._times or 0)
        is_while, text = self.body.condition
        if not is_while and self._index == 0:
            return True
        execution = self.execution
        roots: dict[str, Json] = {"item": self._last, "index": self._index}
        try:
            holds = execution.evaluate(text, execution.steps.live.looking(self._last, roots))
        except ConditionError as error:
            hint = error.hint
            if self._index == 0 and self._last is None and any(paths_read(text)):
                hint = "Before the first round nothing has been given yet: set a first value, or use until."
            raise ConditionError(
                f'"{self.activity.step.label}": {error.message}',
                source=error.source,
                position=error.position,
                hint=hint,
            ) from error
        return holds == is_while
