"""Run workflows: a durable, data-driven asyncio engine that knows no user interface.

    from engine import WorkflowEngine, SqliteStateManager

    async with WorkflowEngine(state_manager=SqliteStateManager("runs.db")) as engine:
        execution_id = await engine.start_workflow("report.workflow.json", {"threshold": 60})
        state = await engine.wait(execution_id)

Importing this package is cheap: each name is loaded when it is first used.
"""

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from engine.actions.context import StepContext
    from engine.actions.registry import ActionRegistry
    from engine.errors import (
        ActionError,
        DefinitionError,
        ExecutionNotFound,
        ExternalServiceError,
        MissingInputError,
        SchemaValidationError,
        StepTimeoutError,
        WorkflowError,
    )
    from engine.model.workflow import Workflow
    from engine.run.options import RunOptions
    from engine.run.workflow_engine import WorkflowEngine
    from engine.store.memory import MemoryStateManager
    from engine.store.sqlite import SqliteStateManager
    from engine.store.state_manager import ExecutionStateManager

_HOMES = {
    "ActionError": "engine.errors",
    "ActionRegistry": "engine.actions.registry",
    "DefinitionError": "engine.errors",
    "ExecutionNotFound": "engine.errors",
    "ExecutionStateManager": "engine.store.state_manager",
    "ExternalServiceError": "engine.errors",
    "MemoryStateManager": "engine.store.memory",
    "MissingInputError": "engine.errors",
    "RunOptions": "engine.run.options",
    "SchemaValidationError": "engine.errors",
    "SqliteStateManager": "engine.store.sqlite",
    "StepContext": "engine.actions.context",
    "StepTimeoutError": "engine.errors",
    "Workflow": "engine.model.workflow",
    "WorkflowEngine": "engine.run.workflow_engine",
    "WorkflowError": "engine.errors",
}

__all__ = [
    "ActionError",
    "ActionRegistry",
    "DefinitionError",
    "ExecutionNotFound",
    "ExecutionStateManager",
    "ExternalServiceError",
    "MemoryStateManager",
    "MissingInputError",
    "RunOptions",
    "SchemaValidationError",
    "SqliteStateManager",
    "StepContext",
    "StepTimeoutError",
    "Workflow",
    "WorkflowEngine",
    "WorkflowError",
]


def __getattr__(name: str) -> Any:
    home = _HOMES.get(name)
    if home is None:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    value = getattr(import_module(home), name)
    globals()[name] = value
    return value


def __dir__() -> list[str]:
    return sorted({*globals(), *__all__})
