"""Compressed files, known by their names: gzip, bzip2, xz, zstd, and zip archives of one file."""

from __future__ import annotations

import bz2
import lzma
import shutil
import tempfile
import zipfile
import zlib
from collections.abc import Callable, Iterator, Mapping
from typing import BinaryIO, cast

import pyarrow as pa

from lakehouse.ingestion.errors import UnreadableFileError

__all__ = ["compression_of", "decompressed", "guessed_kind"]

_CHUNK_BYTES = 1 << 20
_IN_MEMORY_BYTES = 64 << 20
_GZIP = 16 + zlib.MAX_WBITS


def compression_of(name: str) -> str | None:
    """Return what a file of this name is compressed with; None when it is plain."""
    suffix = name.rpartition("/")[2].lower().rpartition(".")[2]
    return _SUFFIXES.get(suffix)


def decompressed(
    stream: BinaryIO, name: str, *, note_oddity: Callable[[], None] = lambda: None
) -> Iterator[bytes]:
    """Yield the content of a file in chunks, decompressed as its name says.

    ``note_oddity`` is called where other programs may see an end before the content's. Raises
    UnreadableFileError, and OSError when the bytes themselves can't be had.
    """
    kind = compression_of(name)
    if kind is None:
        yield from _chunks(stream)
        return
    if kind not in _READERS:
        raise UnreadableFileError(
            f"it is compressed as {kind}, expected plain text, gzip, bzip2, xz, zstd or zip"
        )
    try:
        yield from _READERS[kind](stream, note_oddity)
    except _ERRORS as error:
        if isinstance(error, OSError) and error.errno is not None:
            raise  # the disk's fault, not the content's
        raise UnreadableFileError(f"its {kind} stream is broken ({error})") from error


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


def _zip(stream: BinaryIO, note_oddity: Callable[[], None]) -> Iterator[bytes]:
    with tempfile.SpooledTemporaryFile(max_size=_IN_MEMORY_BYTES) as whole:
        shutil.copyfileobj(stream, whole, _CHUNK_BYTES)  # an archive's table of contents is at its end
        with zipfile.ZipFile(cast("BinaryIO", whole)) as archive:
            files = [each for each in archive.infolist() if not each.is_dir()]
            if len(files) != 1:
                raise UnreadableFileError(f"its zip archive holds {len(files)} files, expected one")
            if files[0].flag_bits & 1:
                raise UnreadableFileError("its zip archive is encrypted")
            with archive.open(files[0]) as member:
                yield from _chunks(cast("BinaryIO", member))


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
    "zip": _zip,
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
