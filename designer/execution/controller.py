"""Run, pause, resume, stop, and the questions a run asks: what the buttons mean.

The controller keeps one run on screen. Runs of other documents go on in the engine and come back with
`attach`. Questions queue in one place: one dialog at a time, and Later leaves the question open without
asking again until somebody wants to answer.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import replace
from typing import Any

from PySide6.QtCore import QObject, Signal

from designer.document.document import Document
from designer.execution.batch import RunBatch
from designer.execution.bridge import EngineBridge
from designer.execution.drawings import drawing_of
from designer.execution.last_values import with_last_values
from designer.execution.parts import news
from designer.execution.run_dialogs import RunDialogs
from designer.execution.run_view import Question, RunView, questions_of
from designer.execution.undoable import Undoable, can_be_undone, undoable
from designer.long_work import GivenUp, LongWork, LongWorks
from engine.errors import AnswerNotKept, DefinitionError, RunDamaged, SchemaValidationError, WorkflowError
from engine.history.status import ExecutionStatus, StepStatus
from engine.history.step_state import StepState
from engine.model.breakpoints import breakpoints_of
from engine.model.workflow import Workflow
from engine.problem import Problem
from engine.run.options import RunOptions

Check = Callable[[Workflow, Callable[[float], object]], Awaitable[Sequence[Problem]]]
"""Every problem of a workflow; told how far it is, which may raise GivenUp."""


class RunController(QObject):
    """The run on screen: takes the buttons' wishes to the engine and its batches to the views."""

    run_changed = Signal(object)
    """RunView"""
    statuses_changed = Signal(object, object)
    """Changed steps {id: StepState} and changed connections {id: outcome}."""
    run_begun = Signal(object)
    """The Workflow that the results to come are made from."""
    run_cleared = Signal()
    """The views forget the run before: another one, or none, is on screen from here on."""
    events_arrived = Signal(object)
    problems_found = Signal(object)
    question_queued = Signal(object)
    start_given_up = Signal()
    """A person gave up a start before there was a run."""
    call_failed = Signal(str, str)
    """What the engine refused, and what to do about it."""

    def __init__(
        self,
        bridge: EngineBridge,
        document: Document,
        check: Check,
        dialogs: RunDialogs,
        parent: QObject | None = None,
        *,
        works: LongWorks | None = None,
    ) -> None:
        super().__init__(parent)
        self._works = works if works is not None else LongWorks(self)
        self._starting: LongWork | None = None
        self._bridge = bridge
        self._document = document
        self._check = check
        self._dialogs = dialogs
        self._view = RunView()
        self._steps: dict[str, StepState] = {}
        self._outcomes: dict[str, str] = {}
        self._asked: set[tuple[str, str, tuple[str, ...]]] = set()
        self._open_questions: list[Question] = []
        self._early: list[RunBatch] = []
        self._is_asking = False
        self._quiet_for: str | None = None
        self.part_holds: frozenset[str] = frozenset()
        """Steps inside others that are held only because the run was to come as far as one before them."""
        self._asker: asyncio.Task[None] | None = None
        bridge.batch_arrived.connect(self._on_batch)

    @property
    def view(self) -> RunView:
        return self._view

    @property
    def steps(self) -> Mapping[str, StepState]:
        """Every step of the run on screen that has a state yet."""
        return self._steps

    async def run(self, *, ask_inputs: bool = False, options: RunOptions | None = None) -> bool:
        """Starts a run of the document, or takes the paused one up again; False if nothing came of it.

        options: how it is to go. When only a part is run, the results of the others stay on show.
        """
        if self._view.is_active:
            return False if options is not None and options.is_partial else await self.resume()
        workflow, before = self._document.root, self._view
        path = self._document.path
        self._show(RunView(is_starting=True, workflow_name=workflow.name, total=len(workflow.nodes)))
        folder, started = path.parent if path else None, False
        try:
            started = await self._works.wait(
                "Checking the workflow…",
                lambda work: self._start(work, workflow, folder, ask_inputs, options),
            )
        except GivenUp:
            self.start_given_up.emit()
        finally:
            self._starting = None
            if not started:
                self._early.clear()
                self._show(before)
        return started

    async def take_up(self, execution_id: str, again: Awaitable[None]) -> bool:
        """Goes on with a run that has ended, as `again` asks the engine to, and shows it."""
        try:
            await again
        except WorkflowError as error:
            self.call_failed.emit(error.message, error.hint)
            return False
        await self.attach(execution_id, quietly=False)
        return True

    async def resume(self) -> bool:
        """Goes on with a run the user paused; a run that needs an answer asks for it instead."""
        view = self._view
        if view.execution_id is None or not view.is_active:
            return False
        if view.questions:
            await self.answer()
            return True
        if not view.is_paused:
            return False
        if self.part_holds:  # what ran only as far as somewhere goes on to its end now
            self.part_holds = frozenset()
            stops = breakpoints_of(self._document.root)
            await self._attempt(self._bridge.set_breakpoints(view.execution_id, stops))
        return await self._attempt(self._bridge.resume(view.execution_id))

    async def pause(self) -> None:
        """Starts nothing new in the run on screen."""
        if self._view.execution_id is not None and self._view.can_pause:
            await self._attempt(self._bridge.pause(self._view.execution_id))

    async def stop(self) -> None:
        """Ends the run, undone if that is wanted; asked a second time it interrupts what still runs."""
        view, rollback = self._view, False
        if self._starting is not None:
            self._starting.give_up()
            return
        if view.execution_id is None or not view.is_active:
            return
        may_undo = not view.is_stopping and view.status is not ExecutionStatus.ROLLING_BACK
        if may_undo and can_be_undone(self._document.root):
            answer = await self._dialogs.ask_stop(view)
            if answer is None or self._view.execution_id != view.execution_id or not self._view.is_active:
                return
            rollback = answer
        self._show(replace(self._view, is_stopping=True))
        await self._attempt(self._bridge.cancel(view.execution_id, force=view.is_stopping, rollback=rollback))

    @property
    def undoable(self) -> Undoable:
        """What the run on screen did that can be undone now."""
        status = self._view.status
        has_ended = status is not None and status.is_terminal and not self._view.is_starting
        if not has_ended or status is ExecutionStatus.ROLLED_BACK:
            return Undoable()
        return undoable(self._document.root, self._steps)

    async def undo(self) -> None:
        """Undoes what the run on screen did, which has ended, if the person confirms it."""
        found, execution_id = self.undoable, self._view.execution_id
        if not found or execution_id is None:
            return
        uncertain = await self._dialogs.ask_undo(found)
        if uncertain is None:
            return
        try:
            has_begun = await self._bridge.roll_back(execution_id, uncertain)
        except WorkflowError as error:
            self.call_failed.emit(error.message, error.hint)
            return
        if has_begun or uncertain:
            await self.attach(execution_id)
        else:
            self.call_failed.emit(
                "There is nothing left to undo", "The run was made with another version of the workflow."
            )

    async def attach(self, execution_id: str, *, quietly: bool = True) -> None:
        """Puts another execution on screen; its open questions are asked unless it comes `quietly`."""
        self._show_nothing()
        self._quiet_for = execution_id if quietly else None
        self._view = RunView(execution_id=execution_id, is_starting=True)
        try:
            drawing = await drawing_of(self._bridge, execution_id, self._document.root)
            if drawing is not None:
                self.run_begun.emit(drawing)
            await self._bridge.watch(execution_id)
        except WorkflowError as error:
            self.detach()
            self.call_failed.emit(error.message, error.hint)

    async def attach_unfinished(self) -> bool:
        """Puts the newest unfinished run of the document on screen, if there is one."""
        workflow_id, path = self._document.root.id, self._document.path
        folder = str(path.parent) if path is not None else ""
        for summary in await self._bridge.unfinished():
            if summary.workflow_id != workflow_id:
                continue
            # Copies of one example share an id; the folder they run in tells them apart.
            try:
                state = await self._bridge.load(summary.id)
            except RunDamaged:
                continue
            if state.base_dir == folder:
                if self._view.execution_id != summary.id:  # or it is there already, and may be being answered
                    await self.attach(summary.id)
                return True
        return False

    def detach(self) -> None:
        """Takes the run off the screen; it goes on in the engine."""
        self._show_nothing()
        self._show(RunView())

    async def answer(self, step_id: str | None = None) -> None:
        """Asks the open questions again, those of one step and of what is inside it, or all of them."""
        for question in questions_of(self._view):
            if step_id is None or f"{question.step_id}/".startswith(f"{step_id}/"):
                self._enqueue(question)
        await self._ask_all()

    async def close(self) -> None:
        """Stops asking and looking; the run itself is the engine's."""
        self._bridge.batch_arrived.disconnect(self._on_batch)
        if self._asker is not None:
            self._asker.cancel()
            await asyncio.gather(self._asker, return_exceptions=True)

    async def _start(
        self,
        work: LongWork,
        workflow: Workflow,
        base_dir: Any,
        ask_inputs: bool,
        options: RunOptions | None,
    ) -> bool:
        self._starting = work
        problems = await self._check(workflow, work.reached)
        self.problems_found.emit(list(problems))
        if any(problem.severity == "error" for problem in problems):
            return False
        inputs: Mapping[str, Any] | None = {}
        if ask_inputs:
            work.rest()
            inputs = await self._dialogs.ask_inputs(workflow)
        if inputs is None:
            return False
        work.say("Starting the run…")
        how, stops = options or RunOptions(), breakpoints_of(workflow)
        part_holds = how.breakpoints - stops
        how = replace(how, breakpoints=stops | part_holds, incidents="pause")
        try:
            execution_id = await self._bridge.start(workflow, inputs, base_dir, how)
        except DefinitionError as error:
            self.problems_found.emit(list(error.problems))
            self.call_failed.emit(error.message, error.hint)
            return False
        except WorkflowError as error:
            self.call_failed.emit(error.message, error.hint)
            return False
        self._starting = None  # from here on it is stopped as a run is
        kept = dict(self._steps), dict(self._outcomes)
        self._show_nothing()
        if options is not None and options.is_partial:
            # What is no part of the run goes on showing the results that it had.
            self._steps.update((i, one) for i, one in kept[0].items() if one.status is StepStatus.COMPLETED)
            self._outcomes.update(kept[1])
            self.statuses_changed.emit(dict(self._steps), dict(self._outcomes))
        self.part_holds = part_holds
        self.run_begun.emit(workflow)
        self._show(replace(self._view, execution_id=execution_id))
        early, self._early = self._early, []
        for batch in early:
            self._on_batch(batch)
        return True

    async def _attempt(self, call: Awaitable[Any]) -> bool:
        try:
            return bool(await call)
        except WorkflowError as error:
            self.call_failed.emit(error.message, error.hint)
            return False

    def _show(self, view: RunView) -> None:
        self._view = view
        self.run_changed.emit(view)

    def _show_nothing(self) -> None:
        self.part_holds = frozenset()
        self._steps.clear()
        self._outcomes.clear()
        self._open_questions.clear()
        self._asked.clear()
        self._quiet_for = None
        self.run_cleared.emit()

    def _on_batch(self, batch: RunBatch) -> None:
        if self._view.execution_id is None and self._view.is_starting:
            self._early.append(batch)  # may be of the run whose id is still on its way
        if batch.execution_id != self._view.execution_id:
            return
        steps, outcomes = news(batch, self._steps, self._document.root)
        self._steps.update(steps)
        self._outcomes.update(outcomes)
        nodes = len(self._document.root.nodes)
        self._show(RunView.of(batch, nodes=nodes, is_stopping=self._view.is_stopping))
        self.statuses_changed.emit(steps, outcomes)
        self.events_arrived.emit(batch.events)
        self._note_questions()

    def _note_questions(self) -> None:
        waiting = questions_of(self._view)
        self._open_questions = [question for question in self._open_questions if question in waiting]
        quiet = self._quiet_for is not None and self._quiet_for == self._view.execution_id
        for question in waiting:
            key = (question.execution_id, question.step_id, question.paths)
            if key in self._asked:
                continue
            self._asked.add(key)
            if not quiet:
                self._enqueue(question)
                self.question_queued.emit(question)
        self._asked &= {(q.execution_id, q.step_id, q.paths) for q in waiting}
        if waiting or not self._view.is_active:
            self._quiet_for = None
        if self._open_questions and not self._is_asking:
            self._asker = asyncio.get_running_loop().create_task(self._ask_all())

    def _enqueue(self, question: Question) -> None:
        if question not in self._open_questions:
            self._open_questions.append(question)

    async def _ask_all(self) -> None:
        if self._is_asking:
            return
        self._is_asking = True
        try:
            while self._open_questions:
                await self._ask(self._open_questions.pop(0))
        finally:
            self._is_asking = False

    async def _ask(self, question: Question) -> None:
        complaint = ""
        question = replace(
            question, needed=await with_last_values(self._bridge, question, self._document.root.id)
        )
        while True:
            answer = await self._dialogs.ask_missing(question, self._view, complaint)
            if answer.decision == "stop":
                self._open_questions.clear()
                await self.stop()
                return
            if answer.decision == "later":
                return
            try:
                if answer.keep_secrets:
                    await self._dialogs.keep_secrets(answer.values)
                await self._bridge.resume(question.execution_id, answer.values)
            except SchemaValidationError as error:
                complaint = "; ".join(item["message"] for item in error.errors)
                question = replace(question, typed=answer.typed)
                continue
            except AnswerNotKept as error:
                complaint = f"{error.message}. {error.hint}"
                question = replace(question, typed=answer.typed)
                continue
            except WorkflowError as error:
                self.call_failed.emit(error.message, error.hint)
                return
            if answer.make_inputs:
                self._dialogs.make_inputs(answer.values)
            if answer.use_as_default:
                self._dialogs.keep_as_default(answer.values)
            return
