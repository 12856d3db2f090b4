"""The retail graph in Spark's own declarative pipelines (``pyspark.pipelines``), as far as they go.

They have no expectations, so the rules are filters and nothing is counted. The duplicates go by SQL:
``dropDuplicates`` on a table of the pipeline fails when the definition is loaded.
"""

from pyspark import pipelines as dp
from pyspark.sql import DataFrame, SparkSession
from pyspark.sql import functions as F

spark = SparkSession.active()

RAW = """InvoiceNo STRING, StockCode STRING, Description STRING, Quantity STRING, InvoiceDate STRING,
         UnitPrice STRING, CustomerID STRING, Country STRING"""

TYPED = """
    SELECT DISTINCT InvoiceNo, StockCode, Description,
           try_cast(Quantity AS INT) AS Quantity,
           try_cast(InvoiceDate AS TIMESTAMP) AS InvoiceDate,
           try_cast(UnitPrice AS DECIMAL(10, 3)) AS UnitPrice,
           try_cast(try_cast(CustomerID AS DECIMAL(12, 1)) AS INT) AS CustomerID,
           Country
    FROM sales_raw"""

IS_GOOD = "coalesce(Quantity > 0, false) AND coalesce(UnitPrice > 0, false)"
IS_BAD = "NOT coalesce(UnitPrice > 0, false)"


@dp.materialized_view
def sales_raw() -> DataFrame:
    files = spark.read.option("header", "true").schema(RAW).csv(spark.conf.get("landing") + "/*.csv*")
    return files.select("*", F.current_timestamp().alias("_ingested_at"))


@dp.materialized_view
def cancellations() -> DataFrame:
    return spark.sql(f"SELECT * FROM ({TYPED}) WHERE InvoiceNo LIKE 'C%'")


@dp.materialized_view
def sales() -> DataFrame:
    return spark.sql(f"""
        SELECT *, CAST(Quantity * UnitPrice AS DECIMAL(18, 3)) AS revenue, to_date(InvoiceDate) AS day
        FROM ({TYPED}) WHERE InvoiceNo NOT LIKE 'C%' AND {IS_GOOD}""")


@dp.materialized_view
def sales_quarantine() -> DataFrame:
    return spark.sql(f"SELECT * FROM ({TYPED}) WHERE InvoiceNo NOT LIKE 'C%' AND {IS_BAD}")


@dp.materialized_view
def daily_revenue() -> DataFrame:
    return spark.sql("""
        SELECT day, count(DISTINCT InvoiceNo) AS orders, sum(Quantity) AS units, sum(revenue) AS revenue
        FROM sales GROUP BY day""")


@dp.materialized_view
def customer_value() -> DataFrame:
    return spark.sql("""
        SELECT CustomerID AS customer_id, count(DISTINCT InvoiceNo) AS orders, sum(revenue) AS revenue
        FROM sales WHERE CustomerID IS NOT NULL GROUP BY CustomerID""")


@dp.materialized_view
def country_month() -> DataFrame:
    return spark.sql("""
        SELECT Country AS country, trunc(InvoiceDate, 'month') AS month,
               count(DISTINCT InvoiceNo) AS orders, sum(revenue) AS revenue
        FROM sales GROUP BY ALL""")
