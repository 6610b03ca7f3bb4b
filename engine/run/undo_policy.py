"""How often and how long what undoes a step is tried, and what must be on the disk before it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from engine.actions.registry import ActionRegistry
from engine.model.policy import DEFAULT_ATTEMPTS_IDEMPOTENT
from engine.run.clock import Clock, Rng
from engine.run.retry import wait_before_retry

if TYPE_CHECKING:
    from engine.plan.step import Plan, Rollback, Step
    from engine.run.undoing import Undo


class UndoPolicy:
    """What the rollbacks of steps say, and their actions where they say nothing."""

    def __init__(self, registry: ActionRegistry, clock: Clock, rng: Rng) -> None:
        self._registry = registry
        self._clock = clock
        self._rng = rng

    def wait_s(self, undo: Undo, error: Exception) -> float | None:
        """How long to wait before another try, if there is to be one."""
        call, now = undo.step.rollback, self._clock.now()
        if call is None:
            return None
        wait = wait_before_retry(
            call.retry,
            error,
            failures=undo.attempt,
            max_attempts=self.max_attempts(call),
            rng=self._rng,
        )
        total, begun_at = call.timeouts.total, undo.begun_at
        if wait is None or (total is not None and begun_at is not None and now + wait >= begun_at + total):
            return None
        return wait

    def max_attempts(self, call: Rollback) -> int:
        """How often it is tried at most."""
        if call.retry_is_given or (call.service, call.action) not in self._registry:
            return call.retry.max_attempts
        options = self._registry.get(call.service, call.action).options
        return DEFAULT_ATTEMPTS_IDEMPOTENT if options.idempotent else call.retry.max_attempts

    def limit_s(self, undo: Undo, call: Rollback) -> float | None:
        """Seconds this try may take."""
        if call.timeouts.total is None or undo.begun_at is None:
            return call.timeouts.attempt
        left = max(0.0, undo.begun_at + call.timeouts.total - self._clock.now())
        left = min(left, call.timeouts.total)  # a clock that was set back gives no more time
        return left if call.timeouts.attempt is None else min(left, call.timeouts.attempt)

    def outlasts_power(self, plan: Plan, step: Step) -> bool:
        """Whether all that is recorded must survive the loss of power before it runs."""
        call = step.rollback
        return (
            plan.durability in ("auto", "strict")
            and call is not None
            and (call.service, call.action) in self._registry
            and self._registry.get(call.service, call.action).options.effects == "external"
        )
