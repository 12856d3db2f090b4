"""What a contract's file says of one table: which columns it has, of which types, and which rules hold."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass, field, replace
from typing import Any

from pyspark.sql.types import DataType, StringType, StructField, StructType

from lakehouse.pipelines.declare.contracts.contract_rule import ContractRule
from lakehouse.pipelines.declare.contracts.quality_rules import pattern_rule, rule_of
from lakehouse.pipelines.declare.rules import (
    Between,
    ConditionRule,
    FlowRule,
    Freshness,
    NotNull,
    References,
    Unique,
)
from lakehouse.quality import (
    Contract,
    Fit,
    MissingColumn,
    OdcsDocument,
    OdcsProperty,
    OdcsTable,
    QualityItem,
    as_struct,
    default_type,
    exact_type,
    fits_logical_type,
    fitted,
    plain_type,
    read_odcs,
)
from lakehouse.source_location import SourceLocation
from lakehouse.tables import quoted

__all__ = ["AgreedTable", "NotEnforced", "agreed_on"]

_UNITS = {
    "d": "day",
    "day": "day",
    "days": "day",
    "h": "hour",
    "hour": "hour",
    "hours": "hour",
    "m": "minute",
}
_UNITS |= {
    "minute": "minute",
    "minutes": "minute",
    "w": "week",
    "week": "week",
    "weeks": "week",
    "s": "second",
}
_FRESHNESS = ("freshness", "latency")


@dataclass(frozen=True, slots=True, kw_only=True)
class NotEnforced:
    """A part of a contract that nobody is held to."""

    what: str
    reason: str
    location: SourceLocation = field(compare=False)

    def __str__(self) -> str:
        return f"{self.location}: {self.what} is not enforced: {self.reason}"


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
        evolved = list(fit.evolved)
        if table_binds and held is not None:
            in_table = fitted(contract.of_table(), held, expected)
            refused += [each for each in in_table.refused if each.path not in fit.refused_paths]
            evolved += [each for each in in_table.evolved if each not in evolved]
        return replace(fit, refused=tuple(refused), evolved=tuple(evolved))

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
            return plain_type(exact) or as_struct({given.name: exact}).fields[0].dataType
        known = [side[given.name.lower()].dataType for side in (held, found) if given.name.lower() in side]
        fitting = [each for each in known if fits_logical_type(given, each)]
        of_logical = plain_type(default_type(given) or "")
        return next(iter(fitting), of_logical) or next(iter(known), StringType())


def agreed_on(
    file: str, *, table: str, schema: str | None = None, tables: Collection[str] | None = None
) -> AgreedTable:
    """Read what a file says of a table. Raises UnreadableContractError.

    ``tables`` are those that rules can look rows up in; None where any may be there.
    """
    document = read_odcs(file)
    reader = _Rules(document, document.table(table, given=schema), tables)
    reader.read()
    return AgreedTable(
        document=document,
        table=reader.table,
        rules=tuple(reader.rules.values()),
        not_enforced=tuple(reader.not_enforced),
    )


class _Rules:
    """Collects the rules of one table, each under its id."""

    def __init__(self, document: OdcsDocument, table: OdcsTable, tables: Collection[str] | None) -> None:
        self.table = table
        self.rules: dict[str, FlowRule] = {}
        self.not_enforced: list[NotEnforced] = []
        self._document = document
        self._tables = tables

    def read(self) -> None:
        for each in self.table.properties:
            self._of_property(each)
        if keys := self.table.primary_key:
            more = self._more(self.table.properties[0])
            for key in keys:
                if f"required({key})" not in self.rules:
                    self._add(f"required({key})", NotNull(column=key, **more))
            self._add(f"primary_key({', '.join(keys)})", Unique(columns=keys, **more))
        for item in self.table.quality:
            self._item(item, None)
        for given in self.table.given.get("relationships") or ():
            self._relationship(given.get("from"), given.get("to"), self.table.location, None)
        for given in self._document.service_levels():
            self._service_level(given)

    def _of_property(self, given: OdcsProperty) -> None:
        name, more = given.name, self._more(given)
        if given.is_set("required"):
            self._add(f"required({name})", NotNull(column=name, **more))
        if given.is_set("unique"):
            self._add(f"unique({name})", Unique(columns=(name,), **more))
        self._options(given, more)
        for item in given.quality:
            self._item(item, name)
        for each in given.given.get("relationships") or ():
            self._relationship(name, each.get("to"), given.location, given.action)

    def _options(self, given: OdcsProperty, more: dict[str, Any]) -> None:
        name, options = given.name, given.options
        column = quoted(name)
        least, most = options.get("minimum"), options.get("maximum")
        if least is not None or most is not None:
            self._add(f"bounds({name})", Between(column=name, minimum=least, maximum=most, **more))
        if (pattern := options.get("pattern")) is not None:
            self._add(f"pattern({name})", pattern_rule(name, str(pattern), **more))
        for key, sign in (("minLength", ">="), ("maxLength", "<=")):
            if (bound := options.get(key)) is not None:
                condition = f"length({column}) {sign} {int(bound)}"
                rule = ConditionRule(given_name=key, given_condition=condition, nulls_keep_it=True, **more)
                self._add(f"{key}({name})", rule)
        for key in options.keys() - {"minimum", "maximum", "pattern", "minLength", "maxLength"}:
            self._leave(f"{key} of {name}", "types are judged, and no such bound", given.location)

    def _relationship(self, ours: Any, theirs: Any, location: SourceLocation, action: Any) -> None:
        sides = [[side] if isinstance(side, str) else list(side or ()) for side in (ours, theirs)]
        columns = [_column(each) for each in sides[0]]
        parts = [_table_and_column(each) for each in sides[1]]
        tables = {part[0] for part in parts if part is not None}
        label = f"the relationship of {', '.join(columns)}"
        if len(tables) != 1 or None in parts or len(columns) != len(parts):
            self._leave(label, "it names no column of one other table", location)
            return
        (table,) = tables
        if self._tables is not None and table not in self._tables:
            self._leave(label, f"the pipeline has no table {table!r}", location)
            return
        rule = References(
            table=table,
            columns=tuple(columns),
            to=tuple(part[1] for part in parts if part is not None),
            action=action or "quarantine",
            location=location,
        )
        self._add(f"references({', '.join(columns)})", rule)

    def _service_level(self, given: Mapping[str, Any]) -> None:
        name, value = str(given.get("property")), given.get("value")
        table, _, column = str(given.get("element", "")).rpartition(".")
        if table not in self.table.names:
            return  # of another table, or of the whole contract
        unit = _UNITS.get(str(given.get("unit", "")).lower())
        if name not in _FRESHNESS or unit is None or not isinstance(value, int):
            self._leave(f"the service level {name!r}", "freshness of a column is judged", self.table.location)
            return
        id_ = str(given.get("id") or f"{name}({column})")
        action: Any = self._document.custom.get(f"lakehouse.action.{given.get('id') or name}", "warn")
        within = f"{value} {unit}"
        rule = Freshness(column=column, within=within, action=action, location=self.table.location)
        self._add(id_, rule)

    def _item(self, item: QualityItem, column: str | None) -> None:
        try:
            self._add(*rule_of(item, column))
        except ValueError as error:
            label = item.id or item.metric or item.kind
            self._leave(f"the item {label!r}", str(error), item.location)

    def _add(self, id_: str, rule: FlowRule) -> None:
        number, free = 2, id_
        while free in self.rules:
            free, number = f"{id_} {number}", number + 1
        self.rules[free] = ContractRule.of(free, rule)

    def _leave(self, what: str, reason: str, location: SourceLocation) -> None:
        self.not_enforced.append(NotEnforced(what=what, reason=reason, location=location))

    @staticmethod
    def _more(given: OdcsProperty) -> dict[str, Any]:
        return {"action": given.action or "quarantine", "location": given.location}


def _column(reference: str) -> str:
    return reference.rpartition("/")[2] if "/" in reference else reference.rpartition(".")[2]


def _table_and_column(reference: str) -> tuple[str, str] | None:
    """Return what ``table.column`` or ``schema/table/properties/column`` names; None for another document's."""
    if "#" in reference or reference.startswith("http"):
        return None
    if "/" in reference:
        parts = reference.strip("/").split("/")
        return (parts[1], parts[3]) if len(parts) == 4 else None
    table, _, column = reference.rpartition(".")
    return (table, column) if table and column else None


def _by_name(schema: StructType | None) -> dict[str, StructField]:
    return {} if schema is None else {each.name.lower(): each for each in schema.fields}
