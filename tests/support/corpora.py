"""Where outside test material lies, when it is there at all."""

import os
from pathlib import Path

import pytest


def corpus(name: str) -> Path:
    """The folder of one family of outside cases; skips the test where the material is absent."""
    root = os.environ.get("WORKFLOW_DESIGNER_CORPORA")
    base = Path(root) if root else Path(__file__).resolve().parents[2].parent / "shared" / "corpora"
    folder = base / name / "dev"
    if not folder.is_dir():
        pytest.skip(f"outside material {name!r} is not on this machine")
    return folder
