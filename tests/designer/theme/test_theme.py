"""The themes keep their promises of contrast, and every icon and font that is named is there."""

from __future__ import annotations

import itertools
import re

import pytest
from PySide6.QtGui import QColor, QFontInfo
from PySide6.QtWidgets import QApplication
from pytestqt.qtbot import QtBot

from designer.theme import Theme, ThemeController, dark, fonts, icons, light, stylesheet
from tests.support.colour import contrast, distance_for_colour_blind

BOTH = pytest.mark.parametrize("theme", [light(), dark()], ids=["light", "dark"])


@BOTH
def test_that_text_has_enough_contrast_on_every_background(theme: Theme) -> None:
    for background in (theme.card, theme.canvas, theme.header, *theme.tint.values()):
        for text in (theme.text, theme.text2):
            assert contrast(text, background) >= 4.5, (text, background)


@BOTH
def test_that_states_and_outlines_can_be_made_out_on_cards_and_canvas(theme: Theme) -> None:
    for colour in (*theme.status.values(), *theme.category.values(), theme.border, theme.wire, theme.accent):
        assert contrast(colour, theme.card) >= 3.0, colour
        assert contrast(colour, theme.canvas) >= 3.0, colour


@BOTH
def test_that_state_words_can_be_read_on_their_own_tint(theme: Theme) -> None:
    for state in ("failed", "paused"):
        assert contrast(theme.status[state], theme.tint[state]) >= 4.5, state


@BOTH
def test_that_glyphs_can_be_made_out_on_their_tiles_and_badges(theme: Theme) -> None:
    for colour in (*theme.category.values(), *theme.status.values()):
        assert contrast(theme.glyph, colour) >= 3.0, colour
    assert contrast(theme.on_accent, theme.accent) >= 4.5


@BOTH
@pytest.mark.parametrize("blindness", ["protan", "deutan", "tritan"])
def test_that_states_stay_apart_for_colour_blind_people(theme: Theme, blindness: str) -> None:
    apart = ("running", "success", "failed", "paused", "rolledback", "skipped")
    for one, two in itertools.combinations(apart, 2):
        assert distance_for_colour_blind(theme.status[one], theme.status[two], blindness) >= 15, (one, two)


def test_that_the_bundled_fonts_are_used_with_their_real_weights(qapp: QApplication) -> None:
    assert set(fonts.load()) >= {"Inter", "JetBrains Mono"}
    for font, family in ((fonts.body(600), "Inter"), (fonts.mono(), "JetBrains Mono")):
        assert QFontInfo(font).family() == family
    assert QFontInfo(fonts.body(600)).weight() == 600


def test_that_switching_the_theme_restyles_the_application(qtbot: QtBot, qapp: QApplication) -> None:
    controller = ThemeController("light")
    with qtbot.waitSignal(controller.theme_changed):
        assert controller.toggle() == "dark"
    assert qapp.palette().window().color() == QColor(dark().card)
    assert dark().accent in qapp.styleSheet()
    controller.set_mode("light")


@BOTH
def test_that_the_style_sheet_leaves_no_placeholder(theme: Theme, qapp: QApplication) -> None:
    assert not re.search(r"\$\w", stylesheet.build(theme))


def test_that_an_icon_takes_the_colour_asked_for(qapp: QApplication) -> None:
    image = icons.pixmap("square", 24, "#FF0000").toImage()
    strong = [
        image.pixelColor(x, y) for x in range(24) for y in range(24) if image.pixelColor(x, y).alpha() > 200
    ]
    assert strong
    assert all(colour.red() > 200 and colour.green() < 40 for colour in strong)


def test_that_an_unknown_icon_is_a_question_mark_and_no_crash(qapp: QApplication) -> None:
    assert not icons.exists("no-such-icon")
    assert not icons.pixmap("no-such-icon", 16, "#000000").isNull()


def test_that_an_icon_has_the_shape_of_its_file_in_the_colour_that_is_asked_for(qapp: QApplication) -> None:
    black, red = (icons.pixmap("play", 24, color).toImage() for color in ("#000000", "#b91c1c"))
    places = [(x, y) for x in range(24) for y in range(24)]
    alphas = [black.pixelColor(*place).alpha() for place in places]
    assert max(alphas) == 255
    assert alphas == [red.pixelColor(*place).alpha() for place in places]
    full = [place for place, alpha in zip(places, alphas, strict=True) if alpha == 255]
    assert {red.pixelColor(*place).name() for place in full} == {"#b91c1c"}
