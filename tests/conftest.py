"""What every test needs: no display, and no state left behind."""

import os

os.environ.setdefault("QT_QPA_PLATFORM", "offscreen")
