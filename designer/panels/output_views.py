"""The ways an output can be looked at, the most telling first."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from designer.panels.tables import tables_in
from designer.panels.value_views import IMAGE_SUFFIXES
from engine.model.json_value import Json

Kind = Literal["table", "picture", "file", "value", "tree"]


@dataclass(frozen=True, slots=True, kw_only=True)
class OutputView:
    """One entry of the selector: how `value` is shown, and what that view is called."""

    kind: Kind
    title: str
    value: Json


def views_of(output: Json) -> list[OutputView]:
    """Tables, then a picture or file, then everything as a tree; one plain value stands alone."""
    views = [OutputView(kind="table", title=_title(path), value=table) for path, table in tables_in(output)]
    path = file_path(output)
    if path is not None:
        is_picture = path.suffix.lower() in IMAGE_SUFFIXES
        views.append(
            OutputView(
                kind="picture" if is_picture else "file",
                title="Picture" if is_picture else "File",
                value=str(path),
            )
        )
    if isinstance(output, dict | list):
        if not _says_nothing_more(output, views):
            views.append(OutputView(kind="tree", title="All values", value=output))
    elif output is not None:
        views.append(OutputView(kind="value", title="Value", value=output))
    return views


def file_path(output: Json) -> Path | None:
    """The file a step wrote or read, when its output names one by an absolute path."""
    if not isinstance(output, Mapping) or not isinstance(output.get("path"), str):
        return None
    path = Path(str(output["path"]))
    return path if path.is_absolute() else None


def _says_nothing_more(output: Json, views: list[OutputView]) -> bool:
    """True when a table with its row count is all there is."""
    if len(views) != 1 or views[0].kind != "table":
        return False
    table = views[0].value
    return output == table or (
        isinstance(output, dict)
        and isinstance(table, dict)
        and all(
            value == table or (key == "rows" and value == table.get("rows")) for key, value in output.items()
        )
    )


def _title(path: tuple[str | int, ...]) -> str:
    """`rows.kept` becomes "Rows kept"; a table that is the whole output is just that."""
    words = " ".join(str(part) for part in path).replace("_", " ").strip()
    return words[:1].upper() + words[1:] if words else "Table"
