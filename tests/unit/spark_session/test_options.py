"""What a session is started with, told without starting one; and that spark-submit's file says the same."""

from __future__ import annotations

from pathlib import Path

from lakehouse.settings import Settings, SparkSettings
from lakehouse.spark_session import SparkSessionFactory
from lakehouse.spark_session.delta_jars import IVY_SETTINGS, NOT_DELTA_S_OWN
from lakehouse.spark_session.factory import delta_packages

ROOT = Path(__file__).parents[3]
DELTA = "io.delta.sql.DeltaSparkSessionExtension"


def submit_options() -> dict[str, str]:
    lines = (ROOT / "conf" / "spark-defaults.conf").read_text().splitlines()
    pairs = [line.split(maxsplit=1) for line in lines if line and not line.startswith("#")]
    return {key: value.strip() for key, value in pairs}


def test_the_settings_win_and_their_extension_joins_delta_s() -> None:
    conf = {"spark.sql.session.timeZone": "Asia/Tokyo", "spark.sql.extensions": "my.Extension"}
    options = SparkSessionFactory.local(cores=3, conf=conf).launch_options()
    assert options["spark.sql.session.timeZone"] == "Asia/Tokyo"
    assert options["spark.sql.extensions"] == f"{DELTA},my.Extension"
    assert options["spark.master"] == "local[3]"
    assert options["spark.sql.shuffle.partitions"] == "6"


def test_booleans_and_numbers_of_yaml_reach_spark_as_it_writes_them() -> None:
    settings = Settings(spark=SparkSettings(conf={"a": True, "b": 3, "c": 0.5}))
    options = SparkSessionFactory(settings).session_options()
    assert (options["a"], options["b"], options["c"]) == ("true", "3", "0.5")


def test_a_cluster_keeps_its_own_network_memory_and_partitions() -> None:
    options = SparkSessionFactory.cluster("spark://h:7077").launch_options()
    assert options["spark.master"] == "spark://h:7077"
    assert not {"spark.driver.host", "spark.driver.memory", "spark.sql.shuffle.partitions"} & options.keys()


def test_a_connect_client_asks_only_for_what_a_session_may_change() -> None:
    options = SparkSessionFactory.connect("sc://h:1").session_options()
    assert options["spark.sql.session.timeZone"] == "UTC"
    assert all(key.startswith("spark.sql.") for key in options)
    assert (
        not {"spark.sql.extensions", "spark.sql.catalog.spark_catalog", "spark.sql.warehouse.dir"}
        & options.keys()
    )


def test_a_warehouse_folder_is_absolute_and_a_url_stays() -> None:
    def given(warehouse: str) -> str:
        return SparkSessionFactory(Settings(warehouse=warehouse)).launch_options()["spark.sql.warehouse.dir"]

    assert given("w") == str(Path.cwd() / "w")
    assert given("s3a://b/w") == "s3a://b/w"


def test_spark_submit_s_file_asks_for_the_delta_that_is_installed() -> None:
    options = submit_options()
    assert options["spark.jars.packages"] == delta_packages()
    assert options["spark.jars.excludes"] == NOT_DELTA_S_OWN
    assert ROOT / options["spark.jars.ivySettings"] == IVY_SETTINGS


def test_spark_submit_s_file_says_what_the_factory_says() -> None:
    ours = SparkSessionFactory.local().launch_options()
    same = submit_options().keys() & ours.keys() - {"spark.driver.extraJavaOptions"}
    assert {"spark.sql.extensions", "spark.sql.catalog.spark_catalog"} <= same
    assert {key: submit_options()[key] for key in same} == {key: ours[key] for key in same}
