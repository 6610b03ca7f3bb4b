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


@pytest.mark.no_cover  # load, not lines
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


def test_that_naughty_strings_come_back_from_every_kind_of_field(qtbot: QtBot) -> None:
    folder = corpus("naughty_strings")
    strings: list[str] = []
    for path in sorted(folder.glob("*.json")):
        read = json.loads(path.read_text(encoding="utf-8"))
        strings += [one for one in read if isinstance(one, str)] if isinstance(read, list) else []
    if not strings:
        pytest.skip("no list of strings")
    formats = ("", "multiline", "code", "date", "path-open", "column", "expression", "condition", "url")
    schema: dict[str, Any] = {
        "type": "object",
        "properties": {
            **{f"f_{one}": {"type": "string", **({"format": one} if one else {})} for one in formats},
            "number": {"type": "number"},
            "list": {"type": "array", "items": {"type": "string"}},
            "map": {"type": "object", "additionalProperties": True},
            "last": {"type": "string"},
        },
    }
    names = [name for name in schema["properties"] if name not in ("list", "map", "last")]
    form = SchemaForm(schema, {}, context=FormContext(allows_expressions=True))
    qtbot.addWidget(form)
    changed = []
    for text in strings:
        value = {**dict.fromkeys(names, text), "list": [text], "map": {"a": text}}
        form.set_value(value)
        other = form.row("last")
        assert other is not None
        other.editor.change("typed")  # a person edits another field: all rows are read
        if form.value() != {**value, "last": "typed"}:
            changed.append(text)
    assert changed == []
