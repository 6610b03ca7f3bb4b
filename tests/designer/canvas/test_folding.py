"""Folded groups and groups in groups: one card that is moved, walked to, copied and deleted as one thing."""

from __future__ import annotations

from dataclasses import replace

import pytest
from PySide6.QtCore import QPointF, Qt
from PySide6.QtGui import QAccessible
from PySide6.QtTest import QTest

from designer.canvas import geometry, hits
from designer.canvas.frames import chevron
from designer.canvas.rename import RenameField
from designer.canvas.view import CanvasView
from designer.editor import Editor
from engine.model import Connection
from engine.model.comments import Comment, comments
from engine.model.groups import Group, groups
from tests.designer.canvas.conftest import Hand

Key = Qt.Key
CONTROL, SHIFT = Qt.KeyboardModifier.ControlModifier, Qt.KeyboardModifier.ShiftModifier
ALT = Qt.KeyboardModifier.AltModifier
NOTE = Comment(id="note", text="In it", x=600.0, y=0.0, width=96.0, height=48.0)
APART = Comment(id="apart", text="Out of it", x=0.0, y=320.0, width=240.0, height=48.0)


@pytest.fixture
def grouped(canvas: CanvasView, editor: Editor) -> Editor:
    """``read`` and ``keep`` in a group with a comment; ``keep`` goes on to ``write``."""
    wires = {**editor.workflow.connections, "on": Connection(id="on", source="keep", target="write")}
    entries = {
        "groups": [Group(id="g", title="Clean", colour="human", nodes=("read", "keep")).to_json()],
        "comments": [NOTE.to_json(), APART.to_json()],
    }
    editor.replace(replace(editor.workflow, connections=wires, layout_extra=entries))
    canvas.frame_all()
    return editor


def frame_box(canvas: CanvasView, group_id: str = "g") -> tuple[float, float, float, float]:
    scene = canvas.canvas_scene
    frame = scene.frames.of(group_id)
    assert frame is not None
    return geometry.as_box(scene.frames.box(frame, scene.xy))


def title(canvas: CanvasView, group_id: str = "g") -> tuple[float, float]:
    left, top, _, _ = frame_box(canvas, group_id)
    return left + 60, top + 14


def arrow(canvas: CanvasView, group_id: str = "g") -> tuple[float, float]:
    scene = canvas.canvas_scene
    frame = scene.frames.of(group_id)
    assert frame is not None
    place = chevron(scene.frames.box(frame, scene.xy), card=frame.is_card).center()
    return place.x(), place.y()


def kind_at(canvas: CanvasView, x: float, y: float) -> str:
    return hits.hit(canvas.canvas_scene, canvas.layer.inks, QPointF(x, y), 1.0, frozenset()).kind


def folded(editor: Editor) -> list[str]:
    return [group.id for group in groups(editor.workflow) if group.folded]


# -- fold and unfold -------------------------------------------------------------------------


@pytest.mark.parametrize("by", ["arrow", "double click", "key", "menu"])
def test_that_a_group_folds_into_one_card_and_back(
    canvas: CanvasView, grouped: Editor, hand: Hand, by: str
) -> None:
    def switch() -> None:
        if by == "arrow":
            hand.click(arrow(canvas))
        elif by == "double click":
            hand.double_click(title(canvas))
        elif by == "key":
            canvas.select(["keep"])
            QTest.keyClick(canvas, Key.Key_G, CONTROL | ALT)
        else:
            hand.click(title(canvas), Qt.MouseButton.RightButton)
            menu = canvas.menus.current
            assert menu is not None
            menu.actions()[0].trigger()
            menu.hide()

    switch()
    assert folded(grouped) == ["g"]
    assert groups(grouped.workflow)[0].comments == ("note",)
    canvas.grab()
    switch()
    assert folded(grouped) == []
    assert grouped.undo_stack.count() == 2
    grouped.undo_stack.undo()
    assert folded(grouped) == ["g"]
    grouped.undo_stack.undo()
    assert folded(grouped) == []
    assert canvas.canvas_scene.xy is canvas.canvas_scene.places


@pytest.fixture
def shut(canvas: CanvasView, grouped: Editor) -> Editor:
    canvas.select(["read"])
    canvas.grouping.toggle()
    canvas.selection.set()
    canvas.frame_all()
    return grouped


def test_that_what_is_folded_away_is_neither_seen_nor_hit(canvas: CanvasView, shut: Editor) -> None:
    scene = canvas.canvas_scene
    left, top, right, bottom = frame_box(canvas)
    assert (right - left, bottom - top) == (240.0, 64.0)
    assert kind_at(canvas, 400.0, 2.0) == "nothing"  # where "read" was
    assert kind_at(canvas, (left + right) / 2, (top + bottom) / 2) == "group"
    assert [note.id for note in scene.notes.shown] == ["apart"]
    everywhere = (-1e5, -1e5, 1e5, 1e5)
    assert [scene.ids[row] for row in scene.cards_in(everywhere)] == ["start", "write"]
    assert [scene.wires.ids[row] for row in scene.wires.in_box(everywhere)] == ["start_to_read", "on"]
    into, out = (scene.wires.ends[scene.wires.row_of[wire]].tolist() for wire in ("start_to_read", "on"))
    assert into[2:] == [left, top + 32]
    assert out[:2] == [right, top + 32]


def test_that_the_card_is_dragged_with_everything_in_it(canvas: CanvasView, shut: Editor, hand: Hand) -> None:
    left, top, _, _ = frame_box(canvas)
    at = (left + 100, top + 32)
    hand.drag(at, (at[0], at[1] - 160))
    assert frame_box(canvas)[1] == top - 160
    places = shut.workflow.layout
    assert (places["read"], places["keep"], places["start"]) == ((352.0, -160.0), (704.0, -160.0), (0.0, 0.0))
    assert {note.id: note.y for note in comments(shut.workflow)} == {"note": -160.0, "apart": 320.0}
    assert shut.undo_stack.count() == 2
    QTest.keyClick(canvas, Key.Key_Right, CONTROL)
    assert shut.workflow.layout["read"] == (368.0, -160.0)
    assert comments(shut.workflow)[0].x == 616.0
    hand.press((left + 100, top - 128))
    hand.carry((left + 100, top - 128), (left + 100, top + 200))
    QTest.keyClick(canvas, Key.Key_Escape)
    assert frame_box(canvas)[1] == top - 160
    canvas.grouping.toggle()
    box = frame_box(canvas)
    assert box[1] == -160 - 24 - 24  # around its nodes where they lie now
    assert [note.id for note in canvas.canvas_scene.notes.shown] == ["note", "apart"]


def test_that_a_comment_written_over_a_folded_group_stays_in_sight(canvas: CanvasView, shut: Editor) -> None:
    new = replace(NOTE, id="new", y=5.0)
    shut.replace(
        replace(
            shut.workflow,
            layout_extra={
                **shut.workflow.layout_extra,
                "comments": [NOTE.to_json(), APART.to_json(), new.to_json()],
            },
        )
    )
    assert [note.id for note in canvas.canvas_scene.notes.shown] == ["apart", "new"]


def test_that_the_keyboard_walks_over_folded_groups(canvas: CanvasView, shut: Editor) -> None:
    canvas.select(["start"])
    QTest.keyClick(canvas, Key.Key_Right)
    assert canvas.selected_nodes() == ["read", "keep"]
    focused = QAccessible.queryAccessibleInterface(canvas).focusChild()
    assert focused.text(QAccessible.Text.Name) == "Group Clean, folded, 2 nodes"
    canvas.grab()
    QTest.keyClick(canvas, Key.Key_Right)
    assert canvas.selected_nodes() == ["write"]
    QTest.keyClick(canvas, Key.Key_Left)
    assert canvas.selected_nodes() == ["read", "keep"]
    QTest.keyClick(canvas, Key.Key_Left)
    assert canvas.selected_nodes() == ["start"]


def test_that_a_box_and_shift_and_ctrl_select_the_card(canvas: CanvasView, shut: Editor, hand: Hand) -> None:
    left, top, right, bottom = frame_box(canvas)
    hand.drag((left - 20, top - 20), (right - 30, bottom + 20))
    assert canvas.selected_nodes() == ["read", "keep"]
    hand.click((left + 90, top + 30), modifiers=CONTROL)
    assert canvas.selected_nodes() == []
    canvas.select(["start"])
    hand.click((left + 90, top + 30), modifiers=SHIFT)
    assert canvas.selected_nodes() == ["start", "read", "keep"]


def test_that_f2_renames_the_card(canvas: CanvasView, shut: Editor, hand: Hand) -> None:
    left, top, _, _ = frame_box(canvas)
    hand.click((left + 90, top + 30))
    QTest.keyClick(canvas, Key.Key_F2)
    field = next(one for one in canvas.viewport().findChildren(RenameField) if one.isVisible())
    QTest.keyClicks(field, "Other")
    QTest.keyClick(field, Key.Key_Return)
    assert groups(shut.workflow)[0].title == "Other"
    told: list[str] = []
    canvas.message.connect(told.append)
    canvas.start_rename("read")
    assert told == ["Unfold the group to rename what is in it."]


def test_that_delete_takes_the_group_with_its_nodes_and_undo_brings_all_back(
    canvas: CanvasView, shut: Editor, hand: Hand
) -> None:
    before = shut.workflow
    left, top, _, _ = frame_box(canvas)
    hand.click((left + 90, top + 30))
    QTest.keyClick(canvas, Key.Key_Delete)
    assert list(shut.workflow.nodes) == ["start", "write"]
    assert groups(shut.workflow) == ()
    assert "groups" not in shut.workflow.layout_extra
    assert [note.id for note in comments(shut.workflow)] == ["apart"]
    shut.undo_stack.undo()
    assert shut.workflow == before


def test_that_one_node_deleted_leaves_the_group_for_good(canvas: CanvasView, grouped: Editor) -> None:
    canvas.select(["keep"])
    canvas.delete_selection()
    assert groups(grouped.workflow)[0].nodes == ("read",)
    canvas.select(["read"])
    canvas.commands.heal()
    assert "groups" not in grouped.workflow.layout_extra
    grouped.undo_stack.undo()
    grouped.undo_stack.undo()
    assert groups(grouped.workflow)[0].nodes == ("read", "keep")


def test_that_the_command_deletes_a_group_of_which_a_node_is_selected(
    canvas: CanvasView, grouped: Editor
) -> None:
    canvas.select(["keep"])
    QTest.keyClick(canvas, Key.Key_Delete, CONTROL | SHIFT)
    assert list(grouped.workflow.nodes) == ["start", "write"]
    assert [note.id for note in comments(grouped.workflow)] == ["apart"]
    assert grouped.undo_stack.count() == 1


@pytest.mark.parametrize("state", ["open", "shut"])
def test_that_copies_of_groups_are_groups(
    canvas: CanvasView, grouped: Editor, hand: Hand, state: str
) -> None:
    if state == "shut":
        hand.click(arrow(canvas))
    hand.click(title(canvas) if state == "open" else (title(canvas)[0] + 30, title(canvas)[1] + 16))
    canvas.copy()
    canvas.paste()
    first, second = groups(grouped.workflow)
    assert (second.title, second.colour, second.folded) == (first.title, first.colour, state == "shut")
    assert second.nodes == ("read_2", "keep_2")
    assert [note.id for note in comments(grouped.workflow)] == ["note", "apart", "note_2"]
    assert second.comments == (("note_2",) if state == "shut" else ())
    assert canvas.selected_nodes() == ["read_2", "keep_2"]
    QTest.keyClick(canvas, Key.Key_D, CONTROL)
    assert len(groups(grouped.workflow)) == 3
    assert len(canvas.canvas_scene.frames.all) == 3


# -- groups in groups ------------------------------------------------------------------------


@pytest.fixture
def nested(canvas: CanvasView, grouped: Editor) -> Editor:
    canvas.select(["read", "keep", "write"])
    canvas.grouping.group()
    QTest.keyClick(canvas, Key.Key_Escape)
    canvas.setFocus()
    grouped.undo_stack.clear()
    canvas.frame_all()
    return grouped


def test_that_a_frame_surrounds_the_frames_in_it_and_moves_them(
    canvas: CanvasView, nested: Editor, hand: Hand
) -> None:
    inner, outer = frame_box(canvas), frame_box(canvas, "group_2")
    assert outer[0] < inner[0]
    assert outer[1] < inner[1]
    assert groups(nested.workflow)[0].parent == "group_2"
    at = title(canvas, "group_2")
    hand.drag(at, (at[0], at[1] - 64))
    assert [nested.workflow.layout[n][1] for n in ("start", "read", "keep", "write")] == [0, -64, -64, 128]
    assert comments(nested.workflow)[0].y == -64.0
    assert nested.undo_stack.count() == 1
    at = title(canvas)
    hand.click(at)  # one of what is selected: from now on it alone
    hand.drag(at, (at[0] + 32, at[1]))
    read, keep, write = (nested.workflow.layout[node_id][0] for node_id in ("read", "keep", "write"))
    assert (read, keep, write) == (384, 736, 704)  # on the grid, whatever the edges of the frame do


def test_that_only_the_outermost_folded_group_is_seen(canvas: CanvasView, nested: Editor) -> None:
    canvas.grouping.fold_all()
    scene = canvas.canvas_scene
    assert [group.id for group, _ in scene.frames.boxes(scene.xy)] == ["group_2"]
    assert folded(nested) == ["g", "group_2"]
    assert nested.undo_stack.count() == 1
    canvas.select(["read"])
    canvas.grouping.toggle()
    assert folded(nested) == ["g"]
    assert [group.id for group, _ in scene.frames.boxes(scene.xy)] == ["group_2", "g"]
    canvas.grab()
    canvas.grouping.unfold_all()
    assert folded(nested) == []
    told: list[str] = []
    canvas.message.connect(told.append)
    canvas.grouping.unfold_all()
    assert told == ["No group is folded."]


def test_that_ungrouping_by_its_menu_keeps_what_is_inside(
    canvas: CanvasView, nested: Editor, hand: Hand
) -> None:
    hand.click(title(canvas, "group_2"), Qt.MouseButton.RightButton)
    menu = canvas.menus.current
    assert menu is not None
    next(a for a in menu.actions() if a.text().startswith("Ungroup")).trigger()
    menu.hide()
    assert [(group.id, group.parent) for group in groups(nested.workflow)] == [("g", "")]
    assert len(nested.workflow.nodes) == 4
