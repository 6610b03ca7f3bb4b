"""The names of secrets as the window knows them, and the way to keep and forget one."""

from __future__ import annotations

import json
import re
from dataclasses import dataclass
from typing import Final

from PySide6.QtCore import QObject, Signal

from designer.execution.bridge import EngineBridge
from engine.model.workflow import Workflow
from engine.secrets.sources import Secrets, SecretsUnavailable

_USE: Final = re.compile(r"secrets\.([A-Za-z_][A-Za-z0-9_-]*)")


@dataclass(frozen=True, slots=True, kw_only=True)
class KnownSecrets:
    """Names only. `where` is what keeps them, "" when nothing does, and then `trouble` says why."""

    kept: tuple[str, ...] = ()
    environment: tuple[str, ...] = ()
    where: str = ""
    trouble: str = ""

    @property
    def names(self) -> tuple[str, ...]:
        """Every secret that a step may refer to."""
        return tuple(sorted({*self.kept, *self.environment}))


class SecretKeeper(QObject):
    """Reads and changes the keyring off the window's loop; `changed` carries KnownSecrets."""

    changed = Signal(object)

    def __init__(self, bridge: EngineBridge, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._bridge = bridge
        self.known = KnownSecrets()

    async def look(self) -> KnownSecrets:
        """Reads the names anew."""
        self.known = await self._bridge.with_secrets(_look)
        self.changed.emit(self.known)
        return self.known

    async def keep(self, name: str, value: str) -> None:
        """Keeps a secret; raises WorkflowError when it cannot be kept."""
        await self._bridge.with_secrets(lambda secrets: secrets.set(name, value))
        await self.look()

    async def forget(self, name: str) -> None:
        """Forgets a secret; raises WorkflowError when the keyring refuses."""
        await self._bridge.with_secrets(lambda secrets: secrets.delete(name))
        await self.look()


def _look(secrets: Secrets) -> KnownSecrets:
    outside = tuple(secrets.from_environment())
    try:
        return KnownSecrets(kept=tuple(secrets.names()), environment=outside, where=secrets.where())
    except SecretsUnavailable as error:
        return KnownSecrets(environment=outside, trouble=f"{error.message}. {error.hint}")


def secret_users(workflow: Workflow) -> dict[str, list[str]]:
    """The titles of the steps that refer to each secret, steps of workflows inside a step among them."""
    users: dict[str, list[str]] = {}
    for node in workflow.nodes.values():
        for name in dict.fromkeys(_USE.findall(json.dumps(dict(node.config), ensure_ascii=False))):
            users.setdefault(name, []).append(node.label)
    for connection in workflow.connections.values():
        for name in _USE.findall(connection.condition or ""):
            source = workflow.nodes.get(connection.source)
            listed = users.setdefault(name, [])
            if source is not None and source.label not in listed:
                listed.append(source.label)
    return users
