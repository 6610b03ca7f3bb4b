"""What a scene reads of a whole workflow, in rows; also in the thread that reads the file.

Of 100,000 nodes that takes a fifth of a second, for which nothing else would happen in the window.
"""

from __future__ import annotations

import numpy as np

from designer.canvas import geometry
from designer.canvas.geometry import Counts, Floats, Mask
from designer.canvas.wire_rows import WireRows
from engine.model import Connection, Workflow
from engine.model.node_type import NodeTypes


class NodeRows:
    """The nodes in the file's order: where the document has them, and how many outputs each has."""

    def __init__(self, workflow: Workflow, catalog: NodeTypes) -> None:
        self.ids: list[str] = list(workflow.nodes)
        self.row_of: dict[str, int] = {node_id: row for row, node_id in enumerate(self.ids)}
        self.places: Floats = _positions(workflow)
        kinds = {type_id: catalog.get(type_id) for type_id in {n.type for n in workflow.nodes.values()}}
        takes = {i: kind is not None and kind.is_trigger for i, kind in kinds.items()}
        gives = {i: max(1, len(kind.outputs)) if kind is not None else 1 for i, kind in kinds.items()}
        self.trigger: Mask = np.array([takes[node.type] for node in workflow.nodes.values()], bool)
        self.outputs: Counts = np.array([gives[node.type] for node in workflow.nodes.values()], np.uint8)
        self._ports = {
            i: [port.name for port in kind.outputs] if kind is not None else [] for i, kind in kinds.items()
        }
        self._nodes = workflow.nodes

    def leaving(self, connection: Connection) -> tuple[float, float]:
        """Where a wire leaves a card of several outputs."""
        count = int(self.outputs[self.row_of[connection.source]])
        index = 0
        if count > 1 and connection.source_port is not None:
            names = self._ports[self._nodes[connection.source].type]
            index = names.index(connection.source_port) if connection.source_port in names else 0
        return geometry.output_offset(index, count)


class Ahead:
    """All rows of a workflow in which no group is folded, the wires laid between the nodes."""

    def __init__(self, workflow: Workflow, catalog: NodeTypes) -> None:
        self.workflow = workflow
        self.nodes = NodeRows(workflow, catalog)
        self.wires = WireRows(workflow, self.nodes.row_of, self.nodes.outputs, self.nodes.leaving, None)
        self.wires.place(self.nodes.places)


def _positions(workflow: Workflow) -> Floats:
    """Where the nodes lie, in the file's order; those that the file puts nowhere stand in columns below."""
    layout = workflow.layout
    lost = [node_id for node_id in workflow.nodes if node_id not in layout]
    if not lost:
        return np.array([layout[node_id] for node_id in workflow.nodes], np.float64).reshape(-1, 2)
    places = geometry.layered(lost, [(c.source, c.target) for c in workflow.connections.values()])
    below = max((y for _, y in layout.values()), default=-160.0) + 160.0
    found = [layout.get(i) or (places[i][0], places[i][1] + below) for i in workflow.nodes]
    return np.array(found, np.float64).reshape(-1, 2)
