"""The page of gestures and keys says what is so."""

from __future__ import annotations

import ast
import re
from pathlib import Path

from tests.support.command_table import table

HERE = Path(__file__).parent
PAGE = HERE.parents[1] / "docs" / "gestures.md"
_TEST = re.compile(r"`([\w/]+\.py)::(\w+)`")


def test_that_every_test_it_names_is_there() -> None:
    named = _TEST.findall(PAGE.read_text("utf-8"))
    assert len(named) > 60
    known: dict[str, set[str]] = {}
    for file, _ in named:
        tree = ast.parse((HERE / file).read_text("utf-8"))
        known[file] = {each.name for each in ast.walk(tree) if isinstance(each, ast.FunctionDef)}
    assert not [(file, test) for file, test in named if test not in known[file]]


def test_that_every_gesture_has_a_test() -> None:
    rows = [
        line for line in PAGE.read_text("utf-8").split("## Commands")[0].splitlines() if line.startswith("| ")
    ]
    gestures = [row for row in rows[1:] if not row.startswith("| **")]
    assert len(gestures) > 35
    assert not [row for row in gestures if not _TEST.search(row)]


def test_that_the_commands_have_these_keys_and_menus() -> None:
    lines = PAGE.read_text("utf-8").splitlines()
    start = lines.index(table()[0])
    assert lines[start:] == table()
