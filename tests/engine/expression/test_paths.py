"""Paths: their text, and what they find."""

import pytest

from engine.errors import ExpressionError
from engine.expression.paths import MISSING, Path, descend, output_path


@pytest.mark.parametrize(
    ("text", "canonical"),
    [
        ("input", "input"),
        ("a.b.c", "a.b.c"),
        ("read-flights.output", "read-flights.output"),
        ("a.0", "a[0]"),
        ("a[-1]", "a[-1]"),
        ("a[ 2 ]['b']", "a[2].b"),
        ("a['x y']", 'a["x y"]'),
        ('a["q\\"uote"]', 'a["q\\"uote"]'),
        ("größe.ä", "größe.ä"),
        (r"a['\n']", r'a["\n"]'),
    ],
)
def test_that_the_text_of_a_path_reads_back_as_the_same_path(text: str, canonical: str) -> None:
    path = Path.parse(text)
    assert str(path) == canonical
    assert Path.parse(canonical) == path


@pytest.mark.parametrize(
    "text", ["check.total", "check.output.total", "steps.check.total", "steps.check.output.total"]
)
def test_that_a_value_of_a_step_has_one_name_however_it_is_spelt(text: str) -> None:
    assert str(output_path(Path.parse(text))) == "check.output.total"


def test_that_a_step_may_be_called_steps() -> None:
    assert str(output_path(Path.parse("steps"))) == "steps.output"
    assert str(output_path(Path.parse("steps[0]"))) == "steps.output[0]"


@pytest.mark.parametrize("text", ["", "1a", ".a", "a.", "a..b", "a[", "a[x]", "a b", "a-", "a[1.5]"])
def test_that_a_bad_path_is_refused(text: str) -> None:
    with pytest.raises(ExpressionError):
        Path.parse(text)


@pytest.mark.parametrize(
    ("parts", "found"),
    [
        ((), {"rows": [{"n": 1}, {"n": None}], "0": "zero"}),
        (("rows", 0, "n"), 1),
        (("rows", -1, "n"), None),
        (("rows", 2), MISSING),
        (("rows", -3), MISSING),
        (("rows", "n"), MISSING),
        (("rows", 0, "n", "deeper"), MISSING),
        ((0,), "zero"),
        (("absent", "x"), MISSING),
    ],
)
def test_that_descending_finds_values_and_tells_null_from_missing(
    parts: tuple[str | int, ...], found: object
) -> None:
    assert descend({"rows": [{"n": 1}, {"n": None}], "0": "zero"}, parts) == found


def test_that_missing_is_falsy_and_says_so() -> None:
    assert not MISSING
    assert repr(MISSING) == "MISSING"
