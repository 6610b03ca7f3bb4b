"""The package's door: everything is there, and opening it is cheap."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

import engine

ROOT = Path(__file__).resolve().parents[2]


def test_that_every_public_name_is_there_and_sorted() -> None:
    assert sorted(engine.__all__) == engine.__all__
    for name in engine.__all__:
        assert getattr(engine, name).__name__ == name
    assert set(engine.__all__) <= set(dir(engine))


def test_that_another_name_is_an_attribute_error() -> None:
    with pytest.raises(AttributeError, match="no attribute 'Nothing'"):
        engine.Nothing


def test_that_importing_the_package_loads_nothing_heavy() -> None:
    code = (
        "import sys, engine; "
        "heavy = {'networkx', 'duckdb', 'jsonschema', 'aiohttp', 'PySide6', 'asyncio', 'engine.run'}; "
        "print(sorted(heavy & set(sys.modules)))"
    )
    shown = subprocess.run(
        [sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, check=True, timeout=60
    )
    assert shown.stdout.strip() == "[]"


def test_that_making_an_engine_loads_no_action() -> None:
    code = (
        "import sys; from engine import WorkflowEngine; WorkflowEngine(); "
        "heavy = {'networkx', 'duckdb', 'aiohttp', 'jsonschema', 'engine.actions.table'}; "
        "print(sorted(heavy & set(sys.modules)))"
    )
    shown = subprocess.run(
        [sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, check=True, timeout=60
    )
    assert shown.stdout.strip() == "[]"
