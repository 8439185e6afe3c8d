"""Which records reach further than their REF, and to where: what a question for a region has to know of them.

As tabix and bcftools find them (htslib 1.24): by END for every record, by SVLEN for deletions, duplications, inversions
and copy numbers, by LEN for the blocks of a gVCF. An insertion's SVLEN is not on the reference.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

if TYPE_CHECKING:
    from annotations.engine.results.records import Records

_BY_LENGTH = re.compile(r"<(?:DEL|DUP|INV|CNV)[:>].*|<\*>|<NON_REF>", re.DOTALL)
_INFO = 7
_END = re.compile(rb"(?:^|;)END=(\d{1,10})(?:;|$)")


def ends_beyond_ref(records: Records) -> pa.Array:
    """The last position of each record that reaches beyond its REF; null for the others, which are nearly all."""
    positions = records.pos.to_numpy()
    ref_lengths = pc.binary_length(records.ref.dictionary).to_numpy(zero_copy_only=False)
    own = positions + ref_lengths[records.ref.indices.to_numpy()] - 1
    ends = np.maximum(records.lasts, own)
    far = np.flatnonzero(ends > own)
    if len(far):
        by_length = np.array([bool(_BY_LENGTH.fullmatch(alt)) for alt in records.alt.dictionary.to_pylist()])
        for row in far[~by_length[records.alt.indices.to_numpy()[far]]].tolist():
            ends[row] = max(own[row], min(int(ends[row]), _told(records, row)))
    return pa.array(ends, mask=ends <= own)


def _told(records: Records, row: int) -> int:
    """The record's own END, 0 without one."""
    line = records.text[int(records.offsets[row]) : int(records.offsets[row + 1])].to_pybytes()
    # An ID may look the same.
    found = _END.search(line.split(b"\t", _INFO + 1)[_INFO])
    return int(found[1]) if found else 0
