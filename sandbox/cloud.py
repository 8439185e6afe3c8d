"""`make run-cloud`: the whole site on this machine over moto (S3, SQS, SNS, Glacier) and a PostgreSQL of its own.

moto forgets everything when it ends, so everything here does: database, files and archives live in temporary
directories and go with the stack. CLOUD_VAULT is s3-glacier (the default) or glacier. Nothing listens beyond this
machine, and beside keys of Amazon's own it does not start.
"""

from __future__ import annotations

import os
import shutil
import socket
import subprocess
import sys
import tempfile
from collections.abc import Mapping
from contextlib import suppress
from pathlib import Path
from typing import Any

from gas_site import aws
from gas_site.stack import Child, ChildEnded, Signals, Stack, StopAsked
from sandbox import postgresql

ROOT = Path(__file__).resolve().parent.parent
REGION = "eu-west-1"
FILES, COLD, NAME = "gas-files", "gas-cold", "gas-retrievals"
# Each would lead to somebody's account, had AWS_ENDPOINT_URL been forgotten.
KEYS = (
    "AWS_ACCESS_KEY_ID",
    "AWS_SECRET_ACCESS_KEY",
    "AWS_SESSION_TOKEN",
    "AWS_PROFILE",
    "AWS_WEB_IDENTITY_TOKEN_FILE",
    "AWS_CONTAINER_CREDENTIALS_FULL_URI",
    "AWS_CONTAINER_CREDENTIALS_RELATIVE_URI",
)
TOYS = {"testing", "sandbox"}
# An hour of Amazon's is a second here, see sandbox/amazon/waiting.py; GAS looks then where no notice came.
TIMES = "expedited=5s&standard=10s&bulk=20s"


class CannotStart(Exception):
    """The stack cannot begin, in a person's words."""


def refuse_keys(environ: Mapping[str, str]) -> None:
    """Raise CannotStart beside keys that may be somebody's."""
    for name in KEYS:
        if environ.get(name, "testing") not in TOYS:
            raise CannotStart(f"{name} is set. This stack is for this machine alone: start it without Amazon's keys.")
    for name in environ:
        if name.startswith("AWS_ENDPOINT_URL_"):  # for one service; it would count for more than the one for all
            raise CannotStart(f"{name} is set. It would lead a part of this stack elsewhere: start it without.")


def addresses(topic: str) -> dict[str, str]:
    """Return the settings that lead the site to the services, by the vault that is wanted."""
    vaults = {
        "s3-glacier": f"s3-glacier://{COLD}/site?class=GLACIER&days=1&region={REGION}&{TIMES}",
        "glacier": f"glacier://{REGION}/{COLD}?topic={topic}&{TIMES}",
    }
    wanted = os.environ.get("CLOUD_VAULT") or "s3-glacier"
    if wanted not in vaults:
        raise CannotStart(f"CLOUD_VAULT={wanted!r} cannot be used. It takes {' or '.join(vaults)}.")
    return {
        "QUEUE_URL": f"sqs://{REGION}/gas?visibility=30s&beat=10s&wait=1s",
        "STORAGE_URL": f"s3://{FILES}/site?region={REGION}",
        "VAULT_URL": vaults[wanted],
        "RETRIEVAL_QUEUE": f"sqs://{REGION}/{NAME}",
        "RETRIEVAL_TOPICS": topic,
    }


def toy_keys(port: int) -> dict[str, str]:
    """Return what leads every client of Amazon's services to moto, and to nobody else."""
    return {
        "AWS_ACCESS_KEY_ID": "sandbox",
        "AWS_SECRET_ACCESS_KEY": "testing",
        "AWS_DEFAULT_REGION": REGION,
        "AWS_ENDPOINT_URL": f"http://127.0.0.1:{port}",
        "AWS_EC2_METADATA_DISABLED": "true",
        "AWS_CONFIG_FILE": os.devnull,
        "AWS_SHARED_CREDENTIALS_FILE": os.devnull,
        "SANDBOX_AMAZON_QUIET": "yes",
    }


def make_places() -> str:
    """Make buckets, vault, topic and queue, and let each tell the next; return the topic."""
    s3, sns, sqs = aws.s3(REGION), aws.sns(REGION), aws.sqs(REGION)
    for bucket in (FILES, COLD):
        s3.create_bucket(Bucket=bucket, CreateBucketConfiguration={"LocationConstraint": "eu-west-1"})
    aws.glacier(REGION).create_vault(accountId="-", vaultName=COLD)
    topic = sns.create_topic(Name=NAME)["TopicArn"]
    url = sqs.create_queue(QueueName=NAME)["QueueUrl"]
    queue = sqs.get_queue_attributes(QueueUrl=url, AttributeNames=["QueueArn"])["Attributes"]["QueueArn"]
    sns.subscribe(TopicArn=topic, Protocol="sqs", Endpoint=queue)
    told: Any = {"TopicConfigurations": [{"TopicArn": topic, "Events": ["s3:ObjectRestore:Completed"]}]}
    s3.put_bucket_notification_configuration(Bucket=COLD, NotificationConfiguration=told)
    return topic


def main() -> int:
    """Run until a signal comes or a part ends; return the exit code."""
    try:
        refuse_keys(os.environ)
        addresses("")
        postgresql.programs()
    except (CannotStart, postgresql.NoPostgres) as error:
        sys.stderr.write(f"{error}\n")
        return 1
    # Not one below the other: the user that PostgreSQL runs as may not enter ours.
    data, database = (Path(tempfile.mkdtemp(prefix=prefix)) for prefix in ("gas-cloud-", "gas-postgres-"))
    try:
        return _run(data, database)
    finally:
        for directory in (data, database):
            shutil.rmtree(directory, ignore_errors=True)


def _run(data: Path, database: Path) -> int:
    port = _free_port()
    os.environ.update(toy_keys(port))
    os.environ.update(DATA_DIR=os.environ.get("DATA_DIR") or str(data), DATABASE_URL=postgresql.url(database))
    environment = {**os.environ, "PYTHONUNBUFFERED": "1"}
    python = sys.executable
    with (data / "cloud.lock").open("w") as held:
        stack = Stack(environment, ROOT, held, Signals())
        try:
            with stack:
                stack.start(Child("postgres", [python, "-m", "sandbox.postgresql", str(database)], needed_last=True))
                stack.start(Child("amazon", [python, "-m", "sandbox.amazon", "-p", str(port)], needed_last=True))
                stack.wait_for(lambda: postgresql.answers(database))
                stack.wait_for(lambda: _listens(port))
                environment.update(addresses(make_places()))
                subprocess.run([python, "manage.py", "prepare_bucket"], env=environment, cwd=ROOT, check=True)
                stack.say(f"Database: {environment['DATABASE_URL']}  Amazon: {environment['AWS_ENDPOINT_URL']}")
                stack.start(Child("gas", [python, "manage.py", "up"]))
                stack.watch()
        except StopAsked:
            return 0
        except ChildEnded as error:
            stack.say(f"The cloud on this machine has stopped: {error}. The lines above may say why.")
    return 1


def _free_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as server:
        port: int = server.getsockname()[1]
    return port


def _listens(port: int) -> bool:
    with suppress(OSError), socket.create_connection(("127.0.0.1", port), timeout=1):
        return True
    return False


if __name__ == "__main__":
    sys.exit(main())
