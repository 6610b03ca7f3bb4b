"""A running program for each test."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from pathlib import Path

import pytest
from PySide6.QtWidgets import QApplication

from tests.support.desk import Desk
from tests.support.qt_loop import qt_loop


@pytest.fixture
def desk(qapp: QApplication, tmp_path: Path) -> Iterator[Desk]:
    before = {thread.name for thread in threading.enumerate()}
    with qt_loop(qapp):
        desk = Desk(tmp_path)
        yield desk
        desk.close()
    left = {thread.name for thread in threading.enumerate()} - before
    assert not any(name == "engine" for name in left)
