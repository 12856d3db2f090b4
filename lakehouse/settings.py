"""The settings of one environment: its Spark, warehouse and storage. No credentials, and no Spark here."""

from __future__ import annotations

import dataclasses
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Literal

from lakehouse.errors import ConfigurationError, did_you_mean
from lakehouse.project import Project, find_project
from lakehouse.strict_yaml import read_yaml

__all__ = [
    "DEFAULT_ENVIRONMENT",
    "AdlsStorage",
    "CatalogSettings",
    "CredentialInSettingsError",
    "IncompleteCatalogError",
    "LocalStorage",
    "S3Storage",
    "Settings",
    "SparkSettings",
    "StorageSettings",
    "UnknownEnvironmentError",
    "default_environment",
    "load_settings",
]

DEFAULT_ENVIRONMENT = "local"
DEFAULT_FOLDER = Path("conf/environments")

_UNITY_PLUGIN = "io.unitycatalog.spark.UCSingleCatalog"
_SECRET_KEY = re.compile(r"secret|password|token|access[.\-_]?key|account[.\-_]key|sas[.\-_]", re.IGNORECASE)


class CredentialInSettingsError(ConfigurationError):
    """A file that people share contains a Spark option with a credential."""

    def __init__(self, *, key: str) -> None:
        self.key = key
        super().__init__(
            f"spark.conf has {key!r}, which looks like a credential; settings never hold any.",
            fix="take it out, and give it to Spark by the machine's role or its credentials provider.",
        )


class IncompleteCatalogError(ConfigurationError):
    """A catalog lacks what its kind needs."""

    def __init__(self, *, kind: str, missing: str) -> None:
        self.kind = kind
        self.missing = missing
        super().__init__(
            f"the catalog of kind {kind!r} has no {missing!r}.", fix=f"say which: catalog: {{{missing}: …}}."
        )


class UnknownEnvironmentError(ConfigurationError):
    """No settings file has this name."""

    def __init__(self, *, environment: str, folder: Path, known: list[str], place: str = "") -> None:
        self.environment = environment
        file, where = folder / f"{environment}.yaml", f"{place}: " if place else ""
        super().__init__(
            f"{where}unknown environment {environment!r}: {file} does not exist.",
            fix=did_you_mean(environment, known),
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class SparkSettings:
    """Where Spark runs, and its options beyond the defaults of ``SparkSessionFactory``."""

    master: str = "local[*]"
    """``local[N]`` starts Spark in this process; ``spark://…``, ``yarn``, ``k8s://…`` join a cluster."""
    remote: str | None = None
    """``sc://host:port`` of a Spark Connect server; takes the place of ``master``."""
    delta: bool = True
    """Whether sessions have Delta's jars. Without them Spark and this package write tables by themselves."""
    class_data: bool = True
    """Whether a JVM that we start maps the archive of Spark's classes, and has one built when it is absent."""
    compiler: Literal["auto", "quick", "full"] = "auto"
    """How a JVM that we start compiles: ``quick`` is ready sooner and runs slower; ``auto`` goes by the work."""
    conf: Mapping[str, str | int | float | bool] = field(default_factory=dict)

    def __post_init__(self) -> None:
        for key in self.conf:
            if _SECRET_KEY.search(key):
                raise CredentialInSettingsError(key=key)

    @property
    def spark_conf(self) -> Mapping[str, str]:
        """The options as Spark takes them."""
        return {key: _spark_text(value) for key, value in self.conf.items()}

    @property
    def names_jars(self) -> bool:
        """Whether the options name jars, which then take the place of Delta's."""
        return not {"spark.jars", "spark.jars.packages"}.isdisjoint(self.conf)

    @property
    def mode(self) -> Literal["local", "cluster", "connect"]:
        """How a session is started."""
        if self.remote is not None:
            return "connect"
        return "local" if self.master == "local" or self.master.startswith("local[") else "cluster"


@dataclass(frozen=True, slots=True, kw_only=True)
class CatalogSettings:
    """Where tables get names that Spark, SQL and BI tools know: ``gold.daily_revenue``."""

    kind: Literal["session", "hive", "unity", "spark"]
    """``session``: of one session, in memory; ``hive``: a Hive metastore; ``unity``: a Unity Catalog server;
    ``spark``: any plug-in of Spark's (``spark.sql.catalog.…``)."""
    name: str = "spark_catalog"
    """The first part of a table's full name; sessions start in this catalog."""
    uri: str | None = None
    """Of the metastore (``thrift://…``) or the server."""
    plugin: str | None = None
    """The class of a plug-in, for ``kind: spark``."""
    options: Mapping[str, str | int | float | bool] = field(default_factory=dict)
    """Further options of the catalog, below ``spark.sql.catalog.NAME``; no credentials."""

    def __post_init__(self) -> None:
        if missing := self._missing():
            raise IncompleteCatalogError(kind=self.kind, missing=missing)
        for key in self.options:
            if _SECRET_KEY.search(key):
                raise CredentialInSettingsError(key=key)

    def _missing(self) -> str | None:
        """Return what the kind needs and is not given; None where nothing is missing."""
        if self.kind in ("hive", "unity") and not self.uri:
            return "uri"
        if self.kind == "spark" and not self.plugin:
            return "plugin"
        # Delta itself is the plug-in of Spark's own catalog.
        return "name" if self.kind in ("unity", "spark") and self.name == "spark_catalog" else None

    @property
    def is_shared(self) -> bool:
        """Whether other sessions see the names."""
        return self.kind != "session"

    @property
    def spark_conf(self) -> Mapping[str, str]:
        """The options with which Spark has the catalog."""
        prefix = f"spark.sql.catalog.{self.name}"
        further = {f"{prefix}.{key}": _spark_text(value) for key, value in self.options.items()}
        starts_in = {} if self.name == "spark_catalog" else {"spark.sql.defaultCatalog": self.name}
        if self.kind == "hive":
            hive = {
                "spark.sql.catalogImplementation": "hive",
                "spark.hadoop.hive.metastore.uris": str(self.uri),
            }
            return hive | further | starts_in
        if self.kind == "unity":
            return {prefix: _UNITY_PLUGIN, f"{prefix}.uri": str(self.uri)} | further | starts_in
        if self.kind == "spark":
            return {prefix: str(self.plugin)} | further | starts_in
        return further


@dataclass(frozen=True, slots=True, kw_only=True)
class LocalStorage:
    """A folder that every process and worker sees under the same path."""

    kind: Literal["local"] = "local"


@dataclass(frozen=True, slots=True, kw_only=True)
class S3Storage:
    """A bucket of S3, or of a server that speaks its protocol."""

    bucket: str
    kind: Literal["s3"] = "s3"
    region: str | None = None
    endpoint: str | None = None
    """URL of a server that is not Amazon's."""


@dataclass(frozen=True, slots=True, kw_only=True)
class AdlsStorage:
    """A container of Azure Data Lake Storage (or of its emulator)."""

    account: str
    container: str
    kind: Literal["adls"] = "adls"
    endpoint: str | None = None


StorageSettings = LocalStorage | S3Storage | AdlsStorage


@dataclass(frozen=True, slots=True, kw_only=True)
class Settings:
    """Everything that differs between one environment and the next."""

    spark: SparkSettings = field(default_factory=SparkSettings)
    warehouse: str = "warehouse"
    """Folder (relative to the working directory) or URL under which every table's folder lies."""
    storage: StorageSettings = field(default_factory=LocalStorage)
    catalog: CatalogSettings | None = None
    """None: tables have names in no catalog, only folders."""

    def with_warehouse(self, warehouse: str) -> Settings:
        """Return the same environment with its tables elsewhere."""
        return dataclasses.replace(self, warehouse=warehouse)


def _spark_text(value: str | int | float | bool) -> str:
    return str(value).lower() if isinstance(value, bool) else str(value)


def default_environment() -> str:
    """Return the environment of a command that names none: the project's, or ``local``."""
    return find_project().environment


def load_settings(environment: str | None = None, *, folder: Path | None = None) -> Settings:
    """Return an environment's settings: those of the project's file, or of ``<folder>/<environment>.yaml``.

    ``local`` needs neither; None stands for the project's own choice, and for the project's folder. From a folder
    inside of the project the warehouse is named as it lies from there. Raises ``ConfigurationError``.
    """
    project = find_project()
    is_inside = project.root != Path.cwd()
    if folder is None:
        folder = project.root / DEFAULT_FOLDER if is_inside else DEFAULT_FOLDER
    settings = _declared(project, environment, folder)
    if is_inside and "://" not in settings.warehouse:
        return settings.with_warehouse(str(project.root / settings.warehouse))
    return settings


def _declared(project: Project, environment: str | None, folder: Path) -> Settings:
    environment = project.environment if environment is None else environment
    declared: Settings | None = project.settings_of(environment, Settings)
    if declared is not None:
        return declared
    known = sorted(
        {DEFAULT_ENVIRONMENT, *project.environments, *(path.stem for path in folder.glob("*.yaml"))}
    )
    if environment not in known:
        place = project.line_of("environment") if environment == project.environment else ""
        raise UnknownEnvironmentError(environment=environment, folder=folder, known=known, place=place)
    path = folder / f"{environment}.yaml"
    return read_yaml(path, Settings).value if path.exists() else Settings()
