"""Keeping a workflow that exists as a text: a large one is not read and written again for it."""

from __future__ import annotations

from typing import Protocol, runtime_checkable

from engine.store.json_text import decode
from engine.store.state_manager import ExecutionStateManager


@runtime_checkable
class KeepsTexts(Protocol):
    """A store that writes definitions down as text."""

    async def save_definition_text(self, definition_hash: str, text: str) -> None:
        """As ``save_definition``, of the JSON object that the text holds."""


async def save_text(store: ExecutionStateManager, definition_hash: str, text: str) -> None:
    """Keep the definition under its content hash, in whichever way the store takes it."""
    if isinstance(store, KeepsTexts):
        await store.save_definition_text(definition_hash, text)
    else:
        await store.save_definition(definition_hash, decode(text))
