"""Draws an SVG as PNG; started by the chart action as a process of its own.

    python -I chart_raster.py OPTIONS < picture.svg > picture.png

OPTIONS is a JSON object of arguments for resvg. The engine is not imported here.
"""

import json
import sys

import resvg_py

if __name__ == "__main__":
    svg = sys.stdin.buffer.read().decode()
    sys.stdout.buffer.write(resvg_py.svg_to_bytes(svg_string=svg, **json.loads(sys.argv[1])))
