"""These are collected where the database is PostgreSQL alone: `make test-postgres` gives them one."""

import os

from tests.site.conftest import sent

__all__ = ["sent"]

collect_ignore_glob = [] if os.environ.get("DATABASE_URL", "").startswith("postgres") else ["test_*.py"]
