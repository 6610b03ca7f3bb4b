"""How long it takes to build a node type's form, beside an empty widget: ``python -m benchmarks.forms``.

Milliseconds of the thread's own time, best of five. The target is 30.
"""

from __future__ import annotations

import os
import time
from collections.abc import Callable

os.environ.setdefault("QT_QPA_PLATFORM", "offscreen")

from PySide6.QtWidgets import QApplication, QWidget

from designer.forms.context import FormContext
from designer.forms.form import SchemaForm
from designer.theme import ThemeController
from engine.catalog import Catalog

ROUNDS = 5


def best_ms(build: Callable[[], QWidget]) -> float:
    """The quickest of some rounds; what is built is deleted again."""
    best = float("inf")
    for _ in range(ROUNDS):
        start = time.thread_time()
        widget = build()
        best = min(best, time.thread_time() - start)
        widget.deleteLater()
    return best * 1000


def main() -> None:
    application = QApplication([])
    theme = ThemeController("light")
    floor = best_ms(QWidget)
    print(f"{'form':24} {'ms':>8} {'to an empty widget':>20}")
    for kind in Catalog.load().types:
        took = best_ms(
            lambda kind=kind: SchemaForm(kind.parameters, kind.default_parameters(), context=FormContext())
        )
        print(f"{kind.id:24} {took:8.1f} {took / floor:20.0f}")
    application.processEvents()
    theme.deleteLater()


if __name__ == "__main__":
    main()
