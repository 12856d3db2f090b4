"""Files that other files name: a manifest has a path a line, or is a store's notification in JSON."""

from __future__ import annotations

import json
from collections.abc import Collection, Iterator, Mapping
from itertools import islice
from typing import Any, BinaryIO
from urllib.parse import unquote_plus

from lakehouse.ingestion.landed_files import LandedFile, Listing
from lakehouse.ingestion.landing_zone import LandingZone, landing_zone

__all__ = ["ManifestZone"]

_MISSING = "a manifest names it, and it is not there"
_AT_A_TIME = 8192


class ManifestZone(LandingZone):
    """The files that are named in the files which match a pattern; folders are not listed.

    A manifest is text with a path a line, relative to the manifest's folder or whole; lines that are empty or
    begin with ``#`` are left out. One that begins with ``{`` is a notification of S3 (``Records``, each with a
    bucket and a key) or JSON lines with a ``path``. A file that is named and not there is a fault of its own.
    """

    def __init__(self, manifests: LandingZone) -> None:
        self._manifests = manifests
        self.at_rest_seconds = manifests.at_rest_seconds  # type: ignore[misc]  # that of the files it names
        self.most_bytes_on_driver = manifests.most_bytes_on_driver  # type: ignore[misc]  # as above

    @property
    def name(self) -> str:
        return f"named in {self._manifests.name}"

    @property
    def root(self) -> str:
        return self._manifests.root

    def check(self) -> None:
        self._manifests.check()

    def listed(self, *, after: str = "") -> Iterator[Listing]:
        named = {path for manifest in self._manifests.files() for path in self._named(manifest)}
        paths = iter(sorted(path for path in named if path > after))
        while some := list(islice(paths, _AT_A_TIME)):
            there = self.now(some)
            missing = (path for path in some if path not in there)
            faults = [LandedFile(path=path, size_bytes=0, modified_ms=0, fault=_MISSING) for path in missing]
            yield Listing.of(sorted([*there.values(), *faults], key=lambda file: file.path))

    def now(self, paths: Collection[str]) -> Mapping[str, LandedFile]:
        return {path: file for path in paths for file in _exact(path).now([path]).values()}

    def open(self, file: LandedFile) -> BinaryIO:
        return _exact(file.path).open(file)

    def check_opens(self, file: LandedFile) -> None:
        _exact(file.path).check_opens(file)

    def _named(self, manifest: LandedFile) -> Iterator[str]:
        if manifest.fault is not None:
            return
        with self._manifests.open(manifest) as stream:
            text = stream.read().decode("utf-8", "replace")
        folder = manifest.path.rpartition("/")[0]
        for path in _paths(text):
            yield path if path.startswith("/") or "://" in path else f"{folder}/{path}"


def _exact(path: str) -> LandingZone:
    return landing_zone(path)


def _paths(text: str) -> Iterator[str]:
    if not text.lstrip().startswith("{"):
        lines = (line.strip() for line in text.splitlines())
        yield from (line for line in lines if line and not line.startswith("#"))
        return
    for value in _objects(text):
        if "path" in value:
            yield str(value["path"])
        for record in value.get("Records", ()):
            s3 = record.get("s3", {})
            if "bucket" in s3 and "object" in s3:
                yield f"s3://{s3['bucket']['name']}/{unquote_plus(s3['object']['key'])}"


def _objects(text: str) -> Iterator[Mapping[str, Any]]:
    decoder, at = json.JSONDecoder(), 0
    while at < len(text.rstrip()):
        try:
            value, at = decoder.raw_decode(text, at + len(text[at:]) - len(text[at:].lstrip()))
        except ValueError:
            return  # torn: the manifest is read again when it is whole
        if isinstance(value, dict):
            yield value
