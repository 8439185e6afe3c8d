"""What was done to the user's file, and what is odd about it, as sentences."""

from __future__ import annotations

from collections.abc import Mapping

from annotations.engine.reading.read_counts import Reading
from annotations.engine.reference import Reference

#: Names listed in one sentence; the rest is counted.
MAX_NAMES = 8


def counted(count: int, noun: str) -> str:
    """A count with its noun.

    >>> counted(1, "record"), counted(12345, "record")
    ('1 record', '12,345 records')
    """
    return f"{count:,} {noun}{'' if count == 1 else 's'}"


def done_to_the_file(reading: Reading, norm: Mapping[str, int], *, haplotype_aware: bool = False) -> list[str]:
    """What was changed on the way, in the order it happened."""
    counts = reading.counts
    done = []
    if reading.format == "VCFv3.3":
        done.append("Converted from VCF 3.3 to VCF 4.2.")
    if reading.crlf:
        done.append("Line ends of Windows (CRLF) were turned into LF.")
    if counts.blank_lines:
        done.append(f"{counted(counts.blank_lines, 'blank line')} left out.")
    if reading.declared:
        names = _listed([f"{kind}/{name}" for kind, name in reading.declared])
        done.append(f"Declared in the header because records use them: {names}.")
    if reading.renamed_info:
        names = _listed([f"{old} to {new}" for old, new in reading.renamed_info.items()])
        done.append(f"INFO fields renamed because their names are used by this annotation: {names}.")
    if counts.renamed:
        names = _listed([f"{old} to {new}" for old, new in sorted(counts.renamed.items())])
        done.append(f"Contigs brought to the reference's names: {names}.")
    if counts.upper_cased:
        done.append(f"REF or ALT written in capitals in {counted(counts.upper_cased, 'record')}.")
    if counts.held_lists:
        names = _listed([f"{name} ({count:,})" for name, count in counts.held_lists.most_common()])
        done.append(
            f"Lists in INFO that do not have one value an allele were kept whole with each allele, not split: {names}."
        )
    if counts.first_unsorted_line is not None:
        done.append(_sorted_sentence(counts.first_unsorted_line))
    if norm.get("split"):
        done.append(f"{counted(norm['split'], 'record')} with several alternate alleles split, one allele a record.")
    if norm.get("realigned"):
        done.append(f"{counted(norm['realigned'], 'record')} left-aligned and trimmed.")
    if haplotype_aware:
        done.append("Consequences worked out by haplotype, from the phased genotypes.")
    return done


def warnings(reading: Reading, reference: Reference) -> list[str]:
    """What the researcher should know before relying on the result."""
    counts = reading.counts
    found = list(reading.warnings)
    if counts.unknown_contigs:
        total = counts.unknown_contigs.total()
        names = _listed([f"{name} ({count:,})" for name, count in counts.unknown_contigs.most_common()])
        found.append(
            f"{counted(total, 'record')} on contigs that the reference {reference.name} lacks: {names}. "
            "They stand at the end of the output without annotation."
        )
    if first := counts.first_mismatch:
        found.append(
            f"{counted(counts.refs_mismatched, 'record')} of {counts.refs_checked:,} checked have a REF that is not "
            f"the reference's; the first is line {first.line}, {first.contig}:{first.position}, "
            f"with {first.found} where the reference has {first.expected}."
        )
    if counts.beyond_contig:
        found.append(f"{counted(counts.beyond_contig, 'record')} beyond the end of the contig.")
    return found


def _sorted_sentence(line: int) -> str:
    return f"The records were sorted by position: line {line:,} was the first out of order."


def _listed(names: list[str]) -> str:
    more = f" and {len(names) - MAX_NAMES:,} more" if len(names) > MAX_NAMES else ""
    return ", ".join(names[:MAX_NAMES]) + more
