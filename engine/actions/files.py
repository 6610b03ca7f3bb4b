"""Files that steps read and write: found with help, written in one move, explained when they resist."""

from __future__ import annotations

import codecs
import os
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING
from uuid import uuid4

from engine.errors import ActionError
from engine.expression.suggestions import nearest

if TYPE_CHECKING:
    from engine.actions.context import StepContext

_CHUNK = 1 << 20
_WILDCARDS = frozenset("*?[")


def existing(context: StepContext, text: object) -> Path:
    """The one file that a parameter names; ActionError that says what is there instead."""
    path = context.resolve_path(_path_text(text))
    try:
        if path.is_file():
            with path.open("rb"):
                return path
        found_folder = path.is_dir()
    except OSError as error:
        raise unreadable(path, error) from error
    if found_folder:
        raise ActionError(f"'{path.name}' is a folder, not a file", hint="Choose a file in it.")
    raise _not_found(path)


def existing_many(context: StepContext, text: object) -> list[Path]:
    """The files that a name or a pattern such as data/*.csv stands for, by name."""
    written = _path_text(text)
    path = context.resolve_path(written)
    if not _WILDCARDS & set(written) or path.is_file():
        return [existing(context, text)]
    anchor = Path(path.anchor) if path.anchor else Path()
    found = sorted(match for match in anchor.glob(str(path.relative_to(anchor))) if match.is_file())
    if not found:
        raise ActionError(f"No file matches '{written}'", hint=f"Looked in {path.parent}.")
    return [existing(context, str(match)) for match in found]


@contextmanager
def writing(
    context: StepContext, text: object, *, suffixes: tuple[str, ...] = ()
) -> Iterator[tuple[Path, Path]]:
    """(target, temporary file to write): the temporary one takes the target's place if all went well.

    Makes missing folders. The temporary file lies beside the target, so that the last move is atomic.
    """
    target = context.resolve_path(_path_text(text))
    if suffixes and target.suffix.lower() not in suffixes:
        listed = " or ".join(suffixes)
        raise ActionError(
            f"'{target.name}' does not end with {listed}", hint=f"Call it {target.stem}{suffixes[0]}."
        )
    temporary = target.with_name(f".{target.name[:80]}.{uuid4().hex[:8]}.part")
    try:
        target.parent.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise unwritable(target, error) from error
    if target.is_dir():
        raise ActionError(f"'{target}' is a folder, not a file", hint="Add a file name.")
    try:
        yield target, temporary
        if target.exists() and not os.access(target, os.W_OK):
            raise ActionError(
                f"'{target.name}' is write-protected", hint="Choose another name, or allow writing."
            )
        os.replace(temporary, target)
    except OSError as error:
        raise unwritable(target, error) from error
    finally:
        temporary.unlink(missing_ok=True)


def unreadable(path: Path, error: OSError) -> ActionError:
    """Why a file could not be read."""
    if isinstance(error, PermissionError):
        return ActionError(f"'{path.name}' may not be read", hint=f"Ask for access to {path}.")
    return ActionError(f"'{path.name}' cannot be read: {error.strerror or error}", hint=f"Check {path}.")


def unwritable(path: Path, error: OSError) -> ActionError:
    """Why a file could not be written."""
    if isinstance(error, PermissionError):
        return ActionError(
            f"'{path.name}' may not be written",
            hint=f"Close it if another program has it open, or choose a folder other than {path.parent}.",
        )
    if isinstance(error, FileExistsError | NotADirectoryError):
        return ActionError(
            f"'{path.parent}' is not a folder", hint="A file has that name: choose another folder."
        )
    return ActionError(f"'{path.name}' cannot be written: {error.strerror or error}", hint=f"Check {path}.")


def detect_encoding(path: Path) -> str:
    """The encoding that a text file is in: by its mark, else UTF-8 if all of it is, else a guess."""
    with path.open("rb") as stream:
        head = stream.read(4096)
    for mark, name in _MARKS:
        if head.startswith(mark):
            return name
    if _is_utf8(path):
        # Two zero bytes in three are no text: without a mark, UTF-16 in Latin letters looks like that.
        return _utf16_order(head) or "utf-8"
    return _utf16_order(head) or ("cp1252" if _decodes(head, "cp1252") else "latin-1")


def has_mark(path: Path) -> bool:
    """Whether a file begins with the mark of UTF-8, which JSON does not allow."""
    with path.open("rb") as stream:
        return stream.read(3) == codecs.BOM_UTF8


def as_utf8(path: Path, encoding: str, target: Path) -> None:
    """Write a text file again as UTF-8; ActionError at the first bytes that are not in that encoding."""
    reader = codecs.getincrementaldecoder(encoding)()
    read = 0
    try:
        with path.open("rb") as source, target.open("wb") as sink:
            while chunk := source.read(_CHUNK):
                sink.write(reader.decode(chunk).removeprefix("\ufeff" if not read else "").encode())
                read += len(chunk)
            sink.write(reader.decode(b"", final=True).encode())
    except (UnicodeError, LookupError) as error:
        raise ActionError(
            f"'{path.name}' is not written in {encoding}",
            hint="Choose another encoding, or let the step find out.",
        ) from error


def from_utf8(path: Path, encoding: str, target: Path) -> None:
    """Write a UTF-8 file again in another encoding; ActionError names the first letter it does not have."""
    encoder = codecs.getincrementalencoder(encoding)()
    try:
        with path.open("r", encoding="utf-8", newline="") as source, target.open("wb") as sink:
            while chunk := source.read(_CHUNK):
                sink.write(encoder.encode(chunk))
            sink.write(encoder.encode("", final=True))
    except UnicodeEncodeError as error:
        letter = error.object[error.start]
        raise ActionError(
            f"The letter '{letter}' cannot be written in {encoding}", hint="Choose UTF-8 as the encoding."
        ) from error


def copied(source: Path, target: Path) -> None:
    """A copy of a file's contents."""
    shutil.copyfile(source, target)


def _path_text(text: object) -> str:
    written = str(text or "").strip()
    if not written:
        raise ActionError("No file is chosen", hint="Choose a file.")
    if "\0" in written:
        raise ActionError("The file name holds a character that no file name may have")
    return written


def _not_found(path: Path) -> ActionError:
    if not path.parent.is_dir():
        return ActionError(f"There is no folder '{path.parent}'", hint="Check the path of the file.")
    names = [entry.name for entry in path.parent.iterdir()]
    if near := nearest(path.name, names):
        message = f"There is no file '{path.name}'. Did you mean '{near}'?"
        return ActionError(message, hint=f"Use '{near}'.", wrong=path.name, meant=near)
    return ActionError(f"There is no file '{path.name}'", hint=f"Looked in {path.parent}.")


_MARKS = (
    (codecs.BOM_UTF8, "utf-8"),
    (codecs.BOM_UTF32_LE, "utf-32"),
    (codecs.BOM_UTF32_BE, "utf-32"),
    (codecs.BOM_UTF16_LE, "utf-16"),
    (codecs.BOM_UTF16_BE, "utf-16"),
)


def _is_utf8(path: Path) -> bool:
    decoder = codecs.getincrementaldecoder("utf-8")()
    try:
        with path.open("rb") as stream:
            while chunk := stream.read(_CHUNK):
                decoder.decode(chunk)
            decoder.decode(b"", final=True)
    except UnicodeDecodeError:
        return False
    return True


def _utf16_order(head: bytes) -> str | None:
    if len(head) < 4:
        return None
    even, odd = head[::2].count(0), head[1::2].count(0)
    half = len(head) // 2
    if odd > half * 0.6 and even < half * 0.1:
        return "utf-16-le"
    return "utf-16-be" if even > half * 0.6 and odd < half * 0.1 else None


def _decodes(data: bytes, encoding: str) -> bool:
    try:
        data.decode(encoding)
    except UnicodeDecodeError:
        return False
    return True
