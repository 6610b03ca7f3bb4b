"""Which file keeps a run that was started on the command line.

One engine at a time holds a store. Without `--store` a run is kept in the same file as those of the
window, so that its history shows them; while that is held (the window is open, or another command
runs) the next free one of `runs-2.sqlite`, `runs-3.sqlite`, ... beside it takes its place. A run is
found again by its id in whichever of them it lies.
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Final

from engine.errors import ExecutionNotFound, StoreBusy, StoreError

if TYPE_CHECKING:
    from engine.store.sqlite import SqliteStateManager

PROGRAM: Final = "workflow-designer"
MAX_STORES: Final = 64


def usual_store() -> Path:
    """The store of the window."""
    import platformdirs

    return platformdirs.user_data_path(PROGRAM, appauthor=False) / "runs.sqlite"


@asynccontextmanager
async def free_store(chosen: Path | None) -> AsyncIterator[tuple[SqliteStateManager, Path]]:
    """An open store for a new run: the chosen one, or the first usual one that nobody holds."""
    if chosen is not None:
        manager = await _open(chosen)
        path = chosen
    else:
        manager, path = await _first_free()
    try:
        yield manager, path
    finally:
        await manager.close()


@asynccontextmanager
async def store_of(execution_id: str, chosen: Path | None) -> AsyncIterator[tuple[SqliteStateManager, Path]]:
    """The open store that holds the run. Raises ExecutionNotFound, or StoreBusy if a held one may have it."""
    busy: StoreBusy | None = None
    for path in [chosen] if chosen is not None else list(existing()):
        if not path.exists():
            continue
        try:
            manager = await _open(path)
        except StoreBusy as error:
            busy = error
            continue
        try:
            try:
                await manager.load_state(execution_id)
            except ExecutionNotFound:
                continue
            yield manager, path
            return
        finally:
            await manager.close()
    raise busy or ExecutionNotFound(execution_id)


def existing() -> Iterator[Path]:
    """The usual stores that there are."""
    return (path for path in _usual_names() if path.exists())


async def _first_free() -> tuple[SqliteStateManager, Path]:
    busy: StoreBusy | None = None
    for path in _usual_names():
        try:
            return await _open(path), path
        except StoreBusy as error:
            busy = error
    raise busy or StoreBusy("No store is free")


def _usual_names() -> Iterator[Path]:
    first = usual_store()
    yield first
    for number in range(2, MAX_STORES + 1):
        yield first.with_name(f"{first.stem}-{number}{first.suffix}")


async def _open(path: Path) -> SqliteStateManager:
    from engine.store.sqlite import SqliteStateManager

    try:
        path.parent.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise StoreError(
            f"{path} cannot keep runs: {error.strerror or error}", hint="Name another file with --store."
        ) from error
    manager = SqliteStateManager(path)
    await manager.open()
    return manager
