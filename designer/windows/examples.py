"""The examples that come with the program: what there is, and a copy of one to work on."""

from __future__ import annotations

import json
import shutil
from dataclasses import dataclass
from importlib.resources import as_file, files
from pathlib import Path

from PySide6.QtCore import QStandardPaths

FOLDER_NAME = "Workflow Designer"


@dataclass(frozen=True, slots=True, kw_only=True)
class Example:
    """One example: its folder's name under resources/examples, its workflow file, and what it shows."""

    folder: str
    file: str
    title: str
    summary: str


def examples() -> list[Example]:
    """All examples in the order of their index."""
    index = files("resources") / "examples" / "index.json"
    if not index.is_file():
        return []
    listed = json.loads(index.read_text(encoding="utf-8"))["examples"]
    return [
        Example(
            folder=str(entry["folder"]),
            file=str(entry["file"]),
            title=str(entry["title"]),
            summary=str(entry.get("summary", "")),
        )
        for entry in listed
    ]


def documents_folder() -> Path:
    """Where copies of examples go: the user's Documents/Workflow Designer."""
    documents = QStandardPaths.writableLocation(QStandardPaths.StandardLocation.DocumentsLocation)
    return Path(documents or Path.home()) / FOLDER_NAME


def copy_example(example: Example, into: Path) -> Path:
    """The workflow file of a copy under `into`; a copy that is there already is kept as it is."""
    target = into / example.folder
    if not (target / example.file).exists():
        with as_file(files("resources") / "examples" / example.folder) as source:
            shutil.copytree(source, target, dirs_exist_ok=True)
    return target / example.file
