"""A PNG picture that carries the workflow it shows, so that it can be opened again.

The workflow's file text lies in an international text chunk (iTXt, compressed) with the keyword
``workflow-designer``, as the PNG specification (W3C, section 11.3.3) describes it. Every other program shows
the picture and leaves the chunk alone.
"""

from __future__ import annotations

import struct
import zlib
from collections.abc import Iterator
from pathlib import Path

from engine.errors import WorkflowFileError

SIGNATURE = b"\x89PNG\r\n\x1a\n"
KEYWORD = b"workflow-designer"
MAX_TEXT = 64 * 1024 * 1024
"""Bytes of text that a picture may carry: more is no workflow but an attempt to fill the memory."""

_LENGTH = struct.Struct(">I")
_HEAD = KEYWORD + b"\x00\x01\x00\x00\x00"  # compressed, by zlib; no language, no translated keyword


def embed(png: bytes, text: str) -> bytes:
    """The same picture with the text in it, in place of what it carried before."""
    parts = [SIGNATURE]
    for kind, chunk in _chunks(png):
        if kind == b"iTXt" and _data(chunk).startswith(KEYWORD + b"\x00"):
            continue
        if kind == b"IEND":
            parts.append(_chunk(b"iTXt", _HEAD + zlib.compress(text.encode(), 9)))
        parts.append(chunk)
    return b"".join(parts)


def extract(png: bytes) -> str | None:
    """The text that a picture carries; None for a picture without one. Raises WorkflowFileError when what it
    carries is damaged."""
    for kind, chunk in _chunks(png):
        data = _data(chunk)
        if kind == b"iTXt" and data.startswith(_HEAD):
            if _LENGTH.unpack(chunk[-4:])[0] != zlib.crc32(chunk[4:-4]):
                raise WorkflowFileError(None, "The workflow in this picture is damaged")
            return _inflated(data[len(_HEAD) :])
    return None


def read(path: Path) -> str:
    """The workflow text in a picture file. Raises WorkflowFileError when there is none, and OSError."""
    content = path.read_bytes()
    if not content.startswith(SIGNATURE):
        raise WorkflowFileError(path, "This is not a PNG picture")
    text = extract(content)
    if text is None:
        raise WorkflowFileError(
            path,
            "This picture carries no workflow",
            hint="Only pictures that were saved here, with the workflow in them, can be opened.",
        )
    return text


def _inflated(data: bytes) -> str:
    reader = zlib.decompressobj()
    try:
        text = reader.decompress(data, MAX_TEXT)
        if reader.unconsumed_tail:
            raise WorkflowFileError(None, "The workflow in this picture is too large")
        return text.decode()
    except (zlib.error, UnicodeDecodeError) as error:
        raise WorkflowFileError(None, "The workflow in this picture is damaged") from error


def _chunks(png: bytes) -> Iterator[tuple[bytes, bytes]]:
    """Kind and whole bytes (length, kind, data, checksum) of each chunk; ends where the file is cut off."""
    at = len(SIGNATURE)
    while at + 12 <= len(png):
        end = at + 12 + _LENGTH.unpack_from(png, at)[0]
        if end > len(png):
            return
        yield png[at + 4 : at + 8], png[at:end]
        at = end


def _data(chunk: bytes) -> bytes:
    return chunk[8:-4]


def _chunk(kind: bytes, data: bytes) -> bytes:
    return _LENGTH.pack(len(data)) + kind + data + _LENGTH.pack(zlib.crc32(kind + data))
