"""Which installed reference a file belongs to: the chosen one, or, when the file contradicts that, the one it fits."""

from __future__ import annotations

from dataclasses import replace

from annotations import intake
from annotations.catalogue import installed_references
from annotations.engine.errors import InputRefused, WrongReference
from annotations.engine.reading.preflight import Verdict
from annotations.engine.reference import Reference


def fitting_verdict(key: str, name: str, chosen: Reference) -> Verdict:
    """The verdict on a stored file with the reference it fits; ``chosen`` stands in it when that is another.

    Raises InputRefused, and WrongReference when no installed reference fits.
    """
    try:
        verdict = intake.check(key, name, chosen)
    except WrongReference as error:
        fitting = _fitting(key, name, chosen)
        if fitting is None:
            raise WrongReference(error.cause, f"{error.fix} No reference installed here fits.", error.line) from None
        return fitting
    if verdict.records and not verdict.fit.known:
        return _fitting(key, name, chosen) or verdict
    return verdict


def _fitting(key: str, name: str, chosen: Reference) -> Verdict | None:
    """The verdict with the other reference that fits best: most records on its contigs, and REFs that agree."""
    found = []
    for reference in installed_references():
        if reference.name == chosen.name:
            continue
        try:
            verdict = intake.check(key, name, reference)
        except InputRefused:
            continue
        if verdict.fit.known and verdict.fit.checked > verdict.fit.mismatched:
            found.append(replace(verdict, chosen=chosen.name))
    return max(found, key=lambda verdict: verdict.fit.known - verdict.fit.mismatched, default=None)
