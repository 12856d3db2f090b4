"""Replace where: the parts that new rows touch are computed again, and take the place of the old ones."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, ClassVar

from pyspark.sql import DataFrame
from pyspark.sql import functions as F
from pyspark.sql.types import (
    BooleanType,
    ByteType,
    DateType,
    DecimalType,
    IntegerType,
    LongType,
    ShortType,
    StringType,
    StructType,
)

from lakehouse.pipelines.declare.language import Call, Language
from lakehouse.pipelines.declare.old_rows import OldRows
from lakehouse.pipelines.declare.write_modes.interface import WriteMode
from lakehouse.pipelines.declare.yaml_part import YamlPart
from lakehouse.tables import AlreadyPublished, IWritableDeltaTable, Published, TransactionId, quoted
from lakehouse.words import word

__all__ = ["ReplaceWhere"]

_TYPES = (
    BooleanType,
    ByteType,
    DateType,
    DecimalType,
    IntegerType,
    LongType,
    ShortType,
    StringType,
)
"""Of these a value written as SQL is the same value in every session."""


@word("replace_where")
@dataclass(frozen=True, slots=True, kw_only=True)
class ReplaceWhere(WriteMode):
    """Puts the rows of each touched part in place of the table's, in one commit; a part has one value of the column.

    The flow must make each part from the rows of that part alone. Where that is not enough, since old rows of the
    source changed, or the flow or a table beside it did, all parts are computed.
    """

    yaml_type: ClassVar[Any] = str
    old_rows: ClassVar[OldRows] = OldRows.PARTS_GO
    schema_binds: ClassVar[bool] = False
    rebuilt_when_redefined: ClassVar[bool] = True

    column: str

    @classmethod
    def from_yaml(cls, given: str, part: YamlPart) -> ReplaceWhere:
        return cls(column=given)

    def to_yaml(self, language: Language) -> str:
        return self.column

    def to_python(self, language: Language) -> Call:
        return Call(name="replace_where", arguments=(self.column,))

    @property
    def name(self) -> str:
        return f"replace_where({self.column})"

    @property
    def required_columns(self) -> tuple[str, ...]:
        return (self.column,)

    @property
    def part(self) -> str:
        return self.column

    def wrong_schema(self, schema: StructType) -> tuple[str, str] | None:
        found = schema[self.column].dataType if self.column in schema.names else None
        if found is None or isinstance(found, _TYPES):
            return None
        wrong = f"{self.column!r} as the column of its parts, which is {found.simpleString()}"
        return (
            wrong,
            "use a date, a text, a whole number, a decimal or a boolean, such as to_date(ts) AS day.",
        )

    def rows_that_stay(self, held: DataFrame, new: DataFrame) -> DataFrame:
        alias = "__lakehouse_part"
        parts = new.select(F.col(quoted(self.column)).alias(alias)).distinct()
        return held.join(parts, held[quoted(self.column)].eqNullSafe(parts[alias]), "left_anti")

    def publish(
        self, table: IWritableDeltaTable, frame: DataFrame, transaction: TransactionId
    ) -> Published | AlreadyPublished:
        return table.replace(frame, transaction=transaction)
