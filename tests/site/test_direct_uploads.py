"""Files straight from the browser into the bucket: announced, signed, sent, and asked for before they are believed.

The stand-in for Amazon compares signature, life, key, size and checksum, as S3 does and moto does not.
"""

from __future__ import annotations

import base64
import json
from typing import Any

import pytest
from django.core.management import CommandError, call_command
from django.test import Client
from pytest_django import Settings

from accounts.models import Plan, User
from annotations import moves
from annotations.models import Job, JobEvent, JobStatus
from gas_site import aws, s3_uploads, setting_aws
from gas_site.s3_store import S3Store
from tests.cloud.buckets import REGION, contents, store_setting
from tests.site.bucket_uploads import (
    ANNOUNCE,
    announce,
    bucket,
    finish,
    premium,
    send_form,
    sha256,
    small_parts,
)
from tests.site.conftest import Sent
from tests.site.factories import HEADER, SMALL_VCF

__all__ = ["bucket", "premium", "small_parts"]

pytestmark = pytest.mark.django_db


# In one piece ---------------------------------------------------------------------------------------------


def test_a_file_goes_by_a_form_bound_to_it_and_is_checked_before_it_is_accepted(
    alices: Client, sent: list[Sent], django_capture_on_commit_callbacks: Any
) -> None:
    plan = announce(alices, SMALL_VCF).json()
    job = Job.objects.get()
    assert (plan["kind"], job.status, job.input_size) == ("form", "uploading", len(SMALL_VCF))
    assert plan["fields"]["key"] == f"site/files/{job.input_key}"
    assert plan["fields"]["x-amz-server-side-encryption"] == "AES256"
    assert not moves.enqueue(job.pk, "rCRS"), "nobody has looked at it"
    assert alices.post(f"/annotate/{job.pk}/").status_code == 302
    assert Job.objects.get().status == JobStatus.UPLOADING
    assert send_form(plan, SMALL_VCF) == 204
    answer = finish(alices, plan)
    assert answer.status_code == 200
    assert "Annotate 1 record" in answer.content.decode()
    with django_capture_on_commit_callbacks(execute=True):
        alices.post(f"/annotate/{job.pk}/", {"reference": "rCRS"})
    job.refresh_from_db()
    assert (job.status, job.verdict["records"]) == ("pending", 1)
    assert sent == [Sent("annotate", (str(job.pk),))]
    assert contents("gas")[plan["fields"]["key"]]["ServerSideEncryption"] == "AES256"


@pytest.mark.parametrize(
    "change",
    [
        {"key": "site/files/uploads/another/input"},
        {"x-amz-server-side-encryption": "none"},
        {"x-amz-checksum-sha256": sha256(b"another")},
        {"x-amz-signature": "0" * 64},
        {"acl": "public-read"},
    ],
)
def test_the_form_takes_nothing_but_what_was_signed(alices: Client, change: dict[str, str]) -> None:
    assert send_form(announce(alices, SMALL_VCF).json(), SMALL_VCF, **change) in {400, 403}


def test_the_form_takes_no_other_size_and_no_other_bytes(alices: Client) -> None:
    plan = announce(alices, SMALL_VCF).json()
    policy = json.loads(base64.b64decode(plan["fields"]["policy"]))
    assert ["content-length-range", len(SMALL_VCF), len(SMALL_VCF)] in policy["conditions"]
    for content in (SMALL_VCF + b"\n", SMALL_VCF[:-1], SMALL_VCF.replace(b"11778", b"11779")):
        assert send_form(plan, content) == 400
    assert finish(alices, plan).status_code == 422, "and what is not there whole is not accepted"


def test_the_form_lives_for_a_quarter_of_an_hour(alices: Client, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(s3_uploads, "LIFE_SECONDS", -1)
    assert send_form(announce(alices, SMALL_VCF).json(), SMALL_VCF) in {400, 403}
    monkeypatch.undo()
    assert s3_uploads.LIFE_SECONDS == 900


def test_an_upload_that_never_came_or_is_another_is_refused_and_can_be_sent_again(alices: Client) -> None:
    plan = announce(alices, SMALL_VCF).json()
    answer = finish(alices, plan)
    assert answer.status_code == 422
    assert "The upload did not arrive whole" in answer.content.decode()
    client = aws.s3(REGION)
    for body, reason in ((SMALL_VCF + b"x", "another size"), (SMALL_VCF[:-2] + b"x\n", "another checksum")):
        client.put_object(Bucket="gas", Key=plan["fields"]["key"], Body=body, ChecksumAlgorithm="SHA256")
        assert reason in finish(alices, plan).content.decode()
    assert send_form(plan, SMALL_VCF) == 204
    assert [finish(alices, plan).status_code for _ in range(2)] == [200, 200], "the first answer may have been lost"
    assert JobEvent.objects.count() == 1


def test_a_file_that_cannot_be_annotated_is_refused_with_its_line_and_leaves_nothing(alices: Client) -> None:
    content = (HEADER + "MT\tminus\t.\tG\tA\t.\t.\t.\n").encode()
    plan = announce(alices, content).json()
    send_form(plan, content)
    answer = finish(alices, plan)
    assert answer.status_code == 422
    assert "Line 4" in answer.content.decode()
    assert (Job.objects.count(), contents("gas")) == (0, {})


# The plan's limit -----------------------------------------------------------------------------------------


def test_the_free_plans_limit_holds_before_and_after(alices: Client, alice: User, settings: Settings) -> None:
    answer = announce(alices, b"x" * (settings.FREE_MAX_BYTES + 1))
    assert answer.status_code == 413
    assert "Your plan takes files up to" in answer.content.decode()
    assert not Job.objects.exists()
    plan = announce(alices, SMALL_VCF).json()
    send_form(plan, SMALL_VCF)
    Plan.objects.filter(pk=alice.plan_id).update(max_upload_bytes=10)
    assert finish(alices, plan).status_code == 413
    assert (Job.objects.count(), contents("gas")) == (0, {})


@pytest.mark.parametrize("change", [{"size": 0}, {"size": "many"}, {"name": ""}, {"sha256": "abc"}, {"sha256": "AAAA"}])
def test_an_announcement_that_makes_no_sense_is_refused(alices: Client, change: dict[str, Any]) -> None:
    assert announce(alices, SMALL_VCF, **change).status_code == 400
    assert announce(alices, SMALL_VCF, reference="hg99").status_code == 422
    assert not Job.objects.exists()


# Who, when, and where not ---------------------------------------------------------------------------------


def test_nobody_sends_or_ends_the_upload_of_another(alices: Client, bobs: Client, small_parts: None) -> None:
    plan = announce(alices, SMALL_VCF).json()
    assert bobs.get(plan["resume"]).status_code == 404
    assert bobs.post(plan["part"], {"number": 1, "sha256": sha256(b"")}).status_code == 404
    assert finish(bobs, plan).status_code == 404
    assert Client().post(ANNOUNCE, {}).status_code == 302
    assert [alices.put(ANNOUNCE).status_code, alices.get(plan["part"]).status_code] == [405, 405]


def test_a_checked_file_has_nothing_to_resume(alices: Client) -> None:
    plan = announce(alices, SMALL_VCF).json()
    assert alices.get(f"/annotate/{Job.objects.get().pk}/").status_code == 302, "there is no verdict to show yet"
    send_form(plan, SMALL_VCF)
    finish(alices, plan)
    assert alices.get(plan["resume"]).status_code == 404
    assert alices.get(f"/annotate/{Job.objects.get().pk}/").status_code == 200


def test_a_bucket_that_is_away_is_said_and_nothing_is_lost(alices: Client, monkeypatch: pytest.MonkeyPatch) -> None:
    plan = announce(alices, SMALL_VCF).json()
    send_form(plan, SMALL_VCF)
    aws.s3(REGION).delete_object(Bucket="gas", Key=plan["fields"]["key"])
    aws.s3(REGION).delete_bucket(Bucket="gas")
    assert finish(alices, plan).status_code == 503
    assert Job.objects.get().awaits_upload


def test_without_script_the_form_goes_through_the_site_into_the_bucket(alices: Client) -> None:
    from django.core.files.uploadedfile import SimpleUploadedFile  # noqa: PLC0415 (only here)

    upload = SimpleUploadedFile("patient.vcf", SMALL_VCF)
    answer = alices.post("/annotate/", {"vcf_file": upload, "reference": "rCRS"})
    assert answer.status_code == 302
    assert list(contents("gas")) == [f"site/files/{Job.objects.get().input_key}"]


# The bucket's rules and the page's ------------------------------------------------------------------------


def test_browsers_of_this_site_alone_may_upload(settings: Settings, capsys: pytest.CaptureFixture[str]) -> None:
    settings.SITE_URL = "https://gas.example.org/"
    call_command("prepare_bucket")
    [rule] = aws.s3(REGION).get_bucket_cors(Bucket="gas")["CORSRules"]
    assert (rule["AllowedOrigins"], rule["AllowedMethods"]) == (["https://gas.example.org"], ["POST", "PUT"])
    [kept] = aws.s3(REGION).get_bucket_lifecycle_configuration(Bucket="gas")["Rules"]
    assert kept["AbortIncompleteMultipartUpload"]["DaysAfterInitiation"] == 2
    assert "gas: pages of https://gas.example.org may upload" in capsys.readouterr().out


def test_the_command_needs_a_bucket_and_says_what_s3_said(settings: Settings, tmp_path: Any) -> None:
    settings.STORAGES = {**settings.STORAGES, "default": store_setting("absent", "site/files")}
    with pytest.raises(CommandError, match="The bucket cannot be changed: S3 answered NoSuchBucket"):
        call_command("prepare_bucket")
    disk = {"BACKEND": "gas_site.storage.DiskStore", "OPTIONS": {"location": str(tmp_path), "base_url": None}}
    settings.STORAGES = {**settings.STORAGES, "default": disk}
    with pytest.raises(CommandError, match="names no bucket"):
        call_command("prepare_bucket")


@pytest.mark.parametrize("region", ["us-east-1", "eu-west-1", "ap-southeast-2"])
@pytest.mark.parametrize("name", ["gas-files", "gas.files"])
def test_the_policy_of_our_pages_names_the_origin_that_forms_and_links_lead_to(
    monkeypatch: pytest.MonkeyPatch, region: str, name: str
) -> None:
    monkeypatch.delenv("AWS_ENDPOINT_URL")
    store = S3Store(name, "site", region)
    setting = {"BACKEND": "", "OPTIONS": {"bucket": name, "prefix": "site", "region": region}}
    origin = setting_aws.bucket_origin(setting)
    assert store.uploads.form("key", 1, sha256(b"x")).url.startswith(f"{origin}/")
    link = store.objects.client.generate_presigned_url("upload_part", Params={
        "Bucket": name, "Key": "x", "UploadId": "x", "PartNumber": 1})  # fmt: skip
    assert link.startswith(f"{origin}/")


def test_pages_may_speak_to_the_bucket_where_there_is_one_and_else_to_this_site_alone(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    setting = store_setting("gas", "site")
    monkeypatch.setenv("AWS_ENDPOINT_URL", "http://127.0.0.1:5000/")
    assert setting_aws.bucket_origin(setting) == "http://127.0.0.1:5000"
    assert setting_aws.connect_sources(setting) == ["'self'", "http://127.0.0.1:5000"]
    assert setting_aws.connect_sources({"BACKEND": "", "OPTIONS": {"location": "/var/files"}}) == ["'self'"]
