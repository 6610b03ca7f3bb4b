"""Lines of a text file that did not fit its table: what DuckDB noted about them, in plain words."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from engine.actions.duck import Duck, connect, unreadable_value

if TYPE_CHECKING:
    from engine.actions.context import StepContext

OPTIONS = ("store_rejects = true", "rejects_table = 'reject'", "rejects_scan = 'reject_scan'")
"""What read_csv needs to be told so that nothing is dropped in silence."""

_MOST_KEPT = 10_000
_COUNTS = re.compile(r"Expected Number of Columns: (\d+) Found: (\d+)")
_WORDS = {
    "UNQUOTED VALUE": "a quotation mark is not closed",
    "LINE SIZE OVER MAXIMUM": "the line is too long",
    "INVALID ENCODING": "it holds letters of another encoding",
    "INVALID STATE": "its quotation marks are out of order",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Reject:
    """One line that was left out: where it is (from 1), the column at fault if one is, why, and the line."""

    file: str
    line: int
    column: str | None
    reason: str
    text: str


def noted(duck: Duck, shown: Mapping[str, str]) -> list[Reject]:
    """Each line that the connection's last read_csv left out, once, in the order of the files.

    ``shown`` gives the name to show for a file that was read from a copy.
    """
    found = duck.rows(
        "SELECT file_path, line, first(column_name), first(error_type), first(error_message), "
        "first(csv_line) "
        "FROM (FROM reject JOIN reject_scan USING (scan_id, file_id) ORDER BY column_idx) "
        "GROUP BY scan_id, file_id, file_path, line ORDER BY scan_id, file_id, line"
    )
    return [_reject(shown.get(row[0], row[0]), *row[1:]) for row in found]


def as_table(rejects: list[Reject], context: StepContext) -> dict[str, Any]:
    """The lines as a table of their own."""
    rows = [(one.file, one.line, one.column, one.reason, one.text) for one in rejects[:_MOST_KEPT]]
    with connect(context) as duck:
        shape = 'file VARCHAR, line BIGINT, "column" VARCHAR, reason VARCHAR, text VARCHAR'
        duck.rows(f"CREATE TEMP TABLE lines ({shape})")
        duck.connection.executemany("INSERT INTO lines VALUES (?, ?, ?, ?, ?)", rows)
        return duck.write("SELECT * FROM lines")


def _reject(file: str, line: int, column: str | None, kind: str, message: str, text: str) -> Reject:
    counts = _COUNTS.search(message)
    if counts:
        found = int(counts[2])
        reason = f"it has {found} column{'' if found == 1 else 's'} instead of {counts[1]}"
        return Reject(file=file, line=line, column=None, reason=reason, text=text)
    reason = unreadable_value(message) or _WORDS.get(kind) or message.split("\n", 1)[0]
    return Reject(file=file, line=line, column=column, reason=reason, text=text)
