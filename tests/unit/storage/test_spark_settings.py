"""The options by which Spark reaches the same places, as values; the names are Hadoop's own documentation's."""

from __future__ import annotations

import pytest

from lakehouse.settings import AdlsStorage, S3Storage, SparkSettings
from lakehouse.storage import InvalidEndpointError, InvalidUriError, spark_settings

ABFSS = "abfss://container@account.dfs.core.windows.net/warehouse"
ASKED = [
    "AWS_REGION",
    "AWS_DEFAULT_REGION",
    "AWS_ENDPOINT_URL",
    "AWS_ENDPOINT_URL_S3",
    "AZURE_CLIENT_ID",
    "AZURE_TENANT_ID",
    "AZURE_FEDERATED_TOKEN_FILE",
]
SECRETS = [
    "AWS_ACCESS_KEY_ID",
    "AWS_SECRET_ACCESS_KEY",
    "AWS_SESSION_TOKEN",
    "AZURE_STORAGE_ACCOUNT_KEY",
    "AZURE_STORAGE_SAS_TOKEN",
    "AZURE_CLIENT_SECRET",
    "AZURE_STORAGE_TOKEN",
]
CHAIN = "software.amazon.awssdk.auth.credentials.DefaultCredentialsProvider"


@pytest.fixture(autouse=True)
def environment(monkeypatch: pytest.MonkeyPatch) -> pytest.MonkeyPatch:
    for variable in ASKED:
        monkeypatch.delenv(variable, raising=False)
    return monkeypatch


def test_a_bucket_of_amazons_needs_its_credentials_chain_and_region() -> None:
    settings = S3Storage(bucket="bucket", region="eu-central-1")
    assert spark_settings("s3://bucket/warehouse", settings=settings) == {
        "spark.hadoop.fs.s3a.bucket.bucket.aws.credentials.provider": CHAIN,
        "spark.hadoop.fs.s3a.bucket.bucket.endpoint.region": "eu-central-1",
    }


def test_a_server_of_ones_own_is_reached_by_its_address_with_the_bucket_in_the_path() -> None:
    settings = S3Storage(bucket="bucket", endpoint="http://127.0.0.1:9000")
    assert spark_settings("s3a://bucket/warehouse", settings=settings) == {
        "spark.hadoop.fs.s3a.bucket.bucket.aws.credentials.provider": CHAIN,
        "spark.hadoop.fs.s3a.bucket.bucket.endpoint": "http://127.0.0.1:9000",
        "spark.hadoop.fs.s3a.bucket.bucket.endpoint.region": "us-east-1",
        "spark.hadoop.fs.s3a.bucket.bucket.path.style.access": "true",
        "spark.hadoop.fs.s3a.bucket.bucket.connection.ssl.enabled": "false",
    }


def test_the_environment_says_what_the_settings_do_not(environment: pytest.MonkeyPatch) -> None:
    environment.setenv("AWS_REGION", "eu-west-1")
    environment.setenv("AWS_ENDPOINT_URL", "https://minio.example")
    options = spark_settings("s3a://bucket")
    assert options["spark.hadoop.fs.s3a.bucket.bucket.endpoint.region"] == "eu-west-1"
    assert options["spark.hadoop.fs.s3a.bucket.bucket.endpoint"] == "https://minio.example"
    assert options["spark.hadoop.fs.s3a.bucket.bucket.connection.ssl.enabled"] == "true"


def test_options_of_two_places_go_together() -> None:
    first, second = spark_settings("s3a://one/x"), spark_settings("s3a://two/x")
    assert not first.keys() & second.keys()


def test_a_machine_of_azures_shows_its_managed_identity(environment: pytest.MonkeyPatch) -> None:
    environment.setenv("AZURE_TENANT_ID", "a-tenant")
    host = "account.dfs.core.windows.net"
    assert spark_settings(ABFSS) == {
        f"spark.hadoop.fs.azure.account.auth.type.{host}": "OAuth",
        f"spark.hadoop.fs.azure.account.oauth.provider.type.{host}": (
            "org.apache.hadoop.fs.azurebfs.oauth2.MsiTokenProvider"
        ),
        f"spark.hadoop.fs.azure.account.oauth2.msi.tenant.{host}": "a-tenant",
    }


def test_a_pod_shows_its_workload_identity(environment: pytest.MonkeyPatch) -> None:
    environment.setenv("AZURE_CLIENT_ID", "a-client")
    environment.setenv("AZURE_FEDERATED_TOKEN_FILE", "/var/run/token")
    host = "account.dfs.core.windows.net"
    options = spark_settings(ABFSS, settings=AdlsStorage(account="account", container="container"))
    assert options[f"spark.hadoop.fs.azure.account.oauth.provider.type.{host}"].endswith(
        "WorkloadIdentityTokenProvider"
    )
    assert options[f"spark.hadoop.fs.azure.account.oauth2.client.id.{host}"] == "a-client"
    assert options[f"spark.hadoop.fs.azure.account.oauth2.token.file.{host}"] == "/var/run/token"


def test_the_options_never_contain_a_credential(environment: pytest.MonkeyPatch) -> None:
    for variable in SECRETS:
        environment.setenv(variable, "SECRET")
    options = spark_settings("s3a://bucket") | spark_settings(ABFSS)
    assert "SECRET" not in str(options)
    assert SparkSettings(conf=options).conf == options, "the settings take them: none looks like a credential"


def test_a_local_path_needs_no_options() -> None:
    assert spark_settings("/data/warehouse") == spark_settings("file:///data/warehouse") == {}


def test_what_can_not_be_reached_is_refused() -> None:
    with pytest.raises(InvalidUriError):
        spark_settings("gs://bucket/x")
    with pytest.raises(InvalidUriError):
        spark_settings("abfss://container@host/x")
    with pytest.raises(InvalidEndpointError):
        spark_settings("s3a://b0", settings=S3Storage(bucket="b0", endpoint="http://user:SECRET@host"))
