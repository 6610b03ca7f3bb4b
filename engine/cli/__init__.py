"""The command line: run, resume, validate, runs and show, without a window."""
