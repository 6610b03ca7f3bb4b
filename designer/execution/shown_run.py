"""What the canvas and the panels show of a run: the run itself, or the part of it inside a node.

While a person looks inside a node that holds a workflow, the states, results and events are those of the part
that ran it: of the chosen item of a For each, of the chosen round of a Repeat. The toolbar, the banner and
the questions go on being about the whole run, which is the controller's.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Protocol

from PySide6.QtCore import QObject, QTimer, Signal

from designer.document.document import Document
from designer.execution.batch import RunBatch
from designer.execution.bridge import EngineBridge
from designer.execution.controller import RunController
from designer.execution.tasks import TaskSet
from engine.errors import WorkflowError
from engine.history.status import ExecutionStatus
from engine.history.step_state import StepState

LOOK_AGAIN_MS = 500
"""How soon new parts are looked for while the run goes on."""
MOST_PARTS = 500
"""So many parts are offered; of more, those that have not completed, and the first."""

_FIRST = (ExecutionStatus.PAUSED, ExecutionStatus.RUNNING, ExecutionStatus.FAILED)
_WORDS = {
    ExecutionStatus.COMPLETED: "",
    ExecutionStatus.COMPLETED_WITH_ERRORS: "with errors",
    ExecutionStatus.PAUSED: "waiting",
}


class RunPart(Protocol):
    """What the store knows of a part without reading it."""

    @property
    def id(self) -> str: ...
    @property
    def number(self) -> int | None: ...
    @property
    def status(self) -> ExecutionStatus: ...


class ShownRun(QObject):
    """Sends what belongs to the workflow on screen; `cleared` comes before anything of another part."""

    statuses_changed = Signal(object, object)
    cleared = Signal()
    events_arrived = Signal(object)
    parts_changed = Signal(object, int)
    """Names of the parts that can be looked at, and which of them is."""

    def __init__(
        self, controller: RunController, bridge: EngineBridge, document: Document, tasks: TaskSet
    ) -> None:
        super().__init__()
        self._controller = controller
        self._bridge = bridge
        self._document = document
        self._tasks = tasks
        self._steps: dict[str, StepState] = {}
        self._outcomes: dict[str, str] = {}
        self._chosen: dict[str, str] = {}
        self._offered: list[RunPart] = []
        self._part: str | None = None
        self._wish = 0
        self._soon = QTimer(self)
        self._soon.setSingleShot(True)
        self._soon.setInterval(LOOK_AGAIN_MS)
        self._soon.timeout.connect(lambda: tasks.start(self._look()))
        controller.statuses_changed.connect(self._on_statuses)
        controller.run_cleared.connect(self._on_cleared)
        controller.events_arrived.connect(self._on_events)
        bridge.batch_arrived.connect(self._on_batch)
        self._unsubscribe = document.subscribe_place(lambda _place: self._on_place())

    @property
    def steps(self) -> Mapping[str, StepState]:
        """Every step on screen that has a state yet."""
        return self._steps if self._is_inside else self._controller.steps

    @property
    def way(self) -> str:
        """How the part on screen is called inside its run, such as "each/3"; "" for the run itself."""
        run = self._controller.view.execution_id
        return self._part[len(run) + 1 :] if run is not None and self._part is not None else ""

    def choose(self, index: int) -> None:
        """Look at another part of the same node."""
        if 0 <= index < len(self._offered) and self._is_inside:
            part = self._offered[index]
            self._chosen[_prefix(part)] = part.id
            self._wish += 1
            self._tasks.start(self._look())

    def close(self) -> None:
        """Show nothing any more."""
        self._soon.stop()
        self._unsubscribe()
        self._bridge.batch_arrived.disconnect(self._on_batch)

    @property
    def _is_inside(self) -> bool:
        return bool(self._document.place)

    def _on_statuses(self, steps: Mapping[str, StepState], outcomes: Mapping[str, str]) -> None:
        self._outcomes.update(outcomes)
        if not self._is_inside:
            self.statuses_changed.emit(steps, outcomes)
        elif self._document.place[0] in steps and not self._soon.isActive():
            self._soon.start()

    def _on_events(self, events: Sequence[object]) -> None:
        if not self._is_inside:
            self.events_arrived.emit(events)

    def _on_cleared(self) -> None:
        self._forget()
        self._chosen.clear()
        self._outcomes.clear()

    def _on_place(self) -> None:
        self._forget()
        run = self._controller.view.execution_id
        if self._is_inside:
            self._tasks.start(self._look())
        elif run is not None:
            self.statuses_changed.emit(dict(self._controller.steps), dict(self._outcomes))
            self._tasks.start(self._watch(run))

    def _forget(self) -> None:
        self._part, self._offered = None, []
        self._steps.clear()
        self.cleared.emit()
        self.parts_changed.emit([], 0)

    def _on_batch(self, batch: RunBatch) -> None:
        if batch.execution_id != self._part:
            return
        self._steps.update(batch.steps)
        self.statuses_changed.emit(batch.steps, batch.connections)
        self.events_arrived.emit(batch.events)

    async def _look(self) -> None:
        """Find the part of the run that ran what is on screen, and show it."""
        place, run, wish = self._document.place, self._controller.view.execution_id, self._wish
        if not place or run is None:
            return
        at, offered = run, list[RunPart]()
        try:
            for node_id in place:
                offered = _worth_offering(await self._bridge.parts_of(at, node_id))
                if not offered:
                    return
                at = self._choose_of(offered).id
        except WorkflowError:
            return  # the store has its own way of saying that it cannot be read
        if place != self._document.place or run != self._controller.view.execution_id:
            return
        if wish != self._wish:
            return  # another part was chosen meanwhile, and is looked for
        is_new = at != self._part
        if is_new:
            self._forget()
            self._part = at
        # Before its states are there, so that another part can be chosen at once.
        self._offered = offered
        current = next(index for index, part in enumerate(offered) if part.id == at)
        self.parts_changed.emit([_name(part) for part in offered], current)
        if is_new:
            await self._watch(at)

    def _choose_of(self, offered: Sequence[RunPart]) -> RunPart:
        wanted = self._chosen.get(_prefix(offered[0]))
        by_interest = [
            *(part for part in offered if part.id == wanted),
            *(part for status in _FIRST for part in offered if part.status is status),
            offered[-1],
        ]
        return by_interest[0]

    async def _watch(self, execution_id: str) -> None:
        try:
            await self._bridge.watch(execution_id)
        except WorkflowError as error:
            self._controller.call_failed.emit(error.message, error.hint)


def _worth_offering(parts: Sequence[RunPart]) -> list[RunPart]:
    if len(parts) <= MOST_PARTS:
        return list(parts)
    unusual = [part for part in parts if part.status is not ExecutionStatus.COMPLETED][:MOST_PARTS]
    kept = {part.id for part in [*unusual, *parts[: MOST_PARTS - len(unusual)]]}
    return [part for part in parts if part.id in kept]


def _prefix(part: RunPart) -> str:
    """What all parts of the step have in common, whichever try of it they are of."""
    around, _, step = (part.id if part.number is None else part.id.rpartition("/")[0]).rpartition("/")
    return f"{around}/{step.partition('~')[0]}"


def _name(part: RunPart) -> str:
    """What a person calls a part; they count from one."""
    status = _WORDS.get(part.status, part.status.value.lower().replace("_", " "))
    number = "" if part.number is None else f"Item {part.number + 1:,}"
    return " · ".join(word for word in (number, status) if word) or "Completed"
