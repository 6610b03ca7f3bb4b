"""The built-in actions: one module a service, named here and imported when a step first needs it."""

HANDLERS: dict[tuple[str, str], str] = {
    ("chart", "bar_line"): "engine.actions.chart:bar_line",
    ("code", "python"): "engine.actions.code:python",
    ("file", "read_csv"): "engine.actions.file_csv:read_csv",
    ("file", "read_excel"): "engine.actions.file_excel:read_excel",
    ("file", "read_json"): "engine.actions.file_read:read_json",
    ("file", "read_parquet"): "engine.actions.file_read:read_parquet",
    ("file", "write_csv"): "engine.actions.file_csv:write_csv",
    ("file", "write_excel"): "engine.actions.file_excel:write_excel",
    ("flow", "manual"): "engine.actions.flow:manual",
    ("flow", "set_values"): "engine.actions.flow:set_values",
    ("flow", "switch"): "engine.actions.flow:switch",
    ("flow", "wait"): "engine.actions.flow:wait",
    ("http", "request"): "engine.actions.http:request",
    ("person", "ask"): "engine.actions.person:ask",
    ("table", "choose_columns"): "engine.actions.table:choose_columns",
    ("table", "filter"): "engine.actions.table:filter_rows",
    ("table", "formula"): "engine.actions.table:formula",
    ("table", "join"): "engine.actions.table_join:join",
    ("table", "sort"): "engine.actions.table:sort",
    ("table", "summarise"): "engine.actions.table_summarise:summarise",
}
"""(service, action) -> "module:function"."""
