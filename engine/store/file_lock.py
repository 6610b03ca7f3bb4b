"""One engine a store: a lock the operating system takes back when the process dies, however it dies."""

from __future__ import annotations

import os
import sys
from pathlib import Path

from engine.errors import StoreBusy


class FileLock:
    """Holds ``path`` for this process from ``acquire`` to ``release``; the empty file stays behind."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._descriptor: int | None = None

    def acquire(self) -> None:
        """Take the lock at once, or raise ``StoreBusy`` naming the process that holds it.

        Raises ``OSError`` where files cannot be made or locked.
        """
        descriptor = os.open(self._path, os.O_RDWR | os.O_CREAT, 0o644)
        try:
            _lock(descriptor)
        except (BlockingIOError, PermissionError):
            holder = (
                os.pread(descriptor, 20, 1).decode(errors="replace").strip() if os.name == "posix" else ""
            )
            os.close(descriptor)
            who = f"process {holder}" if holder.isdigit() else "another program"
            raise StoreBusy(
                f"The run store {self._path.with_suffix('')} is in use by {who}",
                hint="Close the other window or command that uses it, or choose another store.",
            ) from None
        except OSError:
            os.close(descriptor)  # a disk that knows no locks: the caller says so
            raise
        # The first byte is what Windows locks; the holder's number stands behind it.
        os.ftruncate(descriptor, 0)
        os.write(descriptor, f" {os.getpid()}\n".encode())
        self._descriptor = descriptor

    def release(self) -> None:
        """Give the lock back; does nothing when it is not held."""
        if self._descriptor is not None:
            os.ftruncate(self._descriptor, 0)
            os.close(self._descriptor)
            self._descriptor = None


if sys.platform == "win32":
    import msvcrt

    def _lock(descriptor: int) -> None:
        os.lseek(descriptor, 0, os.SEEK_SET)
        msvcrt.locking(descriptor, msvcrt.LK_NBLCK, 1)

else:
    import fcntl

    def _lock(descriptor: int) -> None:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
