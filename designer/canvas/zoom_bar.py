"""The zoom widget: smaller, actual size, larger, fit."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

from PySide6.QtCore import QSize, Qt
from PySide6.QtWidgets import QFrame, QHBoxLayout, QToolButton

from designer.theme import icons
from designer.theme.text_size import keep, length
from designer.theme.theme import Theme

if TYPE_CHECKING:
    from designer.canvas.view import CanvasView


class ZoomBar(QFrame):
    """Shows the zoom in per cent; a click on it goes back to 100 %."""

    def __init__(self, view: CanvasView) -> None:
        super().__init__(view)
        self._view = view
        self.setProperty("role", "card")
        self.setObjectName("zoom_bar")
        row = QHBoxLayout(self)
        row.setContentsMargins(3, 3, 3, 3)
        row.setSpacing(0)
        self.smaller = self._button("Zoom out", view.zoom_out)
        self.level = self._button("Actual size", lambda: view.set_zoom(1.0), text="100 %")
        keep(self.level, lambda it: it.setMinimumWidth(length(52)))
        self.larger = self._button("Zoom in", view.zoom_in)
        divider = QFrame(self)
        divider.setProperty("role", "vdivider")
        self.fit = self._button("Show everything", view.frame_all, text="Fit")
        for widget in (self.smaller, self.level, self.larger):
            row.addWidget(widget)
        row.addSpacing(3)
        row.addWidget(divider)
        row.addSpacing(3)
        row.addWidget(self.fit)
        view.camera.zoom_changed.connect(self._on_zoom_changed)
        view.theme.theme_changed.connect(self._recolour)
        self._recolour(view.theme.theme)

    def _button(self, tip: str, act: Callable[[], object], text: str = "") -> QToolButton:
        button = QToolButton(self)
        button.setText(text)
        button.setToolTip(tip)
        button.setAccessibleName(tip)
        keep(button, lambda it: it.setFixedHeight(length(24)))
        button.setIconSize(QSize(14, 14))
        button.setFocusPolicy(Qt.FocusPolicy.NoFocus)
        button.clicked.connect(lambda *_checked: act())
        return button

    def _recolour(self, theme: Theme) -> None:
        self.smaller.setIcon(icons.icon("minus", theme.text2))
        self.larger.setIcon(icons.icon("plus", theme.text2))

    def _on_zoom_changed(self, zoom: float) -> None:
        self.level.setText(f"{round(zoom / self._view.camera.actual * 100)} %")
