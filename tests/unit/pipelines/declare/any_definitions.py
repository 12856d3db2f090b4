"""Definitions by chance: every word of the library in every place, with texts that no person would write."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from hypothesis import strategies as st

from lakehouse.ingestion import (
    ApiKey,
    Basic,
    Bearer,
    Cursor,
    FileChoice,
    FileFormat,
    Incremental,
    JdbcTable,
    KafkaTopics,
    Limits,
    LinkHeader,
    NextUrl,
    Offset,
    PageNumber,
    RestApi,
    SchemaChanges,
    file_format,
    payload,
)
from lakehouse.pipelines.declare.beginnings import begin, begin_with_query
from lakehouse.pipelines.declare.definition import PipelineDefinition, TableDefinition
from lakehouse.pipelines.declare.flow import Flow
from lakehouse.pipelines.declare.rules import (
    Accepted,
    Between,
    ConditionRule,
    FlowRule,
    Freshness,
    Matches,
    NotNull,
    References,
    RowCount,
    SameSum,
    Steady,
    Unique,
)
from lakehouse.pipelines.declare.sources import (
    CatalogTableSource,
    DeltaSource,
    FileSource,
    JdbcSource,
    KafkaSource,
    PairsSource,
    ParquetSource,
    RangeSource,
    RateSource,
    RestSource,
    RowsSource,
    SeedSource,
    Source,
    TableSource,
)
from lakehouse.pipelines.declare.steps import (
    Aggregate,
    Cast,
    Deduplicate,
    Join,
    Pivot,
    Rename,
    Select,
    Sql,
    Step,
    Transform,
    Union,
    UpdateState,
    Watermark,
    Where,
)
from lakehouse.pipelines.declare.steps.side_flow import SideFlow
from lakehouse.pipelines.declare.table_options import TableOptions
from lakehouse.pipelines.declare.variables import Variable
from lakehouse.pipelines.declare.views import ViewDefinition
from lakehouse.pipelines.declare.write_modes import (
    Append,
    ApplyChanges,
    ApplyChangesFromSnapshots,
    Merge,
    Replace,
    ReplaceWhere,
    WriteMode,
)
from lakehouse.quality import CastPolicy
from lakehouse.source_location import SourceLocation
from tests.unit.pipelines.declare.first_rows import FirstRows
from tests.unit.pipelines.declare.transformations import positive

SEED = "countries.csv"
HERE = SourceLocation(file="here.py", line=1)
"""Definitions are compared without their lines."""

texts = st.text(min_size=1, max_size=6) | st.sampled_from(
    ["yes", "1", "2024-01-01", "${cut}", "a: b", "null"]
)
names = st.lists(texts, max_size=3).map(tuple)
types = st.sampled_from(["int", "string", "decimal(10,2)", "timestamp", "array<string>"])
columns = st.dictionaries(texts, types, min_size=1, max_size=3)
pairs = columns.map(lambda given: tuple(given.items()))
numbers = st.integers(-(2**40), 2**40)
floats = st.floats(allow_nan=False, allow_infinity=False)
plain = st.booleans() | numbers | floats | texts
tolerances = st.none() | st.integers(1, 99) | st.just("1 %")
actions = st.sampled_from(["warn", "drop", "quarantine", "fail"])


def maybe(given: st.SearchStrategy[Any]) -> st.SearchStrategy[Any]:
    return st.none() | given


def at_random(cls: Any, **fields: st.SearchStrategy[Any]) -> st.SearchStrategy[Any]:
    """Objects of ``cls``; of the fields with a default some are left out."""
    return st.fixed_dictionaries({}, optional=fields).flatmap(lambda given: st.builds(cls, **_just(given)))


def _just(given: Mapping[str, Any]) -> dict[str, st.SearchStrategy[Any]]:
    return {name: st.just(value) for name, value in given.items()}


def part(cls: Any, **fields: st.SearchStrategy[Any]) -> st.SearchStrategy[Any]:
    return st.builds(cls, **fields, location=st.just(HERE))


PAGINATIONS = st.one_of(
    st.builds(Offset, limit=st.integers(1, 9), total=texts),
    st.builds(PageNumber, parameter=texts, size=maybe(st.integers(1, 9))),
    st.builds(Cursor, next=texts),
    st.builds(NextUrl, next=texts),
    st.builds(LinkHeader),
)
AUTHS = st.one_of(
    st.builds(Bearer, secret=st.just("env:TOKEN")),
    st.builds(Basic, user=texts, secret=st.just("file:/run/secret")),
    st.builds(ApiKey, header=st.just("X-Key"), secret=st.just("env:KEY")),
)
APIS = st.builds(
    RestApi,
    url=texts,
    endpoints=st.lists(texts, min_size=1, max_size=2).map(tuple),
    parameters=st.dictionaries(texts, texts, max_size=2),
    pagination=PAGINATIONS,
    auth=AUTHS,
    incremental=maybe(st.builds(Incremental, field=texts, parameter=texts, initial=maybe(numbers))),
    limits=st.builds(Limits, tasks=st.integers(1, 5), requests_per_second=maybe(st.just(2.5))),
)
FORMATS: Mapping[str, Mapping[str, st.SearchStrategy[Any]]] = {
    "csv": {"delimiter": texts, "encoding": texts, "optional": names, "nulls": names, "quote": texts},
    "json_lines": {"encoding": texts},
    "json": {"records": texts},
    "xml": {"row_tag": texts},
    "fixed_width": {
        "places": st.dictionaries(texts, st.tuples(st.integers(0, 5), st.integers(1, 5)), max_size=2),
        "skip_lines": st.integers(0, 3),
    },
    "excel": {"sheet": texts | st.integers(0, 5)},
    "parquet": {},
    "orc": {},
    "avro": {},
    "text": {},
    "binary": {},
}


def formats() -> st.SearchStrategy[FileFormat]:
    def of(word: str) -> st.SearchStrategy[FileFormat]:
        more = {} if word in ("text", "binary") else {"columns": maybe(columns)}
        given = st.fixed_dictionaries({**FORMATS[word], **more})
        return given.map(lambda options: file_format(word, options))

    return st.sampled_from(sorted(FORMATS)).flatmap(of)


PAYLOADS = st.one_of(
    st.just(payload("raw", {})),
    st.just(payload("text", {})),
    st.builds(lambda given: payload("json", {"columns": given}), columns),
    st.builds(lambda given, sign: payload("csv", {"columns": given, "delimiter": sign}), columns, texts),
    st.builds(lambda schema: payload("avro", {"schema": schema, "registry_header": True}), texts),
)


SOURCES: Mapping[str, st.SearchStrategy[Source]] = {
    "read": part(TableSource, table=texts, incremental=st.booleans(), changes=st.booleans()),
    "from_delta": part(DeltaSource, table=texts, incremental=st.booleans(), changes=st.booleans()),
    "from_files": part(
        FileSource,
        pattern=texts,
        format=formats(),
        names_grow=st.booleans(),
        at_rest_seconds=maybe(st.floats(0, 5)),
        on_rewritten=st.sampled_from(["quarantine", "replace", "ignore"]),
        manifest=st.booleans(),
        choice=st.builds(
            FileChoice, modified_after=maybe(texts), max_files=maybe(numbers), path_columns=names
        ),
        changes=st.builds(
            SchemaChanges,
            mode=st.sampled_from(["rescue", "evolve", "ignore", "fail"]),
            infer=st.booleans(),
        ),
        after_commit=maybe(texts),
    ),
    "from_table": part(
        CatalogTableSource,
        table=texts,
        format=st.just("iceberg"),
        columns=pairs,
        incremental=st.booleans(),
    ),
    "from_rest": part(RestSource, api=APIS, columns=pairs),
    "from_jdbc": part(
        JdbcSource,
        jdbc=st.builds(JdbcTable, url=texts, columns=pairs, table=texts, fetch_rows=numbers, cursor=texts),
    ),
    "from_kafka": part(
        KafkaSource,
        kafka=st.builds(
            KafkaTopics,
            servers=texts,
            topics=st.lists(texts, min_size=1, max_size=2).map(tuple),
            value=PAYLOADS,
            key=st.sampled_from(["text", "raw"]),
            starting=texts,
            max_offsets=maybe(numbers),
            on_loss=st.sampled_from(["fail", "accept"]),
            security=st.sampled_from(["plaintext", "ssl", "sasl_plaintext", "sasl_ssl"]),
            user=st.sampled_from(["", "env:USER"]),
            password=st.sampled_from(["", "file:/run/secret"]),
            client=st.dictionaries(texts, texts, max_size=2),
        ),
    ),
    "from_parquet": part(ParquetSource, path=texts, columns=pairs),
    "from_rows": part(
        RowsSource, columns=pairs, rows=st.lists(st.tuples(maybe(plain), plain), max_size=2).map(tuple)
    ),
    "read_pairs": part(
        PairsSource,
        left=texts,
        right=texts,
        on=names,
        times=st.tuples(texts, texts),
        earlier=texts,
        later=texts,
    ),
    "from_rate": part(RateSource, rows_per_second=numbers),
    "from_range": part(RangeSource, stop=numbers, start=numbers, step=numbers, column=texts),
    "seed": st.sampled_from([None, {"code": "string"}, {"units": "int"}]).map(
        lambda given: SeedSource.of(SEED, given, location=HERE)
    ),
}
BESIDE = st.one_of(*(SOURCES[word] for word in ("read", "from_delta", "from_rows", "from_range", "seed")))
ALONE: Mapping[str, st.SearchStrategy[Step]] = {
    "where": part(Where, condition=texts),
    "select": part(Select, columns=names),
    "rename": part(Rename, names=st.dictionaries(texts, texts, max_size=2).map(lambda d: tuple(d.items()))),
    "cast": part(
        Cast, schema=pairs | st.just("id int, day date"), on_error=st.sampled_from(list(CastPolicy))
    ),
    "deduplicate": part(
        Deduplicate,
        keys=names,
        keep=st.sampled_from(["any", "first", "latest"]),
        order_by=maybe(texts),
        within=maybe(texts),
        against_target=st.booleans(),
    ),
    "watermark": part(Watermark, column=texts, delay=texts),
    "transform": part(
        Transform,
        function=st.just(positive),
        per=maybe(st.just("row") | st.lists(texts, min_size=1, max_size=2).map(tuple)),
    ),
    "update_state": part(UpdateState, function=st.just(positive), keys=names, columns=pairs),
    "sql": part(Sql, query=texts),
    "aggregate": part(Aggregate, by=names, measures=pairs | st.just(())),
    "pivot": part(
        Pivot, by=names, column=texts, values=st.lists(plain, max_size=3).map(tuple), measure=texts
    ),
    "first_rows": part(FirstRows, count=numbers),
}
SIDES = st.builds(
    SideFlow, source=BESIDE, steps=st.lists(st.one_of(*ALONE.values()), max_size=2).map(tuple)
) | st.builds(SideFlow, source=part(TableSource, table=texts))
STEPS: Mapping[str, st.SearchStrategy[Step]] = {
    **ALONE,
    "join": part(Join, other=SIDES, on=names, how=texts),
    "union": part(Union, others=st.lists(SIDES, min_size=1, max_size=3).map(tuple)),
}
_CONDITION: Mapping[str, st.SearchStrategy[Any]] = {
    "given_name": texts,
    "given_condition": texts,
    "nulls_keep_it": st.booleans(),
}
RULES: Mapping[str, st.SearchStrategy[FlowRule]] = {
    "expectation": st.one_of(
        part(ConditionRule, **_CONDITION, action=st.just("warn")),
        part(ConditionRule, **_CONDITION, action=actions.filter("warn".__ne__), at_most=tolerances),
    ),
    "not_null": part(NotNull, column=texts, action=actions, at_most=tolerances),
    "accepted": part(
        Accepted,
        column=texts,
        values=st.lists(plain, max_size=3).map(tuple),
        action=actions,
        at_most=tolerances,
    ),
    "between": part(
        Between, column=texts, minimum=maybe(plain), maximum=maybe(plain), action=actions, at_most=tolerances
    ),
    "matches": part(Matches, column=texts, pattern=texts, action=actions, at_most=tolerances),
    "unique": part(Unique, columns=names, action=actions, at_most=tolerances),
    "references": part(References, table=texts, columns=names, to=names, action=actions, at_most=tolerances),
    "row_count": part(
        RowCount, minimum=maybe(numbers), of=st.sampled_from(["table", "batch"]), action=actions
    ),
    "freshness": part(Freshness, column=texts, within=texts, action=actions),
    "same_sum": part(SameSum, table=texts, column=texts, to=maybe(texts), action=actions, at_most=tolerances),
    "steady": part(Steady, measured=texts, within=texts | floats, runs=st.integers(3, 20), action=actions),
}
_CHANGES: Mapping[str, st.SearchStrategy[Any]] = {
    "keys": names,
    "column_list": maybe(names),
    "except_column_list": maybe(names),
    "stored_as_scd_type": st.sampled_from([1, 2]),
    "track_history_column_list": maybe(names),
    "evolve_schema": st.booleans(),
}
MODES: Mapping[str, st.SearchStrategy[WriteMode]] = {
    "append": st.builds(Append, evolve_schema=st.booleans()),
    "replace": st.builds(Replace),
    "merge": st.builds(Merge, keys=names, sequence_by=maybe(texts)),
    "replace_where": st.builds(ReplaceWhere, column=texts),
    "apply_changes": st.builds(ApplyChanges, sequence_by=names, apply_as_deletes=maybe(texts), **_CHANGES),
    "apply_changes_from_snapshots": st.builds(
        ApplyChangesFromSnapshots, sequence_by=maybe(texts), **_CHANGES
    ),
}
OPTIONS: Mapping[str, st.SearchStrategy[Any]] = {
    "comment": texts,
    "columns": st.dictionaries(texts, texts, max_size=2),
    "tags": st.dictionaries(texts, texts, max_size=2),
    "owner": texts,
    "partition_by": texts | names,
    "cluster_by": texts | names,
    "properties": st.dictionaries(texts, texts, max_size=2),
    "refresh_policy": st.sampled_from(["auto", "incremental", "full"]),
    "timeout": texts,
    "strict": st.booleans(),
    "refresh_every": st.sampled_from(["5 minutes", "1 hour"]),
    "maintain": st.sampled_from(["auto", "off"]),
    "maintain_seconds": st.floats(1, 100),
    "maintain_megabytes": st.floats(1, 100),
    "target_file_megabytes": st.floats(1, 100),
    "retention": st.sampled_from(["30 days", "1 hour"]),
    "contract": texts | st.just({"columns": "freeze", "file": "orders.yaml"}),
    "renamed": st.dictionaries(texts, texts, max_size=2),
}


@st.composite
def flows(draw: st.DrawFn, *, written: bool) -> Flow:
    """A flow from any source, or from a query, through any steps and rules, in any mode."""
    if draw(st.integers(0, 4)) == 0:
        flow = begin_with_query(draw(texts) + " {orders} {more.orders}", location=HERE)
    else:
        flow = begin(draw(st.one_of(*SOURCES.values())))
    for step in draw(st.lists(st.one_of(*STEPS.values()), max_size=3)):
        flow = flow.step(step)
    flow = flow.rule(*draw(st.lists(st.one_of(*RULES.values()), max_size=4)))
    return flow.write(draw(st.one_of(*MODES.values()))) if written and draw(st.booleans()) else flow


def tables(flow: st.SearchStrategy[Flow]) -> st.SearchStrategy[TableDefinition]:
    layers = st.sampled_from(["bronze", "silver", "gold", "platinum"])
    options = at_random(TableOptions, **OPTIONS)
    return part(TableDefinition, name=texts, layer=layers, flow=flow, options=options)


variables = st.one_of(
    st.builds(
        Variable.of,
        texts,
        maybe(plain | st.dates() | st.lists(texts | numbers, max_size=2)),
        maybe(st.sampled_from(["text", "int", "float", "bool", "date", "list"])),
        maybe(st.sampled_from(["env:HOME", "file:/run/secret"])),
        maybe(st.booleans()),
        st.none(),
    )
)
definitions = st.builds(
    PipelineDefinition,
    name=texts,
    tables=st.lists(tables(flows(written=True)), min_size=1, max_size=2).map(tuple),
    variables=st.lists(variables, max_size=3, unique_by=lambda each: each.name).map(tuple),
    views=st.lists(part(ViewDefinition, name=texts, flow=flows(written=False)), max_size=1).map(tuple),
)
