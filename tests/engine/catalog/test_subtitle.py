"""A card's second line says what its parameters say."""

import pytest

from engine.catalog import Catalog, subtitle
from engine.model.json_value import Json
from engine.model.node_type import NodeType


def line(type_id: str, **parameters: Json) -> str:
    node_type = Catalog.load().get(type_id)
    assert node_type is not None
    return subtitle(node_type, parameters)


@pytest.mark.parametrize(
    ("type_id", "parameters", "expected"),
    [
        ("file.read_csv", {"path": "data/flights.csv"}, "data/flights.csv"),
        ("table.filter", {"condition": "dep_delay > ${input.threshold}"}, "dep_delay > ${input.threshold}"),
        ("table.filter", {"rules": [{"column": "a", "operator": ">", "value": "3"}]}, "a is greater than 3"),
        ("table.join", {"keys": [{"left": "carrier"}, {"left": "day"}]}, "on carrier, day"),
        ("table.sort", {"by": [{"column": "delay", "direction": "desc"}]}, "by delay"),
        ("table.summarise", {"group": ["name"], "values": [{"function": "mean", "column": "delay"}]},
         "mean(delay) per name"),
        ("table.summarise", {"values": [{"function": "count"}]}, "count"),
        ("table.formula", {"columns": [{"column": "a", "expression": "b * 2"}]}, "a = b * 2"),
        ("chart.bar_line", {"x": "name", "y": ["delay"]}, "delay by name"),
        ("flow.wait", {"seconds": 5}, "5 seconds"),
        ("flow.wait", {"until": "2026-12-31T18:00:00"}, "2026-12-31T18:00:00"),
        ("flow.set_values", {"values": {"limit": 60, "on": True, "note": None}},
         "limit = 60, on = yes, note = nothing"),
        ("code.python", {"code": "a = 1\nresult = a"}, "a = 1"),
        ("flow.manual", {}, "Starts when you press Run"),
        ("file.read_csv", {}, "Reads a table from a CSV or other text file."),
    ],
)  # fmt: skip
def test_that_a_card_says_its_parameters(type_id: str, parameters: dict[str, Json], expected: str) -> None:
    assert line(type_id, **parameters) == expected


def test_that_a_very_long_parameter_is_cut() -> None:
    text = line("table.filter", condition="x" * 1000)
    assert len(text) == 200
    assert text.endswith("…")


def test_that_a_type_without_a_subtitle_shows_its_summary() -> None:
    plain = NodeType(id="a.b", title="B", category="logic", icon="code", summary="Does B.")
    assert subtitle(plain, {}) == "Does B."
