"""Checks of workflows before they run, and of values against their JSON Schemas."""

from engine.validation.checks import check
from engine.validation.problem import Problem
from engine.validation.validators import validate, validator

__all__ = ["Problem", "check", "validate", "validator"]
