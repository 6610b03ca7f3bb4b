"""What a form may ask of its surroundings: columns, references, values that are still missing."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

from engine.model.json_value import Json


@dataclass(frozen=True, slots=True, kw_only=True)
class Column:
    """A column of a table that reaches the node; `type` is one of the table types, or empty."""

    name: str
    type: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Suggestion:
    """One line of a completion list: what is inserted, and a grey word about it.

    `is_table` marks paths whose value is a table.
    """

    text: str
    detail: str = ""
    is_table: bool = False


def _no_columns(reference: Json) -> Sequence[Column]:
    return ()


def _no_references() -> Sequence[Suggestion]:
    return ()


def _nothing_known(path: str) -> str:
    return ""


@dataclass(frozen=True, slots=True, kw_only=True)
class FormContext:
    """The surroundings of a form; every entry may be left out.

    `columns(reference)` gives the columns of the table that a value such as `${join.table}` names;
    `references()` the paths that may stand in `${...}`, without the braces; `describe(path)` one line
    about the value behind a path; `missing(path)` why a path has no value yet, empty when it has one.
    `allows_expressions` is off where plain values are asked for, as in the dialogs of a run.
    """

    columns: Callable[[Json], Sequence[Column]] = _no_columns
    references: Callable[[], Sequence[Suggestion]] = _no_references
    describe: Callable[[str], str] = _nothing_known
    missing: Callable[[str], str] = _nothing_known
    base_dir: Path | None = None
    allows_expressions: bool = False
