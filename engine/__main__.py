"""`python -m engine run FILE`: the commands that need no window."""

from engine.cli.commands import main

if __name__ == "__main__":
    main()
