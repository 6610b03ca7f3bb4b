"""Painted pictures become files: encoded and written beside the window, which may give them up at any time.

Nothing here paints, so that all of it may run in a thread of its own.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path
from typing import TypeAlias

from PySide6.QtCore import QBuffer, QByteArray, QIODevice
from PySide6.QtGui import QImage

from designer.document import picture_file
from engine.files import codec, workflow_file
from engine.model import Workflow

Painted: TypeAlias = QImage | list[bytes]
"""A picture that is to be encoded, or the pieces of a file."""
_PIECE = 1 << 20
"""Bytes that are written at once."""


class GivenUp(Exception):
    """Nobody wants the picture any more."""


def _never() -> bool:
    return False


def save(
    path: Path,
    painted: Painted,
    carried: Workflow | None = None,
    is_given_up: Callable[[], bool] = _never,
) -> None:
    """Write a picture of the kind that the file's ending says; a PNG carries the workflow, if there is one.

    The file is replaced when all is written: until then, what was there stays. Raises OSError, and GivenUp.
    """
    if isinstance(painted, QImage):
        ending = path.suffix.lower().removeprefix(".")
        if ending == "png":
            content = png(painted, carried, is_given_up)
        else:
            content = _encoded(painted, ending, is_given_up)
        if not content:
            raise OSError(f"The picture could not be written to {path}")
        pieces: Iterable[bytes] = _cut(content)
    else:
        pieces = painted
    workflow_file.replace_content(Path(os.path.realpath(path)), _while_wanted(pieces, is_given_up))


def png(image: QImage, carried: Workflow | None, is_given_up: Callable[[], bool] = _never) -> bytes:
    """The image as a PNG file, with the workflow in it to be opened again. Raises GivenUp."""
    content = _encoded(image, "png", is_given_up)
    return content if carried is None else picture_file.embed(content, codec.encode(carried))


def _encoded(image: QImage, kind: str, is_given_up: Callable[[], bool]) -> bytes:
    """The content of an image file; nothing for a kind that Qt cannot write. Raises GivenUp.

    Qt lets the window go on meanwhile, but cannot be stopped in the middle.
    """
    content = QByteArray()
    buffer = QBuffer(content)
    buffer.open(QIODevice.OpenModeFlag.WriteOnly)
    # The cast is for PySide's stubs, which want bytes where Qt takes the name of a format.
    was_written = image.save(buffer, kind.upper())  # type: ignore[call-overload]
    buffer.close()
    if is_given_up():
        raise GivenUp
    return bytes(content.data()) if was_written else b""


def _cut(content: bytes) -> Iterator[bytes]:
    for first in range(0, len(content), _PIECE):
        yield content[first : first + _PIECE]


def _while_wanted(pieces: Iterable[bytes], is_given_up: Callable[[], bool]) -> Iterator[bytes]:
    for piece in pieces:
        if is_given_up():
            raise GivenUp
        yield piece
    if is_given_up():
        raise GivenUp
