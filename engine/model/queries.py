"""Questions about a workflow's graph. Each is O(nodes + connections) unless it says otherwise."""

from __future__ import annotations

from collections import deque
from collections.abc import Iterable, Mapping

from engine.model.workflow import Connection, Workflow


def successors(workflow: Workflow) -> dict[str, list[str]]:
    """Each node's targets, one entry a connection; dangling ends are left out."""
    found: dict[str, list[str]] = {node_id: [] for node_id in workflow.nodes}
    for connection in workflow.connections.values():
        if connection.source in found and connection.target in found:
            found[connection.source].append(connection.target)
    return found


def predecessors(workflow: Workflow) -> dict[str, list[str]]:
    """Each node's sources, one entry a connection; dangling ends are left out."""
    found: dict[str, list[str]] = {node_id: [] for node_id in workflow.nodes}
    for connection in workflow.connections.values():
        if connection.source in found and connection.target in found:
            found[connection.target].append(connection.source)
    return found


def _reach(starts: Iterable[str], adjacency: Mapping[str, list[str]]) -> set[str]:
    seen: set[str] = set()
    queue = deque(starts)
    while queue:
        for neighbour in adjacency.get(queue.popleft(), ()):
            if neighbour not in seen:
                seen.add(neighbour)
                queue.append(neighbour)
    return seen


def upstream(workflow: Workflow, node_ids: Iterable[str]) -> set[str]:
    """All nodes from which one of these can be reached; the nodes themselves only if on a cycle."""
    return _reach(node_ids, predecessors(workflow))


def downstream(workflow: Workflow, node_ids: Iterable[str]) -> set[str]:
    """All nodes that can be reached from one of these; the nodes themselves only if on a cycle."""
    return _reach(node_ids, successors(workflow))


def path_between(workflow: Workflow, source: str, target: str) -> list[str]:
    """A shortest way along connections, both ends included; empty when there is none."""
    adjacency = successors(workflow)
    came_from: dict[str, str] = {}
    queue = deque([source])
    while queue:
        here = queue.popleft()
        if here == target:
            path = [here]
            while here != source:
                here = came_from[here]
                path.append(here)
            return path[::-1]
        for neighbour in adjacency.get(here, ()):
            if neighbour not in came_from and neighbour != source:
                came_from[neighbour] = here
                queue.append(neighbour)
    return []


def would_cycle(workflow: Workflow, source: str, target: str) -> list[str]:
    """The cycle that a connection source -> target would close, starting at the source; empty if none."""
    if source == target:
        return [source]
    path = path_between(workflow, target, source)
    return [source, *path[:-1]] if path else []


def find_cycle(workflow: Workflow) -> list[str]:
    """The nodes of one cycle in order, or an empty list."""
    import networkx as nx

    graph = nx.DiGraph()
    graph.add_nodes_from(workflow.nodes)
    graph.add_edges_from((c.source, c.target) for c in workflow.connections.values())
    try:
        return [edge[0] for edge in nx.find_cycle(graph)]
    except nx.NetworkXNoCycle:
        return []


def connections_within(workflow: Workflow, node_ids: Iterable[str]) -> list[Connection]:
    """Connections whose both ends are among the nodes, in the file's order."""
    chosen = set(node_ids)
    return [c for c in workflow.connections.values() if c.source in chosen and c.target in chosen]


def connections_touching(workflow: Workflow, node_ids: Iterable[str]) -> list[Connection]:
    """Connections with an end among the nodes, in the file's order."""
    chosen = set(node_ids)
    return [c for c in workflow.connections.values() if c.source in chosen or c.target in chosen]
