"""Workflows inside workflows, as a person works with them: open, change, make of a selection, take apart."""

from engine.model.embedded import (
    COMPOSITES,
    FOR_EACH,
    LOOP,
    MAX_DEPTH,
    SUBWORKFLOW,
    apply_at,
    blank,
    file_of,
    get,
    is_composite,
    last_steps,
    outputs_of,
    replace_embedded,
    walk,
    workflow_at,
)
from engine.model.extraction import extract, extract_refusal
from engine.model.inlining import inline, inline_refusal

__all__ = [
    "COMPOSITES",
    "FOR_EACH",
    "LOOP",
    "MAX_DEPTH",
    "SUBWORKFLOW",
    "apply_at",
    "blank",
    "extract",
    "extract_refusal",
    "file_of",
    "get",
    "inline",
    "inline_refusal",
    "is_composite",
    "last_steps",
    "outputs_of",
    "replace_embedded",
    "walk",
    "workflow_at",
]
