"""Groups on the canvas: frame nodes, move, fold, rename, colour, dissolve and delete them."""

from __future__ import annotations

from collections.abc import Iterable
from functools import partial
from typing import TYPE_CHECKING

import numpy as np
from PySide6.QtCore import QObject, QRectF

from designer.canvas import group_state
from designer.canvas.frames import TITLE_H, Frame
from designer.canvas.group_mouse import GroupMouse
from designer.canvas.rename import RenameField
from designer.canvas.unfolding import folding, unfolding
from engine.model import Edit, Workflow, apply
from engine.model.changes import NodeRemoved, NodesMoved, WorkflowChanged
from engine.model.groups import change_group, dissolve, groups, make_group, ungroup, without

if TYPE_CHECKING:
    from designer.canvas.view import CanvasView


class Grouping(QObject):
    """Acts on the groups that the selection means."""

    def __init__(self, view: CanvasView) -> None:
        super().__init__(view)
        self._view = view
        self._mouse = GroupMouse(view, self)

    @property
    def _workflow(self) -> Workflow:
        return self._view.editor.workflow

    def chosen(self) -> list[Frame]:
        """The groups that are selected whole, else those that hold selected nodes, the innermost ones."""
        scene, selected = self._view.canvas_scene, self._view.selection.nodes
        if not scene.frames.all or not selected:
            return []
        mine = np.zeros(len(scene.ids), bool)
        mine[scene.rows(selected)] = True
        whole = [bool(mine[frame.rows].all()) for frame in scene.frames.all]
        numbered = list(enumerate(scene.frames.all))
        found = [
            frame for n, frame in numbered if whole[n] and not (frame.around >= 0 and whole[frame.around])
        ]
        return found or [frame for _, frame in numbered if mine[frame.own].any()]

    def only(self) -> Frame | None:
        """The group that is selected whole, and nothing beside it; None when that cannot be said."""
        found = self.chosen()
        chosen = len(self._view.selection.nodes)
        if len(found) != 1 or chosen != len(found[0].rows):
            return None
        return found[0] if chosen > 1 or found[0].is_card else None  # a frame around one node: the node is

    # -- commands ----------------------------------------------------------------------------

    def group(self) -> None:
        """Put a frame around the selected nodes and groups, and ask for its title."""
        view = self._view
        if not view.selection.nodes:
            view.message.emit("Select some nodes to group them.")
            return
        before = {frame.group.id for frame in view.canvas_scene.frames.all}
        if view.editor.push(make_group(self._workflow, view.selection.nodes)):
            new = next(frame for frame in view.canvas_scene.frames.all if frame.group.id not in before)
            if not new.hidden:
                self.rename(new)

    def ungroup(self) -> None:
        """Take away the frames around the selected nodes; the nodes stay."""
        edit = ungroup(self._workflow, self._view.selection.nodes)
        if not edit.changes:
            self._view.message.emit("Select a node of the group to dissolve.")
            return
        self._view.editor.push(edit)

    def toggle(self) -> None:
        """Fold the selected groups into one card each, or unfold them all when all are folded."""
        found = self.chosen()
        cards = dict.fromkeys(id(around) for frame in found for around in [self._seen(frame)])
        shown = [frame for frame in self._view.canvas_scene.frames.all if id(frame) in cards]
        if not shown:
            self._view.message.emit("Select a group, or a node of one, to fold it.")
        elif all(frame.group.folded for frame in shown):
            _push(self._view, unfolding(self._workflow, [frame.group.id for frame in shown]))
        else:
            self._fold([frame for frame in shown if not frame.group.folded])

    def fold_all(self) -> None:
        """Fold every group; those inside others too."""
        frames = [frame for frame in self._view.canvas_scene.frames.all if not frame.group.folded]
        if frames:
            self._fold(frames)
        else:
            self._view.message.emit("There is no group to fold.")

    def unfold_all(self) -> None:
        """Show what every folded group holds."""
        found = [frame.group.id for frame in self._view.canvas_scene.frames.all if frame.group.folded]
        if found:
            _push(self._view, unfolding(self._workflow, found))
        else:
            self._view.message.emit("No group is folded.")

    def rename_selected(self) -> None:
        """Edit the title of the selected group, or of the one selected node, where it stands."""
        frame, chosen = self.only(), self._view.selection.nodes
        if frame is not None and not frame.hidden:
            self.rename(frame)
        elif len(chosen) == 1:
            self._view.start_rename(chosen[0])

    def recolour_chosen(self, colour: str) -> None:
        """Give the selected groups this colour."""
        found = self.chosen()
        if not found:
            self._view.message.emit("Select a group, or a node of one, to colour it.")
        for frame in found:
            self._view.editor.push(change_group(self._workflow, frame.group.id, colour=colour))

    def delete_chosen(self) -> None:
        """Delete the selected groups with everything in them."""
        found = self.chosen()
        if not found:
            self._view.message.emit("Select a group, or a node of one, to delete it.")
            return
        self.select(found)
        self._view.commands.delete()

    def with_removal(self, edit: Edit) -> Edit:
        """The edit that deletes nodes, extended: groups let go of them, and go when they are empty."""
        gone = [change.node_id for change in edit.changes if isinstance(change, NodeRemoved)]
        if not gone:
            return edit
        said = [change for change in edit.changes if isinstance(change, WorkflowChanged)]
        left = without(apply(self._workflow, said), gone)
        return Edit(label=edit.label, changes=(*edit.changes, *left.changes))

    # -- one group ---------------------------------------------------------------------------

    def rename(self, frame: Frame) -> None:
        """Edit the title where it stands."""
        view, scene = self._view, self._view.canvas_scene
        box = scene.frames.box(frame, scene.xy)
        view.camera.finish()
        view.camera.reveal(box)
        view.camera.finish()
        if frame.is_card:
            place = QRectF(box.left() + 52, box.top() + 5, box.width() - 62, 32)
        else:
            place = QRectF(box.left() + 6, box.top() + 1, min(box.width() - 12, 280.0), TITLE_H - 2)
        RenameField(view, place, frame.group.title, partial(self._retitle, frame.group.id))

    def dissolve(self, frame: Frame) -> None:
        """Take one frame away; what is in it stays."""
        self._view.editor.push(dissolve(self._workflow, [frame.group.id]))

    def recolour(self, frame: Frame, colour: str) -> None:
        self._view.editor.push(change_group(self._workflow, frame.group.id, colour=colour))

    def switch(self, frame: Frame) -> None:
        """Fold this group, or unfold it."""
        if frame.group.folded:
            _push(self._view, unfolding(self._workflow, [frame.group.id]))
        else:
            self._fold([frame])

    def contents(self, frame: Frame) -> tuple[list[str], list[str]]:
        """The nodes in a group, and the comments that lie in it or are folded away with it."""
        scene = self._view.canvas_scene
        notes: dict[str, None] = {}
        for each in scene.frames.within(frame):
            notes |= dict.fromkeys(each.group.comments)
        if not frame.group.folded:
            notes |= dict.fromkeys(scene.notes.inside(scene.frames.box(frame, scene.xy)))
        return [scene.ids[row] for row in frame.rows], list(notes)

    def select(self, frames: Iterable[Frame]) -> None:
        """Select everything in these groups."""
        nodes, notes = self._all(frames)
        self._view.selection.set(nodes, notes=notes)

    def spoken(self, frame: Frame) -> str:
        """The group in words, for those who hear it."""
        folded = ", folded" if frame.group.folded else ""
        title = frame.group.title.removeprefix("Group ")
        return f"Group {title}{folded}, {group_state.words(self._view.canvas_scene, frame)}"

    def _seen(self, frame: Frame) -> Frame:
        """The folded group in which this one is out of sight, else this one."""
        while frame.hidden:
            frame = self._view.canvas_scene.frames.all[frame.around]
        return frame

    def _fold(self, frames: list[Frame]) -> None:
        scene = self._view.canvas_scene
        folded: dict[str, Iterable[str]] = {}
        for frame in frames:
            box = scene.frames.box(frame, scene.xy)
            folded[frame.group.id] = () if frame.hidden else scene.notes.inside(box)
        chosen = set(self._view.selection.nodes)
        if _push(self._view, folding(self._workflow, folded)):
            # What is selected goes along with the card from now on, so all of the card is.
            met = [f for f in scene.frames.all if f.is_card and chosen & {scene.ids[row] for row in f.rows}]
            self.add(met)

    def add(self, frames: Iterable[Frame]) -> None:
        """Select everything in these groups too."""
        nodes, notes = self._all(frames)
        self._view.selection.add(nodes, notes=notes)

    def _all(self, frames: Iterable[Frame]) -> tuple[list[str], list[str]]:
        nodes, notes = list[str](), list[str]()
        for frame in frames:
            inner = self.contents(frame)
            nodes += inner[0]
            notes += inner[1]
        return nodes, notes

    def _retitle(self, group_id: str, title: str) -> None:
        known = {group.id: group for group in groups(self._workflow)}
        if group_id in known and title.strip() and title.strip() != known[group_id].title:
            self._view.editor.push(change_group(self._workflow, group_id, title=title.strip()))


def _push(view: CanvasView, edit: Edit) -> bool:
    """Make the edit; what makes room, or comes back, glides there."""
    scene = view.canvas_scene
    view.arrange.finish()
    moved = [n for each in edit.changes if isinstance(each, NodesMoved) for n in each.positions]
    ids = list(dict.fromkeys(moved))
    before = scene.places[scene.rows(ids)].copy()
    if not view.editor.push(edit):
        return False
    if ids:
        view.arrange.glide(ids, before)
    return True
