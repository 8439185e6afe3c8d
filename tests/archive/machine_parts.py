"""What the machine is made of."""

from __future__ import annotations

from hypothesis import strategies as st

from accounts.models import Notification, User
from annotations.models import DeletionReceipt, Job
from archive import failpoints
from archive.models import HOT, Holding, RestoreRequest
from archive.vaults import vault
from tests.archive.world import MINUTE, SECOND, Message, World, good_cold, good_hot

NUMBERS = st.integers(0, 1_000)
FAULTS = st.sampled_from(["away", "bad store", "bad read", "no room", "forgotten", "healed"])
ACTS = st.sampled_from(["complete", "complete", "upgrade", "upgrade", "downgrade", "downgrade", "delete", "staff"])
CHANCES = st.sampled_from(["time passes", "double", "lose", "sweeps", "notification"])
LENGTHS = [SECOND, 3 * SECOND, 61 * SECOND, 5 * MINUTE, 16 * MINUTE]
METHODS = st.sampled_from(["store", "checksum", "request", "standing", "read", "remove"])
INTERRUPTIONS = st.sampled_from(
    ["", "kill", "kill", "lease", "lease", "upgrade", "downgrade", "delete", "another", "sweep", "staff"]
)
DELIVERIES = st.lists(st.tuples(NUMBERS, NUMBERS, INTERRUPTIONS), min_size=1, max_size=6)
ASKING = ["restore.requested", "restore.noted"]


class Killed(BaseException):
    """The worker is gone: nothing after this line happens, no handler runs."""


def steps_of(message: Message) -> list[str]:
    """Return the steps that an actor may come to, given the row's state."""
    if message.actor in {"purge_job", "look_again_for_job"}:
        return ["delete.removed"]
    holding = holding_of(message)
    if holding is None:
        return ["claim.taken"]
    archiving, restoring = failpoints_of("archive."), failpoints_of("restore.")
    match holding.state:
        case "archived":
            steps = ["archive.removed", "archive.tidied"]
        case "restoring" if holding.files.exclude(retrieval="").exists():
            steps = [step for step in restoring if step not in ASKING]
        case "restoring":
            steps = ASKING
        case "available" if holding.untidy:
            steps = ["restore.removed", "restore.tidied"]
        case _:
            steps = archiving
    return ["claim.taken", "settle.released", *steps]


def failpoints_of(deed: str) -> list[str]:
    return sorted(step for step in failpoints.STEPS if step.startswith(deed))


def vault_ids(world: World) -> list[str]:
    labels = [path.name for path in (world.vault_directory / "archives").glob("*/*") if path.is_dir()]
    return [archive_id for label in labels for archive_id in vault().labelled(label)]


def empty_tables() -> None:
    for model in (Holding, RestoreRequest, Job, DeletionReceipt, Notification, User):
        model._default_manager.all().delete()


def holding_of(message: Message) -> Holding | None:
    rows = Holding.objects.select_related("owner")
    match message.actor:
        case "tend_holding":
            return rows.filter(pk=int(message.arguments[0])).first()
        case "retrieval_completed":
            return rows.filter(files__archive_id=message.arguments[0]).first()
        case _:
            return None


def check_copies(holding: Holding) -> None:
    """At least one whole copy of each file, and the row points at one."""
    for file in holding.files.all():
        hot, cold = good_hot(file), good_cold(file)
        assert hot or cold, f"both copies of {file} are lost"
        assert hot if holding.state in HOT else cold, f"{holding} points at a missing {file.kind}"


def check_intent(holding: Holding) -> None:
    """What the plan wants stands in the row at any moment, not only in the end; the job says where its result is."""
    assert holding.job.away is (holding.state != "available"), f"{holding}, and the job says the opposite"
    stays = holding.owner.plan.retention is None
    if holding.state == "archived":
        assert not stays, "cold for good, though its owner is premium"
    if holding.state == "available":
        assert (holding.due_at is None) is stays, "its due time is not what the plan says"


def check_mails() -> None:
    """One mail for each request that brought something back, and every request has an end."""
    requests = RestoreRequest.objects.all()
    assert not requests.filter(finished_at=None).exists()
    told = set(Notification.objects.filter(kind="results_restored").values_list("about", flat=True))
    assert told == {str(request.pk) for request in requests if request.restored}


def check_places(world: World, deleted: set[str], stored: list[str]) -> None:
    """See that every copy is where the plan says, that nothing else is anywhere, and that receipts and mails fit."""
    hot_keys, cold_ids = set(), set()
    for holding in Holding.objects.select_related("owner__plan").prefetch_related("files"):
        stays = holding.owner.plan.retention is None
        assert holding.state == ("available" if stays else "archived")
        assert (holding.due_at, holding.untidy, holding.last_error) == (None, False, "")
        for file in holding.files.all():
            assert bool(file.archive_id) is not stays
            hot_keys |= {file.key} if stays else set()
            cold_ids |= set() if stays else {file.archive_id}
    files = world.files
    results = {str(path.relative_to(files)) for path in files.rglob("*") if path.is_file()}
    assert {name for name in results if name.startswith("results/") and not name.endswith(".log")} == hot_keys
    assert set(stored) == cold_ids, "strays in the vault"
    assert {str(pk) for pk in DeletionReceipt.objects.values_list("job", flat=True)} == deleted
    check_mails()
