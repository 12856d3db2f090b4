"""A definition in YAML is the one that Python gives, and what is wrong in it is said with file, line and a way out."""

from __future__ import annotations

from pathlib import Path

import pytest

from lakehouse.pipelines import DeclarativePipelineBuilder, PipelineDefinition, TableOptions, from_files, read
from lakehouse.pipelines.declare.yaml import read_yaml_definition
from lakehouse.strict_yaml import YamlError

SALES = {"InvoiceNo": "string", "Quantity": "int"}

YAML = """\
name: retail
variables:
  landing: data/retail
schemas:
  sales: {InvoiceNo: string, Quantity: int}
flows:
  typed:
    read: {table: sales_raw, incremental: true}
    steps:
      - cast: {schema: sales}
      - deduplicate: {}
tables:
  - name: sales_raw
    layer: bronze
    flow:
      from_files: {pattern: "${landing}/*.csv", columns: sales}
  - name: cancellations
    layer: silver
    flow: {flow: typed, steps: [{where: "InvoiceNo LIKE 'C%'"}]}
    write: append
  - name: sales
    layer: silver
    flow:
      flow: typed
      steps:
        - where: "InvoiceNo NOT LIKE 'C%'"
        - sql: "SELECT *, 2 * Quantity AS double FROM {input}"
        - transform: tests.unit.pipelines.declare.transformations:positive
      expect: {known: "InvoiceNo IS NOT NULL"}
      expect_or_drop: {units: "Quantity > 0"}
      expect_or_quarantine: {few: "Quantity < 1000"}
      expect_or_fail: {some: "Quantity IS NOT NULL"}
    write: append
  - name: totals
    layer: gold
    flow:
      read: {table: sales}
      steps:
        - rename: {InvoiceNo: invoice}
        - select: [invoice, Quantity]
        - join: {table: cancellations, on: [Quantity]}
        - aggregate: {by: [invoice], measures: {units: sum(Quantity)}}
    write: replace
  - name: latest
    layer: silver
    flow:
      read: {table: sales}
      steps: [{deduplicate: {keys: [InvoiceNo], keep: latest, order_by: Quantity}}]
    write: {merge: [InvoiceNo]}
  - name: recent
    layer: silver
    flow:
      read: {table: sales, incremental: true}
      steps: [{deduplicate: {keys: [InvoiceNo], within: 30 days, order_by: day}}]
    write: append
"""


@pytest.fixture
def file(tmp_path: Path) -> Path:
    return tmp_path / "retail.yaml"


def read_text(file: Path, text: str) -> PipelineDefinition:
    file.write_text(text, encoding="utf-8")
    return read_yaml_definition(file)


def test_yaml_and_python_give_the_same_definition(file: Path) -> None:
    from tests.unit.pipelines.declare.transformations import positive

    typed = read("sales_raw", incremental=True).cast(SALES).deduplicate()
    expected = (
        DeclarativePipelineBuilder("retail")
        .variable("landing", default="data/retail")
        .bronze("sales_raw", from_files("${landing}/*.csv", columns=SALES))
        .silver("cancellations", typed.where("InvoiceNo LIKE 'C%'").append())
        .silver(
            "sales",
            typed.where("InvoiceNo NOT LIKE 'C%'")
            .transform("SELECT *, 2 * Quantity AS double FROM {input}")
            .transform(positive)
            .expect("known", "InvoiceNo IS NOT NULL")
            .expect_or_drop("units", "Quantity > 0")
            .expect_or_quarantine("few", "Quantity < 1000")
            .expect_or_fail("some", "Quantity IS NOT NULL")
            .append(),
        )
        .gold(
            "totals",
            read("sales")
            .rename(InvoiceNo="invoice")
            .select("invoice", "Quantity")
            .join("cancellations", on="Quantity")
            .aggregate(by="invoice", units="sum(Quantity)")
            .replace(),
        )
        .silver(
            "latest",
            read("sales").deduplicate("InvoiceNo", keep="latest", order_by="Quantity").merge("InvoiceNo"),
        )
        .silver(
            "recent",
            read("sales", incremental=True)
            .deduplicate("InvoiceNo", within="30 days", order_by="day")
            .append(),
        )
        .build()
    )
    assert read_text(file, YAML) == expected


def test_every_part_knows_its_line(file: Path) -> None:
    sales = read_text(file, YAML).tables[2]
    assert str(sales.location) == f"{file}:21"
    assert [step.location.line for step in sales.flow.steps] == [10, 11, 26, 27, 28]
    assert [rule.location.line for rule in sales.flow.expectations] == [29, 30, 31, 32]


@pytest.mark.parametrize(
    ("change", "line", "message"),
    [
        (("layer: bronze", "layr: bronze"), 14, "did you mean 'layer'"),
        (
            ("incremental: true", "incremental: often"),
            8,
            "got the value 'often'. Fix: write true or false.",
        ),
        (("columns: sales", "columns: sails"), 16, "did you mean 'sales'"),
        (("{flow: typed, steps", "{flow: typd, steps"), 19, "did you mean 'typed'"),
        (('- where: "InvoiceNo NOT', '- were: "InvoiceNo NOT'), 26, "did you mean 'where'"),
        (("transformations:positive", "transformations:positiv"), 28, "can't be imported"),
        (("write: replace", "write: replaces"), 43, "replace"),
        (("read: {table: sales}\n      steps:\n", "steps:\n"), 36, "exactly one is expected, found none"),
    ],
)
def test_what_is_wrong_is_said_with_its_line_and_a_suggestion(
    file: Path, change: tuple[str, str], line: int, message: str
) -> None:
    with pytest.raises(YamlError) as error:
        read_text(file, YAML.replace(*change, 1))
    assert any(f"{file}:{line}: " in each and message in each for each in str(error.value).splitlines()), (
        error.value
    )


def test_several_faults_come_at_once(file: Path) -> None:
    with pytest.raises(YamlError) as error:
        read_text(
            file, YAML.replace("layer: bronze", "layr: bronze").replace("write: replace", "wrte: replace")
        )
    assert "layr" in str(error.value)
    assert "wrte" in str(error.value)


def test_yaml_says_what_a_function_depends_on_and_how_a_table_is_refreshed(file: Path) -> None:
    from tests.unit.pipelines.declare.transformations import positive

    function = "tests.unit.pipelines.declare.transformations:positive"
    text = f"""
name: retail
tables:
  - name: totals
    layer: gold
    flow:
      read: {{table: sales}}
      steps:
        - transform: {{function: "{function}", per: row}}
        - transform: {{function: "{function}", per: [Country, day]}}
    options: {{refresh_policy: incremental}}
    write: replace
"""
    flow = read("sales").transform(positive, per="row").transform(positive, per=("Country", "day")).replace()
    options = TableOptions(refresh_policy="incremental")
    expected = DeclarativePipelineBuilder("retail").gold("totals", flow, options=options).build()
    assert read_text(file, text) == expected
    with pytest.raises(YamlError, match=r"one of .*\'full\', got the value \'sometimes\'\. Fix: "):
        read_text(file, text.replace("incremental", "sometimes"))
