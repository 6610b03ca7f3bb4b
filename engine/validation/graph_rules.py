"""Rules about how nodes are connected."""

from __future__ import annotations

from collections.abc import Iterator

from engine.expression.scope import ROOTS
from engine.expression.suggestions import nearest
from engine.model.edits import free_id
from engine.model.embedded import COMPOSITES
from engine.problem import Problem
from engine.validation.drawing import Drawing

_NOT_IN_WAYS = frozenset("/~")


def ids(drawing: Drawing) -> Iterator[Problem]:
    """Every node has an id of its own under which it is kept, and none is called like a root."""
    for index, (key, node) in enumerate(drawing.workflow.nodes.items()):
        if not node.id or node.id != key:
            yield Problem(
                severity="error",
                code="id-bad",
                message=f"A node is kept as {key!r} but has the id {node.id!r}",
                node_id=key,
                pointer=f"/nodes/{index}/id",
            )
        elif node.id in ROOTS:
            yield Problem(
                severity="warning",
                code="id-reserved",
                message=f"{drawing.label(index)} has the id {node.id}, which references give another meaning",
                node_id=key,
                pointer=f"/nodes/{index}/id",
                suggestion=f"{node.id}_step",
            )


def ids_of_parts(drawing: Drawing) -> Iterator[Problem]:
    """What a step with steps inside is called leads to its parts: `run/each/3`, `run/each~2/3`."""
    for index, node in enumerate(drawing.nodes):
        if node.type in COMPOSITES and not _NOT_IN_WAYS.isdisjoint(node.id):
            yield Problem(
                severity="error",
                code="id-bad",
                message=f"{drawing.label(index)} has the id {node.id}: "
                "that of a step with steps inside holds neither / nor ~",
                node_id=node.id,
                pointer=f"/nodes/{index}/id",
                suggestion=free_id(drawing.index, node.id),
            )


def connection_ends(drawing: Drawing) -> Iterator[Problem]:
    """A connection leads from one existing node to another, never into a trigger, and none is drawn twice."""
    triggers = drawing.triggers
    if len(set(drawing.wires)) == len(drawing.connections) and triggers.isdisjoint(
        connection.target for connection in drawing.connections
    ):
        return  # all have two ends, and no two the same
    seen: set[tuple[object, ...]] = set()
    for position, connection in enumerate(drawing.connections):
        pointer = f"/connections/{position}"
        for end in ("source", "target"):
            node_id = getattr(connection, end)
            if node_id not in drawing.index:
                near = nearest(node_id, drawing.index)
                missing = f"a node {node_id!r} that does not exist" if node_id else "no node"
                yield Problem(
                    severity="error",
                    code="connection-dangling",
                    message=f"A connection {'starts' if end == 'source' else 'ends'} at {missing}",
                    connection_id=connection.id,
                    pointer=f"{pointer}/{end}",
                    suggestion=near,
                )
        target = drawing.index.get(connection.target)
        if target is not None and connection.target in triggers:
            yield Problem(
                severity="error",
                code="connection-into-trigger",
                message=f"{drawing.label(target)} starts the workflow, so nothing can lead into it",
                node_id=connection.target,
                connection_id=connection.id,
                pointer=f"{pointer}/target",
                suggestion="Delete the connection.",
            )
        key = (
            connection.source,
            connection.target,
            connection.on,
            connection.condition,
            connection.source_port,
            connection.target_port,
        )
        if key in seen and target is not None:
            yield Problem(
                severity="warning",
                code="connection-twice",
                message=f"The same connection into {drawing.label(target)} is drawn twice",
                connection_id=connection.id,
                pointer=pointer,
                suggestion="Delete one of them.",
            )
        seen.add(key)


def cycles(drawing: Drawing) -> Iterator[Problem]:
    """No step waits for itself; one problem for each knot of cycles, naming one cycle in order."""
    if len(drawing.order) == len(drawing.nodes):
        return
    import networkx as nx

    graph = nx.DiGraph()
    ordered = set(drawing.order)
    left = [index for index in range(len(drawing.nodes)) if index not in ordered]
    graph.add_nodes_from(left)
    graph.add_edges_from((index, target) for index in left for target in drawing.successors[index])
    knots = [
        knot
        for knot in nx.strongly_connected_components(graph)
        if len(knot) > 1 or graph.has_edge(*(list(knot) * 2))
    ]
    for knot in sorted(knots, key=min):
        cycle = [edge[0] for edge in nx.find_cycle(graph.subgraph(knot))]
        start = cycle.index(min(cycle))
        cycle = cycle[start:] + cycle[:start]
        names = " → ".join(
            drawing.label(index) for index in [*cycle[:20], *(() if len(cycle) > 20 else cycle[:1])]
        )
        more = f" → ... ({len(cycle)} nodes)" if len(cycle) > 20 else ""
        yield Problem(
            severity="error",
            code="cycle",
            message=f"These steps wait for each other: {names}{more}",
            node_id=drawing.ids[cycle[0]],
            pointer=f"/nodes/{cycle[0]}",
            suggestion="Remove one of the connections between them.",
        )


def reachable(drawing: Drawing) -> Iterator[Problem]:
    """Where there is a trigger, every node is led to from one."""
    if not drawing.triggers:
        return
    starts = [index for index, node_id in enumerate(drawing.ids) if node_id in drawing.triggers]
    seen = set(starts)
    queue = list(starts)
    for index in queue:
        for target in drawing.successors[index]:
            if target not in seen:
                seen.add(target)
                queue.append(target)
    for index, node in enumerate(drawing.nodes):
        if index not in seen and not node.disabled:
            yield Problem(
                severity="warning",
                code="unreachable",
                message=f"{drawing.label(index)} cannot be reached from {drawing.label(starts[0])}",
                node_id=node.id,
                pointer=f"/nodes/{index}",
                suggestion=f"Connect it, directly or through other steps, to {drawing.label(starts[0])}.",
            )
