"""Where secrets are kept: environment variables, then the keyring of the system. Blocking; call in a thread.

Only names are ever listed. The keyring cannot list what it holds, so the names are kept in it beside the
values, under a name that no secret can have.
"""

from __future__ import annotations

import json
import os
import re
import threading
from collections.abc import Callable, Mapping
from typing import Final, Protocol

from engine.errors import WorkflowError

SERVICE: Final = "workflow-designer"
VARIABLE: Final = "WORKFLOW_SECRET_"
_NAMES: Final = "(names)"
_NAME: Final = re.compile(r"[A-Za-z_][A-Za-z0-9_-]{0,63}")
_PLAIN_TEXT: Final = "keyrings.alt"


class SecretsUnavailable(WorkflowError):
    """The system's keyring cannot be used."""


class SecretSource(Protocol):
    """What the engine asks for the values of secrets; called in a thread."""

    def get(self, name: str) -> str | None:
        """The value, or None where there is no such secret; raises SecretsUnavailable."""
        ...


class Keyring(Protocol):
    """The little of the keyring library that is used."""

    def get_password(self, service: str, username: str, /) -> str | None: ...
    def set_password(self, service: str, username: str, password: str, /) -> None: ...
    def delete_password(self, service: str, username: str, /) -> None: ...


class Secrets:
    """The secrets of this person on this computer. An environment variable wins over the keyring."""

    def __init__(
        self, *, environment: Mapping[str, str] | None = None, keyring: Keyring | None = None
    ) -> None:
        """keyring: in place of the system's, which is looked for when it is first needed."""
        self._environment = os.environ if environment is None else environment
        self._keyring = keyring
        self._lock = threading.Lock()

    def get(self, name: str) -> str | None:
        """`WORKFLOW_SECRET_<NAME>` as it is spelt or in capitals, else what the keyring holds."""
        for variable in _variables(name):
            if variable in self._environment:
                return self._environment[variable]
        if not _NAME.fullmatch(name):
            return None
        with self._lock:
            return _said(lambda: self._system().get_password(SERVICE, name))

    def names(self) -> list[str]:
        """The secrets of the keyring, sorted; raises SecretsUnavailable."""
        with self._lock:
            return self._names()

    def from_environment(self) -> list[str]:
        """Those that are given by variables, by the names that the variables spell."""
        return sorted(key.removeprefix(VARIABLE) for key in self._environment if key.startswith(VARIABLE))

    def set(self, name: str, value: str) -> None:
        """Keep the value in the keyring, in place of an earlier one."""
        if not _NAME.fullmatch(name):
            raise WorkflowError(
                f'"{name}" cannot be the name of a secret',
                hint="Use letters, digits, _ and -, and begin with a letter.",
            )
        if not value:
            raise WorkflowError("A secret cannot be empty", hint="Delete it instead.")
        with self._lock:
            _said(lambda: self._system().set_password(SERVICE, name, value))
            names = self._names()
            if name not in names:
                self._keep_names([*names, name])

    def delete(self, name: str) -> bool:
        """Forget the secret; False when the keyring did not have it."""
        with self._lock:
            names = self._names()
            if name not in names:
                return False
            _said(lambda: self._system().delete_password(SERVICE, name))
            self._keep_names([one for one in names if one != name])
        return True

    def where(self) -> str:
        """What holds the secrets, in words; raises SecretsUnavailable when there is no keyring."""
        with self._lock:
            system = self._system()
        return str(getattr(system, "name", type(system).__module__))

    def _names(self) -> list[str]:
        listed = _said(lambda: self._system().get_password(SERVICE, _NAMES))
        names = json.loads(listed) if listed else []
        return sorted(str(name) for name in names)

    def _keep_names(self, names: list[str]) -> None:
        _said(lambda: self._system().set_password(SERVICE, _NAMES, json.dumps(sorted(names))))

    def _system(self) -> Keyring:
        if self._keyring is None:
            self._keyring = _find_keyring()
        return self._keyring


def _variables(name: str) -> tuple[str, str]:
    return VARIABLE + name, VARIABLE + re.sub(r"[^A-Za-z0-9]", "_", name).upper()


def _find_keyring() -> Keyring:
    try:
        import keyring  # on first use: looking for a backend takes a moment
    except ImportError as error:
        raise _unavailable("the library keyring is not installed") from error
    found = keyring.get_keyring()
    if found.priority <= 0:
        raise _unavailable("it has no keyring that is running")
    if type(found).__module__.startswith(_PLAIN_TEXT):
        raise _unavailable("its keyring keeps plain text")
    return found


def _said(work: Callable[[], str | None]) -> str | None:
    """What the keyring answers; what goes wrong in it is said in our words."""
    try:
        return work()
    except SecretsUnavailable:
        raise
    except Exception as error:  # each system's keyring has errors of its own
        raise _unavailable(str(error) or type(error).__name__) from error


def _unavailable(why: str) -> SecretsUnavailable:
    return SecretsUnavailable(
        f"Secrets cannot be kept on this computer: {why}",
        hint=f"Give a secret for one run when it asks, or as the environment variable {VARIABLE}<NAME>.",
    )
