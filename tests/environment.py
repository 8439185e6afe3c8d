"""Gives each test process its own DATA_DIR before Django reads its settings (a pytest plugin, see pyproject.toml)."""

from __future__ import annotations

import atexit
import os
import shutil
import tempfile

_directory = tempfile.mkdtemp(prefix="gas-test-")
atexit.register(shutil.rmtree, _directory, ignore_errors=True)

os.environ["DATA_DIR"] = _directory
os.mkdir(os.path.join(_directory, "static"))  # WhiteNoise warns without it
os.environ["EMAIL_URL"] = "console:"  # pytest-django puts its own outbox in the place
os.environ.setdefault("LOG_LEVEL", "WARNING")
os.environ["DJANGO_ALLOW_ASYNC_UNSAFE"] = "1"  # Playwright keeps an event loop in the thread of the tests
os.environ["SANDBOX"] = "no"  # a test that wants the stand-ins starts its own
os.environ["STAFF_SECOND_FACTOR"] = "no"  # the tests of the second factor ask for it
# No test reaches Amazon: keys that open nothing, and an address where nobody listens unless a test gives another.
for _name in [name for name in os.environ if name.startswith("AWS_")]:
    del os.environ[_name]
os.environ.update(
    AWS_ACCESS_KEY_ID="testing",
    AWS_SECRET_ACCESS_KEY="testing",
    AWS_DEFAULT_REGION="eu-west-1",
    AWS_ENDPOINT_URL="http://127.0.0.1:9",
    AWS_EC2_METADATA_DISABLED="true",
    AWS_CONFIG_FILE=os.devnull,
    AWS_SHARED_CREDENTIALS_FILE=os.devnull,
)
for _name in (
    "PORT",
    "SITE_URL",
    "DATABASE_POOL",
    "QUEUE_URL",
    "STORAGE_URL",
    "VAULT_URL",
    "RESTORE_TIERS",
    "RETRIEVAL_QUEUE",
    "RETRIEVAL_TOPICS",
    "FREE_RETENTION",
    "FREE_MAX_BYTES",
    "STRIPE_SECRET_KEY",
    "OIDC_PROVIDERS",
):
    os.environ.pop(_name, None)
