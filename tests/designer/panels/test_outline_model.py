"""The outline's tree follows the document, row by row."""

from __future__ import annotations

import random
from collections.abc import Callable
from dataclasses import replace

import pytest
from PySide6.QtCore import QModelIndex, Qt
from PySide6.QtTest import QAbstractItemModelTester

from designer.document.document import Document
from designer.editor import Editor
from designer.panels.outline_model import OutlineModel
from engine.catalog import Catalog
from engine.model import Connection, Edit, Node, Workflow, edits
from engine.model.changes import ConnectionChanged
from engine.model.comments import Comment, set_comments
from engine.model.groups import groups, make_group, ungroup
from engine.model.switches import set_order
from tests.designer.canvas.conftest import small_workflow

CATALOG = Catalog.load()
_Role = Qt.ItemDataRole


def _followed(editor: Editor) -> OutlineModel:
    model = OutlineModel(editor, CATALOG)
    editor.document.subscribe(lambda _before, _after, changes: model.follow(changes))
    return model


def _read(model: OutlineModel, parent: QModelIndex | None = None, depth: int = 0) -> list[str]:
    """Every line of the tree, indented, in order."""
    parent = parent or QModelIndex()
    lines = []
    for row in range(model.rowCount(parent)):
        index = model.index(row, 0, parent)
        lines.append("  " * depth + str(index.data()))
        lines += _read(model, index, depth + 1)
    return lines


def _indexes(model: OutlineModel, parent: QModelIndex | None = None) -> list[QModelIndex]:
    parent = parent or QModelIndex()
    rows = [model.index(row, 0, parent) for row in range(model.rowCount(parent))]
    return rows + [each for row in rows for each in _indexes(model, row)]


@pytest.fixture
def editor(qapp) -> Editor:
    return Editor(Document(small_workflow()))


def test_that_each_step_is_a_sentence_with_its_ways_on_below_it(editor: Editor) -> None:
    assert _read(_followed(editor)) == [
        "1. Start: Start when Run is pressed; then → 2",
        "  then → 2. Read orders",
        "2. Read orders: Read orders.csv; then → 3",
        "  then → 3. Keep large",
        "3. Keep large: Keeps the rows that meet a condition",
        "4. Write report: Writes a table to a CSV file",
    ]


def test_that_conditions_errors_and_outcomes_are_said_in_words(editor: Editor) -> None:
    model = _followed(editor)
    editor.push(edits.set_parameters(editor.workflow, "keep", {"condition": "amount > 100"}))
    for on in ("success", "error", "always"):
        edit = edits.connect(editor.workflow, CATALOG, "keep", "write", on=on)
        editor.push(edit)
    editor.push(edits.set_condition(editor.workflow, "keep_to_write", condition="rows ==\n  0"))
    keep = model.index_of(("node", "keep"))
    assert keep.data() == (
        "3. Keep large: Keep rows where amount > 100; if rows == 0 → 4; on error → 4; in any case → 4"
    )
    assert keep.data(_Role.AccessibleTextRole).endswith(
        "if rows == 0 step 4; on error step 4; in any case step 4"
    )


@pytest.mark.parametrize(
    ("title", "parameters", "said"),
    [
        ("Filter rows", {"condition": "a > 1"}, "3. Keep rows where a > 1"),
        ("Filter rows 2", {"condition": "a > 1"}, "3. Keep rows where a > 1"),
        ("Keep rows where a > 1", {"condition": "a > 1"}, "3. Keep rows where a > 1 (Filter rows)"),
    ],
)
def test_that_a_sentence_does_not_say_the_same_twice(
    editor: Editor, title: str, parameters: dict, said: str
) -> None:
    model = _followed(editor)
    editor.push(edits.rename(editor.workflow, "keep", title))
    editor.push(edits.set_parameters(editor.workflow, "keep", parameters))
    assert model.index_of(("node", "keep")).data() == said


def test_that_states_are_read_out_after_the_sentence(editor: Editor) -> None:
    model = _followed(editor)
    model.lines.state_of = lambda node_id: ("completed, 12 rows", "12 rows", "success")
    model.lines.outcome_of = lambda wire_id: ("taken", "taken", "success")
    assert model.index_of(("node", "write")).data(_Role.AccessibleTextRole).endswith(". completed, 12 rows")
    wire = model.index_of(("wire", "read_to_keep"))
    assert wire.data(_Role.AccessibleTextRole) == "then step 3, Keep large, taken"


def test_that_a_group_holds_its_steps_where_the_first_of_them_stands(editor: Editor) -> None:
    model = _followed(editor)
    editor.push(make_group(editor.workflow, ["keep", "read"]))
    assert [line for line in _read(model) if not line.startswith("    ")] == [
        "1. Start: Start when Run is pressed; then → 2",
        "  then → 2. Read orders",
        "Group 1: group of 2 steps",
        "  2. Read orders: Read orders.csv; then → 3",
        "  3. Keep large: Keeps the rows that meet a condition",
        "4. Write report: Writes a table to a CSV file",
    ]
    group = model.index_of(("group", "group_1"))
    assert model.setData(group, "Orders")
    assert groups(editor.workflow)[0].title == "Orders"


def test_that_titles_and_conditions_are_edited_in_place_as_one_step_of_undo_each(editor: Editor) -> None:
    model = _followed(editor)
    assert model.setData(model.index_of(("node", "keep")), "  Keep few ")
    assert editor.workflow.nodes["keep"].title == "Keep few"
    wire = model.index_of(("wire", "read_to_keep"))
    assert model.setData(wire, "rows > 0")
    assert editor.workflow.connections["read_to_keep"].condition == "rows > 0"
    assert wire.data() == "if rows > 0 → 3. Keep few"
    assert model.setData(wire, "")
    assert editor.workflow.connections["read_to_keep"].condition is None
    for _ in range(editor.undo_stack.count()):
        editor.undo_stack.undo()
    assert editor.workflow == small_workflow()


def test_that_an_empty_title_is_refused_and_an_unchanged_one_is_no_edit(editor: Editor, qtbot) -> None:
    model = _followed(editor)
    index = model.index_of(("node", "keep"))
    with qtbot.waitSignal(model.refused):
        assert not model.setData(index, " ")
    assert not model.setData(index, "Keep large")
    assert editor.undo_stack.count() == 0


def test_that_the_ways_out_of_a_switch_stand_in_the_order_in_which_they_are_tried(qapp) -> None:
    nodes = {
        "s": Node(id="s", type="flow.switch", title="Which"),
        **{i: Node(id=i, type="table.sort", title=i.upper()) for i in "abc"},
    }
    wires = {
        f"to_{i}": Connection(id=f"to_{i}", source="s", target=i, condition=f"value == '{i}'") for i in "abc"
    }
    editor = Editor(Document(Workflow(id="w", nodes=nodes, connections=wires)))
    model = _followed(editor)
    editor.push(set_order(editor.workflow, "to_a", 5))
    below = model.index_of(("node", "s"))
    assert [model.index(row, 0, below).data(_Role.EditRole) for row in range(3)] == [
        "value == 'b'",
        "value == 'c'",
        "value == 'a'",
    ]


def _random_edit(rng: random.Random, workflow: Workflow) -> Edit:
    nodes, wires = list(workflow.nodes), list(workflow.connections)
    acts = "add connect connect delete cut heal rename group ungroup when move note turn"
    act = rng.choice(acts.split())
    some = rng.sample(nodes, min(len(nodes), rng.randint(1, 3))) if nodes else []
    if act == "add" or not nodes:
        node_type = CATALOG.get(rng.choice(("table.filter", "flow.manual", "table.sort")))
        assert node_type is not None
        return edits.add_node(workflow, node_type, (0.0, 0.0))[0]
    if act == "connect":
        source, target = rng.choice(nodes), rng.choice(nodes)
        if edits.refusal(workflow, CATALOG, source, target) is None:
            return edits.connect(workflow, CATALOG, source, target)
    if act == "cut" and wires:
        return edits.disconnect(workflow, CATALOG, [rng.choice(wires)])
    if act == "move":
        return edits.move(workflow, {some[0]: (rng.uniform(0, 2_000), 0.0)})
    if act == "note":
        place, text = rng.uniform(0, 2_000), str(rng.random())
        note = Comment(id=f"c{rng.randrange(3)}", x=place, y=0.0, width=80.0, height=40.0, text=text)
        return set_comments(workflow, [note], "Comment")
    if act == "turn" and wires:  # the connection leads elsewhere
        wire, target = workflow.connections[rng.choice(wires)], rng.choice(nodes)
        return Edit(label="Lead", changes=(ConnectionChanged(connection=replace(wire, target=target)),))
    if act == "when" and wires:
        return edits.set_condition(workflow, rng.choice(wires), condition="a > 1", on="error")
    makers: dict[str, Callable[[], Edit]] = {
        "heal": lambda: edits.heal(workflow, CATALOG, some),
        "group": lambda: make_group(workflow, some),
        "ungroup": lambda: ungroup(workflow, some),
        "rename": lambda: edits.rename(workflow, some[0], f"Step {rng.random()}"),
    }
    return makers.get(act, lambda: edits.delete(workflow, CATALOG, some))()


@pytest.mark.parametrize("seed", range(16))
def test_that_after_any_edits_undo_and_redo_the_tree_is_what_a_new_one_would_be(qapp, seed: int) -> None:
    rng = random.Random(seed)
    editor = Editor(Document(small_workflow()))
    model = _followed(editor)
    tester = QAbstractItemModelTester(model, QAbstractItemModelTester.FailureReportingMode.Fatal)
    for _ in range(50):
        move = rng.random()
        if move < 0.15:
            editor.undo_stack.undo()
        elif move < 0.25:
            editor.undo_stack.redo()
        else:
            editor.push(_random_edit(rng, editor.workflow))
        assert _read(model) == _read(OutlineModel(editor, CATALOG))
        for line in _indexes(model):
            assert model.index_of(model.row_at(line)) == line
    assert tester.model() is model


def test_that_rows_that_stay_keep_their_indexes_when_others_come_and_go(editor: Editor) -> None:
    from PySide6.QtCore import QPersistentModelIndex

    model = _followed(editor)
    held = QPersistentModelIndex(model.index_of(("node", "keep")))
    editor.push(edits.delete(editor.workflow, CATALOG, ["start"]))
    assert held.row() == 1
    editor.push(edits.connect(editor.workflow, CATALOG, "write", "read"))
    assert held.row() == 2
    assert str(held.data()).startswith("3. Keep large")


def test_that_much_that_changes_at_once_is_read_anew_in_one_go(editor: Editor, qtbot) -> None:
    model = _followed(editor)
    nodes = {f"n{i}": Node(id=f"n{i}", type="table.sort", title=f"N{i}") for i in range(600)}
    editor.replace(Workflow(id="w", nodes=nodes))
    with qtbot.waitSignal(model.rearranged):
        editor.push(edits.delete(editor.workflow, CATALOG, [f"n{i}" for i in range(0, 600, 2)]))
    assert model.rowCount() == 300
