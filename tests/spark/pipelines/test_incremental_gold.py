"""Gold that is brought up to date from new rows is what all rows give, and says when it reads all of them."""

from __future__ import annotations

import datetime as dt
import shutil
from collections.abc import Iterator, Mapping
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from pyspark.sql import Column, DataFrame, SparkSession
from pyspark.sql import functions as F

from lakehouse.delta_log import TransactionManager, col
from lakehouse.pipelines import DefinitionErrors, read
from lakehouse.pipelines.refresh.groups import choice
from tests.spark.pipelines.growing import Growing
from tests.stopping import StopAfter

pytestmark = pytest.mark.spark


@pytest.fixture(autouse=True, scope="module")
def every_source_is_worth_it() -> Iterator[None]:
    """As if the few rows of a test were many: groups are kept of them."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(choice, "_WORTH_KEEPING_BYTES", 0)
        yield


def bought(sales: DataFrame) -> DataFrame:
    """What each shop sold: a function that looks at all rows of a shop."""
    return sales.groupBy("shop").agg(
        F.count_distinct("id").alias("sales"), F.max_by("price", "id").alias("last")
    )


TABLES = {
    "daily": read("sales")
    .where("units > 0")
    .aggregate(
        by="day",
        sales="count(*)",
        weighed="count(weight)",
        units="sum(units)",
        revenue="sum(units * price)",
        mean_price="avg(price)",
        mean_units="avg(units)",
        rate="round(sum(units * price) / count(*), 2)",
        paid="sum(price) FILTER (WHERE paid)",
        any_paid="bool_or(paid)",
        dear="count_if(price > 5)",
        least="min(shop)",
        heaviest="max(weight)",
    )
    .replace(),
    "shops": read("sales")
    .select("shop", "at", "units + 0 AS pieces", "price")
    .aggregate(
        by=("shop", "date_trunc('month', at) AS month"), pieces="sum(pieces)", top="max(price)", n="count(1)"
    )
    .where("pieces <> 3")
    .join("names", on="shop")
    .expect_or_drop("some", "n > 1")
    .expect_or_quarantine("named", "name IS NOT NULL")
    .replace(),
    "visits": read("sales")
    .rename(units="pieces")
    .aggregate(
        by=("shop", "to_date(at) AS visited"),
        ids="count(DISTINCT id)",
        middle="percentile(pieces, 0.5)",
        prices="sort_array(collect_set(price))",
        mean_price="avg(price)",
    )
    .where("ids <> 2")
    .replace(),
    "seen": read("sales")
    .aggregate(
        by=("shop", "day AS since"),
        prices="count(DISTINCT price)",
        weights="count(DISTINCT weight)",
        pairs="count(DISTINCT units, weight) + count(DISTINCT units) FILTER (WHERE paid)",
        n="count(*)",
    )
    .replace(),
    "by_name": read("sales")
    .join("names", on="shop", how="inner")
    .aggregate(by="name", n="count(*)")
    .replace(),
    "bought": read("sales").where("shop IS NOT NULL").transform(bought, per="shop").replace(),
    "total": read("sales")
    .aggregate(n="count(*)", revenue="sum(price)", first="min(day)", shops="count(DISTINCT shop)")
    .replace(),
}

ORACLES = {
    "gold/daily": """SELECT day, count(*), count(weight), sum(units), sum(units * price), avg(price), avg(units),
        round(sum(units * price) / count(*), 2), sum(price) FILTER (WHERE paid), bool_or(paid), count_if(price > 5),
        min(shop), max(weight) FROM {sales} WHERE units > 0 GROUP BY day""",
    "gold/shops": """SELECT s.*, name FROM (SELECT shop, date_trunc('month', at), sum(units) AS pieces, max(price),
        count(*) AS n FROM {sales} GROUP BY ALL) s JOIN {names} USING (shop) WHERE pieces <> 3 AND n > 1""",
    "gold/visits": """SELECT shop, to_date(at), count(DISTINCT id) AS ids, percentile(units, 0.5),
        sort_array(collect_set(price)), avg(price) FROM {sales} GROUP BY ALL HAVING ids <> 2""",
    "gold/seen": """SELECT shop, day, count(DISTINCT price), count(DISTINCT weight),
        count(DISTINCT units, weight) + count(DISTINCT units) FILTER (WHERE paid), count(*)
        FROM {sales} GROUP BY ALL""",
    "gold/by_name": "SELECT name, count(*) FROM {sales} JOIN {names} USING (shop) GROUP BY name",
    "gold/bought": """SELECT shop, count(DISTINCT id), max_by(price, id) FROM {sales}
        WHERE shop IS NOT NULL GROUP BY shop""",
    "gold/total": "SELECT count(*), sum(price), min(day), count(DISTINCT shop) FROM {sales}",
}
"""What each table must hold: the same question, asked of all rows at once."""

SET_ASIDE = """SELECT shop, sum(units) AS pieces, count(*) AS n FROM {sales} LEFT ANTI JOIN {names} USING (shop)
    GROUP BY shop, date_trunc('month', at) HAVING pieces <> 3"""


def sale(
    number: int, *, shop: str | None = "a", day: int | None = 0, units: int = 1, price: str = "1.5"
) -> dict:
    at = dt.datetime(2024, 1, 28, 23, tzinfo=dt.UTC) + dt.timedelta(days=day or 0)
    return {
        "id": number,
        "shop": shop,
        "day": None if day is None else at.date(),
        "at": at,
        "units": units,
        "price": Decimal(price),
        "weight": None if units == 2 else number / 4,
        "paid": number % 3 == 0 if number % 7 else None,
    }


@pytest.fixture
def lake(spark: SparkSession, tmp_path: Path) -> Growing:
    lake = Growing(spark, tmp_path)
    lake.name(a="Anna", b="Bert")
    return lake


def check(lake: Growing) -> None:
    """Compare every table with what all rows give."""
    for table, query in ORACLES.items():
        assert lake.rows(table) == lake.sql(query), table
    if (lake.warehouse / "gold/shops_quarantine").exists():
        aside = lake.spark.read.format("delta").load(str(lake.warehouse / "gold/shops_quarantine"))
        found = sorted((tuple(row) for row in aside.select("shop", "pieces", "n").collect()), key=repr)
        assert found == lake.sql(SET_ASIDE)


def hows(lake: Growing, result: Any) -> set[str]:
    refreshes = [lake.refresh(result, name) for name in TABLES]
    return {str(each.inputs.get("refresh", "")).partition(":")[0] for each in refreshes}


def test_new_rows_change_their_groups_and_no_others(lake: Growing) -> None:
    definition = lake.definition(TABLES)
    lake.add(
        sale(1),
        sale(2, units=2),
        sale(3, day=1, shop=None, price="7.125"),
        sale(4, shop="b", day=None, units=-1),
        sale(10, shop="d", day=5),
    )
    lake.run(definition, *TABLES)
    lake.add(sale(5, day=2), sale(6, shop="c", units=2), sale(7, shop="c"), sale(1, price="2.333"), files=2)
    lake.add(sale(8, shop=None, day=1), sale(9, shop="b", day=None, price="0.001"))
    result = lake.run(definition, *TABLES)
    check(lake)
    assert hows(lake, result) == {"incremental"}
    daily, shops = lake.refresh(result, "daily"), lake.refresh(result, "shops")
    assert (daily.details["groups"], daily.details["groups_touched"]) == (5, 4)
    assert (shops.details["groups"], shops.details["groups_touched"]) == (5, 4)
    assert shops.tally.rows_in == shops.tally.written + shops.tally.dropped + shops.tally.quarantined
    assert [(each.rows_in, each.rows_out) for each in daily.steps] == [(6, 6)]
    assert lake.run(definition, *TABLES).status == "nothing new"
    states = [path.name for path in (lake.warehouse / "system/groups/gold/daily").glob("*.json")]
    assert len(states) == 2


def rows_of_sales() -> st.SearchStrategy[list[dict]]:
    prices = st.decimals("-99999.999", "99999.999", places=3).map(str)
    shops, days = st.sampled_from(["a", "b", "c", None]), st.sampled_from([0, 1, 2, 40, None])
    one = st.builds(sale, st.integers(1, 12), shop=shops, day=days, units=st.integers(-2, 4), price=prices)
    return st.lists(one, min_size=1, max_size=6)


@pytest.mark.slow
@pytest.mark.timeout(1800)
@settings(
    max_examples=6,
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)
@given(history=st.lists(st.tuples(rows_of_sales(), st.booleans()), min_size=3, max_size=7))
def test_any_history_cut_anywhere_gives_what_all_rows_give(
    spark: SparkSession, tmp_path: Path, history: list[tuple[list[dict], bool]]
) -> None:
    lake = Growing(spark, tmp_path)
    lake.name(a="Anna", b="Bert")
    definition = lake.definition(TABLES)
    for rows, cut in history:
        lake.add(*rows)
        if cut:
            lake.run(definition, *TABLES)
    lake.run(definition, *TABLES)
    check(lake)


# When all rows are read

ONE = {
    "daily": read("sales")
    .join("names", on="shop")
    .aggregate(by=("day", "name"), n="count(*)", revenue="sum(price)")
    .replace()
}
ONE_ORACLE = """SELECT day, name, count(*), sum(price) FROM {sales} LEFT JOIN {names} USING (shop)
    GROUP BY day, name"""


def how(lake: Growing, tables: Mapping[str, Any] = ONE, policy: str = "auto") -> str:
    """Take a new sale, check the result, and return what the refresh says of itself."""
    lake.add(sale(100))
    result = lake.run(lake.definition(tables, policy=policy), "daily")
    assert lake.rows("gold/daily") == lake.sql(ONE_ORACLE)
    return str(lake.refresh(result, "daily").inputs.get("refresh"))


def notes(lake: Growing) -> list[Path]:
    return sorted((lake.warehouse / "system/groups/gold/daily").glob("*.json"))


@pytest.mark.slow
def test_whatever_is_more_than_new_rows_reads_all_rows_and_says_so(lake: Growing) -> None:
    lake.add(sale(1), sale(2, shop="b", day=1), files=2)
    assert how(lake) == "None"
    assert how(lake) == "incremental: sales has new rows in versions 2 to 2 (2 groups are kept)"

    with TransactionManager().transaction(str(lake.warehouse / "silver/sales")) as transaction:
        transaction.delete(col("id") == 2)
    assert how(lake) == "whole: sales has not only been appended to: version 3 took data files away"
    assert how(lake).startswith("incremental")

    lake.name(c="Carl")
    assert how(lake) == "whole: names, which it joins, was at version 0"
    assert how(lake).startswith("incremental")

    assert how(lake, policy="full") == "whole: its refresh_policy is 'full'"
    assert "are not kept" in how(lake)
    other = {"daily": ONE["daily"].expect("some", "n > 0")}
    assert how(lake, other) == "whole: its definition changed"
    assert how(lake, other).startswith("incremental")

    shutil.rmtree(lake.warehouse / "system/groups")
    assert "are not kept" in how(lake, other)
    for folder in (lake.warehouse / "system/groups/gold/daily").glob("*/_lakehouse_staging/*"):
        for file in folder.glob("*.parquet"):
            file.write_bytes(file.read_bytes()[:-20])
    assert "are not kept" in how(lake, other)
    for note in notes(lake):
        note.write_text("{")
    assert "are not kept" in how(lake, other)

    shutil.rmtree(lake.warehouse / "silver/sales")
    lake.add(sale(7))
    assert how(lake, other) == "whole: sales has been replaced since"
    lake.spark.conf.set("spark.sql.session.timeZone", "Asia/Tokyo")
    try:
        assert how(lake, other).startswith(
            "whole: spark.sql.session.timeZone was 'UTC' when groups were kept"
        )
    finally:
        lake.spark.conf.unset("spark.sql.session.timeZone")


@pytest.mark.slow
@pytest.mark.parametrize("table", ["seen", "daily", "visits"])
def test_a_run_that_stops_behind_its_groups_counts_no_row_twice(lake: Growing, table: str) -> None:
    definition = lake.definition({table: TABLES[table]})
    query = ORACLES[f"gold/{table}"]
    lake.add(sale(1), sale(2, units=2))
    lake.run(definition, table)
    lake.add(sale(3), sale(4, day=1))
    for step in ("batch", "validate", "quarantine"):
        assert lake.run(definition, table, listener=StopAfter(step)).failures
    lake.add(sale(5, day=1))
    result = lake.run(definition, table)
    assert lake.rows(f"gold/{table}") == lake.sql(query)
    refreshes = result.outcomes[table].refreshes  # type: ignore[union-attr]
    assert [str(each.inputs["refresh"]).partition(":")[0] for each in refreshes] == ["incremental"]
    assert [each.details["groups_touched"] for each in refreshes] == [2], (
        "the waiting batch is decided afresh"
    )
    # The kept groups of a batch that another definition replaced are those of no batch.
    lake.add(sale(6, day=1))
    assert lake.run(definition, table, listener=StopAfter("validate")).failures
    changed = lake.definition({table: TABLES[table].expect("any", "true")})
    lake.run(changed, table)
    lake.add(sale(7))
    assert lake.run(changed, table).status == "ok"
    assert lake.rows(f"gold/{table}") == lake.sql(query)


def this_year() -> Column:
    return F.year("day") <= F.year(F.current_date())


def test_a_condition_that_only_sparks_plan_shows_to_tell_the_time_reads_all_rows(lake: Growing) -> None:
    hidden = read("sales").where(lambda: this_year()).aggregate(by="day", n="count(*)").replace()
    definition = lake.definition({"daily": hidden})
    for number in range(2):
        lake.add(sale(number))
        result = lake.run(definition, "daily")
    assert lake.refresh(result, "daily").inputs["refresh"] == "whole: the groups of batch 0 are not kept"
    assert lake.rows("gold/daily") == lake.sql("SELECT day, count(*) FROM {sales} GROUP BY day")


def test_a_step_in_the_way_is_an_error_only_where_new_rows_are_demanded(lake: Growing) -> None:
    def any_rows(frame: DataFrame) -> DataFrame:
        return frame

    opaque = {"daily": read("sales").transform(any_rows).aggregate(by="day", n="count(*)").replace()}
    lake.add(sale(1))
    with pytest.raises(
        DefinitionErrors, match=r"daily.*transform\(any_rows\) may look at all rows.*per='row'"
    ):
        lake.run(lake.definition(opaque, policy="incremental"), "daily")
    with pytest.raises(DefinitionErrors, match="tables in the layer 'silver'"):
        lake.run(lake.definition(ONE, policy="incremental", layer="silver"), "daily")
    nameless = {"daily": read("sales").transform(lambda frame: frame.drop("shop"), per="shop").replace()}
    with pytest.raises(DefinitionErrors, match="its result has no column 'shop', which per names"):
        lake.run(lake.definition(nameless), "daily")
    lake.run(lake.definition(ONE, policy="incremental"), "daily")
    with pytest.raises(DefinitionErrors, match="have refresh_policy='never'"):
        lake.run(lake.definition(ONE, policy="never"), "daily")
