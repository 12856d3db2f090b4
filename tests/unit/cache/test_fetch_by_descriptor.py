"""A fetch may write past ``write``, by the file's descriptor: what is kept is what the file holds."""

from __future__ import annotations

import os
import subprocess
import zlib
from collections.abc import Callable
from pathlib import Path
from typing import IO, Any

import pytest

from lakehouse.cache import NodeFileCache, TruncatedDownloadError
from lakehouse.cache.download import Download

BY_DESCRIPTOR: dict[str, Callable[[IO[bytes]], object]] = {}


def way(fetch: Callable[[IO[bytes]], object]) -> Callable[[IO[bytes]], object]:
    BY_DESCRIPTOR[fetch.__name__] = fetch
    return fetch


@way
def a_subprocess(target: IO[bytes]) -> None:
    subprocess.run(["printf", "head body"], stdout=target, check=True)


@way
def a_head_and_then_a_subprocess(target: IO[bytes]) -> None:
    target.write(b"head ")
    subprocess.run(["printf", "body"], stdout=target, check=True)


@way
def a_subprocess_and_then_a_tail(target: IO[bytes]) -> None:
    subprocess.run(["printf", "head "], stdout=target, check=True)
    target.write(b"body")


@way
def os_write(target: IO[bytes]) -> None:
    os.write(target.fileno(), b"head body")


@way
def a_head_corrected_at_the_end(target: IO[bytes]) -> None:
    target.write(b"???? body")
    os.pwrite(target.fileno(), b"head", 0)


@way
def a_file_object_that_closes_it(target: IO[bytes]) -> None:
    target.write(b"head ")
    with os.fdopen(target.fileno(), "wb") as file:
        file.write(b"body")


@way
def a_file_object_and_then_write(target: IO[bytes]) -> None:
    with os.fdopen(target.fileno(), "wb") as file:
        file.write(b"head ")
    target.write(b"body")


@way
def a_tail_cut_off(target: IO[bytes]) -> None:
    target.write(b"head body and more")
    os.ftruncate(target.fileno(), len(b"head body"))


def opened(files: NodeFileCache, fetch: Callable[[IO[bytes]], object]) -> bytes:
    with files.open("a", "1", fetch) as lease:
        return lease.read()


@pytest.mark.parametrize("fetch", BY_DESCRIPTOR.values(), ids=BY_DESCRIPTOR.keys())
def test_what_was_written_by_the_descriptor_is_read_and_kept(tmp_path: Path, fetch: Any) -> None:
    files = NodeFileCache(tmp_path, max_bytes=1 << 20)
    assert opened(files, fetch) == b"head body"
    later = NodeFileCache(tmp_path, max_bytes=1 << 20)
    assert (
        opened(later, lambda target: pytest.fail("fetched again: the copy's checksum is wrong"))
        == b"head body"
    )
    seen = files.statistics()
    assert (seen.fetched_bytes, files.size_bytes(), later.statistics().corrupt) == (9, 9, 0)


@pytest.mark.parametrize("fetch", BY_DESCRIPTOR.values(), ids=BY_DESCRIPTOR.keys())
def test_the_size_that_is_expected_is_compared_with_the_file_s(tmp_path: Path, fetch: Any) -> None:
    files = NodeFileCache(tmp_path, max_bytes=1 << 20)
    with pytest.raises(TruncatedDownloadError, match="brought 9 bytes of 10"):
        files.open("a", "1", fetch, size_bytes=10)
    files.open("a", "1", fetch, size_bytes=9).close()


def test_a_descriptor_that_the_fetch_closed_and_whose_number_is_another_file_s_is_left_alone(
    tmp_path: Path,
) -> None:
    download = Download(tmp_path / "a")
    number = download.fileno()
    os.close(number)
    other = os.open(tmp_path / "other", os.O_RDWR | os.O_CREAT)
    assert other == number, "the lowest free number is taken"
    download.write(b"content")
    download.finish()
    assert (download.size_bytes, download.checksum) == (7, zlib.crc32(b"content"))
    download.close()
    assert os.write(other, b"x") == 1, "still open"
    os.close(other)


def test_a_download_that_moves_off_a_full_disk_takes_along_what_came_by_the_descriptor(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    download = Download(tmp_path / "a")
    lent = download.fileno()
    os.write(lent, b"one ")
    write = os.write
    full = os.fstat(lent)

    def write_on_a_full_disk(descriptor: int, data: bytes) -> int:
        if os.path.samestat(os.fstat(descriptor), full):
            raise OSError(28, "No space left on device")
        return write(descriptor, data)

    monkeypatch.setattr(os, "write", write_on_a_full_disk)
    download.write(b"two ")
    os.write(lent, b"three")
    download.finish()
    reader = download.reader()
    assert os.pread(reader, 100, 0) == b"one two three"
    assert (download.path, download.size_bytes) == (None, 13)
    os.close(reader)
    download.close()
    assert list(tmp_path.iterdir()) == []


def test_a_download_that_moves_off_a_full_disk_goes_on_at_the_same_position(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    download = Download(tmp_path / "a")
    download.write(b"???? body")
    os.lseek(download.fileno(), 0, os.SEEK_SET)
    write = os.write
    refused: list[int] = []

    def full_once(descriptor: int, data: bytes) -> int:
        if not refused:
            refused.append(descriptor)
            raise OSError(28, "No space left on device")
        return write(descriptor, data)

    monkeypatch.setattr(os, "write", full_once)
    download.write(b"head")
    download.finish()
    reader = download.reader()
    assert os.pread(reader, 100, 0) == b"head body"
    os.close(reader)
    download.close()
