"""Values held against JSON Schemas: compiled once, with messages in plain words."""

from engine.json_schema.validators import validate, validator

__all__ = ["validate", "validator"]
