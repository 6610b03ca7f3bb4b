"""A keyring in memory."""

from __future__ import annotations


class FakeKeyring:
    """Keeps passwords in a dict; raises `fault` instead when there is one."""

    name = "Fake keyring"
    priority = 5

    def __init__(self) -> None:
        self.kept: dict[tuple[str, str], str] = {}
        self.fault: Exception | None = None

    def get_password(self, service: str, username: str) -> str | None:
        self._check()
        return self.kept.get((service, username))

    def set_password(self, service: str, username: str, password: str) -> None:
        self._check()
        self.kept[service, username] = password

    def delete_password(self, service: str, username: str) -> None:
        self._check()
        del self.kept[service, username]

    def _check(self) -> None:
        if self.fault is not None:
            raise self.fault
