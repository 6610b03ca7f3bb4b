"""The values a workflow is made of: JSON, and nothing else."""

from __future__ import annotations

from typing import Final, TypeAlias

Json: TypeAlias = "bool | int | float | str | list[Json] | dict[str, Json] | None"

CONTAINERS: Final = (dict, list)


def copied(value: Json) -> Json:
    """The value with containers of its own: whoever changes one changes no other."""
    if isinstance(value, dict):
        return {key: copied(item) if isinstance(item, CONTAINERS) else item for key, item in value.items()}
    if isinstance(value, list):
        return [copied(item) if isinstance(item, CONTAINERS) else item for item in value]
    return value
