"""An index for the search by a part of the name, where the database has one: PostgreSQL with pg_trgm."""

import logging

from django.db import DatabaseError, migrations

logger = logging.getLogger(__name__)
# As Django asks for `icontains`.
INDEX = (
    "CREATE INDEX CONCURRENTLY IF NOT EXISTS job_names ON annotations_job"
    " USING gin (UPPER(file_name::text) gin_trgm_ops)"
)
# What a building that broke off leaves: an index that is written and never read.
LEFTOVER = "SELECT 1 FROM pg_index WHERE indexrelid = to_regclass('job_names') AND NOT indisvalid"
# insufficient_privilege; feature_not_supported, before PostgreSQL 13 undefined_file: the extension is not installed.
NOT_TO_BE_HAD = {"42501", "0A000", "58P01"}


def make_index(apps, schema_editor):
    connection = schema_editor.connection
    if connection.vendor != "postgresql":
        return
    with connection.cursor() as cursor:
        if not has_extension(cursor):
            # The search reads every name, as on SQLite. docs/aws.md says more.
            logger.warning("pg_trgm is not to be had in this database; searching long lists of jobs takes longer without.")
            return
        cursor.execute(LEFTOVER)
        if cursor.fetchone():
            cursor.execute("DROP INDEX CONCURRENTLY job_names")
        cursor.execute(INDEX)


def has_extension(cursor):
    try:
        cursor.execute("CREATE EXTENSION IF NOT EXISTS pg_trgm")
    except DatabaseError as error:
        if getattr(error.__cause__, "sqlstate", None) not in NOT_TO_BE_HAD:
            raise
        return False
    return True


def drop_index(apps, schema_editor):
    if schema_editor.connection.vendor == "postgresql":
        schema_editor.execute("DROP INDEX CONCURRENTLY IF EXISTS job_names")


class Migration(migrations.Migration):
    # The index is built while people work, which PostgreSQL does in no transaction.
    atomic = False

    dependencies = [("annotations", "0016_shards_go_with_their_job")]

    operations = [migrations.RunPython(make_index, drop_index)]
