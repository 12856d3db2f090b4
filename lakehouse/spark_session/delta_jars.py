"""Delta's jars: downloaded once by Spark's own resolver into a folder of their own, then used by path.

Resolving happens in a short process that starts no Spark context, with Ivy settings that leave the local
Maven repository out. A lock keeps two cold starts apart; the list of jars is written last, so a
resolution that was killed does not count.
"""

from __future__ import annotations

import contextlib
import fcntl
import json
import os
import re
import subprocess
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from xml.sax.saxutils import quoteattr

from lakehouse.errors import ConfigurationError
from lakehouse.spark_session.java import find_java
from lakehouse.spark_session.spark_home import installed_spark
from lakehouse.spark_session.user_cache import user_cache_folder

__all__ = ["IVY_SETTINGS", "NOT_DELTA_S_OWN", "DeltaJars", "DeltaJarsError", "default_jars_folder"]

IVY_SETTINGS = Path(__file__).parent / "ivysettings.xml"
NOT_DELTA_S_OWN = "org.*:*,com.*:*,commons-*:*,javax.*:*,io.airlift:*"
"""Jars that Delta asks for and Spark has in a newer version: an older Jackson would break Spark's JSON."""

_RESOLVE_SECONDS = 600


class DeltaJarsError(ConfigurationError):
    """Spark's resolver could not download Delta's jars."""

    def __init__(self, *, packages: str, folder: Path, reason: str) -> None:
        self.packages = packages
        super().__init__(
            f"the jars {packages!r} are not in {folder} and could not be resolved: {reason}.",
            fix="let it reach a Maven repository once (DEFAULT_ARTIFACT_REPOSITORY names a mirror), "
            "or set spark.jars in the environment's settings to jars that you have.",
        )


def default_jars_folder(environment: Mapping[str, str] | None = None) -> Path:
    """Return where jars are kept between runs: in the user's cache folder."""
    return user_cache_folder(environment) / "jars"


@dataclass(frozen=True, slots=True, kw_only=True)
class DeltaJars:
    """The jars of one version of Delta."""

    packages: str
    """Maven coordinates with commas between, as in ``spark.jars.packages``."""
    excludes: str = NOT_DELTA_S_OWN
    """What is left out of the jars that these ask for, as in ``spark.jars.excludes``."""
    folder: Path = field(default_factory=default_jars_folder)
    spark_home: Path = field(default_factory=installed_spark)

    def paths(self) -> tuple[Path, ...]:
        """Return the jars; download them first when they are missing. Raises ``DeltaJarsError``."""
        found = self.cached()
        if found:
            return found
        with self._one_process_at_a_time():
            return self.cached() or self._resolve()

    def cached(self) -> tuple[Path, ...]:
        """Return the jars of an earlier download, all or no jars; never uses the network."""
        try:
            names: list[str] = json.loads(self._list_file.read_bytes())
        except (OSError, ValueError):
            return ()
        paths = tuple(self._ivy_folder / "jars" / name for name in names)
        return paths if all(path.is_file() for path in paths) else ()

    @property
    def _ivy_folder(self) -> Path:
        return self.folder / self.packages.replace(":", "_").replace(",", "+").replace(os.sep, "_")

    @property
    def _list_file(self) -> Path:
        return self._ivy_folder / "jars.json"

    def _resolve(self) -> tuple[Path, ...]:
        answer = self._resolver_s_answer()
        names = sorted(path.name for path in (self._ivy_folder / "jars").glob("*.jar"))
        if answer.returncode != 0 or not names:
            raise DeltaJarsError(packages=self.packages, folder=self.folder, reason=_reason(answer.stderr))
        unfinished = self._list_file.with_suffix(f".{os.getpid()}")
        unfinished.write_text(json.dumps(names))
        unfinished.replace(self._list_file)
        return self.cached()

    def _resolver_s_answer(self) -> subprocess.CompletedProcess[str]:
        try:
            return subprocess.run(  # noqa: S603 - Spark's own launcher
                _resolver_command(self.packages, self.excludes, self._ivy_folder, self.spark_home),
                env={**os.environ, "SPARK_HOME": str(self.spark_home), "JAVA_HOME": str(find_java().home)},
                capture_output=True,
                text=True,
                timeout=_RESOLVE_SECONDS,
                check=False,
            )
        except (OSError, subprocess.TimeoutExpired) as error:
            raise DeltaJarsError(packages=self.packages, folder=self.folder, reason=str(error)) from error

    @contextlib.contextmanager
    def _one_process_at_a_time(self) -> Iterator[None]:
        try:
            self._ivy_folder.mkdir(parents=True, exist_ok=True)
            lock = (self._ivy_folder / "lock").open("w")
        except OSError as error:
            raise DeltaJarsError(packages=self.packages, folder=self.folder, reason=str(error)) from error
        with lock:
            fcntl.flock(lock, fcntl.LOCK_EX)
            yield


def _resolver_command(packages: str, excludes: str, ivy_folder: Path, spark_home: Path) -> list[str]:
    """Return the command of Spark's launcher with a program that ends at once: jars are resolved before it starts."""
    conf = {
        "spark.jars.packages": packages,
        "spark.jars.excludes": excludes,
        "spark.jars.ivy": str(ivy_folder),
        "spark.jars.ivySettings": str(_ivy_settings(ivy_folder)),
        "spark.master": "local[1]",
    }
    options = [part for key, value in conf.items() for part in ("--conf", f"{key}={value}")]
    launcher = spark_home / "bin" / "spark-submit"
    return [str(launcher), *options, "--class", "org.apache.ivy.Main", "spark-internal", "-version"]


def _ivy_settings(folder: Path) -> Path:
    """Return our Ivy settings; when the machine has a mirror, a copy that names it."""
    mirror = os.environ.get("DEFAULT_ARTIFACT_REPOSITORY")
    if not mirror:
        return IVY_SETTINGS
    text = IVY_SETTINGS.read_text(encoding="utf-8")
    copy = folder / "ivysettings.xml"
    copy.write_text(text.replace("<ibiblio ", f"<ibiblio root={quoteattr(mirror)} "), encoding="utf-8")
    return copy


def _reason(output: str) -> str:
    """Return the resolver's own words for what went wrong, without its stack trace."""
    telling = [line.strip() for line in output.splitlines() if re.search(r"Exception|not found|ERROR", line)]
    return "; ".join(telling[:3]) or f"it printed {output[-200:]!r}"
