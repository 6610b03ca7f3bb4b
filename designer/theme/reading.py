"""Which way the window is read: from the left, or from the right as Arabic and Hebrew are.

Qt mirrors layouts by itself. What is painted by hand asks here where its parts go; the words in it keep the
direction of their own script, whichever way the window is read.
"""

from __future__ import annotations

from PySide6.QtCore import QMargins, QRectF, Qt
from PySide6.QtGui import QGuiApplication, QPainter

_Align = Qt.AlignmentFlag


def is_from_right() -> bool:
    return QGuiApplication.isRightToLeft()


def placed(part: QRectF, whole: QRectF) -> QRectF:
    """Where a part goes that was laid out from the left; mirrored in a window that is read from the right."""
    if not is_from_right():
        return part
    return QRectF(whole.left() + whole.right() - part.right(), part.top(), part.width(), part.height())


def leading() -> Qt.AlignmentFlag:
    """The side on which a line begins, the same for words of every script."""
    return (_Align.AlignRight if is_from_right() else _Align.AlignLeft) | _Align.AlignAbsolute


def trailing() -> Qt.AlignmentFlag:
    """The side on which a line ends."""
    return (_Align.AlignLeft if is_from_right() else _Align.AlignRight) | _Align.AlignAbsolute


def margins(left: int, top: int, right: int, bottom: int) -> QMargins:
    """The margins of a layout, given as for a window that is read from the left."""
    return QMargins(right, top, left, bottom) if is_from_right() else QMargins(left, top, right, bottom)


def draw(painter: QPainter, area: QRectF, text: str, side: Qt.AlignmentFlag | None = None) -> None:
    """Draw one line of text in the direction of its own script, at the leading side unless said otherwise."""
    before = painter.layoutDirection()
    painter.setLayoutDirection(Qt.LayoutDirection.LayoutDirectionAuto)
    flags = (leading() if side is None else side) | _Align.AlignVCenter
    painter.drawText(area, int(flags) | int(Qt.TextFlag.TextSingleLine), text)
    painter.setLayoutDirection(before)
