"""`python -m sandbox.amazon -p PORT`: moto's server with our additions, on this machine alone."""

from __future__ import annotations

import logging
import os
import sys

from moto.server import main

from sandbox.amazon import glacier, restores, uploads

if os.environ.get("SANDBOX_AMAZON_QUIET"):  # a line a request, beside the lines of the site
    logging.getLogger("werkzeug").setLevel(logging.ERROR)
glacier.add()
restores.add()
uploads.add()
main(["-H", "127.0.0.1", *sys.argv[1:]])
