"""File names of the log, by the protocol's examples."""

from __future__ import annotations

import pytest

from lakehouse.delta_log.log_segment import LogFile, LogFileKind, file_names, parse_log_key

UUID = "80a083e8-7026-4e79-81be-64bd76c43a11"


@pytest.mark.parametrize(
    ("name", "kind", "version", "end", "part", "parts"),
    [
        ("00000000000000000007.json", LogFileKind.COMMIT, 7, 7, 1, 1),
        ("00000000000000000007.crc", LogFileKind.CHECKSUM, 7, 7, 1, 1),
        ("00000000000000000010.checkpoint.parquet", LogFileKind.CLASSIC_CHECKPOINT, 10, 10, 1, 1),
        (f"00000000000000000010.checkpoint.{UUID}.json", LogFileKind.V2_CHECKPOINT, 10, 10, 1, 1),
        (f"00000000000000000010.checkpoint.{UUID}.parquet", LogFileKind.V2_CHECKPOINT, 10, 10, 1, 1),
        (
            "00000000000000000010.checkpoint.0000000002.0000000003.parquet",
            LogFileKind.MULTI_PART_CHECKPOINT,
            10,
            10,
            2,
            3,
        ),
        ("00000000000000000004.00000000000000000006.compacted.json", LogFileKind.COMPACTED, 4, 6, 1, 1),
    ],
)
def test_a_name_says_what_the_file_is(name, kind, version, end, part, parts) -> None:
    found = parse_log_key(f"_delta_log/{name}")
    assert found == LogFile(
        key=f"_delta_log/{name}", kind=kind, version=version, end_version=end, part=part, parts=parts
    )


@pytest.mark.parametrize(
    "name",
    [
        "_last_checkpoint",
        ".00000000000000000007.json.crc",
        ".00000000000000000007.json.0d2f.tmp",
        "7.json",
        "00000000000000000007.json.tmp",
        "99999999999999999999.json",
        "00000000000000000010.checkpoint.0000000004.0000000003.parquet",
        "00000000000000000006.00000000000000000004.compacted.json",
        "00000000000000000007.json\n",
        "٠٠٠٠٠٠٠٠٠٠٠٠٠٠٠٠٠٠٠٧.json",
    ],
)
def test_other_files_are_ignored(name: str) -> None:
    assert parse_log_key(f"_delta_log/{name}") is None


def test_every_name_that_is_made_is_read_back() -> None:
    made = {
        file_names.commit_key(3): LogFileKind.COMMIT,
        file_names.checksum_key(3): LogFileKind.CHECKSUM,
        file_names.checkpoint_key(3): LogFileKind.CLASSIC_CHECKPOINT,
        file_names.v2_checkpoint_key(3): LogFileKind.V2_CHECKPOINT,
        file_names.v2_checkpoint_key(3, extension="json"): LogFileKind.V2_CHECKPOINT,
        file_names.compacted_key(3, 5): LogFileKind.COMPACTED,
    }
    for key, kind in made.items():
        found = parse_log_key(key)
        assert found is not None
        assert (found.kind, found.version) == (kind, 3)
