"""What is said about pinned results before anything runs."""

import pytest

from engine.catalog import Catalog
from engine.errors import WorkflowFileError
from engine.model import edits
from engine.model.changes import apply
from engine.validation import check
from tests.support.builders import chain, decoded, node


def problems(**config):
    drawn = decoded(chain("a", node("b", **config)))
    return [p for p in check(drawn, Catalog.load()) if p.pointer.startswith("/nodes/1/config/pin")]


def test_that_a_pin_is_worth_knowing_and_keeps_nothing_from_running():
    (found,) = problems(pin={"output": {"rows": 1}})
    assert (found.severity, found.code, found.node_id) == ("info", "pinned", "b")
    assert "--ignore-pins" in found.suggestion
    assert not found.is_error


def test_that_a_pin_of_a_step_that_is_switched_off_is_not_worth_a_word():
    assert problems(pin={"output": 1}, disabled=True) == []


def test_that_a_pin_that_no_longer_fits_is_a_warning_with_the_place():
    schema = {"type": "object", "properties": {"rows": {"type": "integer"}}}
    misfit, pinned = problems(pin={"output": {"rows": "many"}}, output_schema=schema)
    assert (misfit.severity, misfit.code) == ("warning", "pin-misfit")
    assert misfit.pointer == "/nodes/1/config/pin/output/rows"
    assert pinned.severity == "info"


def test_that_a_pin_without_an_output_is_an_error_in_a_drawing_and_refused_in_a_file():
    plain = decoded(chain("a", node("b")))
    for pin in (True, {"value": 1}, []):
        drawn = apply(plain, edits.set_config(plain, "b", pin=pin).changes)
        found = [p for p in check(drawn, Catalog.load()) if p.pointer.startswith("/nodes/1/config/pin")]
        assert [one.is_error for one in found] == [True], pin
        with pytest.raises(WorkflowFileError, match="/nodes/1/config/pin"):
            problems(pin=pin)
