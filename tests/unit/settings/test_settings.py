"""Settings come from one file an environment; what they don't know, and credentials, are refused."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from lakehouse.cli.exit_codes import ExitCode, exit_code_of
from lakehouse.errors import ConfigurationError
from lakehouse.settings import (
    AdlsStorage,
    CatalogSettings,
    LocalStorage,
    S3Storage,
    Settings,
    SparkSettings,
    load_settings,
)
from lakehouse.spark_session import SparkSessionFactory

ROOT = Path(__file__).parents[3]


def write(folder: Path, text: str) -> Path:
    (folder / "prod.yaml").write_text(text)
    return folder


def test_local_needs_no_file(tmp_path: Path) -> None:
    assert load_settings(folder=tmp_path / "none") == Settings()
    assert Settings().spark.mode == "local"


def test_the_file_of_the_local_environment_has_the_defaults() -> None:
    assert load_settings("local", folder=ROOT / "conf" / "environments") == Settings()


@pytest.mark.parametrize(
    "path", sorted((ROOT / "conf" / "environments").glob("*.yaml")), ids=lambda p: p.stem
)
def test_every_environment_in_the_repository_can_be_read(path: Path) -> None:
    assert load_settings(path.stem, folder=path.parent).warehouse


@pytest.mark.parametrize(
    ("spark", "mode"),
    [
        ("{master: 'local[4]'}", "local"),
        ("{master: local}", "local"),
        ("{master: 'spark://h:7077'}", "cluster"),
        ("{master: 'local-cluster[2,1,1024]'}", "cluster"),
        ("{master: yarn}", "cluster"),
        ("{remote: 'sc://h:15002'}", "connect"),
    ],
)
def test_the_mode_follows_from_the_address(tmp_path: Path, spark: str, mode: str) -> None:
    assert load_settings("prod", folder=write(tmp_path, f"spark: {spark}")).spark.mode == mode


@pytest.mark.parametrize(
    ("storage", "expected"),
    [
        ("{kind: local}", LocalStorage()),
        ("{kind: s3, bucket: b, region: r}", S3Storage(bucket="b", region="r")),
        ("{kind: adls, account: a, container: c}", AdlsStorage(account="a", container="c")),
    ],
)
def test_storage_is_told_apart_by_its_kind(tmp_path: Path, storage: str, expected: object) -> None:
    assert load_settings("prod", folder=write(tmp_path, f"storage: {storage}")).storage == expected


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("spark:\n  mastr: local", "prod.yaml:2: unknown key 'mastr'. Fix: did you mean 'master'?"),
        ("storage:\n  kind: s4\n  bucket: b", "prod.yaml:2: kind is 's4'. Fix: use one of adls, local, s3."),
        ("storage: {kind: s3}", "the key 'bucket' is missing"),
        ("storage: {kind: s3, bucket: b, secret_key: x}", "unknown key 'secret_key'"),
        ("warehouse: 7", "prod.yaml:1: expected a text, got the value '7'. Fix: put it in quotes."),
        ("spark: {conf: {a: [1]}}", "prod.yaml:1: expected"),
    ],
)
def test_unknown_settings_are_refused(tmp_path: Path, text: str, words: str) -> None:
    with pytest.raises(ConfigurationError) as caught:
        load_settings("prod", folder=write(tmp_path, text))
    assert words in str(caught.value)
    assert exit_code_of(caught.value) is ExitCode.WRONG_USE


@pytest.mark.parametrize(
    "key",
    [
        "spark.hadoop.fs.s3a.secret.key",
        "spark.hadoop.fs.s3a.access.key",
        "spark.hadoop.fs.s3a.session.token",
        "spark.hadoop.fs.azure.account.key.a.dfs.example",
        "spark.ssl.keyPassword",
    ],
)
def test_a_credential_is_refused_and_not_repeated(tmp_path: Path, key: str) -> None:
    with pytest.raises(ConfigurationError) as caught:
        load_settings("prod", folder=write(tmp_path, f"spark:\n  conf:\n    {key}: hunter2"))
    assert key in str(caught.value)
    assert "hunter2" not in str(caught.value)


def test_the_name_of_a_credentials_provider_is_allowed() -> None:
    SparkSettings(conf={"spark.hadoop.fs.s3a.aws.credentials.provider": "x.Y"})


def test_an_unknown_environment_is_refused_with_the_known_ones(tmp_path: Path) -> None:
    with pytest.raises(ConfigurationError, match="did you mean 'prod'"):
        load_settings("prd", folder=write(tmp_path, "{}"))


@pytest.mark.parametrize("name", ["../prod", "/etc/passwd", "", "a/b"])
def test_an_environment_name_stays_in_its_folder(tmp_path: Path, name: str) -> None:
    (tmp_path / "inner").mkdir()
    with pytest.raises(ConfigurationError, match="unknown environment"):
        load_settings(name, folder=write(tmp_path, "{}") / "inner")


@pytest.mark.parametrize(
    ("catalog", "conf"),
    [
        ("{kind: session}", {}),
        (
            "{kind: hive, uri: 'thrift://meta:9083'}",
            {
                "spark.sql.catalogImplementation": "hive",
                "spark.hadoop.hive.metastore.uris": "thrift://meta:9083",
            },
        ),
        (
            "{kind: unity, name: prod, uri: 'http://unity:8080', options: {retries: 3}}",
            {
                "spark.sql.catalog.prod": "io.unitycatalog.spark.UCSingleCatalog",
                "spark.sql.catalog.prod.uri": "http://unity:8080",
                "spark.sql.catalog.prod.retries": "3",
                "spark.sql.defaultCatalog": "prod",
            },
        ),
        (
            "{kind: spark, name: lake, plugin: org.example.Catalog, options: {cached: true}}",
            {
                "spark.sql.catalog.lake": "org.example.Catalog",
                "spark.sql.catalog.lake.cached": "true",
                "spark.sql.defaultCatalog": "lake",
            },
        ),
    ],
)
def test_a_catalog_becomes_options_of_spark(tmp_path: Path, catalog: str, conf: dict[str, str]) -> None:
    (tmp_path / "prod.yaml").write_text(f"catalog: {catalog}\n")
    settings = load_settings("prod", folder=tmp_path)
    assert settings.catalog is not None
    assert dict(settings.catalog.spark_conf) == conf
    assert settings.catalog.is_shared is (settings.catalog.kind != "session")
    options = SparkSessionFactory(settings).session_options()
    assert {key: options[key] for key in conf} == conf


@pytest.mark.parametrize(
    ("catalog", "message"),
    [
        ("{kind: hive}", "the catalog of kind 'hive' has no 'uri'"),
        ("{kind: unity, uri: 'http://u'}", "the catalog of kind 'unity' has no 'name'"),
        ("{kind: spark, name: x}", "the catalog of kind 'spark' has no 'plugin'"),
        ("{kind: unity, name: x, uri: 'http://u', options: {token: abc}}", "looks like a credential"),
        ("{kind: glue}", "expected one of 'session', 'hive', 'unity', 'spark', got the value 'glue'. Fix: "),
    ],
)
def test_a_catalog_that_lacks_something_is_refused(tmp_path: Path, catalog: str, message: str) -> None:
    (tmp_path / "prod.yaml").write_text(f"catalog: {catalog}\n")
    with pytest.raises(ConfigurationError, match=re.escape(message)) as refused:
        load_settings("prod", folder=tmp_path)
    assert "abc" not in str(refused.value)


def test_the_token_of_a_catalog_comes_from_the_environment(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("LAKEHOUSE_CATALOG_TOKEN", "from outside")
    catalog = CatalogSettings(kind="unity", name="prod", uri="http://unity:8080")
    options = SparkSessionFactory(Settings(catalog=catalog)).session_options()
    assert options["spark.sql.catalog.prod.token"] == "from outside"
