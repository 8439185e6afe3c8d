"""What the dramatiq command imports for an annotator: a worker whose last thread is there for small jobs alone."""

import os
from importlib import import_module

import django
import dramatiq

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "gas_site.settings")
django.setup()

from gas_site.express import add_manners  # noqa: E402 (it needs the models)

add_manners(dramatiq.get_broker(), express=True)
# What its actors load when they run, before the first job comes (see worker.py).
import_module("annotations.running")
