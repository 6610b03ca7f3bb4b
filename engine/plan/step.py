"""A workflow made ready to run: steps and routes by number, everything in them already compiled."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from enum import StrEnum
from typing import Literal

from engine.history.ran import Taken
from engine.model.json_value import Json
from engine.model.policy import RetryPolicy, Timeouts
from engine.model.workflow import Workflow
from engine.plan.body import Body
from engine.plan.parameters import Parameters

OnConditionError = Literal["fail", "true", "false"]
OnFailure = Literal["drain", "cancel", "continue"]
Durability = Literal["auto", "strict", "relaxed", "none"]
Disabled = Literal["", "passthrough", "skip"]


class JoinMode(StrEnum):
    MERGE = "merge"
    ALL = "all"
    ANY = "any"
    N_OF = "n_of"
    ALWAYS = "always"


@dataclass(frozen=True, slots=True, kw_only=True)
class Join:
    """When a step with several incoming connections runs; `count` is the k of n_of, and 1 for any."""

    mode: JoinMode = JoinMode.MERGE
    count: int = 1


@dataclass(frozen=True, slots=True, kw_only=True)
class Call:
    """An action with its parameters: what stands in for a step, or rolls it back."""

    service: str
    action: str
    parameters: Parameters


@dataclass(frozen=True, slots=True, kw_only=True)
class Pin:
    """A result that a person has put down for a step: it is used in place of running the step."""

    output: Json


@dataclass(frozen=True, slots=True, kw_only=True)
class Rollback(Call):
    """What undoes a step, and how it is tried: `retry` holds when `retry_is_given`, else its action decides.

    needs_input: whether it looks at the parameters that the step was run with, which are journaled then.
    """

    retry: RetryPolicy
    retry_is_given: bool
    timeouts: Timeouts
    needs_input: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Route:
    """A connection between step numbers; `index` is its own number."""

    index: int
    id: str
    source: int
    target: int
    on: Literal["success", "error", "always"]
    condition: str | None
    on_condition_error: OnConditionError = "fail"


@dataclass(frozen=True, slots=True, kw_only=True)
class Step:
    """One node as the engine runs it.

    `outgoing` and `incoming` are in order of priority, then of the file. An exclusive step is left by one
    connection at most: the first in `outgoing` whose condition holds. `sequence_order` is the step's place
    in the topological order, from 1. `retry` holds when `retry_is_given`; otherwise how often the step is
    tried is up to its action. `body` is what a composite step runs in place of an action, `secrets` the names
    of those it may need.
    """

    index: int
    id: str
    type: str
    title: str
    service: str
    action: str
    parameters: Parameters
    sequence_order: int
    depends_on: tuple[str, ...]
    incoming: tuple[Route, ...]
    outgoing: tuple[Route, ...]
    join: Join
    retry: RetryPolicy
    retry_is_given: bool
    timeouts: Timeouts
    input_schema: Mapping[str, Json]
    output_schema: Mapping[str, Json]
    condition: str | None
    rollback: Rollback | None
    fallback: Call | None
    is_trigger: bool
    is_exclusive: bool
    continue_on_error: bool
    disabled: Disabled
    at_most_once: bool
    priority: int
    secrets: frozenset[str] = frozenset()
    pin: Pin | None = None
    body: Body | None = None
    is_plain: bool = field(init=False)
    """Whether nothing may stand in for running the step's action."""
    _taken: Taken | None = field(init=False, repr=False, compare=False, default=None)
    is_direct: bool = field(init=False)
    """Whether besides nothing has to be asked or found out before it, and all its connections are taken
    when it has completed.
    """

    def __post_init__(self) -> None:
        is_plain = not self.disabled and self.pin is None and self.body is None and not self.is_trigger
        object.__setattr__(self, "is_plain", is_plain)
        is_direct = (
            is_plain
            and self.condition is None
            and not self.secrets
            and not self.at_most_once
            and not self.is_exclusive
            and (self.rollback is None or not self.rollback.needs_input)
        )
        if is_direct:
            for route in self.outgoing:
                if route.condition is not None or route.on == "error":
                    is_direct = False
        object.__setattr__(self, "is_direct", is_direct)

    @property
    def taken(self) -> Taken:
        """The connections that leave it, when all of them are taken; made when the step first runs."""
        taken = self._taken
        if taken is None:
            taken = Taken(route.id for route in self.outgoing)
            object.__setattr__(self, "_taken", taken)
        return taken

    @property
    def label(self) -> str:
        """What people call it."""
        return self.title or self.id


@dataclass(frozen=True, slots=True, kw_only=True)
class FailurePolicy:
    """What a failure that nobody handles means for the rest of the run."""

    mode: OnFailure = "drain"
    rollback: bool = False


@dataclass(frozen=True, slots=True, kw_only=True, eq=False, weakref_slot=True)
class Plan:
    """A compiled workflow; equal definitions share one, so nothing in it may ever change.

    `order` is a topological order of step numbers. `definition` is the canonical text that was hashed.
    `durability` says what a run's facts must survive before anything follows from them: "strict" the loss of
    power, "auto" that too before an effect on the outside, "relaxed" the end of the process, "none" nothing.
    """

    workflow: Workflow
    definition: str
    definition_hash: str
    steps: tuple[Step, ...]
    numbers: Mapping[str, int]
    routes: tuple[Route, ...]
    order: tuple[int, ...]
    on_failure: FailurePolicy
    durability: Durability = "auto"

    def step(self, step_id: str) -> Step:
        return self.steps[self.numbers[step_id]]

    def with_steps(self, steps: Sequence[Step]) -> Plan:
        """The plan with these steps in place of its own, each by its number; itself when nothing differs."""
        own = list(self.steps)
        for step in steps:
            own[step.index] = step
        if all(before is after for before, after in zip(self.steps, own, strict=True)):
            return self
        return replace(self, steps=tuple(own))

    def in_order(self) -> Iterator[Step]:
        """The steps, each after all those it depends on."""
        return (self.steps[number] for number in self.order)
