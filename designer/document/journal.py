"""Autosave: every edit since the last save lies in a journal, so that a killed program loses nothing.

The journal of ``NAME.workflow.json`` is ``NAME.workflow.json.journal`` beside it; a document without a file,
or in a folder that cannot be written, journals in the data folder. The file itself is never touched. The
first line holds the workflow as it was before the first unsaved edit and the hash of the file it came from;
each further line holds the changes of one command. The operating system keeps what was handed to it when
a process is killed, so a line is flushed but not synced: well under a millisecond for each command.

While a journal is open its file is locked. A journal that can be locked belongs to nobody alive: it is what a
crash left behind, and `find` reads it.
"""

from __future__ import annotations

import contextlib
import hashlib
import json
import os
import sys
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import IO, Any

from designer.document.change_codec import decode_change, encode_change
from designer.document.document import Document, Place
from engine.errors import WorkflowError
from engine.files import codec
from engine.model.changes import Change
from engine.model.subworkflows import apply_at
from engine.model.workflow import Workflow

SUFFIX = ".journal"
_FORMAT = 1


@dataclass(frozen=True, slots=True, kw_only=True)
class Recovery:
    """Edits that a crash left behind. `path` is None for a document that was never saved; `edited_at` is
    epoch seconds; `changed_outside` tells that the file is no longer the one these edits were made on."""

    journal: Path
    path: Path | None
    workflow: Workflow
    commands: int
    edited_at: float
    changed_outside: bool = False


@dataclass(frozen=True, slots=True)
class _Ready:
    """The first line of a journal that may come, and what it says it begins with."""

    base: Workflow
    source: Path
    stamp: tuple[int, int]
    line: bytes


class Journal:
    """Writes every change of one document to the journal of its file, from the first edit after a save on.

    `on_error` is told once, in plain words, when the journal cannot be written; editing goes on without it.
    """

    def __init__(
        self, document: Document, data_dir: Path, on_error: Callable[[str], None] | None = None
    ) -> None:
        self._document = document
        self._folder = data_dir / "unsaved"
        self._on_error = on_error
        self._stream: IO[bytes] | None = None
        self._path: Path | None = None
        self._failed = False
        self._stamp = _stamp(document.path)
        self._base = document.root
        self._ready: _Ready | None = None
        self._unsubscribe = document.subscribe_edits(self._on_edited)

    @property
    def path(self) -> Path | None:
        """Where the journal lies, or None while there is nothing to keep."""
        return self._path

    def adopt(self, recovery: Recovery) -> None:
        """Takes over recovered edits: they are in this journal before the old one goes."""
        if self._path != recovery.journal:
            self._drop()
        self._begin(recovery.workflow, recovered=True)
        if self._path != recovery.journal:
            discard(recovery)

    def prepare(self) -> None:
        """Words the first line of a journal, with the whole workflow in it, so that the first edit need not.

        Callable from any thread: of a file that is opened, saved or changed meanwhile nothing is kept.
        """
        base, source, stamp = self._base, self._document.path, self._stamp
        content = _content(source)
        if source is None or content is None or stamp is None or _stamp(source) != stamp:
            return
        with contextlib.suppress(UnicodeDecodeError):
            line = _line(_header(source, content, content.decode("utf-8")))
            self._ready = _Ready(base, source, stamp, line)

    def about_to_save(self, text: str) -> None:
        """Notes the file's next content, so that a crash between saving and `saved` is no false alarm."""
        if self._stream is not None:
            self._write({"saving": _hash(text.encode())})

    def saved(self) -> None:
        """The document is in its file, or was replaced by another: nothing to keep until the next edit."""
        self._drop()
        self._failed = False
        self._stamp = _stamp(self._document.path)
        self._base = self._document.root

    def close(self) -> None:
        """Ends cleanly: the journal is removed and the document no longer followed."""
        self._unsubscribe()
        self._drop()

    def _on_edited(self, place: Place, changes: Sequence[Change]) -> None:
        if not changes:
            self.saved()  # another workflow is open: what became of the former one has been decided
            return
        if self._failed:
            return
        if self._stream is None:
            self._begin(self._base)
        entry: dict[str, Any] = {"changes": [encode_change(change) for change in changes]}
        if place:
            entry["place"] = list(place)
        self._write(entry)

    def _begin(self, base: Workflow, *, recovered: bool = False) -> None:
        source = self._document.path
        ready, self._ready = self._ready, None
        if (
            ready is not None
            and not recovered
            and ready.base is base
            and ready.source == source
            and ready.stamp == _stamp(source)
        ):
            line = ready.line
        else:
            line = self._first_line(base, source, recovered=recovered)
        for place in self._places(source):
            try:
                self._open(place, line)
            except OSError:
                continue
            return
        self._fail("Edits cannot be kept safe against a crash: no folder for them can be written.")

    def _first_line(self, base: Workflow, source: Path | None, *, recovered: bool) -> bytes:
        content = _content(source)
        text = codec.encode(base) if recovered else self._base_text(base, content)
        return _line(_header(source, content, text, recovered=recovered))

    def _base_text(self, base: Workflow, content: bytes | None) -> str:
        """The workflow before the first edit: its file's own text, which takes a tenth of encoding a large
        workflow, as long as the file is still the one that was opened or saved."""
        if content is not None and self._stamp is not None and _stamp(self._document.path) == self._stamp:
            with contextlib.suppress(UnicodeDecodeError):
                return content.decode("utf-8")
        return codec.encode(base)

    def _places(self, source: Path | None) -> list[Path]:
        unsaved = self._folder / f"{time.time_ns():x}-{os.getpid()}{SUFFIX}"
        return [unsaved] if source is None else [journal_of(source), unsaved]

    def _open(self, place: Path, line: bytes) -> None:
        """Begin a journal; what stands there already goes when its successor is whole, never before."""
        place.parent.mkdir(parents=True, exist_ok=True)
        _locked(place).close()
        fresh = place.with_name(f"{place.name}.{os.getpid()}.new")
        try:
            fresh.write_bytes(line)
            os.replace(fresh, place)
        except OSError:
            fresh.unlink(missing_ok=True)
            raise
        self._stream, self._path = _locked(place), place

    def _write(self, entry: dict[str, Any]) -> None:
        if self._stream is None:
            return
        try:
            self._stream.write(_line(entry))
            self._stream.flush()
        except OSError as error:
            self._fail(f"Edits cannot be kept safe against a crash: {error.strerror or error}.")

    def _fail(self, message: str) -> None:
        self._failed = True
        if self._stream is not None:
            with contextlib.suppress(OSError):
                self._stream.close()
            self._stream = None
        if self._on_error is not None:
            self._on_error(message)

    def _drop(self) -> None:
        if self._stream is not None:
            self._stream.close()
            self._stream = None
        if self._path is not None:
            self._path.unlink(missing_ok=True)
            self._path = None


def _header(
    source: Path | None, content: bytes | None, base: str, *, recovered: bool = False
) -> dict[str, Any]:
    return {
        "journal": _FORMAT,
        "path": str(source) if source is not None else None,
        "hash": _hash(content) if content is not None else None,
        "recovered": recovered,
        "base": base,
    }


def _locked(place: Path) -> IO[bytes]:
    """The file, made if need be, held for this process until it is closed; OSError if another holds it."""
    stream = open(place, "ab")  # noqa: SIM115 -- the caller closes it
    if not _lock(stream):
        stream.close()
        raise OSError(f"{place} is in use")
    return stream


def _line(entry: dict[str, Any]) -> bytes:
    # ASCII: neither half a letter where a crash cut a line nor half a surrogate in a text does harm.
    return json.dumps(entry, separators=(",", ":")).encode("ascii") + b"\n"


def journal_of(path: Path) -> Path:
    """The journal that belongs to a workflow file."""
    return path.with_name(path.name + SUFFIX)


def find(journal: Path) -> Recovery | None:
    """What a crash left in this journal; None if there is none, a running program holds it, or it says
    nothing that the file does not hold. A line cut off by the crash ends the journal without harm."""
    try:
        with open(journal, "r+b") as stream:
            if not _lock(stream):
                return None
            # At line feeds and nowhere else: texts may hold whatever else Unicode calls the end of a line.
            lines = stream.read().split(b"\n")
    except OSError:
        return None
    return _read(journal, lines)


def find_unsaved(data_dir: Path) -> list[Recovery]:
    """Crashed documents whose journal lies in the data folder, newest first."""
    found = [find(journal) for journal in sorted((data_dir / "unsaved").glob("*" + SUFFIX), reverse=True)]
    return [recovery for recovery in found if recovery is not None]


def discard(recovery: Recovery) -> None:
    """Forgets recovered edits for good."""
    recovery.journal.unlink(missing_ok=True)


def _read(journal: Path, lines: list[bytes]) -> Recovery | None:
    entries = _entries(lines)
    if not entries or entries[0].get("journal") != _FORMAT:
        return None
    header = entries[0]
    path = Path(header["path"]) if isinstance(header.get("path"), str) else None
    content = _content(path)
    now = _hash(content) if content is not None else None
    known = {header.get("hash")}
    unsaved = 1 if header.get("recovered") else 0
    try:
        workflow = base = codec.decode(header.get("base", ""))
    except WorkflowError:
        return None
    try:
        for entry in entries[1:]:
            if "saving" in entry:
                known.add(entry["saving"])
                if entry["saving"] == now:
                    unsaved, base = 0, workflow
                continue
            changes = [decode_change(change) for change in entry.get("changes", ())]
            workflow = apply_at(workflow, entry.get("place", ()), changes)
            unsaved += 1
    except ValueError:
        pass  # what fits has been applied: better most of the work than none of it
    if not unsaved or (workflow == base and not header.get("recovered")):
        return None
    return Recovery(
        journal=journal,
        path=path,
        workflow=workflow,
        commands=unsaved,
        edited_at=journal.stat().st_mtime,
        changed_outside=path is not None and now not in known,
    )


def _entries(lines: list[bytes]) -> list[dict[str, Any]]:
    """The whole lines before the first that is none: a crash may have cut it, within a letter even."""
    entries: list[dict[str, Any]] = []
    for line in lines:
        try:
            entry = json.loads(line)
        except ValueError:  # no JSON, or no UTF-8
            break
        if not isinstance(entry, dict):
            break
        entries.append(entry)
    return entries


def _hash(content: bytes) -> str:
    return hashlib.sha256(content).hexdigest()


def _stamp(path: Path | None) -> tuple[int, int] | None:
    """What tells one version of a file from the next, without reading it."""
    try:
        found = path.stat() if path is not None else None
    except OSError:
        return None
    return (found.st_mtime_ns, found.st_size) if found is not None else None


def _content(path: Path | None) -> bytes | None:
    """What a file holds; None without a file, or when it cannot be read."""
    try:
        return path.read_bytes() if path is not None else None
    except OSError:
        return None


if sys.platform == "win32":
    import msvcrt

    _FAR = 1 << 30  # a byte no journal reaches: Windows keeps others from reading a locked byte

    def _lock(stream: IO[Any]) -> bool:
        """Holds the file for this process until it is closed; False if another holds it."""
        here = stream.tell()
        stream.seek(_FAR)
        try:
            msvcrt.locking(stream.fileno(), msvcrt.LK_NBLCK, 1)
        except OSError:
            return False
        finally:
            stream.seek(here)
        return True

else:
    import fcntl

    def _lock(stream: IO[Any]) -> bool:
        """Holds the file for this process until it is closed; False if another holds it."""
        try:
            fcntl.flock(stream, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError:
            return False
        return True
