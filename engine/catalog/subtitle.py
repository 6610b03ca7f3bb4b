"""The second line of a node's card: its parameters in a few words.

A node type's ``subtitle`` is a text with placeholders: ``{path}`` is a parameter, ``{condition|rules}``
the first of several that has a value. Lists are joined with commas, or counted
(``x-count``); an object in a list reads as its schema's ``x-summary`` says (``"{function}({column})"``), a
choice as its title. A part whose placeholder has no value, such as " per {group}", is left out.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

from engine.model.json_value import Json
from engine.model.node_type import NodeType

_PART = re.compile(r"(?P<before>[^{}]*)\{(?P<names>[^{}]+)\}")
_LIMIT = 200


def subtitle(node_type: NodeType, parameters: Mapping[str, Json]) -> str:
    """What the card says about these parameters; the type's summary if they say nothing yet."""
    return _filled(node_type, node_type.subtitle, parameters)


def sentence(node_type: NodeType, parameters: Mapping[str, Json]) -> str:
    """What a step does as a sentence ("Keep rows where dep_delay > 60"); its type's summary at least."""
    if node_type.sentence:
        text = _filled(node_type, node_type.sentence, parameters)
        # Without its first value the sentence has lost its verb.
        return text if text.startswith(node_type.sentence.split("{")[0]) else node_type.summary
    text = subtitle(node_type, parameters)
    return text if text in ("", node_type.summary, node_type.subtitle) else f"{node_type.title}: {text}"


def _filled(node_type: NodeType, template: str, parameters: Mapping[str, Json]) -> str:
    properties = node_type.properties
    pieces: list[str] = []
    end = 0
    for part in _PART.finditer(template):
        end = part.end()
        value = _first(part["names"].split("|"), parameters, properties)
        if value:
            pieces.append(part["before"] + value)
    if end == 0:
        return template or node_type.summary
    text = " ".join("".join(pieces).split())
    if not text:
        return node_type.summary
    text += template[end:]
    return text if len(text) <= _LIMIT else text[: _LIMIT - 1] + "…"


def _first(names: list[str], parameters: Mapping[str, Json], properties: Mapping[str, Any]) -> str:
    for name in names:
        schema = properties.get(name, {})
        text = _text(parameters.get(name), schema)
        if text:
            unit = schema.get("x-unit")
            return f"{text} {unit}" if unit else text
    return ""


def _text(value: Json, schema: Mapping[str, Any]) -> str:
    if value is None or value == "" or value == [] or value == {}:
        return ""
    if isinstance(value, list):
        if noun := schema.get("x-count"):
            return f"{len(value)} {noun}" if len(value) != 1 else f"1 {noun.removesuffix('s')}"
        items = schema.get("items", {})
        return ", ".join(filter(None, (_text(item, items) for item in value)))
    if isinstance(value, dict):
        return _object(value, schema)
    if isinstance(value, bool):
        return "yes" if value else "no"
    text = str(value).strip()
    return _choice_title(text, schema) or text.split("\n", 1)[0]


def _object(value: dict[str, Json], schema: Mapping[str, Any]) -> str:
    template = schema.get("x-summary")
    properties = schema.get("properties", {})
    if not isinstance(template, str):
        return ", ".join(f"{name} = {_text(item, {}) or 'nothing'}" for name, item in value.items())

    def fill(match: re.Match[str]) -> str:
        name = match[1]
        # A default stands in, so that an item reads the same whether or not the form wrote it out.
        return _text(value.get(name, properties.get(name, {}).get("default")), properties.get(name, {}))

    return re.sub(r"\{(\w+)\}", fill, template).replace("()", "").strip()


def _choice_title(text: str, schema: Mapping[str, Any]) -> str:
    if not schema.get("x-show-title"):
        return ""
    for option in schema.get("oneOf", ()):
        if option.get("const") == text:
            return str(option.get("title", text))
    return ""
