"""The catalog of node types: read once from the resources, in the order the palette shows them."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator
from functools import cache
from importlib import resources
from importlib.resources.abc import Traversable

from engine.model.node_type import CATEGORIES, Category, NodeType
from engine.model.workflow import Node


class Catalog:
    """Node types by id; iterates in palette order: by category, then as an analyst needs them."""

    def __init__(self, types: Iterable[NodeType]) -> None:
        """The order within a category is the order given. Raises ValueError if an id comes twice."""
        ranked = sorted(types, key=lambda node_type: CATEGORIES.index(node_type.category))
        self._types = {node_type.id: node_type for node_type in ranked}
        if len(self._types) != len(ranked):
            twice = {t.id for t in ranked if sum(other.id == t.id for other in ranked) > 1}
            raise ValueError(f"node types defined twice: {', '.join(sorted(twice))}")

    @classmethod
    def load(cls) -> Catalog:
        """The built-in node types; reads the files once in a process."""
        return _built_in()

    @property
    def types(self) -> tuple[NodeType, ...]:
        """All node types in palette order."""
        return tuple(self._types.values())

    def get(self, type_id: str, /) -> NodeType | None:
        """The node type of that id, or None: a file may come from a newer version or need a plug-in."""
        return self._types.get(type_id)

    def categories(self) -> dict[Category, tuple[NodeType, ...]]:
        """Each category that has node types, with them, in palette order."""
        grouped: dict[Category, list[NodeType]] = {}
        for node_type in self._types.values():
            grouped.setdefault(node_type.category, []).append(node_type)
        return {category: tuple(members) for category, members in grouped.items()}

    def action_of(self, node: Node) -> tuple[str, str]:
        """The (service, action) that a node runs: what it says itself, else what its type says."""
        node_type = self.get(node.type)
        service = node.service or (node_type.service if node_type else "default")
        return service, node.action or (node_type.action if node_type else "")

    def search(self, text: str) -> list[NodeType]:
        """Node types that answer to every word of the text, best match first; all of them if it is empty."""
        words = text.casefold().split()
        scored = [(_score(node_type, words), node_type) for node_type in self._types.values()]
        return [found for score, found in sorted(scored, key=lambda pair: -pair[0]) if score > 0]

    def __contains__(self, type_id: object) -> bool:
        return type_id in self._types

    def __iter__(self) -> Iterator[NodeType]:
        return iter(self._types.values())

    def __len__(self) -> int:
        return len(self._types)


def load_types(folder: Traversable) -> list[NodeType]:
    """Every definition (*.json) in a folder, by its "order" and then its id.

    Raises ValueError that names the file of a definition that cannot be read.
    """
    found: list[tuple[int, str, NodeType]] = []
    for entry in folder.iterdir():
        if not entry.name.endswith(".json"):
            continue
        try:
            described = json.loads(entry.read_text(encoding="utf-8"))
            node_type = NodeType.from_json(described)
            found.append((int(described.get("order", 1000)), node_type.id, node_type))
        except (ValueError, KeyError, TypeError, AttributeError) as error:
            raise ValueError(f"{entry.name}: {error}") from error
    return [node_type for _, _, node_type in sorted(found, key=lambda item: item[:2])]


@cache
def _built_in() -> Catalog:
    return Catalog(load_types(resources.files("resources") / "node_types"))


def _score(node_type: NodeType, words: list[str]) -> int:
    """How well a type answers: 0 if a word is nowhere, more for a title than for a keyword."""
    if not words:
        return 1
    title = node_type.title.casefold()
    keywords = [keyword.casefold() for keyword in node_type.keywords]
    total = 0
    for word in words:
        if title.startswith(word):
            total += 100
        elif any(part.startswith(word) for part in title.split()):
            total += 60
        elif any(keyword.startswith(word) for keyword in keywords):
            total += 40
        elif word in title or word in node_type.id:
            total += 20
        elif word in node_type.summary.casefold():
            total += 10
        else:
            return 0
    return total
