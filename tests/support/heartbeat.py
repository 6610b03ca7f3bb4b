"""How long the window's thread was kept from its events, measured from inside."""

from __future__ import annotations

import time

from PySide6.QtCore import QObject, Qt, QTimer

BEAT_MS = 5


class Heartbeat(QObject):
    """Beats every 5 ms while the window is free; `longest_ms` is the longest wait between two beats."""

    def __init__(self) -> None:
        super().__init__()
        self._timer = QTimer(self)
        self._timer.setTimerType(Qt.TimerType.PreciseTimer)
        self._timer.setInterval(BEAT_MS)
        self._timer.timeout.connect(self._on_beat)
        self.gaps_ms: list[float] = []
        self._last = 0.0

    def start(self) -> None:
        """Begins to measure."""
        self._last = time.perf_counter()
        self._timer.start()

    def stop(self) -> None:
        """Ends the measurement."""
        self._timer.stop()

    @property
    def longest_ms(self) -> float:
        return max(self.gaps_ms, default=0.0)

    def __str__(self) -> str:
        over = sum(gap > 50 for gap in self.gaps_ms)
        return f"{len(self.gaps_ms)} beats, longest gap {self.longest_ms:.0f} ms, {over} over 50 ms"

    def _on_beat(self) -> None:
        now = time.perf_counter()
        self.gaps_ms.append((now - self._last) * 1000)
        self._last = now
