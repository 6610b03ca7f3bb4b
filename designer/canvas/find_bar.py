"""Find on the canvas: titles, types, ids and parameter text, with stepping from one to the next."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

from PySide6.QtCore import QEvent, QObject, QRectF, QSize, Qt, Signal
from PySide6.QtGui import QKeyEvent
from PySide6.QtWidgets import QFrame, QHBoxLayout, QLabel, QLineEdit, QToolButton

from designer.theme import icons
from designer.theme.text_size import keep, length
from designer.theme.theme import Theme
from engine.model import Node, Workflow
from engine.model.node_type import NodeTypes

if TYPE_CHECKING:
    from designer.canvas.view import CanvasView


def matches(workflow: Workflow, types: NodeTypes, text: str) -> list[str]:
    """The ids of the nodes whose title, id, type, notes or parameters hold every word of the text."""
    words = text.casefold().split()
    if not words:
        return []
    return [
        node.id for node in workflow.nodes.values() if all(word in _searchable(node, types) for word in words)
    ]


def _searchable(node: Node, types: NodeTypes) -> str:
    node_type = types.get(node.type)
    kind = node_type.title if node_type is not None else ""
    values = json.dumps(dict(node.parameters), ensure_ascii=False, default=str)
    return f"{node.title}\n{node.id}\n{node.type}\n{kind}\n{node.notes}\n{values}".casefold()


class FindBar(QFrame):
    """Enter steps on, Shift+Enter back, Escape closes; what is found is selected and shown."""

    resized = Signal()

    def __init__(self, view: CanvasView) -> None:
        super().__init__(view)
        self._view = view
        self._found: list[str] = []
        self._place = -1
        self.setProperty("role", "card")
        self.setObjectName("find_bar")
        row = QHBoxLayout(self)
        row.setContentsMargins(6, 6, 6, 6)
        row.setSpacing(4)
        self.field = QLineEdit(self)
        self.field.setPlaceholderText("Find nodes")
        self.field.setAccessibleName("Find nodes by title, type or parameter")
        keep(self.field, lambda it: it.setFixedWidth(length(220)))
        self.count = QLabel(self)
        self.count.setProperty("role", "caption")
        keep(self.count, lambda it: it.setFixedWidth(length(58)))
        self.count.setAlignment(Qt.AlignmentFlag.AlignCenter)
        row.addWidget(self.field)
        row.addWidget(self.count)
        self._buttons: list[tuple[QToolButton, str]] = []
        for icon, tip, act in (
            ("chevron-up", "Previous", self.previous),
            ("chevron-down", "Next", self.next),
            ("x", "Close", self.close_bar),
        ):
            button = QToolButton(self)
            button.setToolTip(tip)
            button.setAccessibleName(tip)
            button.setIconSize(QSize(14, 14))
            button.setFocusPolicy(Qt.FocusPolicy.NoFocus)
            button.clicked.connect(act)
            self._buttons.append((button, icon))
            row.addWidget(button)
        self.field.textChanged.connect(self._search)
        self.field.installEventFilter(self)
        view.theme.theme_changed.connect(self._recolour)
        self._recolour(view.theme.theme)
        self.hide()

    def open(self) -> None:
        """Show the bar with its text selected."""
        self.show()
        self.raise_()
        self.resized.emit()
        self.field.setFocus(Qt.FocusReason.ShortcutFocusReason)
        self.field.selectAll()

    def close_bar(self) -> None:
        self.hide()
        self._view.setFocus(Qt.FocusReason.OtherFocusReason)

    def next(self) -> None:
        self._step(1)

    def previous(self) -> None:
        self._step(-1)

    def _search(self, text: str) -> None:
        self._found = matches(self._view.editor.workflow, self._view.catalog, text)
        self._place = -1
        if self._found:
            self._step(1)
        else:
            self.count.setText("None" if text.strip() else "")

    def _step(self, by: int) -> None:
        known = self._view.canvas_scene.row_of
        self._found = [node_id for node_id in self._found if node_id in known]
        if not self._found:
            return
        self._place = (self._place + by) % len(self._found)
        node_id = self._found[self._place]
        self.count.setText(f"{self._place + 1} of {len(self._found)}")
        self._view.select([node_id])
        if self._is_in_sight(node_id):
            self._view.selection.focused = node_id
        else:
            self._view.center_on(node_id)

    def _is_in_sight(self, node_id: str) -> bool:
        """Whether the whole card is seen as things are, and nothing over the canvas hides it."""
        view = self._view
        view.camera.finish()
        card = view.canvas_scene.card(view.canvas_scene.row_of[node_id])
        zoom, seen = view.camera.zoom, view.camera.visible()
        place = QRectF((card.topLeft() - seen.topLeft()) * zoom, card.size() * zoom)
        overlays = view.overlays
        over = [one for one in (self, overlays.minimap, overlays.zoom_bar) if one.isVisible()]
        return QRectF(view.viewport().rect()).contains(place) and not any(
            place.intersects(QRectF(one.geometry())) for one in over
        )

    def eventFilter(self, _watched: QObject, event: QEvent) -> bool:
        if not isinstance(event, QKeyEvent) or event.type() != QEvent.Type.KeyPress:
            return False
        back = bool(event.modifiers() & Qt.KeyboardModifier.ShiftModifier)
        match event.key():
            case Qt.Key.Key_Return | Qt.Key.Key_Enter:
                self._step(-1 if back else 1)
            case Qt.Key.Key_Down:
                self._step(1)
            case Qt.Key.Key_Up:
                self._step(-1)
            case Qt.Key.Key_Escape:
                self.close_bar()
            case _:
                return False
        return True

    def _recolour(self, theme: Theme) -> None:
        for button, icon in self._buttons:
            button.setIcon(icons.icon(icon, theme.text2))
