"""Every key of the program on one sheet, taken from its actions, so that it cannot be out of date."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager

from PySide6.QtCore import Qt
from PySide6.QtGui import QAction, QKeySequence
from PySide6.QtWidgets import (
    QFrame,
    QGridLayout,
    QHBoxLayout,
    QLabel,
    QLineEdit,
    QPushButton,
    QScrollArea,
    QToolButton,
    QWidget,
)

from designer.dialogs.base import Dialog
from designer.dialogs.key_button import KeyButton
from designer.dialogs.keymap import FIXED, Keymap
from designer.forms.pick_editors import quiet_tool
from designer.theme.spoken import name_buttons

_NATIVE = QKeySequence.SequenceFormat.NativeText
_HEIGHT = 420
CANVAS_GESTURES: tuple[tuple[str, str], ...] = (
    ("Pan", "Middle-drag, Space-drag, right-drag, two fingers"),
    ("Zoom at the cursor", "Ctrl+wheel, wheel or pinch"),
    ("Look elsewhere", "Click or drag on the overview"),
    ("Select several", "Drag a box, Shift or Ctrl+click"),
    ("Walk from node to node", "Arrow keys"),
    ("Show everything", "Home"),
    ("Add a node", "Double-click or type a letter"),
    ("Add the next node", "“+”, or let a wire go on empty canvas"),
    ("Add a reader", "Drop a data file"),
    ("Insert into a wire", "Drop a node or file on it, or a card without wires"),
    ("Copy a node", "Alt+drag it"),
    ("Copy to another window", "Drag nodes over it"),
    ("Select or move a group", "Click or drag its title"),
    ("Fold or unfold a group", "Double-click its title, or the arrow"),
    ("Write on in a comment", "Double-click it"),
    ("Resize a comment", "Drag its lower right corner"),
    ("Move without snapping", "Hold Ctrl while dragging"),
    ("Bend a connection", "Double-click it, drag the bend"),
    ("Take a bend away", "Double-click it, or Del"),
    ("Walk from bend to bend", "Arrow keys on a connection"),
    ("Connect", "Drag from port to port, or click both"),
    ("Connect what follows a failure", "Drag from the port at the bottom edge"),
    ("Disconnect", "Drag the end off, or Alt+click a port"),
    ("Slice several wires", "Alt+drag across them"),
    ("Let go, cancel a drag or what takes long", "Esc"),
)
"""What no action stands for."""


class ShortcutsDialog(Dialog[None]):
    """Groups of commands with their keys, searchable; each key can be changed where it stands."""

    def __init__(
        self,
        groups: Mapping[str, Sequence[QAction]],
        keymap: Keymap,
        gestures: Sequence[tuple[str, str]] = CANVAS_GESTURES,
        parent: QWidget | None = None,
    ) -> None:
        super().__init__("Keys and gestures", closed=None, icon="keyboard", parent=parent, width=560)
        self._keymap = keymap
        self._wanted: tuple[QAction, QKeySequence] | None = None
        self.search = QLineEdit(self)
        self.search.setPlaceholderText("Find a command")
        self.search.setAccessibleName("Find a command")
        self.search.setClearButtonEnabled(True)
        name_buttons(self.search)
        self.search.textChanged.connect(self._on_search_changed)
        self.body.addWidget(self.search)
        self._rows: list[tuple[QLabel, list[QWidget]]] = []
        self._headings: list[tuple[QLabel, range]] = []
        self.keys: dict[str, KeyButton] = {}
        self.resets: dict[str, QToolButton] = {}
        self._actions: dict[str, QAction] = {}
        content = QWidget()
        self._grid = QGridLayout(content)
        self._grid.setContentsMargins(0, 0, 10, 0)
        self._grid.setVerticalSpacing(1)
        self._grid.setColumnStretch(0, 1)
        for title, actions in groups.items():
            with self._group(title):
                for action in actions:
                    self._add_command(action)
        with self._group("On the canvas"):
            for name, keys in gestures:
                self._add_gesture(name, keys)
        self.no_match = QLabel()
        self.no_match.setProperty("role", "hint")
        self.no_match.hide()
        self._grid.addWidget(self.no_match, self._grid.rowCount(), 0, 1, 3)
        self._grid.setRowStretch(self._grid.rowCount(), 1)
        area = QScrollArea(self)
        area.setFocusPolicy(Qt.FocusPolicy.NoFocus)  # the keys in it take the keyboard and come into view
        area.setWidgetResizable(True)
        area.setFrameShape(QFrame.Shape.NoFrame)
        area.setWidget(content)
        area.setFixedHeight(min(_HEIGHT, content.sizeHint().height()))
        self.body.addWidget(area)
        self.body.addLayout(self._make_notice())
        self.reset_button = self.add_button("Reset all keys", keymap.reset_all, variant="quiet", left=True)
        self.close_button = self.add_button("Close", self.reject, variant="primary", default=True)
        keymap.changed.connect(self._on_keys_changed)
        self._on_keys_changed()
        self.search.setFocus()

    @contextmanager
    def _group(self, title: str) -> Iterator[None]:
        heading = QLabel(title)
        heading.setProperty("role", "section")
        heading.setContentsMargins(0, 10 if self._rows else 0, 0, 4)
        self._grid.addWidget(heading, self._grid.rowCount(), 0, 1, 3)
        first = len(self._rows)
        yield
        self._headings.append((heading, range(first, len(self._rows))))

    def _add_command(self, action: QAction) -> None:
        name, row = action.objectName(), self._grid.rowCount()
        command, key = QLabel(_name(action)), KeyButton(_name(action))
        command.setToolTip(action.whatsThis())
        key.captured.connect(lambda keys: self._on_captured(action, keys))
        reset = quiet_tool("rotate-ccw", f"Reset the key of {_name(action)}", self)
        reset.clicked.connect(lambda _checked: self._keymap.reset(action))
        # Room for it in its column, and not by a size that it keeps: rows that a search hides must take none.
        self._grid.setColumnMinimumWidth(2, reset.sizeHint().width())
        self._grid.addWidget(command, row, 0)
        self._grid.addWidget(key, row, 1, Qt.AlignmentFlag.AlignRight)
        self._grid.addWidget(reset, row, 2)
        self._rows.append((command, [key]))
        self._actions[name], self.keys[name], self.resets[name] = action, key, reset

    def _add_gesture(self, name: str, keys: str) -> None:
        row = self._grid.rowCount()
        command, how = QLabel(name), QLabel(keys)
        how.setProperty("role", "subtitle")
        for label in (command, how):
            label.setContentsMargins(0, 4, 0, 4)
        self._grid.addWidget(command, row, 0)
        self._grid.addWidget(how, row, 1, 1, 2, Qt.AlignmentFlag.AlignRight)
        self._rows.append((command, [how]))

    def _make_notice(self) -> QHBoxLayout:
        row = QHBoxLayout()
        self.notice = QLabel()
        self.notice.setProperty("role", "warning")
        self.notice.setWordWrap(True)
        self.use_button = QPushButton("Use it here")
        self.use_button.setAutoDefault(False)
        self.use_button.clicked.connect(lambda _checked: self._take_over())
        row.addWidget(self.notice, 1)
        row.addWidget(self.use_button)
        self._say("")
        return row

    def _say(self, text: str, *, ask: bool = False) -> None:
        self.notice.setText(text)
        self.notice.setVisible(bool(text))
        self.use_button.setVisible(ask)

    def _on_captured(self, action: QAction, keys: QKeySequence) -> None:
        """A key that is free is taken at once; for one that is not, the person decides."""
        shown = keys.toString(_NATIVE)
        others = " and ".join(f"“{_name(other)}”" for other in self._keymap.holders(keys, action))
        fixed = FIXED.get(keys.toString(QKeySequence.SequenceFormat.PortableText))
        self._wanted = None
        if fixed is not None:
            self._say(f"{fixed} Choose another key for “{_name(action)}”.")
        elif others:
            self._wanted = (action, keys)
            self._say(f"{shown} is the key of {others}. Use it for “{_name(action)}” instead?", ask=True)
        else:
            self._say("")
            self._keymap.give(action, keys)

    def _take_over(self) -> None:
        if self._wanted is not None:
            self._keymap.give(*self._wanted)

    def _on_keys_changed(self) -> None:
        self._wanted = None
        self._say("")
        for name, action in self._actions.items():
            self.keys[name].show_keys(_keys(action))
            self.resets[name].setVisible(self._keymap.is_changed(action) and not self.keys[name].isHidden())
        changed = any(self._keymap.is_changed(action) for action in self._actions.values())
        self.reset_button.setEnabled(changed)

    def _on_search_changed(self, text: str) -> None:
        wanted = text.casefold().split()
        shown = [all(word in _searched(row) for word in wanted) for row in self._rows]
        for visible, (command, others) in zip(shown, self._rows, strict=True):
            for widget in (command, *others):
                widget.setVisible(visible)
        for heading, rows in self._headings:
            heading.setVisible(any(shown[row] for row in rows))
        self.no_match.setText(f"Nothing matches “{text.strip()}”. Try what it does, or a key: Ctrl.")
        self.no_match.setVisible(not any(shown))
        for name, reset in self.resets.items():
            reset.setVisible(not self.keys[name].isHidden() and self._keymap.is_changed(self._actions[name]))

    def visible_commands(self) -> list[str]:
        """What the search leaves."""
        return [command.text() for command, _ in self._rows if not command.isHidden()]


def _searched(row: tuple[QLabel, list[QWidget]]) -> str:
    command, others = row
    texts = [other.text() for other in others if isinstance(other, QLabel | KeyButton)]
    return " ".join((command.text(), command.toolTip(), *texts)).casefold()


def _name(action: QAction) -> str:
    return action.text().replace("&", "").rstrip("…")


def _keys(action: QAction) -> str:
    return "  or  ".join(keys.toString(_NATIVE) for keys in action.shortcuts() if not keys.isEmpty())
