"""Pictures of large drawings: made in slices, given up at any time, and no file is ever half written."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Callable
from dataclasses import replace
from itertools import pairwise
from pathlib import Path
from xml.etree import ElementTree

import pytest
from PySide6.QtCore import Qt
from PySide6.QtGui import QGuiApplication, QImage, QPainter, QPicture
from PySide6.QtPrintSupport import QPrinter
from PySide6.QtSvg import QSvgRenderer
from pytestqt.qtbot import QtBot

from designer import long_work
from designer.canvas import pictures, render
from designer.canvas.geometry import Floats
from designer.dialogs.export_picture import ExportPictureDialog, PictureChoice
from designer.dialogs.message import MessageDialog
from designer.document import picture_file
from designer.windows import picture_maker
from designer.windows.picture_wiring import OWN_PICTURE, PictureWiring
from engine.files import codec
from engine.model import Connection, Node, Workflow, edits
from tests.designer.canvas.conftest import small_workflow
from tests.support.desk import Desk, at_the_canvas, press
from tests.support.qt_loop import spin

COUNT = 600


def large_workflow() -> Workflow:
    ids = [f"n{number}" for number in range(COUNT)]
    return Workflow(
        id="large",
        name="Large",
        nodes={i: Node(id=i, type="flow.set_values", config={"parameters": {"values": {}}}) for i in ids},
        connections={f"to_{b}": Connection(id=f"to_{b}", source=a, target=b) for a, b in pairwise(ids)},
        layout={i: (number % 25 * 368.0, number // 25 * 96.0) for number, i in enumerate(ids)},
    )


@pytest.fixture
def wiring(desk: Desk, qtbot: QtBot, monkeypatch: pytest.MonkeyPatch) -> PictureWiring:
    """A window with a large drawing, where every step of a picture counts as long."""
    window = at_the_canvas(desk, qtbot, large_workflow())
    monkeypatch.setattr(picture_maker, "SLICE_S", 0.0)
    monkeypatch.setattr(long_work, "SHOW_AFTER_MS", 0)
    return window.picture_wiring


def export(desk: Desk, qtbot: QtBot, monkeypatch: pytest.MonkeyPatch, path: Path) -> None:
    """Ask for a picture in this file, as a person does, up to where it is painted."""

    async def choose(_suggestion: Path, _kind: str) -> Path:
        return path

    monkeypatch.setattr(desk.person, "ask_picture_path", choose)
    desk.window.commands["file.export_picture"].trigger()

    def shown() -> list[ExportPictureDialog]:
        return [one for one in desk.window.findChildren(ExportPictureDialog) if one.isVisible()]

    qtbot.waitUntil(lambda: bool(shown()))
    asked = shown()[0]
    asked.form.set_value({**asked.form.value(), "kind": path.suffix.removeprefix(".")})
    qtbot.mouseClick(asked.export_button, Qt.MouseButton.LeftButton)


def under_way(wiring: PictureWiring, desk: Desk) -> Callable[[], bool]:
    """Whether a picture is being painted and the window says so."""
    return lambda: wiring.maker.slices > 2 and desk.window.status_line.work.isVisible()


@pytest.mark.parametrize("kind", ["png", "svg", "pdf"])
def test_that_a_large_picture_leaves_the_window_to_its_events_again_and_again(
    desk: Desk, wiring: PictureWiring, qtbot: QtBot, monkeypatch: pytest.MonkeyPatch, kind: str
) -> None:
    path = desk.folder / f"large.{kind}"
    export(desk, qtbot, monkeypatch, path)
    qtbot.waitUntil(under_way(wiring, desk))
    qtbot.waitUntil(path.exists)
    qtbot.waitUntil(lambda: not wiring.maker.is_working)
    assert wiring.maker.slices > COUNT / render.CARDS_AT_ONCE
    assert not desk.window.status_line.work.isVisible()


def test_that_a_picture_in_slices_is_the_one_that_is_painted_at_once(wiring: PictureWiring) -> None:
    drawing = wiring.drawing(PictureChoice())
    layer, area = render.finish(render._prepare(drawing))
    for transparent in (False, True):
        layer.vector = transparent
        whole = render.paint_image(layer, area, drawing.theme, 0.5, transparent=transparent)
        steps = render.image_steps(drawing, scale=0.5, transparent=transparent)
        assert spin(wiring.maker.painted(steps)) == whole


def test_that_an_svg_of_many_pieces_shows_what_one_of_a_single_piece_shows(
    wiring: PictureWiring, monkeypatch: pytest.MonkeyPatch
) -> None:
    drawing = wiring.drawing(PictureChoice())
    shown: list[QImage] = []
    for steps in (4, 10_000):
        monkeypatch.setattr(render, "_STEPS_A_SHEET", steps)
        pieces = spin(wiring.maker.painted(render.svg_steps(drawing)))
        assert (len(pieces) > 5) is (steps == 4)
        ElementTree.fromstring(b"".join(pieces))
        reader = QSvgRenderer(b"".join(pieces))
        assert reader.isValid()
        image = QImage(reader.defaultSize() / 2, QImage.Format.Format_RGB32)
        painter = QPainter(image)
        reader.render(painter)
        painter.end()
        shown.append(image)
    assert shown[0] == shown[1]


@pytest.mark.parametrize("kind", ["svg", "pdf"])
def test_that_wires_far_from_the_beginning_are_drawn_where_they_are(
    wiring: PictureWiring, qtbot: QtBot, kind: str
) -> None:
    """A picture made of lines is wider than 65,536 of its units when it has many columns."""
    drawing = wiring.drawing(PictureChoice())
    layout = {i: (number * 368.0, 0.0) for number, i in enumerate(drawing.workflow.nodes)}
    drawing = replace(drawing, workflow=replace(drawing.workflow, layout=layout))
    layer, area = render.finish(render._prepare(drawing))
    layer.vector = True
    painted = QPicture()
    painter = QPainter(painted)
    if kind == "pdf":
        painter.scale(10.0, 10.0)
    far: list[float] = []

    def note(_painter: QPainter, lines: Floats) -> None:
        far.extend(lines[:, 2].tolist())

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("designer.canvas.painter.wires.draw_lines", note)
        layer.paint(painter, area)
    painter.end()
    last = (COUNT - 1) * 368.0 * (10.0 if kind == "pdf" else 1.0)
    assert max(far) == pytest.approx(last, abs=100.0)
    assert len({round(x) for x in far}) > COUNT


def test_that_a_picture_shows_the_drawing_as_it_was_when_it_was_asked_for(
    desk: Desk, wiring: PictureWiring, qtbot: QtBot, monkeypatch: pytest.MonkeyPatch
) -> None:
    editor, path = desk.window.session.editor, desk.folder / "large.png"
    before = editor.workflow
    expected = render.render_image(wiring.drawing(PictureChoice()), scale=2.0)
    export(desk, qtbot, monkeypatch, path)
    qtbot.waitUntil(under_way(wiring, desk))
    gone = [f"n{number}" for number in range(1, COUNT)]
    editor.push(edits.delete(editor.workflow, desk.window.session.catalog, gone))
    qtbot.waitUntil(path.exists)
    assert codec.decode(picture_file.read(path)) == before
    shown = QImage(str(path))
    assert shown.convertToFormat(expected.format()) == expected


@pytest.mark.parametrize("by", ["key", "button"])
def test_that_a_picture_is_given_up_and_the_file_that_was_there_stays(
    desk: Desk, wiring: PictureWiring, qtbot: QtBot, monkeypatch: pytest.MonkeyPatch, by: str
) -> None:
    folder = desk.folder / "pictures"
    folder.mkdir()
    path = folder / "large.svg"
    path.write_text("what was there")
    export(desk, qtbot, monkeypatch, path)
    qtbot.waitUntil(under_way(wiring, desk))
    if by == "key":
        desk.window.canvas.setFocus()
        press(desk.window, "Esc")
    else:
        qtbot.mouseClick(desk.window.status_line.work.button, Qt.MouseButton.LeftButton)
    qtbot.waitUntil(lambda: not wiring.maker.is_working)
    assert path.read_text() == "what was there"
    assert list(folder.iterdir()) == [path]
    assert not desk.window.status_line.work.isVisible()
    assert not wiring.maker.give_up()


def test_that_a_picture_is_given_up_while_it_is_written(
    desk: Desk, wiring: PictureWiring, qtbot: QtBot, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder = desk.folder / "pictures"
    folder.mkdir()
    writes, go_on, embed = threading.Event(), threading.Event(), picture_file.embed

    def slow(png: bytes, text: str) -> bytes:
        writes.set()
        assert go_on.wait(30)
        return embed(png, text)

    monkeypatch.setattr(picture_file, "embed", slow)
    export(desk, qtbot, monkeypatch, folder / "large.png")
    qtbot.waitUntil(writes.is_set)
    assert wiring.maker.give_up()
    assert wiring.maker.is_working, "it waits for the thread"
    go_on.set()
    qtbot.waitUntil(lambda: not wiring.maker.is_working)
    assert not list(folder.iterdir())


def test_that_a_full_disk_leaves_the_old_file_and_is_told(
    desk: Desk, wiring: PictureWiring, qtbot: QtBot, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder = desk.folder / "pictures"
    folder.mkdir()
    path = folder / "large.pdf"
    path.write_text("what was there")

    def full(_descriptor: int) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr("engine.files.workflow_file.os.fsync", full)
    export(desk, qtbot, monkeypatch, path)

    def told() -> list[MessageDialog]:
        return [one for one in desk.window.findChildren(MessageDialog) if one.isVisible()]

    qtbot.waitUntil(lambda: bool(told()))
    assert path.read_text() == "what was there"
    assert list(folder.iterdir()) == [path]
    told()[0].reject()


def test_that_closing_the_program_ends_the_picture_and_leaves_nothing(
    desk: Desk, wiring: PictureWiring, qtbot: QtBot, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder = desk.folder / "pictures"
    folder.mkdir()
    export(desk, qtbot, monkeypatch, folder / "large.png")
    qtbot.waitUntil(under_way(wiring, desk))
    desk.window.close()
    qtbot.waitUntil(desk.program.ended.is_set)
    spin(desk.window.session.tasks.close())
    assert not wiring.maker.is_working
    assert not list(folder.iterdir())
    assert not [task for task in asyncio.all_tasks() if "PictureMaker" in repr(task)]


def test_that_only_one_picture_is_made_at_a_time(
    desk: Desk, wiring: PictureWiring, qtbot: QtBot, monkeypatch: pytest.MonkeyPatch
) -> None:
    QGuiApplication.clipboard().setText("mine")
    export(desk, qtbot, monkeypatch, desk.folder / "large.svg")
    qtbot.waitUntil(under_way(wiring, desk))
    spin(wiring._copy())
    assert wiring.maker.is_working
    assert QGuiApplication.clipboard().text() == "mine"
    wiring.maker.give_up()
    qtbot.waitUntil(lambda: not wiring.maker.is_working)
    desk.window.commands["file.copy_picture"].trigger()
    qtbot.waitUntil(lambda: QGuiApplication.clipboard().mimeData().hasFormat(OWN_PICTURE))


def test_that_a_page_that_is_printed_into_a_file_is_whole_or_not_there(
    desk: Desk, wiring: PictureWiring, qtbot: QtBot
) -> None:
    folder = desk.folder / "pages"
    folder.mkdir()
    printer = QPrinter(QPrinter.PrinterMode.HighResolution)
    printer.setOutputFormat(QPrinter.OutputFormat.PdfFormat)
    printer.setOutputFileName(str(folder / "page.pdf"))
    printing = asyncio.ensure_future(wiring.print_on(printer))
    qtbot.waitUntil(under_way(wiring, desk))
    wiring.maker.give_up()
    qtbot.waitUntil(printing.done)
    assert not list(folder.iterdir())
    spin(wiring.print_on(printer))
    assert (folder / "page.pdf").read_bytes().startswith(b"%PDF")
    printer.setOutputFileName(str(folder / "missing" / "page.pdf"))
    spin(wiring.print_on(printer))
    assert [one.name for one in folder.iterdir()] == ["page.pdf"]


def test_that_a_small_picture_is_made_without_a_word(
    desk: Desk, qtbot: QtBot, monkeypatch: pytest.MonkeyPatch
) -> None:
    window = at_the_canvas(desk, qtbot, small_workflow())
    shown: list[str] = []
    works = window.session.works
    works.changed.connect(lambda: shown.append(works.shown.words) if works.shown else None)
    monkeypatch.setattr(long_work, "SHOW_AFTER_MS", 60_000)
    path = desk.folder / "small.svg"
    export(desk, qtbot, monkeypatch, path)
    qtbot.waitUntil(path.exists)
    assert not shown


def test_that_a_picture_that_nobody_wants_any_more_is_not_written(desk: Desk, qtbot: QtBot) -> None:
    path = desk.folder / "a.jpg"
    image = QImage(4, 4, QImage.Format.Format_RGB32)
    for painted in (image, [b"<svg/>"], []):
        with pytest.raises(pictures.GivenUp):
            pictures.save(path, painted, None, lambda: True)
    assert not path.exists()
    with pytest.raises(OSError, match="could not be written"):
        pictures.save(desk.folder / "a.nothing", image)
