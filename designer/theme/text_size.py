"""How large text is: as the system has it, or as a person chose, from 80 % to 200 %.

Fonts and everything that has to hold text are made through here. The drawing on the canvas is not: it is
shown larger as a whole, because a card that keeps its size would cut its words.
"""

from __future__ import annotations

import sys

from PySide6.QtGui import QGuiApplication

LIKE_THE_SYSTEM = 0
LEAST, MOST = 80, 200
_NORMAL_PT = {"win32": 9.0, "darwin": 13.0}
_NORMAL_ELSEWHERE_PT = 11.0
"""What systems use before anybody asks for larger text."""

_scale: list[float] = [1.0]


def scale() -> float:
    """How much larger text is than designed; 1.0 is 100 %."""
    return _scale[-1]


def length(px: float) -> int:
    """A length that has to grow with the text in it."""
    return round(px * _scale[-1])


def adopt(percent: int) -> float:
    """Use this size from now on, `LIKE_THE_SYSTEM` for the system's; widgets made before keep theirs."""
    wanted = of_the_system() if percent == LIKE_THE_SYSTEM else percent / 100
    _scale[:] = [min(MOST / 100, max(LEAST / 100, wanted))]
    return scale()


def of_the_system() -> float:
    """How much larger than usual the system's own text is; a system with small text gives 1.0.

    Only what Qt does not do already: it scales whole windows by a screen's density.
    """
    points = QGuiApplication.font().pointSizeF()
    return max(1.0, round(points / _NORMAL_PT.get(sys.platform, _NORMAL_ELSEWHERE_PT), 2))
