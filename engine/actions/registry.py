"""What a step can do: actions by (service, name), imported when they are first used."""

from __future__ import annotations

import inspect
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from importlib import import_module
from typing import Any, Literal, Self, TypeVar

from engine.errors import UnknownActionError

Effects = Literal["none", "reads", "external"]
Runs = Literal["auto", "loop", "thread", "process"]
ActionKey = tuple[str, str]
Handler = Callable[..., Any]
HandlerT = TypeVar("HandlerT", bound=Handler)

_OPTIONS = "__action_options__"


@dataclass(frozen=True, slots=True, kw_only=True)
class ActionOptions:
    """What an action promises about itself.

    effects: what it does to the world outside: nothing, reads it, or changes it.
    idempotent: running it twice does no harm; it is then tried three times by default.
    pure: the same parameters give the same output.
    version: changes whenever the same parameters may give another output than before. A result is used again,
    instead of running an unchanged step, only for an action that has one; "" for never.
    files: the parameters that name files which the action reads; when those change, so does its result.
    runs: where its code runs; `auto` is the loop for a coroutine function and a thread for a plain one.
    """

    effects: Effects = "none"
    idempotent: bool = False
    pure: bool = False
    runs: Runs = "auto"
    version: str = ""
    files: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Action:
    """One thing that a step can do, ready to be called with (params, context); equal to itself alone."""

    service: str
    name: str
    handler: Handler
    options: ActionOptions
    runs: Literal["loop", "thread", "process"]


def handler(
    *,
    effects: Effects = "none",
    idempotent: bool = False,
    pure: bool = False,
    runs: Runs = "auto",
    version: str = "",
    files: tuple[str, ...] = (),
) -> Callable[[HandlerT], HandlerT]:
    """Mark a function in an action module with its options; the table of handlers names the function."""
    options = ActionOptions(
        effects=effects, idempotent=idempotent, pure=pure, runs=runs, version=version, files=files
    )

    def mark(function: HandlerT) -> HandlerT:
        setattr(function, _OPTIONS, options)
        return function

    return mark


class ActionRegistry:
    """The actions that an engine knows; asking whether one exists imports nothing."""

    def __init__(self, targets: Mapping[ActionKey, str] | None = None) -> None:
        """targets: (service, name) -> "module:function", each imported on first use."""
        self._targets: dict[ActionKey, str] = dict(targets or {})
        self._actions: dict[ActionKey, Action] = {}

    @classmethod
    def default(cls) -> Self:
        """A registry with all built-in actions; each call gives one of its own."""
        from engine.actions import HANDLERS

        return cls(HANDLERS)

    def action(
        self,
        service: str,
        name: str,
        *,
        effects: Effects = "none",
        idempotent: bool = False,
        pure: bool = False,
        runs: Runs = "auto",
        version: str = "",
        files: tuple[str, ...] = (),
    ) -> Callable[[HandlerT], HandlerT]:
        """Register the decorated function; a later registration of the same key replaces it."""
        options = ActionOptions(
            effects=effects, idempotent=idempotent, pure=pure, runs=runs, version=version, files=files
        )

        def register(function: HandlerT) -> HandlerT:
            self.register(service, name, function, options)
            return function

        return register

    def register(
        self, service: str, name: str, function: Handler, options: ActionOptions | None = None
    ) -> None:
        """Make `function(params, context)` the action; without options those marked on it count."""
        if not callable(function):
            raise TypeError(f"The action {service}.{name} must be a function, not {function!r}")
        self._actions[service, name] = _action(service, name, function, options)

    def get(self, service: str, name: str) -> Action:
        """The action, imported if need be; raises UnknownActionError."""
        key = (service, name)
        found = self._actions.get(key)
        if found is None:
            target = self._targets.get(key)
            if target is None:
                raise UnknownActionError(
                    f'There is no action "{name}" in the service "{service}"',
                    hint="Check the service and action of the step, or install the plug-in that brings it.",
                )
            module, _, attribute = target.partition(":")
            found = _action(service, name, getattr(import_module(module), attribute), None)
            self._actions[key] = found
        return found

    def __contains__(self, key: object) -> bool:
        return key in self._actions or key in self._targets

    def __iter__(self) -> Iterator[ActionKey]:
        return iter({**self._targets, **self._actions})

    def __len__(self) -> int:
        return len(self._targets.keys() | self._actions.keys())


def _action(service: str, name: str, function: Handler, options: ActionOptions | None) -> Action:
    options = options or getattr(function, _OPTIONS, None) or ActionOptions()
    runs = options.runs
    if runs == "auto":
        runs = "loop" if _is_coroutine_function(function) else "thread"
    return Action(service=service, name=name, handler=function, options=options, runs=runs)


def _is_coroutine_function(function: Handler) -> bool:
    # An object with an async __call__ is as good as a coroutine function.
    return inspect.iscoroutinefunction(function) or inspect.iscoroutinefunction(
        getattr(function, "__call__", None)  # noqa: B004 - asked for its kind, not whether it is there
    )
