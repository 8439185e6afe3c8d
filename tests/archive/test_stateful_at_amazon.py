"""The archive's stateful test over each vault at Amazon, by way of SNS and SQS: fewer steps, the same promises.

Notices come as SNS writes them into a queue, raw or in an envelope; they wait among the other messages, so they are
doubled, lost, late and out of order, and some come for archives that nobody asked for. ARCHIVE_EXAMPLES and
ARCHIVE_STEPS in the environment make it longer.
"""

from __future__ import annotations

import json
import os
from datetime import datetime, timedelta
from typing import Any, ClassVar

import pytest
from hypothesis import HealthCheck
from hypothesis import settings as hypothesis_settings
from hypothesis.stateful import run_state_machine_as_test
from pytest_django import Settings

from archive.models import GlacierArchive
from archive.notices.reading import archives_in
from archive.vaults import vault
from archive.vaults.glacier import GlacierVault
from archive.vaults.s3_glacier import S3GlacierVault
from gas_site import aws
from tests.archive.faults import Failing
from tests.archive.machine import ArchiveMachine
from tests.archive.world import Message
from tests.cloud.buckets import REGION, make_bucket
from tests.cloud.notices import TOPIC, restored
from tests.cloud.vaults import BUCKET, TIMES, tell_time

EXAMPLES = int(os.environ.get("ARCHIVE_EXAMPLES", "8"))
STEPS = int(os.environ.get("ARCHIVE_STEPS", "25"))


class FaultyS3Vault(Failing, S3GlacierVault):
    """The vault in S3 with faults."""


class FaultyGlacierVault(Failing, GlacierVault):
    """The vault of Glacier's API with faults."""


class S3Machine(ArchiveMachine):
    """One example with the vault in S3. Each has its own prefix."""

    number: ClassVar[int] = 0

    def __init__(self) -> None:
        super().__init__()
        type(self).number += 1
        self.settings.VAULT = self.setting()
        tell_time(self.client())

    def setting(self) -> dict[str, Any]:
        options = {"bucket": BUCKET, "prefix": f"site{self.number}", "storage_class": "GLACIER", "region": REGION}
        return {"BACKEND": f"{__name__}.FaultyS3Vault", "OPTIONS": {**options, "delays": TIMES, "days": 2}}

    def client(self) -> Any:
        place = vault()
        assert isinstance(place, S3GlacierVault)
        return place.objects.client

    def notice(self, archive_id: str) -> str:
        return restored(BUCKET, f"site{self.number}/archives/{archive_id}.data")

    def vault_tells(self, archive_id: str, ready_at: datetime | None) -> None:
        text = self.notice(archive_id)
        envelope = json.dumps({"Type": "Notification", "TopicArn": TOPIC, "Message": text})
        found = archives_in(envelope, [TOPIC])
        assert found == archives_in(text, []) == [archive_id]
        super().vault_tells(found[0], ready_at)
        foreign = Message("retrieval_completed", ("an archive of somebody else",), self.world.clock.now)
        self.world.messages.append(foreign)

    def forget_retrievals(self) -> None:
        """Let restored copies expire: their days are over, and what is asked for again is asked for anew."""
        self.world.clock.advance(timedelta(days=3))

    def stored(self) -> list[str]:
        prefix = f"site{self.number}/archives/"
        listed = self.client().list_objects_v2(Bucket=BUCKET, Prefix=prefix).get("Contents", ())
        keys = {item["Key"].removeprefix(prefix).partition(".")[0] for item in listed}
        assert not self.client().list_multipart_uploads(Bucket=BUCKET, Prefix=prefix).get("Uploads")
        return sorted(keys)


class GlacierMachine(S3Machine):
    """One example with Glacier's own API. Each has its own vault."""

    def setting(self) -> dict[str, Any]:
        aws.glacier(REGION).create_vault(accountId="-", vaultName=f"cold{self.number}")
        options = {"region": REGION, "vault": f"cold{self.number}", "delays": TIMES, "topic": TOPIC}
        return {"BACKEND": f"{__name__}.FaultyGlacierVault", "OPTIONS": options}

    def client(self) -> Any:
        place = vault()
        assert isinstance(place, GlacierVault)
        return place.service.client

    def notice(self, archive_id: str) -> str:
        arn = f"arn:aws:glacier:{REGION}:123456789012:vaults/cold{self.number}"
        return json.dumps({"Action": "ArchiveRetrieval", "Completed": True, "VaultARN": arn, "ArchiveId": archive_id})

    def forget_retrievals(self) -> None:
        """Let Glacier forget its jobs, as it does a day after their end."""
        GlacierArchive.objects.exclude(job="").update(job="forgotten")

    def stored(self) -> list[str]:
        place = {"accountId": "-", "vaultName": f"cold{self.number}"}
        ids = sorted(GlacierArchive.objects.filter(vault=vault().name).values_list("archive_id", flat=True))
        assert self.client().describe_vault(**place)["NumberOfArchives"] == len(ids)
        assert not self.client().list_multipart_uploads(**place)["UploadsList"]
        return ids


@pytest.mark.slow
@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize("machine", [S3Machine, GlacierMachine])
def test_no_order_of_events_loses_a_copy_at_amazon(
    plans: None, settings: Settings, amazon: str, machine: type[S3Machine]
) -> None:
    make_bucket(BUCKET)
    machine.settings = settings
    run_state_machine_as_test(
        machine,
        settings=hypothesis_settings(
            max_examples=EXAMPLES,
            stateful_step_count=STEPS,
            deadline=None,
            database=None,
            suppress_health_check=list(HealthCheck),
            print_blob=False,
        ),
    )
