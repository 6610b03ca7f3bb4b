"""The built-in actions: one module a service, named here and imported when a step first needs it."""

HANDLERS: dict[tuple[str, str], str] = {}
"""(service, action) -> "module:function"."""
