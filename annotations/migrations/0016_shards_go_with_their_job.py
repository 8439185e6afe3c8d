"""Has PostgreSQL remove a job's shards with the job: an older version that purges one during a roll-out knows no shards."""

from __future__ import annotations

from typing import Any

from django.db import migrations

#: Changing the foreign key locks both tables, and all who come later wait behind it while it waits for them. Where it does
#: not get them in time it changes nothing, and can be run again.
LOCK_TIMEOUT = "5s"


def with_the_job(apps: Any, schema_editor: Any) -> None:
    """Make the foreign key anew. On SQLite no two versions are at work on one database."""
    connection = schema_editor.connection
    if connection.vendor != "postgresql":
        return
    shard, job = (apps.get_model("annotations", name)._meta.db_table for name in ("Shard", "Job"))
    with connection.cursor() as cursor:
        cursor.execute(f"SET LOCAL lock_timeout = '{LOCK_TIMEOUT}'")
        found = connection.introspection.get_constraints(cursor, shard)
    [name] = [name for name, constraint in found.items() if constraint["foreign_key"] == (job, "id")]
    schema_editor.execute(f'ALTER TABLE {shard} DROP CONSTRAINT "{name}"')
    schema_editor.execute(
        f'ALTER TABLE {shard} ADD CONSTRAINT "{name}" FOREIGN KEY (job_id) REFERENCES {job} (id)'
        " ON DELETE CASCADE DEFERRABLE INITIALLY DEFERRED"
    )


class Migration(migrations.Migration):
    dependencies = [("annotations", "0015_small_jobs")]

    operations = [migrations.RunPython(with_the_job, migrations.RunPython.noop)]
