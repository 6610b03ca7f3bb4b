"""A number beside every row of the journal by which a reader sees that the row is what was written.

SQLite keeps no checksum of its pages: a bit that flips inside a text which stays JSON would otherwise be
taken for what a step gave. CRC-32 finds every damage of up to 32 bits in a row, and of four thousand million
larger ones all but one. It guards against disks and not against people: whoever can write to the file can
write a fitting number. Each costs less than half a microsecond; this is on the way of every step.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final
from zlib import crc32

EVENT_ROW: Final = "json_array(seq, ts, type, step_id, attempt, data, checksum, begun, taken)"
"""A row of the journal in a query, with its data as the text it was written as, of which the checksum is."""


def seed_of(execution_id: str, workflow_id: str) -> int:
    """What the checksums of a run's rows start from: a row of another run is none of its own."""
    return crc32(f"{execution_id}\n{workflow_id}".encode("utf-8", "surrogatepass"))


def of_event(
    seed: int, seq: int, ts: int, code: int, step_id: str | None, attempt: int, text: str | None
) -> int:
    """The checksum of one row of the journal; `ts` in microseconds, `text` the JSON of its data."""
    return crc32(f"{seq} {ts} {code} {attempt} {step_id} {text}".encode(), seed)


def of_ran(
    seed: int,
    seq: int,
    ts: int,
    code: int,
    step_id: str,
    attempt: int,
    text: str,
    begun: int,
    taken: str | None,
) -> int:
    """The checksum of the one row of a step that ran; `begun` in microseconds, `taken` the JSON of a list."""
    return crc32(f"{seq} {ts} {code} {attempt} {begun} {step_id} {taken} {text}".encode(), seed)


def of_run(row: Sequence[object]) -> int:
    """The checksum of a run's row in the list of runs, of all that stands in it before."""
    return crc32("\n".join(map(str, row)).encode("utf-8", "surrogatepass"))


def of_definition(definition_hash: str, definition: str) -> int:
    """The checksum of one stored workflow."""
    return crc32(f"{definition_hash}\n{definition}".encode())
