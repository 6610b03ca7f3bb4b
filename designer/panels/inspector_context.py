"""What a node's form may know of the workflow around it. No Qt here.

Everything is read from the workflow, the node types and the outputs of the last run; nothing is run.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from pathlib import Path as FilePath
from typing import Any, TypeAlias

from designer.forms.context import Column, FormContext, Suggestion
from engine.errors import ExpressionError
from engine.expression.paths import Missing, Path, descend
from engine.history.step_state import StepState
from engine.model import queries
from engine.model.embedded import FOR_EACH, LOOP
from engine.model.json_value import Json
from engine.model.node_type import NodeType, NodeTypes
from engine.model.workflow import Node, Workflow

ColumnsOf: TypeAlias = Callable[[str, Json], Sequence[Column]]
"""(node id, reference) -> columns, for tables that no run has made yet."""


class Surroundings:
    """The workflow as forms see it; the inspector keeps `workflow` and `steps` up to date.

    `holder` is the node that holds the workflow, if it is one inside another.
    """

    def __init__(self, workflow: Workflow, types: NodeTypes) -> None:
        self.workflow = workflow
        self.types = types
        self.steps: dict[str, StepState] = {}
        self.base_dir: FilePath | None = None
        self.columns_of: ColumnsOf | None = None
        self.secrets: Sequence[str] = ()
        self.holder: Node | None = None

    def for_node(self, node_id: str) -> FormContext:
        """The surroundings of a node's parameters."""
        return FormContext(
            columns=lambda reference: self.columns(node_id, reference),
            references=lambda: self.references(node_id),
            describe=self.describe,
            missing=lambda path: self.missing(path, node_id),
            base_dir=self.base_dir,
            allows_expressions=True,
        )

    def for_rollback(self, node_id: str) -> FormContext:
        """The surroundings of what undoes a node: it runs after it and sees what it was given and gave."""
        return replace(self.for_node(node_id), references=lambda: self.undo_names(node_id))

    def undo_names(self, node_id: str) -> list[Suggestion]:
        """What may stand in `${...}` of a rollback."""
        node = self.workflow.nodes.get(node_id)
        given = node.parameters if node is not None else {}
        return [
            *(replace(one, text=f"self.output.{one.text}") for one in self.outputs(node_id)),
            *(Suggestion(text=f"self.input.{name}", detail="as it was run with") for name in given),
            Suggestion(text="error.message", detail="why the run is undone"),
            *self.references(node_id),
        ]

    def for_connection(self, connection_id: str) -> FormContext:
        """The surroundings of a connection's condition: its source's fields have plain names."""
        return FormContext(
            references=lambda: self.condition_names(connection_id),
            describe=self.describe,
            missing=lambda path: self.missing(path, ""),
            base_dir=self.base_dir,
        )

    # -- columns and tables --------------------------------------------------------------------------

    def columns(self, node_id: str, reference: Json) -> Sequence[Column]:
        """The columns of the table that a value such as `${join.table}` names; empty while unknown."""
        table = self.table(reference)
        listed = table.get("columns") if table is not None else None
        if isinstance(listed, list):
            return [
                Column(name=str(one["name"]), type=str(one.get("type", "")))
                for one in listed
                if isinstance(one, Mapping) and "name" in one
            ]
        return self.columns_of(node_id, reference) if self.columns_of is not None else ()

    def table(self, reference: Json) -> Mapping[str, Any] | None:
        """The table behind a reference, as the last run gave it."""
        if not isinstance(reference, str) or not reference.startswith("${") or not reference.endswith("}"):
            return None
        value = self.value(reference[2:-1])
        return value if isinstance(value, Mapping) and "$table" in value else None

    def value(self, text: str) -> Json | Missing:
        """What the last run put at a path of a step's output; MISSING when nothing is known."""
        try:
            path = Path.parse(text)
        except ExpressionError:
            return Missing.MISSING
        step = self.steps.get(path.root)
        if step is None or step.output is None:
            return Missing.MISSING
        parts = path.parts[1:] if path.parts[:1] == ("output",) else path.parts
        return descend(step.output, parts)

    def describe(self, text: str) -> str:
        """`336,776 rows × 20 columns, from Join airlines`."""
        node = self.workflow.nodes.get(_root(text))
        if node is None:
            return ""
        table = self.table(f"${{{text}}}")
        if table is None:
            return f"From {node.label}"
        rows, columns = table.get("rows", 0), len(table.get("columns", ()))
        return f"{size(rows, columns)}, from {node.label}"

    # -- references ----------------------------------------------------------------------------------

    def references(self, node_id: str) -> list[Suggestion]:
        """What may stand in `${...}` of a node: inputs, and what the steps before it give."""
        before = queries.upstream(self.workflow, [node_id]) - {node_id}
        found = self._inputs()
        for other in [one for one in self.workflow.nodes if one in before]:
            found += [
                Suggestion(text=f"{other}.{one.text}", detail=one.detail, is_table=one.is_table)
                for one in self.outputs(other)
            ]
        found += [Suggestion(text=f"secrets.{name}", detail="secret") for name in self.secrets]
        return found

    def condition_names(self, connection_id: str) -> list[Suggestion]:
        """Names for a condition: the source's own fields, then inputs and earlier steps."""
        connection = self.workflow.connections.get(connection_id)
        if connection is None:
            return []
        source = connection.source
        found = [_numbers_of_tables(one) for one in self.outputs(source)]
        earlier = queries.upstream(self.workflow, [source]) - {source}
        found += self._inputs()
        for other in [one for one in self.workflow.nodes if one in earlier]:
            for one in self.outputs(other):
                text = f"{other}.{one.text}"
                # A hyphen would read as a minus outside of ${...}.
                shown = text if other.isidentifier() else f"${{{text}}}"
                found.append(
                    _numbers_of_tables(Suggestion(text=shown, detail=one.detail, is_table=one.is_table))
                )
        return found

    def _inputs(self) -> list[Suggestion]:
        given = [
            Suggestion(text=f"input.{name}", detail=str(schema.get("type", "input")))
            for name, schema in self.workflow.input_properties.items()
        ]
        return [*self._item(), *given]

    def _item(self) -> list[Suggestion]:
        """What the steps inside a For each or Repeat know besides."""
        if self.holder is None or self.holder.type not in (FOR_EACH, LOOP):
            return []
        is_each = self.holder.type == FOR_EACH
        items = self.holder.parameters.get("items")
        first = items[0] if is_each and isinstance(items, list) and items else None
        fields = first if isinstance(first, Mapping) else {}
        return [
            Suggestion(text="item", detail="the item" if is_each else "result of the round before"),
            *(Suggestion(text=f"item.{name}", detail=type_word(value)) for name, value in fields.items()),
            Suggestion(text="index", detail="number, from 0"),
        ]

    def outputs(self, node_id: str) -> list[Suggestion]:
        """The fields of a step's output: what the last run gave, else what its type promises."""
        step = self.steps.get(node_id)
        if step is not None and isinstance(step.output, Mapping):
            return [
                Suggestion(text=name, detail=type_word(value), is_table=is_table(value))
                for name, value in step.output.items()
                if name.isidentifier()
            ]
        node_type = self.type_of(node_id)
        properties = node_type.output_schema.get("properties") if node_type is not None else None
        tables = {port.name for port in node_type.outputs if port.kind == "table"} if node_type else set()
        return [
            Suggestion(
                text=name,
                detail="table" if name in tables else str(schema.get("type", "")),
                is_table=name in tables,
            )
            for name, schema in (properties.items() if isinstance(properties, Mapping) else ())
            if isinstance(schema, Mapping)
        ]

    def type_of(self, node_id: str) -> NodeType | None:
        node = self.workflow.nodes.get(node_id)
        return self.types.get(node.type) if node is not None else None

    def missing(self, text: str, node_id: str) -> str:
        """Why a reference has no value yet, or never will; empty when it has one."""
        try:
            path = Path.parse(text)
        except ExpressionError:
            return ""
        if path.root == "input":
            return self._missing_input(path)
        node = self.workflow.nodes.get(path.root)
        if node is None or not node_id or path.root == node_id:
            return ""
        if path.root not in queries.upstream(self.workflow, [node_id]):
            return f"{node.label} does not run before this step. Connect it, or refer to another step."
        return ""

    def _missing_input(self, path: Path) -> str:
        name = str(path.parts[0]) if path.parts else ""
        if not name:
            return ""
        schema = self.workflow.input_properties.get(name)
        if schema is None:
            return f"The workflow has no input {name}. Add it to the workflow's inputs."
        if "default" in schema:
            return ""
        return f"{name} has no value yet. Give it when the run asks, or set a default."


def _root(text: str) -> str:
    try:
        return Path.parse(text).root
    except ExpressionError:
        return ""


def _numbers_of_tables(one: Suggestion) -> Suggestion:
    # A condition compares single values; of a table that is the number of its rows.
    if not one.is_table:
        return one
    text = f"{one.text[:-1]}.rows}}" if one.text.endswith("}") else f"{one.text}.rows"
    return Suggestion(text=text, detail="int")


def is_table(value: object) -> bool:
    """Whether an output value is a reference to a table."""
    return isinstance(value, Mapping) and "$table" in value


def type_word(value: object) -> str:
    """The type of a value in one word."""
    if is_table(value):
        return "table"
    if isinstance(value, bool):
        return "boolean"
    if isinstance(value, int):
        return "integer"
    if isinstance(value, float):
        return "number"
    words: dict[type, str] = {str: "text", list: "list", dict: "object"}
    return words.get(type(value), "")


def size(rows: int, columns: int) -> str:
    """`336,776 rows × 20 columns`."""
    return f"{rows:,} row{'' if rows == 1 else 's'} × {columns:,} column{'' if columns == 1 else 's'}"
