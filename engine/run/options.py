"""What a person wants of one run besides its inputs: journaled with the run, so it holds after a restart."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Final, Literal

from engine.model.json_value import Json


@dataclass(frozen=True, slots=True, kw_only=True)
class RunOptions:
    """How one run is to go.

    breakpoints: ids of steps before which the run pauses. step_by_step: pause before every step.
    to: run this step and what it needs. start: run this step and what follows, with recorded results for
    what comes before. only: run this step and nothing else, with recorded results for what it refers to.
    based_on: the execution whose results count as recorded, and those it was based on; "" for the latest.
    reuse: take results of unchanged steps instead of running them again. pins: take pinned results.
    taken: step id -> a result that stands ready (`output`, `via`, `reused_from`); filled in when the run is
    created, so that the run needs no other run from then on. anew: ids of steps that really run, unchanged or
    not. incidents: whether a condition that cannot be evaluated ("pause") waits for a person who repairs it,
    or fails the run.
    """

    breakpoints: frozenset[str] = frozenset()
    step_by_step: bool = False
    to: str = ""
    start: str = ""
    only: str = ""
    based_on: str = ""
    reuse: bool = True
    pins: bool = True
    taken: Mapping[str, Mapping[str, Any]] = field(default_factory=dict)
    anew: frozenset[str] = frozenset()
    incidents: Literal["pause", "fail"] = "fail"

    @property
    def is_partial(self) -> bool:
        """Whether only a part of the workflow is meant."""
        return bool(self.to or self.start or self.only)

    def to_json(self) -> dict[str, Json]:
        """Only what differs from a plain run."""
        if self is PLAIN:
            return {}
        told: dict[str, Json] = {}
        if self.breakpoints:
            told["breakpoints"] = [*sorted(self.breakpoints)]
        if self.step_by_step:
            told["step_by_step"] = True
        texts = {"to": self.to, "from": self.start, "only": self.only, "based_on": self.based_on}
        told |= {key: text for key, text in texts.items() if text}
        if self.incidents != "fail":
            told["incidents"] = self.incidents
        if not self.reuse:
            told["reuse"] = False
        if not self.pins:
            told["pins"] = False
        if self.taken:
            told["taken"] = {step_id: dict(result) for step_id, result in self.taken.items()}
        if self.anew:
            told["anew"] = [*sorted(self.anew)]
        return told

    @classmethod
    def from_json(cls, told: Mapping[str, Json]) -> RunOptions:
        """The options as `to_json` told them; what is not there is as in a plain run."""
        if not told:
            return PLAIN
        taken: Any = told.get("taken")
        return cls(
            breakpoints=_ids(told.get("breakpoints")),
            step_by_step=told.get("step_by_step") is True,
            to=_text(told.get("to")),
            start=_text(told.get("from")),
            only=_text(told.get("only")),
            based_on=_text(told.get("based_on")),
            reuse=told.get("reuse") is not False,
            pins=told.get("pins") is not False,
            taken=taken if isinstance(taken, dict) else {},
            anew=_ids(told.get("anew")),
            incidents="pause" if told.get("incidents") == "pause" else "fail",
        )


PLAIN: Final = RunOptions()
"""Of a run from its start to its end."""


def _ids(told: Json) -> frozenset[str]:
    return frozenset(str(item) for item in told) if isinstance(told, list) else frozenset()


def _text(told: Json) -> str:
    return told if isinstance(told, str) else ""
