"""In which order a workflow is read: every step after those that lead to it, chains kept together."""

from __future__ import annotations

from engine.model.queries import successors
from engine.model.workflow import Workflow


def reading_order(workflow: Workflow) -> list[str]:
    """All nodes in topological order; among several ways on, the first in the file is read to its end.

    Nodes on a circle, and what only they lead to, come last, in the file's order. O(nodes + connections).
    """
    following = successors(workflow)
    waits = dict.fromkeys(workflow.nodes, 0)
    for targets in following.values():
        for target in targets:
            waits[target] += 1
    ready = [node_id for node_id, count in waits.items() if not count]
    ready.reverse()
    order: list[str] = []
    while ready:
        node_id = ready.pop()
        order.append(node_id)
        for target in reversed(following[node_id]):
            waits[target] -= 1
            if not waits[target]:
                ready.append(target)
    if len(order) < len(workflow.nodes):
        read = set(order)
        order += [node_id for node_id in workflow.nodes if node_id not in read]
    return order
