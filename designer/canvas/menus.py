"""Context menus of a node, a wire and the empty canvas. Opened with ``popup``, never ``exec``."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import partial
from typing import TYPE_CHECKING, Literal

from PySide6.QtCore import QPoint, QPointF, QRectF
from PySide6.QtGui import QAction, QGuiApplication, QKeySequence
from PySide6.QtWidgets import QMenu

from designer.canvas import hits
from designer.canvas.context import AddContext
from designer.canvas.frames import Frame
from designer.canvas.group_state import COLOUR_NAMES
from designer.canvas.hits import Hit
from designer.canvas.looks import ASKING
from designer.document import clipboard
from designer.theme import icons
from engine.model import edits
from engine.model.bends import bends
from engine.model.comments import Comment
from engine.model.workflow import ConnectionOn

if TYPE_CHECKING:
    from designer.canvas.view import CanvasView


Part = Literal["to", "from", "only"]
_PARTS: tuple[tuple[Part, str, str, str], ...] = (
    ("to", "Run to here", "F7", "arrow-right-to-line"),
    ("from", "Run from here", "Shift+F7", "arrow-right-from-line"),
    ("only", "Run only this step", "", "step-forward"),
)


class Menus:
    """Builds a menu for what is at a place; ``current`` is the one that was opened last.

    ``shown_keys`` says which key a command has now for the one it comes with.
    """

    def __init__(self, view: CanvasView) -> None:
        self._view = view
        self.current: QMenu | None = None
        self.shown_keys: Mapping[str, str] = {}
        self.explain_part: Callable[[Part, list[str]], tuple[bool, str]] | None = None
        """Whether a part can be run from these nodes now, and why; None where nothing is run."""
        self.can_run_part: Callable[[Part, list[str]], bool] = lambda _kind, _chosen: True
        """Whether it can, without the words: they take as long as the drawing is large."""

    def open(self, at: QPointF, screen: QPoint) -> None:
        """Open the menu of what is at this scene point."""
        view = self._view
        noticed = view.layer.attention.plus_for
        found = hits.hit(view.canvas_scene, view.layer.inks, at, view.camera.zoom, noticed)
        self._popup(self._menu_for(found, at, screen), screen)

    def open_comment(self, comment: Comment, screen: QPoint) -> None:
        """Open the menu of a comment."""
        commands, menu = self._view.commands, QMenu(self._view)
        self._add(menu, "Edit comment", lambda: self._view.comments.edit(comment), icon="pencil")
        menu.addSeparator()
        self._add(menu, "Cut", commands.cut, "Ctrl+X", "scissors")
        self._add(menu, "Copy", commands.copy, "Ctrl+C", "copy")
        self._add(menu, "Duplicate", commands.duplicate, "Ctrl+D")
        menu.addSeparator()
        self._add(menu, "Delete", commands.delete, "Del", "trash-2")
        self._popup(menu, screen)

    def open_group(self, frame: Frame, screen: QPoint) -> None:
        """Open the menu of a group."""
        grouping, commands, menu = self._view.grouping, self._view.commands, QMenu(self._view)
        text = "Unfold" if frame.group.folded else "Fold into one card"
        self._add(menu, text, partial(grouping.switch, frame), "Ctrl+Alt+G", "layers")
        self._add(menu, "Rename group", partial(grouping.rename, frame), "F2", "pencil")
        colours = menu.addMenu("Colour")
        for colour, name in COLOUR_NAMES.items():
            action = colours.addAction(name)
            action.setCheckable(True)
            action.setChecked(colour == frame.group.colour)
            action.triggered.connect(lambda _checked, colour=colour: grouping.recolour(frame, colour))
        menu.addSeparator()
        self._add(menu, "Cut", commands.cut, "Ctrl+X", "scissors")
        self._add(menu, "Copy", commands.copy, "Ctrl+C", "copy")
        self._add(menu, "Duplicate", commands.duplicate, "Ctrl+D")
        self._add(menu, "Put a group around it", grouping.group, "Ctrl+G", "frame")
        menu.addSeparator()
        self._add(menu, "Ungroup, keep the nodes", partial(grouping.dissolve, frame), "Ctrl+Shift+G")
        self._add(menu, "Delete with its nodes", commands.delete, "Del", "trash-2")
        self._popup(menu, screen)

    def open_at_focus(self) -> None:
        """Open the menu of the selection by the keyboard."""
        view = self._view
        frame = view.grouping.only()
        if frame is not None and not frame.hidden:
            box = view.canvas_scene.frames.box(frame, view.canvas_scene.xy)
            self.open_group(frame, view.viewport().mapToGlobal(view.mapFromScene(box.topLeft())))
            return
        scene, found, place = view.canvas_scene, hits.NOTHING, view.camera.centre
        rows = scene.rows(view.selection.nodes)
        wires = [scene.wires.row_of[wire] for wire in view.selection.wires if wire in scene.wires.row_of]
        if rows:
            found, place = Hit("node", rows[-1]), scene.card(rows[-1]).center()
        elif wires:
            left, top, right, bottom = scene.wires.boxes[wires[-1]].tolist()
            found, place = Hit("wire", wires[-1]), QRectF(left, top, right - left, bottom - top).center()
        screen = view.viewport().mapToGlobal(view.mapFromScene(place))
        self._popup(self._menu_for(found, place, screen), screen)

    def show(self, menu: QMenu, screen: QPoint) -> None:
        """Open a menu that was made elsewhere, in place of the one that is open."""
        self._popup(menu, screen)

    def _popup(self, menu: QMenu, screen: QPoint) -> None:
        if self.current is not None:
            self.current.deleteLater()
        self.current = menu
        menu.popup(screen)

    def _menu_for(self, found: Hit, at: QPointF, screen: QPoint) -> QMenu:
        menu = QMenu(self._view)
        if found.kind in ("wire", "bend"):
            if found.kind == "bend":
                self._add(menu, "Delete bend", self._view.commands.delete, "Del", "trash-2")
            self._fill_wire(menu, found.row, at, screen)
        elif found.kind == "nothing":
            self._fill_canvas(menu, at, screen)
        else:
            self._fill_node(menu, found.row, screen)
        return menu

    def _add(self, menu: QMenu, text: str, act: Callable[[], object], key: str = "", icon: str = "") -> None:
        action = menu.addAction(text)
        if icon:
            action.setIcon(icons.icon(icon, self._view.theme.theme.text2))
        key = self.shown_keys.get(key, key)
        if key:
            # Shown only: the canvas's own keys do the work.
            action.setText(f"{text}\t{QKeySequence(key).toString(QKeySequence.SequenceFormat.NativeText)}")
        action.triggered.connect(lambda *_checked: act())

    def _fill_node(self, menu: QMenu, row: int, screen: QPoint) -> None:
        view, commands, scene = self._view, self._view.commands, self._view.canvas_scene
        node_id = scene.ids[row]
        chosen = view.selection.nodes or [node_id]
        if len(chosen) == 1:
            if scene.look[row] in ASKING:
                words = "Fix the condition…" if node_id in scene.marks.incidents else "Answer…"
                self._add(menu, words, lambda: view.answer_requested.emit(node_id), "Return")
            self._add(menu, "Open", lambda: view.node_activated.emit(node_id), icon="sliders-horizontal")
            if view.inside.can_enter(node_id):
                self._add(menu, "Open inside", lambda: view.inside.enter(node_id), "Alt+Down", "log-in")
                self._add(menu, "Take apart", view.inside.inline, "Ctrl+Shift+J")
            self._add(menu, "Rename", lambda: view.start_rename(node_id), "F2", "pencil")
            self._add(menu, "Add next node…", lambda: self._add_after(node_id, screen), "Ctrl+Space", "plus")
        if len(chosen) == 2:
            self._add(menu, "Connect", commands.connect_selected, "Ctrl+L", "workflow")
        if any(view.editor.workflow.incoming(i) or view.editor.workflow.outgoing(i) for i in chosen):
            self._add(menu, "Disconnect", commands.disconnect_selected, "Ctrl+Shift+L", "unlink")
        menu.addSeparator()
        self._add(menu, "Cut", commands.cut, "Ctrl+X", "scissors")
        self._add(menu, "Copy", commands.copy, "Ctrl+C", "copy")
        self._add(menu, "Duplicate", commands.duplicate, "Ctrl+D")
        self._add_parts(menu, chosen)
        off = all(view.editor.workflow.nodes[i].disabled for i in chosen)
        self._add(menu, "Switch on" if off else "Switch off", commands.set_disabled, "D", "power")
        self._add(menu, "Group", view.grouping.group, "Ctrl+G", "frame")
        self._add(menu, "Make a sub-workflow", view.inside.extract, "Ctrl+J", "package")
        if len(chosen) > 1:
            self._add(menu, "Tidy up", view.arrange.tidy, "Shift+Alt+T", "wand-sparkles")
        menu.addSeparator()
        self._add(menu, "Delete", commands.delete, "Del", "trash-2")
        self._add(menu, "Delete and join neighbours", commands.heal, "Ctrl+Del")

    def _add_parts(self, menu: QMenu, chosen: list[str]) -> None:
        """Running a part, with a tip that says what it would do or why it cannot."""
        pinning = self._view.pinning
        if self.explain_part is not None and len(chosen) == 1:
            menu.setToolTipsVisible(True)
            menu.addSeparator()
            for kind, text, key, icon in _PARTS:
                self._add(menu, text, partial(self._view.part_requested.emit, kind, chosen[0]), key, icon)
                action = menu.actions()[-1]
                action.setEnabled(self.can_run_part(kind, chosen))
                if action.isEnabled():
                    action.hovered.connect(partial(self._say_of_part, action, kind, chosen))
                else:
                    self._say_of_part(action, kind, chosen)
        pinned = pinning.all_pinned(chosen)
        self._add(menu, "Unpin result" if pinned else "Pin result", pinning.toggle, "P", "pin")
        stops = self._view.breakpoints
        words = "Clear breakpoint" if stops.all_set(chosen) else "Stop here (breakpoint)"
        self._add(menu, words, stops.toggle, "F9", "circle-dot")
        if self.explain_part is not None and len(chosen) == 1:
            menu.addSeparator()

    def _say_of_part(self, action: QAction, kind: Part, chosen: list[str]) -> None:
        """What it would do, or why it cannot; the first only once somebody points at it."""
        if self.explain_part is not None:
            action.setToolTip(self.explain_part(kind, chosen)[1])

    def _add_after(self, node_id: str, screen: QPoint) -> None:
        view = self._view
        for row in view.canvas_scene.rows([node_id]):
            view.ask_for_node(view.commands.place_after(row), screen, AddContext(source=node_id))

    def _fill_wire(self, menu: QMenu, row: int, at: QPointF, screen: QPoint) -> None:
        view = self._view
        connection = view.canvas_scene.wire(row)
        left, top, right, bottom = view.canvas_scene.wires.boxes[row].tolist()
        middle = QRectF(left, top, right - left, bottom - top).center()
        context = AddContext(connection=connection.id)
        corner = middle - QPointF(120, 32)
        self._add(menu, "Insert node here…", lambda: view.ask_for_node(corner, screen, context), icon="plus")
        self._add(menu, "Add bend here", lambda: view.bending.add_at(row, at), "Ctrl+B", "spline")
        if bends(connection):
            self._add(menu, "Straighten", view.bending.straighten, "Ctrl+Shift+B")
        menu.addSeparator()
        kinds: tuple[tuple[ConnectionOn, str], ...] = (
            ("success", "Taken when the step succeeds"),
            ("error", "Taken when the step fails"),
            ("always", "Taken either way"),
        )
        for on, text in kinds:
            action = menu.addAction(text)
            action.setCheckable(True)
            action.setChecked(connection.on == on)
            action.triggered.connect(lambda _checked, on=on: self._set_on(connection.id, on))
        menu.addSeparator()
        if connection.id in view.selection.wires:
            self._add(menu, "Delete connection", view.commands.delete, "Del", "unlink")
        else:  # a bend of it is selected, and Del means that
            self._add(
                menu, "Delete connection", lambda: view.commands.disconnect([connection.id]), icon="unlink"
            )

    def _set_on(self, connection_id: str, on: ConnectionOn) -> None:
        workflow = self._view.editor.workflow
        connection = workflow.connections.get(connection_id)
        if connection is not None and connection.on != on:
            self._view.editor.push(
                edits.set_condition(workflow, connection_id, on=on, condition=connection.condition)
            )

    def _fill_canvas(self, menu: QMenu, at: QPointF, screen: QPoint) -> None:
        view, commands = self._view, self._view.commands
        corner = at - QPointF(120, 32)
        self._add(
            menu, "Add node…", lambda: view.ask_for_node(corner, screen, AddContext()), "Ctrl+Space", "plus"
        )
        if clipboard.seems_to_hold_nodes(QGuiApplication.clipboard().text()):
            self._add(menu, "Paste", commands.paste, "Ctrl+V", "clipboard-paste")
            wired = partial(commands.paste, keep_incoming=True)
            self._add(menu, "Paste with incoming connections", wired, "Ctrl+Shift+V")
        self._add(menu, "Add comment", view.comments.add, "Shift+S", "sticky-note")
        menu.addSeparator()
        if view.canvas_scene.ids:
            self._add(menu, "Select all", view.select_all, "Ctrl+A")
            self._add(menu, "Tidy up", view.arrange.tidy, "Shift+Alt+T", "wand-sparkles")
            self._add(menu, "Find…", view.open_find, "Ctrl+F", "search")
            self._add(menu, "Show everything", view.frame_all, "Home", "maximize")
        self._add(menu, "Actual size", lambda: view.set_zoom(1.0), "Ctrl+0")
