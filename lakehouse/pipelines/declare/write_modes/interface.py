"""What a write mode is: how a table takes its rows, and what becomes of the rows that it holds."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, ClassVar

from pyspark.sql import DataFrame
from pyspark.sql.types import StructType

from lakehouse.errors import DefinitionError
from lakehouse.pipelines.declare.change_data import ChangeRules
from lakehouse.pipelines.declare.language import Call, Language, written_fields
from lakehouse.pipelines.declare.old_rows import OldRows
from lakehouse.pipelines.declare.rules import FlowRule
from lakehouse.pipelines.declare.steps import Step
from lakehouse.pipelines.declare.yaml_part import YamlPart, field_values
from lakehouse.quality import Contract
from lakehouse.source_location import SourceLocation
from lakehouse.tables import AlreadyPublished, IWritableDeltaTable, Published, TransactionId
from lakehouse.words import Words

__all__ = ["WriteMode"]


@dataclass(frozen=True, slots=True, kw_only=True)
class WriteMode(ABC):
    """Publishes a frame as exactly one commit (Strategy). A new mode is one file with a subclass.

    ``@word("name")`` makes it a word of flows and YAML.
    """

    words: ClassVar[Words] = Words("write mode")
    yaml_type: ClassVar[Any] = None
    """What stands in YAML behind the word, as a type that ``strict_yaml`` reads; None for the subclass's own fields."""

    old_rows: ClassVar[OldRows]
    schema_binds: ClassVar[bool]
    """Whether the rows must have the schema that the table has."""
    only_adds: ClassVar[bool] = False
    """Whether the rows come beside the old ones, whatever those are."""
    rebuilt_when_redefined: ClassVar[bool]
    """Whether a changed definition makes the table's result another, so that it is rebuilt."""

    @classmethod
    def from_yaml(cls, given: Any, part: YamlPart) -> WriteMode:
        """Return the mode that ``given`` declares: a value of ``yaml_type``, or of the subclass's own fields."""
        return cls(**field_values(given))

    def to_yaml(self, language: Language) -> Any:
        """Return what ``from_yaml`` makes the same mode of: what stands behind its word."""
        return written_fields(self, language)

    def to_python(self, language: Language) -> Call:
        """Return the call that writes a flow in this mode in Python."""
        return Call(name=language.word(WriteMode.words, self), named=self.to_yaml(language))

    @property
    @abstractmethod
    def name(self) -> str:
        """The mode as plans and events name it."""

    @property
    def takes_new_columns(self) -> bool:
        """Whether the rows may have columns that the table lacks."""
        return not self.schema_binds

    @property
    def widens_columns(self) -> bool:
        """Whether a column of the table may get the wider type that the rows have."""
        return False

    @property
    def misses_columns(self) -> bool:
        """Whether the rows may lack columns that the table has, which are NULL then."""
        return not self.schema_binds

    @property
    def required_columns(self) -> Sequence[str]:
        """Columns that the rows must have for this mode."""
        return ()

    def steps(self, location: SourceLocation) -> Sequence[Step]:
        """Return steps that the mode needs behind those of the flow; ``location`` is the table's line."""
        return ()

    @property
    def changes(self) -> ChangeRules | None:
        """How rows are decided on as changes, together with what the table holds; None where they are rows of it."""
        return None

    def rules(self, location: SourceLocation) -> Sequence[FlowRule]:
        """Return what rows must meet for this mode, beside the rules of the flow; ``location`` is the table's line."""
        return ()

    def problems(self, *, location: SourceLocation) -> Sequence[DefinitionError]:
        """Return what is wrong with the declaration, found without Spark; ``location`` is the table's line."""
        return ()

    def shown(self, frame: DataFrame) -> DataFrame:
        """Return rows as the table shows them; for their schema, of a frame that need not have any."""
        return frame

    @property
    def looks_at_rows(self) -> bool:
        """Whether the mode itself reads the rows, beside the write: to check them, or to decide on them as changes."""
        return self.changes is not None

    def why_by_cut(self) -> str | None:
        """Say why the table depends on where new rows are cut into batches; None where it doesn't."""
        return None

    @property
    def once_by(self) -> Sequence[str]:
        """The columns by whose values a batch has each row once; none where it doesn't matter."""
        return ()

    @abstractmethod
    def publish(
        self, table: IWritableDeltaTable, frame: DataFrame, transaction: TransactionId
    ) -> Published | AlreadyPublished:
        """Write the rows with the transaction; a transaction that the table has taken already writes nothing."""

    def rebuild(
        self, table: IWritableDeltaTable, frame: DataFrame, transaction: TransactionId
    ) -> Published | AlreadyPublished:
        """Put the rows in place of all that the table holds, in one commit: the table starts over with them."""
        return table.replace(frame, transaction=transaction)

    @property
    def part(self) -> str | None:
        """The column by whose values parts of the table are computed again; None where there are no parts."""
        return None

    def wrong_schema(self, schema: StructType) -> tuple[str, str] | None:
        """Say what is wrong with rows of this schema in this mode, and the way out; None where nothing is."""
        return None

    def rows_that_stay(self, held: DataFrame, new: DataFrame) -> DataFrame:
        """Return those of the table's rows ``held`` that are still there when ``new`` is written."""
        return held.limit(0) if self.old_rows is OldRows.GO else held

    @property
    def contract(self) -> Contract:
        """What becomes of other columns and types than the table has, where its own contract doesn't say it."""
        if not self.schema_binds:
            return Contract()
        return Contract(
            columns="evolve" if self.takes_new_columns else "freeze",
            data_type="evolve" if self.widens_columns else "freeze",
        )

    def under(self, contract: Contract) -> WriteMode:
        """Return the mode as a table with this contract is written."""
        return self
