"""How a node says how often and how long it is tried."""

from __future__ import annotations

from typing import Any

import pytest

from engine.model.policy import RetryPolicy, Timeouts


def test_that_nothing_said_means_one_try() -> None:
    assert RetryPolicy.from_json(None) == RetryPolicy(max_attempts=1)
    assert Timeouts.from_json(None) == Timeouts()


def test_that_a_number_is_short_for_an_object() -> None:
    assert RetryPolicy.from_json(4) == RetryPolicy.from_json({"max_attempts": 4})
    assert Timeouts.from_json(4) == Timeouts.from_json({"attempt": 4}) == Timeouts(attempt=4.0)
    assert Timeouts.from_json({"total": 9}) == Timeouts(total=9.0)


@pytest.mark.parametrize(
    ("described", "said"),
    [
        ("often", "retry must be an object"),
        (True, "retry must be an object"),
        ({"max_attempts": 0}, "'max_attempts' must be a whole number"),
        ({"max_attempts": True}, "'max_attempts' must be a whole number"),
        ({"jitter": "some"}, '"full" or "none"'),
        ({"respect_retry_after": "yes"}, "must be true or false"),
        ({"retry_on": "TimeoutError"}, "'retry_on' must be a list of error names"),
        ({"no_retry_on": [404]}, "'no_retry_on' must be a list of error names"),
        ({"backoff": 0.5}, "'backoff' must be a number of at least 1"),
        ({"initial_interval": float("inf")}, "'initial_interval' must be a number"),
    ],
)
def test_that_a_retry_that_cannot_be_meant_is_refused(described: Any, said: str) -> None:
    with pytest.raises(ValueError, match=said):
        RetryPolicy.from_json(described)


@pytest.mark.parametrize(
    ("described", "said"),
    [
        (0, "'attempt' must be more than 0"),
        ({"total": -1}, "'total' must be a number of at least 0"),
        ({"attempt": "1"}, "'attempt' must be a number"),
        ({"step": 3}, "timeout has no 'step'"),
    ],
)
def test_that_a_timeout_that_cannot_be_meant_is_refused(described: Any, said: str) -> None:
    with pytest.raises(ValueError, match=said):
        Timeouts.from_json(described)


def test_that_waits_double_up_to_the_longest_however_often_it_fails() -> None:
    policy = RetryPolicy(initial_interval=0.5, backoff=2, max_interval=60)
    assert [policy.delay_s(failures) for failures in (1, 2, 3, 10, 100_000)] == [0.5, 1, 2, 60, 60]
    steep = RetryPolicy(initial_interval=0.5, backoff=1e300, max_interval=60)
    assert [steep.delay_s(failures) for failures in (1, 2, 3, 100)] == [0.5, 60, 60, 60]
    assert RetryPolicy(initial_interval=0, backoff=1e300).delay_s(9) == 0
