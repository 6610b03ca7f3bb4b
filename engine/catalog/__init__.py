"""The node types that a workflow may use."""

from engine.catalog.catalog import Catalog, load_types
from engine.catalog.subtitle import sentence, subtitle

__all__ = ["Catalog", "load_types", "sentence", "subtitle"]
