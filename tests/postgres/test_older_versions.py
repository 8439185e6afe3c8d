"""What a version from before shards does to the database while it is replaced."""

from __future__ import annotations

import pytest
from django.db import transaction

from annotations import deleting
from annotations.models import Job, JobEvent, Shard
from tests.billing.conftest import make_plans
from tests.site.conftest import Sent
from tests.site.factories import make_user
from tests.site.sharded import cut

pytestmark = pytest.mark.django_db(transaction=True)


def test_a_purge_that_knows_no_shards_removes_them_with_the_job(sent: list[Sent]) -> None:
    make_plans()
    job = cut(make_user(), parts=2)
    other = cut(make_user(), parts=1)
    deleting.delete(job)
    with transaction.atomic():
        JobEvent.objects.filter(job=job).delete()
        rows = Job.objects.filter(pk=job.pk)
        rows._raw_delete(rows.db)  # as Django's own delete() does where it knows of no more that goes with it
    assert set(Shard.objects.values_list("job_id", flat=True)) == {other.pk}
