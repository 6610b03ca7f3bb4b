"""Columns of a table, and what to say about one that is not there."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import TypeAlias

from engine.actions.sql import ColumnType
from engine.errors import ActionError
from engine.expression.suggestions import nearest

Columns: TypeAlias = Mapping[str, ColumnType]
"""The columns of a table by name, in their order."""

_LISTED = 12


@dataclass(frozen=True, slots=True)
class Pick:
    """A column that a parameter names: where it may be looked for, and what to call that place."""

    columns: Columns
    where: str = ""

    def __call__(self, name: str) -> ColumnType:
        """The type of a column; ActionError with the nearest names if there is no such column."""
        found = self.columns.get(name)
        if found is None:
            raise no_such_column(name, self.columns, where=self.where)
        return found


def no_such_column(name: str, columns: Iterable[str], *, where: str = "") -> ActionError:
    """The error that names the nearest columns, or lists what there is."""
    known = list(columns)
    place = f" in the {where}" if where else ""
    if not name:
        return ActionError(f"A column{place} is not chosen", hint="Choose a column.")
    near = nearest(name, known)
    if near:
        message = f"No column '{name}'{place}. Did you mean '{near}'?"
        return ActionError(message, hint=f"Use '{near}'.", column=name, meant=near)
    listed = ", ".join(known[:_LISTED]) + (
        f" and {len(known) - _LISTED} more" if len(known) > _LISTED else ""
    )
    return ActionError(
        f"No column '{name}'{place}", hint=f"The columns are: {listed or 'none'}.", column=name
    )


def free_name(wish: str, taken: Iterable[str], suffix: str = "") -> str:
    """A column name that differs from all taken ones by more than case: DuckDB tells no case apart."""
    used = {name.casefold() for name in taken}
    name = wish
    if name.casefold() in used and suffix:
        name = f"{wish}{suffix}"
    number = 2
    while name.casefold() in used:
        name = f"{wish}{suffix}_{number}"
        number += 1
    return name
