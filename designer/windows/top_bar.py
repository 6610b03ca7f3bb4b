"""The 44 px bar at the top: what is open on the left, the run in the middle, commands on the right."""

from __future__ import annotations

from collections.abc import Sequence

from PySide6.QtCore import QPoint, QSize, Qt, Signal
from PySide6.QtGui import QAction, QKeySequence, QResizeEvent
from PySide6.QtWidgets import (
    QAbstractButton,
    QFrame,
    QHBoxLayout,
    QLabel,
    QMenu,
    QPushButton,
    QToolButton,
    QWidget,
)

from designer.execution.run_view import RunView
from designer.panels.elided_label import ElidedLabel
from designer.theme import icons, reading
from designer.theme.text_size import keep, length
from designer.theme.theme import Theme
from designer.windows.actions import Actions

HEIGHT_PX = 44
ICON_PX = 16
TILE_PX = 24
ROOMY_PX = 1080
SEARCH, SHORT_SEARCH = "  Search or run a command", "  Search"


class TopBar(QFrame):
    """Shows the document and the run; every button is one of the window's actions."""

    commands_requested = Signal()
    name_activated = Signal()

    def __init__(self, actions: Actions, menus: Sequence[QMenu], parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setObjectName("topBar")
        self._actions = actions
        self._menu = QMenu(self)
        for menu in menus:
            self._menu.addMenu(menu)
        self._buttons: list[tuple[QAction, QPushButton | QToolButton]] = []
        row = QHBoxLayout(self)
        row.setContentsMargins(reading.margins(8, 0, 12, 0))
        row.setSpacing(8)
        row.addWidget(self._left(), 1)
        row.addWidget(self._middle(), 0)
        row.addWidget(self._right(), 1)
        keep(self, TopBar._fit)

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        self._fit()

    def _fit(self) -> None:
        self.setFixedHeight(length(HEIGHT_PX))
        is_roomy = self.width() >= length(ROOMY_PX)
        self._search.setText(SEARCH if is_roomy else SHORT_SEARCH)
        self._search.setFixedWidth(length(268 if is_roomy else 150))

    def show_document(self, name: str, *, is_edited: bool, tooltip: str) -> None:
        """The name of what is open, with a dot and a word while it has unsaved edits."""
        self._name.setText(name)
        self._name.setToolTip(tooltip)
        self._dot.setVisible(is_edited)
        self._edited.setVisible(is_edited)

    def show_run(self, view: RunView) -> None:
        """The primary button says Resume while a run waits; Stop says now after the first press."""
        self._run.setText("  Resume" if view.is_paused or view.needs_person else "  Run")
        self._stop.setText(" Stop now" if view.is_stopping else " Stop")

    def recolour(self, theme: Theme) -> None:
        """Draws the icons in the theme's colours."""
        self._menu_button.setIcon(icons.icon("menu", theme.text2))
        self._tile.setPixmap(icons.pixmap("git-branch", 14, theme.on_accent, self.devicePixelRatioF()))
        self._search.setIcon(icons.icon("search", theme.text2))
        self._theme_button.setIcon(icons.icon("moon" if theme.name == "light" else "sun", theme.text))
        self._run.setIcon(icons.icon("play", theme.on_accent, theme.disabled))
        for action, button in self._buttons:
            icon = self._actions.spec(action.objectName()).icon
            button.setIcon(icons.icon(icon, theme.text, theme.disabled))

    def first(self) -> QWidget:
        """Where the keyboard comes to: the button that can be used now, Run before the menu."""
        return self._run if self._run.isEnabled() else self._menu_button

    def open_menu(self) -> None:
        """Drops the menu down from its button."""
        below = self._menu_button.mapToGlobal(QPoint(0, self._menu_button.height() + 4))
        self._menu.popup(below)
        self._menu.setActiveAction(self._menu.actions()[0])

    def _left(self) -> QWidget:
        self._menu_button = _tool_button("menuButton")
        self._menu_button.setToolTip("Menu (Alt+M)")
        self._menu_button.setAccessibleName("Menu (Alt+M)")
        self._menu_button.setShortcut(QKeySequence("Alt+M"))
        self._menu_button.clicked.connect(self.open_menu)
        self._tile = QLabel()
        self._tile.setObjectName("appTile")
        self._tile.setFixedSize(TILE_PX, TILE_PX)
        self._tile.setAlignment(Qt.AlignmentFlag.AlignCenter)
        self._name = ElidedLabel(Qt.TextElideMode.ElideRight)
        self._name.setObjectName("workflowName")
        self._dot = QLabel()
        self._dot.setObjectName("editedDot")
        self._dot.setFixedSize(7, 7)
        self._edited = QLabel("edited")
        self._edited.setProperty("role", "subtitle")
        undo = self._action_button("edit.undo")
        redo = self._action_button("edit.redo")
        widgets = [self._menu_button, self._tile, self._name, self._dot, self._edited, undo, redo]
        return _row(widgets, stretch_last=True)

    def _middle(self) -> QWidget:
        run = self._actions["run.run"]
        self._run = QPushButton("  Run")
        self._run.setObjectName("runButton")
        self._run.setProperty("variant", "primary")
        self._run.clicked.connect(run.trigger)
        run.changed.connect(lambda: self._run.setEnabled(run.isEnabled()))
        hint = QLabel(self._run)
        hint.setObjectName("runKey")
        hint.setAttribute(Qt.WidgetAttribute.WA_TransparentForMouseEvents)
        inside = QHBoxLayout(self._run)
        inside.setContentsMargins(reading.margins(0, 0, 12, 0))
        inside.addStretch(1)
        inside.addWidget(hint)
        _follow(run, self._run, hint)
        pause = self._action_button("run.pause", with_text=True)
        self._stop = self._action_button("run.stop", with_text=True)
        step = self._action_button("run.step", with_text=True)
        return _row([self._run, pause, self._stop, step])

    def _right(self) -> QWidget:
        self._search = QPushButton(SEARCH)
        self._search.setObjectName("commandBox")
        self._search.clicked.connect(self.commands_requested)
        key = QLabel(self._search)
        key.setObjectName("commandKey")
        key.setAttribute(Qt.WidgetAttribute.WA_TransparentForMouseEvents)
        inside = QHBoxLayout(self._search)
        inside.setContentsMargins(reading.margins(0, 0, 10, 0))
        inside.addStretch(1)
        inside.addWidget(key)
        _follow(self._actions["view.commands"], self._search, key)
        self._search.setAccessibleName(SEARCH.strip())
        self._theme_button = _tool_button("themeButton")
        _follow(self._actions["view.theme"], self._theme_button)
        self._theme_button.clicked.connect(self._actions["view.theme"].trigger)
        return _row([self._search, self._theme_button], stretch_first=True)

    def _action_button(self, action_id: str, *, with_text: bool = False) -> QToolButton:
        action = self._actions[action_id]
        button = _tool_button(f"button.{action_id}")
        _follow(action, button)
        if with_text:
            button.setText(f" {action.text()}")
            button.setToolButtonStyle(Qt.ToolButtonStyle.ToolButtonTextBesideIcon)
        button.clicked.connect(action.trigger)
        button.setEnabled(action.isEnabled())
        action.changed.connect(lambda: button.setEnabled(action.isEnabled()))
        self._buttons.append((action, button))
        return button


def _tool_button(name: str) -> QToolButton:
    button = QToolButton()
    button.setObjectName(name)
    button.setIconSize(QSize(ICON_PX, ICON_PX))
    button.setFocusPolicy(Qt.FocusPolicy.TabFocus)
    return button


def _row(widgets: Sequence[QWidget], *, stretch_first: bool = False, stretch_last: bool = False) -> QWidget:
    holder = QWidget()
    row = QHBoxLayout(holder)
    row.setContentsMargins(0, 0, 0, 0)
    row.setSpacing(8)
    if stretch_first:
        row.addStretch(1)
    for widget in widgets:
        row.addWidget(widget, 0, Qt.AlignmentFlag.AlignVCenter)
    if stretch_last:
        row.addStretch(1)
    return holder


def _follow(action: QAction, button: QAbstractButton, key: QLabel | None = None) -> None:
    """Show the action's tip, and in ``key`` its key, also when they change."""

    def show() -> None:
        button.setToolTip(action.toolTip())
        button.setAccessibleName(action.text().rstrip("…"))
        button.setAccessibleDescription(action.toolTip())
        if key is not None:
            text = action.shortcut().toString(QKeySequence.SequenceFormat.NativeText)
            key.setText(text.replace("+", " "))

    action.changed.connect(show)
    show()
