"""Workflows in files of their own, taken into the workflow that names them: `{"file": "part.workflow.json"}`.

Done when a run is prepared, so that its snapshot and the hash of that hold everything, and a file that is
changed later changes no run that has begun.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

from engine.errors import DefinitionError, WorkflowFileError
from engine.files import workflow_file
from engine.model import json_form
from engine.model.embedded import MAX_DEPTH, file_of, get, is_composite
from engine.model.workflow import Node, Workflow
from engine.problem import Problem


def names_files(workflow: Workflow) -> bool:
    """Whether the workflow, or one inside it, names a file."""
    return any(
        file_of(node) is not None or ((inner := _inner(node)) is not None and names_files(inner))
        for node in workflow.nodes.values()
        if is_composite(node)
    )


def with_files(workflow: Workflow, base_dir: Path | str | None) -> Workflow:
    """The workflow with every file it names read and embedded; itself when it names none.

    base_dir: where relative paths start, and in a file the folder of that file. Raises DefinitionError with
    every file that cannot be read or names itself in a circle.
    """
    if not names_files(workflow):
        return workflow
    inclusion = _Inclusion()
    made = inclusion.embed(workflow, Path(base_dir) if base_dir else Path.cwd(), ())
    if inclusion.problems:
        raise DefinitionError("; ".join(each.message for each in inclusion.problems), inclusion.problems)
    return made


class _Inclusion:
    def __init__(self) -> None:
        self.problems: list[Problem] = []

    def embed(self, workflow: Workflow, folder: Path, around: Sequence[Path], way: str = "") -> Workflow:
        nodes: dict[str, Node] = {}
        for index, node in enumerate(workflow.nodes.values()):
            nodes[node.id] = node
            if not is_composite(node):
                continue
            name, here = file_of(node), f"{way}{node.id}"
            if name is None:
                inner = _inner(node)
                made = inner and self.embed(inner, folder, around, f"{here}/")
            else:
                made = self._read(node, name, folder, around, (index, here))
                inner = None
            if made is not None and made is not inner:
                nodes[node.id] = node.with_config(workflow=json_form.to_json(made))
        if all(nodes[node_id] is node for node_id, node in workflow.nodes.items()):
            return workflow
        return replace(workflow, nodes=nodes)

    def _read(
        self, node: Node, name: str, folder: Path, around: Sequence[Path], place: tuple[int, str]
    ) -> Workflow | None:
        path = (folder / name).resolve()
        if path in around:
            circle = " → ".join(each.name for each in [*around[around.index(path) :], path])
            self._problem(node, place, f"these files hold each other: {circle}", "Take one of them out.")
            return None
        if len(around) >= MAX_DEPTH:
            self._problem(node, place, f"more than {MAX_DEPTH} files stand inside each other", "")
            return None
        try:
            found = workflow_file.load(path)
        except (WorkflowFileError, DefinitionError) as error:
            hint = error.hint or "Check the name; it is relative to the file in which the node stands."
            self._problem(node, place, f"the workflow in {name}: {error.message}", hint)
            return None
        return self.embed(found, path.parent, [*around, path], f"{place[1]}/")

    def _problem(self, node: Node, place: tuple[int, str], words: str, hint: str) -> None:
        index, way = place
        outermost = way.partition("/")[0]
        self.problems.append(
            Problem(
                severity="error",
                code="subworkflow-file",
                message=f'"{node.label}": {words}',
                node_id=outermost,
                pointer=f"/nodes/{index}/config/workflow/file" if way == outermost else "",
                suggestion=hint,
                path=way if way != outermost else "",
            )
        )


def _inner(node: Node) -> Workflow | None:
    """The embedded workflow; what cannot be read is a problem that validation tells."""
    try:
        return get(node)
    except ValueError:
        return None
