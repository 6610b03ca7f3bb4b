"""The secrets of the runs of one engine: read when a step needs them, handed to its action, else masked."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Iterable, Iterator, Mapping
from typing import Any, TypeVar

from engine.errors import ActionError, MissingInputError, SchemaValidationError
from engine.expression.secret_text import SecretText, reveal, secret
from engine.model.json_value import Json
from engine.secrets.masking import Masker
from engine.secrets.sources import SecretSource, SecretsUnavailable

_log = logging.getLogger(__name__)
_ROOT = "secrets."
E = TypeVar("E", bound=BaseException)


class RunSecrets(Mapping[str, SecretText]):
    """What `${secrets.NAME}` stands for in one run: the masked text of each secret that has a value.

    Values are read anew for every attempt, so that one that was changed counts from the next attempt on, and
    are kept in memory only. What a person gives for this run wins over what is kept anywhere.
    """

    def __init__(self, source: SecretSource, masker: Masker) -> None:
        self._source = source
        self._masker = masker
        self._given: dict[str, str] = {}
        self._values: dict[str, str] = {}

    def __getitem__(self, name: str) -> SecretText:
        if name not in self._values:
            raise KeyError(name)
        return secret(name)

    def __iter__(self) -> Iterator[str]:
        return iter(self._values)

    def __len__(self) -> int:
        return len(self._values)

    @property
    def masks(self) -> bool:
        """Whether there is anything to mask."""
        return self._masker.is_needed

    async def load(self, names: Iterable[str]) -> None:
        """Read these secrets; one that cannot be read is missing, and the step will ask for it."""
        for name in names:
            value = self._given.get(name)
            if value is None:
                try:
                    value = await asyncio.to_thread(self._source.get, name)
                except SecretsUnavailable as error:
                    _log.warning("The secret %s could not be read: %s", name, error)
            if value:
                self._masker.learn(value)
                self._values[name] = value
            else:
                self._values.pop(name, None)

    def give(self, values: Mapping[str, str]) -> None:
        """Values for this run only."""
        self._given.update(values)
        self._values.update(values)
        for value in values.values():
            self._masker.learn(value)

    def reveal(self, params: dict[str, Any]) -> dict[str, Any]:
        """The parameters with the values in them: for the action, and for nobody else.

        Raises MissingInputError for a secret that an input refers to and that has no value any more.
        """
        try:
            revealed: dict[str, Any] = reveal(params, self._values)
        except KeyError as error:
            raise MissingInputError(f"{_ROOT}{error.args[0]}") from None
        return revealed

    def values_of(self, names: Iterable[str]) -> dict[str, str]:
        """The values of these, as an action may ask for them by name."""
        return {name: self._values[name] for name in names if name in self._values}

    def mask(self, value: Any) -> Any:
        """The value without any secret in it."""
        return self._masker.mask(value)

    def mask_error(self, error: E) -> E | ActionError:
        """The error without any secret in what it says."""
        return self._masker.mask_error(error)


class Vault:
    """Keeps the secrets of runs apart, and forgets those that were given for one when it has ended."""

    def __init__(self, source: SecretSource) -> None:
        self._source = source
        self._runs: dict[str, RunSecrets] = {}
        self.masker = Masker()

    def of_run(self, execution_id: str) -> RunSecrets:
        """The secrets of a run; its sub-workflows share them."""
        root = execution_id.partition("/")[0]
        found = self._runs.get(root)
        if found is None:
            found = self._runs[root] = RunSecrets(self._source, self.masker)
        return found

    def forget(self, execution_id: str) -> None:
        """The run has ended."""
        self._runs.pop(execution_id, None)


def without_secrets(answers: Mapping[str, Json]) -> tuple[dict[str, Json], dict[str, str]]:
    """The answers of a person that may be recorded, and the values of secrets among them.

    Raises SchemaValidationError for a secret that is no text.
    """
    plain: dict[str, Json] = {}
    secrets: dict[str, str] = {}
    errors: list[dict[str, str]] = []
    for key, value in answers.items():
        path = key.rpartition("/")[2]  # the question of a sub-workflow names the way to it first
        if not path.startswith(_ROOT):
            plain[key] = value
        elif isinstance(value, str) and value:
            secrets[path.removeprefix(_ROOT)] = value
        else:
            errors.append({"pointer": f"/{key}", "message": "must be a text that is not empty"})
    if errors:
        raise SchemaValidationError("input", errors, hint="The run stays paused; correct the values.")
    return plain, secrets
