"""Single steps, breakpoints that change while a run is alive, and conditions that are repaired."""

from __future__ import annotations

from collections.abc import Mapping

from designer.document.document import Document
from designer.execution.bridge import EngineBridge
from designer.execution.controller import RunController
from designer.execution.run_view import RunView
from designer.execution.tasks import TaskSet
from engine.errors import WorkflowError
from engine.model.breakpoints import breakpoints_of
from engine.model.workflow import Workflow
from engine.run.options import RunOptions


class RunHolding:
    """What a person does with the run on screen where it stops, beside the buttons of the controller."""

    def __init__(
        self, controller: RunController, bridge: EngineBridge, document: Document, tasks: TaskSet
    ) -> None:
        self._controller = controller
        self._bridge = bridge
        self._document = document
        self._tasks = tasks
        self._told: tuple[str | None, frozenset[str]] = (None, frozenset())
        self._read: tuple[Workflow | None, frozenset[str]] = (None, frozenset())
        controller.run_changed.connect(self._on_run_changed)
        document.subscribe(lambda *_: self._on_edited())

    async def step(self, *, reuse: bool = True) -> bool:
        """Lets one step of the run begin; without a run, starts one that stops before its first step.

        reuse: whether that run takes the results of unchanged steps.
        """
        view = self._controller.view
        if not view.is_active:
            return await self._controller.run(options=RunOptions(step_by_step=True, reuse=reuse))
        if view.execution_id is None:
            return False
        try:
            return await self._bridge.step(view.execution_id)
        except WorkflowError as error:
            self._controller.call_failed.emit(error.message, error.hint)
            return False

    async def try_condition(self, connection_id: str, condition: str) -> tuple[bool, str]:
        """Whether a condition would hold in place of a broken one, or what is wrong with it."""
        execution_id = self._controller.view.execution_id
        if execution_id is None:
            return False, "The run is no longer on screen."
        try:
            return await self._bridge.try_condition(execution_id, connection_id, condition), ""
        except WorkflowError as error:
            return False, _told(error)

    async def repair(self, conditions: Mapping[str, str]) -> str:
        """Goes on with these conditions in place of broken ones; what is wrong with them, or nothing."""
        execution_id = self._controller.view.execution_id
        if execution_id is None:
            return "The run is no longer on screen."
        try:
            await self._bridge.repair(execution_id, conditions)
        except WorkflowError as error:
            return _told(error)
        return ""

    def _on_run_changed(self, view: RunView) -> None:
        if view.execution_id != self._told[0]:
            self._told = (view.execution_id, self._wanted())

    def _on_edited(self) -> None:
        """A breakpoint that is set or cleared while the run is alive counts for it."""
        view = self._controller.view
        if view.execution_id is None or not view.is_active:
            return
        wanted = self._wanted()
        if self._told != (view.execution_id, wanted):
            self._told = (view.execution_id, wanted)
            self._tasks.start(self._tell(view.execution_id, wanted))

    def _wanted(self) -> frozenset[str]:
        """Where the drawing says to stop, and what lies beyond a step inside that was run to."""
        root = self._document.root
        if self._read[0] is not root:
            self._read = (root, breakpoints_of(root))
        return self._read[1] | self._controller.part_holds

    async def _tell(self, execution_id: str, wanted: frozenset[str]) -> None:
        try:
            await self._bridge.set_breakpoints(execution_id, wanted)
        except WorkflowError as error:
            self._controller.call_failed.emit(error.message, error.hint)


def _told(error: WorkflowError) -> str:
    """The error and what to do about it, as sentences."""
    message = error.message if error.message.endswith((".", "!", "?")) else f"{error.message}."
    return f"{message} {error.hint}".strip()
