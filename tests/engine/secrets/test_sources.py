"""Where secrets are kept, with a keyring of our own making."""

from __future__ import annotations

import sys
from types import SimpleNamespace
from typing import Any

import pytest

from engine.errors import WorkflowError
from engine.secrets.sources import Secrets, SecretsUnavailable
from tests.support.fake_keyring import FakeKeyring


def test_that_the_environment_wins_over_the_keyring_and_may_be_in_capitals() -> None:
    ring = FakeKeyring()
    environment = {"WORKFLOW_SECRET_A_B": "from outside", "WORKFLOW_SECRET_exact": "e", "OTHER": "x"}
    secrets = Secrets(environment=environment, keyring=ring)
    for name in ("a-b", "kept"):
        secrets.set(name, "from the ring")
    assert [secrets.get(name) for name in ("a-b", "exact", "kept", "none")] == [
        "from outside",
        "e",
        "from the ring",
        None,
    ]
    assert secrets.from_environment() == ["A_B", "exact"]


def test_that_names_are_listed_and_values_never() -> None:
    ring = FakeKeyring()
    secrets = Secrets(environment={}, keyring=ring)
    for name in ("b", "a", "b"):
        secrets.set(name, f"value of {name}")
    assert secrets.names() == ["a", "b"]
    assert secrets.delete("a")
    assert not secrets.delete("a")
    assert (secrets.names(), secrets.get("a")) == (["b"], None)
    assert Secrets(environment={}, keyring=ring).names() == ["b"]
    assert secrets.where() == "Fake keyring"


@pytest.mark.parametrize(
    ("name", "value"), [("", "v"), ("1a", "v"), ("a b", "v"), ("(names)", "v"), ("a", "")]
)
def test_that_a_bad_name_or_no_value_is_refused(name: str, value: str) -> None:
    with pytest.raises(WorkflowError):
        Secrets(environment={}, keyring=FakeKeyring()).set(name, value)


def test_that_a_name_nobody_can_have_given_is_not_looked_for() -> None:
    ring = FakeKeyring()
    Secrets(environment={}, keyring=ring).set("a", "v")
    assert Secrets(environment={}, keyring=ring).get("(names)") is None


def test_that_a_broken_keyring_says_so_in_our_words() -> None:
    ring = FakeKeyring()
    ring.fault = RuntimeError("the wallet is closed")
    secrets = Secrets(environment={"WORKFLOW_SECRET_T": "v"}, keyring=ring)
    assert secrets.get("t") == "v"
    for work in (lambda: secrets.get("u"), secrets.names, lambda: secrets.set("a", "b")):
        with pytest.raises(SecretsUnavailable, match="the wallet is closed"):
            work()


@pytest.mark.parametrize(
    ("ring", "why"),
    [
        (SimpleNamespace(priority=0), "no keyring that is running"),
        (type("Plain", (), {"priority": 1, "__module__": "keyrings.alt.file"})(), "keeps plain text"),
    ],
)
def test_that_a_keyring_that_would_not_keep_secrets_is_not_used(
    monkeypatch: pytest.MonkeyPatch, ring: Any, why: str
) -> None:
    monkeypatch.setitem(sys.modules, "keyring", SimpleNamespace(get_keyring=lambda: ring))
    with pytest.raises(SecretsUnavailable, match=why) as raised:
        Secrets(environment={}).where()
    assert "WORKFLOW_SECRET_" in raised.value.hint


def test_that_the_system_keyring_is_found_and_its_absence_told(monkeypatch: pytest.MonkeyPatch) -> None:
    ring = FakeKeyring()
    monkeypatch.setitem(sys.modules, "keyring", SimpleNamespace(get_keyring=lambda: ring))
    Secrets(environment={}).set("a", "v")
    assert ring.kept["workflow-designer", "a"] == "v"
    monkeypatch.setitem(sys.modules, "keyring", None)
    with pytest.raises(SecretsUnavailable, match="not installed"):
        Secrets(environment={}).names()
