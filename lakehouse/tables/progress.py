"""How far an application's work in a table has come: which piece was the last, and which can't come in any more."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass

from lakehouse.tables.errors import SupersededWriteError
from lakehouse.tables.transaction_id import TransactionId

__all__ = ["Progress", "fence", "fence_before"]

_FENCE = "{}/fence"
_BEFORE_FENCE = "{}/before_fence"
_NONE = -1


@dataclass(frozen=True, slots=True, kw_only=True)
class Progress:
    """What a table's log says of one application."""

    reached: int | None
    """No piece up to this number can come in any more, here or by any engine that knows Delta's identifiers."""
    last: int | None
    """The piece that the table took last; None for a table without one."""

    @classmethod
    def of(cls, application: str, version_of: Callable[[str], int | None]) -> Progress:
        """Tell it from the log's transaction identifiers."""
        reached = last = version_of(application)
        if reached is not None and version_of(_FENCE.format(application)) == reached:
            last = version_of(_BEFORE_FENCE.format(application))
        return cls(reached=reached, last=None if last == _NONE else last)

    def check_order(self, transaction: TransactionId, *, path: str) -> None:
        """Raise SupersededWriteError when the table can't take a piece that it does not have: another came instead."""
        if transaction.follows is None:
            return
        is_late = self.reached is not None and self.reached >= transaction.number
        if is_late or self.last != transaction.follows.number:
            raise SupersededWriteError(
                path=path, application=transaction.application, number=transaction.number, last=self.last
            )

    def needs_fence(self, transaction: TransactionId) -> bool:
        """Say whether a piece could still come in between the last one and this one."""
        first = _NONE if self.reached is None else self.reached
        return transaction.follows is not None and first < transaction.number - 1


def fence_before(transaction: TransactionId) -> Mapping[str, int]:
    """Return the identifiers that keep every piece out that is numbered between the one followed and this one.

    Delta refuses a number that is not higher than the one it has, and a commit that has looked at a number which is
    changed meanwhile. So these identifiers, committed where the order was checked, keep older pieces out for good.
    """
    assert transaction.follows is not None  # noqa: S101 - asked only where the order matters
    return fence(transaction.application, reached=transaction.number - 1, last=transaction.follows.number)


def fence(application: str, *, reached: int, last: int | None) -> Mapping[str, int]:
    """Return the identifiers by which ``last`` is the piece taken last, and none up to ``reached`` can come in."""
    return {
        application: reached,
        _FENCE.format(application): reached,
        _BEFORE_FENCE.format(application): _NONE if last is None else last,
    }
