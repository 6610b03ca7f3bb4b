"""Where executions are kept: in memory, or durable in one SQLite file."""
