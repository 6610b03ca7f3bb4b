"""Frozen values that are made quickly are like any other."""

from dataclasses import FrozenInstanceError, dataclass, field, fields, replace
from typing import Any

import pytest

from engine.model.quick_made import quick_made
from engine.model.workflow import Connection, Node
from engine.plan.step import Route


@dataclass(frozen=True, slots=True, kw_only=True)
class Counted:
    name: str
    items: list[int] = field(default_factory=list)
    count: int = field(init=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "count", len(self.items))


CASES: list[tuple[type[Any], dict[str, Any]]] = [
    (Node, {"id": "a", "type": "action"}),
    (Node, {"id": "a", "type": "action", "title": "A", "config": {"x": 1}, "notes": "n", "extra": {"k": 2}}),
    (Connection, {"id": "c", "source": "a", "target": "b"}),
    (
        Connection,
        {"id": "c", "source": "a", "target": "b", "on": "error", "condition": "n", "priority": 2},
    ),
    (Route, {"index": 0, "id": "c", "source": 0, "target": 1, "on": "always", "condition": None}),
    (Counted, {"name": "a", "items": [1, 2]}),
]


@pytest.mark.parametrize(("kind", "values"), CASES)
def test_that_it_is_the_same_value_of_the_same_class_and_locked(
    kind: type[Any], values: dict[str, Any]
) -> None:
    made, usual = quick_made(kind)(**values), kind(**values)
    assert type(made) is kind
    assert made == usual
    assert repr(made) == repr(usual)
    assert [getattr(made, each.name) for each in fields(kind)] == [
        getattr(usual, each.name) for each in fields(kind)
    ]
    with pytest.raises(FrozenInstanceError):
        setattr(made, fields(kind)[0].name, "other")
    assert replace(made) == usual


def test_that_defaults_are_made_for_each_and_what_is_missing_is_refused() -> None:
    new = quick_made(Counted)
    assert new(name="a").items is not new(name="a").items
    assert (new(name="a").count, new(name="a", items=[7]).count) == (0, 1)
    with pytest.raises(TypeError, match="name"):
        new()
    with pytest.raises(TypeError, match="colour"):
        new(name="a", colour="red")
