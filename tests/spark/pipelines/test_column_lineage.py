"""No column touches another without an edge: one input column is changed at a time, and the outputs compared."""

from __future__ import annotations

import random
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from pyspark.errors import PySparkException
from pyspark.sql import DataFrame, SparkSession, Window
from pyspark.sql import functions as F
from pyspark.sql.functions import col

from lakehouse.pipelines import (
    DeclarativePipelineBuilder,
    Flow,
    PipelineDefinition,
    PipelineLineage,
    Resolution,
    from_rows,
    read,
    read_sql_models,
    read_yaml_definition,
    resolve,
)
from lakehouse.pipelines.check.lineage import ColumnName, Influence, TableLineage, lineage_of
from lakehouse.pipelines.check.lineage.plans import ClassicPlans, ExplainedPlans, explained_whole
from lakehouse.pipelines.check.lineage.reading import lineage_by
from lakehouse.pipelines.errors import UnseenPlanError

COLUMNS = {"k": "int", "a": "int", "b": "int", "s": "string", "l": "array<int>"}
ROWS = [
    (1, 10, 100, "x", [1, 2]),
    (1, 20, 200, "y", [3]),
    (2, 30, 300, "x", [4, 5, 6]),
    (2, 40, 400, "z", [7]),
    (3, 50, 500, "y", [8, 9]),
    (3, 60, 600, "w", [10]),
]
CHANGED: dict[str, list[Any]] = {
    "k": [3, 1, 1, 3, 2, 4],
    "a": [60, 11, 52, 25, 33, 7],
    "b": [900, 150, 20, 310, 505, 60],
    "s": ["y", "x", "z", "w", "v", "x"],
    "l": [[2], [1, 9], [5], [6, 6], [7, 1, 2], [3]],
}
"""Other values of each column, no row with its own."""


def resolved(spark: SparkSession, flow: Flow) -> Resolution:
    raw = from_rows(ROWS, columns=COLUMNS).replace()
    other = from_rows([(1, 7), (2, 8), (3, 9)], columns={"k": "int", "v": "int"}).replace()
    pipeline = (
        DeclarativePipelineBuilder("p").bronze("raw", raw).bronze("other", other).silver("out", flow).build()
    )
    resolution = resolve(pipeline.with_variables({}), spark)
    resolution.check()
    return resolution


def lineage(spark: SparkSession, flow: Flow) -> PipelineLineage:
    return lineage_of(resolved(spark, flow), spark)


def out(spark: SparkSession, flow: Flow) -> TableLineage:
    return lineage(spark, flow).tables["out"]


def edges(table: TableLineage, column: str) -> dict[str, set[str]]:
    """Return by source column how it touches a column's values."""
    found: dict[str, set[str]] = {}
    for edge in table.columns[column]:
        found.setdefault(str(edge.source), set()).add(edge.how.word)
    return found


def rows(table: TableLineage) -> set[str]:
    return {str(edge) for edge in table.rows}


# Known answers


def test_columns_of_joins_windows_groups_and_lists_have_their_edges(spark: SparkSession) -> None:
    def ranked(frame: DataFrame) -> DataFrame:
        ordered = Window.partitionBy("k").orderBy(F.desc("a"))
        sums = Window.partitionBy("s")
        return frame.withColumn("rank", F.row_number().over(ordered)).withColumn("sum", F.sum("b").over(sums))

    def branched(frame: DataFrame) -> DataFrame:
        left = frame.select(col("a").alias("x"), col("s").alias("y"))
        return left.union(frame.select("b", "s")).distinct()

    windows = out(spark, read("raw").transform(ranked).replace())
    assert edges(windows, "rank") == {"raw.k": {"window"}, "raw.a": {"window"}}
    assert edges(windows, "sum") == {"raw.b": {"aggregation"}, "raw.s": {"window"}}
    assert edges(windows, "l") == {"raw.l": {"identity"}}

    united = out(spark, read("raw").transform(branched).replace())
    assert edges(united, "x") == {"raw.a": {"identity"}, "raw.b": {"identity"}}
    assert {"raw.a (group by)", "raw.b (group by)", "raw.s (group by)"} <= rows(united)

    joined = out(spark, read("raw").join("other", on="k").select("k", "v", "a + v AS sum").replace())
    assert edges(joined, "v") == {"other.v": {"identity"}}
    assert edges(joined, "sum") == {"raw.a": {"transformation"}, "other.v": {"transformation"}}
    assert {"raw.k (join)", "other.k (join)"} <= rows(joined)

    grouped = out(
        spark, read("raw").where("b > 1").aggregate(by="k", t="sum(a)", n="count(DISTINCT s)").replace()
    )
    assert edges(grouped, "t") == {"raw.a": {"aggregation"}}
    assert edges(grouped, "n") == {"raw.s": {"aggregation"}}
    assert rows(grouped) == {"raw.k (group by)", "raw.b (filter)"}

    lists = out(spark, read("raw").transform(lambda f: f.select("k", F.explode("l").alias("e"))).replace())
    assert edges(lists, "e") == {"raw.l": {"transformation"}}
    assert rows(lists) == {"raw.l (filter)"}

    chosen = out(spark, read("raw").select("CASE WHEN s = 'x' THEN a ELSE b END AS c", "1 AS one").replace())
    assert edges(chosen, "c") == {
        "raw.s": {"conditional"},
        "raw.a": {"transformation"},
        "raw.b": {"transformation"},
    }
    assert edges(chosen, "one") == {}


def test_queries_with_shared_and_inner_ones_have_their_edges(spark: SparkSession) -> None:
    query = """
        WITH t AS (SELECT k, a, s FROM {input} WHERE a > (SELECT min(v) FROM {other}))
        SELECT x.k, y.s, x.a FROM t x JOIN t y ON x.k = y.k
        WHERE x.s IN (SELECT s FROM {input} WHERE b > 1)
    """
    table = out(spark, read("raw").sql(query).replace())
    assert edges(table, "s") == {"raw.s": {"identity"}}
    assert rows(table) == {
        "raw.k (join)",
        "raw.a (filter)",
        "other.v (filter)",
        "raw.s (filter)",
        "raw.b (filter)",
    }


def test_rollups_unpivots_lateral_and_recursive_queries_lose_no_edge(spark: SparkSession) -> None:
    def asked(query: str) -> TableLineage:
        return out(spark, read("raw").sql(query).replace())

    rolled = asked("SELECT k, s, sum(a) AS t FROM {input} GROUP BY ROLLUP(k, s)")
    assert edges(rolled, "k") == {"raw.k": {"identity"}}
    assert edges(rolled, "s") == {"raw.s": {"identity"}}
    assert edges(rolled, "t") == {"raw.a": {"aggregation"}}
    assert {"raw.k (group by)", "raw.s (group by)"} <= rows(rolled)

    long = asked("SELECT k, name, value FROM {input} UNPIVOT (value FOR name IN (a, b))")
    assert edges(long, "k") == {"raw.k": {"identity"}}
    assert edges(long, "value") == {"raw.a": {"identity"}, "raw.b": {"identity"}}

    lateral = asked("SELECT k, y FROM {input} AS i, LATERAL (SELECT i.a * 2 AS y WHERE i.b > 1)")
    assert edges(lateral, "y") == {"raw.a": {"transformation"}}
    assert "raw.b (filter)" in rows(lateral)

    inner = asked("SELECT (SELECT max(o.v) FROM {other} AS o WHERE o.k = i.k) AS most FROM {input} AS i")
    assert edges(inner, "most").keys() == {"raw.k", "other.v", "other.k"}

    recursive = asked(
        "WITH RECURSIVE r AS (SELECT a, b, k FROM {input} UNION ALL SELECT b, a, k + 1 FROM r WHERE k < 5)"
        " SELECT a + 1 AS x FROM r"
    )
    assert {"raw.a", "raw.b"} <= edges(recursive, "x").keys()


def test_a_condition_of_an_aggregate_and_membership_are_told_from_the_value(spark: SparkSession) -> None:
    summed = out(spark, read("raw").sql("SELECT sum(a) FILTER (WHERE b > 1) AS t FROM {input}").replace())
    assert edges(summed, "t") == {"raw.a": {"aggregation"}, "raw.b": {"filter"}}
    query = "SELECT s IN (SELECT CAST(v AS STRING) FROM {other}) AS m FROM {input}"
    member = out(spark, read("raw").sql(query).replace())
    assert edges(member, "m") == {"raw.s": {"transformation"}, "other.v": {"transformation"}}


def test_casts_rules_and_keys_touch_the_rows_and_each_cast_column_itself_alone(spark: SparkSession) -> None:
    flow = (
        read("raw")
        .cast({"a": "string", "b": "string"})
        .expect_or_quarantine("known", "s IS NOT NULL")
        .expect("noted", "l IS NOT NULL")
        .merge("k")
    )
    table = out(spark, flow)
    assert edges(table, "a") == {"raw.a": {"transformation"}}
    assert edges(table, "b") == {"raw.b": {"transformation"}}
    assert {"raw.s (filter)", "raw.k (group by)"} <= rows(table)
    assert not {each for each in rows(table) if each.startswith("raw.l")}


def test_a_step_that_hides_what_it_does_is_named_with_its_line(spark: SparkSession) -> None:
    def hidden(frame: DataFrame) -> DataFrame:
        return frame.select("k", "a").mapInPandas(lambda parts: parts, "k int, z int")

    table = out(spark, read("raw").transform(hidden).select("z").replace())
    (step,) = table.opaque
    assert step.label == "transform(hidden)"
    assert step.place.partition(":")[0].endswith("test_column_lineage.py")
    assert edges(table, "z") == {"raw.k": {"transformation"}, "raw.a": {"transformation"}}


def test_a_step_that_reads_past_the_pipeline_is_named(spark: SparkSession) -> None:
    def beside(frame: DataFrame) -> DataFrame:
        return frame.select("k").crossJoin(spark.read.text(__file__))

    table = out(spark, read("raw").transform(beside).replace())
    assert [step.label for step in table.opaque] == ["transform(beside)"]
    assert edges(table, "k") == {"raw.k": {"identity"}}


def test_a_column_is_said_to_be_made_where_its_step_stands(spark: SparkSession) -> None:
    flow = read("raw").select("k", "a")
    changed = flow.transform(lambda frame: frame.withColumn("a", col("a") + 1))
    made = out(spark, changed.replace()).made_at
    lines = {name: int(place.rpartition(":")[2]) for name, place in made.items()}
    here = test_a_column_is_said_to_be_made_where_its_step_stands.__code__.co_firstlineno
    assert lines == {"k": here + 1, "a": here + 2}


YAML = """
name: shop
variables: {in: none}
tables:
  - name: raw
    layer: bronze
    flow: {from_files: {pattern: "${in}/*.csv", columns: {k: int, a: int}}}
    write: append
  - name: sums
    layer: gold
    flow:
      read: {table: raw}
      steps:
        - where: "a > 1"
        - aggregate: {by: [k], measures: {total: "sum(a)"}}
    write: replace
"""
MODELS = {
    "pipeline.yaml": "name: shop\nvariables: {in: none}\n",
    "bronze/raw.sql": "/*\nfrom_files: {pattern: '${in}/*.csv', columns: {k: int, a: int}}\nwrite: append\n*/\n",
    "silver/clean.sql": "/*\nread: {table: raw}\nsteps: [{where: a > 1}]\nwrite: replace\n*/\n\n"
    "SELECT k, a + 1 AS b FROM {input}",
    "gold/sums.sql": "SELECT k, sum(b) AS total FROM {clean} GROUP BY k",
}


def test_columns_of_yaml_and_of_sql_files_are_said_to_be_made_on_their_own_lines(
    spark: SparkSession, tmp_path: Path
) -> None:
    file = tmp_path / "shop.yaml"
    file.write_text(YAML)
    for name, text in MODELS.items():
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).write_text(text)

    def made(definition: PipelineDefinition) -> dict[str, str]:
        resolution = resolve(definition.with_variables({"in": str(tmp_path)}), spark)
        resolution.check()
        found = lineage_of(resolution, spark).tables
        return {
            f"{name}.{column}": at
            for name, table in found.items()
            for column, at in table.made_at.items()
            if not column.startswith("_")
        }

    def line(text: str) -> int:
        return next(number for number, each in enumerate(YAML.splitlines(), 1) if text in each)

    in_yaml = made(read_yaml_definition(file))
    assert in_yaml == {
        "raw.k": f"{file}:{line('from_files')}",
        "raw.a": f"{file}:{line('from_files')}",
        "sums.k": f"{file}:{line('read:')}",
        "sums.total": f"{file}:{line('aggregate')}",
    }
    in_sql = made(read_sql_models(tmp_path))
    assert {name: at.removeprefix(f"{tmp_path}/") for name, at in in_sql.items()} == {
        "raw.k": "bronze/raw.sql:2",
        "raw.a": "bronze/raw.sql:2",
        "clean.k": "silver/clean.sql:2",
        "clean.b": "silver/clean.sql:7",
        "sums.k": "gold/sums.sql:1",
        "sums.total": "gold/sums.sql:1",
    }


# Random flows


def steps(random: random.Random) -> Iterator[tuple[str, Any]]:
    """Yield steps of many kinds, each a function of a frame with the columns of ``raw``."""
    by = Window.partitionBy(random.choice("ks"))
    number, other = random.sample(["a", "b"], 2)
    limit = random.choice([15, 25, 35])
    yield "filter", lambda f: f.where(col(number) > limit)
    yield "compute", lambda f: f.withColumn(number, col(number) + col(other))
    yield "case", lambda f: f.withColumn(other, F.when(col("s") < "y", col(number)).otherwise(0))
    yield "window", lambda f: f.withColumn(number, F.sum(other).over(by))
    yield "rank", lambda f: f.withColumn(other, F.rank().over(by.orderBy(number)))
    yield "explode", lambda f: f.withColumn("e", F.explode("l")).withColumn(number, col("e")).drop("e")
    # By all columns: among rows that are alike in the order, Spark takes any.
    yield "first", lambda f: f.orderBy(F.desc(number), *COLUMNS).limit(4)
    yield "distinct", lambda f: f.select("k", "a", "b", "s", "l").distinct()
    yield "union", lambda f: f.union(f.select("k", col(other), col(number), "s", "l"))
    yield (
        "itself",
        lambda f: f.join(f.select("k", col(number).alias("n")), "k").withColumn(other, col("n")).drop("n"),
    )
    yield "semi", lambda f: f.join(f.where(col(other) > 200).select("k"), "k", "left_semi")
    yield "except", lambda f: f.exceptAll(f.where(col(number) > 30))
    yield (
        "group",
        lambda f: f.groupBy("k").agg(
            F.max(number).alias("a"), F.sum(other).alias("b"), F.min("s").alias("s"), F.max("l").alias("l")
        ),
    )
    yield "lag", lambda f: f.withColumn(number, F.lag(other).over(by.orderBy(*COLUMNS)))
    sliding = by.orderBy(*COLUMNS).rowsBetween(-1, 0)
    yield "sliding", lambda f: f.withColumn(other, F.sum(number).over(sliding))
    yield (
        "numbered",
        lambda f: f.select("*", F.posexplode("l").alias("p", "e")).withColumn(number, col("p") + col("e")),
    )
    yield (
        "by name",
        lambda f: f.unionByName(f.select("s", "l", col(number).alias(other), col(other).alias(number), "k")),
    )
    yield "intersect", lambda f: f.intersect(f.where(col(other) < 400))
    yield (
        "cte",
        asking(
            f"WITH t AS (SELECT k, max({number}) AS m FROM {{f}} GROUP BY k), u AS (SELECT * FROM t) "
            f"SELECT f.k, f.s, f.l, f.{other}, u.m + t.m AS {number} FROM {{f}} f JOIN t USING (k) JOIN u USING (k)"
        ),
    )
    yield (
        "scalar",
        asking(
            f"SELECT k, s, l, {other}, {number} - (SELECT min({other}) FROM {{f}}) AS {number} FROM {{f}}"
        ),
    )
    yield (
        "correlated",
        asking(
            f"SELECT k, s, l, {other}, (SELECT max(i.{other}) FROM {{f}} i WHERE i.k = o.k) AS {number} FROM {{f}} o"
        ),
    )
    yield "in", asking(f"SELECT * FROM {{f}} WHERE {number} IN (SELECT max({number}) FROM {{f}} GROUP BY s)")
    yield (
        "exists",
        asking(
            f"SELECT * FROM {{f}} o WHERE EXISTS (SELECT 1 FROM {{f}} i WHERE i.s = o.s AND i.{other} > o.{other})"
        ),
    )
    yield (
        "lateral",
        asking(
            f"SELECT k, s, l, {other}, y AS {number} FROM {{f}} o, "
            f"LATERAL (SELECT o.{number} + o.{other} AS y WHERE o.k < 3)"
        ),
    )
    yield (
        "struct",
        lambda f: (
            f.withColumn("x", F.struct(col(number).alias("u"), "s"))
            .withColumn(other, col("x.u"))
            .withColumn("s", col("x.s"))
        ),
    )
    yield "map", lambda f: f.withColumn(number, F.create_map(F.coalesce("s", F.lit("")), other)["x"])
    yield (
        "having",
        asking(
            "SELECT k, min(s) AS s, max(l) AS l, sum(a) AS a, sum(b) AS b FROM {f} "
            f"GROUP BY k HAVING sum({number}) > 60"
        ),
    )
    yield (
        "grouping sets",
        asking(
            "SELECT k, s, max(l) AS l, sum(a) AS a, sum(b) AS b FROM {f} GROUP BY GROUPING SETS ((k), (s))"
        ),
    )
    yield (
        "pivot",
        lambda f: (
            f.groupBy("k", "l")
            .pivot("s", ["x", "y"])
            .agg(F.sum(number))
            .select("k", col("x").alias("a"), col("y").alias("b"), F.lit("x").alias("s"), "l")
        ),
    )
    yield "offset", lambda f: f.orderBy(*COLUMNS).offset(2)
    yield "if", lambda f: f.withColumn(number, F.expr(f"if({other} > 250, {number}, k)"))
    yield "hidden", hiding()
    yield "inner", lambda f: f.withColumn(number, F.array_max(F.transform("l", lambda x: x + col(other))))


def flow_of(random: random.Random, length: int) -> list[tuple[str, Any]]:
    """Return steps that Spark can run: its optimizer fails on a correlated query over a union, with rows as without."""
    while True:
        chosen = [random.choice(list(steps(random))) for _ in range(length)]
        words = [word for word, _ in chosen]
        united = min((at for at, word in enumerate(words) if word in ("union", "by name")), default=length)
        if "correlated" not in words[united:]:
            return chosen


def asking(query: str) -> Any:
    """Return a step that asks its frame by SQL."""
    return lambda frame: frame.sparkSession.sql(query, f=frame)


def hiding() -> Any:
    """Return a step that makes one column of two others where Spark doesn't see it."""

    def hidden(parts: Any) -> Any:
        for part in parts:
            part["a"] = part["b"] + part["k"]
            yield part

    return lambda frame: frame.repartition(1).mapInPandas(hidden, frame.schema)


def fitting(change: Any, names: list[str]) -> Any:
    return lambda frame: change(frame).select(*names)


@dataclass(frozen=True)
class Result:
    """The values of each column, sorted."""

    columns: dict[str, list[str]]

    @classmethod
    def of(cls, frame: DataFrame) -> Result:
        rows = [row.asDict() for row in frame.collect()]
        return cls({name: sorted(repr(row[name]) for row in rows) for name in frame.columns})


class InText(ExplainedPlans):
    """Has a session of this process explain its plans, as Spark Connect does."""

    def explained(self, frame: DataFrame) -> str:
        jvm: Any = frame.sparkSession._jvm
        mode = jvm.org.apache.spark.sql.execution.ExplainMode.fromString("extended")
        with explained_whole(frame.sparkSession):
            return str(frame._jdf.queryExecution().explainString(mode))


def missing_edges(
    spark: SparkSession, chosen: list[tuple[str, Any]], changes: str, *tables: TableLineage
) -> list[tuple[str, str]]:
    """Return each column that changes with one of ``changes`` while one of ``tables`` has no edge that says so."""

    def computed(values: list[tuple[Any, ...]]) -> Result:
        frame = spark.createDataFrame(values, ", ".join(f"{name} {kind}" for name, kind in COLUMNS.items()))
        frame = frame.coalesce(1)
        for _, change in chosen:
            frame = fitting(change, list(COLUMNS))(frame)
        return Result.of(frame)

    before = computed(ROWS)
    found = []
    for name in changes:
        at = list(COLUMNS).index(name)
        changed = [(*row[:at], other, *row[at + 1 :]) for row, other in zip(ROWS, CHANGED[name], strict=True)]
        after = computed(changed)
        found += [
            (name, column)
            for column in COLUMNS
            if before.columns[column] != after.columns[column]
            for table in tables
            if ColumnName("raw", name) not in {edge.source for edge in table.of(column)}
        ]
    return found


@pytest.mark.parametrize(
    ("seed", "length", "changes"),
    [(43, 2, "a"), *(pytest.param(seed, 3, "kabsl", marks=pytest.mark.slow) for seed in range(2, 40))],
)
def test_no_edge_is_missing_in_random_flows(
    spark: SparkSession, seed: int, length: int, changes: str
) -> None:
    chosen = flow_of(random.Random(seed), length)
    flow = read("raw")
    for _, change in chosen:
        flow = flow.transform(fitting(change, list(COLUMNS)))
    resolution = resolved(spark, flow.replace())
    in_tree, in_text = (
        lineage_by(plans, resolution, spark).tables["out"] for plans in (ClassicPlans(), InText())
    )
    assert missing_edges(spark, chosen, changes, in_tree, in_text) == [], [word for word, _ in chosen]


def test_the_text_of_a_plan_tells_what_the_tree_does(spark: SparkSession) -> None:
    windows = Window.partitionBy("k").orderBy(F.desc("a"))
    flow = (
        read("raw")
        .cast({"b": "string"})
        .transform(lambda frame: frame.withColumn("n", F.row_number().over(windows)))
        .sql(
            "WITH t AS (SELECT k, a, s, n, if(n > 1, a, k) AS c FROM {input} WHERE a > (SELECT min(v) FROM {other})) "
            "SELECT x.k, y.s, x.a, x.c, CASE WHEN x.s = 'y' THEN y.n ELSE 0 END AS m FROM t x JOIN t y ON x.k = y.k "
            "WHERE x.s IN (SELECT s FROM {input})"
        )
        .expect_or_quarantine("known", "t > 0")
        .aggregate(by="k", t="sum(a) FILTER (WHERE c > 1)", n="count(DISTINCT s)", most="max(m)")
        .replace()
    )
    resolution = resolved(spark, flow)
    assert lineage_by(InText(), resolution, spark) == lineage_by(ClassicPlans(), resolution, spark)


def test_a_constant_that_fails_when_it_is_computed_has_its_lineage_all_the_same(spark: SparkSession) -> None:
    flow = (
        read("raw")
        .select("k", "1 div 0 AS never", "a + CAST('x' AS INT) AS t")
        .where("k > int('y')")
        .replace()
    )
    resolution = resolved(spark, flow)
    assert lineage_by(InText(), resolution, spark) == lineage_by(ClassicPlans(), resolution, spark)

    class Unseen(InText):
        def explained(self, frame: DataFrame) -> str:
            raise PySparkException("internal error")

    with pytest.raises(UnseenPlanError, match="does not show the plan of 'raw': internal error"):
        lineage_by(Unseen(), resolution, spark)


def test_a_literal_that_hides_where_an_expression_ends_costs_no_edge(spark: SparkSession) -> None:
    flow = read("raw").select("k", "concat(s, '], [') AS t").replace()
    table = lineage_by(InText(), resolved(spark, flow), spark).tables["out"]
    assert edges(table, "t").keys() == {f"raw.{name}" for name in COLUMNS}
    assert [each.label for each in table.opaque] == ["select(k, concat(s, '], [') AS t)"]


def test_the_words_are_those_of_openlineage() -> None:
    assert {each.value for each in Influence} == {
        ("DIRECT", "IDENTITY"),
        ("DIRECT", "TRANSFORMATION"),
        ("DIRECT", "AGGREGATION"),
        ("INDIRECT", "JOIN"),
        ("INDIRECT", "GROUP_BY"),
        ("INDIRECT", "FILTER"),
        ("INDIRECT", "SORT"),
        ("INDIRECT", "WINDOW"),
        ("INDIRECT", "CONDITIONAL"),
    }
