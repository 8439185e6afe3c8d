"""What the machine is made of."""

from __future__ import annotations

from accounts.models import Notification, User
from annotations.models import DeletionReceipt, Job
from archive import failpoints
from archive.models import Holding, RestoreRequest
from archive.vaults import vault
from tests.archive.world import Message, World

ASKING = ["restore.requested", "restore.noted"]


class Killed(BaseException):
    """The worker is gone: nothing after this line happens, no handler runs."""


def steps_of(message: Message) -> list[str]:
    """Return the steps that an actor may come to, given the row's state."""
    if message.actor in {"purge_job", "look_again_for_job"}:
        return ["delete.removed"]
    holding = Holding.objects.filter(pk=int(message.arguments[0])).first() if message.actor == "tend_holding" else None
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
