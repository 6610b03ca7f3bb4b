"""What the SQLite store does besides keeping a journal: forgets runs, finds and holds results, closes."""

from __future__ import annotations

import sqlite3
from collections.abc import Sequence, Set
from concurrent.futures import Executor

from engine.history.status import UNDONE
from engine.store.artifacts import ArtifactStore
from engine.store.codes import STEP_CODE
from engine.store.database import Database
from engine.store.json_text import encode

_UNDONE_CODES = ", ".join(str(STEP_CODE[status]) for status in sorted(UNDONE))
_EVENT = "json_array(j.seq, j.ts, j.type, j.step_id, j.attempt, j.data, j.checksum, j.begun, j.taken)"
ALL_KEYS = "SELECT json_quote(key) AS item FROM results LIMIT ?"
FIND_RESULTS = (
    f"SELECT json_array(r.key, e.id, e.workflow_id, {_EVENT}) AS item FROM results r "
    "JOIN executions e ON e.key = r.execution "
    "JOIN step_rows s ON s.execution = r.execution AND s.step_id = r.step_id "
    "JOIN entries j ON j.execution = r.execution AND j.seq = r.seq "
    f"WHERE r.key IN (SELECT value FROM json_each(?)) AND s.status NOT IN ({_UNDONE_CODES})"
)


def hold_names(owner: str, names: Sequence[str], connection: sqlite3.Connection) -> None:
    """In a thread, inside a transaction."""
    connection.execute("DELETE FROM pins WHERE owner = ?", (owner,))
    connection.executemany("INSERT INTO pins VALUES (?, ?)", [(owner, name) for name in names])


def delete_runs(execution_ids: Sequence[str], saved: Set[str], connection: sqlite3.Connection) -> None:
    """Whole executions, and the definitions that none is left of; in a thread, inside a transaction.

    saved: definitions of which this process takes for granted that they are there.
    """
    ids = encode(list(execution_ids))
    keys = "(SELECT key FROM executions WHERE id IN (SELECT value FROM json_each(?)))"
    for table in ("entries", "step_rows", "reached", "timers", "results"):
        connection.execute(f"DELETE FROM {table} WHERE execution IN {keys}", (ids,))
    connection.execute("DELETE FROM executions WHERE id IN (SELECT value FROM json_each(?))", (ids,))
    connection.execute(
        "DELETE FROM definitions WHERE hash NOT IN (SELECT definition_hash FROM executions) "
        "AND hash NOT IN (SELECT value FROM json_each(?))",
        (encode(list(saved)),),
    )


def close_all(reading: Executor, database: Database, artifacts: ArtifactStore) -> None:
    """Close a store once what is being read has been read; in a thread."""
    reading.shutdown()
    try:
        database.close()
    finally:
        artifacts.close()
