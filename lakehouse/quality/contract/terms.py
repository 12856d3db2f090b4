"""A table's contract: what it answers when something comes that it does not expect."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, fields
from typing import ClassVar, Literal, get_args

from lakehouse.errors import did_you_mean
from lakehouse.quality.expectation import RuleAction

__all__ = ["ANSWERS", "Answer", "Contract"]

Answer = Literal["evolve", "freeze", "discard_row", "discard_value", "rescue", "quarantine"]
"""``evolve`` takes it, ``freeze`` writes nothing. The others are about values: ``discard_row`` leaves their rows out,
``discard_value`` leaves them out, ``rescue`` keeps them in ``_rescued_data``, ``quarantine`` sets their rows aside."""

ANSWERS: tuple[str, ...] = get_args(Answer)

_OF_TABLES = ("evolve", "freeze", "discard_row")


@dataclass(frozen=True, slots=True, kw_only=True)
class Contract:
    """What becomes of a new table, of a column that the table lacks, and of a value that its column can't hold.

    What is None is left to whoever else decides it: a table's contract to its write mode.
    """

    tables: Answer | None = None
    """A table that is not there yet: made, refused, or (``discard_row``) left alone."""
    columns: Answer | None = None
    data_type: Answer | None = None
    """``evolve`` widens the table's column where Delta can, such as int to bigint."""

    actions: ClassVar[Mapping[str, RuleAction]] = {
        "discard_row": RuleAction.DROP,
        "quarantine": RuleAction.QUARANTINE,
    }
    """What the answers that take rows out do to them."""

    @classmethod
    def of(cls, given: str | Mapping[str, str]) -> Contract:
        """Return the contract that one word gives for columns and their types, or words by what they are about.

        Words for something else are left out.
        """
        if isinstance(given, str):
            given = {"columns": given, "data_type": given}
        known = {each.name: given[each.name] for each in fields(cls) if each.name in given}
        return cls(**known)  # type: ignore[arg-type]  # wrong() looks at the words

    def over(self, other: Contract) -> Contract:
        """Return this contract with the other's answers where it has none."""
        return Contract(
            tables=self.tables or other.tables,
            columns=self.columns or other.columns,
            data_type=self.data_type or other.data_type,
        )

    def of_table(self) -> Contract:
        """Return what becomes of the table itself where other columns are agreed on: it evolves, or it does not."""
        answers = (self.columns, self.data_type)
        columns, data_type = ("evolve" if each == "evolve" else "freeze" for each in answers)
        return Contract.of({"columns": columns, "data_type": data_type})

    @property
    def is_silent(self) -> bool:
        """Whether it leaves everything to others."""
        return self == Contract()

    @property
    def rescues(self) -> bool:
        """Whether rows carry ``_rescued_data``."""
        return "rescue" in (self.columns, self.data_type)

    @property
    def may_change_table(self) -> bool:
        """Whether a batch can give the table other columns, or wider ones."""
        return self.rescues or "evolve" in (self.columns, self.data_type)

    def wrong(self) -> Iterator[tuple[str, str]]:
        """Yield what is wrong with the declaration, each with the way out."""
        for each in fields(self):
            answer = getattr(self, each.name)
            if answer is not None and answer not in ANSWERS:
                yield f"the contract {each.name}={answer!r}", did_you_mean(answer, ANSWERS)
        if self.tables in ANSWERS and self.tables not in _OF_TABLES:
            fix = f"use {', '.join(_OF_TABLES)}: rows of a table that is not there have no place to go to."
            yield f"the contract tables={self.tables!r}", fix
