"""Start Spark: here, on a cluster, or through a Connect server. Only ``factory`` imports pyspark."""

from lakehouse.spark_session.delta_jars import DeltaJars, DeltaJarsError
from lakehouse.spark_session.factory import DeltaMissingError, SparkSessionFactory
from lakehouse.spark_session.java import Java, JavaNotFoundError, find_java

__all__ = [
    "DeltaJars",
    "DeltaJarsError",
    "DeltaMissingError",
    "Java",
    "JavaNotFoundError",
    "SparkSessionFactory",
    "find_java",
]
