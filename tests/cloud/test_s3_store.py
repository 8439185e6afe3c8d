"""The store in S3: private and encrypted, links of short life, flat memory, and what an outage does.

moto grants everything and keeps no limit on the size of parts but the smallest; what only Amazon checks (the
signature of a link, the policy of a role) is asserted in what the code sends.
"""

from __future__ import annotations

import hashlib
import re
import threading
import tracemalloc
import urllib.request
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest
from boto3.s3.transfer import TransferConfig
from django.test import RequestFactory
from pytest_django import Settings

from gas_site import aws, resuming, s3_copying, s3_store, s3_writing
from gas_site.s3_store import S3Store
from gas_site.storage import StoreAway
from gas_site.upload_parts import composite
from tests.cloud.buckets import REGION, contents, make_bucket
from tests.cloud.proxy import Proxy, proxy_before

MIB = 1024 * 1024
PART = 5 * MIB  # the least that S3 takes, but for the last


@pytest.fixture
def store(amazon: str, monkeypatch: pytest.MonkeyPatch, settings: Settings, tmp_path: Path) -> S3Store:
    settings.WORK_DIR = tmp_path
    monkeypatch.setattr(s3_writing, "PART_BYTES", PART)
    make_bucket("gas")
    return S3Store("gas", "site/files", REGION)


@pytest.fixture
def faulty(store: S3Store, amazon: str, monkeypatch: pytest.MonkeyPatch) -> Iterator[Proxy]:
    """Put a proxy before the store that makes its calls go wrong; retries wait for no time."""
    monkeypatch.setattr("botocore.retries.standard.ExponentialBackoff.delay_amount", lambda *_: 0)
    monkeypatch.setattr(resuming, "FIRST_PAUSE_SECONDS", 0)
    with proxy_before(amazon) as proxy:
        monkeypatch.setenv("AWS_ENDPOINT_URL", proxy.address)
        store.objects.client = aws.s3(REGION)  # its cached one leads past the proxy
        yield proxy


def calls_of(store: S3Store) -> list[tuple[str, dict[str, Any]]]:
    """Return a list that fills with the name and the arguments of every call."""
    calls: list[tuple[str, dict[str, Any]]] = []

    def note(params: dict[str, Any], model: Any, **_: Any) -> None:
        calls.append((model.name, dict(params)))

    store.objects.client.meta.events.register("provide-client-params.s3.*", note)
    return calls


def long_content() -> Iterator[bytes]:
    for number in range(11):
        yield bytes([number]) * MIB


def test_every_way_to_write_encrypts_and_none_sets_an_acl(store: S3Store, tmp_path: Path) -> None:
    calls = calls_of(store)
    (tmp_path / "file").write_bytes(b"genome")
    store.adopt(tmp_path / "file", "adopted")
    store.receive(iter([b"genome"]), "received")
    store.receive(long_content(), "long")
    store.duplicate("received", "copied")
    found = contents("gas")
    assert sorted(found) == [f"site/files/{name}" for name in ("adopted", "copied", "long", "received")]
    assert {head["ServerSideEncryption"] for head in found.values()} == {"AES256"}
    assert not [name for name, arguments in calls for key in arguments if key.startswith(("ACL", "Grant"))]


def test_a_key_of_its_own_encrypts_where_one_is_given(store: S3Store) -> None:
    S3Store("gas", "site/files", REGION, kms="alias/gas").receive(iter([b"genome"]), "key")
    head = contents("gas")["site/files/key"]
    assert (head["ServerSideEncryption"], head["SSEKMSKeyId"]) == ("aws:kms", "alias/gas")


def test_a_long_stream_goes_in_parts_each_with_its_sha256(store: S3Store) -> None:
    calls = calls_of(store)
    assert store.receive(long_content(), "long") == 11 * MIB
    # Parts are on their way side by side and may set out in another order than they lie in.
    sent = [arguments for name, arguments in calls if name == "UploadPart"]
    parts = sorted(sent, key=lambda part: part["PartNumber"])
    assert [len(part["Body"]) for part in parts] == [PART, PART, MIB]
    head = contents("gas")["site/files/long"]  # moto leaves the number of parts out
    assert head["ChecksumSHA256"] == composite(part["ChecksumSHA256"] for part in parts)
    with store.read("long") as file:
        assert file.read() == b"".join(long_content())


def test_memory_stays_flat_however_long_the_stream_is(store: S3Store) -> None:
    def peak(length: int) -> int:
        tracemalloc.start()
        store.receive((bytes(MIB) for _ in range(length)), "long")
        with store.read("long") as file:
            while file.read(MIB):
                pass
        highest = tracemalloc.get_traced_memory()[1]
        tracemalloc.stop()
        return highest

    assert peak(40) < peak(20) + 6 * MIB


def test_whoever_waits_for_a_copy_inside_s3_beats_meanwhile(store: S3Store, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(s3_copying, "BEAT_SECONDS", 0.01)
    beaten = threading.Event()

    def take_long(**_: Any) -> None:
        assert beaten.wait(30)

    store.receive(iter([b"genome"]), "one")
    store.objects.client.meta.events.register("before-send.s3.CopyObject", take_long)
    store.put_in_place("one", "two", 6, hashlib.sha256(b"genome").hexdigest(), lambda size: beaten.set())
    with store.read("two") as file:
        assert file.read() == b"genome"


def test_a_copy_of_which_s3_does_not_say_what_it_holds_is_refused(store: S3Store) -> None:
    store.receive(iter([b"genome"]), "one")
    store.objects.client.meta.events.register(
        "after-call.s3.CopyObject", lambda parsed, **_: parsed["CopyObjectResult"].pop("ChecksumSHA256")
    )
    with pytest.raises(StoreAway, match="or does not say which"):
        store.put_in_place("one", "two", 6, hashlib.sha256(b"genome").hexdigest())
    assert store.has("one")


def test_what_is_too_long_for_one_call_is_copied_in_parts_by_s3s_word(
    store: S3Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(s3_copying, "WHOLE_BYTES", PART)
    monkeypatch.setattr(s3_copying, "IN_PARTS", TransferConfig(multipart_threshold=PART, multipart_chunksize=PART))
    store.receive(long_content(), "long")
    calls = calls_of(store)
    store.put_in_place("long", "copied", 11 * MIB, "of nobody", lambda size: None)
    assert [name for name, _ in calls].count("UploadPartCopy") == 3
    assert not store.has("long")
    with store.read("copied") as file:
        assert file.read() == b"".join(long_content())


def test_a_stream_that_breaks_in_a_later_part_leaves_no_object_and_no_parts(store: S3Store) -> None:
    def broken() -> Iterator[bytes]:
        yield bytes(2 * PART)
        raise ConnectionError

    with pytest.raises(ConnectionError):
        store.receive(broken(), "long")
    assert contents("gas") == {}
    assert list(store.objects.uploads("")) == []


def test_removing_a_tree_drops_what_a_browser_had_begun_to_upload_there(store: S3Store) -> None:
    client = store.objects.client
    for key in ("uploads/1/input", "uploads/11/input"):
        client.create_multipart_upload(Bucket="gas", Key=f"site/files/{key}")
    store.remove_tree("uploads/1")
    assert [key for key, _ in store.objects.uploads("")] == ["site/files/uploads/11/input"]


def test_a_glimpse_of_a_large_file_has_its_head_its_end_and_its_size(
    store: S3Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(s3_store, "HEAD_BYTES", 1000)
    monkeypatch.setattr(s3_store, "TAIL_BYTES", 10)
    content = bytes(range(256)) * 100
    store.receive(iter([content]), "key")
    with store.glimpse("key") as path:
        seen = path.read_bytes()
    assert (len(seen), seen[:1000], seen[-10:]) == (len(content), content[:1000], content[-10:])
    assert not any(seen[1000:-10])
    assert not path.exists()


# Links ----------------------------------------------------------------------------------------------------


def test_a_download_is_a_link_of_five_minutes_with_the_files_name(store: S3Store) -> None:
    store.receive(iter([b"genome"]), "results/1/a.vcf.gz")
    answer = store.serve(RequestFactory().get("/"), "results/1/a.vcf.gz", "patient.annot.vcf.gz", "application/gzip")
    assert answer.status_code == 302
    query = parse_qs(urlsplit(answer["Location"]).query)
    assert query["X-Amz-Expires"] == ["300"]
    assert query["X-Amz-Algorithm"] == ["AWS4-HMAC-SHA256"]
    with urllib.request.urlopen(answer["Location"]) as response:  # noqa: S310 (moto's)
        assert response.read() == b"genome"
        assert response.headers["Content-Disposition"] == 'attachment; filename="patient.annot.vcf.gz"'
        assert response.headers["Content-Type"] == "application/gzip"


@pytest.mark.parametrize(
    "name",
    ['a"; filename="evil.exe', "a\r\nSet-Cookie: x=1", "ÅÄÖ 基因.vcf", "../../etc/passwd", "a%22.vcf", "a;b.vcf"],
)
def test_a_hostile_name_ends_no_header_and_adds_none(store: S3Store, name: str) -> None:
    store.receive(iter([b"genome"]), "key")
    answer = store.serve(RequestFactory().get("/"), "key", name, "application/gzip")
    [disposition] = parse_qs(urlsplit(answer["Location"]).query)["response-content-disposition"]
    assert disposition.isascii()
    assert re.fullmatch(r"""attachment; filename(="(\\.|[^"\\\r\n])*"|\*=utf-8''[\w.%~!$&+^`|-]+)""", disposition)


def test_a_head_request_gets_a_link_for_a_head_request(store: S3Store) -> None:
    store.receive(iter([b"genome"]), "key")
    answer = store.serve(RequestFactory().head("/"), "key", "a.vcf", "text/plain")
    request = urllib.request.Request(answer["Location"], method="HEAD")  # noqa: S310 (moto's)
    with urllib.request.urlopen(request) as response:  # noqa: S310
        assert response.headers["Content-Length"] == "6"


def test_no_link_leads_to_what_is_not_there(store: S3Store) -> None:
    with pytest.raises(FileNotFoundError):
        store.serve(RequestFactory().get("/"), "absent", "a.vcf", "text/plain")


# Absence and outage ---------------------------------------------------------------------------------------


def test_a_bucket_that_is_not_there_is_an_outage_not_an_absence(store: S3Store) -> None:
    lost = S3Store("another", "site", REGION)
    for act in (lost.has, lost.read, lost.remove, lost.remove_tree):
        with pytest.raises(StoreAway):
            act("key")
    with pytest.raises(StoreAway):
        lost.receive(iter([b"x"]), "key")


def test_an_outage_says_what_s3_said_and_no_key(store: S3Store, faulty: Proxy) -> None:
    faulty.plan = lambda method, path: "500"
    with pytest.raises(StoreAway) as raised:
        store.read("uploads/1/patient-smith.vcf")
    assert raised.value.strerror == "S3 answered InternalError"
    assert "smith" not in str(raised.value)


def test_a_server_that_is_gone_is_an_outage(store: S3Store, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AWS_ENDPOINT_URL", "http://127.0.0.1:9")
    monkeypatch.setattr(aws, "ATTEMPTS", 1)
    with pytest.raises(StoreAway, match="S3 cannot be reached"):
        S3Store("gas", "site", REGION).has("key")


@pytest.mark.parametrize("fault", ["500", "slow", "lost", "cut"])
def test_a_few_faults_of_any_kind_go_unnoticed(store: S3Store, faulty: Proxy, fault: str) -> None:
    content = b"".join(long_content())
    for method in ("PUT", "POST"):
        faulty.times(fault, 2, method)
        assert store.receive(long_content(), "long") == len(content)
        with store.read("long") as file:
            assert file.read() == content
    faulty.times(fault, 2, "GET")
    with store.read("long") as file:
        assert file.read() == content
    faulty.times(fault, 2, "GET")
    beats: list[int] = []
    with store.local("long", beats.append) as path:
        assert path.read_bytes() == content
    assert sum(beats) == len(content)
    assert [name for _, name in faulty.done].count(fault) >= 4


def test_a_put_whose_answer_was_lost_leaves_one_whole_object(store: S3Store, faulty: Proxy) -> None:
    faulty.times("lost", 1, "PUT")
    assert store.receive(iter([b"genome"]), "key") == 6
    assert [call for call in faulty.done if call[0] == "PUT"] == [("PUT", "lost"), ("PUT", "")]
    assert list(contents("gas")) == ["site/files/key"]


def test_a_last_part_whose_answer_was_lost_is_not_taken_for_a_failure(store: S3Store, faulty: Proxy) -> None:
    faulty.times("lost", 1, "POST", "uploadId=")
    assert store.receive(long_content(), "long") == 11 * MIB
    assert ("POST", "lost") in faulty.done
    with store.read("long") as file:
        assert file.read() == b"".join(long_content())


def test_a_body_that_stays_cut_off_is_an_outage(store: S3Store, faulty: Proxy) -> None:
    store.receive(iter([b"genome" * 1000]), "key")
    faulty.plan = lambda method, path: "cut" if method == "GET" else ""
    with store.read("key") as file, pytest.raises(StoreAway, match="cut off 5 times"):
        file.read()


def test_a_body_that_was_cut_off_does_not_go_on_with_another_object(store: S3Store, faulty: Proxy) -> None:
    store.receive(iter([b"a" * 3 * MIB]), "key")
    faulty.times("cut", 1, "GET")
    with store.read("key") as file:
        file.read(10)
        store.receive(iter([b"b" * 3 * MIB]), "key")
        with pytest.raises(StoreAway, match="PreconditionFailed"):
            file.read()
