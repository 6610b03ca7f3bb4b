"""How large text is: as the system has it, or as a person chose, from 80 % to 200 %.

Fonts and everything that has to hold text are made through here. The drawing on the canvas is not: it is
shown larger as a whole, because a card that keeps its size would cut its words.
"""

from __future__ import annotations

import sys
from collections.abc import Callable
from typing import Any, TypeVar
from weakref import WeakKeyDictionary

import shiboken6
from PySide6.QtCore import QObject
from PySide6.QtGui import QFontDatabase

LIKE_THE_SYSTEM = 0
LEAST, MOST = 80, 200
_NORMAL_PT = {"win32": 9.0, "darwin": 13.0}
_NORMAL_ELSEWHERE_PT = 11.0
"""What systems use before anybody asks for larger text."""

T = TypeVar("T", bound=QObject)

_scale: list[float] = [1.0]
_chosen: list[int] = [100]
_kept: WeakKeyDictionary[QObject, list[Callable[[Any], object]]] = WeakKeyDictionary()


def scale() -> float:
    """How much larger text is than designed; 1.0 is 100 %."""
    return _scale[-1]


def length(px: float) -> int:
    """A length that has to grow with the text in it."""
    return round(px * _scale[-1])


def adopt(percent: int) -> float:
    """Use this size from now on, `LIKE_THE_SYSTEM` for the system's; `renew` tells what is there already."""
    _chosen[:] = [percent]
    wanted = of_the_system() if percent == LIKE_THE_SYSTEM else percent / 100
    _scale[:] = [min(MOST / 100, max(LEAST / 100, wanted))]
    return scale()


def chosen() -> int:
    """What was adopted last: a size, or `LIKE_THE_SYSTEM`."""
    return _chosen[-1]


def keep(owner: T, fit: Callable[[T], object]) -> None:
    """Fit something to the size of text, now and whenever it changes; `fit` is given the owner.

    It must not hold the owner itself, which would then never go.
    """
    fit(owner)
    _kept.setdefault(owner, []).append(fit)


def renew() -> None:
    """Fit everything to the size that was adopted."""
    for owner, fits in list(_kept.items()):
        if shiboken6.isValid(owner):
            for fit in fits:
                fit(owner)


def of_the_system() -> float:
    """How much larger than usual the system's own text is; a system with small text gives 1.0.

    Only what Qt does not do already: it scales whole windows by a screen's density.
    """
    # Not the font of the application, which is ours by now.
    points = QFontDatabase.systemFont(QFontDatabase.SystemFont.GeneralFont).pointSizeF()
    return max(1.0, round(points / _NORMAL_PT.get(sys.platform, _NORMAL_ELSEWHERE_PT), 2))
