"""What is said about pinned results before anything runs."""

from engine.catalog import Catalog
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


def test_that_a_pin_without_an_output_is_an_error():
    for pin in (True, {"value": 1}, []):
        (found,) = problems(pin=pin)
        assert found.is_error, pin
