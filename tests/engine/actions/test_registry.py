"""Registering actions, and finding them again."""

import pytest

from engine.actions.registry import ActionOptions, ActionRegistry, handler
from engine.errors import UnknownActionError


@handler(effects="reads", idempotent=True)
def read_something(params: dict, context: object) -> dict:
    return params


def test_that_a_registered_coroutine_runs_on_the_loop_and_a_function_in_a_thread() -> None:
    registry = ActionRegistry()

    @registry.action("test", "wait")
    async def wait(params: dict, context: object) -> None: ...

    @registry.action("test", "compute", pure=True)
    def compute(params: dict, context: object) -> None: ...

    assert registry.get("test", "wait").runs == "loop"
    assert registry.get("test", "compute").runs == "thread"
    assert registry.get("test", "compute").options == ActionOptions(pure=True)
    assert registry.get("test", "compute").handler is compute


def test_that_an_object_with_an_async_call_runs_on_the_loop() -> None:
    class Ask:
        async def __call__(self, params: dict, context: object) -> None: ...

    registry = ActionRegistry()
    registry.register("person", "ask", Ask())

    assert registry.get("person", "ask").runs == "loop"


@pytest.mark.parametrize("function", [None, "test:add", 5])
def test_that_what_cannot_be_called_is_refused_at_once(function: object) -> None:
    registry = ActionRegistry()
    with pytest.raises(TypeError, match=r"The action test\.add must be a function"):
        registry.register("test", "add", function)  # type: ignore[arg-type]
    assert ("test", "add") not in registry


def test_that_where_code_runs_can_be_said() -> None:
    registry = ActionRegistry()
    registry.register("code", "python", read_something, ActionOptions(runs="process"))

    assert registry.get("code", "python").runs == "process"


def test_that_a_named_handler_is_imported_on_first_use_with_its_marked_options() -> None:
    registry = ActionRegistry({("file", "read"): f"{__name__}:read_something", ("file", "gone"): "no.such:f"})

    assert ("file", "gone") in registry  # asking imports nothing
    action = registry.get("file", "read")

    assert action.options == ActionOptions(effects="reads", idempotent=True)
    assert registry.get("file", "read") is action


def test_that_an_unknown_action_is_named() -> None:
    with pytest.raises(UnknownActionError, match='no action "fly" in the service "bird"') as caught:
        ActionRegistry().get("bird", "fly")

    assert caught.value.hint


def test_that_a_later_registration_replaces_an_earlier_one_and_default_registries_are_apart() -> None:
    first, second = ActionRegistry.default(), ActionRegistry.default()
    first.register("test", "mine", read_something)

    assert ("test", "mine") in first
    assert ("test", "mine") not in second
    assert len(first) == len(second) + 1
    assert ("test", "mine") in set(first)
