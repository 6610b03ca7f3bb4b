"""Every node type has its action, and both say the same about its effects."""

import pytest

from engine.actions import HANDLERS
from engine.actions.registry import ActionRegistry
from engine.catalog import Catalog
from engine.model.node_type import NodeType
from engine.model.subworkflows import COMPOSITES

# What holds a workflow of its own is no action: the engine runs its steps.
TYPES = [node_type for node_type in Catalog.load() if node_type.id not in COMPOSITES]


@pytest.mark.parametrize("node_type", TYPES, ids=lambda t: t.id)
def test_that_every_node_type_has_an_action_of_the_same_effects(node_type: NodeType) -> None:
    action = ActionRegistry.default().get(node_type.service, node_type.action)
    assert action.options.effects == node_type.effects
    assert action.handler.__doc__


def test_that_every_action_has_a_node_type() -> None:
    assert set(HANDLERS) == {(node_type.service, node_type.action) for node_type in TYPES}
