"""When Python's collector may look through what the designer holds: not while a person works.

Nearly all that the designer drops is freed at once, by counting references; the collector is there for what
refers to itself in a circle: a closed window, an error with its frames. Left alone, it looks through
everything that is alive whenever that has grown by a quarter, in the middle of whatever the person does, and
no thread of Python goes on meanwhile: with a large drawing and its run for a tenth of a second and more.

So it looks through the youngest objects only, in small portions, and through the others at rest:

- after two seconds without a key or a movement of the mouse, what is new since the last time; if that takes
  long, or would, it is put aside (`gc.freeze`) instead;
- after a minute, or when another program has the keyboard, everything, what is put aside too.

The engine's own module for the same (`engine.run.garbage`) puts aside what a run makes, and leaves putting
back to this one as long as there is a window.
"""

from __future__ import annotations

import gc
import time
from collections.abc import Callable
from typing import Final

from PySide6.QtCore import QEvent, QObject, Qt, QTimer
from PySide6.QtGui import QGuiApplication, QWindow

from engine.run import garbage

YOUNG: Final = 20_000
"""So many new objects at a time are looked through, which takes two milliseconds."""
TURNS: Final = 3
"""After so many times those that have stayed are looked through once more."""
NEVER: Final = 1_000_000_000

LOOK_MS: Final = 2_000
REST_S: Final = 2.0
SOON_S: Final = 6.0
AWAY_S: Final = 60.0
LONG_AWAY_S: Final = 600.0
"""After so long even a run waits a moment."""
SHORT_S: Final = 0.01
"""What takes longer to look through than this is put aside, to be looked through when the person is away."""
MANY: Final = 200_000
"""So many new objects take longer for sure."""

_INPUT = frozenset(
    {
        QEvent.Type.KeyPress,
        QEvent.Type.MouseButtonPress,
        QEvent.Type.MouseMove,
        QEvent.Type.Wheel,
        QEvent.Type.TouchBegin,
        QEvent.Type.TouchUpdate,
        QEvent.Type.TabletMove,
        QEvent.Type.DragMove,
        QEvent.Type.NativeGesture,
    }
)


def spare_collecting() -> None:
    """From here on nothing but young objects is looked through by itself."""
    gc.set_threshold(YOUNG, TURNS, NEVER)


class Collecting(QObject):
    """Collects for the whole program while a person rests; `end` has to follow.

    is_busy: whether a run is on somebody's screen.
    """

    def __init__(self, is_busy: Callable[[], bool], clock: Callable[[], float] = time.monotonic) -> None:
        super().__init__()
        self._is_busy = is_busy
        self._clock = clock
        self._moved_at = clock()
        self._soon = False
        self._looked_at = self._passes()
        self._whole_at = self._looked_at
        self._timer = QTimer(self)
        self._timer.setTimerType(Qt.TimerType.VeryCoarseTimer)
        self._timer.setInterval(LOOK_MS)
        self._timer.timeout.connect(self.look)

    def begin(self) -> None:
        """The window stands; from here on what is there is collected as this class says."""
        self.put_aside()
        garbage.leave_putting_back(True)
        self._timer.start()
        application = QGuiApplication.instance()
        assert isinstance(application, QGuiApplication)
        application.focusWindowChanged.connect(self._watch)
        self._watch(QGuiApplication.focusWindow())

    def put_aside(self) -> None:
        """What there is now stays, and is looked through again only with everything."""
        gc.freeze()
        self._looked_at = self._passes()

    def end(self) -> None:
        """Leave the collector as it was found."""
        if self._timer.isActive():
            self._timer.stop()
            application = QGuiApplication.instance()
            assert isinstance(application, QGuiApplication)
            application.focusWindowChanged.disconnect(self._watch)
            for window in QGuiApplication.allWindows():
                window.removeEventFilter(self)
            garbage.leave_putting_back(False)
            gc.unfreeze()

    def expect(self) -> None:
        """Much has been dropped, a window for example: everything is looked through at the next rest."""
        self._soon = True

    def look(self) -> None:
        """See whether this is the time, and do what can be done at it."""
        rest = self._clock() - self._moved_at
        if rest < REST_S or (self._is_busy() and rest < LONG_AWAY_S):
            return
        passes = self._passes()
        if rest >= self._patience() and (self._soon or passes != self._whole_at):
            gc.unfreeze()
            gc.collect()
            gc.freeze()
            self._soon = False
            self._whole_at = self._looked_at = self._passes()
        elif passes != self._looked_at:
            self._look_through_what_is_new((passes - self._looked_at) * YOUNG)
            self._looked_at = self._passes()

    def _look_through_what_is_new(self, at_most: int) -> None:
        if at_most < MANY:
            began = time.perf_counter()
            gc.collect()
            if time.perf_counter() - began < SHORT_S:
                return
        self.put_aside()

    def _patience(self) -> float:
        """How long a person has to rest before everything is looked through."""
        if self._soon or QGuiApplication.applicationState() != Qt.ApplicationState.ApplicationActive:
            return SOON_S
        return AWAY_S

    @staticmethod
    def _passes() -> int:
        """How often the youngest objects have been looked through: grows with what is made and kept."""
        young, younger = gc.get_stats()[:2]
        return int(young["collections"] + younger["collections"])

    # -- the person --------------------------------------------------------------------------

    def _watch(self, window: QWindow | None) -> None:
        """Hear of what a person does in a window; each gets the keyboard before anything is done in it."""
        self._moved_at = self._clock()
        if window is not None:
            window.installEventFilter(self)

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        if event.type() in _INPUT:
            self._moved_at = self._clock()
        return False
