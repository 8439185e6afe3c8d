"""The two plans everybody starts with; staff change the numbers in the admin."""

from django.conf import settings
from django.db import migrations


def make_plans(apps, schema_editor):
    Plan = apps.get_model("accounts", "Plan")
    Plan.objects.get_or_create(
        slug="free",
        defaults={
            "name": "Free",
            "max_upload_bytes": settings.FREE_MAX_BYTES,
            "retention": settings.FREE_RETENTION,
        },
    )
    Plan.objects.get_or_create(slug="premium", defaults={"name": "Premium", "max_upload_bytes": None, "retention": None})


class Migration(migrations.Migration):
    dependencies = [("accounts", "0001_initial")]
    operations = [migrations.RunPython(make_plans, migrations.RunPython.noop)]
