"""Compressed files, known by their names: gzip, bzip2, xz, zstd, and zip archives of one file or of several."""

from __future__ import annotations

import bz2
import io
import lzma
import shutil
import tempfile
import zipfile
import zlib
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from typing import BinaryIO, cast

import pyarrow as pa

from lakehouse.ingestion.errors import UnreadableFileError

__all__ = ["check_unpacked", "compression_of", "decompressed", "guessed_kind", "members"]

_CHUNK_BYTES = 1 << 20
_IN_MEMORY_BYTES = 64 << 20
_GZIP = 16 + zlib.MAX_WBITS
_MOST_UNPACKED = 400
"""How many times as large its content may be: text becomes a tenth, a table of one repeated row a hundredth."""
_FREE_BYTES = 64 << 20
"""As much content comes from however few bytes."""


def compression_of(name: str) -> str | None:
    """Return what a file of this name is compressed with; None when it is plain."""
    suffix = name.rpartition("/")[2].lower().rpartition(".")[2]
    return _SUFFIXES.get(suffix)


def decompressed(
    stream: BinaryIO, name: str, *, note_oddity: Callable[[], None] = lambda: None
) -> Iterator[bytes]:
    """Yield the content of a file in chunks, decompressed as its name says; the members of a zip one by one.

    ``note_oddity`` is called where other programs may see an end before the content's. Raises
    UnreadableFileError, and OSError when the bytes themselves can't be had.
    """
    for member in members(stream, name, note_oddity=note_oddity):
        yield from member


def members(
    stream: BinaryIO, name: str, *, note_oddity: Callable[[], None] = lambda: None
) -> Iterator[Iterator[bytes]]:
    """Yield the content of each member of a zip archive, in its order; any other file is its own only member.

    Each member is read to its end before the next one is asked for. Raises as ``decompressed`` does.
    """
    kind = compression_of(name)
    if kind is None:
        yield _chunks(stream)
        return
    if kind == "zip":
        with _translated(kind):
            yield from (_guarded(kind, each) for each in _zip(stream))
        return
    if kind not in _READERS:
        raise UnreadableFileError(
            f"it is compressed as {kind}, expected plain text, gzip, bzip2, xz, zstd or zip"
        )
    packed = _Counting(stream)
    content = _READERS[kind](cast("BinaryIO", packed), note_oddity)
    yield _guarded(kind, _not_a_bomb(content, packed))


def check_unpacked(packed_bytes: int, unpacked_bytes: int) -> None:
    """Raise UnreadableFileError where the content is far larger than packing explains."""
    if unpacked_bytes > max(_FREE_BYTES, packed_bytes * _MOST_UNPACKED):
        raise UnreadableFileError(
            f"it unpacks to more than {_MOST_UNPACKED} times its size: {unpacked_bytes} bytes of {packed_bytes}"
        )


def guessed_kind(head: bytes) -> str | None:
    """Return what the first bytes look like where they are no text; None when nothing is known of them."""
    return next((kind for magic, kind in _MAGIC.items() if head.startswith(magic)), None)


def _chunks(stream: BinaryIO) -> Iterator[bytes]:
    while chunk := stream.read(_CHUNK_BYTES):
        yield chunk


def _gzip(stream: BinaryIO, note_oddity: Callable[[], None]) -> Iterator[bytes]:
    """Members one after the other, and zero bytes behind them, as tapes and some archivers leave them."""
    member, had_one = None, False
    for chunk in _chunks(stream):
        rest = chunk
        while rest:
            if member is None and had_one:
                note_oddity()
                rest = rest.lstrip(b"\0")
                if not rest:
                    break
            member, had_one = member or zlib.decompressobj(_GZIP), True
            yield from _inflated(member, rest)
            rest, member = member.unused_data, None if member.eof else member
    if member is not None:
        raise EOFError("it ends before its end-of-stream marker")


def _inflated(member: zlib._Decompress, data: bytes) -> Iterator[bytes]:
    while True:
        content = member.decompress(data, _CHUNK_BYTES)
        yield content
        data = member.unconsumed_tail
        if member.eof or (not data and len(content) < _CHUNK_BYTES):
            return


def _bzip2(stream: BinaryIO, note_oddity: Callable[[], None]) -> Iterator[bytes]:
    return _chunks(cast("BinaryIO", bz2.BZ2File(stream)))


def _xz(stream: BinaryIO, note_oddity: Callable[[], None]) -> Iterator[bytes]:
    return _chunks(cast("BinaryIO", lzma.LZMAFile(stream)))


def _zstd(stream: BinaryIO, note_oddity: Callable[[], None]) -> Iterator[bytes]:
    return _chunks(pa.CompressedInputStream(pa.PythonFile(stream, mode="r"), "zstd"))


def _zip(stream: BinaryIO) -> Iterator[Iterator[bytes]]:
    with tempfile.SpooledTemporaryFile(max_size=_IN_MEMORY_BYTES) as whole:
        shutil.copyfileobj(stream, whole, _CHUNK_BYTES)  # an archive's table of contents is at its end
        with zipfile.ZipFile(cast("BinaryIO", whole)) as archive:
            files = [each for each in archive.infolist() if not each.is_dir()]
            if not files:
                raise UnreadableFileError("its zip archive holds no file")
            if any(each.flag_bits & 1 for each in files):
                raise UnreadableFileError("its zip archive is encrypted")
            check_unpacked(whole.tell(), sum(each.file_size for each in files))
            for file in files:
                with archive.open(file) as member:
                    yield _chunks(cast("BinaryIO", member))


def _not_a_bomb(content: Iterator[bytes], packed: _Counting) -> Iterator[bytes]:
    unpacked_bytes = 0
    for chunk in content:
        unpacked_bytes += len(chunk)
        check_unpacked(packed.size_bytes, unpacked_bytes)
        yield chunk


def _guarded(kind: str, content: Iterator[bytes]) -> Iterator[bytes]:
    with _translated(kind):
        yield from content


@contextmanager
def _translated(kind: str) -> Iterator[None]:
    """Raise UnreadableFileError for what a broken stream raises."""
    try:
        yield
    except _ERRORS as error:
        if isinstance(error, OSError) and error.errno is not None:
            raise  # the disk's fault, not the content's
        raise UnreadableFileError(f"its {kind} stream is broken ({error})") from error


class _Counting(io.RawIOBase):
    """Passes bytes through and counts them."""

    def __init__(self, stream: BinaryIO) -> None:
        self._stream = stream
        self.size_bytes = 0

    def readable(self) -> bool:
        return True

    def read(self, size: int = -1, /) -> bytes:
        data = self._stream.read(size)
        self.size_bytes += len(data)
        return data

    def readinto(self, buffer: memoryview) -> int:  # type: ignore[override]  # RawIOBase allows any buffer
        data = self.read(len(buffer))
        buffer[: len(data)] = data
        return len(data)


_SUFFIXES: Mapping[str, str] = {
    "gz": "gzip",
    "gzip": "gzip",
    "bz2": "bzip2",
    "xz": "xz",
    "zst": "zstd",
    "zstd": "zstd",
    "zip": "zip",
    "7z": "7z",
    "rar": "rar",
    "lz4": "lz4",
    "lzo": "lzo",
    "snappy": "snappy",
    "br": "brotli",
    "z": "compress",
    "deflate": "deflate",
    "tar": "tar",
    "tgz": "tar",
    "tbz2": "tar",
    "txz": "tar",
}
_READERS: Mapping[str, Callable[[BinaryIO, Callable[[], None]], Iterator[bytes]]] = {
    "gzip": _gzip,
    "bzip2": _bzip2,
    "xz": _xz,
    "zstd": _zstd,
}
_ERRORS = (
    EOFError,
    OSError,
    zlib.error,
    lzma.LZMAError,
    zipfile.BadZipFile,
    NotImplementedError,
    pa.ArrowException,
)
_MAGIC: Mapping[bytes, str] = {
    b"\x1f\x8b": "gzip",
    b"BZh": "bzip2",
    b"\xfd7zXZ\0": "xz",
    b"\x28\xb5\x2f\xfd": "zstd",
    b"PK\x03\x04": "a zip archive or an Excel workbook",
    b"\xd0\xcf\x11\xe0": "an old Excel workbook",
    b"PAR1": "Parquet",
    b"Obj\x01": "Avro",
    b"ORC": "ORC",
    b"%PDF": "PDF",
    b"7z\xbc\xaf\x27\x1c": "7z",
    b"\xff\xfe": "UTF-16",
    b"\xfe\xff": "UTF-16",
}
