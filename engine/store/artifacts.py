"""Content-addressed files: whatever is too large for the journal, stored once under its sha256.

A file is written elsewhere in the same folder first and moved in when it is complete, so a name
never stands for half a file. Contents are tables (Parquet) and JSON; never pickles.
A table travels as ``{"$table": sha, "rows", "columns", "bytes"}``, JSON over the inline limit as
``{"$artifact": sha, "bytes", "preview"}``.
"""

from __future__ import annotations

import asyncio
import errno
import hashlib
import json
import os
import re
import shutil
import tempfile
import weakref
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from threading import Lock
from typing import Any
from uuid import uuid4

from engine.errors import StorageFull, StorageRefused, StoreCorrupt, StoreError
from engine.store.json_text import INLINE_LIMIT, encode, preview
from engine.store.retention import reachable
from engine.store.unsynced import Unsynced

ARTIFACT_KEY = "$artifact"
TABLE_KEY = "$table"
_MOST_SOUND = 10_000
_MARK = f'"{ARTIFACT_KEY}"'
_SHA256 = re.compile(r"[0-9a-f]{64}")


class ArtifactStore:
    """The files of one store. Its methods may be called from any thread."""

    def __init__(self, root: Path | None = None) -> None:
        """Keep files below ``root``; without one, in a temporary folder that goes with this object."""
        self._root = root
        self._is_temporary = root is None
        self._remove: weakref.finalize[Any, ArtifactStore] | None = None
        self._lock = Lock()
        self._unsynced = Unsynced()
        self._claimed: set[str] = set()
        # Tables this process wrote or has looked through.
        self._sound: set[str] = set()
        self.is_sweeping = False

    @property
    def root(self) -> Path:
        """The folder, made on first use."""
        with self._lock:
            if self._root is None:
                self._root = Path(tempfile.mkdtemp(prefix="workflow-artifacts-"))
                self._remove = weakref.finalize(self, shutil.rmtree, self._root, ignore_errors=True)
            with _translated(self._root):
                self._root.mkdir(parents=True, exist_ok=True)
            return self._root

    def temporary(self, suffix: str = "") -> Path:
        """A fresh path to write to, on the same disk; ``adopt`` it when it is complete."""
        folder = self.root / "unfinished"
        with _translated(folder):
            folder.mkdir(exist_ok=True)
        return folder / f"{uuid4().hex}{suffix}"

    def adopt(self, path: Path) -> str:
        """Move a complete file in and return its sha256; the caller's path is gone afterwards."""
        with _translated(path):
            with path.open("rb") as stream:
                sha = hashlib.file_digest(stream, "sha256").hexdigest()
            self._move_in(path, sha)
        self._know_sound(sha)
        return sha

    def path(self, reference: str | Mapping[str, Any]) -> Path:
        """Where the file of a sha256, or of a reference to a table or JSON, lies."""
        sha = reference if isinstance(reference, str) else _sha_of(reference)
        found = self._place(sha)
        if not found.is_file():
            raise StoreCorrupt(
                f"A stored result is missing: {found.name[:12]}… is not in {found.parent.parent}",
                hint="Run the step that made it again.",
            )
        return found

    def checked(self, reference: Mapping[str, Any]) -> Path:
        """`path`, with its content found to be what it was: read whole when this process meets it. Blocks."""
        found = self.path(reference)
        if found.name in self._sound:
            return found
        with _translated(found), found.open("rb") as stream:
            sha = hashlib.file_digest(stream, "sha256").hexdigest()
        if sha != found.name:
            raise _damaged(found)
        self._know_sound(sha)
        return found

    def put_json(self, text: str, value: Any) -> dict[str, Any]:
        """Keep ``text``, the JSON of ``value``; returns the reference that stands for it."""
        content = text.encode()
        sha = hashlib.sha256(content).hexdigest()
        with _translated(self.root):
            self.claim([sha])  # before looking whether it is there: a sweep must not take it in between
            if not self._is_in_place(self._place(sha), len(content)):
                temporary = self.temporary(".json")
                try:
                    temporary.write_bytes(content)
                    self._move_in(temporary, sha)
                finally:
                    temporary.unlink(missing_ok=True)  # half of it would only take room
        return {ARTIFACT_KEY: sha, "bytes": len(content), "preview": preview(value)}

    def pack(self, output: Any) -> Any:
        """``output``, with its large parts moved out when its JSON is over the inline limit.

        Of an object the largest values go, so that the small ones stay readable in place.
        Raises ``TypeError`` or ``ValueError`` when ``output`` is no JSON.
        """
        text = encode(output)
        if holds_look_alike(text, output):
            # Kept whole, it comes back as it is: what lies in a file is not expanded again.
            return self.put_json(text, output)
        if len(text) <= INLINE_LIMIT:
            return output
        return self.pack_encoded(text, output)

    def pack_encoded(self, text: str, output: Any) -> Any:
        """``pack`` for an ``output`` that is known to be too large, whose JSON is ``text``."""
        if not isinstance(output, dict) or is_reference(output):
            return self.put_json(text, output)
        packed = dict(output)
        texts = {key: encode(value) for key, value in output.items()}
        size = sum(len(part) + len(key) for key, part in texts.items())
        for key in sorted(texts, key=lambda name: len(texts[name]), reverse=True):
            if size <= INLINE_LIMIT // 2:
                return packed
            if len(texts[key]) <= INLINE_LIMIT // 16:
                return self.put_json(text, output)  # many small values: no single one is to blame
            packed[key] = self.put_json(texts[key], output[key])
            size -= len(texts[key])
        return packed

    def load_json(self, reference: Mapping[str, Any]) -> Any:
        """The JSON a reference stands for; raises ``StoreCorrupt`` when the file is not what it was."""
        found = self.path(reference)
        try:
            content = found.read_bytes()
        except OSError as error:
            raise StoreCorrupt(
                f"A stored result cannot be read: {found}: {error.strerror or error}",
                hint="Check that the disk is there and that you may read it.",
            ) from error
        if hashlib.sha256(content).hexdigest() != reference[ARTIFACT_KEY]:
            self._sound.discard(found.name)  # who makes it again writes it again
            raise _damaged(found)
        return json.loads(content)

    def expand(self, value: Any) -> Any:
        """``value`` with every reference to JSON in it loaded back; tables stay references."""
        if isinstance(value, dict):
            if is_reference(value):
                return self.load_json(value)
            return {key: self.expand(item) for key, item in value.items()}
        if isinstance(value, list):
            return [self.expand(item) for item in value]
        return value

    def holds_all(self, value: Any) -> bool:
        """Whether every stored result that ``value`` refers to is there; then no sweep takes it any more."""
        names = list(_shas_in(value))
        self.claim(names)  # before looking, as wherever somebody is about to refer to it
        return all(self._place(sha).is_file() for sha in names)

    async def expand_async(self, value: Any) -> Any:
        """``expand``, reading files in a thread when there are any to read."""
        if has_reference(value):
            return await asyncio.to_thread(self.expand, value)
        return value

    def sync(self) -> None:
        """Everything moved in so far survives the loss of power."""
        with _translated(self.root):
            self._unsynced.sync(self.temporary)

    @property
    def unsynced(self) -> int:
        """How many files the loss of power could still take."""
        return len(self._unsynced)

    def begin_sweep(self, *, forget: bool) -> None:
        """From now on `claim` has to be told of every name that is written into a journal.

        forget: no step is under way, so whatever was moved in before stands in a journal or will never.
        """
        with self._lock:
            self.is_sweeping = True
            if forget:
                self._claimed.clear()

    def claim(self, names: Iterable[str]) -> None:
        """Somebody is about to refer to these: no sweep takes them."""
        with self._lock:
            self._claimed.update(names)

    def sweep(self, names: Iterable[str]) -> tuple[int, int]:
        """Remove what `names` do not lead to and nobody claimed; returns how many files and bytes."""
        root = self.root
        try:
            with _translated(root):
                kept = reachable(names, self._place)
                sizes = [
                    self._remove_unclaimed(path)
                    for path in root.glob("??/*")
                    if _is_sha(path.name) and path.name not in kept
                ]
        finally:
            self.is_sweeping = False
        removed = [size for size in sizes if size is not None]
        return len(removed), sum(removed)

    def close(self) -> None:
        """Remove a temporary folder; a kept one loses only what was never finished."""
        if self._remove is not None:
            self._remove()
            self._root, self._remove = None, None
        else:
            self.discard_unfinished()

    def discard_unfinished(self) -> None:
        """Remove what a process that died was still writing."""
        if self._root is not None:
            shutil.rmtree(self._root / "unfinished", ignore_errors=True)

    def _is_in_place(self, place: Path, size: int) -> bool:
        """Whether the file is there and is what its name says; a damaged one is written anew."""
        if not place.is_file() or place.stat().st_size != size:
            return False
        if place.name in self._sound:
            return True
        with place.open("rb") as stream:
            is_sound = hashlib.file_digest(stream, "sha256").hexdigest() == place.name
        if is_sound:
            self._know_sound(place.name)
        return is_sound

    def _know_sound(self, sha: str) -> None:
        with self._lock:
            if len(self._sound) >= _MOST_SOUND:
                self._sound.clear()
            self._sound.add(sha)

    def _place(self, sha: str) -> Path:
        if not _is_sha(sha):
            # A step may deliver anything; what looks like a reference must not lead out of the folder.
            raise StoreError(f"{str(sha)[:80]!r} is no reference to a stored result")
        return self.root / sha[:2] / sha

    def _remove_unclaimed(self, path: Path) -> int | None:
        """The bytes freed; None when the file stays."""
        with self._lock:
            if path.name in self._claimed:
                return None
            try:
                size = path.stat().st_size
                path.unlink()
            except (FileNotFoundError, PermissionError):
                return None  # open elsewhere (Windows) or gone: the next sweep looks again
        return size

    def _move_in(self, path: Path, sha: str) -> None:
        place = self._place(sha)
        self.claim([sha])  # before looking whether it is there: a sweep must not take it in between
        place.parent.mkdir(exist_ok=True)
        if self._is_in_place(place, path.stat().st_size):
            path.unlink()  # the same content: leave the file alone, someone may be reading it
            return
        os.replace(path, place)
        if not self._is_temporary:
            self._unsynced.add(place)


def _damaged(found: Path) -> StoreCorrupt:
    return StoreCorrupt(f"A stored result is damaged: {found}", hint="Run the step that made it again.")


def is_reference(value: Any) -> bool:
    """Whether ``value`` stands for JSON that was moved out of line."""
    if not isinstance(value, dict) or ARTIFACT_KEY not in value:
        return False
    sha = value[ARTIFACT_KEY]
    return value.keys() == {ARTIFACT_KEY, "bytes", "preview"} and _is_sha(sha)


def _is_sha(name: Any) -> bool:
    return isinstance(name, str) and _SHA256.fullmatch(name) is not None


def has_reference(value: Any) -> bool:
    """Whether there is anything in ``value`` to load back."""
    if isinstance(value, dict):
        return is_reference(value) or any(has_reference(item) for item in value.values())
    if isinstance(value, list):
        return any(has_reference(item) for item in value)
    return False


def holds_look_alike(text: str, value: Any) -> bool:
    """Whether ``value``, whose JSON is ``text``, holds something that only looks like our reference."""
    return _MARK in text and has_reference(value)


def may_go_inline(text: str) -> bool:
    """Whether an event's data whose JSON is ``text`` may stand in the journal as it is."""
    return len(text) <= INLINE_LIMIT and _MARK not in text


def write(artifacts: ArtifactStore, data: Mapping[str, Any], key: str) -> tuple[Mapping[str, Any], str]:
    """An event's data and its JSON, with what stands under ``key`` moved out of line if it is too large."""
    text = encode(data)
    if len(text) > INLINE_LIMIT or (_MARK in text and has_reference(data[key])):
        data = {**data, key: artifacts.pack(data[key])}
        text = encode(data)
    return data, text


def _shas_in(value: Any) -> Iterator[str]:
    """The sha256 of every reference in ``value``, to tables and to JSON."""
    if isinstance(value, dict):
        for key in (TABLE_KEY, ARTIFACT_KEY):
            if _is_sha(value.get(key)):
                yield value[key]
        for item in value.values():
            yield from _shas_in(item)
    elif isinstance(value, list):
        for item in value:
            yield from _shas_in(item)


def _sha_of(reference: Mapping[str, Any]) -> str:
    sha: str = reference[TABLE_KEY] if TABLE_KEY in reference else reference[ARTIFACT_KEY]
    return sha


@contextmanager
def _translated(path: Path) -> Iterator[None]:
    """The system's faults with files become ours."""
    try:
        yield
    except OSError as error:
        if error.errno in (errno.ENOSPC, errno.EDQUOT):
            raise StorageFull(
                f"There is no room left for results in {path}", hint="Free some space and go on."
            ) from error
        raise StorageRefused(
            f"A result cannot be kept in {path}: {error.strerror or error}",
            hint="Check that the disk is there and that you may write to it.",
        ) from error
