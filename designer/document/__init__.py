"""The open workflow as a value with observers; free of Qt."""
