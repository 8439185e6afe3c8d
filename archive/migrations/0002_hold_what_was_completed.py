"""Holdings for the jobs that were completed before there was an archive; their retention starts with it."""

from django.db import migrations
from django.utils import timezone

COLD_KINDS = {"vcf", "index", "table"}


def hold(apps, schema_editor):
    Job = apps.get_model("annotations", "Job")
    Holding = apps.get_model("archive", "Holding")
    HoldingFile = apps.get_model("archive", "HoldingFile")
    now = timezone.now()
    jobs = Job.objects.filter(status="completed", holding=None).select_related("user__plan")
    for job in jobs.iterator(chunk_size=500):
        retention = job.user.plan.retention
        due_at = now + retention if retention is not None else None
        # wake_at lies in the past as soon as it is due: the sweep sends the message.
        holding = Holding.objects.create(job=job, owner_id=job.user_id, since=now, due_at=due_at, wake_at=due_at)
        HoldingFile.objects.bulk_create(
            HoldingFile(holding=holding, kind=file.kind, key=file.key, size=file.size, sha256=file.sha256)
            for file in job.files.all()
            if file.kind in COLD_KINDS
        )


class Migration(migrations.Migration):
    dependencies = [("archive", "0001_initial"), ("accounts", "0002_plans")]
    operations = [migrations.RunPython(hold, migrations.RunPython.noop)]
