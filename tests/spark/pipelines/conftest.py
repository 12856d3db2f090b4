"""What the tests of pipelines have in common."""

from __future__ import annotations

import pytest

_COMPILED = frozenset({"test_incremental_gold", "test_retail", "test_small_batches", "test_streams"})
"""Their plans are compiled, as they are in use; so are those of all jobs, examples and pages."""


@pytest.fixture(autouse=True, scope="module")
def plans(request: pytest.FixtureRequest) -> None:
    """Have the plans of a few rows interpreted."""
    if request.path.stem not in _COMPILED:
        request.getfixturevalue("interpreted")
