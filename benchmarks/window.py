"""Time the whole window with a large workflow: ``python -m benchmarks.window [nodes] [--json]``.

Opens a file, lays it out, saves it, exports pictures of it, runs it with live states and stops another
run as soon as it has begun, all in the real program, offscreen. Says how long each took and how long
the window's thread was kept from its events: the longest gap, the 95th percentile and how many gaps
were over 50 ms. The idle program is the baseline of the same run. On a machine that others use the gaps
are theirs as well; ``work`` is the longest that the window's own thread computed between two events.
"""

from __future__ import annotations

import asyncio
import json
import os
import sys
import tempfile
import time
from collections.abc import Awaitable, Callable
from pathlib import Path

os.environ.setdefault("QT_QPA_PLATFORM", "offscreen")
os.environ.setdefault("QT_NO_GUI_THREADPOOL", "1")  # as designer.app does

import qasync
from PySide6.QtCore import Qt, QTimer
from PySide6.QtWidgets import QApplication

from designer.collecting import spare_collecting
from designer.dialogs.export_picture import PictureChoice
from designer.program import Places, Program
from engine.files import workflow_file
from engine.history.status import ExecutionStatus
from engine.model import Connection, Node, Workflow

BEAT_MS = 2
LONGEST_MS, P95_MS = 50.0, 20.0
"""The targets."""
PATIENCE_S = 180.0


class Gaps:
    """Beats as often as the window is free; what lies between two beats is what the window had to wait."""

    def __init__(self) -> None:
        self._timer = QTimer()
        self._timer.setTimerType(Qt.TimerType.PreciseTimer)
        self._timer.setInterval(BEAT_MS)
        self._timer.timeout.connect(self._beat)
        self._gaps: list[float] = []
        self._work: list[float] = []
        self._last = self._worked = 0.0

    async def during(self, work: Callable[[], Awaitable[object]]) -> dict[str, float]:
        """What the window had to wait while this was done."""
        self._gaps.clear()
        self._work.clear()
        self._worked = time.thread_time()
        began = self._last = time.perf_counter()
        self._timer.start()
        await work()
        await asyncio.sleep(0.1)  # what was put off belongs to it
        self._timer.stop()
        listed = sorted(self._gaps)
        return {
            "seconds": time.perf_counter() - began - 0.1,
            "longest": listed[-1],
            "work": max(self._work),
            "p95": listed[int(len(listed) * 0.95)],
            "over 50": sum(gap > 50 for gap in listed),
        }

    def _beat(self) -> None:
        now, worked = time.perf_counter(), time.thread_time()
        self._gaps.append((now - self._last) * 1000)
        self._work.append((worked - self._worked) * 1000)
        self._last, self._worked = now, worked


def drawing(count: int) -> Workflow:
    """A start, then columns of 25 steps that set a value, each fed by one or two of the column before."""
    nodes = {"start": Node(id="start", type="flow.manual", title="Start")}
    layout = {"start": (-368.0, 0.0)}
    wires: dict[str, Connection] = {}
    for number in range(count - 1):
        node_id = f"n{number}"
        parameters = {"values": {"number": number}}
        nodes[node_id] = Node(id=node_id, type="flow.set_values", config={"parameters": parameters})
        column, row = divmod(number, 25)
        layout[node_id] = (column * 368.0, row * 96.0)
        before = [number - 25] + ([number - 26] if row and number % 2 else []) if column else []
        for source in [f"n{one}" for one in before] or ["start"]:
            wire_id = f"{source}_to_{node_id}"
            wires[wire_id] = Connection(id=wire_id, source=source, target=node_id)
    return Workflow(id="large", name="Large", nodes=nodes, connections=wires, layout=layout)


async def until(true: Callable[[], bool]) -> None:
    """Wait, leaving the window free."""
    ends = time.perf_counter() + PATIENCE_S
    while not true():
        if time.perf_counter() > ends:
            raise TimeoutError
        await asyncio.sleep(0.01)


async def measure(count: int, folder: Path) -> dict[str, dict[str, float]]:
    """Everything, in one program."""
    file = folder / "large.workflow.json"
    workflow_file.save(file, drawing(count))
    data = folder / "data"
    places = Places(
        data_dir=data, log_dir=folder / "log", store=data / "runs.sqlite", settings=folder / "s.ini"
    )
    program = Program(places)
    window = program.window
    window.resize(1600, 1000)
    await program.open(None)
    session, canvas, gaps = window.session, window.canvas, Gaps()
    found: dict[str, dict[str, float]] = {}
    try:
        found["idle"] = await gaps.during(lambda: asyncio.sleep(1.0))

        async def load() -> None:
            await session.files.load(file)
            await until(lambda: session.checker.is_idle)

        found["open"] = await gaps.during(load)

        async def tidy() -> None:
            canvas.arrange.tidy()
            await until(lambda: not canvas.arrange.is_working)

        found["tidy up"] = await gaps.during(tidy)

        async def save() -> None:
            window.commands["file.save"].trigger()
            await until(lambda: not window.isWindowModified())

        found["save"] = await gaps.during(save)

        for kind in ("png", "svg", "pdf"):
            picture = folder / f"large.{kind}"

            async def export(picture: Path = picture) -> None:
                await window.picture_wiring.export_to(picture, PictureChoice())

            found[f"export {kind}"] = await gaps.during(export)
            assert picture.stat().st_size

        async def begin() -> None:
            before = session.controller.view.execution_id
            window.commands["run.run"].trigger()
            await until(lambda: session.controller.view.execution_id not in (None, before))

        async def run() -> None:
            await begin()
            await until(lambda: session.controller.view.status is ExecutionStatus.COMPLETED)

        async def stop() -> None:
            window.commands["run.stop"].trigger()
            await until(lambda: session.controller.view.status is ExecutionStatus.CANCELLED)

        found["run"] = await gaps.during(run)
        canvas.set_zoom(1.0)
        found["run at 100 %"] = await gaps.during(run)
        session.settings.reuse_results = False
        found["begin again"] = await gaps.during(begin)
        found["stop at once"] = await gaps.during(stop)
    finally:
        await program.close()
        window.bottom.close_sources()
        session.journal.close()
        window.hide()
        window.deleteLater()
    return found


def main(arguments: list[str]) -> None:
    count = next((int(text) for text in arguments if text.isdigit()), 10_000)
    spare_collecting()
    application = QApplication([])
    loop = qasync.QEventLoop(application)
    asyncio.set_event_loop(loop)
    with tempfile.TemporaryDirectory() as folder, loop:
        found = loop.run_until_complete(measure(count, Path(folder)))
    if "--json" in arguments:
        print(json.dumps(found, indent=2))
        return
    print(f"{f'{count:,} nodes':>14}   seconds  longest ms  p95 ms  over 50 ms  work ms")
    for name, figures in found.items():
        meets = figures["longest"] <= LONGEST_MS and figures["p95"] <= P95_MS
        own = "" if meets else " (own work ok)" if figures["work"] <= LONGEST_MS else " (own work missed)"
        print(
            f"{name:>14}{figures['seconds']:>10.2f}{figures['longest']:>12.0f}{figures['p95']:>8.1f}"
            f"{figures['over 50']:>12.0f}{figures['work']:>9.0f}   {'ok' if meets else 'missed'}{own}"
        )
    print(f"targets: longest <= {LONGEST_MS:.0f} ms, p95 <= {P95_MS:.0f} ms")


if __name__ == "__main__":
    main(sys.argv[1:])
