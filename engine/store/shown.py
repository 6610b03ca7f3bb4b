"""The state of a run as whoever asks for it gets it: whole, and their own."""

from __future__ import annotations

import asyncio
from typing import Any

from engine.model.json_value import CONTAINERS, copied
from engine.store.artifacts import ArtifactStore, has_reference


async def with_large_outputs(shown: dict[str, Any], artifacts: ArtifactStore) -> dict[str, Any]:
    """A state that was made to be shown, with its large outputs read back; nothing else stands for a file.

    Nothing in it is shared with the run: whoever changes it changes nothing else.
    """
    steps = shown["steps"]
    for step in steps.values():
        output = step.get("output")
        if isinstance(output, CONTAINERS):
            is_large = has_reference(output)
            step["output"] = await asyncio.to_thread(artifacts.expand, output) if is_large else copied(output)
        if step.get("error") is not None:
            step["error"] = copied(step["error"])
    outputs = {step_id: steps[step_id]["output"] for step_id in shown["outputs"]}
    own = {key: copied(shown[key]) for key in ("input_data", "error", "needed")}
    return {**shown, **own, "outputs": outputs}
