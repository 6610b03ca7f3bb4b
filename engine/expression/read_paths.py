"""Which values an expression looks at, as far as that can be said without evaluating it."""

from __future__ import annotations

from collections.abc import Iterator

from engine.expression import syntax
from engine.expression.evaluator import static_path
from engine.expression.parser import parse
from engine.expression.paths import Path


def paths_read(source: str) -> Iterator[Path]:
    """The paths it may read; where an index is computed, all that it stands in. Raises ExpressionError."""
    stack = [parse(source).tree]
    while stack:
        node = stack.pop()
        path = node.path if isinstance(node, syntax.Reference) else static_path(node)
        if path is not None:
            yield path
        else:
            stack += syntax.children(node)
