"""The window: lays its parts out, remembers where they were, and does not close over unsaved work."""

from __future__ import annotations

from collections.abc import Iterable

from PySide6.QtCore import QTimer, Signal
from PySide6.QtGui import QCloseEvent, QDragEnterEvent, QDropEvent
from PySide6.QtWidgets import QMainWindow, QMenu

from designer.canvas.view import CanvasView
from designer.dialogs.keymap import Keymap
from designer.panels.bottom_panel import BottomPanel
from designer.panels.inspector_panel import InspectorPanel
from designer.panels.outline_panel import OutlinePanel
from designer.panels.palette_panel import PalettePanel
from designer.windows.actions import Actions
from designer.windows.command_list import (
    action_commands,
    example_commands,
    file_commands,
    node_commands,
    step_commands,
)
from designer.windows.command_palette import Command, CommandPalette
from designer.windows.docks import Docks
from designer.windows.edit_wiring import EditWiring
from designer.windows.examples import examples
from designer.windows.file_wiring import FileWiring
from designer.windows.hold_wiring import HoldWiring
from designer.windows.incident_wiring import IncidentWiring
from designer.windows.inside_wiring import InsideWiring
from designer.windows.menu_table import MENUS, SEPARATOR, SUBMENUS
from designer.windows.outline_wiring import OutlineWiring
from designer.windows.panes import Panes
from designer.windows.part_wiring import PartWiring
from designer.windows.picture_wiring import PictureWiring
from designer.windows.run_wiring import RunWiring
from designer.windows.session import Session
from designer.windows.stage import Stage
from designer.windows.status_line import StatusLine
from designer.windows.top_bar import TopBar
from designer.windows.work_wiring import WorkWiring

FIRST_SIZE = (1440, 900)
SMALLEST_SIZE = (880, 560)


class MainWindow(QMainWindow):
    """Owns the widgets; what they do to each other stands in the three wirings.

    `closed` is sent once, when everything that had to be asked and saved is done.
    """

    closed = Signal()

    def __init__(self, session: Session) -> None:
        super().__init__()
        self.setObjectName("window")
        self.session = session
        self._may_close = False
        self.commands = Actions(self)
        self.keymap = Keymap(self.commands, session.settings, self)
        self.canvas = CanvasView(
            session.editor, session.catalog, session.theme, session.settings, session.works
        )
        self.palette_panel = PalettePanel(session.catalog.types)
        self.inspector = InspectorPanel(session.editor, session.catalog)
        self.bottom = BottomPanel(session.locate)
        self.outline = OutlinePanel(session.editor, session.catalog)
        self.stage = Stage(self.canvas, self.canvas.viewport())
        self.status_line = StatusLine(self, session.works)
        self.top_bar = TopBar(self.commands, self._make_menus(), self)
        self.setMenuWidget(self.top_bar)
        self.setCentralWidget(self.stage)
        self.setStatusBar(self.status_line)
        self.docks = Docks(self, self.palette_panel, self.inspector, self.bottom, self.outline)
        self._command_palette = CommandPalette(self)
        self.setAcceptDrops(True)
        self.setMinimumSize(*SMALLEST_SIZE)
        self.edit_wiring = EditWiring(self, session)
        self.run_wiring = RunWiring(self, session)
        self.part_wiring = PartWiring(self, session)
        self.hold_wiring = HoldWiring(self, session)
        self.incident_wiring = IncidentWiring(self, session)
        self.outline_wiring = OutlineWiring(self, session)
        self.panes = Panes(self)
        self.file_wiring = FileWiring(self, session)
        self.inside_wiring = InsideWiring(self, session)
        self.picture_wiring = PictureWiring(self, session)
        self.work_wiring = WorkWiring(self, session)
        self.stage.make_hint = self.file_wiring.make_hint
        self.stage.set_empty(not session.editor.workflow.nodes)
        self.commands.connect_all({"view.commands": self.open_commands})
        self.top_bar.commands_requested.connect(self.open_commands)
        self._restore()
        self.canvas.setFocus()

    def open_commands(self) -> None:
        """Opens the command palette with everything that can be done now."""
        theme = self.session.theme.theme
        wiring = self.file_wiring
        self._command_palette.open_with(
            [
                *action_commands(self.commands),
                *step_commands(self.canvas, theme),
                *node_commands(self.session.catalog.types, theme, self.canvas.add_node_at_centre),
                *file_commands(wiring.recent(), wiring.open, theme),
                *example_commands(examples(), wiring.open_example, theme),
            ]
        )

    def choose(self, commands: Iterable[Command], wish: str) -> None:
        """Lets one of these be found by typing, and does it; `wish` says what is chosen here."""
        self._command_palette.open_with(commands, wish)

    def closeEvent(self, event: QCloseEvent) -> None:
        """Asks what has to be asked before the window goes; the questions are not modal loops."""
        if self._may_close:
            event.accept()
            self.closed.emit()
            return
        event.ignore()
        self.session.tasks.start(self.leave(), "leave")

    def dragEnterEvent(self, event: QDragEnterEvent) -> None:
        if self.file_wiring.accepts(event) is not None:
            event.acceptProposedAction()

    def dropEvent(self, event: QDropEvent) -> None:
        path = self.file_wiring.accepts(event)
        if path is not None:
            event.acceptProposedAction()
            self.file_wiring.open(path)

    async def leave(self) -> bool:
        """Asks what has to be asked, and closes; False when the person would rather stay."""
        if self._may_close:  # it is on its way already
            return True
        self.session.works.give_up_all()  # with it a start of which there is no run yet
        controller = self.session.controller
        view = controller.view
        if view.execution_id is not None and view.is_active and not view.is_paused:
            match await self.session.person.ask_running(controller.view):
                case "cancel":
                    return False
                case "stop":
                    await controller.stop()
                case "keep":
                    await controller.pause()
        if not await self.session.files.may_lose_edits():
            return False
        self._remember()
        self.bottom.close_sources()
        self.session.journal.close()
        self._may_close = True
        # The task that asks must have ended before the program takes its loop down.
        QTimer.singleShot(0, self, self.close)
        return True

    def _remember(self) -> None:
        settings = self.session.settings
        settings.set_window_state("geometry", self.saveGeometry())
        settings.set_window_state("docks", self.docks.save())
        settings.sync()

    def _restore(self) -> None:
        settings = self.session.settings
        if not self.restoreGeometry(settings.window_state("geometry")):
            self.resize(*FIRST_SIZE)
        self.docks.restore(settings.window_state("docks"))

    def _make_menus(self) -> list[QMenu]:
        menus = []
        for title, ids in MENUS:
            menus.append(QMenu(f"&{title}", self))
            menus[-1].setToolTipsVisible(True)
            self._fill_menu(menus[-1], ids)
        return menus

    def _fill_menu(self, menu: QMenu, ids: Iterable[str]) -> None:
        for action_id in ids:
            if action_id == SEPARATOR:
                menu.addSeparator()
            elif action_id in SUBMENUS:
                title, inner = SUBMENUS[action_id]
                self._fill_menu(menu.addMenu(title), inner)
            elif action_id == "menu.recent":
                recent = menu.addMenu("Open recent")
                recent.aboutToShow.connect(lambda m=recent: self.file_wiring.fill_recent(m))
            elif action_id == "menu.examples":
                listed = menu.addMenu("Examples")
                listed.setToolTipsVisible(True)
                listed.aboutToShow.connect(lambda m=listed: self.file_wiring.fill_examples(m))
            else:
                menu.addAction(self.commands[action_id])
