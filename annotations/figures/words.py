"""How the site writes numbers and terms: thousands with commas, frequencies that never round to zero."""

from __future__ import annotations

import math

# Sequence Ontology terms whose usual short name is not the term without "_variant".
_SHORT_TERMS = {
    "3_prime_UTR_variant": "3' UTR",
    "5_prime_UTR_variant": "5' UTR",
    "downstream_gene_variant": "downstream of a gene",
    "transcript_ablation": "transcript lost",
    "transcript_amplification": "transcript amplified",
    "upstream_gene_variant": "upstream of a gene",
    "non_coding_transcript_exon_variant": "non-coding exon",
    "non_coding_transcript_variant": "non-coding transcript",
    "coding_sequence_variant": "coding sequence",
    "splice_acceptor_variant": "splice acceptor",
    "splice_donor_variant": "splice donor",
    "splice_region_variant": "splice region",
    "stop_retained_variant": "stop retained",
    "start_retained_variant": "start retained",
    "inframe_insertion": "in-frame insertion",
    "inframe_deletion": "in-frame deletion",
    "incomplete_terminal_codon_variant": "incomplete last codon",
    "inframe_altering_variant": "in-frame change",
}

_KIBI = 1024
_SIZES = ("bytes", "KB", "MB", "GB", "TB")


def thousands(number: int) -> str:
    """12345 -> "12,345"."""
    return f"{number:,}"


def term(sequence_ontology_term: str) -> str:
    """A Sequence Ontology term as people say it: "missense_variant" -> "missense"."""
    short = _SHORT_TERMS.get(sequence_ontology_term)
    return short or sequence_ontology_term.removesuffix("_variant").replace("_", " ")


def percent(fraction: float) -> str:
    """A frequency as a percentage with the digits it needs, never rounded to zero: 0.00307 -> "0.31%"."""
    value = fraction * 100
    if value <= 0:
        return "0%"
    if value >= 10:
        return f"{value:.1f}".removesuffix(".0") + "%"
    digits = max(0, 1 - math.floor(math.log10(value)))
    text = f"{value:.{digits}f}"
    return (text.rstrip("0").rstrip(".") if "." in text else text) + "%"


def share(part: int, whole: int) -> str:
    """``part`` of ``whole`` as a percentage; "" when there is no whole."""
    return percent(part / whole) if whole else ""


def size(number_of_bytes: int) -> str:
    """Bytes as people read them; 1 KB is 1,024 bytes, as in the plans' limits."""
    value, unit = float(number_of_bytes), 0
    while value >= _KIBI and unit < len(_SIZES) - 1:
        value, unit = value / _KIBI, unit + 1
    if unit == 0:
        return f"{number_of_bytes:,} byte" + ("" if number_of_bytes == 1 else "s")
    text = f"{value:.1f}" if value < 100 else f"{value:.0f}"
    return f"{text.removesuffix('.0')} {_SIZES[unit]}"


def span(seconds: float) -> str:
    """A length of time in its two largest units: 134 -> "2 min 14 s"."""
    if seconds < 1:
        return "under a second"
    whole = round(seconds)
    hours, rest = divmod(whole, 3600)
    minutes, left = divmod(rest, 60)
    if hours >= 48:
        return f"{hours // 24} days"
    if hours:
        return f"{hours} h {minutes} min"
    if minutes:
        return f"{minutes} min {left} s" if left else counted(minutes, "minute")
    return counted(whole, "second")


def duration(seconds: float) -> str:
    """A length of time that somebody has chosen, in one unit where one fits: 300 -> "5 minutes"."""
    whole = round(seconds)
    for unit, noun in ((86_400, "day"), (3_600, "hour"), (60, "minute")):
        if whole >= unit and whole % unit == 0:
            return counted(whole // unit, noun)
    return span(seconds)


def soon(seconds: float) -> str:
    """A guess at when something happens, no finer than it can be: 130 -> "in about 2 minutes"."""
    if seconds < 10:
        return "in a few seconds"
    if seconds < 45:
        return "in less than a minute"
    minutes = max(1, round(seconds / 60))
    if minutes < 90:
        return f"in about {counted(minutes, 'minute')}"
    return f"in about {counted(round(minutes / 60), 'hour')}"


def clock(seconds: float) -> str:
    """What is left, as a clock shows it: 252 -> "4:12". Over two days it is days. js/countdown.js writes the same."""
    whole = max(0, math.ceil(seconds))
    if whole >= 2 * 86_400:
        return counted(whole // 86_400, "day")
    hours, rest = divmod(whole, 3600)
    minutes, left = divmod(rest, 60)
    return f"{hours}:{minutes:02}:{left:02}" if hours else f"{minutes}:{left:02}"


def counted(number: int, noun: str, plural: str = "") -> str:
    """A number with its noun: "1 variant", "2,541 variants"."""
    return f"{number:,} {noun if number == 1 else plural or noun + 's'}"


def clipped(text: str, most: int) -> str:
    """``text`` in at most ``most`` characters, with an ellipsis where something is missing."""
    return text if len(text) <= most else text[: most - 1] + "…"
