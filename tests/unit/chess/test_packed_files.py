"""Files of games as they are published: packed by gzip, bzip2 or zstd, in any number of frames."""

from __future__ import annotations

import bz2
import gzip
from pathlib import Path

import pytest
import zstandard

from lakehouse.chess import Core, UnreadableFileError, check_file, open_pgn

PGN = b"".join(b'[Event "%d"]\n\n1. e4 e5 *\n\n' % number for number in range(50))
SKIPPED = b"\x50\x2a\x4d\x18\x04\x00\x00\x00abcd"


def zstd(data: bytes) -> bytes:
    return zstandard.ZstdCompressor().compress(data)


FORMS = {
    "plain.pgn": PGN,
    "a.pgn.gz": gzip.compress(PGN),
    "a.pgn.bz2": bz2.compress(PGN),
    "a.pgn.zst": zstd(PGN),
    "no-name": zstd(PGN),
    "two.gz": gzip.compress(PGN[:500]) + gzip.compress(PGN[500:]),
    "two.bz2": bz2.compress(PGN[:500]) + bz2.compress(PGN[500:]),
    "two.zst": zstd(PGN[:500]) + zstd(PGN[500:]),
    "skipped.zst": SKIPPED + zstd(PGN[:500]) + SKIPPED + zstd(PGN[500:]),
}


@pytest.mark.parametrize("name", list(FORMS))
def test_a_packed_file_holds_the_games_of_the_plain_one(tmp_path: Path, name: str) -> None:
    (tmp_path / name).write_bytes(FORMS[name])
    with open_pgn(tmp_path / name) as stream:
        assert stream.read() == PGN
    checked = check_file(tmp_path / name, core=Core.PLAIN)
    assert (checked.games, checked.good, checked.plies) == (50, 50, 100)


@pytest.mark.parametrize("name", [name for name in FORMS if name.startswith("a.")])
def test_a_packed_file_that_is_cut_off_is_an_error_and_not_fewer_games(tmp_path: Path, name: str) -> None:
    (tmp_path / name).write_bytes(FORMS[name][:-9])
    with pytest.raises(UnreadableFileError, match=name):
        check_file(tmp_path / name, core=Core.PLAIN)


def test_a_missing_file_is_an_error_with_its_name(tmp_path: Path) -> None:
    with pytest.raises(UnreadableFileError, match=r"none\.pgn"):
        open_pgn(tmp_path / "none.pgn")
