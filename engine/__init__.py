"""Run workflows: a durable, data-driven asyncio engine that knows no user interface."""
