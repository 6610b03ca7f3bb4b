"""`prune`: make room in the stores of runs, and say how much."""

from __future__ import annotations

import asyncio
import json
import math
from dataclasses import asdict
from pathlib import Path
from typing import Final

from engine.cli import stores
from engine.cli.exit_codes import ExitCode
from engine.cli.words import say
from engine.errors import StoreBusy
from engine.store.retention import Pruned

_DAY_S: Final = 86_400.0
_UNITS: Final = ("kB", "MB", "GB", "TB")


def prune(store: Path | None, *, keep: int | None, older_than_days: float | None, as_json: bool) -> ExitCode:
    """Prune the store, or each usual one that is free; fails when none is."""
    older_than = None if older_than_days is None else older_than_days * _DAY_S
    done, busy = asyncio.run(_prune(store, keep, older_than))
    if as_json:
        say(json.dumps([{"store": str(path), **asdict(pruned)} for path, pruned in done], ensure_ascii=False))
    elif done:
        say(_words([pruned for _, pruned in done]))
    elif not busy:
        say("There are no runs yet.")
    for path in busy:
        say(f"Not pruned: {path}, which another program holds (is the designer open?)")
    return ExitCode.FAILED if busy and not done else ExitCode.COMPLETED


async def _prune(
    store: Path | None, keep: int | None, older_than: float | None
) -> tuple[list[tuple[Path, Pruned]], list[Path]]:
    done: list[tuple[Path, Pruned]] = []
    busy: list[Path] = []
    for path in [store] if store is not None else list(stores.existing()):
        try:
            async with stores.free_store(path) as (manager, _):
                done.append((path, await manager.prune(keep=keep, older_than=older_than)))
        except StoreBusy:
            busy.append(path)
    return done, busy


def _words(pruned: list[Pruned]) -> str:
    runs = sum(one.runs for one in pruned)
    results = sum(one.results for one in pruned)
    size = sum(one.bytes for one in pruned)
    if not runs and not results:
        return "There was nothing to remove."
    return (
        f"Removed {runs} {'run' if runs == 1 else 'runs'} and {results} stored "
        f"{'result' if results == 1 else 'results'}: {_size(size)} freed."
    )


def _size(count: int) -> str:
    if count < 1000:
        return f"{count} bytes"
    power = min(int(math.log10(count) // 3), len(_UNITS))
    return f"{count / 1000**power:.1f} {_UNITS[power - 1]}"
