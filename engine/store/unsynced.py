"""Files that were moved into their place, and that the loss of power could still take."""

from __future__ import annotations

import os
import shutil
from collections.abc import Callable
from pathlib import Path
from threading import Lock


class Unsynced:
    """Remembers files until they are on the disk. Its methods may be called from any thread."""

    def __init__(self) -> None:
        self._lock = Lock()
        self._waiting: list[Path] = []
        self._distrusted: set[Path] = set()

    def __len__(self) -> int:
        return len(self._waiting)

    def add(self, path: Path) -> None:
        """This file is complete and in its place."""
        with self._lock:
            self._waiting.append(path)

    def sync(self, temporary: Callable[[], Path]) -> None:
        """All of them are on the disk; raises OSError when one cannot be, and then all are still owed.

        temporary: gives a fresh path on the same disk.
        """
        with self._lock:
            waiting, self._waiting = self._waiting, []
        try:
            for path in waiting:
                self._sync(path, temporary)
            for folder in {path.parent for path in waiting}:
                _fsync_folder(folder)
        except BaseException:
            with self._lock:
                self._waiting[:0] = waiting
            raise

    def _sync(self, path: Path, temporary: Callable[[], Path]) -> None:
        """What could not be synced is written anew: a second sync may call done what the first one lost."""
        try:
            if path in self._distrusted:
                copy = temporary()
                shutil.copyfile(path, copy)
                _fsync(copy)
                os.replace(copy, path)
                self._distrusted.discard(path)
            else:
                _fsync(path)
        except FileNotFoundError:
            self._distrusted.discard(path)  # someone removed it since: there is nothing to make durable
        except OSError:
            self._distrusted.add(path)
            raise


def _fsync(path: Path) -> None:
    with path.open("rb+") as stream:
        os.fsync(stream.fileno())


def _fsync_folder(folder: Path) -> None:
    if os.name != "posix":
        return  # elsewhere a folder cannot be opened, and its entries are durable with the file
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
