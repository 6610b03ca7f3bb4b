"""Definitions and schemas that nobody on this project wrote."""

import json
from typing import Any

import pytest

from engine.files import codec
from engine.json_schema.validators import validate
from engine.model.workflow import Workflow
from engine.validation import check
from engine.validation.drawing import Drawing
from tests.support.corpora import corpus

# ENGINE decides: a connection without an end is an error, not ignored; nodes are a list of nodes.
DIFFERENT = {"G15", "G28"}


def rows(area: str) -> list[dict[str, Any]]:
    table = json.loads((corpus("atom_semantics") / "table.json").read_text("utf-8"))
    return [row for row in table if row["area"] == area and row["id"] not in DIFFERENT]


def order(workflow: Workflow) -> list[str]:
    drawing = Drawing(workflow, {}, None)
    return [drawing.ids[index] for index in drawing.order]


def test_that_the_original_engines_definitions_load_or_are_refused_alike() -> None:
    seen = 0
    for row in rows("load"):
        seen += 1
        workflow = codec.decode(row["given"])
        assert [node.id for node in workflow.nodes.values()] == [node["id"] for node in row["given"]["nodes"]]
        codes = [problem.code for problem in check(workflow, {}) if problem.is_error]
        if row["expected"] == "error: cycle":
            assert codes == ["cycle"], row
        else:
            assert codes == [], row
        if isinstance(row["expected"], list):
            assert order(workflow) == row["expected"]
        for node in row["given"]["nodes"]:
            assert dict(workflow.nodes[node["id"]].config) == node.get("config", {})
    assert seen >= 8


@pytest.mark.parametrize(("schema", "value"), [("input_schema", "params"), ("output_schema", "output")])
def test_that_the_original_engines_schemas_judge_alike(schema: str, value: str) -> None:
    for row in rows("schema"):
        given = row["given"]
        if schema in given and value in given:
            faults = validate(given[schema], given[value])
            assert bool(faults) is ("error" in row["expected"]), row
