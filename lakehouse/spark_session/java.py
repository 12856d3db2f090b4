"""Find a Java that Spark can run on: JAVA_HOME, then PATH, then where ``install-jdk`` puts one."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

from lakehouse.errors import ConfigurationError

__all__ = ["OLDEST_JAVA", "Java", "JavaNotFoundError", "find_java"]

OLDEST_JAVA = 17
"""Spark 4.2, "Downloading": it runs on Java 17 and later."""

_VERSION = re.compile(r'version "(?:1\.)?(\d+)')
_RELEASE = re.compile(r'^JAVA_VERSION="(?:1\.)?(\d+)', re.MULTILINE)


class JavaNotFoundError(ConfigurationError):
    """Spark needs a newer Java runtime than any that was found."""

    def __init__(self, *, seen: list[str]) -> None:
        self.seen = seen
        found = (
            f"found only {', '.join(seen)}" if seen else "found no Java at JAVA_HOME, on PATH or in ~/.jdk"
        )
        super().__init__(
            f"Spark needs Java {OLDEST_JAVA} or later; {found}.",
            fix=f"run 'make demo', or install a Java {OLDEST_JAVA} runtime and set JAVA_HOME to its folder.",
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class Java:
    """A Java runtime."""

    home: Path
    """The value of JAVA_HOME with which Spark uses it."""
    version: int
    """Its feature release: 17, 21, …"""


def find_java(environment: Mapping[str, str] | None = None) -> Java:
    """Return the first Java that is new enough. Raises ``JavaNotFoundError``, which names the others."""
    seen = []
    for executable in _candidates(os.environ if environment is None else environment):
        version = _version_of(executable)
        if version >= OLDEST_JAVA:
            return Java(home=executable.resolve().parent.parent, version=version)
        seen.append(f"Java {version} at {executable}" if version else f"{executable}, which does not answer")
    raise JavaNotFoundError(seen=seen)


def _candidates(environment: Mapping[str, str]) -> Iterator[Path]:
    if environment.get("JAVA_HOME"):
        yield from _existing(Path(environment["JAVA_HOME"]) / "bin" / "java")
    on_path = shutil.which("java", path=environment.get("PATH", os.defpath))
    if on_path:
        yield Path(on_path)
    installed = Path(environment.get("HOME", "~")).expanduser() / ".jdk"
    for home in sorted(installed.glob("*"), reverse=True):
        yield from _existing(home / "bin" / "java", home / "Contents" / "Home" / "bin" / "java")


def _existing(*paths: Path) -> Iterator[Path]:
    return (path for path in paths if path.exists())


def _version_of(executable: Path) -> int:
    """Return the feature release; 0 when the program prints no version."""
    return _released_version(executable.resolve().parent.parent) or _printed_version(executable)


def _released_version(home: Path) -> int:
    """Return what the runtime's file ``release`` says, which takes no start of a JVM; 0 when it doesn't."""
    try:
        match = _RELEASE.search((home / "release").read_text(encoding="utf-8"))
    except (OSError, UnicodeDecodeError):
        return 0
    return int(match.group(1)) if match else 0


def _printed_version(executable: Path) -> int:
    try:
        answer = subprocess.run(  # noqa: S603 - the user's own Java, asked for its version
            [str(executable), "-version"], capture_output=True, text=True, timeout=30, check=False
        )
    except (OSError, subprocess.TimeoutExpired):
        return 0
    match = _VERSION.search(answer.stderr + answer.stdout)
    return int(match.group(1)) if match else 0
