"""What can be done to the drawing from the canvas. Each is one edit, so one step of undo."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING

from PySide6.QtCore import QPointF
from PySide6.QtGui import QGuiApplication

from designer.canvas import geometry
from designer.canvas.context import AddContext, On
from designer.canvas.looks import ASKING
from designer.document import clipboard
from designer.theme.tokens import CARD_H, CARD_W, GAP_X, GAP_Y, PLUS_D, PLUS_LEN, SNAP
from engine.errors import WorkflowError
from engine.model import Change, Connection, Edit, NodeType, Workflow, edits, fragment, queries
from engine.model.bends import bend_changes, carried
from engine.model.changes import ConnectionRemoved, NodeAdded, NodesMoved, apply
from engine.model.comments import set_comments

if TYPE_CHECKING:
    from designer.canvas.view import CanvasView


class Commands:
    """Edits of the selection and of the whole; refusals are said through ``view.message``."""

    def __init__(self, view: CanvasView) -> None:
        self._view = view

    @property
    def _workflow(self) -> Workflow:
        return self._view.editor.workflow

    def copy(self) -> bool:
        """Put the selected nodes on the clipboard as text; False when there are none."""
        text = clipboard.to_text(self._workflow, self._view.selection.nodes, self._view.comments.chosen)
        if not text:
            self._view.message.emit("Select some nodes first.")
            return False
        QGuiApplication.clipboard().setText(text)
        return True

    def cut(self) -> None:
        if self.copy():
            self.delete()

    def paste(self, *, keep_incoming: bool = False) -> None:
        """Insert what the clipboard holds, at the pointer if it is over the canvas."""
        self.insert(
            QGuiApplication.clipboard().text(), self._view.pointer_or_centre(), keep_incoming=keep_incoming
        )

    def insert(self, text: str, at: QPointF, *, keep_incoming: bool = False, on_grid: bool = True) -> None:
        """Put copied nodes down with their top-left corner there, and select them; bad text is refused.

        They keep to the grid, unless they were drawn to a guide already.
        """
        try:
            piece = clipboard.from_text(text)
        except WorkflowError as error:
            self._view.message.emit(f"{error.message} {error.hint}".strip())
            return
        corner = _corner(piece)
        offset = (at.x() - corner[0], at.y() - corner[1])
        if on_grid:
            offset = (geometry.snap(offset[0]), geometry.snap(offset[1]))
        edit, added = fragment.paste(self._workflow, piece, offset, keep_incoming=keep_incoming)
        self._push_added(edit, added)

    def _push_added(self, edit: Edit, added: Sequence[str]) -> bool:
        """Make the edit; select the nodes and comments that it brings, and scroll until they are seen."""
        view, scene = self._view, self._view.canvas_scene
        known = set(scene.notes.ids)
        if not view.editor.push(edit):
            return False
        notes = [note for note in scene.notes.ids if note not in known]
        view.selection.set([i for i in added if i in scene.row_of], notes=notes)
        area = scene.bounds(scene.rows(added)).united(scene.notes.bounds(notes))
        if not area.isNull():
            stub = PLUS_LEN + PLUS_D if len(added) == 1 else 0  # what adds the next one is seen, too
            view.camera.reveal(area.adjusted(0, 0, stub, 0))
        return True

    def select_restored(self, changes: Sequence[Change]) -> None:
        """Select what an undo or a redo has brought back, as when it was pasted."""
        view, scene = self._view, self._view.canvas_scene
        nodes = [change.node.id for change in changes if isinstance(change, NodeAdded)]
        nodes = [node_id for node_id in dict.fromkeys(nodes) if node_id in scene.row_of]
        notes = view.comments.arrived
        if nodes or notes:
            view.selection.set(nodes, notes=notes)
            view.camera.reveal(scene.bounds(scene.rows(nodes)).united(scene.notes.bounds(notes)))

    def duplicate(self, offset: tuple[float, float] = (2.0 * SNAP, CARD_H + GAP_Y)) -> None:
        """Put a copy of the selected nodes that far from them, fed by the same wires."""
        chosen, notes = self._view.selection.nodes, self._view.comments.chosen
        if not chosen and not notes:
            return
        edit, added = fragment.duplicate(self._workflow, chosen, offset, notes)
        self._push_added(edit, added)

    def delete(self) -> None:
        """Delete what is selected, nodes with their wires."""
        selection = self._view.selection
        if not selection.is_empty:
            edit = edits.delete(self._workflow, self._view.catalog, selection.nodes, selection.wires)
            edit = self._view.grouping.with_removal(self._view.comments.with_removal(edit))
            gone = {change.connection_id for change in edit.changes if isinstance(change, ConnectionRemoved)}
            bends = [c for c in self._view.bending.removal() if c.connection.id not in gone]
            label = edit.label if edit.changes else "Delete bend" if len(bends) == 1 else "Delete bends"
            self._view.editor.push(Edit(label=label, changes=(*edit.changes, *bends)))

    def heal(self) -> None:
        """Delete the selected nodes and join what came before with what came after."""
        if self._view.selection.nodes:
            edit = edits.heal(self._workflow, self._view.catalog, self._view.selection.nodes)
            self._view.editor.push(self._view.grouping.with_removal(edit))

    def disconnect(self, wires: Iterable[str]) -> None:
        self._view.editor.push(edits.disconnect(self._workflow, self._view.catalog, wires))

    def connect(
        self, source: str, target: str, *, on: On = "success", port: str | None = None, instead: str = ""
    ) -> bool:
        """Draw a wire, ``instead`` of another one if given; says why when it is refused."""
        workflow = self._workflow
        draft, changes = workflow, list[Change]()
        if instead:
            removed = edits.disconnect(workflow, self._view.catalog, [instead])
            draft, changes = apply(workflow, removed.changes), list(removed.changes)
        reason = edits.refusal(draft, self._view.catalog, source, target, on=on, source_port=port)
        if reason is not None:
            self._view.message.emit(reason)
            return False
        made = edits.connect(draft, self._view.catalog, source, target, on=on, source_port=port)
        return self._view.editor.push(Edit(label=made.label, changes=(*changes, *made.changes)))

    def connect_selected(self) -> None:
        """Connect the two selected nodes, the one that was chosen first with the other."""
        chosen = self._view.selection.nodes
        if len(chosen) != 2:
            self._view.message.emit("Select two nodes to connect them.")
            return
        first, second = chosen
        workflow, catalog = self._workflow, self._view.catalog
        backwards = edits.refusal(workflow, catalog, second, first) is None
        if backwards and edits.refusal(workflow, catalog, first, second) is not None:
            first, second = second, first  # such as a start that was chosen last
        self.connect(first, second)

    def select_along(self, *, forward: bool) -> None:
        """Select everything that follows what is selected too, or everything that leads to it."""
        view = self._view
        spread = queries.downstream if forward else queries.upstream
        found = spread(self._workflow, view.selection.nodes)
        view.selection.add(node_id for node_id in view.canvas_scene.ids if node_id in found)

    def open_selected(self) -> None:
        """Open the one selected node or wire; a node that waits for an answer asks for it."""
        view = self._view
        if len(view.selection.nodes) == 1:
            (node_id,) = view.selection.nodes
            asks = view.canvas_scene.look[view.canvas_scene.row_of[node_id]] in ASKING
            (view.answer_requested if asks else view.node_activated).emit(node_id)
        elif len(view.selection.wires) == 1:
            view.node_activated.emit("")

    def disconnect_selected(self) -> None:
        """Take away the selected wires and every wire of the selected nodes."""
        selection = self._view.selection
        touched = [c.id for c in queries.connections_touching(self._workflow, selection.nodes)]
        wires = dict.fromkeys((*selection.wires, *touched))
        if wires:
            self.disconnect(wires)
        else:
            self._view.message.emit("There is no connection to take away.")

    def set_disabled(self) -> None:
        """Switch the selected nodes off; on again when all of them are off."""
        chosen = self._view.selection.nodes
        if chosen:
            off = all(self._workflow.nodes[node_id].disabled for node_id in chosen)
            self._view.editor.push(edits.set_disabled(self._workflow, chosen, not off))

    def nudge(self, dx: float, dy: float) -> None:
        """Move what is selected by whole steps of the grid; nudging on is one step of undo."""
        scene = self._view.canvas_scene
        chosen = self._view.selection.nodes
        places = {
            node_id: (float(scene.places[row, 0]) + dx, float(scene.places[row, 1]) + dy)
            for node_id, row in zip(chosen, scene.rows(chosen), strict=True)
        }
        led = self._view.bending.nudged(dx, dy, carried(self._workflow, places))
        notes = [note.moved((dx, dy)) for note in self._view.comments.chosen]
        changes: list[Change] = [*bend_changes(self._workflow, led)]
        if notes:
            changes += set_comments(self._workflow, notes, "").changes
        key = f"nudge {' '.join(sorted((*chosen, *self._view.selection.notes)))} {sorted(led)}"
        edit = edits.move(self._workflow, places) if places else Edit(label="Nudge", changes=())
        self._view.editor.push(Edit(label=edit.label, changes=(*edit.changes, *changes), merge_key=key))

    def move(self, node_ids: Sequence[str], places: Sequence[Sequence[float]]) -> None:
        """Put nodes where they were dragged to."""
        moved = {n: (float(x), float(y)) for n, (x, y) in zip(node_ids, places, strict=True)}
        edit = edits.move(self._workflow, moved)
        led = bend_changes(self._workflow, carried(self._workflow, moved))
        self._view.editor.push(Edit(label=edit.label, changes=(*edit.changes, *led)))

    def rename(self, node_id: str, title: str) -> None:
        node = self._workflow.nodes.get(node_id)
        if node is not None and title.strip() and title.strip() != node.title:
            self._view.editor.push(edits.rename(self._workflow, node_id, title.strip()))

    def add(
        self, type_id: str, at: QPointF, context: AddContext | None = None, *, on_grid: bool = True
    ) -> str | None:
        """Add a node whose top-left corner is at this place, connected as the context says; gives its id.

        Brought to the grid, unless it was drawn to a guide already.
        """
        node_type = self._view.catalog.get(type_id)
        if node_type is None:
            self._view.message.emit(f"There is no node type “{type_id}”.")
            return None
        place = (geometry.snap(at.x()), geometry.snap(at.y())) if on_grid else (at.x(), at.y())
        edit, node_id = self._added(node_type, place, context or AddContext())
        return node_id if self._push_added(edit, [node_id]) else None

    def _added(
        self, node_type: NodeType, place: tuple[float, float], context: AddContext
    ) -> tuple[Edit, str]:
        workflow, catalog = self._workflow, self._view.catalog
        wire = workflow.connections.get(context.connection or "")
        if wire is not None and not node_type.is_trigger:
            return _inserted(self._view, node_type, place, wire, context)
        edit, node_id = edits.add_node(
            workflow, node_type, place, title=context.title, parameters=context.parameters
        )
        source = context.source or node_id
        target = context.target or node_id
        draft = apply(workflow, edit.changes)
        if source == target or edits.refusal(draft, catalog, source, target, on=context.on):
            return edit, node_id
        wired = edits.connect(draft, catalog, source, target, on=context.on, source_port=context.source_port)
        return Edit(label=edit.label, changes=(*edit.changes, *wired.changes)), node_id

    def put_on_wire(self, node_id: str, wire_id: str, place: tuple[float, float]) -> None:
        """Lead a wire through a node that is there already and has no wire yet."""
        workflow = self._workflow
        place, room = _room_on(self._view, workflow.connections[wire_id], place)
        edit = edits.insert_existing(workflow, self._view.catalog, wire_id, node_id)
        moved = NodesMoved(positions={node_id: place})
        self._view.editor.push(Edit(label=edit.label, changes=(moved, *edit.changes, *room)))

    def place_after(self, row: int) -> QPointF:
        """Where a node goes that follows this one: to the right, below what is there already."""
        scene = self._view.canvas_scene
        x, y = scene.xy[row].tolist()
        return QPointF(*geometry.free_place(scene.xy, (x + CARD_W + GAP_X, y)))


def _corner(piece: fragment.Fragment) -> tuple[float, float]:
    """The top-left corner of what is pasted."""
    places = [*piece.layout.values(), *((note.x, note.y) for note in piece.comments)] or [(0.0, 0.0)]
    return min(x for x, _ in places), min(y for _, y in places)


def _inserted(
    view: CanvasView, node_type: NodeType, place: tuple[float, float], wire: Connection, context: AddContext
) -> tuple[Edit, str]:
    """Put a new node on a wire; what follows moves to the right as far as it needs room."""
    place, room = _room_on(view, wire, place)
    edit, node_id = edits.insert_on_connection(
        view.editor.workflow,
        view.catalog,
        wire.id,
        node_type,
        place,
        title=context.title,
        parameters=context.parameters,
    )
    return Edit(label=edit.label, changes=(*edit.changes, *room)), node_id


def _room_on(
    view: CanvasView, wire: Connection, place: tuple[float, float]
) -> tuple[tuple[float, float], tuple[Change, ...]]:
    """Where a node goes on a wire, and what moves what follows to the right as far as it needs room."""
    workflow, scene = view.editor.workflow, view.canvas_scene
    before, after = scene.card(scene.row_of[wire.source]), scene.card(scene.row_of[wire.target])
    shift = 0.0
    if after.left() > before.right():
        place = (max(place[0], geometry.snap(before.right() + GAP_X / 2)), place[1])
        shift = geometry.snap(max(0.0, place[0] + CARD_W + GAP_X / 2 - after.left()))
    if not shift:
        return place, ()
    later = queries.downstream(workflow, [wire.target]) | {wire.target}
    rows = [row for row in scene.rows(later) if scene.xy[row, 0] >= after.left()]
    moved = {
        scene.ids[row]: (float(scene.places[row, 0]) + shift, float(scene.places[row, 1])) for row in rows
    }
    led = bend_changes(workflow, carried(workflow, moved))
    return place, (NodesMoved(positions=moved), *led)
