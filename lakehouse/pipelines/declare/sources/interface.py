"""What a source is: it finds what is new, says why there is work, reads it, and names what it rejects."""

from __future__ import annotations

import datetime as dt
from abc import ABC, abstractmethod
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, ClassVar, Protocol

from pyspark.sql import Column, DataFrame, SparkSession
from pyspark.sql.types import StructType

from lakehouse.delta_log import Predicate
from lakehouse.errors import DefinitionError
from lakehouse.ingestion import FileFormat, Inspector, LandingZone, ReleasedFiles
from lakehouse.pipelines.declare.language import Call, Language, written_fields
from lakehouse.pipelines.declare.old_rows import OldRows
from lakehouse.pipelines.declare.sources.arrivals import Arrivals, at_each_trigger
from lakehouse.pipelines.declare.sources.dataset_name import DatasetName
from lakehouse.pipelines.declare.sources.history import CondensedHistory, History, Inputs
from lakehouse.pipelines.declare.sources.landable import LandableFiles
from lakehouse.pipelines.declare.yaml_part import YamlPart, field_values
from lakehouse.source_location import SourceLocation
from lakehouse.tables import IReadableDeltaTable, TableLog, TableState
from lakehouse.words import Words

__all__ = [
    "Backlog",
    "NewInputs",
    "ReadRequest",
    "Source",
    "SourceContext",
    "TableReference",
    "TablesBeside",
]


@dataclass(frozen=True, slots=True, kw_only=True)
class TableReference:
    """Another table of the pipeline, and the line that names it."""

    table: str
    outside: bool = False
    """Whether the pipeline does not make it: then ``table`` is a path, or ``layer.name`` in the same warehouse."""
    may_be_own: bool = False
    """Whether a table may mean itself by it: then it waits for nobody."""
    location: SourceLocation = field(compare=False)


class _HasFrame(Protocol):
    @property
    def frame(self) -> DataFrame: ...

    @property
    def size_bytes(self) -> int | None: ...

    @property
    def is_whole(self) -> bool: ...


class TablesBeside(Protocol):
    """The tables that a step may read beside its input, at the versions that a batch names."""

    def table(self, name: str) -> _HasFrame:
        """Return another table."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Backlog:
    """What waits to be taken by a table."""

    count: int
    unit: str
    """What is counted: ``files``, ``records``."""
    since: dt.datetime | None = None
    """When the first of them came, in UTC; None where nobody knows."""


@dataclass(frozen=True, slots=True, kw_only=True)
class NewInputs:
    """What a source has to offer, and why."""

    reason: str
    """A few words for a person: ``3 new files``."""
    known: Inputs | None = None
    """The inputs; None when only a closer look, which planning does not take, can name them."""
    outside_bytes: int | None = None
    """How much is to be read beside the pipeline's own tables, as far as a listing tells; None when it doesn't."""
    rebuilds: bool = False
    """Whether they are all rows, to take the place of those read before: some of these are not as they were."""
    backlog: Backlog | None = None
    """How much waits, as far as a listing tells; None where it doesn't."""
    left: Callable[[Inputs], Backlog | None] = lambda inputs: None
    """Tells of a batch's inputs how much they leave for the next one; None where nobody knows."""
    closer_look: Callable[[], Inputs | None] = lambda: None
    """Names inputs that are not known yet; it may find nothing new: None."""

    def settle(self) -> Inputs | None:
        """Return the inputs of the batch; None when nothing is new."""
        return self.known if self.known is not None else self.closer_look()


class SourceContext(Protocol):
    """The run that a source is part of."""

    @property
    def spark(self) -> SparkSession:
        """The run's session; asking for it starts one. Finding inputs needs none."""

    @property
    def has_session(self) -> bool:
        """Whether a session is at hand, so that a question to it costs only its answer."""

    def now(self) -> dt.datetime:
        """Return the time by the run's clock, in UTC."""

    def state(self, table: str) -> TableState | None:
        """Return what the log of a declared table says; None while there is no table."""

    def rows_change(self, table: str) -> bool:
        """Return whether a declared table is written so that rows which it holds may become others."""

    def commit_id(self, table: str, version: int) -> str | None:
        """Return what tells a commit of a declared table from any other of its number; None when it is gone."""

    def table(self, table: str) -> IReadableDeltaTable:
        """Return a declared table to read from."""

    def bytes_added(self, table: str, *, after: int, through: int) -> int | None:
        """Return the size of the files that came to a declared table in these versions; None when it is not known."""

    def log(self, table: str) -> TableLog:
        """Return the log of a declared table."""

    def released(self, table: str) -> ReleasedFiles:
        """Return the files that somebody asked a declared table to look at again."""

    def tells_files_apart(self, table: str) -> bool:
        """Say whether the rows of one file can be taken out of a declared table."""

    def path(self, table: str) -> str:
        """Return the folder of a declared table."""

    def inspector(self, zone: LandingZone, file_format: FileFormat) -> Inspector | None:
        """Return who looks through landed files; None leaves it to how much there is to read."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ReadRequest:
    """The inputs of a decided batch, to be read."""

    table: str
    """The table that takes the rows."""
    inputs: Inputs
    decided_at: dt.datetime
    reading_again: bool = False
    """Whether an earlier run began to read these inputs and did not come to the end."""
    where: Predicate | None = None
    """What the rows that are needed meet; a source may leave out others."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Source(ABC):
    """A flow's beginning. A new kind is one file with a subclass; every layer can read it.

    Its fields are what is declared, frozen and comparable. ``@word("name")`` makes it known to YAML.
    """

    words: ClassVar[Words] = Words("source")
    yaml_type: ClassVar[Any] = None
    """What stands in YAML behind the word, as a type that ``strict_yaml`` reads; None for the subclass's own fields."""

    is_appended_by_default: ClassVar[bool] = False
    """Whether a flow that doesn't say how it is written appends."""

    @property
    def adds_columns(self) -> bool:
        """Whether rows may come with columns that ``schema`` does not have."""
        return False

    condensed_as: ClassVar[str | None] = None
    """The form, with its version, in which ``condense`` keeps a history; None where no history is condensed."""

    location: SourceLocation = field(compare=False)

    @classmethod
    def from_yaml(cls, given: Any, part: YamlPart) -> Source:
        """Return the source that ``given`` declares: a value of ``yaml_type``, or of the subclass's own fields."""
        return cls(location=part.location, **field_values(given))

    def to_yaml(self, language: Language) -> Any:
        """Return what ``from_yaml`` makes the same source of: what stands behind its word."""
        return written_fields(self, language)

    def to_python(self, language: Language) -> Call:
        """Return the call that a flow begins with in Python."""
        return Call(name="begin", arguments=(language.thing(self),))

    @property
    def label(self) -> str:
        """The source as messages name it."""
        return type(self).__name__

    @abstractmethod
    def schema(self, upstream: Mapping[str, StructType]) -> StructType:
        """Return the schema of the rows that come; ``upstream`` has that of each table read."""

    @abstractmethod
    def next_inputs(self, context: SourceContext, table: str, history: History) -> NewInputs | None:
        """Return what the next batch of ``table`` reads; None when nothing is new.

        ``history`` has the inputs of all batches so far, the newest last; it is empty when the table is not
        there. A source that needs more of it than the last ones condenses it: see ``condense``. Look only at
        logs and listings. A source that is read whole gives its inputs also when they are those of the last
        batch.
        """

    @abstractmethod
    def read(self, context: SourceContext, request: ReadRequest) -> DataFrame:
        """Return the rows of the batch's inputs, the same ones whenever it is asked."""

    def condense(self, history: CondensedHistory) -> bytes:
        """Return all that ``next_inputs`` needs to know of a history, for ``condensed_as`` to be asked for later."""
        raise NotImplementedError

    def arrivals(self, context: SourceContext, table: str) -> Arrivals | None:
        """Return a streaming frame that has rows when something may have come; None where nothing comes by itself.

        It wakes a stream, and no row of it is read: what is new ``next_inputs`` says. A frame may have rows for
        nothing, and now and then it may miss something, since a stream looks by itself too, only less often.
        Without an answer of its own a source is asked at each trigger.
        """
        return at_each_trigger(context.spark)

    def came_us(self, frame: DataFrame) -> Column | None:
        """Return when the first row of a batch came, an aggregate over its rows in microseconds since the epoch.

        None where ``Backlog.since`` tells it, or nobody knows.
        """
        return None

    @property
    def takes_in_parts(self) -> bool:
        """Whether a batch may leave some of what there is for the next one."""
        return False

    def lost(self, context: SourceContext, table: str, history: History) -> Sequence[str]:
        """Name what batches of the history took and what can't be read again. Look only at logs and listings."""
        return ()

    def start_over(self, context: SourceContext, table: str) -> None:  # noqa: B027 - most sources keep nothing
        """Forget what is kept for the first batch of a table, which is about to be rebuilt."""

    def stands(self, context: SourceContext, inputs: Inputs) -> bool:
        """Say whether a batch that was decided and not judged yet is still to be read, or decided afresh."""
        return True

    def replaced_rows(self, inputs: Inputs) -> str | None:
        """Return an SQL condition on the table's rows that give way to the batch's; None where none do."""
        return None

    def taken(self, context: SourceContext, table: str, inputs: Inputs) -> None:  # noqa: B027 - most need not know
        """Hear that a table has a batch with these inputs. May be called again for the same batch."""

    def as_they_stand(self, context: SourceContext, request: ReadRequest) -> Inputs | None:
        """Return a batch's inputs with those rejected that changed or went; None when all are as they were.

        Asked before the batch is read. Inputs that are rejected so may come again later.
        """
        return None

    def rejected(self, context: SourceContext, request: ReadRequest) -> DataFrame | None:
        """Return one row for each input that can't be read, with its reason in ``_errors``; None when all can."""
        return None

    @property
    def acts_after_commit(self) -> bool:
        """Whether ``committed`` does anything."""
        return False

    def committed(self, context: SourceContext, inputs: Inputs) -> None:
        """Do what is to be done with inputs whose rows are in the table; it may be called for them again."""
        return None

    def landable(self) -> LandableFiles | None:
        """Return the files that rows come from; None where they come from elsewhere."""
        return None

    def tables(self) -> Sequence[TableReference]:
        """Return the tables of the pipeline that this source reads."""
        return ()

    stands_beside: ClassVar[bool] = False
    """Whether joins and unions may read it whole beside their input, by ``beside``."""

    def beside(self, context: TablesBeside, spark: SparkSession) -> DataFrame:
        """Return all of its rows, for a step of another flow."""
        raise NotImplementedError

    def beside_bytes(self, context: TablesBeside) -> int | None:
        """Return how large the files are that hold just the rows of ``beside``; None where nobody knows."""
        return None

    @property
    def dataset(self) -> DatasetName | None:
        """What other systems call that which rows come from; None for declared rows, and for tables of ``tables``."""
        return None

    @property
    def whole_table(self) -> str:
        """The table of the pipeline whose rows these are; empty where they are something else."""
        return ""

    def like(self, other: Source) -> Source:
        """Return this source, read in the way of ``other``, which stands for it: only new rows, where that asks so."""
        return self

    # Rows that came since

    tells_added_rows: ClassVar[bool] = False
    """Whether ``added_since`` may find inputs, for a source that is read whole."""

    def added_since(self, context: SourceContext, last: Inputs, now: Inputs) -> NewInputs | str:
        """Return inputs with just the rows that ``now`` has beside those of ``last``, or why there are none such.

        They exist where all rows of ``last`` are still there as they were. Look only at logs and listings.
        """
        return f"{self.label} doesn't tell which rows are new"

    def reads(self, context: SourceContext, request: ReadRequest) -> Mapping[str, int]:
        """Return how many files and bytes reading opens, as far as a log says it."""
        return {}

    @property
    def gives_all_rows(self) -> bool | None:
        """Whether a batch has all rows that there are (True), or only new ones (False); None if it depends."""
        return None

    def with_older_shapes(self) -> Source:
        """Return the source for a table whose columns come and go: what is older may lack those that came since."""
        return self

    def problems(self) -> Sequence[DefinitionError]:
        """Return what is wrong with the declaration, found without Spark and without reading data."""
        return ()

    def problems_in(self, upstream: Mapping[str, StructType]) -> Sequence[DefinitionError]:
        """Return what is wrong in view of the schemas of the tables that it reads; ``schema`` is not asked then."""
        return ()

    def problems_with(self, old_rows: OldRows, *, compares: bool) -> Sequence[DefinitionError]:
        """Return what is wrong in a table whose own rows become ``old_rows``, or are compared with those that come."""
        return ()

    def size_bytes(self, context: SourceContext, inputs: Inputs) -> int | None:
        """Return the size of what a batch reads, from logs and listings; None when it is not known."""
        return None

    def row_count(self, context: SourceContext, inputs: Inputs) -> int | None:
        """Return how many rows these inputs are; None when that is not known before they are read."""
        return None

    def counts(self, inputs: Inputs) -> Mapping[str, int]:
        """Return what is counted of a batch beside rows, such as files."""
        return {}

    def set_aside(self, inputs: Inputs) -> Mapping[str, str]:
        """Return the inputs of a batch that can't be read, each with its reason, by name."""
        return {}

    def summary(self, inputs: Inputs) -> Inputs:
        """Return the inputs as the event log names them, where the batch itself says more."""
        return inputs
