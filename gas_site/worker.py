"""What the dramatiq command imports: Django with every app's actors declared on the broker."""

import os

import django
import dramatiq

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "gas_site.settings")
django.setup()

from gas_site.express import add_manners  # noqa: E402 (it needs the models)

add_manners(dramatiq.get_broker(), express=False)
