"""The built-in node types are complete, consistent, and found by what an analyst types."""

import json
from importlib import resources
from pathlib import Path

import pytest
from jsonschema import Draft202012Validator

from engine.catalog import Catalog, load_types
from engine.model.node_type import NodeType
from engine.model.workflow import Node

# fmt: off
SLICE = [
    "flow.manual", "file.read_csv", "file.read_excel", "file.read_parquet",
    "file.read_json", "table.choose_columns", "table.filter", "table.formula",
    "table.join", "table.summarise", "table.sort", "file.write_csv",
    "file.write_excel", "chart.bar_line", "http.request", "person.ask",
    "flow.wait", "flow.set_values", "flow.switch", "code.python",
    "flow.subworkflow", "flow.for_each", "flow.loop",
]
# fmt: on


def every_type() -> list[NodeType]:
    return list(Catalog.load().types)


def test_that_every_node_type_of_the_first_release_is_there() -> None:
    assert {node_type.id for node_type in Catalog.load()} == set(SLICE)


@pytest.mark.parametrize("node_type", every_type(), ids=lambda t: t.id)
class TestEachNodeType:
    def test_that_its_parameters_are_a_valid_schema_with_words_for_every_field(
        self, node_type: NodeType
    ) -> None:
        Draft202012Validator.check_schema(dict(node_type.parameters))
        for name, schema in node_type.properties.items():
            assert schema.get("title"), name
            assert str(schema.get("description", "")).endswith("."), name

    def test_that_its_defaults_satisfy_their_own_schemas(self, node_type: NodeType) -> None:
        for name, schema in node_type.properties.items():
            if "default" in schema:
                assert Draft202012Validator(dict(schema)).is_valid(schema["default"]), name
            for example in schema.get("examples", []):  # type: ignore[union-attr]  # a JSON list
                assert Draft202012Validator(dict(schema)).is_valid(example), (name, example)

    def test_that_its_output_schema_is_valid(self, node_type: NodeType) -> None:
        Draft202012Validator.check_schema(dict(node_type.output_schema))

    def test_that_it_has_help_keywords_and_a_subtitle(self, node_type: NodeType) -> None:
        assert len(node_type.help) > 60
        assert node_type.summary.endswith(".")
        assert node_type.keywords
        assert node_type.subtitle

    def test_that_the_steps_it_suggests_exist(self, node_type: NodeType) -> None:
        assert all(Catalog.load().get(follower) for follower in node_type.follows)

    def test_that_a_wired_table_has_an_input_port(self, node_type: NodeType) -> None:
        ports = {port.name for port in node_type.inputs}
        assert set(node_type.wired_parameters) <= ports

    def test_that_only_triggers_have_no_way_in(self, node_type: NodeType) -> None:
        assert node_type.is_trigger == (not node_type.inputs)
        assert node_type.is_trigger == (node_type.category == "trigger")


class TestCatalog:
    def test_that_types_come_by_category_then_in_an_analysts_order(self) -> None:
        ids = [node_type.id for node_type in Catalog.load().types]
        assert ids[:3] == ["flow.manual", "file.read_csv", "file.read_excel"]
        assert list(Catalog.load().categories()) == [
            "trigger", "input", "transform", "combine", "logic", "human", "output", "code",
        ]  # fmt: skip

    def test_that_an_unknown_type_is_none(self) -> None:
        assert Catalog.load().get("table.teleport") is None
        assert "table.teleport" not in Catalog.load()
        assert "table.filter" in Catalog.load()

    @pytest.mark.parametrize(
        ("typed", "first"),
        [("filter", "table.filter"), ("vlookup", "table.join"), ("xlsx", "file.read_excel"),
         ("write ex", "file.write_excel"), ("average", "table.summarise"), ("JOIN", "table.join")],
    )  # fmt: skip
    def test_that_a_type_is_found_by_what_an_analyst_types(self, typed: str, first: str) -> None:
        assert Catalog.load().search(typed)[0].id == first

    def test_that_nothing_is_found_for_a_word_that_is_nowhere(self) -> None:
        assert Catalog.load().search("filter zebra") == []

    def test_that_an_empty_search_finds_everything(self) -> None:
        assert len(Catalog.load().search("  ")) == len(Catalog.load())

    def test_that_a_node_runs_its_own_action_or_its_types(self) -> None:
        catalog = Catalog.load()
        assert catalog.action_of(Node(id="a", type="table.filter")) == ("table", "filter")
        own = Node(id="a", type="table.filter", config={"service": "mine", "action": "sieve"})
        assert catalog.action_of(own) == ("mine", "sieve")
        assert catalog.action_of(Node(id="a", type="gone")) == ("default", "")

    def test_that_two_types_of_one_id_are_refused(self) -> None:
        twin = NodeType(id="a.b", title="B", category="logic", icon="code")
        with pytest.raises(ValueError, match=r"a\.b"):
            Catalog([twin, twin])


class TestLoading:
    def test_that_a_broken_definition_names_its_file(self, tmp_path: Path) -> None:
        (tmp_path / "notes.txt").write_text("not a node type")
        (tmp_path / "bad.json").write_text(
            json.dumps({"id": "x.y", "title": "X", "icon": "i", "category": "magic"})
        )
        with pytest.raises(ValueError, match=r"bad\.json.*magic"):
            load_types(tmp_path)

    def test_that_a_file_that_is_not_json_is_named(self, tmp_path: Path) -> None:
        (tmp_path / "bad.json").write_text("{")
        with pytest.raises(ValueError, match=r"bad\.json"):
            load_types(tmp_path)


def test_that_every_icon_is_in_the_resources() -> None:
    icons = {icon.name for icon in (resources.files("resources") / "icons").iterdir()}
    assert {f"{node_type.icon}.svg" for node_type in Catalog.load()} <= icons
