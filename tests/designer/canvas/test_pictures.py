"""Pictures of the drawing: every kind, a part of it, and the PNG that opens again."""

from __future__ import annotations

import subprocess
import sys
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from PySide6.QtCore import QRectF, QSize
from PySide6.QtGui import QImage, QPainter
from pytestqt.qtbot import QtBot

from designer.canvas.render import (
    Drawing,
    paint_image,
    render_image,
    render_preview,
    save_picture,
)
from designer.document import picture_file
from designer.theme.theme import dark, light
from engine.catalog import Catalog
from engine.files import codec
from engine.history.status import StepStatus
from engine.history.step_state import StepState
from engine.model import Workflow
from engine.model.changes import apply
from engine.model.comments import Comment, set_comments
from engine.model.groups import groups, make_group
from tests.designer.canvas.conftest import small_workflow
from tests.support.drawn import paint_page, render_pdf, render_png, render_svg

STATES = {"read": StepState(status=StepStatus.RUNNING), "keep": StepState(status=StepStatus.FAILED)}


@pytest.fixture
def drawing(qtbot: QtBot) -> Drawing:
    return Drawing(workflow=small_workflow(), catalog=Catalog.load(), theme=light())


def test_that_pictures_are_made_without_a_window(drawing: Drawing, tmp_path: Path) -> None:
    image = render_image(replace(drawing, states=STATES), scale=2.0)
    assert image.width() > 2 * 900
    assert image != render_image(replace(drawing, states=STATES, theme=dark()), scale=2.0)
    assert image != render_image(drawing, scale=2.0)
    text = render_svg(drawing).decode()
    assert "<svg" in text
    assert "Keep large" in text
    for name in ("picture.png", "picture.svg", "picture.pdf", "picture.jpg"):
        save_picture(tmp_path / name, drawing)
        assert (tmp_path / name).stat().st_size > 1000
    for name in ("picture.png", "picture.svg", "picture.jpg"):
        with pytest.raises(OSError, match=r"No such file|could not be written"):
            save_picture(tmp_path / "missing" / name, drawing)
    empty = replace(drawing, workflow=Workflow(id="empty"))
    assert not render_image(empty).isNull()


@pytest.mark.parametrize("away", [0.0, 60_000.0])
def test_that_a_preview_takes_the_room_there_is_whatever_the_drawing(
    drawing: Drawing, monkeypatch: pytest.MonkeyPatch, away: float
) -> None:
    painted: list[QSize] = []

    def paint(*args: Any, **options: Any) -> QImage:
        image = paint_image(*args, **options)
        painted.append(image.size())
        return image

    monkeypatch.setattr("designer.canvas.render.paint_image", paint)
    workflow = drawing.workflow
    layout = {**workflow.layout, "write": (704.0 + away, 192.0)}
    image = render_preview(
        replace(drawing, workflow=replace(workflow, layout=layout)), QSize(600, 300), transparent=away == 0.0
    )
    assert image.width() == 600
    assert painted[0].width() <= 2400
    assert (image.pixelColor(0, 0).alpha() == 0) is (away == 0.0)


def test_that_a_picture_of_a_part_holds_the_part_and_nothing_else(drawing: Drawing) -> None:
    workflow = drawing.workflow
    note = Comment(id="n", text="Why", x=0.0, y=300.0, width=200.0, height=80.0)
    workflow = apply(workflow, set_comments(workflow, [note], "Add comment").changes)
    workflow = apply(workflow, make_group(workflow, ["read", "keep"]).changes)
    whole = replace(drawing, workflow=workflow)
    part = whole.of(["read", "keep"])
    assert list(part.workflow.nodes) == ["read", "keep"]
    assert list(part.workflow.connections) == ["read_to_keep"]
    assert [group.nodes for group in groups(part.workflow)] == [("read", "keep")]
    assert groups(whole.of(["read"]).workflow) == ()
    text = render_svg(part).decode()
    assert "Keep large" in text
    assert "Write report" not in text
    assert "Why" not in text
    assert "Why" in render_svg(whole.of([], ["n"])).decode()
    assert render_image(part).width() < render_image(whole).width()


def test_that_a_picture_without_a_background_has_none(drawing: Drawing) -> None:
    plain, clear = render_image(drawing), render_image(drawing, transparent=True)
    assert plain.pixelColor(2, 2).alpha() == 255
    assert clear.pixelColor(2, 2).alpha() == 0
    middle = clear.pixelColor(48 + 120, 48 + 10)
    assert middle.alpha() == 255  # a card is solid
    assert render_svg(drawing, transparent=True) != render_svg(drawing)


def test_that_a_picture_carries_its_workflow_and_other_programs_still_see_a_picture(
    drawing: Drawing, tmp_path: Path
) -> None:
    path = tmp_path / "orders.png"
    save_picture(path, drawing)
    assert codec.decode(picture_file.read(path)) == drawing.workflow
    image = QImage(str(path))
    assert image == render_image(drawing, scale=2.0).convertToFormat(image.format())
    assert picture_file.extract(render_png(drawing, carries_workflow=False)) is None


def test_that_odd_names_survive_the_picture(drawing: Drawing) -> None:
    named = replace(drawing.workflow, name="Größe \U0001f600 \u2028 ${x}", description="\0\n\t" * 10)
    png = render_png(replace(drawing, workflow=named))
    text = picture_file.extract(png)
    assert text is not None
    assert codec.decode(text) == named
    again = picture_file.embed(png, "other")
    assert picture_file.extract(again) == "other"
    assert again.count(picture_file.KEYWORD) == 1


def test_that_a_pdf_has_one_page_of_the_drawings_size(drawing: Drawing) -> None:
    pdf = render_pdf(drawing)
    assert pdf.startswith(b"%PDF-")
    assert pdf.count(b"/Type /Page\n") == 1
    area = render_image(drawing).size()
    assert f"/MediaBox [0 0 {round(area.width() * 0.75)}".encode() in pdf.replace(b".000000", b"")


def test_that_a_page_shows_the_whole_drawing_in_its_middle(drawing: Drawing) -> None:
    page = QImage(1000, 1400, QImage.Format.Format_RGB32)
    page.fill(0xFFFFFFFF)
    painter = QPainter(page)
    paint_page(painter, drawing, QRectF(0, 0, 1000, 1400))
    painter.end()
    rows = [y for y in range(1400) if any(page.pixel(x, y) != 0xFFFFFFFF for x in range(0, 1000, 5))]
    columns = [x for x in range(1000) if any(page.pixel(x, y) != 0xFFFFFFFF for y in range(0, 1400, 5))]
    assert abs((rows[0] + rows[-1]) / 2 - 700) < 30
    assert 10 < columns[0] < 100
    assert 900 < columns[-1] < 990


def test_that_only_pictures_with_a_sound_workflow_can_be_opened(drawing: Drawing, tmp_path: Path) -> None:
    from engine.errors import WorkflowFileError

    png = render_png(drawing)
    text = tmp_path / "text.png"
    text.write_bytes(b"no picture")
    with pytest.raises(WorkflowFileError, match="not a PNG"):
        picture_file.read(text)
    bare = tmp_path / "bare.png"
    bare.write_bytes(render_png(drawing, carries_workflow=False))
    with pytest.raises(WorkflowFileError, match="carries no workflow"):
        picture_file.read(bare)
    at = png.index(picture_file.KEYWORD) + 60
    with pytest.raises(WorkflowFileError, match="damaged"):
        picture_file.extract(png[:at] + bytes([png[at] ^ 1]) + png[at + 1 :])
    assert picture_file.extract(png[: len(png) // 2]) is None
    bomb = picture_file.embed(render_png(drawing, carries_workflow=False), "x" * (picture_file.MAX_TEXT + 1))
    with pytest.raises(WorkflowFileError, match="too large"):
        picture_file.extract(bomb)


def test_that_the_command_line_draws_a_pdf_and_a_picture_that_opens_again(
    drawing: Drawing, tmp_path: Path
) -> None:
    file = tmp_path / "small.workflow.json"
    file.write_text(codec.encode(drawing.workflow), "utf-8")
    for name, more in (("a.png", []), ("b.png", ["--no-carry"]), ("c.pdf", [])):
        command = [sys.executable, "-m", "designer", "render", str(file), "-o", str(tmp_path / name), *more]
        subprocess.run(command, check=True, capture_output=True)
    assert codec.decode(picture_file.read(tmp_path / "a.png")) == drawing.workflow
    assert picture_file.extract((tmp_path / "b.png").read_bytes()) is None
    assert (tmp_path / "c.pdf").read_bytes().startswith(b"%PDF-")
