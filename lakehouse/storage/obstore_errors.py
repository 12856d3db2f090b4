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
    UnnameableKeyError,
    UnreachableError,
)

__all__ = ["Asking", "error_of_answer", "status_of"]

_STATUS = re.compile(r" - Server returned non-2xx status code: (\d{3})")
_CODE = re.compile(r"<Code>(\w{1,60})</Code>")
_KIND = re.compile(r"kind: (Timeout|Connect|Request|Interrupted|Decode|Unknown)\b")
_NO_STORE_CODES = {"NoSuchBucket", "ContainerNotFound", "ContainerBeingDeleted", "FilesystemNotFound"}
_TRY_AGAIN_CODES = {"ConditionalRequestConflict", "OperationAborted"}
"""409s by which S3 says that another request to the key is under way, not that the key is taken."""
_UNNAMEABLE = re.compile(
    r'(?:invalid path:|Error parsing) Path "(.*?)"(?: contained|: Encountered)', re.DOTALL
)
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
        if error is None:
            return
        if unnameable := _UNNAMEABLE.search(str(error)):
            raise UnnameableKeyError(store=self._store, key=unnameable[1], action=self._action) from None
        if isinstance(error, FileNotFoundError) or type(error).__module__.startswith("obstore"):
            # `from None`: a traceback that shows the cause would show its text.
            raise self._translated(str(error), missing=isinstance(error, FileNotFoundError)) from None

    def _translated(self, text: str, *, missing: bool) -> StorageError:
        status = status_of(text)
        code = _CODE.search(text)
        kind = _KIND.search(text)
        place = {"store": self._store, "key": self._key}
        if _METADATA_HOST in text:
            return AccessDeniedError(**place, action=self._action, detail="no credentials in the environment")
        if status == 0 and kind and not missing:
            return UnreachableError(**place, action=self._action, detail=kind[1].lower())
        answer = 404 if missing else status
        return error_of_answer(**place, action=self._action, status=answer, code=code[1] if code else "")


def error_of_answer(*, store: str, key: str, action: str, status: int, code: str) -> StorageError:
    """Return what a store's answer means: its HTTP status, and the code in its body (either may be missing)."""
    detail = " ".join(filter(None, (f"HTTP {status}" if status else "", code)))
    if code in _NO_STORE_CODES:
        return NoSuchStoreError(store=store, key=key)
    if status == 404:
        return NotFoundError(store=store, key=key)
    if status in {401, 403}:
        return AccessDeniedError(store=store, key=key, action=action, detail=detail)
    if status in {429, 503} or code in _TRY_AGAIN_CODES:
        return ThrottledError(store=store, key=key, action=action, detail=detail)
    if status == 408 or status >= 500:
        return UnreachableError(store=store, key=key, action=action, detail=detail)
    return StorageError(
        f"{store} could not {action} {key!r} ({detail or 'no reason given'}).",
        fix="look the code up in the store's documentation; check the endpoint and the region.",
    )


def status_of(text: str) -> int:
    """Return the HTTP status in a message of obstore; 0 when it has none."""
    found = _STATUS.search(text)
    return int(found[1]) if found else 0
