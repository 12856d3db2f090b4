"""The options by which a Spark session reaches what a storage service reaches: values only, no Spark.

No credential is among them: Spark asks the same chains that the services ask, in its own processes.
"""

from __future__ import annotations

import dataclasses
import os
from collections.abc import Mapping
from urllib.parse import urlsplit

from lakehouse.settings import S3Storage, Settings, StorageSettings
from lakehouse.storage.endpoints import client_options_for
from lakehouse.storage.errors import InvalidUriError
from lakehouse.storage.schemes import adls_place, known_settings
from lakehouse.storage.uris import Location, parse_uri

__all__ = ["HADOOP_PACKAGES", "spark_settings", "with_spark_access"]

HADOOP_PACKAGES: Mapping[str, str] = {
    "s3a": "org.apache.hadoop:hadoop-aws:3.5.0",
    "abfss": "org.apache.hadoop:hadoop-azure:3.5.0",
}
"""The jar that Spark needs on its class path for a scheme, in the version of Spark's own Hadoop."""

_AWS_CHAIN = "software.amazon.awssdk.auth.credentials.DefaultCredentialsProvider"
_AZURE_OAUTH = "org.apache.hadoop.fs.azurebfs.oauth2"


def spark_settings(uri: str, *, settings: StorageSettings | None = None) -> dict[str, str]:
    """Return the Spark options for everything in the bucket or container of ``uri``; empty for local paths.

    They name the bucket or account, so the options of several places go together in one session.
    Raises InvalidUriError, InvalidEndpointError.
    """
    location = parse_uri(uri)
    settings = settings or known_settings(location)
    if location.scheme in {"s3", "s3a"}:
        return _s3a(location, settings if isinstance(settings, S3Storage) else None)
    if location.scheme in {"abfs", "abfss"}:
        return _abfss(location)
    if location.scheme == "file":
        return {}
    raise InvalidUriError(uri=uri, reason="Spark's options are known for s3a: and abfss: only")


def with_spark_access(settings: Settings) -> Settings:
    """Return the settings with the options that Spark needs to reach their warehouse; their own options win."""
    if "://" not in settings.warehouse:
        return settings
    conf = {**spark_settings(settings.warehouse, settings=settings.storage), **settings.spark.conf}
    return dataclasses.replace(settings, spark=dataclasses.replace(settings.spark, conf=conf))


def _s3a(location: Location, settings: S3Storage | None) -> dict[str, str]:
    bucket = f"spark.hadoop.fs.s3a.bucket.{location.authority}"
    variables = os.environ
    region = (
        (settings and settings.region) or variables.get("AWS_REGION") or variables.get("AWS_DEFAULT_REGION")
    )
    endpoint = (
        (settings and settings.endpoint)
        or variables.get("AWS_ENDPOINT_URL_S3")
        or variables.get("AWS_ENDPOINT_URL")
    )
    options = {f"{bucket}.aws.credentials.provider": _AWS_CHAIN}
    if region:
        options[f"{bucket}.endpoint.region"] = region
    if endpoint:
        client_options_for(endpoint)
        options |= {
            f"{bucket}.endpoint": endpoint,
            # Other people's servers are seldom found by names of buckets in the host's.
            f"{bucket}.path.style.access": "true",
            f"{bucket}.connection.ssl.enabled": str(urlsplit(endpoint).scheme == "https").lower(),
        }
        # Hadoop asks for a region where the endpoint is not Amazon's, and the server ignores it.
        options.setdefault(f"{bucket}.endpoint.region", "us-east-1")
    return options


def _abfss(location: Location) -> dict[str, str]:
    _, account = adls_place(location)
    host = f"{account}.dfs.core.windows.net"
    azure = "spark.hadoop.fs.azure.account"
    options = {f"{azure}.auth.type.{host}": "OAuth"}
    token_file = os.environ.get("AZURE_FEDERATED_TOKEN_FILE")
    provider = "WorkloadIdentityTokenProvider" if token_file else "MsiTokenProvider"
    options[f"{azure}.oauth.provider.type.{host}"] = f"{_AZURE_OAUTH}.{provider}"
    given = {
        "client.id": os.environ.get("AZURE_CLIENT_ID"),
        "msi.tenant": os.environ.get("AZURE_TENANT_ID"),
        "token.file": token_file,
    }
    return options | {f"{azure}.oauth2.{name}.{host}": value for name, value in given.items() if value}
