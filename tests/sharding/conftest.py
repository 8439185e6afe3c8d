"""The generated genome, installed once."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.sharding import genome


@pytest.fixture(scope="session")
def reference(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return genome.install(tmp_path_factory.mktemp("genome"))
