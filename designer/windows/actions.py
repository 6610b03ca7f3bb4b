"""Every command of the window as one table: text, keys, icon, what it does in a sentence.

Menus, toolbar, shortcut sheet and command palette are all made from it, so that a command has one name, one
key and one enabled state wherever it is seen.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

from PySide6.QtCore import QObject, Qt
from PySide6.QtGui import QAction, QKeySequence
from PySide6.QtWidgets import QWidget

from designer.theme import icons
from designer.theme.theme import Theme


@dataclass(frozen=True, slots=True, kw_only=True)
class ActionSpec:
    """One command. `on_canvas` keys work while the canvas has the focus, all others anywhere."""

    id: str
    text: str
    tip: str
    keys: tuple[str, ...] = ()
    icon: str = ""
    on_canvas: bool = False
    checkable: bool = False


def _spec(id: str, text: str, tip: str, *keys: str, icon: str = "", **flags: bool) -> ActionSpec:
    return ActionSpec(id=id, text=text, tip=tip, keys=keys, icon=icon, **flags)


SPECS: tuple[ActionSpec, ...] = (
    _spec("file.new", "New workflow", "Starts with an empty canvas", "Ctrl+N", icon="file-plus"),
    _spec("file.open", "Open…", "Opens a workflow file", "Ctrl+O", icon="folder-open"),
    _spec("file.save", "Save", "Writes the workflow to its file", "Ctrl+S", icon="save"),
    _spec("file.save_as", "Save as…", "Writes the workflow to another file", "Ctrl+Shift+S"),
    _spec("file.export_picture", "Export picture…", "Saves the drawing as a PNG picture", icon="image"),
    _spec("file.preferences", "Preferences…", "Theme, mouse wheel, motion", "Ctrl+,", icon="settings"),
    _spec("file.quit", "Quit", "Closes the program", "Ctrl+Q", icon="log-out"),
    _spec("edit.undo", "Undo", "Takes back the last edit", "Ctrl+Z", icon="undo-2"),
    _spec(
        "edit.redo",
        "Redo",
        "Makes the edit again that was taken back",
        "Ctrl+Shift+Z",
        "Ctrl+Y",
        icon="redo-2",
    ),
    _spec(
        "edit.cut",
        "Cut",
        "Moves the selected nodes to the clipboard",
        "Ctrl+X",
        icon="scissors",
        on_canvas=True,
    ),
    _spec("edit.copy", "Copy", "Copies the selected nodes as text", "Ctrl+C", icon="copy", on_canvas=True),
    _spec(
        "edit.paste",
        "Paste",
        "Inserts nodes from the clipboard",
        "Ctrl+V",
        icon="clipboard-paste",
        on_canvas=True,
    ),
    _spec(
        "edit.duplicate", "Duplicate", "Copies the selected nodes beside themselves", "Ctrl+D", on_canvas=True
    ),
    _spec(
        "edit.delete",
        "Delete",
        "Deletes what is selected",
        "Del",
        "Backspace",
        icon="trash-2",
        on_canvas=True,
    ),
    _spec(
        "edit.rename", "Rename", "Gives the selected node another title", "F2", icon="pencil", on_canvas=True
    ),
    _spec("edit.select_all", "Select all", "Selects every node", "Ctrl+A", on_canvas=True),
    _spec("edit.add_node", "Add node…", "Finds a node type and adds it", "Ctrl+Space", icon="plus"),
    _spec(
        "edit.find", "Find on the canvas…", "Finds nodes by name, type or parameter", "Ctrl+F", icon="search"
    ),
    _spec("view.zoom_in", "Zoom in", "Shows the drawing larger", "Ctrl++", "Ctrl+=", icon="zoom-in"),
    _spec("view.zoom_out", "Zoom out", "Shows the drawing smaller", "Ctrl+-", icon="zoom-out"),
    _spec("view.zoom_100", "Actual size", "Shows the drawing at 100 %", "Ctrl+0"),
    _spec(
        "view.frame_all",
        "Show everything",
        "Fits the whole drawing into the canvas",
        "Ctrl+1",
        icon="maximize",
    ),
    _spec(
        "view.frame_selection",
        "Show the selection",
        "Fits the selection into the canvas",
        "F",
        on_canvas=True,
    ),
    _spec("view.palette", "Nodes panel", "Shows or hides the list of nodes", "Ctrl+Alt+1", checkable=True),
    _spec("view.inspector", "Inspector", "Shows or hides the inspector", "Ctrl+Alt+2", checkable=True),
    _spec(
        "view.bottom", "Data and log panel", "Shows or hides the bottom panel", "Ctrl+Alt+3", checkable=True
    ),
    _spec(
        "view.float",
        "Float or dock panels",
        "Takes the panels out of the window, or back",
        icon="external-link",
    ),
    _spec("view.theme", "Light or dark", "Switches between the light and the dark theme", icon="moon"),
    _spec(
        "view.theme_system", "Theme of the system", "Follows the system's light or dark theme", icon="monitor"
    ),
    _spec(
        "view.commands",
        "Commands…",
        "Finds a command, a node to add or a recent file",
        "Ctrl+K",
        icon="command",
    ),
    _spec(
        "run.run",
        "Run",
        "Runs the workflow, or takes a paused run up again",
        "F5",
        "Ctrl+Return",
        icon="play",
    ),
    _spec("run.run_with", "Run with inputs…", "Asks for the inputs first, then runs", "Ctrl+F5"),
    _spec("run.pause", "Pause", "Starts no further step; what runs finishes", "F6", icon="pause"),
    _spec(
        "run.stop", "Stop", "Ends the run; a second time it interrupts what runs", "Shift+F5", icon="square"
    ),
    _spec(
        "run.answer",
        "Answer the run…",
        "Opens the question the run waits for",
        "F8",
        icon="circle-question-mark",
    ),
    _spec("run.clear", "Clear the run's marks", "Takes the last run's states off the canvas"),
    _spec(
        "help.shortcuts",
        "Keyboard shortcuts",
        "Lists every key",
        "?",
        "Shift+?",
        "F1",
        icon="keyboard",
        on_canvas=True,
    ),
    _spec(
        "help.logs", "Show the log folder", "Opens the folder with the program's log", icon="folder-search"
    ),
    _spec("help.about", "About Workflow Designer", "Version and licences", icon="info"),
)

SEPARATOR = "-"
MENUS: tuple[tuple[str, tuple[str, ...]], ...] = (
    (
        "File",
        (
            "file.new", "file.open", "menu.recent", "menu.examples", SEPARATOR, "file.save", "file.save_as",
            "file.export_picture", SEPARATOR, "file.preferences", SEPARATOR, "file.quit",
        ),
    ),
    (
        "Edit",
        (
            "edit.undo", "edit.redo", SEPARATOR, "edit.cut", "edit.copy", "edit.paste", "edit.duplicate",
            "edit.delete", "edit.rename", SEPARATOR, "edit.select_all", "edit.find", "edit.add_node",
        ),
    ),
    (
        "View",
        (
            "view.commands", SEPARATOR, "view.zoom_in", "view.zoom_out", "view.zoom_100", "view.frame_all",
            "view.frame_selection", SEPARATOR, "view.palette", "view.inspector", "view.bottom", "view.float",
            SEPARATOR, "view.theme", "view.theme_system",
        ),
    ),
    ("Run", ("run.run", "run.run_with", "run.pause", "run.stop", SEPARATOR, "run.answer", "run.clear")),
    ("Help", ("help.shortcuts", "help.logs", "help.about")),
)  # fmt: skip
"""The menus in order; `menu.*` stands for a submenu that the window fills when it opens."""


class Actions(QObject):
    """The window's QActions by id; icons follow the theme."""

    def __init__(self, window: QWidget) -> None:
        super().__init__(window)
        self._window = window
        self._actions: dict[str, QAction] = {}
        self._specs = {spec.id: spec for spec in SPECS}
        for spec in SPECS:
            self._actions[spec.id] = self._make(spec)

    def __getitem__(self, action_id: str) -> QAction:
        return self._actions[action_id]

    def __contains__(self, action_id: object) -> bool:
        return action_id in self._actions

    def __iter__(self) -> Iterator[QAction]:
        return iter(self._actions.values())

    def connect_all(self, slots: dict[str, Callable[[], Any]]) -> None:
        """Connects triggered, without its `checked` argument, of each named action."""
        for action_id, slot in slots.items():
            self._actions[action_id].triggered.connect(_without_argument(slot))

    def place_on_canvas(self, canvas: QWidget) -> None:
        """Gives the canvas the keys that are its own."""
        for spec in SPECS:
            if spec.on_canvas:
                canvas.addAction(self._actions[spec.id])

    def spec(self, action_id: str) -> ActionSpec:
        return self._specs[action_id]

    def recolour(self, theme: Theme) -> None:
        """Draws every icon in the theme's text colour."""
        for spec in SPECS:
            if spec.icon:
                self._actions[spec.id].setIcon(icons.icon(spec.icon, theme.text, theme.disabled))

    def _make(self, spec: ActionSpec) -> QAction:
        action = QAction(spec.text, self)
        action.setObjectName(spec.id)
        action.setShortcuts([QKeySequence(key) for key in spec.keys])
        action.setCheckable(spec.checkable)
        keys = action.shortcut().toString(QKeySequence.SequenceFormat.NativeText)
        action.setToolTip(f"{spec.tip} ({keys})" if keys else spec.tip)
        if spec.on_canvas:
            action.setShortcutContext(Qt.ShortcutContext.WidgetWithChildrenShortcut)
        else:
            self._window.addAction(action)
        return action


def _without_argument(slot: Callable[[], Any]) -> Callable[[bool], None]:
    def call(_checked: bool = False) -> None:
        slot()

    return call
