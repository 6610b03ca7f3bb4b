"""Tidy drawings: what the layout promises for any drawing."""

from __future__ import annotations

import time

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from designer.canvas import align, layout
from designer.canvas.geometry import Floats
from designer.theme.tokens import CARD_H, CARD_W, SNAP

drawings = st.integers(1, 24).flatmap(
    lambda count: st.tuples(
        st.lists(st.tuples(st.floats(-2000, 2000), st.floats(-2000, 2000)), min_size=count, max_size=count),
        st.lists(
            st.tuples(
                st.integers(0, count - 1), st.integers(0, count - 1), st.sampled_from([-16.0, 0.0, 16.0])
            ),
            max_size=40,
        ),
    )
)


def overlaps(xy: Floats) -> bool:
    gaps = np.abs(xy[:, None] - xy[None])
    met = (gaps[..., 0] < CARD_W) & (gaps[..., 1] < CARD_H)
    return bool(met.sum() > len(xy))


def at(*places: tuple[float, float]) -> Floats:
    return np.array(places, np.float64).reshape(-1, 2)


@settings(max_examples=150, deadline=None)
@given(drawings)
def test_that_cards_never_overlap_and_lie_on_the_grid(
    drawing: tuple[list[tuple[float, float]], list[layout.Wire]],
) -> None:
    places, wires = drawing
    found = layout.tidy(at(*places), wires)
    assert not overlaps(found)
    assert not (found % SNAP).any()
    again = layout.tidy(found, wires)
    assert not overlaps(again)


@settings(max_examples=80, deadline=None)
@given(drawings)
def test_that_wires_lead_from_left_to_right_where_there_is_no_circle(
    drawing: tuple[list[tuple[float, float]], list[layout.Wire]],
) -> None:
    places, wires = drawing
    forward = [wire for wire in wires if wire[0] < wire[1]]
    found = layout.tidy(at(*places), forward)
    for source, target, _ in forward:
        assert found[target, 0] >= found[source, 0] + layout.COLUMN


def test_that_a_chain_becomes_a_straight_line_at_the_same_corner() -> None:
    found = layout.tidy(at((10, 300), (20, 7), (900, 55)), [(0, 1, 0.0), (1, 2, 0.0)])
    assert found.tolist() == [[16, 0], [384, 0], [752, 0]]


def test_that_the_order_of_the_person_stays_where_nothing_crosses() -> None:
    xy = at((0, 0), (400, 500), (400, 100), (400, 300))
    found = layout.tidy(xy, [(0, 1, 0.0), (0, 2, 0.0), (0, 3, 0.0)])
    assert found[2, 1] < found[3, 1] < found[1, 1]
    assert found[0, 1] == found[3, 1]  # in the middle of what it feeds


def test_that_crossings_are_taken_out() -> None:
    xy = at((0, 0), (0, 100), (400, 0), (400, 100))
    found = layout.tidy(xy, [(0, 3, 0.0), (1, 2, 0.0)])
    assert found[0, 1] < found[1, 1]
    crossing = at((0, 0), (300, 0), (300, 200), (600, 0), (600, 200))
    found = layout.tidy(crossing, [(0, 1, 0.0), (0, 2, 0.0), (1, 4, 0.0), (2, 3, 0.0)])
    assert (found[1, 1] < found[2, 1]) == (found[4, 1] < found[3, 1])


def test_that_outputs_decide_the_order_of_what_they_lead_to() -> None:
    xy = at((0, 0), (300, 300), (300, 0), (600, 0))
    wires = [(0, 1, -10.0), (0, 2, 10.0), (1, 3, 0.0), (2, 3, 0.0)]
    found = layout.tidy(xy, wires)
    assert found[1, 1] < found[2, 1]


def test_that_a_long_wire_does_not_run_behind_a_card() -> None:
    xy = at((0, 0), (400, 0), (800, 0))
    found = layout.tidy(xy, [(0, 1, 0.0), (1, 2, 0.0), (0, 2, 0.0)])
    assert found[1, 1] != found[0, 1] or found[1, 1] != found[2, 1]


def test_that_a_start_stands_right_before_what_it_feeds() -> None:
    xy = at((0, 0), (400, 0), (800, 0), (0, 200))
    found = layout.tidy(xy, [(0, 1, 0.0), (1, 2, 0.0), (3, 2, 0.0)])
    assert found[3, 0] == found[1, 0]


def test_that_pieces_are_stacked_and_single_cards_lie_below() -> None:
    xy = at((0, 0), (400, 0), (0, 50), (400, 50), (50, 20), (500, 25))
    found = layout.tidy(xy, [(2, 3, 0.0), (0, 1, 0.0)])
    assert found[:, 1].tolist() == [0, 0, 128, 128, 256, 256]
    assert layout.tidy(at(), []).shape == (0, 2)


def test_that_a_part_makes_way_for_the_rest() -> None:
    moved = layout.make_room(at((0, 0), (368, 0)), at((300, 10), (300, 110)))
    assert not overlaps(np.concatenate((moved, at((300, 10), (300, 110)))))
    assert moved[0, 1] == moved[1, 1]


def test_that_columns_stand_apart_as_far_as_what_is_written_between_them() -> None:
    xy = np.zeros((4, 2))
    wires = [(0, 1, 0.0), (1, 2, 0.0), (1, 3, 0.0)]
    plain = layout.tidy(xy, wires)
    labelled = layout.tidy(xy, wires, {(1, 3): 168.0})
    assert labelled[1, 0] - labelled[0, 0] == plain[1, 0] - plain[0, 0]
    assert labelled[2, 0] - labelled[1, 0] - 240.0 >= 168.0 + 40.0
    assert labelled[2, 0] == labelled[3, 0]
    assert not (labelled % 16).any()
    assert layout.tidy(xy, wires, {(1, 3): 20.0}).tolist() == plain.tolist()


def test_that_a_thousand_nodes_do_not_take_for_ever() -> None:
    chance = np.random.default_rng(7)
    xy = np.stack((np.arange(1000) // 25 * 368.0, chance.random(1000) * 2400), axis=1)
    targets = chance.integers(25, 1000, 1500)
    wires = [(int(target) - 25 + int(by), int(target), 0.0) for target, by in zip(
        targets, chance.integers(-3, 4, 1500), strict=True
    ) if target >= 28]  # fmt: skip
    start = time.process_time()
    assert not overlaps(layout.tidy(xy, wires))
    assert time.process_time() - start < 20  # a quarter of a second; quadratic work would take minutes


def test_that_cards_align_on_every_edge() -> None:
    xy = at((0, 0), (160, 200), (400, 400))
    assert align.align(xy, "left")[:, 0].tolist() == [0, 0, 0]
    assert align.align(xy, "right")[:, 0].tolist() == [400, 400, 400]
    assert align.align(xy, "centre")[:, 0].tolist() == [200, 200, 200]
    assert align.align(xy, "left")[:, 1].tolist() == [0, 200, 400]
    wide = xy[:, ::-1] * 2
    assert align.align(wide, "top")[:, 1].tolist() == [0, 0, 0]
    assert align.align(wide, "bottom")[:, 1].tolist() == [800, 800, 800]
    assert align.align(wide, "middle")[:, 1].tolist() == [400, 400, 400]


def test_that_aligned_cards_never_come_to_lie_on_each_other() -> None:
    row = at((0, 0), (368, 0), (736, 0))
    assert align.align(row, "left").tolist() == [[0, 0], [0, 96], [0, 192]]


def test_that_distances_become_equal() -> None:
    xy = at((0, 0), (1000, 30), (300, 60))
    assert align.distribute(xy, "horizontally")[:, 0].tolist() == [0, 1000, 500]
    assert align.distribute(xy[:, ::-1], "vertically")[:, 1].tolist() == [0, 1000, 500]
    tight = at((0, 0), (100, 0), (200, 0))
    assert align.distribute(tight, "horizontally")[:, 0].tolist() == [0, 368, 736]
