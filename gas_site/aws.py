"""Clients of Amazon's services, made in one place: the same timeouts, retries and region for every call.

Keys, and another endpoint (AWS_ENDPOINT_URL, or AWS_ENDPOINT_URL_SQS for one service), come from the environment or
the machine's role as boto3 looks for them:
https://boto3.amazonaws.com/v1/documentation/api/latest/guide/configuration.html
"""

from __future__ import annotations

import os
import threading
from typing import TYPE_CHECKING, Any

import boto3
from boto3.exceptions import Boto3Error
from botocore.config import Config
from botocore.exceptions import BotoCoreError, ClientError

if TYPE_CHECKING:
    from mypy_boto3_cloudwatch import CloudWatchClient
    from mypy_boto3_glacier import GlacierClient
    from mypy_boto3_s3 import S3Client
    from mypy_boto3_sns import SNSClient
    from mypy_boto3_sqs import SQSClient

# What a call raises when Amazon refuses it (ClientError) or cannot be reached or understood (the other two).
AWS_ERRORS = (BotoCoreError, ClientError, Boto3Error)

CONNECT_SECONDS = 5
# Between two pieces of an answer. Longer than SQS's longest poll, 20 seconds.
READ_SECONDS = 30
# The first try is counted. Throttling, 5xx and broken connections are tried again after up to 1, 2, 4 … seconds.
# https://docs.aws.amazon.com/sdkref/latest/guide/feature-retry-behavior.html
ATTEMPTS = 4
# Threads of one process share a client.
CONNECTIONS = 32

# Clients may be used by many threads, but two must not be made at once of boto3's one session.
# https://boto3.amazonaws.com/v1/documentation/api/latest/guide/clients.html#multithreading-or-multiprocessing-with-clients
_making = threading.Lock()


def config(attempts: int | None = None) -> Config:
    """Return how calls are made: so many attempts, each with a limit on silence."""
    return Config(
        connect_timeout=CONNECT_SECONDS,
        read_timeout=READ_SECONDS,
        retries={"mode": "standard", "total_max_attempts": attempts or ATTEMPTS},
        max_pool_connections=CONNECTIONS,
        tcp_keepalive=True,
    )


def default_region() -> str | None:
    """Return the region of the environment: AWS_REGION as containers have it, else what boto3 looks for itself."""
    return os.environ.get("AWS_REGION") or None


def sqs(region: str | None = None) -> SQSClient:
    """Return a client of the queues."""
    with _making:
        return boto3.client("sqs", region_name=region or default_region(), config=config())


def s3(region: str | None = None) -> S3Client:
    """Return a client of the buckets."""
    with _making:
        # A presigned link is signed with the older version else, which knows no checksums and not every region, and
        # leads to s3.amazonaws.com, which sends browsers on to the region: a form must not be sent on.
        place: Any = {"addressing_style": "virtual", "us_east_1_regional_endpoint": "regional"}
        signed = config().merge(Config(signature_version="s3v4", s3=place))
        return boto3.client("s3", region_name=region or default_region(), config=signed)


def glacier(region: str | None = None) -> GlacierClient:
    """Return a client of Glacier's vaults."""
    with _making:
        return boto3.client("glacier", region_name=region or default_region(), config=config())


def sns(region: str | None = None) -> SNSClient:
    """Return a client of the topics."""
    with _making:
        return boto3.client("sns", region_name=region or default_region(), config=config())


def cloudwatch(region: str | None = None) -> CloudWatchClient:
    """Return a client of the measurements that Amazon takes of its services."""
    with _making:
        return boto3.client("cloudwatch", region_name=region or default_region(), config=config())
