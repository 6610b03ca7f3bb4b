"""The commands that need no window. Each imports what it does when it is called."""

from __future__ import annotations

import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any, NoReturn, TypeVar

import click

from engine.cli.exit_codes import ExitCode
from engine.errors import (
    CannotRestart,
    ConditionError,
    DefinitionError,
    SchemaValidationError,
    StepsToRunFirst,
    WorkflowError,
    WorkflowFileError,
)

F = TypeVar("F", bound=Callable[..., Any])

EXIT_CODES = """\b
Exit codes: 0 completed, 1 failed, 2 wrong command line or value, 3 waiting for
input, 4 no valid workflow, 5 completed with errors that the workflow tolerates,
130 interrupted (Ctrl+C; the run is kept and can be resumed)."""


def _store_option(command: F) -> F:
    return click.option(
        "--store",
        type=click.Path(path_type=Path, dir_okay=False),
        envvar="WORKFLOW_DESIGNER_STORE",
        help="The file that keeps the runs (default: beside those of the window).",
    )(command)


def _input_options(command: F) -> F:
    command = click.option(
        "--input-file",
        type=str,
        metavar="FILE",
        help="A JSON object with values; - reads it from standard input.",
    )(command)
    return click.option(
        "--input",
        "inputs",
        multiple=True,
        metavar="NAME=VALUE",
        help="A value for an input; may be repeated.",
    )(command)


def _part_options(command: F) -> F:
    for option in (
        click.option("--ignore-pins", is_flag=True, help="Run pinned steps too."),
        click.option("--fresh", is_flag=True, help="Run unchanged steps again, too."),
        click.option(
            "--based-on",
            default="",
            metavar="RUN",
            help="The run whose results --from and --only take (default: the latest).",
        ),
        click.option("--only", default="", metavar="ID", help="Run this step alone."),
        click.option("--from", "start", default="", metavar="ID", help="Run this step and what follows."),
        click.option("--to", default="", metavar="ID", help="Run this step and what it needs."),
    ):
        command = option(command)
    return command


def _hold_options(command: F) -> F:
    command = click.option("--step", "by_step", is_flag=True, help="Stop before every step.")(command)
    command = click.option(
        "--incidents",
        type=click.Choice(("fail", "pause")),
        default="fail",
        show_default=True,
        help="What a condition that cannot be evaluated does: fail the run, or wait for a repaired one.",
    )(command)
    return click.option(
        "--break", "breakpoints", multiple=True, metavar="ID", help="Stop before this step; may be repeated."
    )(command)


def _json_option(command: F) -> F:
    return click.option("--json", "as_json", is_flag=True, help="Print one JSON document for programs.")(
        command
    )


@click.group(epilog=EXIT_CODES, context_settings={"help_option_names": ["-h", "--help"]})
@click.option(
    "--version",
    is_flag=True,
    expose_value=False,
    is_eager=True,
    callback=lambda context, _, wanted: _print_version(context) if wanted else None,
    help="Show the version and exit.",
)
def commands() -> None:
    """Draw workflows and run them, with or without a window."""


def _print_version(context: click.Context) -> None:
    from importlib.metadata import PackageNotFoundError, version

    try:
        number = version("workflow-designer")
    except PackageNotFoundError:
        number = "(not installed: run from its source)"
    click.echo(f"workflow-designer {number}")
    context.exit()


@commands.command(epilog=EXIT_CODES)
@click.argument("file", type=click.Path(path_type=Path))
@_input_options
@_json_option
@_store_option
@click.option("--strict", is_flag=True, help="Refuse to start while a required input is missing.")
@_hold_options
@_part_options
def run(
    file: Path,
    inputs: tuple[str, ...],
    input_file: str | None,
    as_json: bool,
    store: Path | None,
    strict: bool,
    **part: Any,
) -> None:
    """Run the workflow in FILE and print what it gives.

    With --to, --from or --only a part of it; steps are named by their ids. A run that
    stops before a step shows what the step would get, and goes on with `resume`.
    """
    from engine.cli import running
    from engine.run.options import RunOptions

    options = running.Options(
        inputs=inputs,
        input_file=input_file,
        as_json=as_json,
        store=store,
        strict=strict,
        part=RunOptions(
            to=part["to"],
            start=part["start"],
            only=part["only"],
            based_on=part["based_on"],
            reuse=not part["fresh"],
            pins=not part["ignore_pins"],
            breakpoints=frozenset(part["breakpoints"]),
            step_by_step=part["by_step"],
            incidents=part["incidents"],
        ),
    )
    _end(lambda: running.run(file, options))


@commands.command(epilog=EXIT_CODES)
@click.argument("execution_id", metavar="ID")
@_input_options
@_json_option
@_store_option
@click.option(
    "--condition",
    "conditions",
    multiple=True,
    metavar="ID=TEXT",
    help="A condition in place of the broken one of this connection; may be repeated.",
)
@click.option("--step", "by_step", is_flag=True, help="Let one step begin, and stop before every other.")
def resume(
    execution_id: str,
    inputs: tuple[str, ...],
    input_file: str | None,
    as_json: bool,
    store: Path | None,
    conditions: tuple[str, ...],
    by_step: bool,
) -> None:
    """Go on with the run ID, with the values it waits for, and conditions in place of broken ones."""
    from engine.cli import running

    options = running.Options(inputs=inputs, input_file=input_file, as_json=as_json, store=store)
    _end(lambda: running.resume(execution_id, options, conditions=conditions, by_step=by_step))


@commands.command(epilog=EXIT_CODES)
@click.argument("execution_id", metavar="ID")
@click.option("--from", "step", default="", metavar="STEP", help="The step to run again, with what follows.")
@click.option(
    "--happened", default="", metavar="STEP", help="Go on after this step: it did happen before the crash."
)
@_json_option
@_store_option
def retry(execution_id: str, step: str, happened: str, as_json: bool, store: Path | None) -> None:
    """Run the run ID, which has ended, again from where it failed.

    It stays the same run; what completed before is kept.
    """
    from engine.cli import running

    options = running.Options(as_json=as_json, store=store)
    _end(lambda: running.retry(execution_id, options, step=step, happened=happened))


@commands.command(epilog=EXIT_CODES)
@click.argument("execution_id", metavar="ID")
@click.option("--force", is_flag=True, help="Steps that run are interrupted instead of awaited.")
@click.option("--rollback", is_flag=True, help="What was done is undone, the last step first.")
@_json_option
@_store_option
def cancel(execution_id: str, force: bool, rollback: bool, as_json: bool, store: Path | None) -> None:
    """End the run ID, which waits or was left behind; no program may have it under way."""
    from engine.cli import undoing

    _end(lambda: undoing.cancel(execution_id, store, as_json=as_json, force=force, rollback=rollback))


@commands.command(epilog=EXIT_CODES)
@click.argument("execution_id", metavar="ID")
@click.option(
    "--happened", multiple=True, metavar="STEP", help="An uncertain step that took effect; may be repeated."
)
@click.option(
    "--not-happened", multiple=True, metavar="STEP", help="An uncertain step that did not; may be repeated."
)
@_json_option
@_store_option
def rollback(
    execution_id: str,
    happened: tuple[str, ...],
    not_happened: tuple[str, ...],
    as_json: bool,
    store: Path | None,
) -> None:
    """Undo what the run ID did: its completed steps that have a rollback, the last one first.

    What an earlier rollback could not undo is tried again.
    """
    from engine.cli import undoing

    uncertain = {**dict.fromkeys(happened, True), **dict.fromkeys(not_happened, False)}
    _end(lambda: undoing.roll_back(execution_id, store, as_json=as_json, uncertain=uncertain))


@commands.command()
@click.argument("file", type=click.Path(path_type=Path))
@_json_option
def validate(file: Path, as_json: bool) -> None:
    """List every problem of the workflow in FILE."""
    from engine.cli import inspecting

    _end(lambda: inspecting.validate(file, as_json=as_json))


@commands.command()
@_store_option
@click.option(
    "--limit", type=click.IntRange(min=1), default=20, show_default=True, help="How many, newest first."
)
@_json_option
def runs(store: Path | None, limit: int, as_json: bool) -> None:
    """List the runs that are kept."""
    from engine.cli import inspecting

    _end(lambda: inspecting.runs(store, limit=limit, as_json=as_json))


@commands.command()
@click.argument("execution_id", metavar="ID")
@_json_option
@_store_option
def show(execution_id: str, as_json: bool, store: Path | None) -> None:
    """Show where the run ID is, step by step."""
    from engine.cli import inspecting

    _end(lambda: inspecting.show(execution_id, store, as_json=as_json))


@commands.command()
@_store_option
@click.option("--keep", type=click.IntRange(min=0), metavar="N", help="The newest N runs stay.")
@click.option(
    "--older-than", type=click.FloatRange(min=0), metavar="DAYS", help="Runs that ended since then stay."
)
@_json_option
def prune(store: Path | None, keep: int | None, older_than: float | None, as_json: bool) -> None:
    """Remove runs that have ended, and stored results that no run needs any more.

    With both options a run goes only when neither keeps it; with none of them, only results that
    nothing refers to go. Runs that can still go on always stay.
    """
    from engine.cli import pruning

    _end(lambda: pruning.prune(store, keep=keep, older_than_days=older_than, as_json=as_json))


@commands.command()
@click.argument("workflow")
@click.option("--version", default="", metavar="HASH", help="Only runs of this version (as --json names it).")
@click.option(
    "--limit", type=click.IntRange(min=1), default=200, show_default=True, help="The latest so many runs."
)
@_json_option
@_store_option
def stats(workflow: str, version: str, limit: int, as_json: bool, store: Path | None) -> None:
    """How often WORKFLOW (a file, or its id) ran, how it ended, how long its steps took."""
    from engine.cli import figures

    _end(lambda: figures.stats(workflow, store, version=version, limit=limit, as_json=as_json))


@commands.group()
def secrets() -> None:
    """Keep passwords and tokens in the keyring of the system; ${secrets.NAME} stands for one in a step.

    An environment variable WORKFLOW_SECRET_<NAME> wins over the keyring.
    """


@secrets.command("set")
@click.argument("name")
def set_secret(name: str) -> None:
    """Keep a secret under NAME; its value is asked for, or read from standard input."""
    from engine.cli import secret_words

    _end(lambda: secret_words.set_secret(name))


@secrets.command("list")
@_json_option
def list_secrets(as_json: bool) -> None:
    """List the names of the secrets. Values are never shown."""
    from engine.cli import secret_words

    _end(lambda: secret_words.list_secrets(as_json=as_json))


@secrets.command("delete")
@click.argument("name")
def delete_secret(name: str) -> None:
    """Forget the secret NAME."""
    from engine.cli import secret_words

    _end(lambda: secret_words.delete_secret(name))


def _end(work: Callable[[], ExitCode]) -> NoReturn:
    """Exit with the code of the work; what the engine raises on purpose becomes a sentence on stderr."""
    try:
        code = work()
    except KeyboardInterrupt:
        code = ExitCode.INTERRUPTED
    except BrokenPipeError:
        # Whoever read us has gone (`| head`); Python would complain once more when it flushes at exit.
        sys.stdout = None
        code = ExitCode.FAILED
    except WorkflowError as error:
        code = complain(error)
    sys.exit(int(code))


def complain(error: WorkflowError) -> ExitCode:
    """Say what is wrong and what to do; return the exit code that fits."""
    from engine.cli.inputs import InputError
    from engine.cli.words import say

    say(f"Error: {error.message}", sys.stderr)
    if isinstance(error, DefinitionError):
        for problem in error.problems:
            say(
                f"  {problem.message}" + (f" -> {problem.suggestion}" if problem.suggestion else ""),
                sys.stderr,
            )
    if error.hint:
        say(error.hint, sys.stderr)
    if isinstance(error, DefinitionError | WorkflowFileError):
        return ExitCode.INVALID_FILE
    usage = InputError | ConditionError | SchemaValidationError | StepsToRunFirst | CannotRestart
    return ExitCode.USAGE if isinstance(error, usage) else ExitCode.FAILED


def main() -> None:
    """The entry of `python -m engine`."""
    commands(prog_name="workflow-designer")
