"""Runs the program in a process of its own for the tests that kill it.

    python -m tests.end_to_end.desk_process FOLDER TASK ARGUMENT

run FILE: runs the file, answers Later, prints "paused", and stays.
resume VALUE: starts as after a crash, answers, prints the state and the rows kept.
start FILE: runs the file, prints "started" at its step "wait", and stays.
finish FILE: opens the file after a crash and prints how its run ended.
"""

from __future__ import annotations

import asyncio
import os
import sys
from collections.abc import Callable
from pathlib import Path

os.environ.setdefault("QT_QPA_PLATFORM", "offscreen")

import qasync
from PySide6.QtCore import Qt
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication, QLineEdit

from designer.dialogs.missing_input import MissingInputDialog
from designer.program import Places, Program

POLL_S = 0.01


async def until(condition: Callable[[], bool]) -> None:
    """Waits, with the window alive, until the condition holds."""
    async with asyncio.timeout(60):
        while not condition():  # noqa: ASYNC110 -- the screen sends no event
            await asyncio.sleep(POLL_S)


async def run_and_wait(program: Program, file: Path) -> None:
    """Runs the file up to its question, puts the answer off, and stays."""
    await program.open(file)
    window = program.window
    window.commands["run.run"].trigger()
    await until(lambda: bool(window.findChildren(MissingInputDialog)))
    window.findChildren(MissingInputDialog)[0].later_button.click()
    await until(lambda: window.session.controller.view.is_paused)
    print("paused", flush=True)
    await asyncio.Event().wait()


async def run_until_started(program: Program, file: Path, step_id: str) -> None:
    """Runs the file, says when a step has started, and stays."""
    await program.open(file)
    controller = program.window.session.controller
    program.window.commands["run.run"].trigger()
    await until(lambda: step_id in controller.steps)
    print("started", flush=True)
    await asyncio.Event().wait()


async def finish(program: Program, file: Path) -> None:
    """Opens the file after a crash and waits for the run that was in flight."""
    await program.open(file)
    controller = program.window.session.controller
    await until(lambda: controller.view.status is not None and not controller.view.is_active)
    print(controller.view.status, controller.view.done, flush=True)
    await program.close()


async def resume(program: Program, value: str) -> None:
    """Starts without a file: the waiting run is offered, shown and answered."""
    await program.open(None)
    window, controller = program.window, program.window.session.controller
    banner = window.stage.banner
    await until(lambda: bool(banner.text))
    print(banner.text, flush=True)
    banner._button.click()
    await until(lambda: controller.view.needs_person)
    print(banner.text, flush=True)
    done_before = controller.view.done
    banner._button.click()
    await until(lambda: bool(window.findChildren(MissingInputDialog)))
    dialog = window.findChildren(MissingInputDialog)[0]
    QTest.keyClicks(dialog.form.findChildren(QLineEdit)[0], value)
    QTest.keyClick(dialog.form.findChildren(QLineEdit)[0], Qt.Key.Key_Return)
    await until(lambda: not controller.view.is_active)
    print(controller.view.status, done_before, controller.view.done, flush=True)
    print(controller.steps["keep"].output["rows"], flush=True)
    await program.close()


def main() -> None:
    folder, task, argument = Path(sys.argv[1]), sys.argv[2], sys.argv[3]
    application = QApplication([])
    loop = qasync.QEventLoop(application)
    asyncio.set_event_loop(loop)
    places = Places(
        data_dir=folder / "data",
        log_dir=folder / "log",
        store=folder / "data" / "runs.sqlite",
        settings=folder / "settings.ini",
    )
    with loop:
        loop.run_until_complete(work(places, task, argument))


async def work(places: Places, task: str, argument: str) -> None:
    program = Program(places)
    if task == "run":
        await run_and_wait(program, Path(argument))
    elif task == "start":
        await run_until_started(program, Path(argument), "wait")
    elif task == "finish":
        await finish(program, Path(argument))
    else:
        await resume(program, argument)


if __name__ == "__main__":
    main()
