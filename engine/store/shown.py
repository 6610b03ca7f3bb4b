"""The state of a run as whoever asks for it gets it: whole, and their own."""

from __future__ import annotations

import asyncio
from typing import Any

from engine.store.artifacts import ArtifactStore, has_reference

_CONTAINERS = (dict, list)


async def with_large_outputs(shown: dict[str, Any], artifacts: ArtifactStore) -> dict[str, Any]:
    """A state that was made to be shown, with its large outputs read back; nothing else stands for a file.

    Nothing in it is shared with the run: whoever changes it changes nothing else.
    """
    steps = shown["steps"]
    for step in steps.values():
        output = step.get("output")
        if output.__class__ in _CONTAINERS:
            is_large = has_reference(output)
            step["output"] = await asyncio.to_thread(artifacts.expand, output) if is_large else _own(output)
        if step.get("error") is not None:
            step["error"] = _own(step["error"])
    outputs = {step_id: steps[step_id]["output"] for step_id in shown["outputs"]}
    own = {key: _own(shown[key]) for key in ("input_data", "error", "needed")}
    return {**shown, **own, "outputs": outputs}


def _own(value: Any) -> Any:
    if isinstance(value, dict):
        return {key: _own(item) if item.__class__ in _CONTAINERS else item for key, item in value.items()}
    if isinstance(value, list):
        return [_own(item) if item.__class__ in _CONTAINERS else item for item in value]
    return value
