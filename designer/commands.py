"""The whole command line: the engine's commands, and those two that draw."""

from __future__ import annotations

import os
import sys
from pathlib import Path

import click

from engine.cli.commands import commands, complain
from engine.cli.exit_codes import ExitCode
from engine.errors import WorkflowError

__all__ = ["commands"]

PICTURES = (".png", ".svg", ".pdf", ".jpg", ".jpeg", ".webp", ".bmp")


@commands.command(name="open")
@click.argument("file", type=click.Path(path_type=Path), required=False)
@click.option(
    "--store", type=click.Path(path_type=Path, dir_okay=False), help="The file that keeps the runs."
)
def open_window(file: Path | None, store: Path | None) -> None:
    """Open the window, with FILE if it is given; the same without the word open."""
    from designer import app

    arguments = [str(file)] if file is not None else []
    sys.exit(app.main([*arguments, *(("--store", str(store)) if store is not None else ())]))


@commands.command()
@click.argument("file", type=click.Path(path_type=Path))
@click.option(
    "-o",
    "--output",
    type=click.Path(path_type=Path, dir_okay=False),
    required=True,
    help="The picture; its ending says what it becomes: .svg, .pdf, .png, .jpg, .webp or .bmp.",
)
@click.option(
    "--theme", type=click.Choice(["light", "dark"]), default="light", show_default=True, help="Its colours."
)
@click.option(
    "--scale",
    type=click.FloatRange(min=0.05, max=8),
    default=2.0,
    show_default=True,
    help="Pixels of the picture for one of the canvas; an SVG or a PDF has none.",
)
@click.option(
    "--carry/--no-carry",
    default=True,
    show_default=True,
    help="Whether a PNG carries the workflow, so that the designer can open it again.",
)
def render(file: Path, output: Path, theme: str, scale: float, carry: bool) -> None:
    """Draw the workflow in FILE as a picture, without a display."""
    if output.suffix.lower() not in PICTURES:
        raise click.UsageError(f"{output}: the ending must be one of {', '.join(PICTURES)}")
    try:
        sys.exit(int(_draw(file, output, theme, scale, carry)))
    except WorkflowError as error:
        sys.exit(int(complain(error)))


def _draw(file: Path, output: Path, theme: str, scale: float, carry: bool) -> ExitCode:
    from designer import app
    from engine.files import workflow_file

    workflow = workflow_file.load(file)
    os.environ["QT_QPA_PLATFORM"] = "offscreen"
    if (complaint := app.why_no_window()) is not None:
        click.echo(f"The picture cannot be drawn here. {complaint}", err=True)
        return ExitCode.FAILED
    from PySide6.QtWidgets import QApplication

    from designer.canvas.render import Drawing, save_picture
    from designer.theme import theme as themes
    from engine.catalog import Catalog

    application = QApplication.instance() or QApplication(["workflow-designer"])
    colours = themes.dark() if theme == "dark" else themes.light()
    try:
        drawing = Drawing(workflow=workflow, catalog=Catalog.load(), theme=colours)
        save_picture(output, drawing, scale=scale, carries_workflow=carry)
    except OSError as error:
        click.echo(f"{output} cannot be written: {error.strerror or error}", err=True)
        return ExitCode.FAILED
    del application
    return ExitCode.COMPLETED
