"""A definition is checked whole before any data is read: every error in one go, with its line."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest
from pyspark.sql import DataFrame, SparkSession
from pyspark.sql.functions import col
from pyspark.sql.types import StructType

from lakehouse.ingestion import MissingLandingZoneError
from lakehouse.pipelines import (
    DeclarativePipelineBuilder,
    DefinitionErrors,
    EventLog,
    Flow,
    PipelineDefinition,
    Resolution,
    TableOptions,
    Warehouse,
    from_files,
    read,
    resolve,
    run_pipeline,
)
from lakehouse.pipelines.check.empty_tables import EmptyTables
from lakehouse.pipelines.declare.steps import Step, StepContext
from lakehouse.pipelines.errors import (
    BrokenStepError,
    CycleError,
    DuplicateColumnError,
    DuplicateNameError,
    InvalidNameError,
    LostCastErrorsError,
    NoWriteModeError,
    ReservedColumnError,
    UnknownColumnError,
    UnknownLayerError,
    UnknownSourceError,
    UnwritableColumnError,
)
from lakehouse.quality import CAST_ERRORS
from lakehouse.source_location import caller_location

pytestmark = pytest.mark.spark

SALES = {"InvoiceNo": "string", "Quantity": "int", "UnitPrice": "decimal(10,2)"}
TYPED = read("raw", incremental=True).cast(SALES)


class Forgetful(Step):
    """Says that it keeps failed casts, and drops them."""

    keeps_failed_casts = True
    label = "forgetful"

    def apply(self, frame: DataFrame, context: StepContext) -> DataFrame:
        return frame.drop(CAST_ERRORS)


@pytest.fixture
def landing(tmp_path: Path) -> str:
    return str(tmp_path / "*.csv")


def pipeline(landing: str, **silver: Flow) -> PipelineDefinition:
    builder = DeclarativePipelineBuilder("test").bronze("raw", from_files(landing, columns=SALES))
    for name, flow in silver.items():
        builder.silver(name, flow)
    return builder.build()


@pytest.fixture
def resolved(spark: SparkSession, landing: str) -> Callable[..., Resolution]:
    return lambda **silver: resolve(pipeline(landing, **silver), spark)


def test_a_right_definition_has_a_schema_for_each_table(resolved: Callable[..., Resolution]) -> None:
    resolution = resolved(sales=TYPED.select("InvoiceNo", "Quantity * UnitPrice AS revenue").append())
    assert resolution.problems == ()
    assert resolution.schemas["sales"].simpleString() == "struct<InvoiceNo:string,revenue:decimal(21,2)>"
    assert resolution.schemas["raw"]["Quantity"].dataType.simpleString() == "string"


@pytest.mark.parametrize(
    ("flow", "step"),
    [
        (TYPED.where("qty > 0"), "where(qty > 0)"),
        (TYPED.where(lambda: col("qty") > 0), "where(…)"),
        (TYPED.select("qty"), "select(qty)"),
        (TYPED.rename(qty="units"), "rename(qty -> units)"),
        (TYPED.cast({"qty": "int"}), "cast(qty)"),
        (TYPED.deduplicate("qty"), "deduplicate(qty)"),
        (TYPED.aggregate(by="qty"), "aggregate(by=qty)"),
        (TYPED.transform(lambda frame: frame.select("qty")), "transform(<lambda>)"),
        (TYPED.transform("SELECT qty FROM {input}"), "sql"),
        (TYPED.expect("some", "qty > 0"), "the rule 'some'"),
        (TYPED.expect("some", lambda: col("qty") > 0), "the rule 'some'"),
        (TYPED.merge("qty"), "merge(qty)"),
    ],
)
def test_an_unknown_column_is_named_with_step_table_line_and_what_there_is(
    resolved: Callable[..., Resolution], flow: Flow, step: str
) -> None:
    problems = resolved(sales=flow if flow.write_mode else flow.append()).problems
    assert [type(problem) for problem in problems] == [UnknownColumnError]
    message = str(problems[0])
    assert "test_validation.py:" in message
    assert f"{step}" in message
    assert "names the column 'qty'" in message
    assert "InvoiceNo, Quantity" in message
    assert message.rstrip().endswith(("'?", "."))


def test_a_suggestion_is_made_where_a_name_is_close(resolved: Callable[..., Resolution]) -> None:
    (problem,) = resolved(sales=TYPED.where("Quantitiy > 0").append()).problems
    assert "Fix: did you mean 'Quantity'?" in str(problem)


def test_each_wrong_part_of_a_step_and_each_wrong_rule_is_an_error_of_its_own(
    resolved: Callable[..., Resolution],
) -> None:
    resolution = resolved(
        selected=TYPED.select("a", "InvoiceNo", "b").where("c > 0").append(),
        ruled=TYPED.expect("one", "d > 0")
        .expect_or_drop("two", "e > 0")
        .expect_or_fail("fine", "Quantity > 0")
        .append(),
    )
    assert [problem.column for problem in resolution.problems if isinstance(problem, UnknownColumnError)] == [
        "a",
        "b",
        "d",
        "e",
    ]
    assert [str(each) for each in resolution.not_checked] == [
        "where(c > 0) of 'selected': not checked, because select(a, InvoiceNo, b) is wrong"
    ]


def test_errors_of_all_kinds_come_in_one_go(spark: SparkSession, landing: str) -> None:
    definition = (
        DeclarativePipelineBuilder("test")
        .bronze("raw", from_files(landing, columns=SALES))
        .bronze("elsewhere", from_files("/no/such/folder/*.csv", columns=SALES))
        .bronze("raw", from_files(landing, columns=SALES))
        .silver("lost", read("row", incremental=True).append())
        .silver("wrong", TYPED.where("qty > 0").append())
        .silver("clash", TYPED.where("Quantity > map(1, 2)").append())
        .gold("behind", read("wrong").aggregate(by="InvoiceNo").replace())
        .gold("open", read("raw"))
        .table("Bad-Name", read("raw").replace(), layer="gold")
        .table("high", read("raw").replace(), layer="platinum")
        .silver("left", read("right", incremental=True).append())
        .silver("right", read("left", incremental=True).append())
        .build()
    )
    resolution = resolve(definition, spark)
    assert {type(problem) for problem in resolution.problems} == {
        DuplicateNameError,
        MissingLandingZoneError,
        UnknownSourceError,
        UnknownColumnError,
        BrokenStepError,
        NoWriteModeError,
        InvalidNameError,
        UnknownLayerError,
        CycleError,
    }
    assert all("test_validation.py:" in str(problem) for problem in resolution.problems)
    assert any("'behind'" in str(each) and "'wrong'" in str(each) for each in resolution.not_checked)
    with pytest.raises(DefinitionErrors, match="the definition has 9 errors"):
        resolution.check()


def test_a_function_that_raises_is_an_error_with_its_words(resolved: Callable[..., Resolution]) -> None:
    def broken(frame: DataFrame) -> DataFrame:
        raise ZeroDivisionError("no rows yet")

    (problem,) = resolved(sales=TYPED.transform(broken).append()).problems
    assert isinstance(problem, BrokenStepError)
    assert "no rows yet" in str(problem)


def test_a_step_that_says_it_keeps_failed_casts_must_keep_them(resolved: Callable[..., Resolution]) -> None:
    (problem,) = resolved(sums=TYPED.step(Forgetful(location=caller_location())).append()).problems
    assert isinstance(problem, LostCastErrorsError)


@pytest.mark.parametrize(
    ("type_", "reason"),
    [
        ("date 'dd/mm/yyyy'", "no month"),
        ("date 'dd/MM/YYYY'", "write 'yyyy'"),
        ("date 'dd/MM/yyyy HH:mm'", "lose the time of day"),
        ("timestamp_ntz 'dd/MM/yyyy XXX'", "lose the zone"),
        ("timestamp 'dd/MM/yyyy hh:mm'", "needs 'a'"),
        ("timestamp 'yyyy-MM-dd HH:mm:ss.SSSSSSSSS'", "means nothing"),
        ("timestamp 'yyyy-MM-dd' in 'Europe/Berlni'", "names no time zone"),
        ("timestamp 'yyyy-MM-dd VV' in 'Europe/Berlin'", "names a zone"),
        ("date 'yyyy-MM-dd' in 'Europe/Berlin'", "has no zone"),
        ("decimal(10,2) '#,##0'", "1234.56"),
        ("decimal(10,2) '1,234,56'", "two different marks"),
        ("boolean 'yes'", "words for true and false"),
        ("boolean 'yes/yes'", "true and for false"),
        ("string 'abc'", "have a format"),
        ("dat 'dd/MM/yyyy'", "Spark can't read"),
        ("decimal(10,2", "Spark can't read"),
    ],
)
def test_a_wrong_type_or_format_is_found_with_its_line(
    resolved: Callable[..., Resolution], type_: str, reason: str
) -> None:
    before = caller_location()
    flow = read("raw", incremental=True).cast({"Quantity": "int", "UnitPrice": type_})
    (problem,) = resolved(sales=flow.append()).problems
    assert isinstance(problem, BrokenStepError)
    assert str(problem).startswith(f"{before.file}:{before.line + 1}: cast(UnitPrice) of 'sales'")
    assert reason in str(problem)
    assert type_ in str(problem)


def test_a_deduplicate_must_be_comparable_with_what_the_table_holds(
    resolved: Callable[..., Resolution],
) -> None:
    flow = TYPED.deduplicate("InvoiceNo", "Quantity").select("InvoiceNo")
    (problem,) = resolved(sales=flow.append()).problems
    assert isinstance(problem, UnknownColumnError)
    assert "the table's own rows" in str(problem)
    batch_only = TYPED.deduplicate("InvoiceNo", "Quantity", against_target=False).select("InvoiceNo")
    assert resolved(sales=batch_only.append()).problems == ()


def test_a_table_that_holds_another_type_is_an_error_before_the_run(
    spark: SparkSession, landing: str
) -> None:
    held = StructType().add("InvoiceNo", "integer").add("Units", "integer")
    definition = pipeline(landing, sales=TYPED.select("InvoiceNo", "Quantity AS Unit").append())
    resolution = resolve(definition, spark, existing=lambda table: held if table.name == "sales" else None)
    (problem,) = resolution.problems
    assert "'InvoiceNo' is string, expected int" in str(problem)
    assert "did you mean the column 'Unit'" in str(problem)


def test_a_wrong_definition_writes_no_table_and_its_run_is_recorded(
    spark: SparkSession, landing: str, warehouse: Path
) -> None:
    Path(landing).with_name("a.csv").write_text("InvoiceNo,Quantity,UnitPrice\n1,2,3.00\n")
    with pytest.raises(DefinitionErrors):
        run_pipeline(
            pipeline(landing, sales=TYPED.where("qty > 0").append()), spark=spark, warehouse=warehouse
        )
    assert sorted(path.relative_to(warehouse).as_posix() for path in warehouse.glob("*/*")) == [
        "system/events",
        "system/runs",
    ]
    (event,) = EventLog(Warehouse.at(warehouse)).read().to_pylist()
    assert (event["kind"], event["status"], event["error_class"]) == ("run", "failed", "DefinitionErrors")
    assert "names the column 'qty'" in event["error_message"]


def test_resolving_runs_no_spark_job(spark: SparkSession, landing: str) -> None:
    tracker = spark.sparkContext.statusTracker()
    spark.sparkContext.setJobGroup("resolving", "")
    try:
        resolve(pipeline(landing, sales=TYPED.deduplicate().where("Quantity > 0").append()), spark)
        assert list(tracker.getJobIdsForGroup("resolving")) == []
    finally:
        spark.sparkContext.setLocalProperty("spark.jobGroup.id", None)  # type: ignore[arg-type]


def test_what_is_right_is_not_analysed_again_in_a_session_with_the_same_settings(
    spark: SparkSession, landing: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    analysed: list[StructType] = []
    frame = EmptyTables.frame

    def noted(tables: EmptyTables, schema: StructType) -> DataFrame:
        analysed.append(schema)
        return frame(tables, schema)

    monkeypatch.setattr(EmptyTables, "frame", noted)
    right = pipeline(landing, units=TYPED.where("Quantity > 41").append())
    wrong = pipeline(landing, units=TYPED.where("Quantity > 41").where("qty > 0").append())
    first = resolve(right, spark)
    seen = len(analysed)
    assert resolve(right, spark).schemas == first.schemas
    assert len(analysed) == seen > 0
    for _ in range(2):
        assert [type(each) for each in resolve(wrong, spark).problems] == [UnknownColumnError]
    assert len(analysed) == seen + 2, "what is wrong is told again"
    before = spark.conf.get("spark.sql.caseSensitive")
    spark.conf.set("spark.sql.caseSensitive", "true")
    try:
        assert resolve(right, spark).schemas == first.schemas
        assert len(analysed) > seen + 2
    finally:
        spark.conf.set("spark.sql.caseSensitive", before or "false")


@pytest.mark.parametrize(
    ("flow", "step"),
    [
        (TYPED.select("InvoiceNo", "InvoiceNo"), "select(InvoiceNo, InvoiceNo)"),
        (TYPED.select("InvoiceNo", "Quantity AS INVOICENO"), "select(InvoiceNo, Quantity AS INVOICENO)"),
        (TYPED.rename(Quantity="InvoiceNo"), "rename(Quantity -> InvoiceNo)"),
        (TYPED.transform("SELECT *, InvoiceNo FROM {input}"), "sql"),
        (TYPED.join("raw", on="InvoiceNo").select("*"), "join(raw, on=InvoiceNo)"),
    ],
)
def test_two_columns_of_one_name_are_refused_with_the_step_that_gives_them(
    resolved: Callable[..., Resolution], flow: Flow, step: str
) -> None:
    problems = resolved(sales=flow.append()).problems
    assert {type(problem) for problem in problems} == {DuplicateColumnError}
    assert all(f": {step} of 'sales' gives two columns of one name" in str(each) for each in problems)


def test_columns_that_meet_on_the_way_and_not_in_the_table_are_fine(
    resolved: Callable[..., Resolution],
) -> None:
    flow = TYPED.join("raw", on="InvoiceNo").select("InvoiceNo").append()
    assert [type(each) for each in resolved(sales=flow).problems] in ([], [LostCastErrorsError])


@pytest.mark.parametrize(
    ("column", "error"),
    [
        ("_errors", ReservedColumnError),
        ("_batch", ReservedColumnError),
        ("unit price", UnwritableColumnError),
        ("price (EUR)", UnwritableColumnError),
    ],
)
def test_a_name_that_a_table_can_not_hold_is_refused(
    resolved: Callable[..., Resolution], column: str, error: type[Exception]
) -> None:
    (problem,) = resolved(sales=TYPED.select(f"InvoiceNo AS `{column}`", "Quantity").append()).problems
    assert type(problem) is error
    assert "Fix: .rename(" in str(problem)


def test_a_layout_by_an_unknown_column_is_refused(spark: SparkSession, landing: str) -> None:
    options = TableOptions(partition_by=["Quantty"])
    definition = (
        DeclarativePipelineBuilder("test")
        .bronze("raw", from_files(landing, columns=SALES))
        .silver("sales", TYPED.append(), options=options)
        .build()
    )
    (problem,) = resolve(definition, spark).problems
    assert "the layout of 'sales'" in str(problem)
    assert "did you mean 'Quantity'" in str(problem)


def test_a_column_that_needs_backticks_is_shown_in_them(spark: SparkSession, landing: str) -> None:
    raw = from_files(landing, columns=["a.b", "k"])
    flow = read("raw").aggregate(by="a.b", n="count(*)").replace()
    (problem,) = resolve(
        DeclarativePipelineBuilder("test").bronze("raw", raw).gold("g", flow).build(), spark
    ).problems
    assert "Fix: write the column in backticks: `a.b`." in str(problem)


def test_braces_in_sql_are_text(resolved: Callable[..., Resolution]) -> None:
    flow = TYPED.transform("SELECT * FROM {input} WHERE InvoiceNo RLIKE '^[0-9]{6}$'").append()
    assert resolved(sales=flow).problems == ()
