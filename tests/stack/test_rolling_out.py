"""A new version takes over from the old one, over one migration, while jobs run: each completes, once."""

from __future__ import annotations

import hashlib
import shutil
import tempfile
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from bench.site import ROOT, Site
from sandbox.postgresql import NoPostgres
from tests.conftest import REQUIRE_ALL
from tests.stack.fleet import Services, Uploads, Version, next_version, services
from tests.stack.genome import NAME
from tests.stack.processes import until
from tests.stack.stacks import PASSWORD

pytestmark = pytest.mark.slow

RECORDS = 200_000


@pytest.fixture
def shared(tmp_path: Path) -> Iterator[Services]:
    """Give a PostgreSQL and a Redis; not below a home directory, which the user of PostgreSQL may not enter."""
    database = Path(tempfile.mkdtemp(prefix="gas-rollout-"))
    (tmp_path / "queue").mkdir()
    try:
        with services(tmp_path, database) as running:
            yield running
    except NoPostgres as error:
        (pytest.fail if REQUIRE_ALL else pytest.skip)(str(error))
    finally:
        shutil.rmtree(database, ignore_errors=True)


@pytest.fixture
def old(shared: Services, prepared: Path, tmp_path: Path) -> Iterator[Version]:
    """Give the version that runs, as it is in this directory."""
    yield from version("old", ROOT, shared, prepared, tmp_path)


@pytest.fixture
def new(shared: Services, prepared: Path, tmp_path: Path) -> Iterator[Version]:
    """Give the next version: the same and one column more."""
    yield from version("new", next_version(tmp_path / "code"), shared, prepared, tmp_path)


def version(name: str, code: Path, shared: Services, prepared: Path, directory: Path) -> Iterator[Version]:
    """Give a version with the generated genome on its machine; end it."""
    data_dir = directory / f"{name}-machine"
    shutil.copytree(prepared / "references", data_dir / "references")
    made = Version(name, code, data_dir, shared)
    yield made
    made.kill()


def person(at: Version, shared: Services, name: str) -> Site:
    """Sign up at a version's website; give them the plan that takes large files."""
    site = at.site()
    site.post("/accounts/signup/", {"email": f"{name}@example.org", "password1": PASSWORD})
    shared.rows("UPDATE accounts_user SET plan_id = 'premium' WHERE email = %s", f"{name}@example.org")
    return site


def statuses(shared: Services) -> dict[str, str]:
    return {str(row["id"]): row["status"] for row in shared.rows("SELECT id, status FROM annotations_job")}


def columns(shared: Services) -> set[str]:
    query = "SELECT column_name FROM information_schema.columns WHERE table_name = 'annotations_job'"
    return {row["column_name"] for row in shared.rows(query)}


def at_work(shared: Services, annotators: set[str]) -> Callable[[], bool]:
    """Return whether one of these workers has read records of a job that runs."""
    query = "SELECT worker FROM annotations_job WHERE status = 'running' AND progress_records > 0"
    return lambda: any(row["worker"].rpartition(":")[2] in annotators for row in shared.rows(query))


def test_a_new_version_takes_over_while_jobs_run_and_each_completes_once(
    old: Version, new: Version, shared: Services, variants: Callable[[int], Path]
) -> None:
    old.manage("prepare")
    old.join()
    assert "60 variants" in old.site().get("/example/")  # every machine of the web makes it when it joins
    uploads = Uploads(person(old, shared, "early"), variants(RECORDS), NAME, shared)
    uploads.start()
    until(at_work(shared, old.annotators()), 60, "the old version works on a job")

    assert "rehearsed" not in columns(shared)
    new.manage("prepare")
    assert "rehearsed" in columns(shared)
    # The old version writes and annotates over the new table.
    before = len(uploads.taken())
    until(lambda: len(uploads.taken()) > before + 1, 120, "the old version takes two more jobs")
    new.join()
    until(at_work(shared, new.annotators()), 60, "the new version works on a job")
    uploads.go_on_at(person(new, shared, "late"))
    until(at_work(shared, old.annotators()), 60, "the old version works on a job, beside the new one")
    # As the balancer and ECS do it: web first, then who works.
    codes = {role: old.leave(role) for role in ("web", "annotate", "work", "sweep")}
    assert codes == dict.fromkeys(codes, 0)
    before = len(uploads.taken())
    until(lambda: len(uploads.taken()) > before, 120, "the new version takes jobs alone")

    jobs = uploads.stop()
    until(lambda: set(statuses(shared).values()) == {"completed"}, 240, "every job completes")
    assert set(statuses(shared)) == set(jobs)
    assert_each_completed_once(shared, jobs)


def assert_each_completed_once(shared: Services, jobs: list[str]) -> None:
    """Hold rows, events, files and mails against each other."""
    for job in jobs:
        [row] = shared.rows("SELECT summary->>'total' AS total, attempt FROM annotations_job WHERE id = %s", job)
        assert row["total"] == str(RECORDS)
        ends = "SELECT count(*) FROM annotations_jobevent WHERE job_id = %s AND status = 'completed'"
        assert shared.rows(ends, job) == [{"count": 1}]
        files = shared.rows("SELECT key, size, sha256 FROM annotations_resultfile WHERE job_id = %s", job)
        assert len(files) == 5
        for file in files:
            content = (shared.directory / "files" / file["key"]).read_bytes()
            assert (len(content), hashlib.sha256(content).hexdigest()) == (file["size"], file["sha256"])
            assert file["key"].startswith(f"results/{job}/{row['attempt']}/")
    told = "SELECT about FROM accounts_notification WHERE sent_at IS NOT NULL AND about = ANY(%s)"
    until(lambda: len(shared.rows(told, jobs)) == len(jobs), 60, "a mail for each job")
