"""Workflows on disk: read with the reason when that fails, saved whole or not at all."""

from __future__ import annotations

import os
import tempfile
from collections.abc import Callable, Iterable
from pathlib import Path

from engine.errors import WorkflowFileError
from engine.files import codec, json_text
from engine.model.workflow import Workflow

EXTENSION = ".workflow.json"


def load(path: str | Path, reached: Callable[[float], object] | None = None) -> Workflow:
    """The workflow in the file. Raises WorkflowFileError, with the line where there is one.

    reached: told after each stage how much is done, from 0 to 1; what it raises ends the reading.
    """
    path = Path(path)
    try:
        with path.open("rb") as stream:
            raw = stream.read(json_text.MAX_BYTES + 1)
    except FileNotFoundError:
        raise WorkflowFileError(path, f"There is no file {path}") from None
    except IsADirectoryError:
        raise WorkflowFileError(path, f"{path} is a folder, not a workflow file") from None
    except (OSError, ValueError) as error:
        raise WorkflowFileError(path, f"{path} cannot be read: {_reason(error)}") from error
    if reached is not None:
        reached(0.05)
    return codec.decode(json_text.read_text(raw, path), path=path, reached=reached)


def save(path: str | Path, workflow: Workflow) -> None:
    """Write the workflow; whatever happens, the file is afterwards either the old one or the new one."""
    write_text(path, codec.encode(workflow))


def write_text(path: str | Path, text: str) -> None:
    """Replace the file's content atomically and durably, keeping its permissions.

    The new content is written beside the file, so that the last move cannot cross a disk; a link is
    followed, so that it stays one. Raises WorkflowFileError.
    """
    target = Path(os.path.realpath(path))
    try:
        replace_content(target, (text.encode("utf-8"),))
    except OSError as error:
        raise WorkflowFileError(
            target,
            f"{target} cannot be saved: {_reason(error)}",
            hint="Nothing was changed; save it elsewhere.",
        ) from error
    _sync_folder(target.parent)


def replace_content(target: Path, parts: Iterable[bytes]) -> None:
    """Replace a file's content atomically; whatever `parts` raises leaves it as it was. Raises OSError."""
    temporary = ""
    try:
        descriptor, temporary = tempfile.mkstemp(
            prefix=f".{target.name[:100]}.", suffix=".tmp", dir=target.parent
        )
        with os.fdopen(descriptor, "wb") as stream:
            stream.writelines(parts)
            stream.flush()
            os.fsync(stream.fileno())
        os.chmod(temporary, _mode_of(target))
        os.replace(temporary, target)
        temporary = ""
    finally:
        if temporary:
            Path(temporary).unlink(missing_ok=True)


def _mode_of(target: Path) -> int:
    """The permissions of the file that is replaced, or those that a new file gets."""
    try:
        return target.stat().st_mode & 0o7777
    except FileNotFoundError:
        mask = os.umask(0)
        os.umask(mask)
        return 0o666 & ~mask


def _sync_folder(folder: Path) -> None:
    """Make the new name durable, where the system lets a folder be opened (Windows does not)."""
    try:
        descriptor = os.open(folder, os.O_RDONLY)
    except OSError:
        return
    try:
        os.fsync(descriptor)
    except OSError:
        # Some network file systems cannot; the content itself is already on disk.
        return
    finally:
        os.close(descriptor)


def _reason(error: Exception) -> str:
    return getattr(error, "strerror", None) or str(error)
