"""Columns are known before the first run, as far as they can be told."""

from __future__ import annotations

from pathlib import Path

import pytest
from PySide6.QtWidgets import QApplication
from pytestqt.qtbot import QtBot

from designer.document.document import Document
from designer.execution.columns_ahead import ColumnsAhead, foresee
from designer.execution.tasks import TaskSet
from designer.forms.context import Column
from engine.model.json_value import Json
from engine.model.workflow import Node, Workflow
from tests.support.qt_loop import qt_loop, spin

A, B, C = Column(name="a", type="int"), Column(name="b", type="text"), Column(name="c", type="float")


def node(id: str, type: str, **parameters: Json) -> Node:
    return Node(id=id, type=type, config={"parameters": parameters})


def after(last: Node) -> list[str]:
    """Names of the columns after one step behind two files: `left` has a, b; `right` has a, c."""
    nodes = [node("left", "file.read_csv"), node("right", "file.read_parquet"), last]
    workflow = Workflow(id="w", nodes={one.id: one for one in nodes})
    files = {"left": (A, B), "right": (A, C)}
    return [column.name for column in foresee(workflow, f"${{{last.id}.table}}", lambda one: files[one.id])]


@pytest.mark.parametrize(
    ("last", "names"),
    [
        (node("x", "table.filter", table="${left.table}"), ["a", "b"]),
        (
            node("x", "table.formula", table="${left.table}", columns=[{"column": "d", "expression": "a"}]),
            ["a", "b", "d"],
        ),
        (node("x", "table.choose_columns", table="${left.table}", columns=["b"]), ["b"]),
        (node("x", "table.choose_columns", table="${left.table}", mode="drop", columns=["b"]), ["a"]),
        (
            node("x", "table.choose_columns", table="${left.table}", rename=[{"column": "a", "name": "z"}]),
            ["z", "b"],
        ),
        (
            node("x", "table.join", left="${left.table}", right="${right.table}", keys=[{"left": "a"}]),
            ["a", "b", "c"],
        ),
        (node("x", "table.join", left="${left.table}", right="${right.table}"), ["a", "b", "a_right", "c"]),
        (
            node(
                "x",
                "table.summarise",
                table="${left.table}",
                group=["b"],
                values=[{"function": "count", "name": "n"}],
            ),
            ["b", "n"],
        ),
        (node("x", "code.python", table="${left.table}"), []),
        (node("x", "table.filter", table="${gone.table}"), []),
        (node("x", "table.filter", table="no reference"), []),
        (node("x", "table.filter", table="${x.table}"), []),
    ],
    ids=lambda value: "-".join(value) if isinstance(value, list) else value.type,
)
def test_that_columns_follow_the_wires(last: Node, names: list[str]) -> None:
    assert after(last) == names


def test_that_a_file_is_looked_into_once_and_its_columns_are_announced(
    qapp: QApplication, qtbot: QtBot, tmp_path: Path
) -> None:
    (tmp_path / "delays.csv").write_text("carrier,delay\nAA,10\n", encoding="utf-8")
    nodes = [
        node("read", "file.read_csv", path="delays.csv"),
        node("gone", "file.read_csv", path="gone.csv"),
        node("many", "file.read_csv", path="*.csv"),
        node("bad", "file.read_parquet", path="delays.csv"),
    ]
    document = Document(Workflow(id="w", nodes={one.id: one for one in nodes}), tmp_path / "w.workflow.json")
    errors: list[BaseException] = []
    with qt_loop(qapp):
        tasks = TaskSet(errors.append)
        ahead = ColumnsAhead(document, tasks)
        with qtbot.waitSignal(ahead.found, timeout=20_000):
            assert ahead.columns_of("", "${read.table}") == ()
        assert ahead.columns_of("", "${read.table}") == (
            Column(name="carrier", type="text"),
            Column(name="delay", type="int"),
        )
        for other in ("gone", "many", "bad"):
            assert ahead.columns_of("", f"${{{other}.table}}") == ()
        qtbot.waitUntil(lambda: tasks.is_idle, timeout=20_000)
        assert ahead.columns_of("", "${bad.table}") == ()
        spin(tasks.close())
    assert errors == []
