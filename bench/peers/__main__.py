"""`python -m bench.peers [--pictures DIRECTORY [--of FILE…]]`: see ``comparing``.

With --of nothing is measured: the lines of JSON that earlier runs printed are drawn in one picture.
"""

from __future__ import annotations

import argparse
import json
from pathlib import Path

from bench.peers import comparing

parser = argparse.ArgumentParser(description=comparing.__doc__)
parser.add_argument("--pictures", type=Path, help="A directory for the SVGs.")
parser.add_argument("--of", type=Path, nargs="+", help="Files with the JSON of earlier runs.")
options = parser.parse_args()
if options.of:
    from bench.peers.plots import draw

    draw(options.pictures, [row for path in options.of for row in json.loads(path.read_text())["rows"]])
else:
    comparing.main(options.pictures)
