"""How fast the Data panel is on a large table: first paint, jump to the end, profiles, and the loop's gaps.

    python -m benchmarks.tables [--rows 10000000]

Writes a Parquet file of `rows` rows and ten columns into a temporary folder, shows it, and prints a
table and JSON. The baseline is what a view without paging has to do: fetch every row (timed on a
hundredth of the rows and scaled).
"""

from __future__ import annotations

import argparse
import json
import os
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

os.environ.setdefault("QT_QPA_PLATFORM", "offscreen")

import duckdb
from PySide6.QtCore import QEventLoop, QTimer
from PySide6.QtWidgets import QApplication

from designer.panels.table_source import TableSource
from designer.panels.table_view import TableView
from designer.panels.tables import Table, TableColumn
from designer.theme import ThemeController

_QUERY = """
    select i as id, (i % 12 + 1)::int as month, (random() * 300 - 20)::double as delay,
           'C' || (i % 16) as carrier, case when i % 7 = 0 then null else (i % 900)::int end as air_time,
           date '2013-01-01' + (i % 365)::int as day, random() < 0.3 as late, 'row ' || i as label,
           timestamp '2013-01-01' + interval (i) second as at, (i % 1000) / 10.0 as price
    from range({rows}) rows(i)
"""
_KINDS = ("int", "int", "float", "text", "int", "date", "bool", "text", "datetime", "decimal")
_NAMES = ("id", "month", "delay", "carrier", "air_time", "day", "late", "label", "at", "price")


class Gaps:
    """The longest times between two turns of the loop: what a person would feel as a freeze."""

    def __init__(self) -> None:
        self._timer = QTimer(interval=1)
        self._timer.timeout.connect(self._on_turn)
        self._last = time.perf_counter()
        self.longest_ms = 0.0

    def start(self) -> None:
        self.longest_ms, self._last = 0.0, time.perf_counter()
        self._timer.start()

    def _on_turn(self) -> None:
        now = time.perf_counter()
        self.longest_ms = max(self.longest_ms, (now - self._last) * 1000)
        self._last = now


def _until(condition: Callable[[], bool]) -> None:
    loop = QEventLoop()
    timer = QTimer(interval=0)

    def check() -> None:
        if condition():
            loop.quit()

    timer.timeout.connect(check)
    timer.start()
    loop.exec()
    timer.stop()


def _timed_ms(act: Callable[[], object], done: Callable[[], bool]) -> float:
    start = time.perf_counter()
    act()
    _until(done)
    return (time.perf_counter() - start) * 1000


def measure(rows: int, folder: Path) -> dict[str, float]:
    """All figures in milliseconds."""
    path = folder / "large.parquet"
    with duckdb.connect() as connection:
        connection.execute(f"copy ({_QUERY.format(rows=rows)}) to '{path}' (format parquet)")
        start = time.perf_counter()
        connection.execute(f"select * from read_parquet('{path}') limit {rows // 100}").fetchall()
        baseline = (time.perf_counter() - start) * 1000 * 100
    columns = tuple(TableColumn(name=name, kind=kind) for name, kind in zip(_NAMES, _KINDS, strict=True))
    table = Table(key="large", path=path, rows=rows, columns=columns)
    source = TableSource()
    view = TableView(source)
    model = view.table_model
    view.resize(1200, 320)
    view.show()
    gaps = Gaps()
    gaps.start()

    def show() -> None:
        model.set_table(table)
        view.viewport().repaint()

    figures = {"baseline: fetch every row": baseline}
    figures["first paint with values (threads and DuckDB start)"] = _timed_ms(
        show, lambda: model.cell(0, 0).is_loaded
    )
    figures["histograms of ten columns"] = _timed_ms(
        lambda: model.request_profiles(list(range(10))),
        lambda: all(model.profile(column) for column in range(10)),
    )

    def jump(row: int) -> float:
        def act() -> None:
            view.verticalScrollBar().setValue(row)
            view.viewport().repaint()

        return _timed_ms(act, lambda: model.cell(row, 0).is_loaded)

    jumps = [jump(int(share * (rows - 100))) for share in (1.0, 0.5, 0.25, 0.75, 0.1, 0.9, 0.33)]
    figures["jump to the end"] = jumps[0]
    figures["jump anywhere, median"] = sorted(jumps)[len(jumps) // 2]
    figures["longest gap of the loop so far"] = gaps.longest_ms
    gaps.start()

    def drag() -> None:
        for step in range(200):
            view.verticalScrollBar().setValue(step * rows // 200)

    figures["200 steps of a scroll bar, then values"] = _timed_ms(
        drag, lambda: model.cell(199 * rows // 200, 0).is_loaded
    )
    figures["sort by a random number"] = _timed_ms(lambda: model.sort_by(2), lambda: not model.is_sorting)
    figures["longest gap while scrolling and sorting"] = gaps.longest_ms
    source.close()
    view.deleteLater()
    return figures


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rows", type=int, default=10_000_000)
    arguments = parser.parse_args()
    application = QApplication([])
    themes = ThemeController("light")
    with tempfile.TemporaryDirectory() as folder:
        figures = measure(arguments.rows, Path(folder))
    for name, value in figures.items():
        print(f"{name:52} {value:12,.1f} ms")
    print(json.dumps({"rows": arguments.rows, "milliseconds": figures}))
    del themes, application


if __name__ == "__main__":
    main()
