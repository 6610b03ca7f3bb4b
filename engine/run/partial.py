"""Which steps of a workflow a run is about: run to here, run from here, run only this. Pure.

    to      runs the step and everything before it; the rest is left out
    start   runs the step and everything after it; what those need besides is taken from an earlier run, and
            what has no recorded result there is run
    only    runs the step; what comes before is taken from an earlier run, whatever the conditions say now

A step that is left out is SKIPPED(not_selected), and nothing follows from it. A step whose result is taken
completes with it as soon as its turn comes: conditions, joins and references work as in any other run.
"""

from __future__ import annotations

import re
from collections import deque
from collections.abc import Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from engine.errors import DefinitionError, StepsToRunFirst
from engine.expression import MISSING, Path
from engine.expression.read_paths import paths_read
from engine.expression.suggestions import nearest
from engine.plan.step import Plan, Step
from engine.run.options import RunOptions

_MINDS_GAPS = re.compile(r"\?|:-|\bexists\b|\bcoalesce\b")


@dataclass(frozen=True, slots=True, kw_only=True)
class Part:
    """Step numbers. before: what the chosen steps need but are not, so that a recorded result is taken.

    left_out: no part of this run. forced: run when all before them is decided, however it was.
    """

    before: frozenset[int] = frozenset()
    left_out: frozenset[int] = frozenset()
    forced: frozenset[int] = frozenset()


WHOLE = Part()


def part_of(plan: Plan, options: RunOptions) -> Part:
    """The part of the plan that the options ask for; steps that are not there ask for nothing."""
    if not options.is_partial:
        return WHOLE
    everything = frozenset(range(len(plan.steps)))
    if options.only in plan.numbers:
        only = plan.numbers[options.only]
        before = _reach(plan, [only], backwards=True)
        taken = frozenset(number for number in before if plan.steps[number].id in options.taken)
        return Part(before=before, left_out=everything - taken - {only}, forced=taken | {only})
    chosen = everything
    if options.start in plan.numbers:
        start = plan.numbers[options.start]
        chosen = _reach(plan, [start]) | {start}
    if options.to in plan.numbers:
        to = plan.numbers[options.to]
        chosen &= _reach(plan, [to], backwards=True) | {to}
    before = _reach(plan, chosen, backwards=True) - chosen
    return Part(before=before, left_out=everything - chosen - before)


def check_options(plan: Plan, options: RunOptions) -> None:
    """Raises DefinitionError when a step is named that is not there, or the wishes contradict each other."""
    for step_id in (options.to, options.start, options.only):
        if step_id and step_id not in plan.numbers:
            close = nearest(step_id, list(plan.numbers))
            meant = f', did you mean "{close}"?' if close else ""
            raise DefinitionError(
                f'There is no step "{step_id}" in this workflow{meant}',
                hint="Name a step by its id, as it stands in references.",
            )
    if options.only and (options.to or options.start):
        raise DefinitionError(
            "Only one step, or all from one step to another: a run cannot be both",
            hint="Leave out one of the two.",
        )
    if options.to and options.start:
        to, start = plan.numbers[options.to], plan.numbers[options.start]
        if to != start and to not in _reach(plan, [start]):
            raise DefinitionError(
                f'"{plan.steps[to].label}" does not come after "{plan.steps[start].label}"',
                hint="Choose a step that follows it.",
            )


def check_only(plan: Plan, options: RunOptions, supplied: Mapping[str, Any]) -> None:
    """Raises StepsToRunFirst when the one step refers to results that nobody has."""
    if not options.only:
        return
    step = plan.step(options.only)
    pinned = {other.id for other in plan.steps if other.pin is not None and options.pins}
    lacking = [
        step_id
        for step_id in _referred(plan, step)
        if step_id not in options.taken
        and step_id not in pinned
        and not any(str(key).split(".", 1)[0] == step_id for key in supplied)
    ]
    if lacking:
        raise StepsToRunFirst(step.label, {step_id: plan.step(step_id).label for step_id in lacking})


def wanted_results(plan: Plan, options: RunOptions) -> list[str]:
    """The ids of the steps whose recorded results the run would take."""
    if not options.start and not options.only:
        return []
    return [plan.steps[number].id for number in sorted(part_of(plan, options).before)]


def trigger_of(plan: Plan, part: Part = WHOLE) -> int | None:
    """The trigger that a start by hand fires: the first that is not disabled, and leads to what is to run."""
    triggers = [step.index for step in plan.steps if step.is_trigger and not step.disabled]
    meant = [number for number in triggers if number not in part.left_out]
    return next(iter(meant or triggers), None)


def downstream(plan: Plan, steps: Iterable[int]) -> frozenset[int]:
    """The steps, and everything that follows from them."""
    starts = frozenset(steps)
    return starts | _reach(plan, starts)


def _referred(plan: Plan, step: Step) -> list[str]:
    """The steps before this one whose results its parameters and its own conditions cannot do without."""
    uses = [use for use in step.parameters.template.uses if use.default is MISSING]
    paths = [*(use.path for use in uses), *_looked_at(step)]
    names = [str(path.parts[0]) if path.root == "steps" and path.parts else path.root for path in paths]
    return list(dict.fromkeys(name for name in names if name in plan.numbers and name != step.id))


def _looked_at(step: Step) -> Iterator[Path]:
    """What decides whether the step runs, or goes on for a round; of a text that minds gaps, nothing."""
    rounds = step.body.condition if step.body is not None else None
    for text in filter(None, (step.condition, rounds and rounds[1])):
        if _MINDS_GAPS.search(text) is None:
            yield from paths_read(text)


def _reach(plan: Plan, starts: Collection[int], *, backwards: bool = False) -> frozenset[int]:
    """All steps before or after these; these themselves only where they lead to each other."""
    seen: set[int] = set()
    line = deque(starts)
    while line:
        step = plan.steps[line.popleft()]
        for route in step.incoming if backwards else step.outgoing:
            number = route.source if backwards else route.target
            if number not in seen:
                seen.add(number)
                line.append(number)
    return frozenset(seen)
