"""What is published must be what was judged, file by file."""

from __future__ import annotations

from typing import Any, cast

import pytest

from lakehouse.pipelines import JudgedRows
from lakehouse.quality import ConservationError, Tally
from lakehouse.tables import StagedRows

TALLY = Tally(rows_in=30, written=25, dropped=0, quarantined=5, failed=0, broken={"fine": 5})
JUDGED = JudgedRows(kept=cast("Any", None), tally=TALLY, rejected_count=2)


def staged(rows: int) -> StagedRows:
    return StagedRows(folder="/nowhere", row_count=rows, schema_json={})


def test_files_that_hold_what_was_judged_pass() -> None:
    JUDGED.check_written(TALLY, staged(25), staged(7), table="t")


@pytest.mark.parametrize(("kept", "aside"), [(24, 7), (26, 7), (25, 6), (26, 6), (24, 8), (25, 0)])
def test_a_row_in_the_wrong_file_or_in_none_is_an_error(kept: int, aside: int) -> None:
    with pytest.raises(ConservationError) as raised:
        JUDGED.check_written(TALLY, staged(kept), staged(aside) if aside else None, table="t")
    assert (
        "of 30 rows read at its rules 25 to write, 0 dropped and 5 to quarantine were judged so, "
        f"but the files hold {kept} and {aside - 2}." in str(raised.value)
    )
