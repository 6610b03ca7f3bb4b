"""The panels around the canvas: they dock, float, hide, and remember where they were."""

from __future__ import annotations

from PySide6.QtCore import QByteArray, Qt
from PySide6.QtGui import QAction
from PySide6.QtWidgets import QDockWidget, QMainWindow, QTabWidget, QWidget

from designer.theme import reading
from designer.theme.text_size import keep, length

STATE_VERSION = 1
LEFT_PX, RIGHT_PX, BOTTOM_PX = 232, 352, 268
OUTLINE_PX = 320
LEAST_LEFT_PX, LEAST_RIGHT_PX = 160, 272
"""Narrower, the names of the nodes and the tabs of the inspector are cut."""

_Area = Qt.DockWidgetArea
_Feature = QDockWidget.DockWidgetFeature


def _version() -> int:
    """Where panels were in a window that is read from the other side says nothing about this one."""
    return STATE_VERSION + int(reading.is_from_right())


class PanelDock(QDockWidget):
    """A panel without a title bar while it is docked; a floating one has the system's, to be moved by."""

    def __init__(self, name: str, title: str, content: QWidget, parent: QMainWindow) -> None:
        super().__init__(title, parent)
        self.setObjectName(name)
        self.setWidget(content)
        self.setFeatures(
            _Feature.DockWidgetClosable | _Feature.DockWidgetMovable | _Feature.DockWidgetFloatable
        )
        self._no_title = QWidget(self)
        self.setTitleBarWidget(self._no_title)
        self.topLevelChanged.connect(self._on_top_level_changed)

    def _on_top_level_changed(self, floating: bool) -> None:
        # A null title bar widget restores Qt's own one, which a floating panel is moved and docked by.
        self.setTitleBarWidget(None if floating else self._no_title)  # type: ignore[arg-type] # Qt takes null


class Docks:
    """The panels of a window: nodes and outline on the left, inspector on the right, data below the canvas.

    The outline is hidden until somebody wants it; then it shares the nodes' place under a tab of its own.
    """

    def __init__(
        self, window: QMainWindow, palette: QWidget, inspector: QWidget, bottom: QWidget, outline: QWidget
    ) -> None:
        self._window = window
        outline.setMinimumWidth(LEAST_LEFT_PX)
        palette.setMinimumWidth(LEAST_LEFT_PX)
        keep(inspector, lambda it: it.setMinimumWidth(min(length(LEAST_RIGHT_PX), RIGHT_PX)))
        self.palette = PanelDock("paletteDock", "Nodes", palette, window)
        self.inspector = PanelDock("inspectorDock", "Inspector", inspector, window)
        self.bottom = PanelDock("bottomDock", "Data", bottom, window)
        self.outline = PanelDock("outlineDock", "Outline", outline, window)
        window.setCorner(Qt.Corner.BottomLeftCorner, _Area.LeftDockWidgetArea)
        window.setCorner(Qt.Corner.BottomRightCorner, _Area.RightDockWidgetArea)
        first, last = _Area.LeftDockWidgetArea, _Area.RightDockWidgetArea
        if reading.is_from_right():
            first, last = last, first
        window.addDockWidget(first, self.palette)
        window.addDockWidget(last, self.inspector)
        window.addDockWidget(_Area.BottomDockWidgetArea, self.bottom)
        window.setTabPosition(_Area.AllDockWidgetAreas, QTabWidget.TabPosition.North)
        window.tabifyDockWidget(self.palette, self.outline)
        self.outline.hide()
        self._first_sizes()

    @property
    def all(self) -> tuple[PanelDock, ...]:
        return (self.palette, self.inspector, self.bottom, self.outline)

    def bind(self, palette: QAction, inspector: QAction, bottom: QAction, outline: QAction) -> None:
        """Makes checkable actions show and hide the panels, and follow them."""
        for dock, action in zip(self.all, (palette, inspector, bottom, outline), strict=True):
            action.setChecked(not dock.isHidden())
            action.toggled.connect(dock.setVisible)
            dock.visibilityChanged.connect(lambda _, d=dock, a=action: a.setChecked(not d.isHidden()))

    def toggle_floating(self) -> None:
        """Takes all panels out of the window, or puts them back where they were docked."""
        floating = not any(dock.isFloating() for dock in self.all)
        for dock in self.all:
            dock.setFloating(floating)

    def reveal(self, dock: PanelDock) -> None:
        """Shows a panel that may be hidden, with room to be read."""
        dock.show()
        dock.raise_()
        if dock is self.outline and not dock.isFloating() and dock.width() < length(OUTLINE_PX):
            self._window.resizeDocks([dock], [length(OUTLINE_PX)], Qt.Orientation.Horizontal)

    def save(self) -> QByteArray:
        """Where everything is, for `restore`."""
        return self._window.saveState(_version())

    def restore(self, state: QByteArray) -> None:
        """Puts the panels where they were; an unknown state leaves them as they are."""
        if not state.isEmpty():
            self._window.restoreState(state, _version())

    def _first_sizes(self) -> None:
        self._window.resizeDocks(
            [self.palette, self.inspector], [length(LEFT_PX), length(RIGHT_PX)], Qt.Orientation.Horizontal
        )
        self._window.resizeDocks([self.bottom], [BOTTOM_PX], Qt.Orientation.Vertical)
