"""What an archive is made for. A JVM maps an archive only with the same Java and the same class path."""

from __future__ import annotations

import hashlib
import os
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

__all__ = ["ClassDataIdentity"]

_FORMAT = "1"
"""Goes up when archives of the same parts have other content, such as more classes."""

_CLASS_PATH_VARIABLES = ("SPARK_CONF_DIR", "HADOOP_CONF_DIR", "YARN_CONF_DIR", "SPARK_DIST_CLASSPATH")
"""What Spark's launcher puts on the class path beside its jars."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ClassDataIdentity:
    """A Java, a Spark and the jars before Spark's own."""

    java_home: Path
    spark_home: Path
    jars: tuple[Path, ...]
    """Delta's jars, in the order of the class path."""

    def key(self, environment: Mapping[str, str] | None = None) -> str:
        """Return a file name's stem that differs when any of it differs. Raises OSError when a part is absent."""
        digest = hashlib.sha256(_FORMAT.encode())
        for line in self._parts(os.environ if environment is None else environment):
            digest.update(line.encode() + b"\0")
        return digest.hexdigest()[:20]

    def _parts(self, environment: Mapping[str, str]) -> Iterator[str]:
        # The library's date tells two builds of one release apart, and an update in the same folder.
        yield _stamp(self.java_home / "lib" / "server" / "libjvm.so", self.java_home / "bin" / "java")
        for jar in (*self.jars, *sorted((self.spark_home / "jars").glob("*.jar"))):
            yield _stamp(jar)
        for name in _CLASS_PATH_VARIABLES:
            yield f"{name}={environment.get(name, '')}"


def _stamp(*candidates: Path) -> str:
    """Return path, size and date of the first file that exists: a JVM compares the last two itself."""
    path = next((each for each in candidates if each.exists()), candidates[-1])
    status = path.stat()
    return f"{path} {status.st_size} {status.st_mtime_ns}"
