"""What the dramatiq command imports for an annotator: a worker whose last thread is there for small jobs alone."""

import dramatiq

import gas_site.worker  # noqa: F401 (Django first)
from gas_site.express import ExpressThread

dramatiq.get_broker().add_middleware(ExpressThread())
