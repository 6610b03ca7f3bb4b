"""Names for what Qt itself puts into a window, for those who hear it."""

from __future__ import annotations

from PySide6.QtGui import QAccessible, QAccessibleAnnouncementEvent
from PySide6.QtWidgets import QLineEdit, QToolButton, QWidget

_CLEAR = "_q_qlineeditclearaction"


def name_buttons(field: QLineEdit) -> None:
    """Name the small buttons inside a field: Qt gives them a picture only."""
    for button in field.findChildren(QToolButton):
        action = button.defaultAction()
        is_clear = action is not None and action.objectName() == _CLEAR
        said = action.text() if action is not None else ""
        name = "Clear" if is_clear else said or "Search"
        button.setAccessibleName(f"{name}: {field.accessibleName()}")


def announce(widget: QWidget, text: str) -> None:
    """Let a screen reader say this now, wherever the keyboard is; nothing happens without one."""
    if text and QAccessible.isActive():
        QAccessible.updateAccessibility(QAccessibleAnnouncementEvent(widget, text))
