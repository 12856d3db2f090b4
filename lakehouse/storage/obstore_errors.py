"""Turn what obstore raises into errors of ours, without its texts: those hold URLs and answers' bodies."""

from __future__ import annotations

import re
from types import TracebackType

from lakehouse.errors import StorageError
from lakehouse.storage.errors import (
    AccessDeniedError,
    NoSuchStoreError,
    NotFoundError,
    ThrottledError,
    UnreachableError,
)

__all__ = ["Asking", "status_of"]

_STATUS = re.compile(r" - Server returned non-2xx status code: (\d{3})")
_CODE = re.compile(r"<Code>(\w{1,60})</Code>")
_KIND = re.compile(r"kind: (Timeout|Connect|Request|Interrupted|Decode|Unknown)\b")
_NO_STORE_CODES = {"NoSuchBucket", "ContainerNotFound", "ContainerBeingDeleted", "FilesystemNotFound"}
_TRY_AGAIN_CODES = {"ConditionalRequestConflict", "OperationAborted"}
"""409s by which S3 says that another request to the key is under way, not that the key is taken."""
_METADATA_HOST = "//169.254."
"""Where a cloud's machines ask for their credentials: tried last, when nothing else gave any."""


class Asking:
    """A block in which every error of obstore becomes a StorageError about this key."""

    __slots__ = ("_action", "_key", "_store")

    def __init__(self, *, store: str, key: str, action: str) -> None:
        self._store = store
        self._key = key
        self._action = action

    def __enter__(self) -> None:
        return None

    def __exit__(
        self,
        error_type: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        if isinstance(error, FileNotFoundError) or type(error).__module__.startswith("obstore"):
            # `from None`: a traceback that shows the cause would show its text.
            raise self._translated(str(error), missing=isinstance(error, FileNotFoundError)) from None

    def _translated(self, text: str, *, missing: bool) -> StorageError:
        status = status_of(text)
        code_found = _CODE.search(text)
        code = code_found[1] if code_found else ""
        detail = " ".join(filter(None, (f"HTTP {status}" if status else "", code)))
        if _METADATA_HOST in text:
            return self._denied("no credentials in the environment")
        if code in _NO_STORE_CODES:
            return NoSuchStoreError(store=self._store, key=self._key)
        if missing or status == 404:
            return NotFoundError(store=self._store, key=self._key)
        if status in {401, 403}:
            return self._denied(detail)
        if status in {429, 503} or code in _TRY_AGAIN_CODES:
            return ThrottledError(store=self._store, key=self._key, action=self._action, detail=detail)
        if status == 408 or status >= 500:
            return UnreachableError(store=self._store, key=self._key, action=self._action, detail=detail)
        kind = _KIND.search(text)
        if status == 0 and kind:
            what = kind[1].lower()
            return UnreachableError(store=self._store, key=self._key, action=self._action, detail=what)
        return StorageError(
            f"{self._store} could not {self._action} {self._key!r} ({detail or 'no reason given'}).",
            fix="look the code up in the store's documentation; check the endpoint and the region.",
        )

    def _denied(self, detail: str) -> AccessDeniedError:
        return AccessDeniedError(store=self._store, key=self._key, action=self._action, detail=detail)


def status_of(text: str) -> int:
    """Return the HTTP status in a message of obstore; 0 when it has none."""
    found = _STATUS.search(text)
    return int(found[1]) if found else 0
