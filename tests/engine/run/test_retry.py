"""Whether and when a failed attempt is tried again."""

from __future__ import annotations

from typing import Any

import pytest

from engine.errors import (
    ActionError,
    ConditionError,
    ExternalServiceError,
    MissingInputError,
    SchemaValidationError,
    StepTimeoutError,
)
from engine.model.policy import RetryPolicy
from engine.run.retry import LONGEST_WAIT_S, is_retried, wait_before_retry
from tests.support.fake_clock import FixedRng


def wait(
    error: Exception, failures: int = 1, max_attempts: int = 5, rng: float = 1.0, **policy: Any
) -> float | None:
    return wait_before_retry(
        RetryPolicy.from_json(policy), error, failures=failures, max_attempts=max_attempts, rng=FixedRng(rng)
    )


@pytest.mark.parametrize(
    "error",
    [
        ConnectionError(), TimeoutError(), StepTimeoutError("a", 1), RuntimeError(), OSError(),
        ExternalServiceError("x"),
        *(ExternalServiceError("x", status=s) for s in (408, 425, 429, 500, 503, 599)),
    ],
    ids=repr,
)  # fmt: skip
def test_that_what_may_pass_is_tried_again(error: Exception) -> None:
    assert is_retried(RetryPolicy(), error)


@pytest.mark.parametrize(
    "error",
    [
        ActionError("x"), TypeError(), ValueError(), KeyError("x"), MissingInputError("input.x"),
        ConditionError("x"),
        SchemaValidationError("input", []), ExternalServiceError("x", retryable=False),
        *(ExternalServiceError("x", status=s) for s in (400, 401, 403, 404, 405, 409, 410, 422)),
    ],
    ids=repr,
)  # fmt: skip
def test_that_what_stays_wrong_is_not_tried_again(error: Exception) -> None:
    assert not is_retried(RetryPolicy(), error)


def test_that_a_policy_can_name_errors_by_class_or_status() -> None:
    assert is_retried(RetryPolicy(retry_on=("ValueError",)), ValueError())
    assert is_retried(RetryPolicy(retry_on=("404",)), ExternalServiceError("x", status=404))
    assert is_retried(RetryPolicy(retry_on=("OSError",)), ConnectionError())
    assert not is_retried(RetryPolicy(retry_on=("ValueError",)), ConnectionError())
    assert not is_retried(RetryPolicy(no_retry_on=("ConnectionError",)), ConnectionResetError())


def test_that_waits_grow_up_to_the_longest() -> None:
    waits = [
        wait(ConnectionError(), n, 9, initial_interval=1, backoff=10, max_interval=50) for n in (1, 2, 3)
    ]
    assert waits == [1, 10, 50]


def test_that_jitter_takes_a_part_of_the_wait_and_can_be_off() -> None:
    assert wait(ConnectionError(), rng=0.25, initial_interval=8) == 2
    assert wait(ConnectionError(), rng=0.25, initial_interval=8, jitter="none") == 8


def test_that_a_service_may_ask_for_more_time() -> None:
    busy = ExternalServiceError("busy", status=429, retry_after=30)
    assert wait(busy, initial_interval=1) == 30
    assert wait(busy, initial_interval=1, respect_retry_after=False) == 1


def test_that_there_is_no_attempt_beyond_the_last() -> None:
    assert wait(ConnectionError(), failures=5, max_attempts=5) is None
    assert wait(ValueError()) is None


@pytest.mark.parametrize("asked", [float("inf"), float("nan"), 1e300])
def test_that_no_service_can_ask_for_a_wait_without_end(asked: float) -> None:
    assert wait(ExternalServiceError("busy", retry_after=asked)) in (1.0, LONGEST_WAIT_S)
