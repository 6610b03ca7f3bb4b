"""Every key of the program on one sheet, taken from its actions, so that it cannot be out of date."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from PySide6.QtCore import Qt
from PySide6.QtGui import QAction, QKeySequence
from PySide6.QtWidgets import QFrame, QGridLayout, QLabel, QLineEdit, QScrollArea, QWidget

from designer.dialogs.base import Dialog

_HEIGHT = 420
CANVAS_GESTURES: tuple[tuple[str, str], ...] = (
    ("Pan", "Middle-drag, Space-drag or right-drag"),
    ("Zoom at the cursor", "Ctrl+wheel or pinch"),
    ("Select several", "Drag a box, Shift or Ctrl+click"),
    ("Walk from node to node", "Arrow keys"),
    ("Show everything", "Home"),
    ("Add a node", "Double-click or type a letter"),
    ("Add a reader", "Drop a data file"),
    ("Insert into a wire", "Drop a node or file on it"),
    ("Copy a node", "Alt+drag it"),
    ("Connect", "Drag from port to port, or click both"),
    ("Disconnect", "Drag the end off, or Alt+click a port"),
    ("Cut several wires", "Alt+drag across them"),
    ("Let go, or cancel a drag", "Esc"),
)
"""What no action stands for."""


class ShortcutsDialog(Dialog[None]):
    """Groups of commands with their keys, searchable. Commands without a key are left out."""

    def __init__(
        self,
        groups: Mapping[str, Sequence[QAction]],
        gestures: Sequence[tuple[str, str]] = CANVAS_GESTURES,
        parent: QWidget | None = None,
    ) -> None:
        super().__init__("Keys and gestures", closed=None, icon="keyboard", parent=parent, width=520)
        self.search = QLineEdit(self)
        self.search.setPlaceholderText("Find a command")
        self.search.setAccessibleName("Find a command")
        self.search.setClearButtonEnabled(True)
        self.search.textChanged.connect(self._on_search_changed)
        self.body.addWidget(self.search)
        self._rows: list[tuple[str, QLabel, QLabel]] = []
        self._headings: list[tuple[QLabel, range]] = []
        content = QWidget()
        self._grid = QGridLayout(content)
        self._grid.setContentsMargins(0, 0, 10, 0)
        self._grid.setVerticalSpacing(7)
        self._grid.setColumnStretch(0, 1)
        for title, actions in groups.items():
            self._add_group(title, [(_name(action), keys) for action in actions if (keys := _keys(action))])
        self._add_group("On the canvas", gestures)
        self._grid.setRowStretch(self._grid.rowCount(), 1)
        area = QScrollArea(self)
        area.setWidgetResizable(True)
        area.setFrameShape(QFrame.Shape.NoFrame)
        area.setWidget(content)
        area.setFixedHeight(min(_HEIGHT, content.sizeHint().height()))
        self.body.addWidget(area)
        self.close_button = self.add_button("Close", self.reject, variant="primary", default=True)
        self.search.setFocus()

    def _add_group(self, title: str, entries: Sequence[tuple[str, str]]) -> None:
        if not entries:
            return
        heading = QLabel(title)
        heading.setProperty("role", "section")
        heading.setContentsMargins(0, 10 if self._rows else 0, 0, 0)
        self._grid.addWidget(heading, self._grid.rowCount(), 0, 1, 2)
        first = len(self._rows)
        for name, keys in entries:
            row = self._grid.rowCount()
            command, key = QLabel(name), QLabel(keys)
            key.setProperty("role", "subtitle")
            self._grid.addWidget(command, row, 0)
            self._grid.addWidget(key, row, 1, Qt.AlignmentFlag.AlignRight)
            self._rows.append((f"{name} {keys}".casefold(), command, key))
        self._headings.append((heading, range(first, len(self._rows))))

    def _on_search_changed(self, text: str) -> None:
        wanted = text.casefold().split()
        shown = [all(word in searched for word in wanted) for searched, _, _ in self._rows]
        for visible, (_, command, key) in zip(shown, self._rows, strict=True):
            command.setVisible(visible)
            key.setVisible(visible)
        for heading, rows in self._headings:
            heading.setVisible(any(shown[row] for row in rows))

    def visible_commands(self) -> list[str]:
        """What the search leaves."""
        return [command.text() for _, command, _ in self._rows if not command.isHidden()]


def _name(action: QAction) -> str:
    return action.text().replace("&", "").rstrip("…")


def _keys(action: QAction) -> str:
    native = QKeySequence.SequenceFormat.NativeText
    return "  or  ".join(keys.toString(native) for keys in action.shortcuts() if not keys.isEmpty())
