"""Impact and severity of consequences that may join several terms with ``&``."""

from __future__ import annotations

from annotations.engine.results.consequence import IMPACT_BY_TERM, SEVERITY


def severity(consequence: str) -> int:
    """The rank of the most severe of the joined terms, 0 the worst; unknown terms come last."""
    return min(SEVERITY.get(name, len(SEVERITY)) for name in consequence.split("&"))


def impact_of(consequence: str) -> str:
    """The impact of the most severe of the joined terms; MODIFIER for a term without one."""
    worst = min(consequence.split("&"), key=severity)
    return IMPACT_BY_TERM.get(worst, "MODIFIER")
