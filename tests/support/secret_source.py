"""A source of secrets, an engine that has it, and what to look through for a secret that got out."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from engine import SqliteStateManager, WorkflowEngine
from engine.secrets.sources import SecretsUnavailable
from tests.support.scripted_actions import ScriptedActions

VALUE = "hunter2 & co"


class FakeSource:
    """Secrets in a dict; None for a keyring that cannot be read."""

    def __init__(self, **values: str) -> None:
        self.values: dict[str, str] | None = values
        self.read: list[str] = []

    def get(self, name: str) -> str | None:
        self.read.append(name)
        if self.values is None:
            raise SecretsUnavailable("the keyring is locked")
        return self.values.get(name)


def engine_on(actions: ScriptedActions, path: Path, source: FakeSource, **more: Any) -> WorkflowEngine:
    return WorkflowEngine(
        registry=actions.registry, state_manager=SqliteStateManager(path), secrets=source, **more
    )


def everything_in(folder: Path) -> bytes:
    return b"".join(file.read_bytes() for file in folder.rglob("*") if file.is_file())
