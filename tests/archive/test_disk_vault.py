"""The vault on a disk: its layout, its times, its refusals, and what a crash leaves."""

from __future__ import annotations

import gzip
import json
import os
from datetime import timedelta
from pathlib import Path

import pytest
from django.utils import timezone

from archive.vaults.base import ArchiveMissing, InsufficientCapacity, VaultFault
from archive.vaults.disk import DiskVault
from gas_site import setting_urls
from gas_site.environment import BadSetting
from tests.archive.world import Clock

LABEL = "7f3a21c8-0000-4000-8000-000000000001"
SECOND = timedelta(seconds=1)


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> Clock:
    clock = Clock()
    monkeypatch.setattr(timezone, "now", clock)
    return clock


def make(directory: Path, **options: object) -> DiskVault:
    return DiskVault(str(directory), {"expedited": 2 * SECOND, "standard": 5 * SECOND}, **options)  # type: ignore[arg-type]


def test_an_archive_is_a_file_that_gunzip_reads_and_a_manifest(tmp_path: Path) -> None:
    stored = make(tmp_path, compress="gzip").store(LABEL, iter([b"MT\t263\n" * 1000]))
    data, manifest = sorted((tmp_path / "archives" / "7f" / LABEL).iterdir())
    assert gzip.decompress(data.read_bytes()) == b"MT\t263\n" * 1000
    assert data.stat().st_size < 700
    assert json.loads(manifest.read_text()) == {"size": 7000, "sha256": stored.content.sha256, "compress": "gzip"}
    assert (data.stat().st_mode & 0o777, data.parent.stat().st_mode & 0o777) == (0o600, 0o700)


def test_an_archive_is_read_as_it_was_written_whatever_the_setting_says_now(tmp_path: Path) -> None:
    packed = make(tmp_path, compress="gzip").store(LABEL, iter([b"abc"]))
    plain = make(tmp_path).store(LABEL, iter([b"abc"]))
    for vault in (make(tmp_path), make(tmp_path, compress="gzip")):
        assert vault.checksum(packed.archive_id) == vault.checksum(plain.archive_id) == packed.content


def test_a_crash_between_content_and_manifest_leaves_no_archive_but_something_to_remove(tmp_path: Path) -> None:
    vault = make(tmp_path)
    stored = vault.store(LABEL, iter([b"abc"]))
    directory = tmp_path / "archives" / "7f" / LABEL
    next(directory.glob("*.json")).unlink()
    (directory / ".0123456789abcdef0123456789abcdef.data.77").write_bytes(b"half")
    with pytest.raises(ArchiveMissing):
        vault.checksum(stored.archive_id)
    left = vault.labelled(LABEL)
    assert left == sorted([stored.archive_id, f"{LABEL}/0123456789abcdef0123456789abcdef"])
    for archive_id in left:
        vault.remove(archive_id)
    assert not directory.exists()


def test_an_archive_whose_directory_goes_while_it_is_removed_is_removed(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    vault = make(tmp_path)
    archive_id = vault.store(LABEL, iter([b"x"])).archive_id
    is_there = Path.is_dir

    def and_then_goes(path: Path) -> bool:
        answer = is_there(path)
        if answer and path.name == LABEL:
            path.rmdir()  # as another purge of the same job does once it has removed the files
        return answer

    monkeypatch.setattr(Path, "is_dir", and_then_goes)
    vault.remove(archive_id)
    assert vault.labelled(LABEL) == []


def test_a_damaged_archive_has_another_checksum_or_says_that_it_is_damaged(tmp_path: Path) -> None:
    for compress in ("none", "gzip"):
        vault = make(tmp_path / compress, compress=compress)
        stored = vault.store(LABEL, iter([os.urandom(50_000)]))
        data = next((tmp_path / compress).rglob("*.data"))
        content = bytearray(data.read_bytes())
        content[25_000] ^= 1
        data.write_bytes(content)
        if compress == "none":
            assert vault.checksum(stored.archive_id) != stored.content
        else:
            with pytest.raises(VaultFault, match="damaged"):
                vault.checksum(stored.archive_id)
    data.write_bytes(content[:20_000])
    with pytest.raises(VaultFault, match="its end is missing"):
        vault.checksum(stored.archive_id)


def test_expedited_places_are_few_and_become_free_with_time_and_with_removal(tmp_path: Path, clock: Clock) -> None:
    vault = make(tmp_path, expedited_capacity=2)
    first, second, third = [vault.store(LABEL, iter([b"x"])).archive_id for _ in range(3)]
    for archive_id in (first, second, second):
        vault.request(archive_id, "expedited")
    with pytest.raises(InsufficientCapacity):
        vault.request(third, "expedited")
    assert vault.request(third, "standard").tier == "standard"
    vault.remove(first)
    assert vault.request(third, "expedited").expected_at == clock.now + 2 * SECOND
    clock.advance(2 * SECOND)
    fourth, fifth = [vault.store(LABEL, iter([b"x"])).archive_id for _ in range(2)]
    vault.request(fourth, "expedited")
    vault.request(fifth, "expedited")
    assert len(list((tmp_path / "expedited").iterdir())) == 2


def test_no_capacity_at_all_refuses_every_expedited_request(tmp_path: Path) -> None:
    vault = make(tmp_path, expedited_capacity=0)
    archive_id = vault.store(LABEL, iter([b"x"])).archive_id
    with pytest.raises(InsufficientCapacity, match="no expedited capacity at the moment"):
        vault.request(archive_id, "expedited")


def test_a_sooner_request_replaces_a_later_one(tmp_path: Path, clock: Clock) -> None:
    vault = make(tmp_path)
    archive_id = vault.store(LABEL, iter([b"x"])).archive_id
    assert vault.request(archive_id, "standard").expected_at == clock.now + 5 * SECOND
    assert vault.request(archive_id, "expedited").expected_at == clock.now + 2 * SECOND
    assert vault.request(archive_id, "standard").tier == "expedited"


def test_a_tier_it_does_not_have_is_refused_by_name(tmp_path: Path) -> None:
    vault = make(tmp_path)
    archive_id = vault.store(LABEL, iter([b"x"])).archive_id
    with pytest.raises(VaultFault, match="no tier bulk; it has expedited, standard"):
        vault.request(archive_id, "bulk")


@pytest.mark.parametrize("archive_id", ["", "../../etc/passwd", f"{LABEL}/../x", f"{LABEL}/short", "/" * 40])
def test_an_id_that_is_none_of_ours_leads_nowhere(tmp_path: Path, archive_id: str) -> None:
    with pytest.raises(ArchiveMissing):
        make(tmp_path).checksum(archive_id)
    with pytest.raises(ValueError, match=r"\.\."):
        make(tmp_path).store("../..", iter([b"x"]))


def test_content_and_manifest_are_synced_before_the_id_is_given(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    acts: list[str] = []
    real_sync, real_rename = os.fsync, Path.rename

    def sync(handle: int) -> None:
        acts.append("sync " + Path(os.readlink(f"/proc/self/fd/{handle}")).name.partition(".")[2].partition(".")[0])
        real_sync(handle)

    def rename(self: Path, target: Path) -> Path:
        acts.append(f"rename {target.suffix}")
        return real_rename(self, target)

    monkeypatch.setattr(os, "fsync", sync)
    monkeypatch.setattr(Path, "rename", rename)
    make(tmp_path).store(LABEL, iter([b"x"]))
    assert [act for act in acts if act.startswith("rename")] == ["rename .data", "rename .json"]
    assert len(acts) == 6, "each file before its rename, then the directory and the one above"
    assert acts[0].startswith("sync")
    assert acts[1] == "rename .data"


def test_the_setting_names_directory_times_capacity_and_compression(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("VAULT_URL", f"file:{tmp_path}/cold?expedited=2s&standard=3h&expedited_capacity=4&compress=gzip")
    assert setting_urls.vault(tmp_path) == {
        "BACKEND": "archive.vaults.disk.DiskVault",
        "OPTIONS": {
            "location": f"{tmp_path}/cold",
            "delays": {"expedited": 2 * SECOND, "standard": timedelta(hours=3), "bulk": timedelta(0)},
            "expedited_capacity": 4,
            "compress": "gzip",
        },
    }
    monkeypatch.delenv("VAULT_URL")
    assert setting_urls.vault(tmp_path)["OPTIONS"]["location"] == f"{tmp_path}/vault"


@pytest.mark.parametrize(
    "value",
    ["file:", "s3://bucket", "/just/a/path", "file:x?expedited=soon", "file:x?speed=1", "file:x?compress=rar",
     "file:x?expedited_capacity=-1", "file:x?&&"],
)  # fmt: skip
def test_a_bad_vault_url_stops_the_boot_and_says_what_it_takes(monkeypatch: pytest.MonkeyPatch, value: str) -> None:
    monkeypatch.setenv("VAULT_URL", value)
    with pytest.raises(BadSetting, match=r"VAULT_URL=.* cannot be used. It takes file:DIRECTORY"):
        setting_urls.vault(Path("/data"))


def test_the_tiers_are_some_of_three(monkeypatch: pytest.MonkeyPatch) -> None:
    assert setting_urls.restore_tiers() == ["expedited", "standard"]
    monkeypatch.setenv("RESTORE_TIERS", "bulk, standard")
    assert setting_urls.restore_tiers() == ["bulk", "standard"]
    for bad in (",", "fast"):
        monkeypatch.setenv("RESTORE_TIERS", bad)
        with pytest.raises(BadSetting, match="some of expedited, standard, bulk"):
            setting_urls.restore_tiers()
