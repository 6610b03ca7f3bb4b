"""What the SQLite store asks for, as pieces of SQL."""

from __future__ import annotations

from typing import Final

from engine.store.checksum import EVENT_ROW
from engine.store.codes import EVENT_CODE
from engine.store.state_manager import GIVING

EXECUTION_COLUMNS: Final = (
    "json_array(key, id, workflow_id, workflow_name, definition_hash, status, reason, error, "
    "created_at, started_at, ended_at, checksum) AS item"
)

# The row of a step that ran stands for the events before and after its own number, too.
FROM: Final = (
    "seq >= (SELECT coalesce(max(seq), 0) FROM entries WHERE execution = ?1 AND seq <= ?2) ORDER BY seq"
)
"""The rows of run ?1 in which events after number ?2 stand, and perhaps some before."""

_CREATED: Final = f"(SELECT {EVENT_ROW} FROM entries j WHERE j.execution = e.key AND j.seq = 1)"


def part_columns(*, created: bool) -> str:
    """A part, with the end that gave its output and, if asked for, its creation."""
    # The end that brought the output is the last of its kind; what came later undid steps.
    return (
        f"json_array(id, workflow_id, status, (SELECT {EVENT_ROW} FROM entries j WHERE j.execution = e.key "
        f"AND j.type IN ({', '.join(str(EVENT_CODE[event_type]) for event_type in GIVING)}) "
        f"ORDER BY seq DESC LIMIT 1), json(error), {_CREATED if created else 'NULL'}) AS item"
    )
