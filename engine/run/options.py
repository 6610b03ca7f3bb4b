"""What a person wants of one run besides its inputs: journaled with the run, so it holds after a restart."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Self

from engine.model.json_value import Json


@dataclass(frozen=True, slots=True, kw_only=True)
class RunOptions:
    """How one run is to go.

    breakpoints: ids of steps before which the run pauses. step_by_step: pause before every step.
    """

    breakpoints: frozenset[str] = frozenset()
    step_by_step: bool = False

    def to_json(self) -> dict[str, Json]:
        """Only what differs from a plain run."""
        told: dict[str, Json] = {}
        if self.breakpoints:
            told["breakpoints"] = [*sorted(self.breakpoints)]
        if self.step_by_step:
            told["step_by_step"] = True
        return told

    @classmethod
    def from_json(cls, told: Mapping[str, Json]) -> Self:
        """The options as `to_json` told them; what is not there is as in a plain run."""
        breakpoints = told.get("breakpoints")
        return cls(
            breakpoints=frozenset(str(item) for item in breakpoints)
            if isinstance(breakpoints, list)
            else frozenset(),
            step_by_step=told.get("step_by_step") is True,
        )
