"""Runs an analyst's code; called in a process of its own, which can import this file and nothing of ours.

The code sees ``inputs`` and ``table`` and sets ``result``.
"""

from __future__ import annotations

import json
import tempfile
from pathlib import Path
from typing import Any

FILENAME = "<step>"


def run(payload: dict[str, Any]) -> dict[str, Any]:
    """{"result": JSON value} or, for rows, {"table": True} with the rows at payload["output"] as Parquet."""
    import duckdb

    with duckdb.connect() as connection:
        connection.execute("SET autoinstall_known_extensions = false; SET autoload_known_extensions = false")
        source = payload.get("table")
        scope: dict[str, Any] = {
            "__name__": "__main__",
            "inputs": payload.get("inputs") or {},
            "table": connection.read_parquet(source) if source else None,
            "result": None,
        }
        exec(compile(payload["code"], FILENAME, "exec"), scope)
        return _handed_on(connection, scope["result"], payload["output"])


def _handed_on(connection: Any, result: Any, output: str) -> dict[str, Any]:
    import duckdb

    if isinstance(result, duckdb.DuckDBPyRelation):
        result.write_parquet(output, compression="snappy")
        return {"table": True, "result": None}
    if hasattr(result, "__arrow_c_stream__"):  # pyarrow, polars, pandas with pyarrow
        connection.from_arrow(result).write_parquet(output, compression="snappy")
        return {"table": True, "result": None}
    if isinstance(result, list) and result and all(isinstance(row, dict) for row in result):
        _write_rows(connection, result, output)
        return {"table": True, "result": result}
    return {"table": False, "result": result}


def _write_rows(connection: Any, rows: list[dict[str, Any]], output: str) -> None:
    with tempfile.TemporaryDirectory() as folder:
        lines = Path(folder) / "rows.json"
        with lines.open("w", encoding="utf-8") as stream:
            stream.writelines(json.dumps(row, allow_nan=False) + "\n" for row in rows)
        relation = connection.read_json(str(lines), format="newline_delimited", sample_size=-1)
        relation.write_parquet(output, compression="snappy")
