"""Reads JSON as a workflow file may be written: strict, with the line of every fault.

Stricter than Python's reader: no NaN or Infinity, no number too large for a float, no key twice in one
object. Kinder in one thing: a byte order mark, which Windows editors write, is passed over.
"""

from __future__ import annotations

import codecs
import json
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Final, NoReturn

from engine.errors import WorkflowFileError
from engine.model.json_value import Json

MAX_BYTES: Final = 64_000_000

_TOKEN = re.compile(r'[\s]*(?:([{\[])|([}\]])|(,)|(:)|("(?:[^"\\]|\\.)*")|([^\s{}\[\],:"]+))', re.S)


def read_text(raw: bytes, path: Path | None = None) -> str:
    """The bytes as text. Raises WorkflowFileError for any encoding but UTF-8."""
    if len(raw) > MAX_BYTES:
        raise WorkflowFileError(path, f"The file has {len(raw):,} bytes: too many for a workflow")
    if raw.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)):
        raise WorkflowFileError(path, "The file is written in UTF-16", line=1, hint="Save it as UTF-8.")
    raw = raw.removeprefix(codecs.BOM_UTF8)
    try:
        return raw.decode("utf-8")
    except UnicodeDecodeError as error:
        line = raw.count(b"\n", 0, error.start) + 1
        raise WorkflowFileError(
            path, f"Line {line}: the file is not written in UTF-8", line=line, hint="Save it as UTF-8."
        ) from None


def parse(text: str, path: Path | None = None) -> Json:
    """The JSON value of `text`. Raises WorkflowFileError with the line of the fault."""
    try:
        value: Json = json.loads(
            text, parse_constant=_refuse_constant, parse_float=_float, object_pairs_hook=_object
        )
    except json.JSONDecodeError as error:
        raise WorkflowFileError(
            path, f"Line {error.lineno}, column {error.colno}: {_plain_words(error)}", line=error.lineno
        ) from None
    except RecursionError:
        raise WorkflowFileError(path, "The file is nested too deeply for a workflow") from None
    except _Refused as refused:
        line = _line_of_refused(text, refused)
        raise WorkflowFileError(path, f"Line {line}: {refused}", line=line) from None
    except ValueError:
        # int() of more than 4,300 digits.
        raise WorkflowFileError(path, "The file holds a whole number with thousands of digits") from None
    return value


def line_of(text: str, pointer: str) -> int | None:
    """The line, from 1, on which the value at a JSON Pointer begins; None where the text has no such value.

    Walks the text once more: for messages, not for reading.
    """
    for found, offset, _ in _values(text):
        if found == pointer:
            return text.count("\n", 0, offset) + 1
    return None


class _Refused(ValueError):
    """Valid for Python's reader, refused by this one; `token` is what to look for."""

    def __init__(self, message: str, token: str, *, is_key: bool = False) -> None:
        super().__init__(message)
        self.token = token
        self.is_key = is_key


def _refuse_constant(name: str) -> NoReturn:
    raise _Refused(f"{name} is not a JSON value", name)


def _float(text: str) -> float:
    value = float(text)
    if value in (float("inf"), float("-inf")):
        raise _Refused(f"the number {text[:40]} is too large", text)
    return value


def _object(pairs: list[tuple[str, Json]]) -> dict[str, Json]:
    value = dict(pairs)
    if len(value) != len(pairs):
        seen: set[str] = set()
        for key, _ in pairs:
            if key in seen:
                raise _Refused(f"the key {key!r} stands twice in the same object", key, is_key=True)
            seen.add(key)
    return value


def _line_of_refused(text: str, refused: _Refused) -> int:
    seen: set[str] = set()
    for pointer, offset, token in _values(text):
        if refused.is_key:
            if pointer in seen and pointer.endswith("/" + _escape(refused.token)):
                return text.count("\n", 0, offset) + 1
            seen.add(pointer)
        elif token == refused.token:
            return text.count("\n", 0, offset) + 1
    return 1


def _values(text: str) -> Iterator[tuple[str, int, str]]:
    """(pointer, offset, token) of every value of a valid JSON text, parents first."""
    path: list[str | int] = []  # one entry for each open container: the key or index reached in it
    expects_key = False
    for match in _TOKEN.finditer(text):
        opening, closing, comma, colon, quoted, bare = match.groups()
        offset = match.start(match.lastindex or 0)
        if closing:
            path.pop()
            expects_key = False
        elif comma:
            last = path[-1]
            if isinstance(last, int):
                path[-1] = last + 1
            else:
                expects_key = True
        elif colon:
            expects_key = False
        elif quoted and expects_key:
            path[-1] = json.loads(quoted)
        else:
            yield "".join(f"/{_escape(str(part))}" for part in path), offset, opening or quoted or bare
            if opening:
                path.append(0 if opening == "[" else "")
                expects_key = opening == "{"


def _escape(key: str) -> str:
    return key.replace("~", "~0").replace("/", "~1")


def _plain_words(error: json.JSONDecodeError) -> str:
    """Python's message without its jargon."""
    if error.pos >= len(error.doc.rstrip()):
        return "the file ends too early" if error.doc.strip() else "the file is empty"
    words = {
        "Expecting value": "a value is missing here",
        "Expecting property name enclosed in double quotes": 'a key in "quotation marks" is expected here',
        "Expecting ',' delimiter": "a comma is missing here",
        "Expecting ':' delimiter": "a colon is missing here",
        "Extra data": "something follows after the end of the workflow",
        "Unterminated string starting at": "the text that begins here is not closed",
        "Invalid control character at": "a text holds a line break or control character",
        "Illegal trailing comma before end of object": "a comma before the closing brace is one too many",
        "Illegal trailing comma before end of array": "a comma before the closing bracket is one too many",
    }
    return words.get(error.msg, error.msg[:1].lower() + error.msg[1:])
