"""The engine's overridable methods: each is really called, for every step or workflow.

They keep the names of the original engine and stay thin; a subclass of WorkflowEngine may override any.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Mapping
from inspect import isawaitable
from itertools import compress
from typing import Any, Protocol

from engine.actions.registry import ActionRegistry
from engine.errors import ConditionError, words_of
from engine.expression import Template, compile_condition
from engine.history.status import StepStatus
from engine.model.json_value import Json
from engine.model.workflow import Connection, Node
from engine.plan.compiler import Compiler
from engine.plan.parameters import Parameters
from engine.plan.step import JoinMode, Step
from engine.run.attempts import CURRENT
from engine.run.given import WorkflowLike, load
from engine.run.live_state import scope_of
from engine.run.places import Places
from engine.run.schemas import SchemaGate

_EAGER = (JoinMode.ANY, JoinMode.N_OF)
_SETTLED = frozenset(status.value for status in StepStatus if status.is_terminal)


_OF_A_STEP = (
    "_check_dependencies",
    "_evaluate_condition",
    "_resolve_parameters",
    "_validate_input_schema",
    "_validate_output_schema",
    "_execute_step",
)


class Seams(Protocol):
    """The engine's overridable methods, each really called for every step."""

    @property
    def are_plain(self) -> bool: ...
    @property
    def are_steps_converted(self) -> bool: ...
    def _convert_nodes_to_steps(self, workflow: WorkflowLike) -> list[Step]: ...
    def _check_dependencies(self, step: Step, state: Mapping[str, Any]) -> bool: ...
    def _evaluate_condition(self, condition: str, state: Mapping[str, Any]) -> bool: ...
    def _resolve_parameters(
        self, parameters: Mapping[str, Json], state: Mapping[str, Any]
    ) -> dict[str, Any]: ...
    def _validate_input_schema(self, step: Step, params: dict[str, Any]) -> None: ...
    def _validate_output_schema(self, step: Step, output: Any) -> None: ...
    async def _execute_step(self, step: Step, params: dict[str, Any]) -> Any: ...


def is_overridden(engine: object, kind: type, name: str) -> bool:
    """Whether a subclass of `kind`, or the object itself, has a method of its own by that name."""
    return name in vars(engine) or getattr(type(engine), name, None) is not getattr(kind, name)


def conditions_of(seams: Seams) -> Callable[[str, Mapping[str, Any]], bool]:
    """How conditions are evaluated; whatever a subclass raises there is an error of the condition."""
    evaluate = seams._evaluate_condition
    if not is_overridden(seams, EngineSeams, "_evaluate_condition"):
        return evaluate

    def evaluated(condition: str, state: Mapping[str, Any]) -> bool:
        try:
            return evaluate(condition, state)
        except ConditionError:
            raise
        except Exception as error:  # step boundary: a subclass decides as it likes
            words = f"condition {condition!r}: {type(error).__name__}: {words_of(error)}"
            raise ConditionError(words, source=condition) from error

    return evaluated


class EngineSeams:
    """What a step or workflow means to the engine, as methods a subclass may override."""

    def __init__(self, registry: ActionRegistry, compiler: Compiler) -> None:
        self.registry = registry
        self._compiler = compiler
        self._schemas = SchemaGate()
        self._places = Places()

    @property
    def are_plain(self) -> bool:
        """Whether nobody overrides what is called for every step, so that calling it can be spared."""
        own, kind = vars(self), type(self)
        for name in _OF_A_STEP:  # asked for every run: as `is_overridden`, without its calls
            if name in own or getattr(kind, name) is not getattr(EngineSeams, name):
                return False
        return True

    @property
    def are_steps_converted(self) -> bool:
        """Whether somebody overrides what the nodes of a workflow become."""
        return is_overridden(self, EngineSeams, "_convert_nodes_to_steps")

    def _convert_nodes_to_steps(self, workflow: WorkflowLike) -> list[Step]:
        """The workflow's nodes as steps, in topological order."""
        return list(self._compiler.compile(load(workflow)).in_order())

    def _build_execution_graph(self, workflow: WorkflowLike) -> dict[str, Any]:
        """`nodes`, `connections`, `adjacency` and `reverse_adjacency` (node id -> neighbours, each once)."""
        drawn = load(workflow)
        nodes: dict[str, Node] = dict(drawn.nodes)
        connections: list[Connection] = [
            connection
            for connection in drawn.connections.values()
            if connection.source in nodes and connection.target in nodes
        ]
        after: dict[str, list[str]] = {node_id: [] for node_id in nodes}
        before: dict[str, list[str]] = {node_id: [] for node_id in nodes}
        for connection in connections:
            source, target = connection.source, connection.target
            after[source].append(target)
            before[target].append(source)
        return {
            "nodes": nodes,
            "connections": connections,
            "adjacency": {node_id: _distinct(targets) for node_id, targets in after.items()},
            "reverse_adjacency": {node_id: _distinct(sources) for node_id, sources in before.items()},
        }

    def _has_conditional_connections(self, workflow: WorkflowLike) -> bool:
        """Whether any connection carries a condition."""
        return any(connection.condition for connection in load(workflow).connections.values())

    def _evaluate_condition(self, condition: str | None, state: Mapping[str, Any]) -> bool:
        """Whether the condition holds; none always does. Raises ConditionError, never guesses."""
        if condition is None or not condition.strip():
            return True
        return compile_condition(condition).evaluate(scope_of(state))

    def _resolve_parameters(self, parameters: Mapping[str, Json], state: Mapping[str, Any]) -> dict[str, Any]:
        """The parameters with their references filled in; raises MissingInputError naming all that lack."""
        if isinstance(parameters, Parameters):
            if parameters.is_empty:
                return {}
            template = parameters.template
        else:
            template = Template.parse(dict(parameters))
        resolved = template.resolve(scope_of(state).reference)
        assert isinstance(resolved, dict)
        return resolved

    def _validate_input_schema(self, step: Step | Mapping[str, Any], params: Mapping[str, Any]) -> None:
        """Raises SchemaValidationError ("input") unless the resolved parameters fit; no schema takes all."""
        schema = step.input_schema if isinstance(step, Step) else step.get("input_schema")
        if schema:
            self._schemas.check("input", _label(step), schema, params)

    def _validate_output_schema(self, step: Step | Mapping[str, Any], output: Any) -> None:
        """Raises SchemaValidationError ("output") unless the output fits; no schema takes all."""
        schema = step.output_schema if isinstance(step, Step) else step.get("output_schema")
        if schema:
            self._schemas.check("output", _label(step), schema, output)

    def _check_dependencies(self, step: Step, state: Mapping[str, Any]) -> bool:
        """Whether what the step waits for has been settled; a step for which it is not is skipped."""
        if not step.depends_on:
            return True
        steps = state.get("steps") or {}
        if step.join.mode not in _EAGER:
            for step_id in step.depends_on:
                if step_id not in steps or steps[step_id]["status"] not in _SETTLED:
                    return False
            return True
        settled = [step_id in steps and steps[step_id]["status"] in _SETTLED for step_id in step.depends_on]
        # The join counts connections, of which several may come from the same step.
        counts = Counter(route.source for route in step.incoming)
        weights = counts.values() if len(counts) == len(settled) else [1] * len(settled)
        return sum(compress(weights, settled)) >= min(step.join.count, sum(weights))

    async def _execute_step(self, step: Step, params: dict[str, Any]) -> Any:
        """Call the step's action, wherever it runs, and return what it returns."""
        action = self.registry.get(step.service, step.action)
        context = CURRENT.get()
        if context is None:
            raise RuntimeError("_execute_step is called by the engine, which sets the step's context")
        if action.runs == "loop":
            result = action.handler(params, context)
            return await result if isawaitable(result) else result
        return await self._places.call(action, params, context)


def _distinct(node_ids: list[str]) -> list[str]:
    return node_ids if len(node_ids) < 2 else list(dict.fromkeys(node_ids))


def _label(step: Step | Mapping[str, Any]) -> str:
    return step.label if isinstance(step, Step) else str(step.get("title") or step.get("id") or "step")
