"""The order of reading that is kept up from edit to edit is the one that would be found anew."""

from __future__ import annotations

import random

import pytest

from engine.model import Change, Connection, Node, Workflow, apply, inverse
from engine.model.changes import (
    ConnectionAdded,
    ConnectionChanged,
    ConnectionRemoved,
    NodeAdded,
    NodeRemoved,
)
from engine.model.kept_order import KeptOrder
from engine.model.reading_order import reading_order


def _drawing(rng: random.Random, size: int) -> Workflow:
    """Nodes and wires in any order of the file: circles among them, and wires whose ends are missing."""
    names = [f"n{number}" for number in range(size)]
    rng.shuffle(names)
    wires = {}
    for number in range(int(size * rng.choice((0.3, 1.0, 1.5)))):
        source, target = sorted(rng.randrange(size + 1) for _ in range(2))
        if rng.random() < 0.05:
            source, target = target, source
        wires[f"w{number}"] = Connection(id=f"w{number}", source=f"n{source}", target=f"n{target}")
    return Workflow(
        id="w", nodes={name: Node(id=name, type="table.sort") for name in names}, connections=wires
    )


def _some_changes(rng: random.Random, workflow: Workflow, serial: int) -> list[Change]:
    """What one edit may hold: several things at once, at any place of the file."""
    made: list[Change] = []
    for step in range(rng.choice((1, 1, 1, 2, 4))):
        now = apply(workflow, made)
        nodes, wires = list(now.nodes), list(now.connections)
        act = rng.choice(("add", "wire", "wire", "wire", "cut", "cut", "lead", "drop"))
        index = rng.choice((None, rng.randint(0, len(nodes))))
        if act == "add" or not nodes:
            missing = [w.target for w in now.connections.values() if w.target not in now.nodes]
            name = rng.choice([*missing, f"new{serial}_{step}"])
            made.append(NodeAdded(node=Node(id=name, type="table.sort"), index=index))
        elif act == "wire":
            a, b = rng.choice(nodes), rng.choice(nodes)
            wire = Connection(id=f"c{serial}_{step}", source=a, target=b)
            made.append(
                ConnectionAdded(connection=wire, index=rng.choice((None, rng.randint(0, len(wires)))))
            )
        elif act == "cut" and wires:
            made.append(ConnectionRemoved(connection_id=rng.choice(wires)))
        elif act == "lead" and wires:
            wire_id = rng.choice(wires)
            wire = Connection(id=wire_id, source=rng.choice(nodes), target=rng.choice(nodes), priority=serial)
            made.append(ConnectionChanged(connection=wire))
        elif act == "drop":
            gone = rng.choice(nodes)
            ends = [w.id for w in now.connections.values() if gone in (w.source, w.target)]
            made += [ConnectionRemoved(connection_id=wire_id) for wire_id in ends]
            made.append(NodeRemoved(node_id=gone))
    return made


@pytest.mark.parametrize("far", [500, 4])
@pytest.mark.parametrize("seed", range(75))
def test_that_after_any_edit_or_its_undoing_the_kept_order_is_the_one_found_anew(
    seed: int, far: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("engine.model.kept_order._FAR", far)
    rng = random.Random(seed)
    workflow = _drawing(rng, rng.choice((0, 2, 5, 12, 40)))
    kept, past = KeptOrder(workflow), []
    for serial in range(40):
        if past and rng.random() < 0.3:
            changes = past.pop()
        else:
            changes = _some_changes(rng, workflow, serial)
            past.append(inverse(workflow, changes))
        try:
            after = apply(workflow, changes)
        except ValueError:  # a node to which a wire led before it was there cannot be taken away again
            continue
        kept.follow(workflow, after, changes)
        workflow = after
        assert kept.names == reading_order(workflow)
        leaving: dict[str, list[Connection]] = {}
        for wire in workflow.connections.values():
            leaving.setdefault(wire.source, []).append(wire)
        assert kept.leaving == leaving
        for name in workflow.nodes:
            there = [wire.source for wire in workflow.connections.values() if wire.target == name]
            assert sorted(kept.sources_of(name)) == sorted(there)


def test_that_much_at_once_is_read_anew() -> None:
    workflow = Workflow(id="w", nodes={f"n{i}": Node(id=f"n{i}", type="table.sort") for i in range(500)})
    kept = KeptOrder(workflow)
    chain = [
        ConnectionAdded(connection=Connection(id=f"w{i}", source=f"n{i + 1}", target=f"n{i}"))
        for i in range(499)
    ]
    after = apply(workflow, chain)
    kept.follow(workflow, after, chain)
    assert kept.names == [f"n{i}" for i in reversed(range(500))]


def test_that_only_what_an_edit_touches_is_read_again(monkeypatch: pytest.MonkeyPatch) -> None:
    workflow = Workflow(
        id="w",
        nodes={f"n{i}": Node(id=f"n{i}", type="table.sort") for i in range(1_000)},
        connections={
            f"w{i}": Connection(id=f"w{i}", source=f"n{i - i % 10}", target=f"n{i}")
            for i in range(1_000)
            if i % 10
        },
    )
    kept = KeptOrder(workflow)
    asked: list[str] = []
    before = KeptOrder._before
    monkeypatch.setattr(KeptOrder, "_before", lambda self, name: asked.append(name) or before(self, name))
    gone = [ConnectionRemoved(connection_id="w505")]
    after = apply(workflow, gone)
    kept.follow(workflow, after, gone)
    assert kept.names == reading_order(after)
    assert len(asked) < 50
