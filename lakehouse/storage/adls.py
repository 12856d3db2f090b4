"""Objects in a container of Azure Data Lake Storage Gen2, by its Blob API."""

from __future__ import annotations

import os
from functools import partial

from lakehouse.storage.async_object_store import AsyncObjectStorageService
from lakehouse.storage.endpoints import check_name, client_options_for
from lakehouse.storage.keys import check_key
from lakehouse.storage.object_steps import ObjectSteps
from lakehouse.storage.object_store import ObjectStorageService, spark_uri
from lakehouse.storage.obstore_client import AsyncObstoreClient, ObstoreClient, Stores, load_obstore
from lakehouse.storage.retries import RetryPolicy

__all__ = ["ADLSStorageService"]


class ADLSStorageService(ObjectStorageService):
    """Keys are blobs below ``prefix`` of ``container`` in a storage account.

    Credentials come from the environment (AZURE_CLIENT_ID and its like, AZURE_FEDERATED_TOKEN_FILE,
    AZURE_STORAGE_ACCOUNT_KEY, AZURE_USE_AZURE_CLI) or the machine's managed identity; none can be given here.
    ``endpoint`` defaults to AZURE_STORAGE_ENDPOINT, else to the account's own. Needs the extra ``cloud``.
    """

    def __init__(
        self,
        container: str,
        *,
        account: str,
        prefix: str = "",
        endpoint: str | None = None,
        retries: RetryPolicy | None = None,
    ) -> None:
        check_name(container, what="container")
        check_name(account, what="account")
        root = f"abfss://{container}@{account}.dfs.core.windows.net"
        name = f"ADLSStorageService({spark_uri(root, prefix)!r})"
        if prefix:
            check_key(prefix, store=name)
        policy = retries or RetryPolicy()
        endpoint = endpoint or os.environ.get("AZURE_STORAGE_ENDPOINT")
        given = {"account_name": account, "prefix": prefix, "endpoint": endpoint}
        make = partial(
            load_obstore("obstore.store").AzureStore,
            container,
            **{option: value for option, value in given.items() if value},
        )
        options = client_options_for(endpoint)
        self._stores = Stores.make(make, name=name, policy=policy, client_options=options)
        steps = ObjectSteps(store=name, policy=policy)
        super().__init__(ObstoreClient(self._stores), steps=steps, root_uri=spark_uri(root, prefix))

    def async_twin(self) -> AsyncObjectStorageService:
        """Return this service to be awaited."""
        client = AsyncObstoreClient(self._stores)
        return AsyncObjectStorageService(client, steps=self._steps, root_uri=self._root_uri)
