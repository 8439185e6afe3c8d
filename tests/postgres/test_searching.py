"""The search by a part of the name has an index on PostgreSQL, where reading a hundred thousand names takes long."""

from __future__ import annotations

import pytest
from django.db import connection

from annotations.listing import _search
from annotations.models import Job
from tests.billing.conftest import make_plans
from tests.site.factories import make_job, make_user

pytestmark = pytest.mark.django_db


def test_a_part_of_a_name_in_any_case_is_found_by_its_index() -> None:
    make_plans()
    alice = make_user()
    job = make_job(alice, name="Patient-07.vcf")
    make_job(alice, name="other.vcf")
    # Anybody's, for with two rows the planner would take the owner's first.
    found = _search(Job.objects.all(), "patient-0").order_by()
    assert list(found) == [job]
    with connection.cursor() as cursor:
        cursor.execute("SET LOCAL enable_seqscan = off")
    assert "Bitmap Index Scan on job_names" in found.explain()
