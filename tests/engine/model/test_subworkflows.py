"""Making one sub-workflow of several steps, and taking it apart again."""

from __future__ import annotations

from typing import Any

import pytest

from engine.catalog import Catalog
from engine.files import codec
from engine.model import json_form, subworkflows
from engine.model.changes import apply, inverse
from engine.model.fragment import duplicate
from engine.model.workflow import Workflow
from engine.validation import check

CATALOG = Catalog.load()


def workflow(nodes: list[dict[str, Any]], connections: list[tuple[Any, ...]], **more: Any) -> Workflow:
    wires = [
        {"source": source, "target": target, **(rest[0] if rest else {})}
        for source, target, *rest in connections
    ]
    return codec.decode({"id": "w", "name": "W", "nodes": nodes, "connections": wires, **more})


def values(node_id: str, **given: Any) -> dict[str, Any]:
    config = {"parameters": {"values": given}}
    return {"id": node_id, "type": "flow.set_values", "title": node_id.title(), "config": config}


def chain() -> Workflow:
    """start -> read -> clean -> rate -> tell, with references all along and a condition at the end."""
    return workflow(
        [
            {"id": "start", "type": "flow.manual"},
            values("read", rows="${input.rows}", unit="kg"),
            values("clean", rows="${read.rows}", limit="${input.limit:-5}"),
            values("rate", total="${clean.output.rows}", unit="${steps.read.output.unit}"),
            values("tell", text="total ${rate.total} ${clean.status}"),
        ],
        [
            ("start", "read"),
            ("read", "clean"),
            ("clean", "rate", {"condition": "rows > 0 and read.rows < ${input.limit:-5}"}),
            ("rate", "tell", {"condition": "total > 3 or exists(rate.unit)"}),
        ],
        inputs={"type": "object", "properties": {"rows": {"type": "number", "title": "Rows"}}},
        layout={"nodes": {"clean": [100, 0], "rate": [300, 40]}},
    )


def problems(drawn: Workflow) -> list[str]:
    return [problem.message for problem in check(drawn, CATALOG) if problem.is_error]


class TestExtract:
    def test_that_what_crosses_the_border_becomes_inputs_and_outputs(self) -> None:
        drawn = chain()
        edit, node_id = subworkflows.extract(drawn, ["rate", "clean"], CATALOG, title="Rate")
        made = apply(drawn, edit.changes)
        assert list(made.nodes) == ["start", "read", "tell", node_id] == ["start", "read", "tell", "rate"]
        node = made.nodes[node_id]
        assert node.parameters["inputs"] == {
            "read_rows": "${read.rows}",
            "limit": "${input.limit:-5}",
            "read_unit": "${read.output.unit}",
        }
        inner = subworkflows.get(node)
        assert inner is not None
        assert inner.nodes["clean"].parameters["values"] == {
            "rows": "${input.read_rows}",
            "limit": "${input.limit}",
        }
        assert inner.nodes["rate"].parameters["values"] == {
            "total": "${clean.output.rows}",
            "unit": "${input.read_unit}",
        }
        assert [c.condition for c in inner.connections.values()] == [
            "rows > 0 and input.read_rows < ${input.limit}"
        ]
        assert subworkflows.outputs_of(inner) == {
            "rate": "${rate.output?}",
            "clean_status": "${clean.status?}",
        }
        assert inner.layout == {"clean": (100, 0), "rate": (300, 40)}
        assert made.layout[node_id] == (200, 20)

    def test_that_those_outside_refer_to_the_new_node(self) -> None:
        drawn = chain()
        edit, _ = subworkflows.extract(drawn, ["rate", "clean"], CATALOG, title="Part")
        made = apply(drawn, edit.changes)
        assert made.nodes["tell"].parameters["values"] == {
            "text": "total ${part.output.rate.total} ${part.output.clean_status}"
        }
        wires = {(c.source, c.target): c.condition for c in made.connections.values()}
        assert wires == {
            ("start", "read"): None,
            ("read", "part"): None,
            ("part", "tell"): "part.output.rate.total > 3 or exists(part.output.rate.unit)",
        }
        assert problems(made) == []

    def test_that_it_can_be_undone(self) -> None:
        drawn = chain()
        edit, _ = subworkflows.extract(drawn, ["rate", "clean"], CATALOG)
        made = apply(drawn, edit.changes)
        assert apply(made, inverse(drawn, edit.changes)) == drawn

    def test_that_an_input_keeps_its_schema_and_a_step_inside_another_its_own_names(self) -> None:
        drawn = chain()
        edit, first = subworkflows.extract(drawn, ["read"], CATALOG, title="Reading")
        made = apply(drawn, edit.changes)
        inner = subworkflows.get(made.nodes[first])
        assert inner is not None
        assert inner.inputs == {
            "type": "object",
            "properties": {"rows": {"type": "number", "title": "Rows"}},
        }
        edit, outer = subworkflows.extract(made, [first, "clean"], CATALOG, title="Both")
        twice = apply(made, edit.changes)
        both = subworkflows.get(twice.nodes[outer])
        assert both is not None
        assert subworkflows.get(both.nodes[first]) == inner
        assert both.nodes[first].parameters["inputs"] == {"rows": "${input.rows}"}
        assert [path for path, _ in subworkflows.walk(twice)][-3:] == [
            "both/clean", "both/reading", "both/reading/read",
        ]  # fmt: skip
        assert problems(twice) == []

    def test_that_parallel_wires_into_the_selection_become_one(self) -> None:
        drawn = workflow([values("a"), values("b"), values("c")], [("a", "b"), ("a", "c")])
        edit, node_id = subworkflows.extract(drawn, ["b", "c"], CATALOG)
        made = apply(drawn, edit.changes)
        assert [(c.source, c.target) for c in made.connections.values()] == [("a", node_id)]

    def test_that_the_join_of_the_only_way_in_goes_to_the_new_node(self) -> None:
        drawn = workflow(
            [values("a"), values("b"), {**values("c"), "config": {"join": "any"}}], [("a", "c"), ("b", "c")]
        )
        edit, node_id = subworkflows.extract(drawn, ["c"], CATALOG)
        made = apply(drawn, edit.changes)
        assert made.nodes[node_id].join == "any"
        inner = subworkflows.get(made.nodes[node_id])
        assert inner is not None
        assert inner.nodes["c"].join == "merge"

    @pytest.mark.parametrize(
        ("chosen", "reason"),
        [
            ([], "Select the steps"),
            (["start"], "starts the workflow"),
            (["read", "rate"], "“Clean” lies between the selected steps"),
            (["gone"], "Select the steps"),
        ],
    )
    def test_that_what_cannot_be_one_step_is_refused(self, chosen: list[str], reason: str) -> None:
        drawn = chain()
        assert reason in (subworkflows.extract_refusal(drawn, chosen, CATALOG) or "")
        with pytest.raises(ValueError, match=reason):
            subworkflows.extract(drawn, chosen, CATALOG)

    @pytest.mark.parametrize(
        ("wires", "chosen", "reason"),
        [
            ([("a", "b", {"condition": "x > 1"}), ("a", "c")], ["b", "c"], "do not start together"),
            ([("a", "b", {"on": "error"})], ["a"], "What happens when “A” fails"),
            ([("way", "a"), ("way", "b")], ["way"], "“Way” decides whether “A” comes next"),
        ],
    )
    def test_that_ways_in_and_out_that_one_step_has_not_are_refused(
        self, wires: list[tuple[Any, ...]], chosen: list[str], reason: str
    ) -> None:
        way = {"id": "way", "type": "flow.switch", "title": "Way"}
        drawn = workflow([values("a"), values("b"), values("c"), way], wires)
        assert reason in (subworkflows.extract_refusal(drawn, chosen, CATALOG) or "")

    def test_that_a_reference_which_cannot_be_led_is_refused(self) -> None:
        drawn = workflow([values("a"), values("b", x='${a.x:-{"y": 1}}')], [("a", "b")])
        assert "reference that cannot be moved" in (subworkflows.extract_refusal(drawn, ["b"], CATALOG) or "")

    def test_that_the_item_of_a_body_arrives_as_an_input(self) -> None:
        drawn = workflow([values("a", x="${item.name}", n="${index}", v="${vars.rate}")], [],
                         settings={"vars": {"rate": 2}, "durability": "strict"})  # fmt: skip
        edit, node_id = subworkflows.extract(drawn, ["a"], CATALOG)
        made = apply(drawn, edit.changes)
        inner = subworkflows.get(made.nodes[node_id])
        assert inner is not None
        assert made.nodes[node_id].parameters["inputs"] == {"name": "${item.name}", "index_value": "${index}"}
        assert inner.settings == {"vars": {"rate": 2}}

    def test_that_a_loop_keeps_its_own_item(self) -> None:
        loop = {
            "id": "again",
            "type": "flow.loop",
            "config": {
                "parameters": {"while": "item.left > 0 and a.x < 3 and ${a.x} > ${index}"},
                "workflow": {"nodes": [values("a", x="${input.y}")]},
            },
        }
        drawn = workflow([values("a", x=1), loop], [("a", "again")])
        edit, node_id = subworkflows.extract(drawn, ["again"], CATALOG)
        inner = subworkflows.get(apply(drawn, edit.changes).nodes[node_id])
        assert inner is not None
        assert inner.nodes["again"].parameters["while"] == (
            "item.left > 0 and input.a_x < 3 and ${input.a_x} > ${index}"
        )
        assert inner.nodes["again"].config["workflow"] == loop["config"]["workflow"]  # type: ignore[index]


class TestInline:
    def test_that_taking_apart_gives_back_what_was_made_one(self) -> None:
        drawn = chain()
        edit, node_id = subworkflows.extract(drawn, ["clean", "rate"], CATALOG, title="Part")
        made = apply(drawn, edit.changes)
        back = apply(made, subworkflows.inline(made, node_id, CATALOG).changes)
        assert set(back.nodes) == set(drawn.nodes)
        assert problems(back) == []
        assert back.nodes["clean"].parameters["values"] == drawn.nodes["clean"].parameters["values"]
        assert back.nodes["rate"].parameters["values"] == {
            "total": "${clean.output.rows}",
            "unit": "${read.output.unit}",
        }
        assert back.nodes["tell"].parameters["values"] == {
            "text": "total ${rate.output.total} ${clean.status}"
        }
        assert {(c.source, c.target): c.condition for c in back.connections.values()} == {
            ("start", "read"): None,
            ("read", "clean"): None,
            ("clean", "rate"): "rows > 0 and read.rows < ${input.limit:-5}",
            ("rate", "tell"): "rate.output.total > 3 or exists(rate.output.unit)",
        }
        assert back.layout["clean"] == (100, 0)

    def test_that_ids_which_are_taken_and_texts_that_are_given_are_led_on(self) -> None:
        inner = {
            "nodes": [values("a", x="${input.word}", y="${input.open.z}"), values("b", x="${a.x}")],
            "connections": [{"source": "a", "target": "b"}],
            "inputs": {"type": "object", "properties": {"open": {"title": "Open"}}},
        }
        part = {"id": "part", "type": "flow.subworkflow", "config": {
            "parameters": {"inputs": {"word": "hello"}}, "workflow": inner}}  # fmt: skip
        drawn = workflow([values("a"), part, values("c", x="${part.b.x}")], [("a", "part"), ("part", "c")])
        back = apply(drawn, subworkflows.inline(drawn, "part", CATALOG).changes)
        assert list(back.nodes) == ["a", "c", "a_2", "b"]
        assert back.nodes["a_2"].parameters["values"] == {"x": "hello", "y": "${input.open.z}"}
        assert back.nodes["b"].parameters["values"] == {"x": "${a_2.x}"}
        assert back.nodes["c"].parameters["values"] == {"x": "${b.output.x}"}
        assert back.input_properties == {"open": {"title": "Open"}}
        assert apply(back, inverse(drawn, subworkflows.inline(drawn, "part", CATALOG).changes)) == drawn

    @pytest.mark.parametrize(
        ("node", "reason"),
        [
            ({"type": "flow.for_each"}, "runs its steps several times"),
            ({"type": "flow.set_values"}, "is no sub-workflow"),
            ({"config": {"workflow": {"file": "x.workflow.json"}}}, "kept in the file x.workflow.json"),
            ({"config": {}}, "holds no steps"),
            ({"config": {"workflow": {"nodes": [{"id": "s", "type": "flow.manual"}]}}}, "holds no steps"),
            ({"config": {"workflow": {"nodes": []}, "retry": 3}}, "settings of its own .retry"),
            ({"config": {"workflow": {"nodes": [values("a"), values("a")]}}}, "two nodes of one id"),
            ({"config": {"workflow": {"nodes": [{"title": "a"}]}}}, "cannot be read"),
            ({"config": {"workflow": [1]}}, "holds no workflow"),
            (
                {
                    "config": {
                        "parameters": {"inputs": {"x": {"deep": "${b.y}"}}},
                        "workflow": {"nodes": [values("a", x="${input.x}")]},
                    }
                },
                "makes up its input x",
            ),
        ],
    )
    def test_that_what_cannot_stand_outside_is_refused(self, node: dict[str, Any], reason: str) -> None:
        described = {"id": "part", "title": "Part", "type": "flow.subworkflow", **node}
        drawn = workflow([values("b", x=1)], [])
        drawn = apply_node(drawn, described)
        found = subworkflows.inline_refusal(drawn, "part", CATALOG)
        assert found is not None
        with pytest.raises(ValueError, match=reason):
            subworkflows.inline(drawn, "part", CATALOG)


def apply_node(drawn: Workflow, described: dict[str, Any]) -> Workflow:
    from engine.model.changes import NodeAdded
    from engine.model.workflow import Node

    config = described.get("config", {"workflow": {"nodes": [values("a")]}})
    node = Node(id=described["id"], type=described["type"], title=described["title"], config=config)
    return apply(drawn, [NodeAdded(node=node)])


class TestEmbedded:
    def test_that_a_replaced_inside_is_found_again_and_survives_the_file(self) -> None:
        drawn = chain()
        edit, node_id = subworkflows.extract(drawn, ["clean"], CATALOG)
        made = apply(drawn, edit.changes)
        inner = subworkflows.get(made.nodes[node_id])
        assert inner is not None
        moved = apply(inner, subworkflows.replace_embedded(made, node_id, inner).changes[:0])
        changed = json_form.from_json({**json_form.to_json(moved), "description": "Cleans", "x-other": 1})
        again = apply(made, subworkflows.replace_embedded(made, node_id, changed).changes)
        assert subworkflows.get(again.nodes[node_id]) == changed
        back = codec.decode(codec.encode(again))
        assert subworkflows.get(back.nodes[node_id]) == changed

    def test_that_a_copy_of_a_node_keeps_the_names_inside_it(self) -> None:
        part = {"id": "part", "type": "flow.subworkflow", "config": {
            "workflow": {"nodes": [values("a"), values("b", x="${a.x}")]}}}  # fmt: skip
        drawn = workflow([values("a"), part], [("a", "part")])
        edit, ids = duplicate(drawn, ["a", "part"], (10, 10))
        copied = apply(drawn, edit.changes)
        assert copied.nodes[ids[1]].config["workflow"] == part["config"]["workflow"]  # type: ignore[index]
