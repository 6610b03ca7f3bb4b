"""Finds words that do not fit into the widget that shows them."""

from __future__ import annotations

from PySide6.QtCore import QMargins
from PySide6.QtWidgets import QAbstractButton, QCheckBox, QLabel, QLineEdit, QPushButton, QToolButton, QWidget
from pytestqt.qtbot import QtBot

from designer.panels.elided_label import ElidedLabel

SLACK_PX = 1


def cut_words(window: QWidget) -> list[str]:
    """Every label, button and field below a window whose text is cut at its right or its lower edge."""
    found = []
    for widget in window.findChildren(QWidget):
        if not widget.isVisible() or isinstance(widget, ElidedLabel):
            continue
        if isinstance(widget, QLabel) and widget.text() and widget.pixmap().isNull():
            found += _label(widget)
        elif isinstance(widget, QPushButton | QCheckBox) and widget.text():
            found += _compared(widget)
        elif isinstance(widget, QToolButton) and widget.text() and not widget.icon().isNull():
            continue  # its text is its name, not shown
        elif isinstance(widget, QToolButton) and widget.text():
            found += _compared(widget)
        elif isinstance(widget, QLineEdit) and widget.height() < widget.fontMetrics().height():
            found.append(f"{_path(widget)}: {widget.height()} px high for a line of text")
    return found


def _label(label: QLabel) -> list[str]:
    if not label.wordWrap():
        return _compared(label)
    needed = label.heightForWidth(label.width())
    if label.height() + SLACK_PX < needed:
        return [f"{_path(label)}: {label.text()[:40]!r} needs {needed} px of height, has {label.height()}"]
    return []


def _compared(widget: QAbstractButton | QLabel) -> list[str]:
    wanted = widget.minimumSizeHint() if isinstance(widget, QLabel) else widget.sizeHint()
    if isinstance(widget, QPushButton | QToolButton):
        # The size that a button would like is more than its words need.
        words = widget.fontMetrics().size(0, widget.text())
        wanted = wanted.boundedTo(words.grownBy(QMargins(4, 0, 4, 0)))
    if widget.width() + SLACK_PX < wanted.width() or widget.height() + SLACK_PX < wanted.height():
        size = (widget.width(), widget.height())
        return [f"{_path(widget)}: {widget.text()[:40]!r} needs {wanted.toTuple()} px, has {size}"]
    return []


def _path(widget: QWidget) -> str:
    names = []
    here: QWidget | None = widget
    while here is not None and not here.isWindow():
        names.append(f"{type(here).__name__}#{here.objectName()}")
        here = here.parentWidget()
    return "/".join(reversed(names[:5]))


def assert_no_word_is_cut(qtbot: QtBot, window: QWidget) -> None:
    """Once the window has laid itself out: a layout comes to rest some events after a change."""

    def look() -> None:
        found = cut_words(window)
        assert not found, "\n".join(found)

    qtbot.waitUntil(look)
