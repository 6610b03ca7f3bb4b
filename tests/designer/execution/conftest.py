"""A window's loop and a bridge over an engine that does what the test says."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from PySide6.QtWidgets import QApplication

from designer.execution.bridge import EngineBridge
from tests.designer.execution.fakes import ScriptedEngine
from tests.support.qt_loop import qt_loop, spin


class Rig:
    """A bridge and the scripted engine behind it, once the bridge is open."""

    def __init__(self) -> None:
        self.bridge = EngineBridge(self._make)
        self.engine: ScriptedEngine | None = None

    async def _make(self) -> ScriptedEngine:  # type: ignore[return-value] # stands in for the engine
        self.engine = ScriptedEngine()
        return self.engine

    @property
    def scripted(self) -> ScriptedEngine:
        assert self.engine is not None
        return self.engine


@pytest.fixture
def rig(qapp: QApplication) -> Iterator[Rig]:
    with qt_loop(qapp):
        rig = Rig()
        yield rig
        spin(rig.bridge.close())
        assert not rig.bridge._thread.is_alive
