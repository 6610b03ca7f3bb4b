"""Which faults are worth another attempt when the policy names none."""

import pytest

from engine.backends.process import ProcessFailed
from engine.errors import ActionError, ExternalServiceError, StepTimeoutError
from engine.model.policy import RetryPolicy
from engine.run.retry import is_retried


@pytest.mark.parametrize(
    ("error", "expected"),
    [
        (ActionError("No column 'Mounth'"), False),
        (ProcessFailed("KeyError: 'x'", error_type="KeyError"), False),
        (ProcessFailed("SyntaxError", error_type="SyntaxError"), False),
        (ProcessFailed("ConnectionError", error_type="ConnectionError"), True),
        (ExternalServiceError("busy", status=503), True),
        (ExternalServiceError("gone", status=404), False),
        (StepTimeoutError("a", 1.0), True),
        (OSError("disk"), True),
    ],
)
def test_that_only_what_may_pass_is_tried_again(error: Exception, expected: bool) -> None:
    assert is_retried(RetryPolicy.from_json({"max_attempts": 3}), error) is expected


def test_that_a_policy_may_name_what_a_person_would_have_to_mend() -> None:
    policy = RetryPolicy.from_json({"max_attempts": 3, "retry_on": ["ActionError"]})
    assert is_retried(policy, ActionError("the file is open in Excel"))
