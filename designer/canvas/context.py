"""How a node is being added: what it will be connected to, and what it begins with."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal

from engine.model.json_value import Json

On = Literal["success", "error", "always"]


@dataclass(frozen=True, slots=True, kw_only=True)
class AddContext:
    """The new node follows ``source``, leads to ``target``, or is put on the wire ``connection``.

    ``title`` and ``parameters`` take the place of those that its type gives.
    """

    source: str | None = None
    source_port: str | None = None
    on: On = "success"
    target: str | None = None
    connection: str | None = None
    title: str = ""
    parameters: Mapping[str, Json] | None = None
