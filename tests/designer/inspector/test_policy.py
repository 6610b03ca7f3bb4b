"""Error handling between the file's config and plain fields: what a person does not touch stays."""

from __future__ import annotations

from typing import Any

import pytest

from designer.panels.inspector_policy import policy_config, policy_schema, read_policy
from engine.model.policy import RetryPolicy, Timeouts
from engine.model.workflow import Node


def node(**config: Any) -> Node:
    return Node(id="a", type="t", config=config)


@pytest.mark.parametrize(
    "config",
    [
        {},
        {"retry": 3},
        {"retry": {"max_attempts": 3, "jitter": "none"}},
        {"timeout": 30},
        {"timeout": {"attempt": 3, "total": 9}},
        {"timeout": {"total": 9}},
        {"continue_on_error": True, "disabled": False},
        {"join": {"mode": "n_of", "n": 2}},
        {"join": "any"},
    ],
)
def test_that_a_form_that_is_only_looked_at_changes_nothing(config: dict[str, Any]) -> None:
    assert policy_config(node(**config), read_policy(node(**config))) == {}


def test_that_fields_become_what_the_engine_reads() -> None:
    values = {"attempts": 4, "wait": 2, "backoff": 3, "longest_wait": 20, "timeout": 5, "total": 60}
    config = policy_config(node(), values)
    assert RetryPolicy.from_json(config["retry"]).max_attempts == 4
    assert RetryPolicy.from_json(config["retry"]).max_interval == 20
    assert Timeouts.from_json(config["timeout"]) == Timeouts(attempt=5, total=60)


def test_that_unknown_retry_keys_survive() -> None:
    before = node(retry={"max_attempts": 3, "jitter": "none"})
    assert policy_config(before, {"attempts": 5}) == {"retry": {"max_attempts": 5, "jitter": "none"}}


def test_that_emptied_fields_take_their_keys_away() -> None:
    before = node(retry=3, timeout=5, continue_on_error=True, join="any")
    assert policy_config(before, {}) == {
        "retry": None,
        "timeout": None,
        "continue_on_error": None,
        "join": None,
    }


def test_that_a_trigger_has_nothing_to_retry() -> None:
    assert list(policy_schema(has_join=False, is_trigger=True)["properties"]) == ["disabled"]
    assert "join" in policy_schema(has_join=True, is_trigger=False)["properties"]
