"""INFO lists with a value for each allele: ``bcftools norm`` splits them with their record, by the Number declared.

A list of another length than the record needs is not split right: norm drops or mixes up values without a word.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Mapping

from annotations.engine.reading.columns import Place
from annotations.engine.reading.header import Header

#: Prefix of the id under which a list of texts goes through the pipe whole; the finisher takes it off again.
HELD_PREFIX = "GAS_AS_IS_"
_NUMERIC = ("Integer", "Float")


def values_wanted(number: str, alleles: int) -> int:
    """How many values a list has for a record of so many alternate alleles; 0 where the Number sets none.

    >>> values_wanted("A", 2), values_wanted("R", 2), values_wanted("G", 2), values_wanted(".", 2)
    (2, 3, 6, 0)
    """
    return {"A": alleles, "R": alleles + 1, "G": (alleles + 1) * (alleles + 2) // 2}.get(number, 0)


def wrong_length(name: str, count: int, alleles: int, wanted: int) -> tuple[str, str]:
    """Cause and repair of a list that does not fit its record's alleles."""
    return (
        f"{name} has {count} value{'s' if count > 1 else ''}, but the record's {alleles} alternate alleles "
        f"need {wanted}",
        "Correct the list or the Number of the field in the header.",
    )


class InfoLists:
    """The lists that one header declares; ``renames`` are the new names of its ids in the pipe."""

    def __init__(self, header: Header, renames: Mapping[str, str]) -> None:
        self._numbers: dict[bytes, str] = {}
        self._texts: set[bytes] = set()
        for name, meta in header.declared("INFO").items():
            if meta.attributes["Number"] in ("A", "R", "G"):
                key = renames.get(name, name).encode()
                self._numbers[key] = meta.attributes["Number"]
                if meta.attributes["Type"] not in _NUMERIC:
                    self._texts.add(key)
        names = b"|".join(re.escape(name) for name in sorted(self._numbers))
        self._items = re.compile(rb"[\t;](%s)=([^;\t\n]*)" % names) if names else None

    @property
    def declarations(self) -> list[str]:
        """Header lines for the lists of texts that go through the pipe whole."""
        said = "A list that does not fit its record's alleles, not to be split"
        return [
            f'##INFO=<ID={HELD_PREFIX}{name.decode()},Number=.,Type=String,Description="{said}">'
            for name in sorted(self._texts)
        ]

    def fit(self, data: bytes, start: int, end: int, alleles: int) -> bool:
        """Whether every list of an INFO column has the length that ``alleles`` need, or is ``.``.

        The column is data[start:end], with a tab before it.
        """
        if self._items is None:
            return True
        for found in self._items.finditer(data, start - 1, end):
            value = found[2]
            if value != b"." and value.count(b",") + 1 != values_wanted(self._numbers[found[1]], alleles):
                return False
        return True

    def settle(self, info: bytes, alleles: int, place: Place, held: Counter[str]) -> bytes:
        """INFO as norm may split it: lists of texts that do not fit are renamed, and counted in ``held``.

        Raises InputRefused for a list of numbers that does not fit.
        """
        if self.fit(b"\t" + info, 1, len(info) + 1, alleles):
            return info
        items = info.split(b";")
        for at, item in enumerate(items):
            key, equals, value = item.partition(b"=")
            count, wanted = value.count(b",") + 1, values_wanted(self._numbers.get(key, ""), alleles)
            if not equals or not wanted or value == b"." or count == wanted:
                continue
            if key not in self._texts:
                raise place.refuse("INFO", *wrong_length(key.decode(), count, alleles, wanted))
            items[at] = HELD_PREFIX.encode() + item
            held[key.decode()] += 1
        return b";".join(items)
