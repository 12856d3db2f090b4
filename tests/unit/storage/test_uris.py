"""From URIs to services and back, and what is refused without being repeated."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from lakehouse.errors import ConfigurationError
from lakehouse.settings import AdlsStorage, S3Storage
from lakehouse.storage import (
    AbstractStorageService,
    ADLSStorageService,
    InvalidEndpointError,
    InvalidUriError,
    LocalStorageService,
    MemoryStorageService,
    S3StorageService,
    UnknownSchemeError,
    UnusableProfileError,
    locate,
    register_scheme,
    schemes,
    storage_for,
)

ACCOUNT_URI = "abfss://container@account.dfs.core.windows.net"
KEYS = ["a b", "per%20cent", "hash#tag", "question?x=1", "grüße/日本", "plus+and&"]


@pytest.fixture(autouse=True)
def credentials(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """Some, so that nobody asks a cloud's machine for them; and no profile of this machine's."""
    for variable in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"):
        monkeypatch.setenv(variable, "tests-only")
    monkeypatch.setenv("AZURE_STORAGE_ACCOUNT_KEY", "dGVzdHM=")
    for variable in ("AWS_ENDPOINT_URL", "AWS_ENDPOINT_URL_S3", "AZURE_STORAGE_ENDPOINT"):
        monkeypatch.delenv(variable, raising=False)


@pytest.mark.parametrize(
    ("uri", "kind", "root"),
    [
        ("/data/x", LocalStorageService, "file:///data/x"),
        ("file:/data/x", LocalStorageService, "file:///data/x"),
        ("file:///data/x/", LocalStorageService, "file:///data/x"),
        ("file://localhost/data/x", LocalStorageService, "file:///data/x"),
        ("/data/a:b", LocalStorageService, "file:///data/a:b"),
        ("s3://bucket", S3StorageService, "s3a://bucket"),
        ("s3a://bucket/a/b/", S3StorageService, "s3a://bucket/a/b"),
        ("S3://bucket/a b#c%20?d", S3StorageService, "s3a://bucket/a b#c%20?d"),
        (ACCOUNT_URI, ADLSStorageService, ACCOUNT_URI),
        (f"{ACCOUNT_URI}/a/b", ADLSStorageService, f"{ACCOUNT_URI}/a/b"),
        ("abfs://container@account.blob.core.windows.net/a", ADLSStorageService, f"{ACCOUNT_URI}/a"),
    ],
)
def test_a_uri_makes_the_service_of_its_scheme(
    uri: str, kind: type[AbstractStorageService], root: str
) -> None:
    service = storage_for(uri)
    assert type(service) is kind
    assert service.uri() == root


def test_a_relative_path_is_below_the_working_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    assert storage_for("a/b").uri() == f"file://{tmp_path}/a/b"
    service, key = locate("c")
    assert (service.uri(key), key) == (f"file://{tmp_path}/c", "c")


@pytest.mark.parametrize(
    "root", ["/data", "s3://bucket", "s3://bucket/prefix", ACCOUNT_URI, f"{ACCOUNT_URI}/p"]
)
@pytest.mark.parametrize("key", KEYS)
def test_the_uri_of_a_key_leads_back_to_the_key(root: str, key: str) -> None:
    uri = storage_for(root).uri(key)
    service, found = locate(uri)
    assert service.uri(found) == uri
    assert uri.endswith(f"/{key}"), "nothing in it is encoded, as Hadoop's Path wants it"


@pytest.mark.parametrize(
    "uri",
    [
        "s3://",
        "file:relative",
        "s3://bucket",
        "s3://bucket/",
        "abfss://container/key",
        "abfss://@/key",
        "/data/",
    ],
)
def test_a_uri_without_an_object_is_refused(uri: str) -> None:
    with pytest.raises(InvalidUriError, match=r"URI.*Fix:"):
        locate(uri)


@pytest.mark.parametrize(
    "uri",
    [
        "s3://AKIASECRET:SECRET@bucket/key",
        "s3a://SECRET@bucket/key",
        "s3://bucket:SECRET/key",
        "s3://bucket/key?X-Amz-Credential=SECRET",
        "s3://bucket/key?AWSAccessKeyId=SECRET",
        "abfss://c:SECRET@account.dfs.core.windows.net/key",
        "abfss://c@SECRET@account.dfs.core.windows.net/key",
        "abfss://c@account.dfs.core.windows.net/key?sig=SECRET",
        "abfss://c@account.dfs.core.windows.net/key?sv=2023&SE=SECRET",
    ],
)
def test_a_credential_in_a_uri_is_refused_and_not_repeated(uri: str) -> None:
    for take in (storage_for, locate):
        with pytest.raises(ConfigurationError, match="Fix:") as caught:
            take(uri)
        assert "SECRET" not in str(caught.value) + repr(caught.value)


@pytest.mark.parametrize(
    "endpoint",
    [
        "http://user:SECRET@127.0.0.1:9000",
        "https://host?sig=SECRET",
        "SECRET",
        "ftp://SECRET/",
        "https://host#SECRET",
    ],
)
def test_a_credential_in_an_endpoint_is_refused_and_not_repeated(endpoint: str) -> None:
    with pytest.raises(InvalidEndpointError, match="Fix:") as caught:
        S3StorageService("bucket", endpoint=endpoint)
    assert "SECRET" not in str(caught.value)


@pytest.mark.parametrize("name", ["", "a/b", "user:SECRET", "SECRET@host", "x" * 300, "with space"])
def test_a_name_that_no_bucket_can_have_is_refused_and_not_repeated(name: str) -> None:
    for make in (
        lambda: S3StorageService(name),
        lambda: ADLSStorageService(name, account="account"),
        lambda: ADLSStorageService("container", account=name),
    ):
        with pytest.raises(ConfigurationError, match="Fix:") as caught:
            make()
        assert "SECRET" not in str(caught.value)


def test_an_unknown_scheme_is_refused_with_the_known_ones() -> None:
    with pytest.raises(UnknownSchemeError, match=r"'gs'.*abfss.*file.*s3a.*register_scheme"):
        storage_for("gs://bucket/key")


def test_a_scheme_is_registered_from_outside(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(schemes, "_FACTORIES", dict(schemes._FACTORIES))
    made = []

    def make(location, settings) -> MemoryStorageService:
        made.append((location.scheme, location.authority, location.path, settings))
        return MemoryStorageService()

    register_scheme("Own", make)
    assert isinstance(storage_for("own://host/a/b"), MemoryStorageService)
    assert made == [("own", "host", "a/b", None)]


def test_settings_say_where_a_store_of_their_kind_is(monkeypatch: pytest.MonkeyPatch) -> None:
    asked = {}
    monkeypatch.setattr(schemes, "S3StorageService", lambda bucket, **more: asked.update(s3=more))
    monkeypatch.setattr(schemes, "ADLSStorageService", lambda container, **more: asked.update(adls=more))
    s3 = S3Storage(bucket="bucket", region="eu-west-1", endpoint="http://127.0.0.1:9000")
    adls = AdlsStorage(account="account", container="container", endpoint="http://127.0.0.1:9001/account")
    storage_for("s3a://bucket/x", settings=s3)
    storage_for(f"{ACCOUNT_URI}/x", settings=adls)
    assert asked["s3"] == {"prefix": "x", "region": "eu-west-1", "endpoint": "http://127.0.0.1:9000"}
    assert asked["adls"]["endpoint"] == "http://127.0.0.1:9001/account"
    storage_for("s3a://bucket/x", settings=adls)
    assert asked["s3"]["endpoint"] is None


def test_services_of_clouds_take_no_credentials() -> None:
    """There is no parameter for one, so none can be written into a program."""
    for service in (S3StorageService, ADLSStorageService):
        names = set(service.__init__.__annotations__) - {"return"}
        assert names <= {"bucket", "container", "account", "prefix", "region", "endpoint", "retries"}


def test_a_profile_of_aws_is_used_where_the_environment_has_no_key(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    pytest.importorskip("boto3")
    (tmp_path / "credentials").write_text(
        "[team]\naws_access_key_id = PROFILEKEY\naws_secret_access_key = PROFILESECRET\n"
    )
    for variable in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"):
        monkeypatch.delenv(variable)
    monkeypatch.setenv("AWS_SHARED_CREDENTIALS_FILE", str(tmp_path / "credentials"))
    monkeypatch.setenv("AWS_PROFILE", "team")
    provider = S3StorageService("bucket")._stores.once.credential_provider
    assert provider()["access_key_id"] == "PROFILEKEY"


def test_a_profile_that_is_not_there_is_a_configuration_error(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    pytest.importorskip("boto3")
    monkeypatch.delenv("AWS_ACCESS_KEY_ID")
    monkeypatch.setenv("AWS_SHARED_CREDENTIALS_FILE", str(tmp_path / "none"))
    monkeypatch.setenv("AWS_CONFIG_FILE", str(tmp_path / "none"))
    monkeypatch.setenv("AWS_PROFILE", "nobody")
    with pytest.raises(UnusableProfileError, match=r"ProfileNotFound.*Fix: check AWS_PROFILE"):
        S3StorageService("bucket")


def test_without_obstore_the_local_store_works_and_the_clouds_say_what_to_install() -> None:
    code = (
        "import sys\n"
        "sys.modules['obstore'] = sys.modules['obstore.store'] = None\n"
        "from lakehouse.errors import MissingDependencyError\n"
        "from lakehouse.storage import S3StorageService, storage_for\n"
        "list(storage_for('/nonexistent').list())\n"
        "try: S3StorageService('bucket')\n"
        "except MissingDependencyError as error: print(error)\n"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert "pip install 'lakehouse[cloud]'" in done.stdout


def test_importing_the_package_loads_no_cloud_library() -> None:
    code = "import sys, lakehouse.storage; sys.exit(bool({'obstore', 'boto3'} & set(sys.modules)))"
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0
