"""Expressions, conditions and templates: parsed by a grammar of our own, never by `eval`."""
