"""Which node reads a file that somebody brings along, and whether a file is a workflow itself."""

from __future__ import annotations

from pathlib import Path

from designer.document import picture_file
from engine.errors import WorkflowFileError

WORKFLOW_SUFFIX = ".workflow.json"
_READERS = {
    "file.read_csv": (".csv", ".tsv", ".csv.gz"),
    "file.read_excel": (".xlsx", ".xlsm"),
    "file.read_parquet": (".parquet", ".pq"),
    "file.read_json": (".json", ".jsonl", ".ndjson"),
}
_MOST_TO_PEEK_AT = 4_000_000
"""Bytes; a larger ``.json`` file without the workflow's ending is taken for data."""


def is_workflow(path: Path) -> bool:
    """Whether this is a workflow file: by its ending, else, for ``.json``, by what is in it.

    A PNG picture counts when it carries a workflow.
    """
    name = path.name.lower()
    if name.endswith(".png"):
        return _carries_workflow(path)
    if name.endswith(WORKFLOW_SUFFIX) or not name.endswith(".json"):
        return name.endswith(WORKFLOW_SUFFIX)
    try:
        if path.stat().st_size > _MOST_TO_PEEK_AT:
            return False
        text = path.read_text("utf-8", errors="replace").lstrip("\ufeff \t\r\n")
    except OSError:
        return False
    return text.startswith("{") and (
        ('"nodes"' in text and '"connections"' in text) or ('"steps"' in text and '"action"' in text)
    )


def _carries_workflow(path: Path) -> bool:
    try:
        return picture_file.extract(path.read_bytes()) is not None
    except (OSError, WorkflowFileError):
        return False


def reader_of(path: Path) -> str | None:
    """The node type that reads this data file, or None for files that no node reads."""
    name = path.name.lower()
    for type_id, endings in _READERS.items():
        if name.endswith(endings):
            return None if is_workflow(path) else type_id
    return None


def title_for(path: Path) -> str:
    """What the reader of this file is called."""
    return f"Read {path.name.split('.')[0] or path.name}"
