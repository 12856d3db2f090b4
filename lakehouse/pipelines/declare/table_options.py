"""What is declared of a table beside the flow that fills it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, fields
from typing import Any, Literal, TypedDict, get_args

from lakehouse.errors import DefinitionError, did_you_mean
from lakehouse.pipelines.declare.durations import duration
from lakehouse.pipelines.declare.language import Language, written_fields
from lakehouse.pipelines.declare.yaml_part import names
from lakehouse.pipelines.errors import InvalidOptionsError
from lakehouse.quality import Contract
from lakehouse.source_location import SourceLocation
from lakehouse.tables import TableDescription, TableLayout

__all__ = ["OptionWords", "TableOptions"]

_PROPERTY_PREFIX = "delta."

RefreshPolicy = Literal["auto", "incremental", "full"]
Maintenance = Literal["off", "auto"]


class OptionWords(TypedDict, total=False):
    """The fields of TableOptions as a builder's words."""

    comment: str | None
    columns: Mapping[str, str]
    tags: Mapping[str, str]
    owner: str | None
    partition_by: str | Sequence[str]
    cluster_by: str | Sequence[str]
    properties: Mapping[str, str]
    refresh_policy: RefreshPolicy
    refresh_every: str | None
    timeout: str | None
    strict: bool
    maintain: Maintenance
    maintain_seconds: float
    maintain_megabytes: float
    target_file_megabytes: float | None
    retention: str | None
    contract: str | Mapping[str, str] | None
    renamed: Mapping[str, str]


@dataclass(frozen=True, slots=True, kw_only=True)
class TableOptions:
    """How a table is laid out and described.

    Partitions are taken when the table is created or rebuilt. The rest is kept by whatever writes the table, and
    changed in place when the definition changes; what is not declared stays as the table has it.
    """

    comment: str | None = None
    columns: Mapping[str, str] = field(default_factory=dict)
    """Comments by column."""
    tags: Mapping[str, str] = field(default_factory=dict)
    """Words by which tables are found and grouped; properties ``lakehouse.tag.…`` of the table."""
    owner: str | None = None
    """Who answers for the table; the property ``lakehouse.owner``."""
    partition_by: str | Sequence[str] = ()
    cluster_by: str | Sequence[str] = ()
    """Columns for liquid clustering; not together with ``partition_by``."""
    properties: Mapping[str, str] = field(default_factory=dict)
    """Table properties of Delta, such as ``delta.logRetentionDuration``."""
    refresh_policy: RefreshPolicy = "auto"
    """Whether a result is brought up to date from new rows (``incremental``), computed from all rows (``full``), or
    the one where it can be and else the other (``auto``)."""

    refresh_every: str | None = None
    """How often a stream refreshes the table, and all that read it, such as ``5 min``; None: whenever inputs come.

    A run refreshes it in any case."""
    timeout: str | None = None
    """How long a run may work on the table, such as ``30 min``; then it is stopped, and is as it was."""
    strict: bool = False
    """Whether a run fails, with all tables written, where an input of the table is set aside."""
    maintain: Maintenance = "off"
    """Whether files are arranged for readers after a run that wrote the table (``auto``), where that pays."""
    maintain_seconds: float = 30
    """After so long of a run's maintenance no more work on the table begins."""
    maintain_megabytes: float = 1024
    """So much is rewritten at most after one run."""
    target_file_megabytes: float | None = None
    """How large maintenance makes the files; the property ``delta.targetFileSize``. None: by the table's size."""
    retention: str | None = None
    """How long vacuum keeps files that are no longer in the table, such as ``30 days``; the property
    ``delta.deletedFileRetentionDuration``. None: as the table has it, a week by default."""
    contract: str | Mapping[str, str] | None = None
    """What becomes of ``columns`` and values of a ``data_type`` that are not expected, and of ``tables`` that are not
    there: one word for the first two, or one for each. What is not named is left to how the table is written. A name
    that ends in ``.yaml``, or ``file``, is a data contract (ODCS); ``schema`` the object of it that is the table."""

    renamed: Mapping[str, str] = field(default_factory=dict)
    """New names of columns that the table has under old ones: ``{"qty": "quantity"}``. Its files stay as they are."""

    @property
    def terms(self) -> Contract:
        """The contract's answers, those of its file aside."""
        if self.contract is None or self._is_file(self.contract):
            return Contract()
        return Contract.of(self.contract)

    @property
    def contract_file(self) -> tuple[str, str | None] | None:
        """The data contract's file, and the object of its schema if that is named; None where there is no file."""
        given = self.contract
        if given is None or isinstance(given, str):
            return (given, None) if given is not None and self._is_file(given) else None
        return (given["file"], given.get("schema")) if "file" in given else None

    def __post_init__(self) -> None:
        for name in ("partition_by", "cluster_by"):
            object.__setattr__(self, name, names(getattr(self, name)))

    def to_yaml(self, language: Language) -> dict[str, Any]:
        """Return what is declared by name: the key ``options`` in YAML, and the words of a builder in Python."""
        return written_fields(self, language)

    @property
    def layout(self) -> TableLayout:
        """The options as the table engines take them."""
        return TableLayout(
            partition_by=tuple(self.partition_by),
            cluster_by=tuple(self.cluster_by),
            properties=dict(self.properties),
        )

    @property
    def description(self) -> TableDescription:
        """The options that can change while the table stands."""
        owner = {} if self.owner is None else {"lakehouse.owner": self.owner}
        tags = {f"lakehouse.tag.{name}": text for name, text in self.tags.items()}
        return TableDescription(
            comment=self.comment,
            columns=dict(self.columns),
            properties={**self._upkeep_properties, **dict(self.properties), **tags, **owner},
            cluster_by=tuple(self.cluster_by),
        )

    @property
    def _upkeep_properties(self) -> Mapping[str, str]:
        size, kept = self.target_file_megabytes, duration(self.retention or "")
        sizes = {} if size is None else {"delta.targetFileSize": str(int(size * 2**20))}
        if kept is None:
            return sizes
        return {
            **sizes,
            "delta.deletedFileRetentionDuration": f"interval {int(kept.total_seconds())} seconds",
        }

    def problems(self, *, table: str, location: SourceLocation) -> Sequence[DefinitionError]:
        """Return what is wrong with the options, found without Spark."""
        wrong = []
        if self.refresh_policy not in get_args(RefreshPolicy):
            wrong.append((f"refresh_policy={self.refresh_policy!r}", "use 'auto', 'incremental' or 'full'."))
        if self.maintain not in get_args(Maintenance):
            wrong.append((f"maintain={self.maintain!r}", "use 'off' or 'auto'."))
        wrong += [
            (f"{name}={value!r}", "use a number above 0.")
            for name in ("maintain_seconds", "maintain_megabytes", "target_file_megabytes")
            if (value := getattr(self, name)) is not None and not value > 0
        ]
        if self.partition_by and self.cluster_by:
            wrong.append(("partition_by and cluster_by", "use one of them."))
        for name in ("refresh_every", "timeout", "retention"):
            length = getattr(self, name)
            if length is not None and not duration(length):
                wrong.append((f"{name}={length!r}", "write a length of time, such as '30 min' or '2 hours'."))
        wrong += self._wrong_contract()
        wrong += [
            (f"the property {name!r}", f"use a property of Delta, {_PROPERTY_PREFIX}….")
            for name in self.properties
            if not name.startswith(_PROPERTY_PREFIX)
        ]
        return [
            InvalidOptionsError(table=table, wrong=what, fix=fix, location=location) for what, fix in wrong
        ]

    @staticmethod
    def _is_file(given: object) -> bool:
        return isinstance(given, str) and given.endswith((".yaml", ".yml", ".json"))

    def _wrong_contract(self) -> Sequence[tuple[str, str]]:
        names = [*(each.name for each in fields(Contract)), "file", "schema"]
        given = [] if self.contract is None or isinstance(self.contract, str) else list(self.contract)
        unknown = [name for name in given if name not in names]
        return [
            *((f"the contract {name!r}", did_you_mean(name, names)) for name in unknown),
            *self.terms.wrong(),
        ]
