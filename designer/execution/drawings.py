"""The drawing that a run was started with, so that it shows what has been edited since."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from typing import Any

from designer.execution.bridge import EngineBridge
from engine.errors import RunDamaged, WorkflowError
from engine.files import codec
from engine.model.workflow import Workflow


async def drawing_of(bridge: EngineBridge, execution_id: str, now: Workflow) -> Workflow | None:
    """The run's drawing: `now` itself where that is the same; None when the store does not have it.

    Raises RunDamaged for a run that cannot be read.
    """
    try:
        state = await bridge.load(execution_id)
        definition = await bridge.load_definition(state.definition_hash)
        # In a thread: of 100,000 steps it takes over a second, and a run is shown while the window is used.
        return await asyncio.to_thread(_drawn, definition, now)
    except RunDamaged:
        raise
    except WorkflowError:
        return None  # whoever watches the run says what is wrong


def _drawn(definition: Mapping[str, Any], now: Workflow) -> Workflow:
    drawing = codec.decode(definition)
    same = drawing.nodes == now.nodes and drawing.connections == now.connections
    return now if same else drawing
