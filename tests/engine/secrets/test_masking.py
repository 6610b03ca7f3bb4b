"""Values of secrets are found however they are spelt, and nothing else is touched."""

from __future__ import annotations

import base64
import json
from urllib.parse import quote_plus

import pytest
from hypothesis import given
from hypothesis import strategies as st

from engine.errors import ExternalServiceError
from engine.expression.secret_text import SecretText, from_journal, join, reveal, secret, to_journal
from engine.secrets.masking import Masker


def knowing(*values: str) -> Masker:
    masker = Masker()
    for value in values:
        masker.learn(value)
    return masker


@given(st.text(min_size=4, max_size=40), st.text(max_size=7), st.text(max_size=7))
def test_that_no_spelling_of_a_value_comes_through(value: str, before: str, after: str) -> None:
    masker = knowing(value)
    plain = masker.mask({"a": [before + value + after], value: 1, "url": quote_plus(before + value)})
    assert all(value not in text or value in "•••" for text in (*plain, *plain["a"], plain["url"]))
    whole = base64.b64encode((before + value + after).encode("utf-8", "surrogatepass")).decode()
    assert masker.mask(f"Basic {whole}") != f"Basic {whole}" or len(value.encode()) < 6


def test_that_a_longer_secret_is_masked_before_one_that_is_part_of_it() -> None:
    assert knowing("pass", "password").mask("my password, my pass") == "my •••, my •••"


def test_that_short_values_are_not_masked_and_what_has_none_stays_the_same_object() -> None:
    masker = knowing("abc")
    assert not masker.is_needed
    assert masker.mask("abc") == "abc"
    masker.learn("secret")
    value = {"a": [1, {"b": "c"}], "d": (1, 2)}
    assert masker.mask(value) is value
    assert masker.mask(("x", "secret")) == ("x", "•••")


def test_that_an_error_and_its_causes_are_masked_in_place() -> None:
    masker = knowing("hunter2")
    error = ExternalServiceError("no hunter2", hint="try hunter2")
    error.__cause__ = OSError(2, "no file", "/tmp/hunter2")
    error.add_note("sent hunter2")
    assert masker.mask_error(error) is error
    assert (error.message, error.hint, error.__notes__) == ("no •••", "try •••", ["sent •••"])
    assert "hunter2" not in str(error.__cause__)


def test_that_an_error_that_keeps_its_text_elsewhere_is_replaced() -> None:
    class Stubborn(Exception):
        def __str__(self) -> str:
            return "always hunter2"

    masked = knowing("hunter2").mask_error(Stubborn())
    assert str(masked) == "Stubborn: always •••"
    plain = ValueError("x")
    assert Masker().mask_error(plain) is plain


def test_that_secret_text_reads_masked_and_is_revealed_only_by_its_parts() -> None:
    text = join(["Bearer ", secret("token"), "!"])
    assert isinstance(text, SecretText)
    assert (text, json.dumps(text, ensure_ascii=False)) == ("Bearer •••!", '"Bearer •••!"')
    assert reveal({"h": [text, "x"]}, {"token": "t"}) == {"h": ["Bearer t!", "x"]}
    with pytest.raises(KeyError):
        reveal(text, {})
    assert type(join(["a", "b"])) is str


_JSON = st.recursive(
    st.none() | st.integers() | st.text(max_size=5) | st.sampled_from(["a", "b"]).map(secret),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(st.sampled_from(["$secret", "$secret_text", "$quoted", "x"]), inner, max_size=2)
    ),
    max_leaves=8,
)


@given(_JSON)
def test_that_the_journal_gives_back_what_it_was_given(value: object) -> None:
    back = from_journal(json.loads(json.dumps(to_journal(value))))
    known = {"a": "1", "b": "2"}
    assert reveal(back, known) == reveal(value, known)
    assert back == value


@pytest.mark.parametrize(
    ("value", "echo"),
    [
        ("8373625144", 8373625144),
        ("8373625144", 8373625144.0),
        ("tok-" + "a1b2c3d4" * 10, 'must match ^z$, as "tok-a1b2c3d4a1b2c3…'),
        ("tok-" + "a1b2c3d4" * 10, "first... and tok-a1b2c3d4... and last"),
        ("-----BEGIN KEY-----\nMIIEvQIBADAN\nBgkqhkiG9w0B\n-----END KEY-----\n", "line: BgkqhkiG9w0B"),
        ("  padded value\n", "got <padded value>"),
        ('it\'s "one" \x7f', repr('it\'s "one" \x7f')),
        ("na\u00efve-key", ascii("na\u00efve-key")),
        ("s\u00e9cret/key", "s%c3%a9cret%2fkey"),
        ("swordfish", b"swordfish".hex().upper()),
    ],
)
def test_that_a_value_is_found_as_a_number_cut_short_by_its_lines_and_as_programs_write_it(
    value: str, echo: object
) -> None:
    masked = knowing(value).mask({"echo": echo, "kept": 7})
    assert masked["kept"] == 7
    assert "•••" in masked["echo"]
    rest = masked["echo"].replace("•••", "")
    assert not any(rest[at : at + 5] in value for at in range(len(rest) - 4))


def test_that_what_only_resembles_a_value_stays() -> None:
    masker = knowing("8373625144", "tok-a1b2c3d4e5f6", "1234")
    told = [1234, 8373625144.5, -8373625144, True, "tok-a1b…", "tok-a1b2c3d4 was cut…", "a… b... c"]
    assert masker.mask(told) is told


def test_that_the_error_of_a_value_too_long_to_be_shown_is_masked() -> None:
    value = "tok-" + "a1b2c3d4" * 10
    error = ValueError(f"bad token {value[:40]}…")
    assert str(knowing(value).mask_error(error)) == "bad token •••…"
