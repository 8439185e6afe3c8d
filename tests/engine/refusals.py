"""How the tests of the reader have a file refused, and the pieces they build bad files of."""

from __future__ import annotations

from pathlib import Path

import pytest

from annotations.engine.errors import InputRefused
from annotations.engine.limits import Limits
from annotations.engine.reading.preflight import preflight
from tests.engine.small_vcf import put, rcrs, read_all

REFERENCE = rcrs()
NUMBERED = "##fileformat=VCFv4.2\n"
ROW = "MT 8993 . T G 50 PASS DP=9 GT 0/1"


def refusal(directory: Path, content: bytes, limits: Limits | None = None) -> str:
    path = put(directory, content)
    with pytest.raises(InputRefused) as caught:
        read_all(path, REFERENCE, limits=limits)
    with pytest.raises(InputRefused) as looked:
        preflight(path, REFERENCE, name="input", limits=limits)
    assert str(looked.value) == str(caught.value)
    return str(caught.value)
