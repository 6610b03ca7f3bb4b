"""The items of a for_each: those of a list, or the rows of a table, fetched some at a time off the loop."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from engine.actions.context import Artifacts
from engine.errors import ActionError, WorkflowError
from engine.expression import MISSING, Missing
from engine.model.json_value import Json

PAGE_ROWS = 500
"""So many rows of a table are in memory at once."""

Fetched = Callable[[list[Json] | WorkflowError], None]
Fetch = Callable[[int, int, Fetched], None]
"""Reads (first, count) rows somewhere else and hands them over; calls back on the loop."""


class Items:
    """What a for_each goes through, by number."""

    def __init__(
        self, given: Any, fetch: Fetch, arrived: Callable[[], None], failed: Callable[[WorkflowError], None]
    ) -> None:
        """Raises ActionError for what is neither a list nor a table."""
        self._fetch = fetch
        self._arrived = arrived
        self._failed = failed
        self._list: list[Json] | None = None
        self._page: list[Json] = []
        self._first = 0
        self.is_loading = False
        if isinstance(given, list):
            self._list = given
            self.count = len(given)
        elif isinstance(given, dict) and isinstance(given.get("$table"), str):
            self.count = int(given["rows"])
        else:
            raise ActionError(
                f"There is nothing to go through: the items are {_described(given)}",
                hint="Give a list such as ${read.rows}, or a table such as ${read.table}.",
            )

    def take(self, number: int) -> Json | Missing:
        """The item; MISSING while its page is being read."""
        if self._list is not None:
            return self._list[number]
        place = number - self._first
        if 0 <= place < len(self._page):
            return self._page[place]
        if not self.is_loading:
            self.is_loading = True
            self._first, self._page = number, []
            self._fetch(number, PAGE_ROWS, self._take_in)
        return MISSING

    def _take_in(self, page: list[Json] | WorkflowError) -> None:
        self.is_loading = False
        if isinstance(page, list) and page:
            self._page = page
        elif isinstance(page, list):
            self._failed(ActionError("The table has fewer rows than it says", hint="Make it again."))
        else:
            self._failed(page)
        self._arrived()


def read_rows(artifacts: Artifacts, table: Mapping[str, Any], first: int, count: int) -> list[Json]:
    """Some rows of a table; blocks."""
    from engine.actions.duck import rows_of  # loads what only workflows with tables need

    return [*rows_of(artifacts, table, first, count)]


def _described(value: Any) -> str:
    if value is None:
        return "null"
    if isinstance(value, dict):
        return "an object"
    return f"{str(value)[:60]!r}"
