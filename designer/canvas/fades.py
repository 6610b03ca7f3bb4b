"""What comes and goes gently: the ring of the card under the mouse, a wire's breadth, a card's new state."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import TYPE_CHECKING

from designer.canvas.geometry import REACH
from designer.canvas.painter.layer import SMALL
from designer.theme.tokens import HOVER_MS, STATE_MS

if TYPE_CHECKING:
    from designer.canvas.painted_view import PaintedView

MOST = 60
"""Cards that change their state at once and gently; a crowd does so at once."""


class Fades:
    """Moves the shares in ``attention`` that the painter reads, and repaints what they are about."""

    def __init__(self, view: PaintedView) -> None:
        self._view = view
        self._since: dict[int, float] = {}
        view.canvas_scene.relooked.connect(self._on_relooked)
        view.canvas_scene.rebuilt.connect(self.forget)

    def forget(self) -> None:
        """The rows are new: none of them is on its way."""
        seen = self._view.layer.attention
        for name in ("cards", "wires", "states"):
            self._view.motion.stop(name)
        self._since.clear()
        seen.warm.clear()
        seen.warm_wires.clear()
        seen.fading.clear()

    def hover_card(self, row: int) -> None:
        """The mouse is over this card, or over none (-1)."""
        self._warm("cards", self._view.layer.attention.warm, row, self._repaint_cards)

    def hover_wire(self, row: int) -> None:
        """The mouse is over this wire, or over none (-1)."""
        self._warm("wires", self._view.layer.attention.warm_wires, row, self._repaint_wires)

    def _warm(
        self, name: str, shares: dict[int, float], row: int, repaint: Callable[[Iterable[int]], None]
    ) -> None:
        if row >= 0:
            shares.setdefault(row, 0.0)
        begun = dict(shares)

        def step(share: float) -> None:
            for known, first in begun.items():
                shares[known] = first + ((1.0 if known == row else 0.0) - first) * share
                if share >= 1.0 and known != row:
                    del shares[known]
            repaint(begun)

        if begun:
            self._view.motion.run(name, HOVER_MS, step)

    def _on_relooked(self, before: dict[int, int]) -> None:
        """These rows have another look than they had."""
        view, fading = self._view, self._view.layer.attention.fading
        quiet = not view.motion.allowed or not view.isVisible() or view.camera.zoom < SMALL
        seen = view.camera.visible()
        now = view.motion.clock()
        for row, look in before.items() if not quiet and len(before) <= MOST else ():
            if seen.intersects(view.canvas_scene.card(row)):
                fading[row] = (look, 0.0)
                self._since[row] = now
        if self._since:
            view.motion.run("states", STATE_MS, self._step_states)

    def _step_states(self, share: float) -> None:
        """Rows began at different times; the last to begin ends the movement."""
        fading, now = self._view.layer.attention.fading, self._view.motion.clock()
        touched = list(self._since)
        for row in touched:
            mine = min(1.0, (now - self._since[row]) * 1000 / STATE_MS)
            fading[row] = (fading[row][0], mine)
            if share >= 1.0 or mine >= 1.0:
                del self._since[row], fading[row]
        self._repaint_cards(touched)

    def _repaint_cards(self, rows: Iterable[int]) -> None:
        for row in rows:
            if row < len(self._view.canvas_scene.ids):
                self._view.repaint_box(self._view.canvas_scene.card(row).adjusted(*REACH))

    def _repaint_wires(self, rows: Iterable[int]) -> None:
        for row in rows:
            if row < len(self._view.canvas_scene.wires):
                self._view.repaint_wire(row)
