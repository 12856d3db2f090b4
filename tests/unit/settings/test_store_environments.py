"""The environments in conf/: one for each store, all of them for the same pipelines."""

from __future__ import annotations

from pathlib import Path

import pytest

from lakehouse.settings import AdlsStorage, LocalStorage, S3Storage, load_settings
from lakehouse.storage import HADOOP_PACKAGES, with_spark_access
from lakehouse.storage.uris import parse_uri

FOLDER = Path(__file__).parents[3] / "conf" / "environments"


@pytest.fixture(autouse=True)
def environment(monkeypatch: pytest.MonkeyPatch) -> None:
    for variable in ("AWS_REGION", "AWS_DEFAULT_REGION", "AWS_ENDPOINT_URL", "AWS_ENDPOINT_URL_S3"):
        monkeypatch.delenv(variable, raising=False)


@pytest.mark.parametrize(
    ("name", "kind", "scheme"),
    [("local", LocalStorage, "file"), ("s3", S3Storage, "s3a"), ("adls", AdlsStorage, "abfss")],
)
def test_each_store_has_an_environment_whose_warehouse_lies_in_it(name: str, kind: type, scheme: str) -> None:
    settings = load_settings(name, folder=FOLDER)
    assert isinstance(settings.storage, kind)
    assert parse_uri(settings.warehouse).scheme == scheme


@pytest.mark.parametrize(("name", "scheme"), [("s3", "s3a"), ("adls", "abfss")])
def test_spark_gets_the_jars_and_options_for_the_store(name: str, scheme: str) -> None:
    settings = load_settings(name, folder=FOLDER)
    conf = with_spark_access(settings).spark.conf
    assert HADOOP_PACKAGES[scheme] in str(conf["spark.jars.packages"])
    assert any("aws.credentials.provider" in key or "oauth.provider.type" in key for key in conf)


def test_the_bucket_or_container_of_the_settings_is_the_warehouses() -> None:
    s3, adls = (load_settings(name, folder=FOLDER) for name in ("s3", "adls"))
    assert isinstance(s3.storage, S3Storage)
    assert isinstance(adls.storage, AdlsStorage)
    assert parse_uri(s3.warehouse).authority == s3.storage.bucket
    place = f"{adls.storage.container}@{adls.storage.account}.dfs.core.windows.net"
    assert parse_uri(adls.warehouse).authority == place


def test_a_local_environment_is_left_as_it_is() -> None:
    settings = load_settings("local", folder=FOLDER)
    assert with_spark_access(settings) is settings


def test_what_the_settings_say_of_spark_stays() -> None:
    settings = load_settings("s3", folder=FOLDER)
    region = "spark.hadoop.fs.s3a.bucket.my-lakehouse.endpoint.region"
    own = type(settings)(
        spark=type(settings.spark)(conf={region: "mine"}),
        warehouse=settings.warehouse,
        storage=settings.storage,
    )
    assert with_spark_access(own).spark.conf[region] == "mine"
