"""Everywhere a result is shown: whether it can be downloaded, until when, or where it is."""

from __future__ import annotations

import pytest
from django.test import Client
from django.urls import reverse
from pytest_django import DjangoAssertNumQueries

from accounts.models import Notification, Plan
from annotations import availability
from annotations.availability import Availability, availability_of
from annotations.listing import list_context
from annotations.models import Job
from annotations.timeline import timeline
from archive.models import Holding, HoldingState
from archive.sweep import sweep
from gas_site.storage import file_store
from tests.archive.world import MINUTE, SECOND, World, change_plan, complete, free_user, fresh, job_of, premium_user
from tests.site.factories import make_jobs, signed_in

pytestmark = pytest.mark.django_db


def where(holding: Holding) -> Availability:
    return availability_of([job_of(holding)])[holding.job_id]


def browser(holding: Holding) -> Client:
    return signed_in(holding.owner)


def download(holding: Holding, kind: str) -> str:
    return reverse("annotations:download", args=[holding.job_id, kind])


def test_an_available_result_of_a_free_user_says_until_when(world: World) -> None:
    holding = complete(free_user())
    assert where(holding) == Availability("available", True, holding.due_at, holding.since)
    assert not where(holding).is_cold


def test_an_available_result_of_a_premium_user_has_no_end(world: World) -> None:
    assert where(complete(premium_user())).due_at is None


def test_an_archived_result_is_cold_and_a_restoring_one_says_since_when_by_which_tier_and_until_when(
    world: World,
) -> None:
    holding = complete(free_user())
    world.later(5 * MINUTE)
    cold = where(holding)
    assert (cold.state, cold.downloadable, cold.due_at, cold.since) == ("archived", False, None, world.clock.now)
    assert cold.is_cold
    change_plan(holding.owner, Plan.PREMIUM)
    world.work()
    back = where(holding)
    assert (back.state, back.downloadable, back.is_cold, back.is_restoring) == ("restoring", False, False, True)
    assert (back.since, back.tier, back.expected_at) == (world.clock.now, "expedited", world.clock.now + 2 * SECOND)
    assert back.problem == ""


def test_a_restore_that_does_not_get_on_says_so_in_a_persons_words(world: World) -> None:
    holding = complete(free_user())
    world.later(5 * MINUTE)
    world.faults.failing["request"] = 1
    change_plan(holding.owner, Plan.PREMIUM)
    world.work()
    again = world.clock.now + 5 * SECOND
    assert where(holding).problem == (
        "This result could not be brought back yet. It is safe in cold storage, and we keep trying. "
        f"The next try is at {again:%H:%M} (UTC)."
    )
    page = browser(holding).get(download(holding, "vcf"))
    assert (page.status_code, "could not be brought back yet" in page.content.decode()) == (409, True)


@pytest.mark.parametrize("kind", ["vcf", "index", "table"])
def test_a_download_answers_only_while_the_file_is_there(world: World, kind: str) -> None:
    holding = complete(free_user())
    client = browser(holding)
    before = client.get(download(holding, kind))
    content = b"".join(before.streaming_content)  # type: ignore[attr-defined]
    assert before.status_code == 200
    world.later(5 * MINUTE)
    cold = client.get(download(holding, kind))
    assert (cold.status_code, "This result is in cold storage" in cold.content.decode()) == (409, True)
    change_plan(holding.owner, Plan.PREMIUM)
    back = client.get(download(holding, kind))
    assert (back.status_code, "on its way back" in back.content.decode()) == (409, True)
    world.later(2 * SECOND)
    after = client.get(download(holding, kind))
    assert b"".join(after.streaming_content) == content  # type: ignore[attr-defined]


def test_log_and_upload_stay_when_the_result_is_cold(world: World) -> None:
    holding = complete(free_user())
    world.later(5 * MINUTE)
    client = browser(holding)
    for kind in ("log", "input"):
        assert client.get(download(holding, kind)).status_code == 200
    assert client.get(reverse("annotations:log", args=[holding.job_id])).status_code == 200


def test_a_file_that_goes_between_the_question_and_the_opening_is_said_to_be_cold(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    holding = complete(free_user())
    client = browser(holding)

    def gone(*_: object) -> None:
        world.later(5 * MINUTE)
        raise FileNotFoundError

    monkeypatch.setattr(type(file_store()), "serve", gone)
    assert client.get(download(holding, "vcf")).status_code == 409


def test_a_strangers_cold_result_is_not_found_like_any_other(world: World) -> None:
    holding = complete(free_user())
    world.later(5 * MINUTE)
    assert signed_in(free_user()).get(download(holding, "vcf")).status_code == 404


def test_the_detail_page_knows_where_the_result_is(world: World) -> None:
    holding = complete(free_user())
    context = browser(holding).get(reverse("annotations:detail", args=[holding.job_id])).context
    assert context["availability"].due_at == holding.due_at
    assert context["cold_kinds"] == {"vcf", "index", "table"}
    assert context["now"] == world.clock.now


def test_the_timeline_goes_on_after_ready(world: World) -> None:
    holding = complete(free_user())
    job = job_of(holding)
    last = timeline(job, where(holding))[-2:]
    assert [(step.label, step.kind) for step in last] == [("Ready", "current"), ("Cold storage", "next")]
    assert last[1].at == holding.due_at
    world.later(5 * MINUTE)
    assert [(step.label, step.kind) for step in timeline(job, where(holding))[-2:]] == [
        ("Ready", "done"),
        ("Cold storage", "current"),
    ]
    change_plan(holding.owner, Plan.PREMIUM)
    assert [(step.label, step.kind) for step in timeline(job, where(holding))[-3:]] == [
        ("Ready", "done"),
        ("Restoring", "live"),
        ("Ready again", "next"),
    ]


def test_the_list_tells_ready_from_cold(world: World) -> None:
    user = free_user()
    cold = complete(user)
    world.later(5 * MINUTE)
    ready = complete(user)
    context = list_context(user, {})
    assert [(tab["label"], str(tab["count"])) for tab in context["tabs"]][:4] == [
        ("All", "2"),
        ("In progress", "0"),
        ("Ready", "1"),
        ("Cold storage", "1"),
    ]
    assert context["headline"] == "1 ready to download, 1 in cold storage."
    assert {job.pk: job.availability.state for job in context["page"]["jobs"]} == {
        cold.job_id: "archived",
        ready.job_id: "available",
    }
    assert [job.pk for job in list_context(user, {"status": "cold"})["page"]["jobs"]] == [cold.job_id]
    assert [job.pk for job in list_context(user, {"status": "ready"})["page"]["jobs"]] == [ready.job_id]
    assert context["any_changing"]


def test_a_result_is_in_the_cold_tab_from_its_first_move_to_its_last(world: World) -> None:
    user = free_user()
    holding = complete(user)
    world.later(5 * MINUTE)
    change_plan(user, Plan.PREMIUM)
    assert fresh(holding).state == HoldingState.RESTORING
    assert [str(tab["count"]) for tab in list_context(user, {})["tabs"]][2:4] == ["0", "1"]
    world.later(2 * SECOND)
    assert [str(tab["count"]) for tab in list_context(user, {})["tabs"]][2:4] == ["1", "0"]


def test_what_an_older_version_moved_is_told_to_the_list_by_the_sweep(world: World) -> None:
    user = free_user()
    gone, back, same = (complete(user) for _ in range(3))
    # As the version before would leave them: holdings that have moved, and jobs that nobody has told.
    Holding.objects.filter(pk=gone.pk).update(state=HoldingState.ARCHIVED, since=world.clock.now)
    Job.objects.filter(pk=back.job_id).update(away=True)
    sweep()
    assert [job.pk for job in list_context(user, {"status": "cold"})["page"]["jobs"]] == [gone.job_id]
    ready = {job.pk for job in list_context(user, {"status": "ready"})["page"]["jobs"]}
    assert ready == {back.job_id, same.job_id}


def test_a_premium_users_list_has_nothing_that_changes_by_itself(world: World) -> None:
    user = premium_user()
    complete(user)
    assert list_context(user, {})["any_changing"] is False


def test_one_query_tells_where_a_whole_page_of_results_is(
    world: World, django_assert_num_queries: DjangoAssertNumQueries
) -> None:
    user = free_user()
    holding = complete(user)
    jobs = [*make_jobs(user, 24), Job.objects.get(pk=holding.job_id)]
    with django_assert_num_queries(1):
        found = availability_of(jobs)
    assert len(found) == 25
    assert found[jobs[0].pk] == Availability(), "a job from before there was an archive"
    with django_assert_num_queries(0):
        assert availability_of([]) == {}


def test_without_an_archive_everything_is_available(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    holding = complete(free_user())
    monkeypatch.setattr(availability, "_registered", [])
    assert where(holding) == Availability()
    assert list_context(holding.owner, {"status": "cold"})["page"]["jobs"] == []


def test_the_mail_about_the_end_of_a_job_says_until_when(world: World) -> None:
    holding = complete(free_user())
    mail = Notification.objects.get(kind="job_ended")
    due_at = holding.due_at
    assert due_at is not None
    assert mail.context["ready_until"] == f"{due_at:%H:%M} (UTC) on {due_at.day} {due_at:%B}"
    complete(premium_user())
    assert Notification.objects.filter(kind="job_ended").latest("pk").context["ready_until"] == ""
