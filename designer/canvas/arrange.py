"""Tidy up, align and distribute: where the cards go is worked out elsewhere; here they go there.

The edit is made at once, as one step of undo; what glides afterwards is only what is seen.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from functools import partial
from typing import TYPE_CHECKING, Any, TypeAlias

import numpy as np
from PySide6.QtCore import QEvent, QObject, Qt, Signal

from designer.canvas import align as lines
from designer.canvas import layout
from designer.canvas.breath import breathe, is_large
from designer.canvas.geometry import Floats
from designer.canvas.painter.pills import pill_box
from designer.canvas.wire_rows import pill_text
from designer.long_work import GivenUp, LongWork
from designer.theme.tokens import CARD_H, STATE_MS
from engine.model import Change, Workflow, edits
from engine.model.bends import bend_changes, carried, straightened
from engine.model.comments import set_comments

if TYPE_CHECKING:
    from designer.canvas.view import CanvasView

Card: TypeAlias = list[int]
"""The rows of what moves as one."""
Task: TypeAlias = tuple[Workflow, list[Card]]
"""The drawing that is being laid out, and what of it."""
Move: TypeAlias = tuple[edits.Edit, list[str], Floats, Floats]
"""An edit, the nodes that it moves, where they lay and where they will."""
_TIDY = "Tidy up"
AT_ONCE = 150
"""Up to this many cards are laid out on the spot: about a fortieth of a second."""

MOST_GLIDING = 20_000


class Arrange(QObject):
    """Acts on the selected nodes; tidying up acts on all of them when none, or one, is selected."""

    _worked_out = Signal(object)

    def __init__(self, view: CanvasView) -> None:
        super().__init__(view)
        self._view = view
        self._glide = Glide(view)
        self._worker: ThreadPoolExecutor | None = None
        self._pending: Task | None = None
        self._work: LongWork | None = None
        self._worked_out.connect(self._on_worked_out, Qt.ConnectionType.QueuedConnection)
        view.destroyed.connect(self._leave)

    @property
    def is_working(self) -> bool:
        """Whether a large drawing is being laid out."""
        return self._pending is not None

    def finish(self) -> None:
        """Let everything lie where it belongs at once."""
        self._glide.finish()

    def glide(self, ids: list[str], before: Floats) -> None:
        """Show these nodes on their way from where they lay to where the document has them."""
        scene = self._view.canvas_scene
        self._glide.start(ids, before, scene.places[scene.rows(ids)].copy())

    def align(self, edge: lines.Edge) -> None:
        """Bring the selected nodes into one line."""
        cards = self._chosen(2, "Select two or more nodes to align them.")
        if cards:
            self._put(cards, lines.align(self._seen(cards), edge), "Align")

    def distribute(self, way: lines.Way) -> None:
        """Put the selected nodes at equal distances."""
        cards = self._chosen(3, "Select three or more nodes to distribute them.")
        if cards:
            self._put(cards, lines.distribute(self._seen(cards), way), "Distribute")

    def tidy(self) -> None:
        """Lay the selected nodes, or all, out from left to right; large drawings beside the work."""
        self.finish()
        scene = self._view.canvas_scene
        cards = self._cards(sorted(scene.rows(self._view.selection.nodes)))
        if len(cards) < 2:
            cards = self._cards(range(len(scene.ids)))
        if not cards or self.is_working:
            return
        wires, labels = self._wires(cards), self._labels(cards)
        if len(cards) <= AT_ONCE:
            self._put(cards, self._fitted(cards, layout.tidy(self._seen(cards), wires, labels)), _TIDY)
            return
        self._pending = (self._view.editor.workflow, cards)
        self._work = self._view.works.begin(f"Tidying up {len(cards):,} nodes…", self._give_up)
        self._worker = self._worker or ThreadPoolExecutor(1, thread_name_prefix="tidy")
        given = (self._seen(cards), wires, labels, self._work.reached)
        job = self._worker.submit(self._lay_out, self._pending, given)
        job.add_done_callback(partial(self._hand_over, self._pending))

    def cancel(self) -> bool:
        """Give up laying out a large drawing; False when nothing is being laid out."""
        return self._work is not None and self._work.give_up()

    def _give_up(self) -> None:
        self._pending = None  # what is worked out all the same is thrown away
        self._view.message.emit("Tidying up was given up; nothing has moved.")

    def _lay_out(self, asked: Task, given: tuple[Any, ...]) -> Move | None:
        """Runs in the worker: the edit too, which in a large drawing takes as long to word as to make.

        Of what is on screen it only reads; when that changes meanwhile, the edit is thrown away.
        """
        places = layout.tidy(*given)
        try:
            return self._worded(*asked, self._fitted(asked[1], places), _TIDY)
        except (LookupError, ValueError):
            if self._view.editor.workflow is asked[0]:
                raise
            return None  # there are other rows now

    def _hand_over(self, asked: Task, job: Future[Move | None]) -> None:
        """Runs in the worker; the signal crosses to the window's thread."""
        if not job.cancelled():
            is_given_up = isinstance(job.exception(), GivenUp)
            self._worked_out.emit((asked, is_given_up, None if is_given_up else job.result()))

    def _on_worked_out(self, done: tuple[Task, bool, Move | None]) -> None:
        pending, is_given_up, move = done
        if is_given_up or pending is not self._pending:
            if self._pending is None:
                self._stop()
            return
        self._stop()
        self._pending = None
        if self._work is not None:
            self._work.end()
        if self._view.editor.workflow is not pending[0]:
            self._view.message.emit("The drawing changed meanwhile: tidy up again.")
            return
        self._make(move)

    def _leave(self) -> None:
        if self._work is not None:
            self._work.is_given_up = True  # and so the worker ends soon
        self._stop()

    def _stop(self) -> None:
        if self._worker is not None:
            self._worker.shutdown(cancel_futures=True)
            self._worker = None

    def _chosen(self, least: int, otherwise: str) -> list[Card]:
        self.finish()
        cards = self._cards(self._view.canvas_scene.rows(self._view.selection.nodes))
        if len(cards) < least:
            self._view.message.emit(otherwise)
            return []
        return cards

    def _cards(self, rows: Iterable[int]) -> list[Card]:
        """What is arranged as one: a node, or a folded group with everything in it."""
        frames = self._view.canvas_scene.frames
        if frames.hidden is None:
            return [[row] for row in rows]
        found: dict[int, Card] = {}
        for row in rows:
            folded = frames.card_of(row)
            found.setdefault(
                row if folded is None else folded.rows[0], [row] if folded is None else folded.rows
            )
        return list(found.values())

    def _seen(self, cards: Sequence[Card]) -> Floats:
        """Where these cards lie, as they are seen."""
        places: Floats = self._view.canvas_scene.xy[[card[0] for card in cards]]
        return places

    def _wires(self, cards: Sequence[Card]) -> list[layout.Wire]:
        """The wires among these cards, by their place in the list."""
        scene = self._view.canvas_scene
        place_of = np.full(len(scene.ids), -1)
        rows = [row for card in cards for row in card]
        place_of[rows] = np.repeat(np.arange(len(cards)), [len(card) for card in cards])
        wires = scene.wires
        leaves = wires.ends[:, 1] - scene.xy[wires.source, 1] - CARD_H / 2
        ends = place_of[wires.source], place_of[wires.target]
        inner = (ends[0] >= 0) & (ends[1] >= 0) & (ends[0] != ends[1])
        columns = (ends[0][inner].tolist(), ends[1][inner].tolist(), leaves[inner].tolist())
        return list(zip(*columns, strict=True))

    def _labels(self, cards: Sequence[Card]) -> dict[tuple[int, int], float]:
        """How wide the conditions are that stand on the wires among these cards."""
        view, scene = self._view, self._view.canvas_scene
        place_of = {row: place for place, card in enumerate(cards) for row in card}
        found: dict[tuple[int, int], float] = {}
        for wire in np.flatnonzero(scene.wires.labelled).tolist():
            ends = place_of.get(int(scene.wires.source[wire])), place_of.get(int(scene.wires.target[wire]))
            if ends[0] is None or ends[1] is None:
                continue
            text = pill_text(scene.workflow, scene.wire(wire))
            width = pill_box(view.layer.inks, text, (0.0, 0.0), marked=True).width()
            found[ends[0], ends[1]] = max(width, found.get((ends[0], ends[1]), 0.0))
        return found

    def _fitted(self, cards: Sequence[Card], places: Floats) -> Floats:
        """A part of the drawing goes where it lies on none of the rest."""
        others = np.delete(self._view.canvas_scene.xy, [row for card in cards for row in card], axis=0)
        return layout.make_room(places, others) if len(others) else places

    def _put(self, cards: Sequence[Card], corners: Floats, label: str) -> None:
        self._make(self._worded(self._view.editor.workflow, cards, corners, label))

    def _worded(self, workflow: Workflow, cards: Sequence[Card], corners: Floats, label: str) -> Move | None:
        """The edit that puts cards there, and what it moves; None when they lie there already."""
        view, scene = self._view, self._view.canvas_scene
        rows = [row for card in cards for row in card]
        before = scene.places[rows].copy()
        way = corners - self._seen(cards)
        places = before + np.repeat(way, [len(card) for card in cards], axis=0)
        layout_now = workflow.layout
        moved = {
            scene.ids[row]: (x, y)
            for row, (x, y) in zip(rows, places.tolist(), strict=True)
            if layout_now.get(scene.ids[row]) != (x, y)
        }
        if not moved:
            return None
        ids = [scene.ids[row] for row in rows]
        led = straightened(workflow, ids) if label == _TIDY else carried(workflow, moved)
        notes = [
            note.moved((x, y))
            for card, (x, y) in zip(cards, way.tolist(), strict=True)
            if (folded := scene.frames.card_of(card[0])) is not None
            for note in scene.notes.of(view.grouping.contents(folded)[1])
        ]
        changes: tuple[Change, ...] = (*edits.move(workflow, moved).changes, *bend_changes(workflow, led))
        if notes:
            changes += set_comments(workflow, notes, "").changes
        return edits.Edit(label=label, changes=changes), ids, before, places

    def _make(self, move: Move | None) -> None:
        view, scene = self._view, self._view.canvas_scene
        if move is None:
            view.message.emit("Everything lies where it belongs.")
            return
        edit, ids, before, after = move
        was_seen = view.camera.visible().contains(scene.bounds())
        if view.editor.push(edit):
            set_out = partial(self._set_out, view.editor.workflow, (ids, before, after), was_seen)
            if is_large(len(ids)):
                breathe(view, set_out)
            else:
                set_out()

    def _set_out(self, made: Workflow, way: tuple[list[str], Floats, Floats], was_seen: bool) -> None:
        """Show the way, if the drawing is still the one that the edit made, and its end in the window."""
        view, area = self._view, self._view.canvas_scene.bounds()
        if view.editor.workflow is made:
            self._glide.start(*way)
            if was_seen and not view.camera.visible().contains(area):
                view.camera.frame(area)


class Glide(QObject):
    """Shows nodes on their way from where they lay to where the document has them now."""

    def __init__(self, view: CanvasView) -> None:
        super().__init__(view)
        self._view = view
        self._ids: list[str] = []
        self._from = self._to = np.empty((0, 2))
        view.destroyed.connect(view.editor.document.subscribe(self._on_document_changed))

    def start(self, ids: list[str], before: Floats, after: Floats) -> None:
        """Begin; at once there when movements are reduced, or so many would take too long to move."""
        view = self._view
        if not view.motion.allowed or not view.isVisible() or len(ids) > MOST_GLIDING:
            return
        self._ids, self._from, self._to = ids, before, after
        view.viewport().installEventFilter(self)
        view.motion.run("glide", STATE_MS, self._on_step)
        self._on_step(0.0)  # not a single frame shows them there before they set out

    def finish(self) -> None:
        """Be there now."""
        self._view.motion.finish("glide")

    def eventFilter(self, _watched: QObject, event: QEvent) -> bool:
        if event.type() == QEvent.Type.MouseButtonPress:
            self.finish()  # what is taken hold of must not move by itself
        return False

    def _on_document_changed(self, _before: Workflow, _after: Workflow, _changes: Sequence[Change]) -> None:
        """Whatever the edit moved lies right already; the rest must get there too."""
        if not self._ids:
            return
        places = self._view.editor.workflow.layout
        left = [place for place, node_id in enumerate(self._ids) if node_id in places]
        self._to = np.array([places[self._ids[place]] for place in left], np.float64).reshape(-1, 2)
        self._from = self._to
        self._ids = [self._ids[place] for place in left]
        self.finish()

    def _on_step(self, share: float) -> None:
        self._view.canvas_scene.place(self._ids, self._from + (self._to - self._from) * share)
        if share >= 1.0:
            self._ids = []
            self._view.viewport().removeEventFilter(self)
