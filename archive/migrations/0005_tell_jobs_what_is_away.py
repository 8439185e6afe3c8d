"""Write into the jobs which results are in cold storage, or on the way: annotations' lists are counted by it."""

from django.db import migrations


def tell(apps, schema_editor):
    Job = apps.get_model("annotations", "Job")
    Holding = apps.get_model("archive", "Holding")
    away = Holding.objects.exclude(state="available").values("job_id")
    Job.objects.filter(pk__in=away).update(away=True)


class Migration(migrations.Migration):
    dependencies = [("archive", "0004_glacier_archives"), ("annotations", "0011_job_away")]
    operations = [migrations.RunPython(tell, migrations.RunPython.noop)]
