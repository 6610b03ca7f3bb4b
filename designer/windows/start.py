"""What happens once the window stands: open what was asked for, offer what a crash or a pause left behind."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from designer.document import journal as journals
from designer.windows.banner import Notice
from designer.windows.file_commands import SUFFIX
from designer.windows.run_wiring import WAITING_RUN
from designer.windows.session import Session
from designer.windows.stage import Stage
from engine.errors import StoreError, WorkflowFileError
from engine.files import codec, workflow_file
from engine.history.status import ExecutionStatus

if TYPE_CHECKING:
    from designer.windows.main_window import MainWindow
    from engine.store.state_manager import ExecutionSummary


async def start_work(session: Session, stage: Stage, file: Path | None) -> None:
    """Opens the file, or offers crashed edits; then starts the engine and offers a run that waits."""
    session.tasks.start(_follow_system_motion(session))
    if file is not None:
        await session.files.load(file)
    elif not await session.files.recover_unsaved():
        await _recover_last(session)
    try:
        await session.bridge.open()
    except StoreError as error:
        await session.person.show_error("Workflows cannot be run here now", error.message, error.hint)
        return
    if not await session.controller.attach_unfinished():
        await _offer_waiting_run(session, stage)
    await session.secrets.look()


async def _follow_system_motion(session: Session) -> None:
    from designer.theme import system_motion  # what asks the system is not for the first paint

    session.settings.follow_system_motion(await asyncio.to_thread(system_motion.is_reduced))


async def open_in_window(window: MainWindow, file: Path | None) -> None:
    """What a further window shows: a file, with its unfinished run if it has one, or an empty canvas."""
    session = window.session
    if file is not None and not await session.files.load(file):
        if session.files.was_given_up and not session.editor.is_edited:
            await window.leave()  # it was there for that file only
        return
    if session.bridge.is_open:
        await session.controller.attach_unfinished()


async def _recover_last(session: Session) -> None:
    """Opens the file that was edited last if a crash left edits of it behind."""
    for path in session.settings.recent_files[:3]:
        if path.exists() and journals.find(journals.journal_of(path)) is not None:
            await session.files.load(path)
            return


async def _offer_waiting_run(session: Session, stage: Stage) -> None:
    paused = [run for run in await session.bridge.unfinished() if run.status is ExecutionStatus.PAUSED]
    if not paused or session.controller.view.is_active:
        return
    run = paused[0]
    name = run.workflow_name or "a workflow"
    more = f" (and {len(paused) - 1} more)" if len(paused) > 1 else ""

    def show() -> None:
        stage.banner.withdraw(WAITING_RUN)
        session.tasks.start(show_waiting_run(session, run))

    stage.banner.post(
        Notice(
            key=WAITING_RUN,
            text=f"A run of {name} is waiting for you{more}",
            button="Show it",
            act=show,
            can_dismiss=True,
        )
    )
    stage.arrange_banner()


async def show_waiting_run(session: Session, run: ExecutionSummary) -> None:
    """Opens the workflow of a run, from its file if that can be found, and puts the run on screen."""
    if not await session.files.may_leave():
        return
    state = await session.bridge.load(run.id)
    path = find_file(run.workflow_id, session.settings.recent_files, Path(state.base_dir))
    if path is not None:
        if not await session.files.load(path):
            return
    else:
        definition = await session.bridge.load_definition(run.definition_hash)
        session.editor.replace(codec.decode(definition), None, edited=True)
        session.files.document_opened.emit()
    if session.controller.view.execution_id != run.id:  # opening its file may have shown it
        await session.controller.attach(run.id)


def find_file(workflow_id: str, recent: Sequence[Path], base_dir: Path) -> Path | None:
    """The file that holds the workflow: a recent one, or one in the folder the run started from."""
    beside = sorted(base_dir.glob(f"*{SUFFIX}")) if base_dir.is_absolute() else []
    for path in [*recent, *beside]:
        try:
            if workflow_file.load(path).id == workflow_id:
                return path
        except (WorkflowFileError, OSError):
            continue
    return None
