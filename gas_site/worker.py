"""What the dramatiq command imports: Django with every app's actors declared on the broker."""

import os

import django

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "gas_site.settings")
django.setup()
