"""Why a node is being added: what it will be connected to."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

On = Literal["success", "error", "always"]


@dataclass(frozen=True, slots=True, kw_only=True)
class AddContext:
    """The new node follows ``source``, leads to ``target``, or is put on the wire ``connection``."""

    source: str | None = None
    source_port: str | None = None
    on: On = "success"
    target: str | None = None
    connection: str | None = None
