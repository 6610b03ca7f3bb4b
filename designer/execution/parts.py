"""Run to here, from here, only this: what will run and what will not, in words, before anybody asks. Pure."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import datetime
from typing import Literal

from designer.execution.batch import RunBatch
from designer.execution.run_view import RunView
from engine.expression import Template
from engine.history.status import StepStatus
from engine.history.step_state import StepState
from engine.model import Workflow
from engine.model.embedded import workflow_at
from engine.model.pins import is_pinned
from engine.model.queries import downstream, upstream
from engine.run.options import RunOptions

PartKind = Literal["to", "from", "only"]
PART_KINDS: tuple[PartKind, ...] = ("to", "from", "only")
_BUSY = "A run is under way: wait for its end, or stop it."
_NOTHING_CHOSEN = {
    "to": "Select the step to run to.",
    "from": "Select the step to run from.",
    "only": "Select the step to run.",
}


def options_for(kind: PartKind, node_id: str, based_on: str, *, reuse: bool = True) -> RunOptions:
    """What the engine is told."""
    return RunOptions(
        to=node_id if kind == "to" else "",
        start=node_id if kind == "from" else "",
        only=node_id if kind == "only" else "",
        based_on=based_on,
        reuse=reuse,
    )


def explain(
    kind: PartKind,
    chosen: Sequence[str],
    workflow: Workflow,
    steps: Mapping[str, StepState],
    view: RunView,
) -> tuple[bool, str]:
    """Whether it can be done now, and a sentence on what it does or why it cannot.

    For the sentence the whole drawing is read: who only wants to know whether asks `is_possible`.
    """
    if refusal := _refusal(kind, chosen, workflow, view):
        return False, refusal
    node = workflow.nodes[chosen[0]]
    if kind == "to":
        return True, _to(workflow, node.id, node.label)
    return _from(workflow, node.id, steps) if kind == "from" else _only(workflow, node.id, steps)


def is_possible(
    kind: PartKind,
    chosen: Sequence[str],
    workflow: Workflow,
    steps: Mapping[str, StepState],
    view: RunView,
) -> bool:
    """Whether it can be done now, as `explain` says, in a time that does not grow with the drawing."""
    if _refusal(kind, chosen, workflow, view):
        return False
    return kind != "only" or _only(workflow, chosen[0], steps)[0]


def _refusal(kind: PartKind, chosen: Sequence[str], workflow: Workflow, view: RunView) -> str:
    """Why it cannot be done, as far as that lies in the step itself; "" otherwise."""
    if view.is_active:
        return _BUSY
    if len(chosen) != 1 or chosen[0] not in workflow.nodes:
        return _NOTHING_CHOSEN[kind]
    node = workflow.nodes[chosen[0]]
    if node.disabled and kind == "only":
        return f"{node.label} is switched off: switch it on to run it."
    if is_pinned(node) and kind != "to":
        return f"{node.label} is pinned: unpin it to run it."
    return ""


def options_inside(
    kind: PartKind, place: Sequence[str], node_id: str, root: Workflow, based_on: str, *, reuse: bool = True
) -> RunOptions:
    """What the engine is told of a step that stands inside others: the outermost runs, as far as the step.

    Whatever inside does not lead to the step is held. From a step inside nothing can begin, since a part has
    no results of an earlier run: all of it runs.
    """
    how = options_for(kind, place[0], based_on, reuse=reuse)
    held = frozenset() if kind == "from" else _beyond(root, place, node_id)
    return replace(how, anew=frozenset({place[0]}), breakpoints=held)


def explain_inside(
    kind: PartKind,
    place: Sequence[str],
    chosen: Sequence[str],
    root: Workflow,
    inner: Workflow,
    steps: Mapping[str, StepState],
    view: RunView,
) -> tuple[bool, str]:
    """Of a step inside others: whether it can be done now, and a sentence on what it does or why not."""
    if refusal := _refusal_inside(kind, place, chosen, root, inner, view):
        return False, refusal
    holder, node = root.nodes[place[0]], inner.nodes[chosen[0]]
    if kind == "from":
        words = _from(root, holder.id, steps)[1]
        begins = f"Inside it the run begins at the first step, not at {node.label}"
        return True, f"{words} {begins}: no results are kept of what comes before a step inside."
    goes = f"{holder.label} as far as {node.label}"
    stops = "It stops there; Run goes on." if _beyond(root, place, node.id) else ""
    if kind == "only":
        possible, words = _only(root, holder.id, steps)
        words = words.replace(f"Runs {holder.label}", f"Runs {goes},", 1) if possible else words
        return possible, f"{words} {stops}".strip() if possible else words
    before = len(upstream(root, [holder.id]))
    what = f"{goes}, after the {_steps(before)} before it" if before else goes
    return True, f"Runs {what}. {stops}".strip()


def is_possible_inside(
    kind: PartKind,
    place: Sequence[str],
    chosen: Sequence[str],
    root: Workflow,
    inner: Workflow,
    steps: Mapping[str, StepState],
    view: RunView,
) -> bool:
    """Of a step inside others: whether it can be done now, as `explain_inside` says."""
    if _refusal_inside(kind, place, chosen, root, inner, view):
        return False
    return kind != "only" or _only(root, place[0], steps)[0]


def _refusal_inside(
    kind: PartKind,
    place: Sequence[str],
    chosen: Sequence[str],
    root: Workflow,
    inner: Workflow,
    view: RunView,
) -> str:
    if view.is_active:
        return _BUSY
    if len(chosen) != 1 or chosen[0] not in inner.nodes:
        return _NOTHING_CHOSEN[kind]
    for each in (root.nodes[place[0]], inner.nodes[chosen[0]]):
        if each.disabled:
            return f"{each.label} is switched off: switch it on to run it."
        if is_pinned(each):
            return f"{each.label} is pinned: unpin it to run it."
    return ""


def _beyond(root: Workflow, place: Sequence[str], node_id: str) -> frozenset[str]:
    """The steps inside that do not lead to this one, as the engine names them."""
    held: set[str] = set()
    for depth, goal in enumerate((*place[1:], node_id), start=1):
        around = place[:depth]
        inner = workflow_at(root, around)
        needed = upstream(inner, [goal]) | {goal}
        held.update("/".join((*around, i)) for i in inner.nodes if i not in needed)
    return frozenset(held)


def news(
    batch: RunBatch, shown: Mapping[str, StepState], workflow: Workflow
) -> tuple[Mapping[str, StepState], Mapping[str, str]]:
    """What a batch tells, without the steps that are no part of the run and have a result on show."""
    left_out = {i for i, step in batch.steps.items() if step.reason == "not_selected"}
    if not left_out:
        return batch.steps, batch.connections
    kept = {i for i in left_out if i in shown and shown[i].status is StepStatus.COMPLETED}
    wires = workflow.connections
    leaving = {i for i in batch.connections if i in wires and wires[i].source in left_out}
    return (
        {i: step for i, step in batch.steps.items() if i not in kept},
        {i: outcome for i, outcome in batch.connections.items() if i not in leaving},
    )


def failed_step(steps: Mapping[str, StepState], view: RunView) -> str | None:
    """The step from which a run that has failed can be run again; None when there is none."""
    if view.status is None or not view.status.is_terminal:
        return None
    named = (view.error or {}).get("step_id")
    if named in steps:
        return str(named)
    return next((node_id for node_id, step in steps.items() if step.status is StepStatus.FAILED), None)


def _to(workflow: Workflow, node_id: str, label: str) -> str:
    before = upstream(workflow, [node_id])
    pinned = sum(is_pinned(workflow.nodes[i]) for i in before)
    what = f"{label} and the {_steps(len(before))} before it" if before else label
    aside = f", {pinned} of them pinned" if pinned else ""
    return f"Runs {what}{aside}. Steps that are unchanged are not run again."


def _from(workflow: Workflow, node_id: str, steps: Mapping[str, StepState]) -> tuple[bool, str]:
    after = downstream(workflow, [node_id])
    needed = upstream(workflow, [node_id, *after]) - after - {node_id}
    what = workflow.nodes[node_id].label + (f" and the {_steps(len(after))} after it" if after else "")
    lacking = [
        workflow.nodes[i].label for i in workflow.nodes if i in needed and not _has_result(i, workflow, steps)
    ]
    if not needed:
        return True, f"Runs {what}."
    if lacking:
        names = lacking[0] if len(lacking) == 1 else f"{len(lacking)} steps before"
        verb = "has" if len(lacking) == 1 else "have"
        return True, f"Runs {what}; {names} {verb} no result yet and will run first."
    return True, f"Runs {what}, with the results{_of_when(needed, steps)} for what comes before."


def _only(workflow: Workflow, node_id: str, steps: Mapping[str, StepState]) -> tuple[bool, str]:
    node = workflow.nodes[node_id]
    template, _ = Template.inspect(dict(node.parameters))
    used = [path.root for path in template.references if path.root in workflow.nodes]
    lacking = [workflow.nodes[i].label for i in dict.fromkeys(used) if not _has_result(i, workflow, steps)]
    if lacking:
        names = " and ".join(lacking[:3])
        verb = "has" if len(lacking) == 1 else "have"
        return False, f"{names} {verb} to run first: run to {node.label} instead."
    return True, f"Runs {node.label} alone" + (
        f", with the results{_of_when(used, steps)} for what it uses." if used else "."
    )


def _has_result(node_id: str, workflow: Workflow, steps: Mapping[str, StepState]) -> bool:
    step = steps.get(node_id)
    return (step is not None and step.status is StepStatus.COMPLETED) or is_pinned(workflow.nodes[node_id])


def _of_when(used: Sequence[str] | set[str], steps: Mapping[str, StepState]) -> str:
    """ " of 14:02" when there is one newest result."""
    ends = [(steps[i].reused_from or {}).get("at") or steps[i].ended_at for i in used if i in steps]
    known = [end for end in ends if end is not None]
    return f" of {datetime.fromtimestamp(max(known)).astimezone():%H:%M}" if known else ""


def _steps(count: int) -> str:
    return "step" if count == 1 else f"{count} steps"
