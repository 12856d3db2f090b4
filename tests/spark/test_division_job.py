"""The division job: every invoice's parts sum to the whole, against sums and shares made by plain Python."""

from __future__ import annotations

import csv
import gzip
import runpy
import shutil
from collections import defaultdict
from dataclasses import dataclass, field
from decimal import ROUND_FLOOR, Decimal
from fractions import Fraction
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from lakehouse.pipelines import RunResult, run_pipeline

if TYPE_CHECKING:
    from pyspark.sql import SparkSession

pytestmark = pytest.mark.spark

ROOT = Path(__file__).parents[2]
SHIPPING = {"POST", "DOT", "C2"}
CENT = Decimal("0.01")
HEADER = "InvoiceNo,StockCode,Description,Quantity,InvoiceDate,UnitPrice,CustomerID,Country\n"
BAD_ROWS = """\
Z1,A,no quantity,0,2010-12-01 08:26:00,2.50,1,France
Z1,B,fine by itself,3,2010-12-01 08:26:00,1.00,1,France
Z2,A,too dear,1,2010-12-01 08:26:00,99999999999999999.999,1,France
Z3,POST,shipping alone,1,2010-12-01 08:26:00,18.00,1,France
Z4,A,worth nothing,1,2010-12-01 08:26:00,0.00,1,France
Z4,POST,for nothing,1,2010-12-01 08:26:00,5.00,1,France
Z5,A,taken back,-1,2010-12-01 08:26:00,2.00,1,France
Z5,B,kept,2,2010-12-01 08:26:00,2.00,1,France
Z5,POST,shipped,1,2010-12-01 08:26:00,5.00,1,France
Z6,A,goods,1,2010-12-01 08:26:00,2.00,1,France
Z6,POST,below a cent,1,2010-12-01 08:26:00,1.005,1,France
Y1,A,thirds,3,2010-12-01 08:26:00,10.00,1,France
Y1,B,sevenths,7,2010-12-01 08:26:00,10.00,1,France
Y1,POST,shipped,1,2010-12-01 08:26:00,10.00,1,France
"""


@dataclass(kw_only=True)
class Invoice:
    amounts: list[Decimal] = field(default_factory=list)
    shipping: Decimal = Decimal(0)

    @property
    def discount(self) -> Decimal:
        goods = sum(self.amounts)
        return (goods * 25 / 1000).quantize(CENT, ROUND_FLOOR) if goods >= 500 else Decimal(0)


def invoices_of(files: list[Path]) -> dict[str, Invoice]:
    """Read by the csv module; of equal lines one counts, cancellations don't."""
    invoices: dict[str, Invoice] = defaultdict(Invoice)
    seen = set()
    for path in files:
        with gzip.open(path, "rt", encoding="utf-8", newline="") as lines:
            for line in csv.DictReader(lines):
                values = tuple(line.values())
                if values in seen or line["InvoiceNo"].startswith("C"):
                    continue
                seen.add(values)
                invoice = invoices[line["InvoiceNo"]]
                amount = int(line["Quantity"]) * Decimal(line["UnitPrice"])
                if line["StockCode"] in SHIPPING:
                    invoice.shipping += amount
                else:
                    invoice.amounts.append(amount)
    return invoices


def run(spark: SparkSession, landing: Path, warehouse: Path) -> RunResult:
    definition = runpy.run_path(str(ROOT / "jobs" / "division.py"))["pipeline"]
    result = run_pipeline(definition, spark=spark, warehouse=warehouse, variables={"landing": str(landing)})
    assert result.failures == ()
    return result


@dataclass(frozen=True, slots=True, kw_only=True)
class Landed:
    files: list[Path]
    lines: list[Any]
    quarantined: list[Any]
    invoices: list[Any]


@pytest.fixture(scope="module")
def landed(spark: SparkSession, tmp_path_factory: pytest.TempPathFactory) -> Landed:
    landing, warehouse = tmp_path_factory.mktemp("landing"), tmp_path_factory.mktemp("warehouse")
    smallest = min((ROOT / "data" / "retail").glob("*.csv.gz"), key=lambda path: path.stat().st_size)
    files = [Path(shutil.copy(smallest, landing))]
    (landing / "bad.csv").write_text(HEADER + BAD_ROWS, "utf-8")
    run(spark, landing, warehouse)
    return tables_of(spark, warehouse, files)


def tables_of(spark: SparkSession, warehouse: Path, files: list[Path]) -> Landed:
    def rows(place: str) -> list[Any]:
        return spark.read.format("delta").load(str(warehouse / place)).collect()

    return Landed(
        files=files,
        lines=rows("silver/landed_lines"),
        quarantined=rows("silver/landed_lines_quarantine"),
        invoices=rows("gold/invoice_costs"),
    )


def test_the_parts_of_every_invoice_sum_to_the_whole(landed: Landed) -> None:
    assert_parts_are_whole(landed)


def assert_parts_are_whole(landed: Landed) -> None:
    expected = {number: invoice for number, invoice in invoices_of(landed.files).items() if invoice.amounts}
    got = defaultdict(list)
    for line in landed.lines:
        got[line.InvoiceNo].append(line)
    got.pop("Y1", None)
    assert set(got) == set(expected)
    for number, invoice in expected.items():
        lines = got[number]
        assert sorted(line.amount for line in lines) == sorted(invoice.amounts)
        assert sum(line.shipping_part for line in lines) == invoice.shipping
        assert sum(line.discount_part for line in lines) == invoice.discount
        assert (
            sum(line.landed for line in lines) == sum(invoice.amounts) + invoice.shipping - invoice.discount
        )
        for line in lines:
            for part, whole in (
                (line.shipping_part, invoice.shipping),
                (line.discount_part, invoice.discount),
            ):
                share = Fraction(whole) * Fraction(line.amount) / (Fraction(sum(invoice.amounts)) or 1)
                assert abs(Fraction(part) - share) < Fraction(1, 100)


def test_a_unit_price_times_its_quantity_is_the_landed_amount(landed: Landed) -> None:
    for line in landed.lines:
        assert line.unit_thousandths * line.Quantity + line.unit_rest == line.landed * 1000
        whole, _, digits = line.unit_price.partition(".")
        prefix, _, period = digits.rstrip(")").partition("(")
        value = Fraction(abs(int(whole))) + Fraction(int(prefix or 0), 10 ** len(prefix))
        if period:
            value += Fraction(int(period), 10 ** len(prefix) * (10 ** len(period) - 1))
        assert value == abs(Fraction(line.landed) / line.Quantity)
        assert line.period_length == len(period)


def test_the_result_of_each_invoice_is_its_lines_sum(landed: Landed) -> None:
    assert {row.InvoiceNo for row in landed.invoices} == {line.InvoiceNo for line in landed.lines}
    for row in landed.invoices:
        assert (row.shipping_parts, row.discount_parts) == (row.shipping, row.discount)
        assert row.landed == row.goods + row.shipping - row.discount


def test_thirds_and_sevenths_are_written_with_their_period(landed: Landed) -> None:
    lines = {line.StockCode: line for line in landed.lines if line.InvoiceNo == "Y1"}
    assert {code: line.shipping_part for code, line in lines.items()} == {"A": Decimal(3), "B": Decimal(7)}
    assert {code: line.unit_price for code, line in lines.items()} == {"A": "11", "B": "11"}
    assert [line.unit_price for line in landed.lines if line.period_length == 6]


def test_zero_divisors_and_overflows_are_quarantined_with_their_reason(landed: Landed) -> None:
    broken: dict[tuple[str, str | None], set[str]] = {}
    for row in landed.quarantined:
        broken[row.InvoiceNo, row.StockCode] = {error.rule for error in row._errors} | {row.error or ""}
    assert {key: reasons - {""} for key, reasons in broken.items() if key[0].startswith("Z")} == {
        ("Z1", "A"): {"divided", "division by zero"},
        ("Z1", "B"): {"divided"},
        ("Z2", "A"): {"divided", "overflow"},
        ("Z3", None): {"has_goods", "allocated"},
        ("Z4", "A"): {"allocated"},
        ("Z5", "A"): {"allocated"},
        ("Z5", "B"): {"allocated"},
        ("Z6", "A"): {"allocated"},
    }


@pytest.mark.slow
def test_the_parts_of_every_invoice_of_all_days_sum_to_the_whole(spark: SparkSession, tmp_path: Path) -> None:
    landing = ROOT / "data" / "retail"
    run(spark, landing, tmp_path)
    assert_parts_are_whole(tables_of(spark, tmp_path, sorted(landing.glob("*.csv.gz"))))
    assert run(spark, landing, tmp_path).status == "nothing new"
