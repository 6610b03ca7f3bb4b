"""Find as you type in the outline: a piece of the list at a time, so that the window stays free."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from PySide6.QtCore import QEvent, QObject, Qt, QTimer, Signal
from PySide6.QtGui import QAction, QKeyEvent
from PySide6.QtWidgets import QLineEdit, QWidget

from designer.editor import Editor
from designer.panels import paint
from designer.panels.outline_sentences import what_it_does
from designer.theme.spoken import name_buttons
from engine.model.node_type import NodeTypes
from engine.model.workflow import Node

_AT_ONCE = 1500

Start = Callable[[], tuple[Sequence[str], int]]
"""All steps in the order of the list, and the place of the one that is current."""


class OutlineSearch(QLineEdit):
    """Goes round the steps once: typing finds from the current line on, Enter the next, Shift+Enter the last.

    ``left`` asks for the list to take the keyboard: Down or Escape.
    """

    found = Signal(str)
    found_nothing = Signal(str)
    begun = Signal()
    left = Signal()

    def __init__(self, editor: Editor, types: NodeTypes, start: Start, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setObjectName("outlineSearch")
        self.setPlaceholderText("Find a step")
        self.setAccessibleName("Find a step")
        self.setClearButtonEnabled(True)
        self._icon = QAction(self)
        self.addAction(self._icon, QLineEdit.ActionPosition.LeadingPosition)
        name_buttons(self)
        self._editor = editor
        self._types = types
        self._start = start
        self._words: Sequence[str] = ()
        self._left: list[str] = []
        self._known: dict[str, tuple[Node, str]] = {}
        self._timer = QTimer(self)
        self._timer.timeout.connect(self._go_on)
        self.textChanged.connect(lambda _text: self._look(0, 1))
        self.installEventFilter(self)

    def restyle(self) -> None:
        """Draw the icon in the theme's colour."""
        pixmap = paint.icon("search", 16, paint.palette().text2, self.devicePixelRatioF())
        self._icon.setIcon(pixmap)

    def begin(self, text: str) -> None:
        """Take the keyboard with this much typed already."""
        self.setFocus(Qt.FocusReason.ShortcutFocusReason)
        self.setText(text)

    def _look(self, beyond: int, way: int) -> None:
        """Search from the current line, or one beyond it, forwards (1) or backwards (-1)."""
        self._words = self.text().casefold().split()
        self._timer.stop()
        self.begun.emit()
        order, current = self._start()
        if not self._words or not order:
            return
        start = (current + beyond) % len(order)
        turned = [*order[start:], *order[:start]]
        # Taken from the end, so backwards is as it stands but for the first place.
        self._left = turned[::-1] if way > 0 else [*turned[1:], turned[0]]
        self._go_on()

    def _go_on(self) -> None:
        nodes = self._editor.workflow.nodes
        for _ in range(min(_AT_ONCE, len(self._left))):
            node = nodes.get(self._left.pop())
            if node is not None and self._holds(node):
                self._timer.stop()
                self.found.emit(node.id)
                return
        if self._left:
            self._timer.start(0)
            return
        self._timer.stop()
        self.found_nothing.emit(self.text().strip())

    def _holds(self, node: Node) -> bool:
        known = self._known.get(node.id)
        if known is None or known[0] is not node:
            node_type = self._types.get(node.type)
            kind = node_type.title if node_type is not None else node.type
            known = (node, f"{node.label}\n{kind}\n{what_it_does(node, node_type)}".casefold())
            self._known[node.id] = known
        return all(word in known[1] for word in self._words)

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        if not isinstance(event, QKeyEvent) or event.type() != QEvent.Type.KeyPress:
            return super().eventFilter(watched, event)
        way = -1 if event.modifiers() & Qt.KeyboardModifier.ShiftModifier else 1
        match event.key():
            case Qt.Key.Key_Return | Qt.Key.Key_Enter:
                self._look(way, way)
            case Qt.Key.Key_Down:
                self.left.emit()
            case Qt.Key.Key_Escape:
                self.clear()
                self.left.emit()
            case _:
                return False
        return True
