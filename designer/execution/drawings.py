"""The drawing that a run was started with, so that it shows what has been edited since."""

from __future__ import annotations

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
        drawing = codec.decode(await bridge.load_definition(state.definition_hash))
    except RunDamaged:
        raise
    except WorkflowError:
        return None  # whoever watches the run says what is wrong
    same = drawing.nodes == now.nodes and drawing.connections == now.connections
    return now if same else drawing
