"""Workflow files: their text, their JSON Schema, and how they are saved."""
