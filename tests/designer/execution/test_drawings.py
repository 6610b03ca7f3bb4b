"""Which drawing an earlier run was made from is found out beside the window."""

from __future__ import annotations

import json
import threading

import pytest

from designer.execution import drawings
from designer.execution.drawings import drawing_of
from engine.files import codec
from engine.model import Node, Workflow
from tests.designer.execution.conftest import Rig
from tests.support.qt_loop import spin

DRAWN = Workflow(id="w1", name="Orders", nodes={"a": Node(id="a", type="flow.set_values", title="A")})


def keep(rig: Rig, monkeypatch: pytest.MonkeyPatch) -> None:
    async def load_definition(_hash: str) -> object:
        return json.loads(codec.encode(DRAWN))

    spin(rig.bridge.open())
    monkeypatch.setattr(rig.scripted.state_manager, "load_definition", load_definition)


def test_that_it_is_read_and_compared_beside_the_window(rig: Rig, monkeypatch: pytest.MonkeyPatch) -> None:
    keep(rig, monkeypatch)
    threads: list[str] = []
    decode = codec.decode

    def noted(definition: object) -> Workflow:
        threads.append(threading.current_thread().name)
        return decode(definition)

    monkeypatch.setattr(drawings.codec, "decode", noted)
    assert spin(drawing_of(rig.bridge, "run", DRAWN)) is DRAWN
    assert len(threads) == 1
    assert threads[0] not in ("MainThread", "engine")


def test_that_a_drawing_edited_since_is_told_from_the_one_that_ran(
    rig: Rig, monkeypatch: pytest.MonkeyPatch
) -> None:
    keep(rig, monkeypatch)
    edited = Workflow(id="w1", name="Orders", nodes={"a": Node(id="a", type="flow.set_values", title="B")})
    found = spin(drawing_of(rig.bridge, "run", edited))
    assert found is not None
    assert found.nodes == DRAWN.nodes


def test_that_there_is_none_of_a_run_whose_drawing_is_gone(rig: Rig) -> None:
    assert spin(drawing_of(rig.bridge, "run", DRAWN)) is None
