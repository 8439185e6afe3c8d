"""`python -m sandbox.amazon -p PORT`: moto's server with our additions, on this machine alone."""

from __future__ import annotations

import sys

from moto.server import main

from sandbox.amazon import glacier, restores, uploads

glacier.add()
restores.add()
uploads.add()
main(["-H", "127.0.0.1", *sys.argv[1:]])
