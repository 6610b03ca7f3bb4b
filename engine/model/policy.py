"""How a step is tried: again after a failure, and for how long. Durations are seconds."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Literal, cast

Jitter = Literal["full", "none"]
DEFAULT_ATTEMPTS_IDEMPOTENT = 3
DEFAULT_ATTEMPTS = 1
RETRY_KEYS = (
    "max_attempts",
    "initial_interval",
    "backoff",
    "max_interval",
    "jitter",
    "retry_on",
    "no_retry_on",
    "respect_retry_after",
)
TIMEOUT_KEYS = ("attempt", "total")


def _number(described: Mapping[str, Any], key: str, default: float, *, least: float = 0.0) -> float:
    value = described.get(key, default)
    if isinstance(value, bool) or not isinstance(value, int | float) or not least <= value < float("inf"):
        raise ValueError(f"{key!r} must be a number of at least {least:g}, not {value!r}")
    return float(value)


def _names(described: Mapping[str, Any], key: str, default: tuple[str, ...]) -> tuple[str, ...]:
    value = described.get(key, default)
    if not isinstance(value, list | tuple) or not all(isinstance(name, str) for name in value):
        raise ValueError(f"{key!r} must be a list of error names")
    return tuple(value)


@dataclass(frozen=True, slots=True, kw_only=True)
class RetryPolicy:
    """``max_attempts`` counts the first try; wait n is ``initial_interval * backoff**(n-1)``, capped."""

    max_attempts: int = DEFAULT_ATTEMPTS
    initial_interval: float = 1.0
    backoff: float = 2.0
    max_interval: float = 60.0
    jitter: Jitter = "full"
    retry_on: tuple[str, ...] = ("*",)
    no_retry_on: tuple[str, ...] = ()
    respect_retry_after: bool = True

    @classmethod
    def from_json(cls, described: Any, *, idempotent: bool = False) -> RetryPolicy:
        """Read ``config.retry``: an object, a number of attempts, or nothing. Raises ``ValueError``."""
        default = DEFAULT_ATTEMPTS_IDEMPOTENT if idempotent else DEFAULT_ATTEMPTS
        if described is None:
            return cls(max_attempts=default)
        if isinstance(described, int) and not isinstance(described, bool):
            described = {"max_attempts": described}
        if not isinstance(described, Mapping):
            raise ValueError('retry must be an object such as {"max_attempts": 3}')
        attempts = described.get("max_attempts", default)
        if isinstance(attempts, bool) or not isinstance(attempts, int) or attempts < 1:
            raise ValueError(f"'max_attempts' must be a whole number of at least 1, not {attempts!r}")
        jitter = described.get("jitter", "full")
        if jitter not in ("full", "none"):
            raise ValueError(f'\'jitter\' must be "full" or "none", not {jitter!r}')
        respects = described.get("respect_retry_after", True)
        if not isinstance(respects, bool):
            raise ValueError(f"'respect_retry_after' must be true or false, not {respects!r}")
        return cls(
            max_attempts=attempts,
            initial_interval=_number(described, "initial_interval", 1.0),
            backoff=_number(described, "backoff", 2.0, least=1.0),
            max_interval=_number(described, "max_interval", 60.0),
            jitter=cast("Jitter", jitter),
            retry_on=_names(described, "retry_on", ("*",)),
            no_retry_on=_names(described, "no_retry_on", ()),
            respect_retry_after=respects,
        )

    def delay_s(self, failures: int) -> float:
        """The wait after the n-th failure (n from 1), before jitter is drawn."""
        if not self.initial_interval:
            return 0.0
        # A float may overflow after some failures, and then it is more than any bound.
        try:
            grown = self.initial_interval * self.backoff ** min(failures - 1, 64)
        except OverflowError:
            return self.max_interval
        return min(grown, self.max_interval)


@dataclass(frozen=True, slots=True, kw_only=True)
class Timeouts:
    """``attempt`` bounds one try, ``total`` all tries with their waits; None means no bound."""

    attempt: float | None = None
    total: float | None = None

    @classmethod
    def from_json(cls, described: Any) -> Timeouts:
        """Read ``config.timeout``: seconds for one attempt, or an object. Raises ``ValueError``."""
        if described is None:
            return cls()
        if not isinstance(described, Mapping):
            described = {"attempt": described}
        unknown = set(described) - set(TIMEOUT_KEYS)
        if unknown:
            raise ValueError(f"timeout has no {sorted(unknown)[0]!r}; it takes 'attempt' and 'total'")
        bounds: dict[str, float | None] = {}
        for key in TIMEOUT_KEYS:
            value = described.get(key)
            if value is not None:
                if _number({key: value}, key, 0.0) <= 0:
                    raise ValueError(f"{key!r} must be more than 0 seconds")
                bounds[key] = float(value)
        return cls(**bounds)


def fallback_of(config: Mapping[str, Any]) -> tuple[str, str]:
    """`fallback_service` and `fallback_action`, as far as they are given."""
    given = (config.get(key) for key in ("fallback_service", "fallback_action"))
    other, named = (value if isinstance(value, str) else "" for value in given)
    return other, named
