"""Answers of a person, brought to the parts of composite steps that they are for, however deep."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

from engine.errors import SchemaValidationError
from engine.expression.templates import escape_pointer
from engine.model.json_value import Json
from engine.run.activity import Activity
from engine.run.questions import Supplied, root_of, sort_answers

if TYPE_CHECKING:
    from engine.run.execution import Execution


def sort(execution: Execution, answers: Mapping[str, Json]) -> Supplied:
    """Where each answer belongs, in the run or in its parts; raises as sort_answers does.

    A key in a part begins with the way to it (`each/3/input.limit`). `each/input.limit`, or a bare name
    that only parts ask for, is for all parts of the step, those to come too; `each/check.output.total` is
    for all that are under way.
    """
    steps = execution.steps
    paused = [steps.activities[number] for number in sorted(steps.paused)]
    routed, own, kept = _routes(execution, answers, paused)
    supplied = sort_answers(execution.plan, steps.live["input_data"], paused, own)
    supplied.inputs.update(kept)
    for composite in steps.nested.values():
        for part in composite.parts.values():
            if part.id in routed:
                inner = _sort_inside(execution, part, routed[part.id])
                supplied.parts.update(inner.parts)
                supplied.parts[part.id] = inner
    return supplied


def to_the_whole(execution: Execution, answers: Mapping[str, Json]) -> tuple[Execution, Mapping[str, Json]]:
    """A part cannot go on alone: the run that it is a part of, and the answers as that one knows them."""
    while execution.owner is not None:
        parent = execution.owner.execution
        way = _way(parent, execution)
        answers = {f"{way}/{key}": value for key, value in answers.items()}
        execution = parent
    return execution, answers


def _way(parent: Execution, part: Execution) -> str:
    return part.id[len(parent.id) + 1 :]


def _sort_inside(parent: Execution, part: Execution, answers: Mapping[str, Json]) -> Supplied:
    """As `sort`; what is wrong says in which part."""
    try:
        return sort(part, answers)
    except SchemaValidationError as error:
        way = _way(parent, part)
        start = "/" + escape_pointer(way)
        faults = [{**fault, "pointer": start + fault["pointer"]} for fault in error.errors]
        raise SchemaValidationError("input", faults, f"{way}: {error.message}", hint=error.hint) from error


def _routes(
    execution: Execution, answers: Mapping[str, Json], paused: Sequence[Activity]
) -> tuple[dict[str, dict[str, Json]], dict[str, Json], dict[str, Json]]:
    """Answers by the part they are for; those for the run itself; those to keep for parts to come.

    Raises SchemaValidationError for those that begin with the way to a part and are for none.
    """
    routed: dict[str, dict[str, Json]] = {}
    own: dict[str, Json] = {}
    kept: dict[str, Json] = {}
    lost: list[str] = []
    nested = list(execution.steps.nested.values())
    parts = {_way(execution, part): part for each in nested for part in each.parts.values()}
    asked = {
        str(item.get(key)) for activity in paused for item in activity.needed for key in ("name", "path")
    }
    for key, value in answers.items():
        way = max((way for way in parts if key.startswith(f"{way}/")), key=len, default=None)
        if way is not None:
            routed.setdefault(parts[way].id, {})[key[len(way) + 1 :]] = value
            continue
        is_own = key in asked or key in execution.plan.workflow.input_properties
        is_taken = False
        for composite in nested if not is_own else ():
            step_id = composite.activity.step.id
            name = key.removeprefix(f"{step_id}/")
            is_of_input = name.startswith("input.")
            is_for_all = name != key and (is_of_input or root_of(name) in composite.body.plan.numbers)
            for part in composite.parts.values():
                needed = [
                    item for item in part.steps.needed() if name in (item.get("name"), item.get("path"))
                ]
                if is_for_all or needed:
                    routed.setdefault(part.id, {})[name] = value
                    is_taken = True
                    if any(item.get("path") == f"input.{name}" for item in needed):
                        kept[f"{step_id}/input.{name}"] = value
            if is_for_all and is_of_input:
                kept[key], is_taken = value, True
        if not is_taken and not is_own and _leads_inside(execution, key):
            lost.append(key)
        elif not is_taken:
            own[key] = value
    if lost:
        faults = [
            {"pointer": "/" + escape_pointer(key), "message": "is for no part that is under way"}
            for key in lost
        ]
        raise SchemaValidationError(
            "input",
            faults,
            f"Nothing is under way that {' or '.join(lost)} could be for",
            hint="The run stays paused; `needed` in its state lists what is asked for, with the way to it.",
        )
    return routed, own, kept


def _leads_inside(execution: Execution, key: str) -> bool:
    """Whether the key is the way to a part: it is for no input of the run, nor for parts still to begin."""
    step_id, slash, rest = key.partition("/")
    plan = execution.plan
    is_composite = bool(slash) and step_id in plan.numbers and plan.step(step_id).body is not None
    return is_composite and not rest.startswith("input.")
