"""Does the file belong to the reference? By the lengths of its contigs, and by its REF bases."""

from __future__ import annotations

from collections.abc import Mapping

from annotations.engine.errors import WrongReference
from annotations.engine.reading.contig_names import ContigNames
from annotations.engine.reading.read_counts import Mismatch, ReadCounts
from annotations.engine.reference import Contig, Reference

#: Refused when more than one in MISMATCH_SHARE of the checked REFs mismatch, and at least FEWEST_MISMATCHES do:
#: one or two wrong records in a small file are the records' fault.
MISMATCH_SHARE = 10
FEWEST_MISMATCHES = 3
#: So many checked REFs make an early refusal, before the file's end.
EARLY_CHECKS = 10_000

#: Lengths of chromosomes 1 to 22, X, Y and M by assembly (the assembly reports of NCBI and UCSC's chrom.sizes).
#: GRCh37 as NCBI and Ensembl give it has rCRS as MT (16,569); UCSC's hg19 has the Yoruba sequence NC_001807 (16,571).
_CHROMOSOMES = (*map(str, range(1, 23)), "X", "Y")
# fmt: off
_LENGTHS: dict[str, tuple[int, ...]] = {
    "NCBI36 (hg18)": (
        247249719, 242951149, 199501827, 191273063, 180857866, 170899992, 158821424, 146274826, 140273252, 135374737,
        134452384, 132349534, 114142980, 106368585, 100338915, 88827254, 78774742, 76117153, 63811651, 62435964,
        46944323, 49691432, 154913754, 57772954),
    "GRCh37 (hg19)": (
        249250621, 243199373, 198022430, 191154276, 180915260, 171115067, 159138663, 146364022, 141213431, 135534747,
        135006516, 133851895, 115169878, 107349540, 102531392, 90354753, 81195210, 78077248, 59128983, 63025520,
        48129895, 51304566, 155270560, 59373566),
    "GRCh38 (hg38)": (
        248956422, 242193529, 198295559, 190214555, 181538259, 170805979, 159345973, 145138636, 138394717, 133797422,
        135086622, 133275309, 114364328, 107043718, 101991189, 90338345, 83257441, 80373285, 58617616, 64444167,
        46709983, 50818468, 156040895, 57227415),
    "T2T-CHM13v2.0": (
        248387328, 242696752, 201105948, 193574945, 182045439, 172126628, 160567428, 146259331, 150617247, 134758134,
        135127769, 133324548, 113566686, 101161492, 99753195, 96330374, 84276897, 80542538, 61707364, 66210255,
        45090682, 51324926, 154259566, 62460029),
}
# fmt: on
_YORUBA = "hg19 chrM (Yoruba, NC_001807)"
_YORUBA_LENGTH = 16_571
_RCRS_LENGTH = 16_569
_BY_LENGTH = {
    (name, length): assembly
    for assembly, lengths in _LENGTHS.items()
    for name, length in zip(_CHROMOSOMES, lengths, strict=True)
}


def assembly_of(lengths: Mapping[str, int]) -> str:
    """The human assembly that most of these contig lengths belong to, "" when none is recognised."""
    votes: dict[str, int] = {}
    for name, length in lengths.items():
        assembly = _BY_LENGTH.get((name.removeprefix("chr"), length))
        if assembly:
            votes[assembly] = votes.get(assembly, 0) + 1
    if votes:
        return max(votes, key=lambda assembly: votes[assembly])
    yoruba = any(name in ("chrM", "M", "MT") and length == _YORUBA_LENGTH for name, length in lengths.items())
    return _YORUBA if yoruba else ""


def check_contig_lengths(lengths: Mapping[str, int], names: ContigNames, reference: Reference) -> None:
    """Raise WrongReference when a declared length (0: none given) contradicts the reference's contig."""
    for name, length in lengths.items():
        contig = names.find(name)
        if contig is None or not length or length == contig.length:
            continue
        cause = (
            f"The header says that {name} has {length:,} bases, but {contig.name} of the reference {reference.name} "
            f"has {contig.length:,}"
        )
        mitochondrial = length == _YORUBA_LENGTH and contig.length == _RCRS_LENGTH
        raise WrongReference(cause, _advice(_YORUBA if mitochondrial else assembly_of(lengths)))


def check_bases(
    counts: ReadCounts, lengths: Mapping[str, int], reference: Reference, *, at_end: bool, named: str = ""
) -> None:
    """Raise WrongReference when too many REF bases are not the reference's; ``named`` is what the header calls it."""
    wrong = counts.refs_mismatched + counts.beyond_contig
    checked = counts.refs_checked + counts.beyond_contig
    if wrong < FEWEST_MISMATCHES or wrong * MISMATCH_SHARE <= checked or (checked < EARLY_CHECKS and not at_end):
        return
    cause = f"{wrong:,} of {checked:,} checked REF alleles are not what the reference {reference.name} has there"
    first = counts.first_mismatch
    if first:
        cause += f" (the first in line {first.line}: REF is {first.found}, the reference has {first.expected})"
    raise WrongReference(cause, _advice(_guess(counts, lengths, reference) or named))


def _guess(counts: ReadCounts, lengths: Mapping[str, int], reference: Reference) -> str:
    told = assembly_of(lengths)
    if told:
        return told if told != _assembly_of_reference(reference) else ""
    by_name = reference.contig_names()
    mitochondrial = [found for found in counts.mismatches if by_name[found.contig].length == _RCRS_LENGTH]
    return _YORUBA if _fits_yoruba(mitochondrial, reference, by_name) else ""


def _assembly_of_reference(reference: Reference) -> str:
    return assembly_of({contig.name: contig.length for contig in reference.contigs})


def _fits_yoruba(mismatches: list[Mismatch], reference: Reference, by_name: Mapping[str, Contig]) -> bool:
    """Whether the mismatching bases fit rCRS once moved from NC_001807's numbering to that of rCRS."""
    if len(mismatches) < FEWEST_MISMATCHES:
        return False
    fitting = 0
    for found in mismatches:
        start = yoruba_to_rcrs(found.position) - 1
        bases = reference.sequence(by_name[found.contig].name).fetch(start, start + len(found.found))
        fitting += bases == found.found.encode()
    return fitting * 10 >= len(mismatches) * 8


def yoruba_to_rcrs(position: int) -> int:
    """A position of NC_001807 in rCRS's numbering, away from the few places where the two differ in length.

    NC_001807 has two bases more in the C stretches before 318, lacks the placeholder 3107, and has one base more
    near 16,193.
    """
    for limit, shift in ((310, 0), (317, 1), (3109, 2), (16_193, 1)):
        if position < limit:
            return position - shift
    return position - 2


def _advice(assembly: str) -> str:
    if assembly == _YORUBA:
        return f"These look like {assembly} coordinates. Call the variants on rCRS, or lift the file over to it."
    return (
        f"These look like {assembly} coordinates."
        if assembly
        else "Choose the reference that the variants were called on."
    )
