"""In which order a workflow is read: every step after those that lead to it, chains kept together."""

from __future__ import annotations

from engine.model.workflow import Workflow


def reading_order(workflow: Workflow) -> list[str]:
    """All nodes in topological order; among several ways on, the first in the file is read to its end.

    Nodes on a circle, and what only they lead to, come last, in the file's order. O(nodes + connections).
    """
    return sorted_nodes(workflow)[0]


def sorted_nodes(workflow: Workflow) -> tuple[list[str], int]:
    """All nodes in the order of reading, and how many of them come before those of the circles."""
    names = list(workflow.nodes)
    # By number: to look ten thousand nodes up by name, several times each, takes twice as long.
    number = dict(zip(names, range(len(names)), strict=True))
    following: list[list[int]] = [[] for _ in names]
    waits = [0] * len(names)
    for connection in reversed(list(workflow.connections.values())):
        source, target = number.get(connection.source), number.get(connection.target)
        if source is not None and target is not None:
            following[source].append(target)
            waits[target] += 1
    ready = [here for here, count in enumerate(waits) if not count]
    ready.reverse()
    order: list[int] = []
    while ready:
        here = ready.pop()
        order.append(here)
        for target in following[here]:  # the last way on first: what lies uppermost is read next
            waits[target] -= 1
            if not waits[target]:
                ready.append(target)
    free = len(order)
    if free < len(names):
        read = set(order)
        order += [here for here in range(len(names)) if here not in read]
    return [names[here] for here in order], free
