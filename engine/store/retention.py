"""Which runs and which stored results may go: what nobody needs, and never anything else.

A run may go when it has ended and is none of the newest, or old enough. A stored result may go when its name
stands nowhere: in no journal, no definition, no stored result that one of those leads to. Any 64 hexadecimal
digits count as a name, wherever they stand: keeping a file too many is harmless.
"""

from __future__ import annotations

import mmap
import re
from collections.abc import Callable, Collection, Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from engine.errors import StoreError

if TYPE_CHECKING:
    from engine.store.state_manager import ExecutionSummary

_NAME = re.compile(r"(?<![0-9a-f])[0-9a-f]{64}(?![0-9a-f])")
_NAME_BYTES = re.compile(_NAME.pattern.encode())
_PARQUET = b"PAR1"
_RUNS_A_TRANSACTION = 20
_PARTS_A_TRANSACTION = 500


@dataclass(frozen=True, slots=True, kw_only=True)
class Pruned:
    """What went: runs, stored results that nothing refers to any more, and the bytes of those."""

    runs: int = 0
    results: int = 0
    bytes: int = 0


def choose(
    summaries: Sequence[ExecutionSummary], *, keep: int | None, older_than: float | None, now: float
) -> list[str]:
    """The ids of the runs to remove, of all runs given newest first.

    Only runs that have ended and are not among the newest `keep` of those, nor ended less than `older_than`
    seconds ago; without both, none. The parts of a run (`run/step`) stay with it, and go before it does; what
    is left of a removal that was interrupted goes too.
    """
    if (keep is not None and keep < 0) or (older_than is not None and older_than < 0):
        raise StoreError("The number of runs to keep, and their age, cannot be less than nothing")
    if keep is None and older_than is None:
        return []
    ids = {summary.id for summary in summaries}
    wholes = {summary.id: _whole(summary.id, ids) for summary in summaries}
    ended = [
        summary for summary in summaries if summary.id == wholes[summary.id] and summary.status.is_terminal
    ]
    going = {
        summary.id
        for summary in ended[keep or 0 :]
        if older_than is None or _ended_at(summary) < now - older_than
    }
    parts = [
        summary.id
        for summary in summaries
        if summary.id != wholes[summary.id] and (wholes[summary.id] in going or wholes[summary.id] == "")
    ]
    return [*parts, *(summary.id for summary in ended if summary.id in going)]


def groups(execution_ids: Sequence[str]) -> Iterator[Sequence[str]]:
    """What goes in one transaction, parts before the runs that they are of; one group at least.

    What a run commits waits while one of them is written, so none is large.
    """
    parts = [execution_id for execution_id in execution_ids if "/" in execution_id]
    wholes = [execution_id for execution_id in execution_ids if "/" not in execution_id]
    for ids, size in ((parts, _PARTS_A_TRANSACTION), (wholes, _RUNS_A_TRANSACTION)):
        yield from (ids[first : first + size] for first in range(0, len(ids), size))
    if not execution_ids:
        yield ()


def names_in(text: str) -> list[str]:
    """The names of stored results in a text."""
    return _NAME.findall(text)


def reachable(names: Iterable[str], place: Callable[[str], Path]) -> set[str]:
    """`names`, and what the stored results of those names refer to in turn."""
    found: set[str] = set()
    line = list(names)
    while line:
        name = line.pop()
        if name not in found:
            found.add(name)
            line.extend(_names_in_file(place(name)))
    return found


def _ended_at(summary: ExecutionSummary) -> float:
    return summary.created_at if summary.ended_at is None else summary.ended_at


def _whole(execution_id: str, ids: Collection[str]) -> str:
    """The run that this one is, or is a part of; "" when that is gone."""
    parts = execution_id.split("/")
    if len(parts) == 1:
        return execution_id
    return parts[0] if parts[0] in ids else ""


def _names_in_file(path: Path) -> list[str]:
    """A table refers to nothing; any other content may."""
    try:
        with path.open("rb") as stream:
            if stream.read(len(_PARQUET)) == _PARQUET:
                return []
            with mmap.mmap(stream.fileno(), 0, access=mmap.ACCESS_READ) as content:
                return [name.decode() for name in _NAME_BYTES.findall(content)]
    except (FileNotFoundError, ValueError):
        return []  # sixty-four digits that are no stored result, or a file without content
