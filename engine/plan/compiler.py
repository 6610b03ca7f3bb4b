"""Workflow -> Plan: numbers for names, a topological order, and everything in it compiled once.

The steps keep the order of the file; `Plan.order` is theirs by Kahn's algorithm, ties in the order of the
file, so that the same drawing always gives the same order. O(nodes + connections).
"""

from __future__ import annotations

import hashlib
from collections import OrderedDict, deque
from collections.abc import Mapping, Sequence
from typing import Any, TypeVar, cast

from engine.catalog import Catalog
from engine.errors import DefinitionError
from engine.expression.templates import Inspected
from engine.files import codec
from engine.model.embedded import COMPOSITES
from engine.model.json_value import Json
from engine.model.node_type import NodeType
from engine.model.queries import find_cycle
from engine.model.quick_made import quick_made
from engine.model.switches import SWITCH, has_condition, in_order
from engine.model.workflow import Node, Workflow
from engine.plan.body import Body, body_of, drawn_parameters
from engine.plan.node_settings import (
    USUAL_ATTEMPTS,
    USUAL_KEYS,
    USUAL_SETTINGS,
    attempts_of,
    object_of,
    parameters_of,
    settings_of,
)
from engine.plan.secret_names import secrets_of
from engine.plan.step import (
    Durability,
    FailurePolicy,
    OnConditionError,
    OnFailure,
    Plan,
    Route,
    Step,
)

T = TypeVar("T")
MAX_CACHED_PLANS = 32
_new_step = quick_made(Step)
_new_route = quick_made(Route)


class Compiler:
    """Compiles workflows and remembers the latest plans, by the content hash of their definition."""

    def __init__(self, catalog: Catalog) -> None:
        self._catalog = catalog
        self._plans: OrderedDict[str, Plan] = OrderedDict()
        # A Workflow never changes, so the very same object need not even be encoded to be found again.
        self._seen: OrderedDict[int, tuple[Workflow, Plan]] = OrderedDict()

    def find(self, workflow: Workflow) -> Plan | None:
        """The plan of this very object, if it is still remembered."""
        seen = self._seen.get(id(workflow))
        return seen[1] if seen is not None and seen[0] is workflow else None

    def compile(self, workflow: Workflow, inspected: Inspected | None = None) -> Plan:
        """The plan of a workflow; raises DefinitionError that names the node or the cycle at fault.

        inspected: its templates, where they have just been checked.
        """
        seen = self.find(workflow)
        if seen is not None:
            return seen
        definition = codec.encode(workflow)
        digest = hashlib.sha256(definition.encode()).hexdigest()
        plan = self._plans.get(digest)
        if plan is None:
            plan = compile_plan(workflow, self._catalog, definition, digest, inspected=inspected)
            _remember(self._plans, digest, plan)
        _remember(self._seen, id(workflow), (workflow, plan))
        return plan


def compile_plan(
    workflow: Workflow,
    catalog: Catalog,
    definition: str,
    definition_hash: str,
    *,
    depth: int = 1,
    durability: Durability | None = None,
    inspected: Inspected | None = None,
) -> Plan:
    """The plan of a workflow, without any cache.

    depth: 1 for one that stands inside no other. durability: that of the workflow around it.
    inspected: templates that have been read already.
    """
    durability = durability or _durability(workflow.settings.get("durability"))
    numbers = {node_id: number for number, node_id in enumerate(workflow.nodes)}
    routes = _routes(workflow, numbers)
    order = kahn_order(len(numbers), [(route.source, route.target) for route in routes])
    if len(order) < len(numbers):
        labels = [workflow.nodes[node_id].label for node_id in find_cycle(workflow)]
        raise DefinitionError("These nodes lead in a circle: " + " -> ".join([*labels, labels[0]]))
    sequence = {number: place for place, number in enumerate(order, start=1)}
    outgoing: list[list[Route]] = [[] for _ in numbers]
    incoming: list[list[Route]] = [[] for _ in numbers]
    for route in routes:
        outgoing[route.source].append(route)
        incoming[route.target].append(route)
    names = tuple(numbers)

    def compile_inner(inner: Workflow) -> Plan:
        text = codec.encode(inner)
        digest = hashlib.sha256(text.encode()).hexdigest()
        return compile_plan(
            inner, catalog, text, digest, depth=depth + 1, durability=durability, inspected=inspected
        )

    inspected = inspected or Inspected()
    steps = tuple(
        _step(
            node,
            catalog.get(node.type),
            inspected,
            index=number,
            sequence_order=sequence[number],
            depends_on=tuple(dict.fromkeys([names[route.source] for route in incoming[number]])),
            incoming=tuple(incoming[number]),
            outgoing=tuple(outgoing[number]),
            body=body_of(node, compile_inner, depth) if node.type in COMPOSITES else None,
        )
        for number, node in enumerate(workflow.nodes.values())
    )
    return Plan(
        workflow=workflow,
        definition=definition,
        definition_hash=definition_hash,
        steps=steps,
        numbers=numbers,
        routes=tuple(routes),
        order=order,
        on_failure=_failure_policy(workflow.settings.get("on_failure")),
        durability=durability,
    )


def kahn_order(count: int, edges: Sequence[tuple[int, int]]) -> tuple[int, ...]:
    """A topological order of 0..count-1, first free first; shorter than count if there is a cycle."""
    indegree = [0] * count
    targets: list[list[int]] = [[] for _ in range(count)]
    for source, target in edges:
        indegree[target] += 1
        targets[source].append(target)
    free = deque(number for number in range(count) if not indegree[number])
    order: list[int] = []
    while free:
        number = free.popleft()
        order.append(number)
        for target in targets[number]:
            indegree[target] -= 1
            if not indegree[target]:
                free.append(target)
    return tuple(order)


def _routes(workflow: Workflow, numbers: Mapping[str, int]) -> list[Route]:
    """Connections whose ends both exist; what a validation reports as dangling can carry nothing."""
    default = _condition_policy(workflow.settings.get("on_condition_error", "fail"))
    routes: list[Route] = []
    for connection in in_order(workflow):
        source, target = numbers.get(connection.source), numbers.get(connection.target)
        if source is None or target is None:
            continue
        policy, extra = default, connection.extra
        if extra and "on_condition_error" in extra:
            policy = _condition_policy(extra["on_condition_error"])
        routes.append(
            _new_route(
                index=len(routes),
                id=connection.id,
                source=source,
                target=target,
                on=connection.on,
                condition=connection.condition if has_condition(connection) else None,
                on_condition_error=policy,
            )
        )
    return routes


def _step(
    node: Node,
    node_type: NodeType | None,
    inspected: Inspected,
    *,
    index: int,
    sequence_order: int,
    depends_on: tuple[str, ...],
    incoming: tuple[Route, ...],
    outgoing: tuple[Route, ...],
    body: Body | None,
) -> Step:
    config = node.config
    is_trigger = node_type.is_trigger if node_type else node.type == "trigger"
    service = node.service or (node_type.service if node_type else "default")
    action = node.action or (node_type.action if node_type else "manual_trigger" if is_trigger else "default")
    own_type = node_type if node_type and (node_type.service, node_type.action) == (service, action) else None
    input_schema = object_of(config.get("input_schema")) or (own_type.parameters if own_type else {})
    is_usual = USUAL_KEYS.issuperset(config)
    retry, retry_is_given, timeouts, join = USUAL_ATTEMPTS if is_usual else attempts_of(node, len(incoming))
    parameters = parameters_of(node, drawn_parameters(node), input_schema, inspected)
    said = USUAL_SETTINGS if is_usual else settings_of(node, service, action, inspected)
    calls = [call.parameters for call in (said.rollback, said.fallback) if call is not None]
    conditions = [route.condition for route in outgoing if route.condition is not None]
    return _new_step(
        index=index,
        id=node.id,
        type=node.type,
        title=node.title,
        service=service,
        action=action,
        parameters=parameters,
        sequence_order=sequence_order,
        depends_on=depends_on,
        incoming=incoming,
        outgoing=outgoing,
        input_schema=input_schema,
        is_trigger=is_trigger,
        is_exclusive=node.type == SWITCH,
        body=body,
        secrets=secrets_of((parameters, *calls), (said.condition, *conditions)),
        retry=retry,
        retry_is_given=retry_is_given,
        timeouts=timeouts,
        join=join,
        rollback=said.rollback,
        fallback=said.fallback,
        output_schema=said.output_schema,
        condition=said.condition,
        continue_on_error=said.continue_on_error,
        disabled=said.disabled,
        at_most_once=said.at_most_once,
        priority=said.priority,
        pin=said.pin,
    )


def _failure_policy(described: Json) -> FailurePolicy:
    given = described if isinstance(described, dict) else {"mode": described or "drain"}
    mode = given.get("mode", "drain")
    if mode not in ("drain", "cancel", "continue"):
        raise DefinitionError(
            f'settings.on_failure: the mode is "drain", "cancel" or "continue", not {mode!r}'
        )
    return FailurePolicy(mode=cast("OnFailure", mode), rollback=bool(given.get("rollback", False)))


def _durability(mode: Json) -> Durability:
    mode = "auto" if mode is None else mode
    if mode not in ("auto", "strict", "relaxed", "none"):
        raise DefinitionError(f'settings.durability is "auto", "strict", "relaxed" or "none", not {mode!r}')
    return cast("Durability", mode)


def _condition_policy(value: Json) -> OnConditionError:
    if value == "fail":
        return "fail"
    # JSON writers say `false` as readily as "false".
    text = str(value).lower()
    return cast("OnConditionError", text) if text in ("true", "false") else "fail"


def _remember(plans: OrderedDict[Any, T], key: Any, plan: T) -> None:
    plans[key] = plan
    plans.move_to_end(key)
    if len(plans) > MAX_CACHED_PLANS:
        plans.popitem(last=False)
