"""Values against schemas: the quick yes agrees with the complete validator, and the words are plain."""

import json
from typing import Any

import pytest

from engine.json_schema.quick import quick_predicate
from engine.json_schema.validators import schema_faults, validate, validator
from tests.support.corpora import corpus

URL_WORDS = "must be a web address such as https://example.org, not "


@pytest.mark.parametrize(
    ("schema", "value", "pointer", "message"),
    [
        ({"type": "integer"}, "x", "", "must be a whole number, not text"),
        ({"type": "integer"}, 1.5, "", "must be a whole number, not 1.5"),
        ({"type": "integer"}, None, "", "must be a whole number, but is empty"),
        ({"type": ["string", "null"]}, [], "", "must be text or empty, not a list"),
        ({"type": "string"}, True, "", "must be text, not true or false"),
        ({"type": "string"}, {}, "", "must be text, not an object"),
        ({"type": "boolean"}, 0, "", "must be true or false, not a number"),
        ({"enum": ["a", 1]}, "b", "", 'must be one of "a", 1, not "b"'),
        ({"enum": list(range(20))}, -1, "",
         "must be one of 0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, ..., not -1"),
        ({"const": 1}, 2, "", "must be 1, not 2"),
        ({"const": 1}, {2}, "", "must be 1, not set"),
        ({"const": "x" * 100}, 2, "", 'must be "' + "x" * 58 + "…, not 2"),
        ({"oneOf": [{"const": "a"}, {"const": "b"}]}, "c", "", 'must be one of "a", "b", not "c"'),
        ({"oneOf": [{"type": "string"}, {"type": "null"}]}, 1, "", "must be text or empty, not 1"),
        ({"anyOf": [{"const": "fail"}, {"type": "object", "required": ["n"]}]}, "x", "",
         'must be "fail" or an object with n, not "x"'),
        ({"anyOf": [{"const": 1}, {"type": "object", "properties": {"a": {}}}, {"type": "array"}]}, "x", "",
         'must be 1, an object with a or a list, not "x"'),
        ({"anyOf": [{"type": "object"}, {"type": "null"}]}, 1, "", "must be an object or empty, not 1"),
        ({"anyOf": [{"type": ["string", "null"]}, {"type": ["array", "null"]}]}, 1, "",
         "does not fit any of the 2 allowed forms"),
        ({"anyOf": [False, False]}, 1, "", "does not fit any of the 2 allowed forms"),
        ({"anyOf": [False, {"minimum": 5}]}, 1, "", "must be at least 5, not 1"),
        ({"oneOf": [{"minimum": 1}, {"minimum": 2}]}, 3, "",
         "fits more than one of the forms, of which it may have one"),
        ({"anyOf": [{"type": "string"}]}, 1, "", "must be text, not 1"),
        ({"anyOf": [{"minimum": 5}]}, 1, "", "must be at least 5, not 1"),
        ({"anyOf": [{"type": "string", "minLength": 3}, {"type": "null"}]}, "a", "",
         "must have at least 3 characters"),
        ({"not": {"type": "string"}}, "a", "", 'must not be "a"'),
        ({"minimum": 5}, 4, "", "must be at least 5, not 4"),
        ({"maximum": 5}, 6, "", "must be at most 5, not 6"),
        ({"exclusiveMinimum": 5}, 5, "", "must be more than 5, not 5"),
        ({"exclusiveMaximum": 5}, 5, "", "must be less than 5, not 5"),
        ({"multipleOf": 5}, 6, "", "must be a multiple of 5, not 6"),
        ({"minLength": 1}, "", "", "must not be empty"),
        ({"minLength": 2}, "a", "", "must have at least 2 characters"),
        ({"maxLength": 1}, "ab", "", "must have at most 1 characters, not 2"),
        ({"pattern": "^a"}, "b", "", 'must match the pattern ^a, as "b" does not'),
        ({"format": "date"}, "31.3.", "", 'must be a date such as 2026-03-31, not "31.3."'),
        ({"format": "date-time"}, "2026", "",
         'must be a date and time such as 2026-03-31T14:00:00, not "2026"'),
        ({"format": "time"}, "9", "", 'must be a time such as 14:00, not "9"'),
        ({"format": "email"}, "a@b@c", "", 'must be an e-mail address, not "a@b@c"'),
        ({"format": "url"}, "example.org", "", URL_WORDS + '"example.org"'),
        ({"format": "url"}, "http://[", "", URL_WORDS + '"http://["'),
        ({"format": "regex"}, "(", "", 'must be a regular expression, not "("'),
        ({"minItems": 1}, [], "", "must have at least one entry"),
        ({"minItems": 2}, [1], "", "must have at least 2 entries"),
        ({"maxItems": 1}, [1, 2], "", "must have at most 1 entries, not 2"),
        ({"uniqueItems": True}, [1, 1], "", "must not have the same entry twice"),
        ({"contains": {"const": 1}}, [], "", "does not have the entry that is needed"),
        ({"minProperties": 1}, {}, "", "must have at least 1 fields"),
        ({"maxProperties": 0}, {"a": 1}, "", "must have at most 0 fields"),
        ({"propertyNames": {"pattern": "^a"}}, {"b": 1}, "", 'must match the pattern ^a, as "b" does not'),
        ({"dependentRequired": {"a": ["b"]}}, {"a": 1}, "", "needs b as well when a is given"),
        ({"required": ["a/b"]}, {}, "/a~1b", "is required"),
        ({"properties": {"name": {}}, "additionalProperties": False}, {"nmae": 1}, "/nmae",
         "is not known here; did you mean name?"),
        ({"additionalProperties": False}, {"zz": 1}, "/zz", "is not known here"),
        ({"additionalProperties": False, "patternProperties": {"^a": {}}}, {"b": 1}, "",
         "has a field that is not known here"),
        ({"properties": {"a": {"items": {"type": "number"}}}}, {"a": [1, "x"]}, "/a/1",
         "must be a number, not text"),
        ({"properties": {"a": False}}, {"a": 1}, "", "is not allowed here"),
        (False, 1, "", "is not allowed here"),
    ],
)  # fmt: skip
def test_that_a_fault_is_said_in_plain_words(schema: Any, value: Any, pointer: str, message: str) -> None:
    faults = validator(schema).errors(value)
    assert faults == [{"pointer": pointer, "message": message}]


def test_that_every_missing_and_unknown_field_is_a_fault_of_its_own() -> None:
    schema = {"required": ["a", "b"], "properties": {"a": {}, "b": {}}, "additionalProperties": False}
    assert {fault["pointer"] for fault in validate(schema, {"x": 1, "y": 2})} == {"/a", "/b", "/x", "/y"}


def test_that_an_empty_schema_takes_everything() -> None:
    assert validate({}, object()) == []
    assert validate(None, 1) == []


def test_that_an_unknown_reference_is_a_fault_and_nothing_is_fetched() -> None:
    faults = validate({"$ref": "http://127.0.0.1:9/schema.json"}, 1)
    assert "http://127.0.0.1:9/schema.json" in faults[0]["message"]


def test_that_endless_recursion_is_a_fault() -> None:
    assert validate({"$ref": "#"}, 1)[0]["message"] == "the value or its schema is nested too deeply"


@pytest.mark.parametrize(
    "schema", [{"type": "strnig"}, {"minimum": "5"}, {"properties": []}, {"pattern": "("}, [], {"x": {1}}]
)
def test_that_a_broken_schema_is_refused(schema: Any) -> None:
    with pytest.raises(ValueError, match="not a JSON Schema"):
        validator(schema)


def test_that_the_faults_of_a_schema_lead_into_it() -> None:
    assert schema_faults({"properties": {"a": {"type": "strnig"}}})[0]["pointer"] == "/properties/a/type"
    assert schema_faults({"type": "object"}) == []
    assert [fault["pointer"] for fault in schema_faults({"properties": {"a": 5}})] == ["/properties/a"]
    deep: dict[str, Any] = {}
    for _ in range(3000):
        deep = {"not": deep}
    assert "too deeply" in schema_faults(deep)[0]["message"]


def test_that_validators_are_made_once() -> None:
    assert validator({"type": "string", "minLength": 1}) is validator({"type": "string", "minLength": 1})


def test_that_formats_without_a_rule_are_hints_only() -> None:
    assert validate({"format": "multiline"}, "x") == []
    assert validate({"format": "date-time-or-empty"}, "") == []
    assert validate({"format": "date"}, 5) == []


def test_that_recursive_schemas_are_quick() -> None:
    schema = {"$defs": {"tree": {"items": {"$ref": "#/$defs/tree"}, "type": "array"}}, "$ref": "#/$defs/tree"}
    quick = quick_predicate(schema)
    assert quick is not None
    assert quick([[], [[]]])
    assert not quick([[1]])


@pytest.mark.parametrize(
    "schema",
    [
        {"uniqueItems": True}, {"prefixItems": [{}], "items": {}}, {"$ref": "#/x"},
        {"$ref": "#/$defs/absent"},
        {"enum": [[1]]}, {"oneOf": {}}, {"required": "a"}, {"properties": []}, {"minimum": "1"},
        {"type": "any"},
        {"additionalProperties": False, "patternProperties": {}}, {"pattern": "("},
        {"unevaluatedItems": False},
        5,
        {"if": {}}, {"multipleOf": 2},
    ],
)  # fmt: skip
def test_that_schemas_beyond_the_quick_words_are_left_to_the_complete_validator(schema: Any) -> None:
    assert quick_predicate(schema) is None


QUICK_SCHEMA = {
    "$defs": {"point": {"type": "array", "items": {"type": "number"}, "minItems": 2, "maxItems": 2}},
    "type": "object",
    "title": "t",
    "x-hint": 1,
    "properties": {
        "a": {"type": "integer", "minimum": 0, "maximum": 9},
        "b": {"type": ["string", "null"], "minLength": 1, "maxLength": 3, "pattern": "^x", "format": "other"},
        "c": {"oneOf": [{"const": "p", "title": "P"}, {"const": "q"}]},
        "d": {"enum": [1, "x", None, True]},
        "e": {"anyOf": [{"type": "boolean"}, {"$ref": "#/$defs/point"}]},
        "f": {"allOf": [{"exclusiveMinimum": 1}, {"exclusiveMaximum": 2}]},
        "g": {"oneOf": [{"type": "number"}, {"minimum": 5}]},
        "h": {"format": "date"},
        "i": {
            "minProperties": 1,
            "maxProperties": 1,
            "additionalProperties": {"type": "null"},
            "properties": {"z": True},
        },
        "j": False,
    },
    "required": ["a"],
    "additionalProperties": False,
}


@pytest.mark.parametrize("key", ["a", "b", "c", "d", "e", "f", "g", "h", "i", "j", "k"])
@pytest.mark.parametrize(
    "value",
    [0, 5, 10, 1.0, 1.5, True, False, None, "", "x", "xyz1", "ab", "p", [], [1, 2], [1, "x"], {}, {"z": None},
     {"y": None}, {"y": 1}, {"z": 1, "y": None}, "2026-03-31", "2026"],
)  # fmt: skip
def test_that_the_quick_answer_is_the_complete_answer(key: str, value: Any) -> None:
    quick = quick_predicate(QUICK_SCHEMA)
    assert quick is not None
    document = {"a": 1, key: value}
    assert quick(document) == validator(QUICK_SCHEMA).complete.is_valid(document)
    assert not quick(value)


def test_that_the_official_suite_agrees() -> None:
    folder = corpus("json_schema_suite") / "draft2020-12"
    compared = 0
    for file in sorted(folder.glob("*.json")):
        for group in json.loads(file.read_text("utf-8")):
            quick = quick_predicate(group["schema"])
            for test in group["tests"]:
                # A quick no is only a question to the complete validator; a quick yes must be right.
                if quick is not None and quick(test["data"]):
                    compared += 1
                    assert test["valid"], (
                        file.name,
                        group["description"],
                        test["description"],
                    )
    assert compared > 100
