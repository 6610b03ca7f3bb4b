"""Shows a run while it goes on: a live table in a terminal, one line for each step elsewhere."""

from __future__ import annotations

import time
from collections.abc import Mapping
from typing import TYPE_CHECKING, Final, Protocol, TextIO

from engine.cli.words import glyph, say, seconds, shorten, step_words, writes_unicode
from engine.history.events import Event, EventType
from engine.history.state import ExecutionState
from engine.history.status import StepStatus
from engine.history.step_state import StepState

if TYPE_CHECKING:
    from rich.table import Table

# Statuses worth a line: a fast step's RUNNING is not.
_TOLD: Final = frozenset(
    {StepStatus.COMPLETED, StepStatus.FAILED, StepStatus.SKIPPED, StepStatus.PAUSED, StepStatus.WAITING,
     StepStatus.CANCELLED, StepStatus.UNCERTAIN, StepStatus.ROLLED_BACK, StepStatus.ROLLBACK_FAILED}
)  # fmt: skip
_MAX_ROWS: Final = 30
_REDRAW_S: Final = 0.1
_STYLES: Final[Mapping[StepStatus, str]] = {
    StepStatus.RUNNING: "cyan",
    StepStatus.WAITING: "yellow",
    StepStatus.PAUSED: "yellow",
    StepStatus.COMPLETED: "green",
    StepStatus.FAILED: "red",
    StepStatus.SKIPPED: "dim",
}


class Progress(Protocol):
    """Told of every event after it was folded into the state."""

    def show(self, event: Event, state: ExecutionState) -> None: ...

    def tick(self, state: ExecutionState) -> None:
        """Called several times a second, for clocks."""
        ...

    def close(self, state: ExecutionState) -> None: ...


class Silence:
    """Shows nothing."""

    def show(self, event: Event, state: ExecutionState) -> None:
        """Nothing is shown."""

    def tick(self, state: ExecutionState) -> None:
        """Nothing is shown."""

    def close(self, state: ExecutionState) -> None:
        """Nothing is shown."""


class Lines:
    """One line when a step ends, pauses, waits or logs: for files, pipes and CI."""

    def __init__(self, titles: Mapping[str, str], stream: TextIO) -> None:
        self._titles = titles
        self._stream = stream
        self._unicode = writes_unicode(stream)
        self._width = min(max((len(title) for title in titles.values()), default=0), 40)

    def show(self, event: Event, state: ExecutionState) -> None:
        if event.step_id is None:
            return
        title = shorten(self._titles.get(event.step_id, event.step_id), 40)
        if event.type is EventType.STEP_LOG:
            say(f"  {title:<{self._width}}  {shorten(str(event.data.get('text', '')))}", self._stream)
            return
        step = state.steps.get(event.step_id)
        if step is None or step.status not in _TOLD or event.type.value != f"STEP_{step.status}":
            return
        if step.reason == "not_selected":
            return  # who runs one step of a thousand does not want to read of the others
        took = f"  {seconds(step.duration_ms / 1000)}" if step.duration_ms is not None else ""
        sign = glyph(step.status, unicode=self._unicode)
        say(f"{sign} {title:<{self._width}}  {shorten(step_words(step))}{took}", self._stream)

    def tick(self, state: ExecutionState) -> None:
        """A line is written once; clocks have no place here."""

    def close(self, state: ExecutionState) -> None:
        """Everything has been written."""


class LiveTable:
    """A table that is redrawn in place. Of a large workflow it shows what is under way and what came last."""

    def __init__(self, titles: Mapping[str, str], stream: TextIO) -> None:
        from rich.console import Console
        from rich.live import Live

        self._titles = titles
        self._unicode = writes_unicode(stream)
        self._drawn_at = 0.0
        self._live = Live(console=Console(file=stream, highlight=False), auto_refresh=False, transient=False)
        self._live.start()

    def show(self, event: Event, state: ExecutionState) -> None:
        if event.type is EventType.STEP_LOG and event.step_id is not None:
            title = self._titles.get(event.step_id, event.step_id)
            self._live.console.print(f"{title}: {event.data.get('text', '')}", markup=False)
        if time.monotonic() - self._drawn_at >= _REDRAW_S:
            self._draw(state)

    def tick(self, state: ExecutionState) -> None:
        self._draw(state)

    def close(self, state: ExecutionState) -> None:
        self._draw(state)
        self._live.stop()

    def _draw(self, state: ExecutionState) -> None:
        self._drawn_at = time.monotonic()
        self._live.update(self._table(state), refresh=True)

    def _table(self, state: ExecutionState) -> Table:
        from rich.table import Table
        from rich.text import Text

        ended = sum(step.status.is_terminal for step in state.steps.values())
        table = Table(box=None, show_header=False, pad_edge=False, expand=False)
        for step_id in self._rows(state):
            step = state.steps.get(step_id, StepState())
            style = _STYLES.get(step.status, "")
            table.add_row(
                Text(glyph(step.status, unicode=self._unicode), style=style),
                Text(shorten(self._titles.get(step_id, step_id), 40)),
                Text(
                    shorten(step_words(step), 100) if step.status is not StepStatus.PENDING else "",
                    style=style,
                ),
                Text(_elapsed(step), style="dim"),
            )
        table.caption = (
            f"{state.status.value.lower().replace('_', ' ')} · {ended} of {len(self._titles)} steps"
        )
        table.caption_justify = "left"
        return table

    def _rows(self, state: ExecutionState) -> list[str]:
        if len(self._titles) <= _MAX_ROWS:
            return list(self._titles)
        active = [step_id for step_id, step in state.steps.items() if not step.status.is_terminal]
        ended = [step_id for step_id, step in state.steps.items() if step.status.is_terminal]
        chosen = {*active[:_MAX_ROWS], *ended[-max(_MAX_ROWS - len(active), 5) :]}
        return [step_id for step_id in self._titles if step_id in chosen]


def _elapsed(step: StepState) -> str:
    if step.duration_ms is not None:
        return seconds(step.duration_ms / 1000)
    if step.status is StepStatus.RUNNING and step.started_at is not None:
        return seconds(max(0.0, time.time() - step.started_at))
    return ""


def progress_for(titles: Mapping[str, str], stream: TextIO) -> Progress:
    """The live table where someone watches, lines elsewhere."""
    return LiveTable(titles, stream) if stream.isatty() else Lines(titles, stream)
