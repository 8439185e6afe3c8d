"""A filter is a value that a URL gives and gives back; what it cannot mean becomes a sentence, never an error."""

from __future__ import annotations

import pytest
from django.http import QueryDict
from hypothesis import given, settings
from hypothesis import strategies as st

from annotations.explorer.filters import NAMES, Filter
from annotations.explorer.plan import READERS, plan_for
from annotations.explorer.reading import listed
from annotations.explorer.table import VariantTable
from tests.explorer.generated import Result


def test_a_filter_survives_the_way_through_a_url() -> None:
    chosen = Filter.from_query(
        QueryDict("impact=HIGH&genotype=1:het&genotype=2:hom&q=%C3%A4%26b&sort=-qual&nonsense=1")
    )
    assert chosen.items == (("q", ("ä&b",)), ("impact", ("HIGH",)), ("genotype", ("1:het", "2:hom")))
    assert Filter.from_query(QueryDict(chosen.to_text())) == Filter.from_text(chosen.to_text()) == chosen
    assert (
        chosen.to_text(sort="-qual", columns="")
        == "q=%C3%A4%26b&impact=HIGH&genotype=1%3Ahet&genotype=2%3Ahom&sort=-qual"
    )


def test_a_step_is_taken_out_whole_or_by_value() -> None:
    chosen = Filter.from_text("impact=HIGH&filter=PASS&filter=q10")
    assert chosen.without("impact") == Filter.from_text("filter=PASS&filter=q10")
    assert chosen.without("filter", "q10") == Filter.from_text("impact=HIGH&filter=PASS")
    assert not Filter.from_text("impact=&q=%20%00%0A")


def test_every_parameter_has_a_reader() -> None:
    assert set(READERS) == set(NAMES)


@pytest.mark.parametrize(
    ("query", "sentence"),
    [
        ("impact=WILD", "No impact: WILD. The impacts are HIGH, MODERATE, LOW, MODIFIER."),
        ("region=chr99:5", "Not a place on this genome: chr99:5. Write it like MT:1,000-2,000."),
        ("region=MT:9-5", "Not a place on this genome: MT:9-5. Write it like MT:1,000-2,000."),
        ("quality=high", "“high” is not a number. Write it like 0.01 or 1%."),
        ("quality=inf", "“inf” is not a number. Write it like 0.01 or 1%."),
        ("quality=9-5", "“9-5” runs backwards. Write the smaller number first."),
        ("frequency=gnomAD:0.1", "No frequency is called gnomAD here."),
        ("frequency=pos:0.1", "No frequency is called pos here."),
        ("genotype=3:het", "There is no sample 3: this file has 2 samples."),
        ("genotype=0:het", "There is no sample 0: this file has 2 samples."),
        ("genotype=1:blue", "No genotype: 1:blue. Write it like 1:het; there are het, hom, carrier, ref, missing."),
        ("known=maybe", "Known or novel is asked with yes or no."),
        (
            "class=alien",
            "No class of variants: alien. The classes are SNV, insertion, deletion, MNV, indel, symbolic, other.",
        ),
        ("reason=boredom", "No record of this result was left out because of boredom."),
        ("consequence=boom", "No consequence: boom. Write Sequence Ontology terms such as missense_variant."),
        (
            "clinical=good",
            "No clinical significance: good. There are confirmed, pathogenic, likely, conflicting, uncertain, benign, "
            "reported.",
        ),
    ],
)
def test_a_value_that_cannot_be_applied_is_named_and_left_out(result: Result, query: str, sentence: str) -> None:
    plan = plan_for(Filter.from_text(query), result.table)
    assert (plan.steps, plan.problems) == ((), (sentence,))
    assert result.table.count(plan.where) == len(result.records)


def test_unknown_genes_are_named_and_the_others_applied(result: Result) -> None:
    plan = result.plan(gene="MT-ND4, BRCA9\nTP99")
    assert plan.problems == ("rCRS has no gene called BRCA9, TP99. Check the spelling.",)
    assert result.rows(plan) == [record.row for record in result.records if "MT-ND4" in record.genes] != []


def test_a_gene_of_the_reference_without_a_variant_is_not_unknown(result: Result) -> None:
    plan = result.plan(gene="mt-tw ND4 TP99")
    assert plan.problems == (
        "No variant of this result lies in mt-tw.",
        "rCRS has no gene called TP99. Check the spelling.",
    )
    assert plan.steps[0].label == "MT-ND4"


def test_a_gene_list_without_a_known_gene_shows_nothing(result: Result) -> None:
    assert result.rows(result.plan(gene="BRCA9")) == []


def test_the_funnel_counts_what_each_step_leaves(result: Result) -> None:
    plan = result.plan(impact="HIGH,MODERATE", quality="50", genotype="2:hom")
    assert [step.label for step in plan.steps] == [
        "HIGH or MODERATE",
        "Quality 50 or more",
        "<b>child</b> homozygous",
    ]
    assert result.table.counts(plan.conditions) == [4, 1, 1]
    assert plan.steps[0].without == Filter.from_text("quality=50&genotype=2:hom")
    assert plan.steps[2].without == Filter.from_text("impact=HIGH,MODERATE&quality=50")


hostile = st.one_of(
    st.text(max_size=40),
    st.sampled_from(
        ["'; DROP VIEW variants; --", '" OR 1=1', "?", "%s", "1e999", "-", "--", "1:", ":", "٣", "²:het", "_", "1_0"]
    ),
    st.sampled_from(
        ["m.1_99999999999del", "m.0del", "m.16569_16570del", "chrM:0", "chrM:99999999999999999999999", "m.5insN"]
    ),
)


@settings(max_examples=150, deadline=None)
@given(st.dictionaries(st.sampled_from(NAMES), st.lists(hostile, max_size=3)))
def test_no_text_in_a_url_breaks_a_page(any_table: VariantTable, values: dict[str, list[str]]) -> None:
    plan = plan_for(Filter.of(values), any_table)
    assert 0 <= any_table.count(plan.where) <= any_table.total
    assert all(problem.endswith(".") for problem in plan.problems)


@pytest.fixture(scope="module")
def any_table(result: Result) -> VariantTable:
    return result.table


def test_long_lists_are_counted_in_words() -> None:
    assert [listed(["a", "b", "c"][:count]) for count in (1, 2, 3)] == ["a", "a or b", "a, b or c"]
