"""What a contract's file says of one table: which columns it has, of which types, and which rules hold."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass, replace

from pyspark.sql.types import DataType, StringType, StructField, StructType

from lakehouse.pipelines.declare.contracts.table_rules import NotEnforced, rules_in
from lakehouse.pipelines.declare.rules import FlowRule
from lakehouse.quality import (
    Contract,
    Fit,
    MissingColumn,
    OdcsDocument,
    OdcsProperty,
    OdcsTable,
    as_struct,
    default_type,
    exact_type,
    fits_logical_type,
    fitted,
    named_type,
    read_odcs,
)

__all__ = ["AgreedTable", "agreed_on"]


@dataclass(frozen=True, slots=True, kw_only=True)
class AgreedTable:
    """A table as its contract has it."""

    document: OdcsDocument
    table: OdcsTable
    rules: tuple[FlowRule, ...]
    not_enforced: tuple[NotEnforced, ...]

    @property
    def terms(self) -> Contract:
        """What the contract says of columns and types that it doesn't have."""
        return Contract.of(self.table.answers)

    def expected(self, found: StructType, held: StructType | None) -> StructType:
        """Return the columns that rows are held to: the contract's, then what the table has beside them.

        A property that only names a logical type is of the type that the table has, or that comes, where this fits.
        """
        theirs, ours = _by_name(held), _by_name(found)
        agreed = [StructField(each.name, self._type(each, theirs, ours)) for each in self.table.properties]
        names = {each.name.lower() for each in agreed}
        return StructType([*agreed, *(each for key, each in theirs.items() if key not in names)])

    def fit(
        self,
        contract: Contract,
        found: StructType,
        held: StructType | None,
        *,
        takes_others: bool,
        table_binds: bool,
    ) -> Fit:
        """Return how rows come into the table, each of whose columns must come.

        ``takes_others``: whether the contract leaves columns open that it doesn't have; ``table_binds``: whether the
        table has to be able to hold what the contract says.
        """
        expected = self.expected(found, held)
        if takes_others:
            names = _by_name(expected)
            more = [each for each in found.fields if each.name.lower() not in names]
            expected = StructType([*expected.fields, *more])
        fit = fitted(contract.over(Contract(data_type="freeze")), expected, found)
        refused = [
            *fit.refused,
            *(each for each in self.missing(found) if each.path not in fit.refused_paths),
        ]
        evolved, widens = list(fit.evolved), fit.widens
        if table_binds and held is not None:
            in_table = fitted(contract.of_table(), held, expected)
            refused += [each for each in in_table.refused if each.path not in fit.refused_paths]
            evolved += [each for each in in_table.evolved if each not in evolved]
            widens = widens or in_table.widens
        return replace(fit, refused=tuple(refused), evolved=tuple(evolved), widens=widens)

    def missing(self, found: StructType) -> Iterator[MissingColumn]:
        """Yield the contract's columns that rows of this schema lack."""
        ours = _by_name(found)
        for each in self.table.properties:
            if each.name.lower() not in ours:
                yield MissingColumn(path=each.name, did_you_mean=None)

    def _type(
        self, given: OdcsProperty, held: Mapping[str, StructField], found: Mapping[str, StructField]
    ) -> DataType:
        if (exact := exact_type(given)) is not None:
            return named_type(exact) or as_struct({given.name: exact}).fields[0].dataType
        known = [side[given.name.lower()].dataType for side in (held, found) if given.name.lower() in side]
        fitting = [each for each in known if fits_logical_type(given, each)]
        of_logical = named_type(default_type(given) or "")
        return next(iter(fitting), of_logical) or next(iter(known), StringType())


def agreed_on(
    file: str, *, table: str, schema: str | None = None, tables: Collection[str] | None = None
) -> AgreedTable:
    """Read what a file says of a table. Raises UnreadableContractError.

    ``tables`` are those that rules can look rows up in; None where any may be there.
    """
    document = read_odcs(file)
    found = document.table(table, given=schema)
    rules, not_enforced = rules_in(document, found, tables)
    return AgreedTable(document=document, table=found, rules=rules, not_enforced=not_enforced)


def _by_name(schema: StructType | None) -> dict[str, StructField]:
    return {} if schema is None else {each.name.lower(): each for each in schema.fields}
