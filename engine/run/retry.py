"""Whether a failed attempt is worth another, and when: pure, so that it can be read as a table."""

from __future__ import annotations

from math import isfinite

from engine.backends.process import ProcessFailed
from engine.errors import (
    ActionError,
    ExpressionError,
    ExternalServiceError,
    MissingInputError,
    PartFailed,
    SchemaValidationError,
    StepTimeoutError,
)
from engine.model.policy import RetryPolicy
from engine.run.clock import Rng

LONGEST_WAIT_S = 30 * 24 * 3600.0
"""However long a service asks us to stay away; a due time beyond all calendars could not be kept."""
RETRIED_STATUSES = frozenset({408, 425, 429})
REFUSED_STATUSES = frozenset({400, 401, 403, 404, 405, 409, 410, 422})

# The same input would meet the same fault again, so these are tried again only when the policy names them.
_SAME_AGAIN = (
    ActionError,  # a misspelt column stays misspelt: a person has to mend it
    MissingInputError,
    SchemaValidationError,
    ExpressionError,  # conditions among them
    TypeError,
    ValueError,
    KeyError,
)


_SAME_AGAIN_IN_CODE = frozenset({"TypeError", "ValueError", "KeyError", "SyntaxError", "NameError"})


def wait_before_retry(
    policy: RetryPolicy, error: BaseException, *, failures: int, max_attempts: int, rng: Rng
) -> float | None:
    """Seconds to wait before the next attempt, or None when there is to be none.

    failures: attempts that have failed so far, this one included.
    """
    if failures >= max_attempts or not is_retried(policy, error):
        return None
    delay = policy.delay_s(failures)
    if policy.jitter == "full":
        delay *= rng.random()
    asked = error.retry_after if isinstance(error, ExternalServiceError) else None
    if asked is not None and policy.respect_retry_after and isfinite(asked):
        delay = max(delay, asked)
    return min(delay, LONGEST_WAIT_S)


def is_retried(policy: RetryPolicy, error: BaseException) -> bool:
    """Whether the policy tries again after such an error, however many attempts are left."""
    if isinstance(error, PartFailed) and error.is_uncertain:
        return False
    names = _names(error)
    if names.intersection(policy.no_retry_on):
        return False
    if names.intersection(policy.retry_on):
        return True
    return "*" in policy.retry_on and _is_transient(error)


def _names(error: BaseException) -> set[str]:
    """What a policy may call the error: its class and those above it, and its HTTP status."""
    names = {kind.__name__ for kind in type(error).__mro__[:-1]}
    if isinstance(error, ExternalServiceError) and error.status is not None:
        names.add(str(error.status))
    return names


def _is_transient(error: BaseException) -> bool:
    if isinstance(error, ExternalServiceError):
        if not error.retryable or error.status in REFUSED_STATUSES:
            return False
        return error.status is None or error.status in RETRIED_STATUSES or error.status >= 500
    if isinstance(error, StepTimeoutError | ConnectionError | TimeoutError):
        return True
    if isinstance(error, ProcessFailed):
        return error.error_type not in _SAME_AGAIN_IN_CODE
    return isinstance(error, Exception) and not isinstance(error, _SAME_AGAIN)
