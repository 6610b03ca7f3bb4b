"""Lets the window breathe between two things that each take long with a large drawing."""

from __future__ import annotations

from collections.abc import Callable

from PySide6.QtCore import QTimer
from PySide6.QtWidgets import QAbstractScrollArea

MANY = 1_000
"""So many cards take long enough."""


def is_large(count: int) -> bool:
    """Whether so many cards are worth a breath."""
    return count > MANY


def breathe(view: QAbstractScrollArea, then: Callable[[], object] | None = None) -> None:
    """Paint nothing until waiting keys and movements have been heard, and `then` been done.

    Otherwise Qt paints as soon as Python gives back control, before anything that a person did meanwhile.
    """
    viewport = view.viewport()
    viewport.setUpdatesEnabled(False)

    def go_on() -> None:
        if then is not None:
            then()
        viewport.setUpdatesEnabled(True)

    QTimer.singleShot(1, viewport, go_on)
