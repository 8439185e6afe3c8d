"""`python -m bench.peers [--pictures DIRECTORY]`: see ``comparing``."""

from __future__ import annotations

import argparse
from pathlib import Path

from bench.peers import comparing

parser = argparse.ArgumentParser(description=comparing.__doc__)
parser.add_argument("--pictures", type=Path, help="A directory for the SVGs.")
comparing.main(parser.parse_args().pictures)
