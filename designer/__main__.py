"""``python -m designer [FILE]`` opens the window."""

import sys

from designer.app import main

if __name__ == "__main__":
    sys.exit(main())
