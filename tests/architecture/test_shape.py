"""The house rules that a reader should not have to check by hand."""

from __future__ import annotations

import ast
import json
import re
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
PACKAGES = ("engine", "designer")
MOST_LINES = 400
MOST_METHODS = 25


def sources(*folders: str) -> Iterator[Path]:
    for folder in folders:
        yield from (path for path in (ROOT / folder).rglob("*.py") if "__pycache__" not in path.parts)


def names(path: Path) -> str:
    return path.relative_to(ROOT).as_posix()


def test_that_no_file_grows_beyond_what_a_person_reads_in_one_go() -> None:
    long = {
        names(path): count
        for path in sources(*PACKAGES, "tests")
        if (count := len(path.read_text(encoding="utf-8").splitlines())) > MOST_LINES
    }
    # The seed's plan asks for its ten test classes in one file.
    long.pop("tests/engine/test_workflow_engine.py", None)
    assert not long


def test_that_no_class_has_more_methods_than_a_person_can_hold() -> None:
    big = {}
    for path in sources(*PACKAGES):
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(node, ast.ClassDef):
                methods = [n for n in node.body if isinstance(n, ast.FunctionDef | ast.AsyncFunctionDef)]
                if len(methods) > MOST_METHODS:
                    big[f"{names(path)}:{node.name}"] = len(methods)
    assert not big


def test_that_no_dialog_or_menu_runs_a_loop_of_its_own() -> None:
    nested = re.compile(
        r"\.exec_?\(\)|QMessageBox\.(question|warning|information|critical)\(|QFileDialog\.get|QInputDialog\.get"
    )
    found = [
        names(path)
        for path in sources("designer")
        if nested.search(path.read_text(encoding="utf-8")) and names(path) != "designer/app.py"
    ]
    assert not found


def _swallows(handler: ast.ExceptHandler) -> bool:
    """Whether a broad handler may end without raising again."""
    broad = handler.type is None or (
        isinstance(handler.type, ast.Name) and handler.type.id in ("Exception", "BaseException")
    )
    last = handler.body[-1]
    return broad and not (isinstance(last, ast.Raise) and last.exc is None)


def test_that_broad_excepts_stand_only_where_they_are_explained() -> None:
    silent = []
    for path in sources(*PACKAGES):
        text = path.read_text(encoding="utf-8")
        lines = text.splitlines()
        for node in ast.walk(ast.parse(text)):
            if isinstance(node, ast.ExceptHandler) and _swallows(node):
                around = lines[node.lineno - 2 : node.lineno + 2]
                if not any("#" in line for line in around):
                    silent.append(f"{names(path)}:{node.lineno}")
    assert not silent


def test_that_no_graphics_effect_slows_the_canvas() -> None:
    found = [names(p) for p in sources("designer") if "QGraphicsEffect" in p.read_text(encoding="utf-8")]
    assert not found


def _inline_colours(path: Path) -> list[str]:
    return re.findall(r"[\"']#[0-9A-Fa-f]{6}[\"']", path.read_text(encoding="utf-8"))


def test_that_colours_come_from_the_theme() -> None:
    found = {
        names(path): colours
        for path in sources("designer")
        if "theme" not in path.parts and (colours := _inline_colours(path))
    }
    assert not found


@pytest.mark.parametrize(
    "path", sorted((ROOT / "resources" / "node_types").glob("*.json")), ids=lambda p: p.stem
)
def test_that_every_node_type_is_complete(path: Path) -> None:
    from designer.theme import icons
    from engine.actions import HANDLERS
    from engine.model import NodeType
    from engine.model.subworkflows import COMPOSITES

    described = json.loads(path.read_text(encoding="utf-8"))
    node_type = NodeType.from_json(described)
    assert path.stem == node_type.id
    assert node_type.summary
    assert node_type.help
    assert icons.exists(node_type.icon), node_type.icon
    # What holds a workflow of its own is no action: the engine runs its steps.
    assert (node_type.service, node_type.action) in HANDLERS or node_type.id in COMPOSITES
    assert set(node_type.follows) <= {p.stem for p in path.parent.glob("*.json")}
    for name, schema in node_type.properties.items():
        assert schema.get("title"), name
        assert schema.get("description"), name


def test_that_every_handler_belongs_to_a_node_type() -> None:
    from engine.actions import HANDLERS
    from engine.catalog import Catalog

    known = {(node_type.service, node_type.action) for node_type in Catalog.load().types}
    assert set(HANDLERS) <= known
