"""What of a canvas is read out, and in which order: steps, connections, groups, comments."""

from __future__ import annotations

from typing import Literal

from designer.canvas.scene import Scene
from engine.model.reading_order import reading_order
from engine.model.workflow import Workflow

PieceKind = Literal["node", "wire", "group", "comment"]
Piece = tuple[PieceKind, str]


class Reading:
    """The pieces that are seen, in order; read again only when the document holds other ones."""

    def __init__(self, scene: Scene) -> None:
        self._scene = scene
        self._workflow: Workflow | None = None
        self.pieces: list[Piece] = []
        self.place_of: dict[Piece, int] = {}
        self._number: dict[str, int] = {}

    def step(self, node_id: str) -> tuple[int, int]:
        """Which step a node is, and of how many; those that are folded away count too."""
        return self._number[node_id], len(self._number)

    def follow(self) -> bool:
        """Bring it up to date; whether pieces came, went or stand elsewhere now."""
        workflow, former = self._scene.workflow, self._workflow
        if workflow is former:
            return False
        self._workflow = workflow
        if former is not None and _same_pieces(former, workflow):
            return False
        scene, order = self._scene, reading_order(workflow)
        self._number = {node_id: number for number, node_id in enumerate(order, 1)}
        folded = scene.frames.hidden
        found: list[Piece] = [
            ("node", node_id) for node_id in order if folded is None or not folded[scene.row_of[node_id]]
        ]
        within = scene.frames.one_card(scene.wires.source, scene.wires.target)
        found += [
            ("wire", wire_id)
            for row, wire_id in enumerate(scene.wires.ids)
            if within is None or not within[row]
        ]
        found += [("group", frame.group.id) for frame in scene.frames.all if not frame.hidden]
        found += [("comment", comment_id) for comment_id in scene.notes.ids]
        if found == self.pieces:
            return False
        self.pieces = found
        self.place_of = {piece: place for place, piece in enumerate(found)}
        return True


def _same_pieces(former: Workflow, workflow: Workflow) -> bool:
    """Whether nothing has happened but to what is said about the pieces."""
    return (
        former.connections is workflow.connections
        and former.layout_extra is workflow.layout_extra
        and list(former.nodes) == list(workflow.nodes)
    )
