"""Schemas from outside: a form for each loads, gives the same value back, and knows invalid ones."""

from __future__ import annotations

import gzip
import json
from pathlib import Path
from typing import Any

import pytest
from pytestqt.qtbot import QtBot

from designer.forms.context import FormContext
from designer.forms.form import SchemaForm
from engine.json_schema.validators import validator
from tests.support.corpora import corpus

LARGEST = 60_000


def _read(path: Path) -> dict[str, Any]:
    text = gzip.decompress(path.read_bytes()) if path.suffix == ".gz" else path.read_bytes()
    read: dict[str, Any] = json.loads(text)
    return read


def _same(form: SchemaForm, value: object) -> bool:
    return json.dumps(form.value(), sort_keys=True) == json.dumps(value, sort_keys=True)


def test_that_every_jsonforms_example_loads_and_returns_its_value(qtbot: QtBot) -> None:
    examples = json.loads((corpus("jsonforms_examples") / "examples.json").read_text(encoding="utf-8"))
    changed = []
    for example in (one for one in examples if "schema" in one):
        schema, value = example["schema"], example.get("data", {})
        form = SchemaForm(schema, value, context=FormContext(allows_expressions=True))
        qtbot.addWidget(form)
        form.open_more()
        if not _same(form, value if value is not None else {}):
            changed.append(example["example"])
    assert changed == []


def test_that_schemastore_files_come_back_unchanged_and_invalid_ones_are_flagged(qtbot: QtBot) -> None:
    changed, accepted, judged = [], [], 0
    for path in sorted(corpus("schemastore_forms").iterdir()):
        if path.stat().st_size > LARGEST or path.name.startswith("README"):
            continue
        case = _read(path)
        try:
            judge = validator(case["schema"])
        except ValueError:
            judge = None  # an old draft: a form without a judge
        for value in [*case["valid"][:2], *case["invalid"][:2]]:
            form = SchemaForm(case["schema"], value)
            if not _same(form, value):
                changed.append(case["name"])
            faults = judge.faults(value) if judge is not None and value in case["invalid"] else []
            # A form takes what is required and has a default as given: the default is what it shows.
            if any(fault.keyword != "required" for fault in faults):
                judged += 1
                if form.is_valid():
                    accepted.append(case["name"])
            form.deleteLater()
    assert changed == []
    assert accepted == []
    if judged == 0:
        pytest.skip("no invalid case is small enough")
