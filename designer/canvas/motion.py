"""The one timer of the canvas: 30 frames a second while anything moves, stopped when nothing does."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass

from PySide6.QtCore import QEasingCurve, QObject, QTimer, Signal

FRAME_MS = 33
_CURVE = QEasingCurve(QEasingCurve.Type.OutCubic)


@dataclass(frozen=True, slots=True)
class _Run:
    """One movement: it began then, takes so many seconds, and is told how far it has come."""

    began: float
    lasts: float
    step: Callable[[float], None]


class Motion(QObject):
    """Movements by name, each of which goes from 0 to 1 and ends, and a pulse for what turns on and on.

    With ``allowed`` off everything is at once where it is heading. ``clock`` gives seconds.
    """

    pulsed = Signal()

    def __init__(self, parent: QObject, clock: Callable[[], float] = time.monotonic) -> None:
        super().__init__(parent)
        self.allowed = True
        self.clock = clock
        self._runs: dict[str, _Run] = {}
        self._pulse_ms = 0
        self._timer = QTimer(self)
        self._timer.timeout.connect(self.frame)

    @property
    def is_active(self) -> bool:
        """Whether the timer runs."""
        return self._timer.isActive()

    def is_running(self, name: str) -> bool:
        """Whether this movement is under way."""
        return name in self._runs

    def run(self, name: str, lasts_ms: int, step: Callable[[float], None]) -> None:
        """Call ``step`` with a share that grows to 1.0; another of that name stays where it is."""
        self._runs.pop(name, None)
        if not self.allowed:
            step(1.0)
            return
        self._runs[name] = _Run(self.clock(), lasts_ms / 1000, step)
        self._keep_time()

    def finish(self, name: str) -> None:
        """Be at once where this movement is heading."""
        run = self._runs.pop(name, None)
        if run is not None:
            run.step(1.0)
            self._keep_time()

    def allow(self, allowed: bool) -> None:
        """Let things move, or be at once where they are heading, those under way too."""
        self.allowed = allowed
        for name in list(self._runs) if not allowed else ():
            self.finish(name)

    def stop(self, name: str) -> None:
        """End this movement where it is."""
        if self._runs.pop(name, None) is not None:
            self._keep_time()

    def pulse(self, every_ms: int) -> None:
        """Emit ``pulsed`` that often; 0 for never."""
        self._pulse_ms = every_ms
        self._keep_time()

    def frame(self) -> None:
        """The time of one frame has come."""
        now = self.clock()
        for name, run in list(self._runs.items()):
            share = min(1.0, (now - run.began) / run.lasts)
            if share >= 1.0:
                del self._runs[name]
            run.step(_CURVE.valueForProgress(share))
        if self._pulse_ms:
            self.pulsed.emit()
        self._keep_time()

    def _keep_time(self) -> None:
        wanted = FRAME_MS if self._runs else self._pulse_ms
        if not wanted:
            self._timer.stop()
        elif not self._timer.isActive() or self._timer.interval() != wanted:
            self._timer.start(wanted)
