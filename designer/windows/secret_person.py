"""What the person in front of the window is asked about secrets."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Mapping
from typing import TYPE_CHECKING, Any

from PySide6.QtWidgets import QWidget

from designer.dialogs.base import ask
from designer.execution.run_view import Question
from engine.errors import WorkflowError

if TYPE_CHECKING:
    from designer.execution.secret_keeper import KnownSecrets, SecretKeeper
    from engine.model.workflow import Workflow


class SecretPerson:
    """Asks over `window`; `secrets` is the way to the keyring."""

    def __init__(self) -> None:
        self.window: QWidget | None = None
        self.secrets: SecretKeeper | None = None

    async def show_secrets(self, workflow: Workflow) -> None:
        """The secrets of this computer, and which steps use them."""
        from designer.dialogs.secrets import SecretsDialog
        from designer.execution.secret_keeper import secret_users

        keeper = self.secrets
        assert keeper is not None
        dialog = SecretsDialog(secret_users(workflow), self.window)

        async def do(work: Awaitable[None]) -> None:
            try:
                await work
            except WorkflowError as error:
                dialog.complain(f"{error.message}. {error.hint}")

        def show(known: KnownSecrets) -> None:
            dialog.show_names(known.kept, known.environment, known.where, known.trouble)

        async with asyncio.TaskGroup() as tasks:
            dialog.keep_requested.connect(lambda name, value: tasks.create_task(do(keeper.keep(name, value))))
            dialog.forget_requested.connect(lambda name: tasks.create_task(do(keeper.forget(name))))
            keeper.changed.connect(show)
            try:
                await keeper.look()
                await ask(dialog)
            finally:
                keeper.changed.disconnect(show)

    async def keep_secrets(self, values: Mapping[str, Any]) -> None:
        """Keeps what was given for secrets; what cannot be kept counts for the run all the same."""
        assert self.secrets is not None
        for key, value in values.items():
            path = key.rpartition("/")[2]
            if path.startswith("secrets."):
                await self.secrets.keep(path.removeprefix("secrets."), str(value))

    async def _can_keep_secrets(self, question: Question) -> bool:
        """Whether a secret that is asked for can be kept on this computer; reads the keyring only then."""
        asks = any(item.get("secret") for item in question.needed)
        return asks and self.secrets is not None and bool((await self.secrets.look()).where)
