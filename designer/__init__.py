"""The desktop program: draw a workflow, run it, watch it, answer it."""
