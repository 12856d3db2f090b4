"""Objects in a bucket of Amazon S3, or of a server that speaks its protocol."""

from __future__ import annotations

import os
from collections.abc import Mapping
from functools import partial
from pathlib import Path
from typing import Any

from lakehouse.optional_imports import require
from lakehouse.storage.async_object_store import AsyncObjectStorageService
from lakehouse.storage.boto_client import BotoClient
from lakehouse.storage.endpoints import check_name, client_options_for
from lakehouse.storage.errors import UnusableProfileError
from lakehouse.storage.keys import check_key
from lakehouse.storage.object_steps import ObjectSteps
from lakehouse.storage.object_store import ObjectStorageService, spark_uri
from lakehouse.storage.obstore_client import Stores, load_obstore
from lakehouse.storage.retries import RetryPolicy
from lakehouse.storage.s3_clients import AsyncS3Client, S3Client

__all__ = ["S3StorageService"]

_FROM_ENVIRONMENT = (
    "AWS_ACCESS_KEY_ID",
    "AWS_WEB_IDENTITY_TOKEN_FILE",
    "AWS_CONTAINER_CREDENTIALS_RELATIVE_URI",
    "AWS_CONTAINER_CREDENTIALS_FULL_URI",
    "AWS_SKIP_SIGNATURE",
)


class S3StorageService(ObjectStorageService):
    """Keys are objects below ``prefix`` of ``bucket``.

    Credentials come from the environment, AWS's profiles and files, a container's or machine's role, in the
    order of AWS's own chain; none can be given here. ``region`` and ``endpoint`` default to AWS_REGION and
    AWS_ENDPOINT_URL. Needs the extra ``cloud``.
    """

    def __init__(
        self,
        bucket: str,
        *,
        prefix: str = "",
        region: str | None = None,
        endpoint: str | None = None,
        retries: RetryPolicy | None = None,
    ) -> None:
        check_name(bucket, what="bucket")
        name = f"S3StorageService({spark_uri(f's3://{bucket}', prefix)!r})"
        if prefix:
            check_key(prefix, store=name)
        policy = retries or RetryPolicy()
        endpoint = endpoint or os.environ.get("AWS_ENDPOINT_URL_S3") or os.environ.get("AWS_ENDPOINT_URL")
        config = {"bucket": bucket, "prefix": prefix, "endpoint": endpoint, "region": region or _region()}
        self._stores = _stores(config, name=name, policy=policy)
        self._odd = BotoClient(
            name=name, bucket=bucket, prefix=prefix, region=config["region"], endpoint=endpoint, policy=policy
        )
        steps = ObjectSteps(store=name, policy=policy)
        super().__init__(
            S3Client(self._stores, self._odd), steps=steps, root_uri=spark_uri(f"s3a://{bucket}", prefix)
        )

    def async_twin(self) -> AsyncObjectStorageService:
        """Return this service to be awaited."""
        client = AsyncS3Client(self._stores, self._odd)
        return AsyncObjectStorageService(client, steps=self._steps, root_uri=self._root_uri)


def _stores(config: Mapping[str, str | None], *, name: str, policy: RetryPolicy) -> Stores:
    given = {option: value for option, value in config.items() if value}
    make = partial(load_obstore("obstore.store").S3Store, **given, credential_provider=_profile_credentials())
    return Stores.make(make, name=name, policy=policy, client_options=client_options_for(config["endpoint"]))


def _region() -> str | None:
    return os.environ.get("AWS_REGION") or os.environ.get("AWS_DEFAULT_REGION")


def _profile_credentials() -> Any | None:
    """Return AWS's own chain where a profile may be what is meant: obstore knows no profiles."""
    if any(os.environ.get(variable) for variable in _FROM_ENVIRONMENT):
        return None
    files = (
        Path(os.environ.get("AWS_SHARED_CREDENTIALS_FILE", "~/.aws/credentials")).expanduser(),
        Path(os.environ.get("AWS_CONFIG_FILE", "~/.aws/config")).expanduser(),
    )
    if not os.environ.get("AWS_PROFILE") and not any(file.is_file() for file in files):
        return None
    # Takes a third of a second to load, so only where it is needed.
    boto = require("obstore.auth.boto3", extra="cloud", purpose="A profile of AWS")
    errors = require("botocore.exceptions", extra="cloud", purpose="A profile of AWS")
    try:
        return boto.Boto3CredentialProvider()
    except ValueError:
        return None  # the files name a region, say, and no credentials: the machine's role is meant
    except errors.BotoCoreError as error:
        raise UnusableProfileError(reason=type(error).__name__) from None
