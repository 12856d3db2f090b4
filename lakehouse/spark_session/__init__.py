"""Start Spark: here, on a cluster, or through a Connect server; say what a machine lacks for it.

Only ``factory`` and ``health`` import pyspark. The only table that it reads or writes is the trial of ``try_spark``.
"""

from lakehouse.spark_session.delta_jars import DeltaJars, DeltaJarsError
from lakehouse.spark_session.factory import DeltaMissingError, SparkSessionFactory, delta_packages, has_jvm
from lakehouse.spark_session.health import HealthCheck, examine, try_spark
from lakehouse.spark_session.java import Java, JavaNotFoundError, find_java
from lakehouse.spark_session.local_server import LocalServer, ServerNotStartedError, ServerState

__all__ = [
    "DeltaJars",
    "DeltaJarsError",
    "DeltaMissingError",
    "HealthCheck",
    "Java",
    "JavaNotFoundError",
    "LocalServer",
    "ServerNotStartedError",
    "ServerState",
    "SparkSessionFactory",
    "delta_packages",
    "examine",
    "find_java",
    "has_jvm",
    "try_spark",
]
