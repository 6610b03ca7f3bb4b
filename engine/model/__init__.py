"""What was drawn: immutable values and the pure functions that change them."""

from engine.model.changes import Change, apply, inverse
from engine.model.edits import Edit
from engine.model.json_value import Json
from engine.model.node_type import NodeType, PortSpec
from engine.model.policy import RetryPolicy, Timeouts
from engine.model.workflow import Connection, Node, Point, Workflow

__all__ = [
    "Change",
    "Connection",
    "Edit",
    "Json",
    "Node",
    "NodeType",
    "Point",
    "PortSpec",
    "RetryPolicy",
    "Timeouts",
    "Workflow",
    "apply",
    "inverse",
]
