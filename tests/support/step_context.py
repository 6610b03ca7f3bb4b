"""A step's context for tests of actions, with a store of its own, and tables to give to steps."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import duckdb

from engine.actions.context import StepContext
from engine.actions.sql import column_type
from engine.store.artifacts import ArtifactStore


class Reports:
    """Remembers what an action said, and how long it asked to sleep."""

    def __init__(self) -> None:
        self.logged: list[tuple[str, str]] = []
        self.progressed: list[tuple[float, str]] = []
        self.slept: list[float] = []

    def log(self, text: str, level: str) -> None:
        self.logged.append((level, text))

    def progress(self, fraction: float, text: str) -> None:
        self.progressed.append((fraction, text))

    async def sleep(self, seconds: float) -> None:
        self.slept.append(seconds)


class Bench:
    """Where an action is tried: a folder, a context, and tables in and out."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.reports = Reports()
        self.artifacts = ArtifactStore(folder / ".artifacts")
        self.context = StepContext(
            execution_id="run", step_id="step", attempt=1, reports=self.reports,
            artifacts=self.artifacts, base_dir=folder,
        )  # fmt: skip

    def table(self, select: str) -> dict[str, Any]:
        """A table from a DuckDB query, as a reference."""
        target = self.artifacts.temporary(".parquet")
        with duckdb.connect() as connection:
            connection.execute(f"COPY ({select}) TO '{target}' (FORMAT parquet)")
            described = connection.execute(f"DESCRIBE SELECT * FROM read_parquet('{target}')").fetchall()
            counted = connection.execute(f"SELECT count(*) FROM read_parquet('{target}')").fetchone()
        assert counted is not None
        size = target.stat().st_size
        return {
            "$table": self.artifacts.adopt(target),
            "rows": counted[0],
            "columns": [{"name": row[0], "type": column_type(row[1])} for row in described],
            "bytes": size,
        }

    def rows(self, reference: Mapping[str, Any]) -> list[tuple[Any, ...]]:
        """The rows of a table."""
        with duckdb.connect() as connection:
            path = self.artifacts.path(reference)
            found: Sequence[tuple[Any, ...]] = connection.execute(
                f"SELECT * FROM read_parquet('{path}')"
            ).fetchall()
        return list(found)


def names(reference: Mapping[str, Any]) -> list[str]:
    """The names of a table's columns."""
    return [column["name"] for column in reference["columns"]]


def types(reference: Mapping[str, Any]) -> dict[str, str]:
    """The types of a table's columns by name."""
    return {column["name"]: column["type"] for column in reference["columns"]}


def expression(source: str, **values: Any) -> dict[str, Any]:
    """A resolved row expression; ``input_threshold=60`` stands for ``input.threshold``."""
    return {
        "$expression": source,
        "values": {name.replace("_", ".", 1): value for name, value in values.items()},
    }
