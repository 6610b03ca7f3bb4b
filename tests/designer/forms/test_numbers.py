"""Numbers as people type them: exactly, in any country, never rounded in silence."""

from __future__ import annotations

import pytest
from PySide6.QtCore import QLocale

from designer.forms.text_editors import read_loose, read_number, write_loose, write_number
from engine.model.json_value import Json


@pytest.mark.parametrize(
    ("text", "number"),
    [
        ("12", 12),
        (" -3 ", -3),
        ("\u22123", -3),
        ("1.5", 1.5),
        ("1e3", 1000.0),
        (".5", 0.5),
        ("9" * 30, int("9" * 30)),
    ],
)
def test_that_plain_numbers_are_read_exactly(text: str, number: float) -> None:
    assert read_number(text, whole=False) == number
    assert type(read_number(text, whole=False)) is type(number)


def test_that_a_decimal_comma_counts_where_the_locale_writes_one() -> None:
    german = QLocale(QLocale.Language.German, QLocale.Country.Germany)
    assert read_number("1,5", whole=False, locale=german) == 1.5
    with pytest.raises(ValueError, match="such as"):
        read_number("1,5", whole=False, locale=QLocale.c())


@pytest.mark.parametrize(
    "text", ["1.234,5", "1,234,5", "12 apples", "0x10", "1_000", "nan", "inf", "", "--1"]
)
def test_that_what_could_mean_two_numbers_or_none_is_refused(text: str) -> None:
    for language in (QLocale.Language.German, QLocale.Language.English):
        with pytest.raises(ValueError):
            read_number(text, whole=False, locale=QLocale(language))


def test_that_digits_a_float_cannot_keep_are_refused_not_rounded() -> None:
    with pytest.raises(ValueError, match="more digits"):
        read_number("0.12345678901234567890", whole=False)
    with pytest.raises(ValueError, match="too large"):
        read_number("1e999", whole=False)


def test_that_a_whole_number_has_no_fraction() -> None:
    assert read_number("2.0", whole=True) == 2
    with pytest.raises(ValueError, match="without a fraction"):
        read_number("2.5", whole=True)


@pytest.mark.parametrize("number", [0, -1, 1.0, 0.1, 1e300, 10**40])
def test_that_a_number_written_reads_back_the_same(number: float) -> None:
    assert read_number(write_number(number), whole=False) == number


@pytest.mark.parametrize("value", [12, 1.5, True, None, "abc", "12", "true", '"', "null", [1], {"a": "b"}])
def test_that_a_loose_value_survives_its_text(value: Json) -> None:
    assert read_loose(write_loose(value)) == value
    assert type(read_loose(write_loose(value))) is type(value)


def test_that_a_loose_field_for_text_takes_text_as_it_is() -> None:
    assert read_loose("12", ("string", "null")) == "12"
    assert read_loose("NaN") == "NaN"
    assert read_loose("0.12345678901234567890") == "0.12345678901234567890"
