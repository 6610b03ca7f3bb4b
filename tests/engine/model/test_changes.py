"""Every edit can be undone exactly, whatever came before it."""

from __future__ import annotations

import random
from collections.abc import Callable

import pytest

from engine.model import Connection, Edit, Node, NodeType, PortSpec, Workflow, apply, fragment, inverse
from engine.model import edits as e
from engine.model.changes import ConnectionAdded, NodeAdded, NodeRemoved, WorkflowChanged

TABLE = (PortSpec(name="table", title="Table", kind="table"),)
TYPES = {
    "start": NodeType(id="start", title="Start", category="trigger", icon="play", is_trigger=True),
    "read": NodeType(id="read", title="Read CSV", category="input", icon="file", outputs=TABLE),
    "filter": NodeType(
        id="filter",
        title="Filter rows",
        category="transform",
        icon="funnel",
        inputs=TABLE,
        outputs=TABLE,
        parameters={
            "type": "object",
            "properties": {"table": {"x-input": True}, "keep": {"default": "all"}},
        },
    ),
    "join": NodeType(
        id="join",
        title="Join",
        category="combine",
        icon="blend",
        outputs=TABLE,
        parameters={"properties": {"left": {"x-input": True}, "right": {"x-input": True}}},
    ),
}


def exact(workflow: Workflow) -> object:
    """Equality that sees the order of nodes and connections too."""
    return workflow, list(workflow.nodes), list(workflow.connections)


def built(*edits: Callable[[Workflow], Edit]) -> Workflow:
    workflow = Workflow(id="w")
    for edit in edits:
        workflow = apply(workflow, edit(workflow).changes)
    return workflow


def adding(kind: str, title: str) -> Callable[[Workflow], Edit]:
    return lambda w: e.add_node(w, TYPES[kind], (0.0, 0.0), title=title)[0]


def wiring(source: str, target: str) -> Callable[[Workflow], Edit]:
    return lambda w: e.connect(w, TYPES, source, target)


def random_edit(workflow: Workflow, rng: random.Random) -> Edit | None:
    nodes = list(workflow.nodes)
    wires = list(workflow.connections)
    kind = rng.choice(["add", "add", "connect", "connect", "delete", "move", "rename", "insert", "heal"])
    kind = rng.choice([kind, "duplicate", "parameters", "condition", "name", "disable", "disconnect"])
    if kind == "add" or not nodes:
        return e.add_node(workflow, TYPES[rng.choice(list(TYPES))], (rng.random(), 0.0))[0]
    some = rng.sample(nodes, rng.randint(1, min(3, len(nodes))))
    if kind == "connect":
        source, target = rng.choice(nodes), rng.choice(nodes)
        if e.refusal(workflow, TYPES, source, target) is None:
            return e.connect(workflow, TYPES, source, target)
        return None
    if kind == "insert" and wires:
        return e.insert_on_connection(workflow, TYPES, rng.choice(wires), TYPES["filter"], (1.0, 1.0))[0]
    if kind == "condition" and wires:
        return e.set_condition(workflow, rng.choice(wires), on="always", condition="rows > 1")
    if kind == "disconnect" and wires:
        return e.disconnect(workflow, TYPES, [rng.choice(wires)])
    plain: dict[str, Callable[[], Edit]] = {
        "delete": lambda: e.delete(workflow, TYPES, some),
        "heal": lambda: e.heal(workflow, TYPES, some),
        "move": lambda: e.move(workflow, {n: (rng.random(), rng.random()) for n in some}),
        "rename": lambda: e.rename(workflow, some[0], "Other"),
        "parameters": lambda: e.set_parameters(workflow, some[0], {"keep": rng.random()}),
        "disable": lambda: e.set_disabled(workflow, some, rng.random() > 0.5),
        "duplicate": lambda: fragment.duplicate(workflow, some, (16.0, 16.0))[0],
        "name": lambda: e.set_workflow(workflow, name=str(rng.random())),
    }
    return plain[kind]() if kind in plain else None


@pytest.mark.parametrize("seed", range(40))
def test_that_undoing_any_edit_restores_the_workflow_exactly(seed: int) -> None:
    rng = random.Random(seed)
    workflow = Workflow(id="w")
    history: list[tuple[Workflow, tuple[object, ...]]] = []
    for _ in range(60):
        edit = random_edit(workflow, rng)
        if edit is None:
            continue
        undo = inverse(workflow, edit.changes)
        after = apply(workflow, edit.changes)
        assert exact(apply(after, undo)) == exact(workflow)
        redo = inverse(after, undo)
        assert exact(apply(apply(after, undo), redo)) == exact(after)
        history.append((workflow, undo))
        workflow = after
    for before, undo in reversed(history):
        workflow = apply(workflow, undo)  # type: ignore[arg-type]  # kept as plain tuples
        assert exact(workflow) == exact(before)


def test_that_a_wire_hands_the_table_to_the_first_empty_parameter() -> None:
    workflow = built(adding("read", "A"), adding("read", "B"), adding("join", "J"))
    workflow = apply(workflow, e.connect(workflow, TYPES, "a", "j").changes)
    workflow = apply(workflow, e.connect(workflow, TYPES, "b", "j").changes)
    assert workflow.nodes["j"].parameters == {"left": "${a.table}", "right": "${b.table}"}


def test_that_removing_a_wire_takes_its_reference_out_and_leaves_others() -> None:
    workflow = built(
        adding("read", "A"), adding("read", "B"), adding("join", "J"), wiring("a", "j"), wiring("b", "j")
    )
    workflow = apply(workflow, e.delete(workflow, TYPES, ["a"]).changes)
    assert workflow.nodes["j"].parameters == {"right": "${b.table}"}


def test_that_a_reference_typed_by_hand_survives_removing_the_wire() -> None:
    workflow = built(adding("read", "A"), adding("filter", "F"), wiring("a", "f"))
    workflow = apply(workflow, e.set_parameters(workflow, "f", {"table": "${other.table}"}).changes)
    workflow = apply(workflow, e.disconnect(workflow, TYPES, ["a_to_f"]).changes)
    assert workflow.nodes["f"].parameters == {"table": "${other.table}"}


@pytest.mark.parametrize(
    ("source", "target", "words"),
    [
        ("f", "f", "itself"),
        ("a", "s", "starts the workflow"),
        ("a", "f", "already"),
        ("g", "f", "circle: G → F → G"),
        ("a", "gone", "not there"),
    ],
)
def test_that_a_refused_connection_says_why(source: str, target: str, words: str) -> None:
    workflow = built(
        adding("start", "S"),
        adding("read", "A"),
        adding("filter", "F"),
        adding("filter", "G"),
        wiring("a", "f"),
        wiring("f", "g"),
    )
    reason = e.refusal(workflow, TYPES, source, target)
    assert reason is not None
    assert words in reason
    with pytest.raises(ValueError, match=words.split(":")[0]):
        e.connect(workflow, TYPES, source, target)


def test_that_inserting_on_a_wire_leads_the_table_through_the_new_node() -> None:
    workflow = built(adding("read", "A"), adding("filter", "F"), wiring("a", "f"))
    edit, new = e.insert_on_connection(workflow, TYPES, "a_to_f", TYPES["filter"], (0.0, 0.0))
    after = apply(workflow, edit.changes)
    assert after.nodes[new].parameters["table"] == "${a.table}"
    assert after.nodes["f"].parameters["table"] == f"${{{new}.table}}"


def test_that_healing_joins_the_neighbours_and_the_table() -> None:
    workflow = built(
        adding("read", "A"), adding("filter", "F"), adding("filter", "G"), wiring("a", "f"), wiring("f", "g")
    )
    after = apply(workflow, e.heal(workflow, TYPES, ["f"]).changes)
    assert [(c.source, c.target) for c in after.connections.values()] == [("a", "g")]
    assert after.nodes["g"].parameters["table"] == "${a.table}"


def test_that_pasted_nodes_refer_to_each_other_and_not_to_their_originals() -> None:
    workflow = built(adding("read", "A"), adding("filter", "F"), wiring("a", "f"))
    edit, new = fragment.paste(workflow, fragment.take(workflow, ["a", "f"]), (10.0, 0.0))
    after = apply(workflow, edit.changes)
    assert new == ["a_2", "f_2"]
    assert after.nodes["f_2"].parameters["table"] == "${a_2.table}"
    assert after.layout["a_2"] == (10.0, 0.0)


def test_that_a_duplicate_is_fed_by_the_same_wires() -> None:
    workflow = built(adding("read", "A"), adding("filter", "F"), wiring("a", "f"))
    edit, _ = fragment.duplicate(workflow, ["f"], (0.0, 96.0))
    after = apply(workflow, edit.changes)
    assert {(c.source, c.target) for c in after.connections.values()} == {("a", "f"), ("a", "f_2")}


@pytest.mark.parametrize(
    ("wish", "expected"),
    [("Read CSV", "read_csv"), ("ßüß", "step"), ("2013 data", "step_2013_data"), ("Input", "input_step")],
)
def test_that_new_ids_can_stand_in_references(wish: str, expected: str) -> None:
    assert e.free_id((), wish) == expected


@pytest.mark.parametrize(
    "change",
    [
        NodeAdded(node=Node(id="a", type="t")),
        NodeRemoved(node_id="zz"),
        NodeRemoved(node_id="a"),
        ConnectionAdded(connection=Connection(id="n", source="a", target="zz")),
        ConnectionAdded(connection=Connection(id="c", source="a", target="b")),
        WorkflowChanged(values={"nodes": {}}),
    ],
)
def test_that_a_change_that_does_not_fit_is_refused(change: object) -> None:
    workflow = Workflow(
        id="w",
        nodes={"a": Node(id="a", type="t"), "b": Node(id="b", type="t")},
        connections={"c": Connection(id="c", source="a", target="b")},
    )
    with pytest.raises(ValueError, match="'"):
        apply(workflow, (change,))  # type: ignore[arg-type]  # parametrized as objects
