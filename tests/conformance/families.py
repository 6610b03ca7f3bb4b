"""The families of outside material, and how each is tried."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from functools import partial
from pathlib import Path

from tests.conformance.asl import tally_asl
from tests.conformance.atom import tally_atom
from tests.conformance.cel import tally_cel
from tests.conformance.cwl import tally_cwl
from tests.conformance.graphs import tally_graphs
from tests.conformance.hostile import tally_expressions, tally_json, tally_strings
from tests.conformance.patterns import tally_patterns
from tests.conformance.tally import Tally


@dataclass(frozen=True, slots=True, kw_only=True)
class Family:
    """`folder` is the family's place in the material; `is_slow` keeps it out of the ordinary tests."""

    title: str
    folder: str
    tally: Callable[[Path], Awaitable[Tally]]
    is_slow: bool = False


FAMILIES = (
    Family(title="asl_aws_recorded", folder="asl_aws_recorded", tally=tally_asl),
    Family(title="workflow_patterns", folder="workflow_patterns", tally=tally_patterns),
    Family(title="cwl_workflow_conformance", folder="cwl_workflow_conformance", tally=tally_cwl),
    Family(title="atom_semantics", folder="atom_semantics", tally=tally_atom),
    Family(title="wfinstances", folder="wfinstances", tally=partial(tally_graphs, family="wfinstances")),
    Family(
        title="wfgen, about 1,000 tasks",
        folder="wfgen",
        tally=partial(tally_graphs, family="wfgen, about 1,000 tasks"),
    ),
    Family(
        title="wfgen, about 10,000 tasks",
        folder="wfgen",
        tally=partial(tally_graphs, family="wfgen, about 10,000 tasks", large=True),
        is_slow=True,
    ),
    Family(title="cel_conformance", folder="cel_conformance", tally=tally_cel),
    Family(title="hostile_expressions", folder="hostile_expressions", tally=tally_expressions),
    Family(title="json_hostile", folder="json_hostile", tally=tally_json),
    Family(title="naughty_strings", folder="naughty_strings", tally=tally_strings),
)
