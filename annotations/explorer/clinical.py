"""What databases call an allele, in one set of words: ClinVar's CLNSIG, ClinGen's letters, MITOMAP's status.

A value can say several things ("Pathogenic/Likely_pathogenic", "Cfrm [LP]"), and counts for each.
"""

from __future__ import annotations

import re
from functools import lru_cache

#: Calls in the order a page shows them, with the words of filters.
CALLS = {
    "confirmed": "Confirmed",
    "pathogenic": "Pathogenic",
    "likely": "Likely pathogenic",
    "conflicting": "Conflicting",
    "uncertain": "Uncertain",
    "benign": "Benign or likely benign",
    "reported": "Reported",
}
#: What an allele is known to be harmful by.
HARMFUL = ("confirmed", "pathogenic", "likely")
_PARTS = re.compile(r"[/|,;\[\]()]+")
_LETTERS = {"p": "pathogenic", "lp": "likely", "vus": "uncertain", "lb": "benign", "b": "benign"}
_SPOKEN = {"P": "pathogenic", "LP": "likely pathogenic", "VUS": "uncertain", "LB": "likely benign", "B": "benign"}
_IN_BRACKETS = re.compile(r" ?\[(P|LP|VUS|LB|B)[*+-]*\]")
_CONFIRMED = re.compile(r"^Cfrm\b")
#: The first that fits is the call.
_WORDS = (
    (re.compile(r"^(cfrm|confirmed)"), "confirmed"),
    (re.compile(r"conflicting"), "conflicting"),
    (re.compile(r"uncertain|unclear$|as vus$"), "uncertain"),
    (re.compile(r"benign"), "benign"),
    (re.compile(r"\b(not|non)[ -]?pathogenic"), ""),
    (re.compile(r"likely pathogenic"), "likely"),
    (re.compile(r"pathogenic"), "pathogenic"),
)


@lru_cache(maxsize=4_000)
def calls_of(value: str) -> tuple[str, ...]:
    """Return the calls a value of a status or rating field makes, in the order of CALLS; "reported" is any value.

    >>> calls_of("Cfrm [LP]"), calls_of("Pathogenic/Likely_pathogenic"), calls_of("Reported")
    (('confirmed', 'likely', 'reported'), ('pathogenic', 'likely', 'reported'), ('reported',))
    """
    found = {_call(part.replace("_", " ").strip().lower()) for part in _PARTS.split(value)}
    return tuple(call for call in CALLS if call in found or call == "reported")


def in_words(value: str) -> str:
    """Write a status or rating as people say it: MITOMAP's short form and ClinGen's letters become words.

    >>> in_words("Cfrm [P]"), in_words("Reported [VUS*]"), in_words("LP"), in_words("Likely_benign")
    ('Confirmed, pathogenic', 'Reported, uncertain', 'Likely pathogenic', 'Likely benign')
    """
    text = value.replace("_", " ")
    if letters := _SPOKEN.get(text.rstrip("*+-")):
        return letters.capitalize()
    return _IN_BRACKETS.sub(lambda found: f", {_SPOKEN[found[1]]}", _CONFIRMED.sub("Confirmed", text))


def shown_call(value: str) -> str:
    """Return the call whose mark stands beside a value: one of pathogenic, likely, uncertain, benign."""
    calls = calls_of(value)
    if "pathogenic" in calls or ("confirmed" in calls and not {"likely", "uncertain"} & set(calls)):
        return "pathogenic"
    return next((call for call in ("likely", "benign") if call in calls), "uncertain")


def _call(part: str) -> str:
    letter = _LETTERS.get(part.rstrip("*+-"))
    return letter or next((call for pattern, call in _WORDS if pattern.search(part)), "")
