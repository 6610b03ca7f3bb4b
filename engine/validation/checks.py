"""Everything that is wrong with a workflow, found at once and before anything runs.

One function a rule, in the order in which a person would want to mend things. Linear in the size of the
workflow: a file of 10,000 nodes is checked in well under half a second.
"""

from __future__ import annotations

from collections.abc import Callable, Container, Iterator
from typing import Final

from engine.expression.templates import Inspected
from engine.model.embedded import FOR_EACH, LOOP, MAX_DEPTH
from engine.model.node_type import NodeTypes
from engine.model.workflow import Workflow
from engine.problem import Problem
from engine.validation import (
    default_rules,
    graph_rules,
    key_rules,
    node_rules,
    pin_rules,
    policy_rules,
    reference_rules,
    rollback_rules,
    subworkflow_rules,
    switch_rules,
)
from engine.validation.drawing import Drawing

RULES: Final[tuple[Callable[[Drawing], Iterator[Problem]], ...]] = (
    graph_rules.ids,
    graph_rules.ids_of_parts,
    graph_rules.connection_ends,
    graph_rules.cycles,
    node_rules.types_and_actions,
    node_rules.parameters,
    rollback_rules.stand_ins,
    reference_rules.templates,
    reference_rules.conditions,
    reference_rules.step_conditions,
    switch_rules.unreachable_cases,
    policy_rules.policies,
    policy_rules.settings,
    policy_rules.condition_errors,
    key_rules.misspelt,
    default_rules.input_defaults,
    pin_rules.pins,
    subworkflow_rules.loops,
    subworkflow_rules.items_outside,
    subworkflow_rules.outputs,
    graph_rules.reachable,
)

_GRAVITY: Final = {"error": 0, "warning": 1, "info": 2}


def check(
    workflow: Workflow,
    catalog: NodeTypes,
    known_actions: Container[tuple[str, str]] | None = None,
    inspected: Inspected | None = None,
    reached: Callable[[float], object] | None = None,
) -> list[Problem]:
    """All problems, errors first. `known_actions`: (service, action) pairs; None leaves actions unchecked.

    Those of workflows inside nodes are told of the node, with the way to where they are.
    inspected: where the templates that are read are put down for whoever makes a plan next.
    reached: told after each rule how much is done, from 0 to 1; what it raises ends the check.
    """
    problems = _check(Drawing(workflow, catalog, known_actions, inspected=inspected), 1, reached)
    return sorted(problems, key=lambda problem: _GRAVITY[problem.severity])


def _check(drawing: Drawing, depth: int, reached: Callable[[float], object] | None) -> list[Problem]:
    problems: list[Problem] = []
    for done, rule in enumerate(RULES, start=1):
        problems += rule(drawing)
        if reached is not None:
            reached(done / len(RULES) if depth == 1 else 1.0)
    for index, within in subworkflow_rules.inner(drawing):
        if isinstance(within, Problem):
            problems.append(within)
        elif depth == MAX_DEPTH:
            problems.append(subworkflow_rules.too_deep(drawing, index))
        else:
            problems += subworkflow_rules.given_inputs(drawing, index, within)
            has_items = drawing.nodes[index].type in (FOR_EACH, LOOP)
            below = Drawing(
                within,
                drawing.catalog,
                drawing.known_actions,
                has_items=has_items,
                inspected=drawing.inspected,
            )
            problems += (
                subworkflow_rules.inside_out(drawing, index, each)
                for each in _check(below, depth + 1, reached)
            )
    return problems


def errors(problems: list[Problem]) -> list[Problem]:
    """Those that keep a run from starting."""
    return [problem for problem in problems if problem.is_error]
