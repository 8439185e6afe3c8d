"""The search box finds a variant by what people call it."""

from __future__ import annotations

from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from annotations.engine.placing.placer import PLACE_COLUMNS
from annotations.engine.reference import load_reference
from annotations.explorer.filters import Filter
from annotations.explorer.plan import plan_for
from annotations.explorer.table import VariantTable
from tests.engine.annotating import RCRS
from tests.explorer.generated import Result


def made_of(path: Path, **columns: list[str | None]) -> VariantTable:
    """Open a table of one contig that has these columns beside the least it needs."""
    rows = len(next(iter(columns.values())))
    least = {
        "row": list(range(rows)),
        "pos": list(range(1, rows + 1)),
        "contig": ["MT"] * rows,
        "impact": ["LOW"] * rows,
    }
    bases = {"ref": ["A"] * rows, "alt": ["G"] * rows}
    texts = {name: pa.array(values, pa.string()) for name, values in ({"id": [None] * rows} | columns).items()}
    pq.write_table(pa.table({**least, **bases, **texts}), path)
    return VariantTable(path)


@pytest.mark.parametrize(
    ("text", "finds"),
    [
        ("c.1019G>A", True),
        ("p.(Arg340His)", True),
        ("p.Arg340His", True),
        ("ND4:p.R340H", True),
        ("P.R340H", True),
        ("p.arg340his", True),
        ("p.(ARG340HIS)", True),
        ("arg340his", True),
        ("Arg340Cys", False),
        ("C.1019G>A", True),
        ("p.H\u0130s340Arg", False),  # an i with a dot, which is an i to those who mind no case
        ("MT-ND4-T:c.1019G>A", True),
        ("MT-ND4-T.1:p.Arg340His", True),
        ("MT-ND5:p.R340H", False),
        ("ENST00000361381:c.1019G>A", False),
        ("p.R341H", False),
        ("g11778a", True),
        ("G11778T", False),
        ("11,778", True),
        ("11779", False),
    ],
)
def test_a_change_leads_to_its_allele_however_people_write_it(result: Result, text: str, *, finds: bool) -> None:
    row = next(row["row"] for row in result.table.page().rows if row["pos"] == 11778)
    assert result.rows(result.plan(q=text)) == ([row] if finds else [])


@pytest.mark.parametrize("text", ["R340fs", "Arg340fs", "arg340fs", "p.ARG340FS", "Arg340AlafsTer5", "ARG340ALAFS*5"])
def test_a_frameshift_is_found_by_either_of_its_names(tmp_path: Path, text: str) -> None:
    table = made_of(
        tmp_path / "x.parquet", protein=["R340fs", "A340R"], hgvs_p=["p.(Arg340AlafsTer5)", "p.(Ala340Arg)"]
    )
    assert [row["row"] for row in table.page(plan_for(Filter.of({"q": [text]}), table).where).rows] == [0]
    table.close()


@pytest.mark.parametrize(
    ("text", "row"), [("L54=", 0), ("leu54=", 0), ("Gln12*", 1), ("GLN12TER", 1), ("p.q12*", 1), ("M1_K2insARG", 2)]
)
def test_residues_in_one_letter_are_not_read_as_one_in_three(tmp_path: Path, text: str, row: int) -> None:
    table = made_of(tmp_path / "x.parquet", protein=["L54L", "Q12*", "M1_K2insARG"], hgvs_p=[None, None, None])
    assert [row["row"] for row in table.page(plan_for(Filter.of({"q": [text]}), table).where).rows] == [row]
    table.close()


@pytest.mark.parametrize(
    ("text", "finds"),
    [("MT-ND4:p.R340H", True), ("MT-ND5:p.R340H", False), ("MT-ND4-T:p.R340H", False), ("MT-ND4:c.1019G>A", False)],
)
def test_a_table_of_before_there_were_names_is_asked_by_the_genes_alone(
    result: Result, tmp_path: Path, text: str, *, finds: bool
) -> None:
    whole = pq.read_table(result.annotated.path("table"))
    pq.write_table(whole.drop_columns(list(PLACE_COLUMNS)), tmp_path / "old.parquet")
    table = VariantTable(tmp_path / "old.parquet", load_reference(RCRS))
    assert table.count(plan_for(Filter.of({"q": [text]}), table).where) == finds
    table.close()


@pytest.mark.parametrize(
    ("text", "label", "rows"),
    [
        ("3", "MT:3, or the ID “3”", [0, 2]),
        ("2", "MT:2", [1]),
        ("15041", "MT:15,041, or the ID “15041”", [0]),
        ("1,504", "MT:1,504", []),
    ],
)
def test_a_bare_number_is_a_position_or_an_identifier(tmp_path: Path, text: str, label: str, rows: list[int]) -> None:
    identifiers: list[str | None] = ["15041" if text == "15041" else "3", "rs2", None]
    table = made_of(tmp_path / "x.parquet", id=identifiers)
    plan = plan_for(Filter.of({"q": [text]}), table)
    assert [step.label for step in plan.steps] == [label]
    assert [row["row"] for row in table.page(plan.where).rows] == rows
    table.close()
