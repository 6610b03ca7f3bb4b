"""Read Parquet and JSON files."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from engine.actions import files
from engine.actions.columns import Pick
from engine.actions.duck import VERSION, Duck, connect
from engine.actions.registry import handler
from engine.actions.sql import column_type, identifier, text_literal
from engine.errors import ActionError

if TYPE_CHECKING:
    from pathlib import Path

    from engine.actions.context import StepContext

_LARGEST_JSON_BYTES = 1 << 30


@handler(effects="reads", idempotent=True, version=VERSION, files=("path",))
def read_parquet(params: Mapping[str, Any], context: StepContext) -> dict[str, Any]:
    """Read one or several Parquet files as one table."""
    paths = files.existing_many(context, params.get("path"))
    for path in paths:
        _check_parquet(path)
    listed = ", ".join(text_literal(_without_wildcards(path)) for path in paths)
    source = f"read_parquet([{listed}], union_by_name = {'true' if len(paths) > 1 else 'false'})"
    with connect(context) as duck:
        columns = {name: column_type(kind) for name, kind in duck.columns(f"SELECT * FROM {source}").items()}
        wanted = list(params.get("columns") or [])
        for name in wanted:
            Pick(columns)(name)
        chosen = ", ".join(identifier(name) for name in wanted) or "*"
        table = duck.write(f"SELECT {chosen} FROM {source}")
    return {"table": table, "rows": table["rows"]}


@handler(effects="reads", idempotent=True, version=VERSION, files=("path",))
def read_json(params: Mapping[str, Any], context: StepContext) -> dict[str, Any]:
    """Read a JSON document or JSON lines as a table."""
    path = files.existing(context, params.get("path"))
    if path.stat().st_size == 0:
        raise ActionError(f"'{path.name}' is empty", hint="Choose a file with JSON in it.")
    encoding = files.detect_encoding(path)
    copy = context.artifacts.temporary(".json")
    try:
        source = path
        if encoding != "utf-8" or files.has_mark(path) or _without_wildcards(path) != str(path):
            files.as_utf8(path, encoding, copy)
            source = copy
        with connect(context) as duck:
            try:
                table = json_table(
                    duck,
                    source,
                    records=str(params.get("records") or ""),
                    layout=params.get("format", "auto"),
                )
            except ActionError as error:
                raise _named(error, path.name) from error
    finally:
        copy.unlink(missing_ok=True)
    return {"table": table, "rows": table["rows"]}


def json_table(duck: Duck, path: Path, *, records: str = "", layout: str = "auto") -> dict[str, Any]:
    """A UTF-8 JSON file as a table: its records, or those of a list inside it."""
    size = min(max(path.stat().st_size + 1024, 1 << 24), _LARGEST_JSON_BYTES)
    if records:
        return _inner_list(duck, path, records, size)
    kind = {"lines": "newline_delimited", "document": "unstructured"}.get(layout, "auto")
    return duck.write(f"SELECT * FROM {_read_json(path, kind, size)}")


def _read_json(path: Path, kind: str, size: int) -> str:
    return (
        f"read_json({text_literal(str(path))}, format = '{kind}', maximum_object_size = {size}, "
        "sample_size = -1, map_inference_threshold = -1)"
    )


def _inner_list(duck: Duck, path: Path, records: str, size: int) -> dict[str, Any]:
    """The list at a path such as data.items, taken out into a file of its own and read like any other."""
    pointer = "$" + "".join(f'."{part}"' for part in records.removeprefix("$.").split("."))
    source = (
        f"read_json_objects({text_literal(str(path))}, format = 'unstructured', maximum_object_size = {size})"
    )
    found = duck.rows(f"SELECT json_type(json, {text_literal(pointer)}) FROM {source} LIMIT 1")
    if not found or found[0][0] != "ARRAY":
        raise ActionError(
            f"There is no list at '{records}'",
            hint="Give the names that lead to the list, with points between them, such as data.items.",
        )
    inner = duck.context.artifacts.temporary(".json")
    try:
        members = f"from_json(json_extract(json, {text_literal(pointer)}), '[\"JSON\"]')"
        duck.rows(
            f"COPY (SELECT unnest({members}) FROM {source}) TO {text_literal(str(inner))} "
            "(FORMAT csv, HEADER false, QUOTE '', ESCAPE '', DELIMITER '\x01')"
        )
        if inner.stat().st_size == 0:
            return duck.write("SELECT NULL::VARCHAR AS value WHERE false")
        return duck.write(f"SELECT * FROM {_read_json(inner, 'newline_delimited', size)}")
    finally:
        inner.unlink(missing_ok=True)


def _check_parquet(path: Path) -> None:
    with path.open("rb") as stream:
        start = stream.read(4)
    if start not in (b"PAR1", b"PARE"):
        raise ActionError(f"'{path.name}' is not a Parquet file", hint="Use the step that reads its format.")


def _without_wildcards(path: Path) -> str:
    """The path as DuckDB takes it: a bracket in a folder's name is no pattern."""
    return "".join(f"[{letter}]" if letter in "*?[" else letter for letter in str(path))


def _named(error: ActionError, name: str) -> ActionError:
    if error.message.startswith("There is no list"):
        return ActionError(f"{error.message} in '{name}'", hint=error.hint)
    return ActionError(
        f"'{name}' cannot be read as JSON: {error.message}", hint="Check that the file is complete."
    )
