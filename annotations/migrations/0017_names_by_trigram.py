"""An index for the search by a part of the name, where the database has one: PostgreSQL with pg_trgm."""

import logging

from django.db import DatabaseError, migrations, transaction

logger = logging.getLogger(__name__)
# As Django asks for `icontains`.
INDEX = "CREATE INDEX IF NOT EXISTS job_names ON annotations_job USING gin (UPPER(file_name::text) gin_trgm_ops)"


def make_index(apps, schema_editor):
    connection = schema_editor.connection
    if connection.vendor != "postgresql":
        return
    try:
        with transaction.atomic(using=connection.alias), connection.cursor() as cursor:
            cursor.execute("CREATE EXTENSION IF NOT EXISTS pg_trgm")
            cursor.execute(INDEX)
    except DatabaseError:
        # Not installed, or not allowed to this user: the search reads every name, as on SQLite. docs/aws.md says more.
        logger.warning("pg_trgm is not to be had in this database; searching long lists of jobs takes longer without.")


def drop_index(apps, schema_editor):
    if schema_editor.connection.vendor == "postgresql":
        schema_editor.execute("DROP INDEX IF EXISTS job_names")


class Migration(migrations.Migration):
    dependencies = [("annotations", "0016_shards_go_with_their_job")]

    operations = [migrations.RunPython(make_index, drop_index)]
