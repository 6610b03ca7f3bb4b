"""`secrets`: keeping passwords and tokens out of workflow files."""

from __future__ import annotations

import json
import sys

import click

from engine.cli.exit_codes import ExitCode
from engine.cli.words import say
from engine.errors import WorkflowError
from engine.secrets.sources import VARIABLE, Secrets, SecretsUnavailable


def set_secret(name: str) -> ExitCode:
    """Keep a secret; a terminal asks twice, anything else is read to its end without the last line break."""
    secrets = Secrets()
    secrets.where()  # before anybody types a password for nothing
    if sys.stdin.isatty():
        value = click.prompt(f"Value of {name}", hide_input=True, confirmation_prompt=True)
    else:
        value = sys.stdin.read().removesuffix("\n").removesuffix("\r")
    secrets.set(name, value)
    say(f"{name} is kept in {secrets.where()}; a step refers to it as ${{secrets.{name}}}")
    return ExitCode.COMPLETED


def list_secrets(*, as_json: bool) -> ExitCode:
    """Names, and where each is kept; a computer without a keyring lists its environment."""
    secrets = Secrets()
    outside = secrets.from_environment()
    try:
        kept, where, trouble = secrets.names(), secrets.where(), None
    except SecretsUnavailable as error:
        kept, where, trouble = [], "", error
    if as_json:
        say(json.dumps({"keyring": kept, "environment": outside, "keyring_name": where or None}))
        return ExitCode.COMPLETED
    for name in kept:
        say(f"{name:<32}  {where}")
    for name in outside:
        say(f"{name:<32}  environment ({VARIABLE}{name})")
    if trouble is not None:
        say(trouble.message, sys.stderr)
    elif not kept and not outside:
        say("There are no secrets yet: workflow-designer secrets set NAME")
    return ExitCode.COMPLETED


def delete_secret(name: str) -> ExitCode:
    """Forget a secret of the keyring."""
    if not Secrets().delete(name):
        raise WorkflowError(
            f'The keyring has no secret "{name}"', hint="`workflow-designer secrets list` shows which it has."
        )
    say(f"{name} is forgotten")
    return ExitCode.COMPLETED
