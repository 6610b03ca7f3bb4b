"""Checks of workflows before they run: all that is wrong, at once."""

from engine.problem import Problem
from engine.validation.checks import check

__all__ = ["Problem", "check"]
