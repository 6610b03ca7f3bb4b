"""Secrets that a step hands to the workflow inside it, among the inputs of its parts.

A part is given the masked text, as any parameter is; its journal holds `•••` among its inputs, and beside
them which secret stands where. Inside, a step that refers to such an input counts as one that refers to the
secret itself: it reads the value when it runs, anew for every attempt and after a restart. So does one whose
conditions refer to it.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from functools import lru_cache
from typing import TYPE_CHECKING, Any

from engine.expression.secret_text import from_journal, names_in, plain, to_journal
from engine.history.state import ExecutionState
from engine.model.json_value import Json
from engine.plan.step import Plan, Step
from engine.run.secret_conditions import HANDED_ROOTS, paths_asked

if TYPE_CHECKING:
    from engine.run.execution import Execution


def split(inputs: Mapping[str, Json]) -> tuple[dict[str, Json], dict[str, Json]]:
    """The inputs as they may be written down and shown; those with secrets in them, with names for these."""
    secret = {name: to_journal(value) for name, value in inputs.items() if names_in(value)}
    return {name: plain(value) for name, value in inputs.items()}, secret


def joined(shown: Mapping[str, Json], secret: Mapping[str, Json]) -> dict[str, Json]:
    """What `split` was given."""
    return {**shown, **{name: from_journal(value) for name, value in secret.items()}}


async def read_handed(part: Execution) -> None:
    """After a restart: a condition may be decided before any step has run that would read the values."""
    if part.state.secret_inputs:
        await part.secrets.load(names_in(dict(part.steps.live["input_data"])))


def plan_of_part(plan: Plan, state: ExecutionState) -> Plan:
    """The plan as a part goes through it that was created so: `state` has the secrets among its inputs."""
    if not state.secret_inputs:
        return plan
    handed = ((name, names_in(state.input_data.get(name))) for name in state.secret_inputs)
    return _knowing(plan, frozenset(handed))


@lru_cache(maxsize=64)
def _knowing(plan: Plan, handed: frozenset[tuple[str, frozenset[str]]]) -> Plan:
    """The plan whose steps name the secrets that these inputs hold, where they refer to them."""
    by_input = dict(handed)
    return plan.with_steps([_step_knowing(step, by_input) for step in plan.steps])


def _step_knowing(step: Step, by_input: Mapping[str, frozenset[str]]) -> Step:
    calls = [call.parameters for call in (step.fallback, step.rollback) if call is not None]
    paths = [path for parameters in (step.parameters, *calls) for path in parameters.template.references]
    found = [
        names
        for path in (*paths, *paths_asked(step))
        if path.root in HANDED_ROOTS
        for name, names in by_input.items()
        if not path.parts or path.parts[0] == name
    ]
    return replace(step, secrets=step.secrets.union(*found)) if found else step


def drafted(params: dict[str, Any], step: Step) -> tuple[Any, dict[str, bool]]:
    """A composite step's parameters as its journal keeps them, and the mark that they hold names."""
    return (to_journal(params), {"has_secrets": True}) if step.secrets else (params, {})
