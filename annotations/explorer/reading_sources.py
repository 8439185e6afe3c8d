"""Reads what is asked of the sources: clinical significance, disease, frequency. Which columns these are, roles say."""

from __future__ import annotations

from annotations.engine.results.source_values import CONFIRMING_STARS
from annotations.explorer.clinical import CALLS, calls_of
from annotations.explorer.columns import CLINICAL, Column
from annotations.explorer.conditions import Condition, all_of, any_of, one_of
from annotations.explorer.reading import (
    BadValue,
    Range,
    Reading,
    listed,
    number,
    number_range,
    quoted_list,
    split_values,
    within,
)
from annotations.explorer.reading_record import only_annotated
from annotations.explorer.table import VariantTable
from annotations.figures.words import percent

MOST_VALUES = 2_000
_SEEN = "seen-"


def read_clinical(values: tuple[str, ...], table: VariantTable) -> Reading:
    """Calls of ``clinical.CALLS``, from every field with a status or a rating."""
    wanted = [value.lower() for value in split_values(values)]
    wrong = [value for value in wanted if value not in CALLS]
    if wrong or not wanted:
        raise BadValue(f"No clinical significance: {quoted_list(wrong)}. There are {', '.join(CALLS)}.")
    columns = table.catalogue.of_role(*CLINICAL)
    if not columns:
        raise BadValue("The sources of this result say nothing of clinical significance.")
    conditions = []
    for column in columns:
        calling = [text for text in table.distinct(column.name) if set(calls_of(text)) & set(wanted)]
        conditions.append(one_of(column.sql, calling))
    if "confirmed" in wanted:
        conditions += _reviewed(table)
    return Reading(listed([CALLS[value] for value in wanted]).capitalize(), any_of(conditions))


def _reviewed(table: VariantTable) -> list[Condition]:
    """What sources with stars call pathogenic and enough submitters agree on: the summary counts it as confirmed."""
    stars = {column.source: column for column in table.catalogue.of_role("stars")}
    return [
        Condition(f"starts_with({column.sql}, ?) AND {stars[column.source].sql} >= ?", ("Pathogenic", CONFIRMING_STARS))
        for column in table.catalogue.of_role("significance")
        if column.source in stars
    ]


def read_disease(values: tuple[str, ...], table: VariantTable) -> Reading:
    """Words that a disease's name contains, in any case; ``*`` for any disease at all."""
    columns = table.catalogue.of_role("disease")
    if not columns:
        raise BadValue("The sources of this result name no diseases.")
    text = values[0]
    if text == "*":
        return Reading(
            "Reported with a disease", any_of([Condition(f"{column.sql} IS NOT NULL") for column in columns])
        )
    return Reading(f"Disease with “{quoted_list([text])}”", contained(columns, text, table))


def contained(columns: list[Column], text: str, table: VariantTable) -> Condition:
    """Rows where one of the columns contains the text, underscores read as spaces, case not minded."""
    return any_of([_contained(column, text.lower().replace("_", " "), table) for column in columns])


def _contained(column: Column, text: str, table: VariantTable) -> Condition:
    """The column's values that contain the text are named where they are few: the quicker question."""
    found = [value for value in table.distinct(column.name) if text in value.lower().replace("_", " ")]
    if len(found) <= MOST_VALUES:
        return one_of(column.sql, found)
    return Condition(f"contains(replace(lower({column.sql}), '_', ' '), ?)", (text,))


def read_frequency(values: tuple[str, ...], table: VariantTable) -> Reading:
    """``0.01``: rarer, not seen included; ``0.001-0.01``: low <= f < high; ``unseen``. ``FIELD:`` may precede it.

    Not seen is what the source lacks and what it gives as 0; ``none`` is the first alone, ``seen-0.001`` leaves both
    out. A variant that could not be annotated and that the source lacks is neither rare nor unseen.
    """
    readings = [_frequency(value, table) for value in values]
    return Reading(listed([one.label for one in readings], "and"), all_of([one.condition for one in readings]))


def _frequency(value: str, table: VariantTable) -> Reading:
    named, colon, text = value.rpartition(":")
    column = table.catalogue.get(named) if colon else table.catalogue.frequency
    if column is None or column.kind != "frequency":
        raise BadValue(
            f"No frequency is called {quoted_list([named])} here."
            if colon
            else "The sources of this result have no frequencies."
        )
    short = column.title.removesuffix(" frequency")
    annotated = only_annotated(table)
    lacking = all_of([Condition(f"{column.sql} IS NULL"), *annotated])
    if text == "none":
        return Reading(f"Without a frequency in {short}", lacking)
    if text == "unseen":
        return Reading(f"Not seen in {short}", lacking | Condition(f"{column.sql} = 0"))
    if text.startswith(_SEEN):
        below = number(text.removeprefix(_SEEN))
        seen = Condition(f"{column.sql} > 0 AND {column.sql} < ?", (below,))
        return Reading(f"Seen in {short}, under {percent(below)}", seen)
    return _between(text, column, short, lacking if annotated else None)


def _between(text: str, column: Column, short: str, lacking: Condition | None) -> Reading:
    """A range of frequencies, or all that is rarer than one; ``lacking`` is None where every allele is annotated."""
    found = number_range(text)
    if found.high is None and not text.rstrip().endswith("-"):
        below = Range(None, found.low)
        if lacking:
            either = any_of([lacking, within(column.sql, below, end="<")])
        else:  # one comparison says both, as no frequency is negative
            either = within(f"coalesce({column.sql}, -1)", below, end="<")
        return Reading(f"{short} under {percent(found.low or 0)}", either)
    if found.high is None:
        return Reading(f"{short} {percent(found.low or 0)} and above", within(column.sql, found))
    end = "<=" if found.high >= 1 else "<"
    label = f"{short} {percent(found.low or 0)} to {percent(found.high)}"
    return Reading(label, within(column.sql, found, end=end))
