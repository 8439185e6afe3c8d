r"""The slices samtools/bcftools tests its csq with (see the shared data's SOURCES.md), and how they are compared.

An expected file is what ``query -f '%POS %REF %ALT %EXP\n%POS %REF %ALT %BCSQ\n\n'`` printed: pairs of lines, the
second of them csq's answer. Where the VCF has samples it is one line with a column a haplotype instead. ``.txt-l``
is the answer of local mode where it differs from ``.txt``.
"""

from __future__ import annotations

from pathlib import Path

Consequences = dict[tuple[int, str, str], set[str]]


def expected(vcf: Path, *, haplotype_aware: bool = False) -> Consequences:
    """Position, REF and ALT -> the consequences csq shall write in local mode, or by haplotype."""
    local = vcf.with_suffix(".txt-l")
    text = (local if local.exists() and not haplotype_aware else vcf.with_suffix(".txt")).read_text()
    wanted: Consequences = {}
    for block in filter(None, (block.strip() for block in text.split("\n\n"))):
        position, ref, alt, *answers = block.splitlines()[-1].split("\t")
        named = {word for answer in answers for word in answer.split(",") if word != "."}
        wanted.setdefault((int(position), ref, alt), set()).update(named)
    return wanted


def found(text: str) -> Consequences:
    """The same from a VCF's text; ``@123`` points to the record at 123 and says nothing of its own."""
    answers: Consequences = {}
    for line in text.splitlines():
        if not line.startswith("#"):
            _, position, _, ref, alt, _, _, info = line.split("\t")[:8]
            values = dict(part.split("=", 1) for part in info.split(";") if "=" in part)
            words = {word for word in values.get("BCSQ", "").split(",") if word}
            answers.setdefault((int(position), ref, alt), set()).update(words)
    return answers


def slices(shared_data: Path) -> list[Path]:
    """The folders of the slices, each with NAME.fa, NAME.gff and VCFs."""
    return sorted(path for path in (shared_data / "csq").iterdir() if path.is_dir())
