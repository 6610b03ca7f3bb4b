"""A small workflow with an inspector beside it."""

from __future__ import annotations

from typing import Any

import pytest
from pytestqt.qtbot import QtBot

from designer.document.document import Document
from designer.editor import Editor
from designer.panels.inspector_panel import InspectorPanel
from engine.catalog import Catalog
from engine.history.status import StepStatus
from engine.history.step_state import StepState
from engine.model.workflow import Connection, Node, Workflow

TABLE = {
    "$table": "0" * 64,
    "rows": 336776,
    "columns": [{"name": "dep_delay", "type": "float"}, {"name": "carrier", "type": "text"}],
    "bytes": 1,
}


def node(node_id: str, type_id: str, title: str, **parameters: Any) -> Node:
    return Node(
        id=node_id, type=type_id, title=title, config={"parameters": parameters} if parameters else {}
    )


def flights() -> Workflow:
    nodes = (
        node("start", "flow.manual", "Start"),
        node("read", "file.read_csv", "Read flights", path="flights.csv"),
        node("late", "table.filter", "Delayed departures", table="${read.table}", condition="dep_delay > 60"),
        node("save", "file.write_csv", "Save", table="${late.table}", path="out.csv"),
        node("odd", "plugin.gone", "Odd", a=1),
    )
    connections = (
        Connection(id="c1", source="start", target="read"),
        Connection(id="c2", source="read", target="late"),
        Connection(id="c3", source="late", target="save", condition="rows > 0"),
    )
    return Workflow(
        id="w",
        name="Flights",
        inputs={"type": "object", "properties": {"threshold": {"type": "number"}}},
        nodes={one.id: one for one in nodes},
        connections={one.id: one for one in connections},
    )


def ran(output: Any = None, **more: Any) -> StepState:
    return StepState(status=StepStatus.COMPLETED, output=output, started_at=1.0, duration_ms=830.0, **more)


@pytest.fixture
def editor(qapp: Any) -> Editor:
    return Editor(Document(flights()))


@pytest.fixture
def panel(editor: Editor, qtbot: QtBot) -> InspectorPanel:
    panel = InspectorPanel(editor, Catalog.load())
    qtbot.addWidget(panel)
    panel.resize(338, 700)
    with qtbot.waitActive(panel):
        panel.show()
        panel.activateWindow()
    return panel
