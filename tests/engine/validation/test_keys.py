"""Keys that nothing reads are told where one that is read was meant; those of others are left alone."""

from __future__ import annotations

from typing import Any

import pytest

from engine.files import codec
from engine.model.changes import apply
from engine.model.fixes import fix_edit
from engine.validation import check
from tests.engine.validation.drawings import CATALOG, problems
from tests.support.builders import chain, node
from tests.support.compositions import body, sub


def drawn(where: str, key: str) -> dict[str, Any]:
    workflow = chain(node("a", parameters={}), "b")
    places = {
        "": workflow,
        "/settings": workflow.setdefault("settings", {}),
        "/nodes/0": workflow["nodes"][0],
        "/nodes/0/config": workflow["nodes"][0]["config"],
        "/connections/0": workflow["connections"][0],
    }
    places[where][key] = {"x": 1}
    return workflow


@pytest.mark.parametrize(
    ("where", "key", "meant"),
    [
        ("", "conections", "connections"),
        ("/settings", "on_faliure", "on_failure"),
        ("/nodes/0", "titel", "title"),
        ("/nodes/0", "retry", "config/retry"),
        ("/nodes/0/config", "delivry", "delivery"),
        ("/nodes/0/config", "Timeout", "timeout"),
        ("/connections/0", "conditon", "condition"),
    ],
)
def test_that_a_key_nothing_reads_is_told_with_the_one_that_was_meant(
    where: str, key: str, meant: str
) -> None:
    (found,) = problems(drawn(where, key), CATALOG)
    assert (found.severity, found.code, found.pointer) == ("warning", "key-unknown", f"{where}/{key}")
    assert found.suggestion == meant
    assert f"`{key}`" in found.message
    assert (found.node_id, found.connection_id) == (
        "a" if "nodes" in where else None,
        "a>b" if "conn" in where else None,
    )


@pytest.mark.parametrize("where", ["", "/settings", "/nodes/0", "/nodes/0/config", "/connections/0"])
@pytest.mark.parametrize("key", ["x-owner", "position", "color", "credentials"])
def test_that_the_keys_of_others_are_left_alone(where: str, key: str) -> None:
    assert problems(drawn(where, key), CATALOG) == []


def test_that_one_click_renames_it_also_inside_a_step() -> None:
    for document in (
        drawn("/nodes/0/config", "delivry"),
        {**chain(sub("s", body(node("a", delivry="at_most_once"))))},
        drawn("/settings", "durabilty"),
    ):
        workflow = codec.decode(document)
        (found,) = [one for one in check(workflow, CATALOG) if one.code == "key-unknown"]
        edit = fix_edit(workflow, found, found.fixes[0])
        assert edit is not None
        left = check(apply(workflow, edit.changes), CATALOG)
        assert not [one for one in left if one.code == "key-unknown"]


def test_that_a_join_that_waits_for_more_than_leads_there_is_told_in_its_place() -> None:
    workflow = chain("a", node("b", join={"mode": "n_of", "k": 2}))
    (found,) = problems(workflow, CATALOG)
    assert (found.code, found.pointer) == ("join-bad", "/nodes/1/config/join")
    assert found.message == '"b": join n_of waits for 2 connections, but 1 connection leads here'
    workflow["connections"].append({"id": "again", "source": "a", "target": "b", "condition": "true"})
    assert problems(workflow, CATALOG) == []


@pytest.mark.parametrize("priority", ["high", 1.5, True])
def test_that_a_priority_is_a_whole_number(priority: Any) -> None:
    (found,) = problems(chain(node("a", priority=priority)), CATALOG)
    assert (found.code, found.pointer) == ("priority-bad", "/nodes/0/config/priority")
    assert problems(chain(node("a", priority=-3)), CATALOG) == []


@pytest.mark.parametrize("node_id", ["each/0", "each~2"])
def test_that_the_id_of_a_step_with_steps_inside_leads_to_nothing_else(node_id: str) -> None:
    (found,) = problems(chain(sub(node_id, body("x")), "a/b~c"), CATALOG)
    assert (found.code, found.node_id, found.pointer) == ("id-bad", node_id, "/nodes/0/id")
    assert found.suggestion.replace("_", "") in ("each0", "each2")
