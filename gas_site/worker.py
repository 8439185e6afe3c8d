"""What the dramatiq command imports: Django with every app's actors declared on the broker."""

import os
from importlib import import_module

import django
import dramatiq

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "gas_site.settings")
django.setup()

from gas_site.express import add_manners  # noqa: E402 (it needs the models)

add_manners(dramatiq.get_broker(), express=False)
# What its actors load when they run, before the first message comes: it would wait for that, and could find the files
# of another version where one is put over this.
import_module("annotations.running")
import_module("annotations.exports.making")
