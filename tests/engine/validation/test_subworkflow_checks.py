"""What validation says about workflows inside workflows, and where."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from engine.errors import DefinitionError
from engine.files import codec, workflow_file
from engine.files.inclusion import with_files
from engine.model import subworkflows
from engine.model.workflow import Workflow
from engine.problem import Problem
from engine.validation import check
from tests.engine.validation.drawings import CATALOG


def step(node_id: str = "a", **values: Any) -> dict[str, Any]:
    return {"id": node_id, "type": "flow.set_values", "config": {"parameters": {"values": values}}}


def part(inner: Any, kind: str = "subworkflow", node_id: str = "part", **parameters: Any) -> dict[str, Any]:
    config = {"parameters": parameters} if inner is None else {"parameters": parameters, "workflow": inner}
    return {"id": node_id, "type": f"flow.{kind}", "title": node_id.title(), "config": config}


TAKES_N = {"nodes": [step()], "inputs": {"properties": {"n": {"type": "number"}}}}


def problems(*nodes: dict[str, Any], **more: Any) -> list[Problem]:
    return check(codec.decode({"id": "w", "nodes": list(nodes), "connections": [], **more}), CATALOG)


def told(found: list[Problem]) -> list[tuple[str, str | None, str, str]]:
    return [(each.code, each.node_id, each.path, each.pointer) for each in found]


def test_that_a_sound_one_has_no_problems() -> None:
    inner = {"nodes": [step(x="${item}", y="${index}")], "outputs": {"x": "${a.x}", "i": "${item}"}}
    assert problems(part(inner, "for_each", items=[1])) == []


def test_that_a_problem_deep_inside_is_told_of_the_node_around_it_and_leads_to_its_place() -> None:
    inner = {"nodes": [step(), part({"nodes": [step("b", x="${nothing.y}")]}, node_id="deep")]}
    (found,) = problems(step("first"), part(inner))
    assert told([found]) == [
        ("reference-unknown", "part", "part/deep/b",
         "/nodes/1/config/workflow/nodes/1/config/workflow/nodes/0/config/parameters/values/x"),
    ]  # fmt: skip
    assert found.message.startswith('Inside "Part": Inside "Deep": "b": ')
    assert found.to_json()["path"] == "part/deep/b"


@pytest.mark.parametrize(
    ("node", "expected"),
    [
        (part(None), ("subworkflow-missing", "part", "", "/nodes/0/config/workflow")),
        (part({"nodes": [step(), step()]}), ("subworkflow-bad", "part", "", "/nodes/0/config/workflow")),
        (part({"nodes": [{"title": 1}]}), ("subworkflow-bad", "part", "", "/nodes/0/config/workflow")),
        (
            part({"nodes": [step()], "outputs": {"x": "${b.x}"}}),
            ("reference-unknown", "part", "part", "/nodes/0/config/workflow/outputs/x"),
        ),
        (
            part({"nodes": [step()], "outputs": {"x": "${b"}}),
            ("template-bad", "part", "part", "/nodes/0/config/workflow/outputs/x"),
        ),
        (
            part({"nodes": [step()], "outputs": {"x": "${item}"}}),
            ("item-outside", "part", "part", "/nodes/0/config/workflow/outputs/x"),
        ),
        (
            part({"nodes": [step()], "outputs": {}, "output_schema": {"required": ["y"]}}),
            ("output-missing", "part", "part", "/nodes/0/config/workflow/outputs/y"),
        ),
        (
            part({"nodes": [step()], "output_schema": {"type": "teapot"}}),
            ("schema-bad", "part", "part", "/nodes/0/config/workflow/output_schema"),
        ),
        (
            part({"nodes": [step(x="${item}")]}),
            ("item-outside", "part", "part/a", "/nodes/0/config/workflow/nodes/0/config"),
        ),
        (step(x="${index}"), ("item-outside", "a", "", "/nodes/0/config")),
        (
            part({"nodes": [step()]}, "loop"),
            ("loop-end", "part", "", "/nodes/0/config/parameters"),
        ),
        (
            part({"nodes": [step()]}, "loop", times=2, until="x > 1"),
            ("loop-end", "part", "", "/nodes/0/config/parameters"),
        ),
        (
            part({"nodes": [step()]}, "loop", until="x >"),
            ("condition-bad", "part", "", "/nodes/0/config/parameters/until"),
        ),
        (
            part({"nodes": [step()]}, "loop", until="x > ${nowhere.y}"),
            ("reference-unknown", "part", "", "/nodes/0/config/parameters/until"),
        ),
        (
            part({"nodes": [step()]}, "loop", times=200),
            ("loop-limit", "part", "", "/nodes/0/config/parameters/max_iterations"),
        ),
        (
            part(TAKES_N, inputs={"m": 1, "n": 1}),
            ("input-unknown", "part", "", "/nodes/0/config/parameters/inputs/m"),
        ),
        (
            part(TAKES_N, inputs={"n": "x"}),
            ("input-bad", "part", "", "/nodes/0/config/parameters/inputs/n"),
        ),
        (
            part({"nodes": [step(x="${input.n}")]}),
            ("input-missing", "part", "", "/nodes/0/config/parameters/inputs"),
        ),
    ],
)  # fmt: skip
def test_that_what_is_wrong_is_found(node: dict[str, Any], expected: tuple[str, str, str, str]) -> None:
    assert told(problems(node)) == [expected]


def test_that_a_loop_knows_its_item_in_its_conditions() -> None:
    assert (
        problems(part({"nodes": [step()]}, "loop", **{"while": "item.left > ${index} and ${item?} != 1"}))
        == []
    )


def test_that_the_outputs_of_a_sub_workflow_are_known_to_those_who_refer_to_them() -> None:
    inner = {"nodes": [step()], "outputs": {"total": "${a.x?}"}}
    nodes = [part(inner), step("after", x="${part.totl}")]
    wires = [{"source": "part", "target": "after"}]
    (found,) = check(codec.decode({"id": "w", "nodes": nodes, "connections": wires}), CATALOG)
    assert (found.code, found.suggestion) == ("field-unknown", "${part.total}")


def test_that_too_many_levels_are_refused() -> None:
    inner: dict[str, Any] = {"nodes": [step()]}
    for _ in range(31):
        inner = {"nodes": [part(inner)]}
    assert problems(*inner["nodes"]) == []
    assert [each.code for each in problems(part(inner))] == ["subworkflow-depth"]


class TestFiles:
    def save(self, folder: Path, name: str, *nodes: dict[str, Any]) -> Workflow:
        drawn = codec.decode({"id": name, "name": name, "nodes": list(nodes), "connections": []})
        (folder / name).parent.mkdir(exist_ok=True)
        workflow_file.save(folder / name, drawn)
        return drawn

    def test_that_a_named_file_is_embedded_with_those_that_it_names(self, tmp_path: Path) -> None:
        self.save(tmp_path, "sub/leaf.workflow.json", step(x=1))
        self.save(tmp_path, "sub/mid.workflow.json", part({"file": "leaf.workflow.json"}, node_id="leaf"))
        mid = part({"file": "sub/mid.workflow.json"}, node_id="mid")
        outer = self.save(tmp_path, "outer.workflow.json", part({"nodes": [mid]}))
        whole = with_files(outer, tmp_path)
        assert [path for path, _ in subworkflows.walk(whole)] == [
            "part", "part/mid", "part/mid/leaf", "part/mid/leaf/a",
        ]  # fmt: skip
        assert check(whole, CATALOG) == []
        assert with_files(whole, tmp_path) is whole

    def test_that_a_file_which_is_not_there_is_named(self, tmp_path: Path) -> None:
        outer = self.save(tmp_path, "outer.workflow.json", part({"file": "gone.workflow.json"}))
        assert check(outer, CATALOG) == []  # reading files is not for a drawing that is being edited
        with pytest.raises(DefinitionError, match=r"gone\.workflow\.json") as caught:
            with_files(outer, tmp_path)
        assert told(list(caught.value.problems)) == [
            ("subworkflow-file", "part", "", "/nodes/0/config/workflow/file")
        ]

    def test_that_files_which_hold_each_other_are_refused(self, tmp_path: Path) -> None:
        self.save(tmp_path, "b.workflow.json", part({"file": "a.workflow.json"}, node_id="back"))
        drawn = self.save(tmp_path, "a.workflow.json", part({"file": "b.workflow.json"}))
        with pytest.raises(DefinitionError, match=r"hold each other: b\.workflow\.json → a\.work"):
            with_files(drawn, tmp_path)
