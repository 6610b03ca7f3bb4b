"""The formats of JSON Schema that are checked; any other format is a hint for forms only."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from datetime import date, datetime, time
from typing import Final
from urllib.parse import urlsplit

_EMAIL = re.compile(r"[^@\s]+@[^@\s.]+(?:\.[^@\s.]+)*\Z")


def _is_date(text: str) -> bool:
    return len(text) == 10 and _reads(date.fromisoformat, text)


def _is_date_time(text: str) -> bool:
    return len(text) > 10 and _reads(datetime.fromisoformat, text)


def _is_date_time_or_empty(text: str) -> bool:
    return not text or _reads(datetime.fromisoformat, text)


def _is_time(text: str) -> bool:
    return _reads(time.fromisoformat, text)


def _is_email(text: str) -> bool:
    return _EMAIL.match(text) is not None


def _is_url(text: str) -> bool:
    try:
        parts = urlsplit(text)
        _ = parts.port
    except ValueError:
        return False
    return parts.scheme in ("http", "https") and bool(parts.hostname) and not re.search(r"\s", text)


def _is_regex(text: str) -> bool:
    try:
        re.compile(text)
    except (re.error, RecursionError, OverflowError):
        return False
    return True


def _reads(parse: Callable[[str], object], text: str) -> bool:
    try:
        parse(text)
    except ValueError:
        return False
    return True


FORMATS: Final[Mapping[str, tuple[Callable[[str], bool], str]]] = {
    "date": (_is_date, "must be a date such as 2026-03-31"),
    "date-time": (_is_date_time, "must be a date and time such as 2026-03-31T14:00:00"),
    "date-time-or-empty": (_is_date_time_or_empty, "must be a date and time such as 2026-03-31T14:00:00"),
    "time": (_is_time, "must be a time such as 14:00"),
    "email": (_is_email, "must be an e-mail address"),
    "url": (_is_url, "must be a web address such as https://example.org"),
    "regex": (_is_regex, "must be a regular expression"),
}
"""Format -> (whether a text fits, what to say when it does not)."""
