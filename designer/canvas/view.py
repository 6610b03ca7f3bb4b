"""The canvas: a view whose one painted layer shows the scene. Gestures, keys and overlays live beside it.

``CanvasView`` is what the window talks to. It holds no logic of its own: the camera looks, the layer
paints, the commands edit, the pointer and the keys turn events into gestures.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from functools import partial
from types import MappingProxyType

from PySide6.QtCore import QPoint, QPointF, QRect, QRectF, Signal
from PySide6.QtGui import QHideEvent, QImage, QPainter

from designer.canvas import geometry
from designer.canvas.arrange import Arrange
from designer.canvas.bending import Bending
from designer.canvas.breakpoints import Breakpoints
from designer.canvas.breath import breathe, is_large
from designer.canvas.commands import Commands
from designer.canvas.comments import Comments
from designer.canvas.context import AddContext
from designer.canvas.focus_ring import paint_focus
from designer.canvas.grouping import Grouping
from designer.canvas.inside import Inside
from designer.canvas.keys import Keys
from designer.canvas.menus import Menus
from designer.canvas.overlays import Overlays
from designer.canvas.painted_view import PaintedView
from designer.canvas.pending import paint_pending
from designer.canvas.pinning import Pinning
from designer.canvas.pointing import Pointing
from designer.canvas.quick_add import QuickAdd
from designer.canvas.rename import RenameField
from designer.canvas.render import BORDER, paint_image
from designer.canvas.speaker import Speaker
from designer.editor import Editor
from designer.long_work import LongWorks
from designer.settings import Settings
from designer.theme.controller import ThemeController
from designer.theme.tokens import CARD_H, CARD_W
from engine.catalog import Catalog
from engine.history.step_state import StepState
from engine.problem import Problem


class CanvasView(PaintedView):
    """Draws a workflow and lets it be edited. Selection, run states and problems go in and out by id."""

    selection_changed = Signal(list, list)
    node_activated = Signal(str)
    answer_requested = Signal(str)
    part_requested = Signal(str, str)
    """to, from or only, and a node: run that part."""
    message = Signal(str)
    zoom_changed = Signal(float)

    def __init__(
        self,
        editor: Editor,
        catalog: Catalog,
        theme_controller: ThemeController,
        settings: Settings,
        works: LongWorks | None = None,
    ) -> None:
        super().__init__(editor.document, catalog, theme_controller, settings)
        self.editor = editor
        self.catalog = catalog
        self.settings = settings
        self.works = works if works is not None else LongWorks(self)
        self.setAccessibleName("Canvas")
        self.commands = Commands(self)
        self.arrange = Arrange(self)
        self.pointing = Pointing(self)
        self.grouping = Grouping(self)
        self.comments = Comments(self)
        self.bending = Bending(self)
        self.pinning = Pinning(self)
        self.breakpoints = Breakpoints(self)
        self.keys = Keys(self)
        self.menus = Menus(self)
        self.inside = Inside(self)
        self.overlays = Overlays(self)
        self.quick_add = QuickAdd(self)
        self.speaker = Speaker(self)
        self._rename: RenameField | None = None
        self._pending: tuple[QPointF, AddContext] | None = None
        self.selection.changed.connect(self._on_selection_changed)
        self.camera.zoom_changed.connect(self.zoom_changed)
        self.canvas_scene.rebuilt.connect(self._on_rebuilt)
        editor.document_replaced.connect(self._on_replaced)
        editor.restored.connect(self.commands.select_restored)

    # -- selection and looking ---------------------------------------------------------------

    def selected_nodes(self) -> list[str]:
        """The ids of the selected nodes, in the order in which they were chosen."""
        return self.selection.nodes

    def select(self, ids: Iterable[str]) -> None:
        """Select these nodes and connections and nothing else; unknown ids are left out."""
        wanted, scene = list(ids), self.canvas_scene
        self.selection.set(
            [i for i in wanted if i in scene.row_of], [i for i in wanted if i in scene.wires.row_of]
        )

    def center_on(self, node_id: str) -> None:
        """Bring a node to the middle, and the keyboard to it."""
        for row in self.canvas_scene.rows([node_id]):
            self.selection.focused = node_id
            self.camera.look_at(self.canvas_scene.card(row).center())

    def reveal(self, node_id: str) -> None:
        """Scroll as far as it takes to see a node."""
        for row in self.canvas_scene.rows([node_id]):
            self.camera.reveal(self.canvas_scene.card(row))

    # -- editing -----------------------------------------------------------------------------

    def delete_selection(self) -> None:
        self.commands.delete()

    def duplicate_selection(self) -> None:
        self.commands.duplicate()

    def copy(self) -> None:
        self.commands.copy()

    def cut(self) -> None:
        self.commands.cut()

    def paste(self) -> None:
        self.commands.paste()

    def start_rename(self, node_id: str) -> None:
        """Edit the title on the card."""
        for row in self.canvas_scene.rows([node_id]):
            if self.canvas_scene.frames.card_of(row) is not None:
                self.message.emit("Unfold the group to rename what is in it.")
                return
            self.camera.finish()
            self.camera.reveal(self.canvas_scene.card(row))
            self.camera.finish()
            x, y = self.canvas_scene.xy[row].tolist()
            box = QRectF(x + geometry.TEXT_X - 10, y + 5, geometry.TEXT_W + 20, 32)
            label = self.canvas_scene.node(row).label
            self._rename = RenameField(self, box, label, partial(self.commands.rename, node_id))

    def add_node_at_centre(self, type_id: str) -> str | None:
        """Add a node where there is room: after the selected one, else in the middle of what is seen."""
        rows = self.canvas_scene.rows(self.selection.nodes)
        node_type = self.catalog.get(type_id)
        if len(rows) == 1 and node_type is not None and not node_type.is_trigger:
            context = AddContext(source=self.canvas_scene.ids[rows[0]])
            return self.commands.add(type_id, self.commands.place_after(rows[0]), context)
        return self.commands.add(type_id, self.free_corner())

    def open_quick_add(self, text: str = "") -> None:
        """Ask which node to add: after the selected node, at the pointer, or in the middle."""
        rows = self.canvas_scene.rows(self.selection.nodes)
        if len(rows) == 1:
            corner = self.commands.place_after(rows[0])
            context = AddContext(source=self.canvas_scene.ids[rows[0]])
        else:
            at = self.pointer_or_centre()
            corner, context = QPointF(at.x() - CARD_W / 2, at.y() - CARD_H / 2), AddContext()
        place = self.mapFromScene(corner + QPointF(0, CARD_H / 2))
        inside = self.viewport().rect().adjusted(0, 0, -360, -200)
        place = QPoint(
            max(8, min(place.x(), inside.right())), max(8, min(place.y(), max(8, inside.bottom())))
        )
        self.ask_for_node(corner, self.viewport().mapToGlobal(place), context, text)

    def ask_for_node(self, corner: QPointF, screen: QPoint, context: AddContext, text: str = "") -> None:
        """Open the popup of node types; what is chosen is added with its corner there and connected."""
        self._pending = None
        if context.source or context.target:
            self._pending = (corner, context)  # its outline is drawn, and the popup stands below
            below = self.mapFromScene(corner + QPointF(0, CARD_H)) + QPoint(0, 12)
            if self.viewport().rect().contains(below):
                screen = self.viewport().mapToGlobal(below)
        self.layer.attention.is_wiring = self._pending is not None
        self.viewport().update()
        self.quick_add.ask(screen, context, text, lambda type_id: self.commands.add(type_id, corner, context))

    def open_find(self) -> None:
        """Show the bar that finds nodes by title, type and parameters."""
        self.overlays.find_bar.open()

    # -- the run -----------------------------------------------------------------------------

    def apply_run(self, steps: Mapping[str, StepState], connections: Mapping[str, str]) -> None:
        """Show what changed since the last batch: states by node id, outcomes by connection id."""
        self.canvas_scene.apply_run(steps, connections)
        self.speaker.say_states(steps, connections)
        self.update_motion()

    def clear_run(self) -> None:
        """Show the workflow as if it had not run."""
        self.canvas_scene.clear_run()
        self.update_motion()

    def set_problems(
        self, problems: Mapping[str, Problem], counts: Mapping[str, int] = MappingProxyType({})
    ) -> None:
        """Mark these nodes, by id, with their worst problem and how many; take every other mark away."""
        self.canvas_scene.set_problems(problems, counts)

    def render_image(self, scale: float = 2.0) -> QImage:
        """The whole drawing as it looks now, states included, as a picture."""
        area = self.canvas_scene.bounds().adjusted(-BORDER, -BORDER, BORDER, BORDER)
        return paint_image(self.layer, area, self.theme.theme, scale)

    # -- following ---------------------------------------------------------------------------

    def _on_selection_changed(self) -> None:
        self.notice()
        self.selection_changed.emit(self.selection.nodes, self.selection.wires)

    def _on_rebuilt(self) -> None:
        self.pointing.cancel()
        self.pointing.forget_hover()
        scene = self.canvas_scene
        self.selection.keep(scene.ids, scene.wires.ids, scene.wires.bend_names())
        self.notice()

    def _on_replaced(self) -> None:
        self.selection.set()
        self.camera.frame(self.canvas_scene.bounds(), gently=False)
        self.update_motion()
        if is_large(len(self.canvas_scene.ids)):
            breathe(self)

    def drawForeground(self, painter: QPainter, rect: QRectF | QRect) -> None:
        if self._pending is not None and self.quick_add.isVisible():
            paint_pending(painter, self, *self._pending)
        self.pointing.paint(painter)
        paint_focus(painter, self)

    def hideEvent(self, event: QHideEvent) -> None:
        self.pointing.cancel()
        self.comments.finish()
        super().hideEvent(event)
