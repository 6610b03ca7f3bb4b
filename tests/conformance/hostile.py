"""Hostile expressions, hostile JSON and naughty strings: refused or bounded, and never changed on the way."""

from __future__ import annotations

import json
import sys
import time
import tracemalloc
from pathlib import Path
from typing import Any

from engine.errors import DefinitionError, ExpressionError, WorkflowFileError
from engine.expression import RunScope, compile_expression
from engine.files import codec, json_text
from tests.conformance.running import Stage, case_node
from tests.conformance.tally import Tally

MOST_SECONDS = 0.05
MOST_BYTES = 32_000_000
WATCHED = ("open", "os.", "subprocess.", "import", "exec", "compile", "socket.", "ctypes.")
ONE_KEY_TWICE = "a key written twice in one object is refused: JSON leaves its meaning open"
SMALLER = "comprehensions, powers, formatting and other forms that the language does not have"


class Watch:
    """What the interpreter reports (PEP 578) while it is watched; a hook cannot be taken away again."""

    _watching: list[str] | None = None
    _is_hooked = False

    @classmethod
    def over(cls, source: str) -> list[str]:
        """The files, processes and imports that evaluating the expression touches."""
        if not cls._is_hooked:
            sys.addaudithook(cls._hear)
            cls._is_hooked = True
        seen: list[str] = []
        cls._watching = seen
        try:
            _evaluate(source)
        finally:
            cls._watching = None
        return seen

    @classmethod
    def _hear(cls, event: str, arguments: Any) -> None:
        if cls._watching is not None and event.startswith(WATCHED):
            cls._watching.append(event)


def _evaluate(source: str) -> Any:
    try:
        return compile_expression(source).evaluate(RunScope())
    except ExpressionError as error:
        return error


def expression_fault(source: str) -> str | None:
    """What the expression reached or cost beyond its bounds, or None."""
    started = time.thread_time()
    touched = Watch.over(source)
    spent = time.thread_time() - started
    if touched:
        return f"{source}: touched {touched}"
    if spent > MOST_SECONDS:
        return f"{source}: took {spent * 1000:.0f} ms"
    tracemalloc.start()
    try:
        _evaluate(source)
        _, most = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    return f"{source}: needed {most:,} bytes" if most > MOST_BYTES else None


async def tally_expressions(folder: Path) -> Tally:
    """Each hostile expression stays within its bounds; each ordinary one gives what its authors say."""
    tally = Tally("hostile_expressions")
    _evaluate("matches('warm', 'up')")  # the engine of regular expressions is imported on first use
    for case in json.loads((folder / "expressions.json").read_text("utf-8")):
        tally.judge(case["expr"][:40], expression_fault(case["expr"]))
    for pair in json.loads((folder / "simpleeval_positive.json").read_text("utf-8")):
        found = _evaluate(pair["expr"].strip())
        if isinstance(found, ExpressionError):
            tally.leave_out(SMALLER)
            continue
        expected = pair["expected"].replace("(", "[").replace(")", "]").replace(",]", "]")
        same = repr(found) == expected or (isinstance(found, float) and f"{found:.9g}" == expected)
        tally.judge(pair["expr"], None if same else f"{found!r} instead of {expected}")
    return tally


def json_fault(path: Path) -> str | None:
    """How our reading differs from what the file's name promises (y yes, n no, i either), or None."""
    try:
        json_text.parse(json_text.read_text(path.read_bytes()))
    except WorkflowFileError as error:
        return error.message if path.name.startswith("y") else None
    return "read" if path.name.startswith("n") else None


def transform_fault(path: Path) -> str | None:
    """Either reading is right; anything but a plain refusal is not."""
    try:
        codec.decode(json_text.read_text(path.read_bytes()))
    except (WorkflowFileError, DefinitionError):
        return None
    return None


async def tally_json(folder: Path) -> Tally:
    """Each file, read as a workflow file is."""
    tally = Tally("json_hostile")
    for path in _files(folder / "test_parsing"):
        on_purpose = ONE_KEY_TWICE if "duplicated_key" in path.name else None
        tally.judge(path.name, json_fault(path), on_purpose=on_purpose)
    for path in _files(folder / "test_transform"):
        tally.judge(path.name, transform_fault(path))
    return tally


def _files(folder: Path) -> list[Path]:
    return sorted(folder.iterdir())


async def tally_strings(folder: Path) -> Tally:
    """Each string as title and notes, as a parameter, and as a value that a reference fetches."""
    tally = Tally("naughty_strings")
    texts = json.loads((folder / "blns.json").read_text("utf-8"))
    nodes = []
    for number, text in enumerate(texts):
        parameters = {
            "written": text.replace("${", "$${"),
            "fetched": f"${{input.texts[{number}]}}",
            "within": f"<${{input.texts[{number}]}}>",
        }
        nodes.append({**case_node(f"n{number}", "echo", parameters), "title": text, "notes": text})
    workflow = codec.decode(codec.encode(codec.decode({"id": "naughty", "nodes": nodes, "connections": []})))
    state = await Stage({"echo": dict}).run(workflow, {"texts": texts})
    for number, text in enumerate(texts):
        node, output = workflow.nodes[f"n{number}"], state["outputs"].get(f"n{number}")
        wanted = {"written": text, "fetched": text, "within": f"<{text}>"}
        same = (node.title, node.notes, output) == (text, text, wanted)
        tally.judge(f"n{number}", None if same else f"{text!r}: {node.title!r}, {output!r}")
    return tally
