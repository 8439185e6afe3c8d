"""Generated files on the mitochondrial genome, and their annotation as an open table beside the plain reading."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from hypothesis import strategies as st

from annotations.engine.reference import load_reference
from annotations.explorer.filters import Filter
from annotations.explorer.plan import Plan, plan_for
from annotations.explorer.sorting import read_sort
from annotations.explorer.table import VariantTable
from tests.engine.annotating import HEADER, RCRS, Annotated, annotated, vcf
from tests.explorer.plain import Record, read

SEQUENCE = "".join((RCRS / "rCRS.fa").read_text().splitlines()[1:])
FORMATS = (
    '##FORMAT=<ID=GT,Number=1,Type=String,Description="Genotype">\n'
    '##FORMAT=<ID=AF,Number=A,Type=Float,Description="Share">\n'
    '##INFO=<ID=END,Number=1,Type=Integer,Description="End">\n'
    '##FILTER=<ID=q10,Description="Low">\n'
)
#: Alleles that MITOMAP has much to say of, so that every filter finds something.
NOTABLE = [(3460, "A"), (11778, "A"), (8993, "G"), (8993, "C"), (14484, "C"), (1555, "G"), (3243, "G"), (7445, "G")]
GENOTYPES = ["0/0", "0/1", "1|1", "1", "./.", "0|1"]

_notable = st.sampled_from(NOTABLE).map(lambda one: (one[0], SEQUENCE[one[0] - 1], one[1]))
_substitution = st.integers(60, 16_400).flatmap(
    lambda pos: st.sampled_from("ACGT").map(lambda alt: (pos, SEQUENCE[pos - 1], alt))
)
_insertion = st.integers(60, 16_400).map(lambda pos: (pos, SEQUENCE[pos - 1], SEQUENCE[pos - 1] + "ACG"[pos % 3]))
_deletion = st.integers(60, 16_400).map(lambda pos: (pos, SEQUENCE[pos - 1 : pos + 1], SEQUENCE[pos - 1]))
_symbol = st.tuples(st.integers(60, 16_400), st.sampled_from(["<DEL>", "<DUP>", "<INV>", "*"])).map(
    lambda one: (one[0], SEQUENCE[one[0] - 1], one[1])
)
alleles = st.one_of(_notable, _substitution, _substitution, _insertion, _deletion, _symbol).filter(
    lambda one: one[1] != one[2] and "N" not in one[1]
)
cells = st.tuples(st.sampled_from(GENOTYPES), st.sampled_from([".", "0.003", "0.25", "0.5", "0.97", "1"]))
rests = st.tuples(
    st.sampled_from([".", "rs199476112", "rs12;rs34", "x<b>y"]),
    st.sampled_from([".", "10", "30.5", "99"]),
    st.sampled_from([".", "PASS", "q10"]),
    cells,
    cells,
)
records = st.lists(st.tuples(alleles, rests), min_size=25, max_size=45)


@dataclass
class Result:
    """One annotated file."""

    annotated: Annotated
    table: VariantTable
    records: list[Record]

    def plan(self, **values: str | list[str]) -> Plan:
        """Hold a filter against the table."""
        lists = {name: [value] if isinstance(value, str) else value for name, value in values.items()}
        return plan_for(Filter.of({name.rstrip("_"): value for name, value in lists.items()}), self.table)

    def rows(self, plan: Plan, sort: str = "", size: int = 400) -> list[int]:
        """Walk through all pages of a plan."""
        order = read_sort(sort, self.table.catalogue)
        found: list[int] = []
        page = self.table.page(plan.where, order, size=size)
        while len(found) <= len(self.records):
            found += [row["row"] for row in page.rows]
            if not page.has_next:
                break
            page = self.table.page(plan.where, order, size=size, after=found[-1])
        return found


def result_of(lines: list[str], directory: Path, *, header: str = HEADER + FORMATS, samples: str) -> Result:
    """Annotate lines written with spaces and open the table."""
    got = annotated(vcf(*lines, header=header, samples=samples), directory)
    return Result(got, VariantTable(got.path("table"), load_reference(RCRS)), read(got.path("vcf")))


def _info(pos: int, alt: str) -> str:
    """How far a structural variant goes: over a few genes or within one, by its place."""
    return f"END={min(16_569, pos + (40, 900, 5_000)[pos % 3])}" if alt.startswith("<") else "."


def line_of(allele: tuple[int, str, str], rest: tuple[str, str, str, tuple[str, str], tuple[str, str]]) -> str:
    """One record of two samples as a line with spaces."""
    pos, ref, alt = allele
    name, qual, filters, *samples = rest
    cells = " ".join(":".join(cell) for cell in samples)
    return f"MT {pos} {name} {ref} {alt} {qual} {filters} {_info(pos, alt)} GT:AF {cells}"
